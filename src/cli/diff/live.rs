//! `--live`: what an apply would change in the cluster. `kubectl diff` asks the API server, and calls kfm for the report.

use super::args::DiffArgs;
use super::side::Side;
use super::usage;
use crate::cli::Done;
use crate::cli::environment::Environment;
use crate::cli::session;
use crate::diag::{Error, ErrorKind, Result};
use crate::plugin::program::{self, Program};
use crate::resource::print;
use clap::ValueEnum;

/// Renders the one target and hands it to `kubectl diff`.
pub(super) fn run(args: &DiffArgs, environment: &Environment) -> Result<Done> {
    let target = match args.sides.as_slice() {
        [] => ".",
        [target] => target,
        _ => return Err(usage("`--live` takes one target: the other side is the cluster")),
    };
    if args.against.is_some() || args.merge_base.is_some() || args.all || args.kubectl {
        return Err(usage("`--live` compares one target with the cluster, and nothing else"));
    }
    let side = Side::of(target, args, environment)?;
    let build = args.build(false);
    let objects = side.read(&session::budget(&build, environment)?, &build, false, environment)?;
    let input = print::all(&objects, 1)?.concat();
    let mut arguments = vec!["diff".to_owned(), "-f".to_owned(), "-".to_owned()];
    arguments.extend(args.server_side.then(|| "--server-side".to_owned()));
    let output = program::run(&Program {
        name: "kubectl",
        search: environment.search.clone(),
        directory: Some(&environment.directory),
        args: &arguments,
        env: &[("KUBECTL_EXTERNAL_DIFF".to_owned(), call(args)?)],
        input: &input,
        show_errors: true,
        ..Program::default()
    })?;
    match output.status.code() {
        Some(code @ (0 | 1)) => {
            Ok(Done { stdout: vec![output.stdout], code: u8::from(code == 1), ..Done::default() })
        }
        _ => Err(Error::new(ErrorKind::Program, format!("`kubectl diff` ended with {}", output.ending()))
            .hint("what it said is above; try `kubectl diff -f FILE` with the rendered objects")),
    }
}

/// How kubectl calls this program again. It takes words without signs beyond `-` and `=`.
fn call(args: &DiffArgs) -> Result<String> {
    let program = std::env::current_exe().map(|path| path.to_string_lossy().into_owned());
    // A path with spaces would be taken apart.
    let program =
        program.ok().filter(|path| !path.contains(char::is_whitespace)).unwrap_or_else(|| "kfm".into());
    let mut words = vec![program, "diff".to_owned(), "--kubectl".to_owned()];
    let name = |value: Option<clap::builder::PossibleValue>| value.map(|v| v.get_name().to_owned());
    if let (Some(format), Some(fail_on)) =
        (name(args.format.to_possible_value()), name(args.fail_on.to_possible_value()))
    {
        words.extend([format!("--format={format}"), format!("--fail-on={fail_on}")]);
    }
    let switches = [
        ("--normalize", args.normalize),
        ("--hash-noise", args.hash_noise),
        ("--show-secrets", args.show_secrets),
        ("--full", args.full),
    ];
    words.extend(switches.into_iter().filter(|(_, on)| *on).map(|(flag, _)| flag.to_owned()));
    if args.output.is_some() {
        return Err(usage("`--live` writes to standard output; redirect it"));
    }
    Ok(words.join(" "))
}
