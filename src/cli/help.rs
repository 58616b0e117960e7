//! `help`, and the help topics.

use super::rewrite::find;
use super::{Done, long_help, say};
use crate::diag::Result;
use clap::{Args, Command, Subcommand};
use std::ffi::OsString;

/// Arguments of `help`.
#[derive(Debug, Args)]
pub(super) struct HelpArgs {
    /// The command
    #[arg(value_name = "COMMAND")]
    pub(crate) words: Vec<String>,
}

/// Words that are ignored.
#[derive(Debug, Args)]
pub(super) struct Rest {
    /// Ignored
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// Kustomize's help topics.
#[derive(Debug, Subcommand)]
pub(super) enum Topic {
    /// Functions: what they are and how a build runs them
    #[command(hide = true)]
    DocsFn(Rest),
    /// Functions: what goes in and what comes out
    #[command(hide = true)]
    DocsFnSpec(Rest),
    /// Annotations by which functions say where objects come from
    #[command(hide = true)]
    DocsIoAnnotations(Rest),
    /// Merging two objects
    #[command(hide = true)]
    DocsMerge(Rest),
    /// Merging three objects
    #[command(hide = true)]
    DocsMerge3(Rest),
    /// Where to learn the commands
    #[command(hide = true)]
    TutorialsCommandBasics(Rest),
    /// Where to learn about functions
    #[command(hide = true)]
    TutorialsFunctionBasics(Rest),
}

/// Prints the help of a command. For one that is not known kustomize complains and exits with 0.
pub(super) fn run(args: &HelpArgs, mut root: Command) -> Result<Done> {
    root.build();
    let words: Vec<OsString> = args.words.iter().map(OsString::from).collect();
    let (path, _) = find(&root, &words);
    if let (1, Some(word)) = (path.len(), args.words.first()) {
        say(&format!("Unknown help topic `{word}`\n\n{}", root.render_long_help()));
        return Ok(Done::default());
    }
    let names: Vec<&str> = path.iter().skip(1).map(|c| c.get_name()).collect();
    Ok(long_help(&names))
}

/// Prints a topic.
pub(super) fn topic(topic: &Topic) -> Done {
    let text = match topic {
        Topic::DocsFn(_) => DOCS_FN,
        Topic::DocsFnSpec(_) => DOCS_FN_SPEC,
        Topic::DocsIoAnnotations(_) => DOCS_IO_ANNOTATIONS,
        Topic::DocsMerge(_) => DOCS_MERGE,
        Topic::DocsMerge3(_) => DOCS_MERGE3,
        Topic::TutorialsCommandBasics(_) => TUTORIALS_COMMANDS,
        Topic::TutorialsFunctionBasics(_) => TUTORIALS_FUNCTIONS,
    };
    Done { stdout: vec![text.as_bytes().to_vec()], ..Done::default() }
}

const DOCS_FN: &str = "\
A function is a program or a container that reads objects on its standard input and writes
changed ones to its standard output. A build runs those that `generators`, `transformers` and
`validators` name by an object with the annotation `config.kubernetes.io/function`:

  metadata:
    annotations:
      config.kubernetes.io/function: |
        container:
          image: example.com/set-owner:v1

Nothing runs without `--enable-alpha-plugins`; programs (`exec: {path: ...}`) need
`--enable-exec` as well.
";

const DOCS_FN_SPEC: &str = "\
A function gets a ResourceList (apiVersion config.kubernetes.io/v1) on standard input:

  functionConfig   the object that names the function
  items            the objects

and prints one whose `items` take the place of those. Its `results`, if any, are messages. An
exit code other than 0 fails the build; standard error is shown to the user.
";

const DOCS_IO_ANNOTATIONS: &str = "\
Objects that functions get may have annotations that tell where they were read:

  internal.config.kubernetes.io/path    the file
  internal.config.kubernetes.io/index   the position in the file
  config.kubernetes.io/local-config     the object is not meant for the cluster

A build takes the internal ones away before it prints.
";

const DOCS_MERGE: &str = "\
A strategic merge patch is merged into an object field by field:

  mappings       merged key by key; null removes a key
  values         replaced
  lists          replaced, but for lists of a known type with a merge key (containers by name,
                 ports by containerPort ...): their items are merged by that key
  $patch         `delete` removes, `replace` replaces the mapping or list item that has it
";

const DOCS_MERGE3: &str = "\
A merge of three objects (old, new, yours) takes over what differs between old and new and
leaves the rest of yours alone. No command of kfm does that: a build merges patches, see
`docs-merge`.
";

const TUTORIALS_COMMANDS: &str = "\
  kfm build DIR              print the objects of a kustomization
  kfm build DIR -o FILE      write them to a file
  kfm create --autodetect    make a kustomization of the objects in a directory
  kfm edit set image A=B:1   change it
  kfm localize DIR           copy it with all that it needs

`kfm help COMMAND` tells more.
";

const TUTORIALS_FUNCTIONS: &str = "\
Write a program that reads and writes a ResourceList (`docs-fn-spec`), name it in a file as in
`docs-fn`, list the file under `transformers`, and build with
`--enable-alpha-plugins --enable-exec`.
";
