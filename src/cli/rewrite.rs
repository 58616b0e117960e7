//! From arguments as kustomize takes them to arguments as clap takes them.
//!
//! Kustomize's parser looks for the command first and gives all flags to it, wherever they stand; takes the next
//! argument as a flag's value whatever it looks like; takes `-enable-helm` for `-e nable-helm`; and answers an
//! unknown command below the top with the help of the one above, successfully. Here the command is put first and
//! flags with values are written `--flag=value`, which leaves nothing to interpret.

use super::args::go_bool;
use clap::{Arg, Command};
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// Arguments for clap, and what is to be said before they are respected.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    /// The arguments, the program's name first.
    pub(crate) arguments: Vec<OsString>,
    /// For standard error.
    pub(crate) note: Option<String>,
}

/// Rewrites the arguments of the program (the first is its name).
pub(super) fn rewrite(root: &Command, arguments: Vec<OsString>) -> Rewritten {
    let mut arguments = arguments.into_iter();
    let program = arguments.next().unwrap_or_else(|| "kfm".into());
    let arguments: Vec<OsString> = arguments.collect();
    let (mut path, rest) = find(root, &arguments);
    let mut note = None;
    if let (Some(create), [_, init]) = (root.find_subcommand("create"), path.as_mut_slice())
        && init.get_name() == "init"
        && is_create(create, &program, &rest)
    {
        *init = create;
        if rest.is_empty() && !is_kustomize(&program) {
            note = Some(INIT_ALONE.to_owned());
        }
    }
    let mut out = vec![program];
    out.extend(path.iter().skip(1).map(|c| OsString::from(c.get_name())));
    let leaf = path.last().copied().unwrap_or(root);
    if leaf.get_arguments().any(Arg::is_trailing_var_arg_set) {
        if !leaf.is_disable_help_flag_set() && rest.iter().any(|a| *a == "--help" || *a == "-h") {
            out.push("--help".into());
        } else {
            out.push("--".into());
            out.extend(rest.into_iter().cloned());
        }
    } else {
        let flags = Flags::read(root, leaf, &rest);
        let unknown_command = path.len() == 1 && flags.first_word.is_some();
        if flags.help && !flags.unknown && !unknown_command {
            out.push("--help".into());
        } else if leaf.has_subcommands() && !flags.unknown && !unknown_command {
            // A group alone, or with a command that it does not have.
            if path.len() > 1 {
                let names: Vec<&str> = path.iter().skip(1).map(|c| c.get_name()).collect();
                note = flags.first_word.map(|word| {
                    format!("Warning: unknown command `{word}` for `{}`, nothing was done\n", names.join(" "))
                });
            }
            out.push("--help".into());
        } else {
            out.extend(flags.out);
        }
    }
    Rewritten { arguments: out, note }
}

/// Said where `init` might have been meant to write the distribution.
const INIT_ALONE: &str = "Note: without a directory `init` is `create`, as in kustomize (`kfm init .` writes the built-in distribution)\n";

fn is_kustomize(program: &OsStr) -> bool {
    Path::new(program).file_stem() == Some(OsStr::new("kustomize"))
}

/// Returns whether `init` is kustomize's other name of `create`: nothing follows it, the program is called as kustomize, or it
/// has a flag of `create`.
fn is_create(create: &Command, program: &OsStr, rest: &[&OsString]) -> bool {
    let name = |word: &OsString| {
        let word = word.to_string_lossy().into_owned();
        word.strip_prefix("--").map(|w| w.split('=').next().unwrap_or_default().to_owned())
    };
    let flags = rest.iter().take_while(|word| ***word != "--").filter_map(|word| name(word));
    rest.is_empty()
        || is_kustomize(program)
        || flags
            .into_iter()
            .any(|flag| create.get_arguments().any(|arg| arg.get_long() == Some(flag.as_str())))
}

/// The command that arguments lead to, with those above it, and the arguments without the words that name it.
pub(super) fn find<'c, 'a>(
    root: &'c Command,
    arguments: &'a [OsString],
) -> (Vec<&'c Command>, Vec<&'a OsString>) {
    let mut path = vec![root];
    let mut rest: Vec<&OsString> = arguments.iter().collect();
    let mut at = root;
    while at.has_subcommands() {
        let Some(found) = first_word(root, at, &rest) else { break };
        let name = rest.get(found).and_then(|word| word.to_str());
        let Some(next) = name.and_then(|name| at.find_subcommand(name)) else { break };
        rest.remove(found);
        path.push(next);
        at = next;
    }
    (path, rest)
}

/// Where the first argument is that is neither a flag nor, as far as can be known before the command is, the value
/// of one.
fn first_word(root: &Command, at: &Command, arguments: &[&OsString]) -> Option<usize> {
    let mut i = 0;
    while let Some(argument) = arguments.get(i).map(|a| a.to_string_lossy()) {
        if argument == "--" {
            return None;
        }
        if !argument.starts_with('-') {
            if !argument.is_empty() {
                return Some(i);
            }
        } else if !argument.contains('=') {
            let takes_next = match argument.strip_prefix("--") {
                Some(name) => {
                    name != "help" && lookup(root, at, |a| has_name(a, name)).is_none_or(takes_value)
                }
                None => {
                    let mut letters = argument[1..].chars();
                    let letter = letters.next().filter(|_| letters.next().is_none());
                    letter.is_some_and(|c| {
                        c != 'h' && lookup(root, at, |a| a.get_short() == Some(c)).is_none_or(takes_value)
                    })
                }
            };
            i += usize::from(takes_next);
        }
        i += 1;
    }
    None
}

/// The flag of a command, or of the whole program.
pub(super) fn lookup<'c>(
    root: &'c Command,
    leaf: &'c Command,
    is_it: impl Fn(&Arg) -> bool,
) -> Option<&'c Arg> {
    leaf.get_arguments().chain(root.get_arguments()).find(|a| !a.is_positional() && is_it(a))
}

/// Returns whether a flag goes by this long name.
pub(super) fn has_name(arg: &Arg, name: &str) -> bool {
    arg.get_long() == Some(name) || arg.get_all_aliases().is_some_and(|all| all.contains(&name))
}

/// Returns whether a flag has a value even where no `=` follows.
pub(super) fn takes_value(arg: &Arg) -> bool {
    arg.get_action().takes_values() && arg.get_num_args().is_none_or(|n| n.min_values() > 0)
}

/// The flags and words after a command.
#[derive(Default)]
struct Flags {
    out: Vec<OsString>,
    help: bool,
    unknown: bool,
    /// The first word before `--` that could name a command.
    first_word: Option<String>,
}

impl Flags {
    fn read(root: &Command, leaf: &Command, arguments: &[&OsString]) -> Self {
        let mut flags = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match argument.to_str() {
                Some("--") => {
                    flags.out.push("--".into());
                    flags.out.extend(rest.map(|a| (*a).clone()));
                    break;
                }
                Some(text) if text.starts_with("--") => flags.long(root, leaf, text, &mut rest),
                Some(text) if text.starts_with('-') && text.len() > 1 => {
                    flags.short(root, leaf, text, &mut rest);
                }
                _ => {
                    let word = argument.to_string_lossy();
                    if flags.first_word.is_none() && !word.is_empty() && word != "-" {
                        flags.first_word = Some(word.into_owned());
                    }
                    flags.out.push((*argument).clone());
                }
            }
        }
        flags
    }

    /// `--name`, `--name=value`, `--name value`
    fn long<'a>(
        &mut self,
        root: &Command,
        leaf: &Command,
        text: &str,
        rest: &mut impl Iterator<Item = &'a &'a OsString>,
    ) {
        let (name, value) = match text[2..].split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (&text[2..], None),
        };
        match lookup(root, leaf, |a| has_name(a, name)) {
            None if name == "help" => self.ask_help(text, value),
            None => {
                self.unknown = true;
                self.out.push(text.into());
            }
            Some(arg) => match value {
                Some(value) => self.give(arg, OsStr::new(value)),
                None if takes_value(arg) => match arg.get_num_args().map_or(1, |n| n.min_values()) {
                    0 | 1 => match rest.next() {
                        Some(value) => self.give(arg, value),
                        None => self.out.push(text.into()),
                    },
                    count => {
                        self.out.push(text.into());
                        self.out.extend(rest.take(count).map(|value| (*value).clone()));
                    }
                },
                None => self.out.push(text.into()),
            },
        }
    }

    /// `-abc`, `-a=value`, `-avalue`, `-a value`
    fn short<'a>(
        &mut self,
        root: &Command,
        leaf: &Command,
        text: &str,
        rest: &mut impl Iterator<Item = &'a &'a OsString>,
    ) {
        let mut letters = text[1..].chars();
        while let Some(letter) = letters.next() {
            let Some(arg) = lookup(root, leaf, |a| a.get_short() == Some(letter)) else {
                if letter == 'h' {
                    let value = letters.as_str().strip_prefix('=');
                    self.ask_help(text, value);
                    if value.is_some() {
                        return;
                    }
                    continue;
                }
                self.unknown = true;
                self.out.push(format!("-{letter}").into());
                return;
            };
            let value = letters.as_str();
            if let Some(value) = value.strip_prefix('=') {
                return self.give(arg, OsStr::new(value));
            }
            if !takes_value(arg) {
                self.out.push(
                    arg.get_long().map_or_else(|| format!("-{letter}"), |name| format!("--{name}")).into(),
                );
            } else if value.is_empty() {
                match rest.next() {
                    Some(value) => self.give(arg, value),
                    None => self.out.push(format!("-{letter}").into()),
                }
                return;
            } else {
                return self.give(arg, OsStr::new(value));
            }
        }
    }

    fn ask_help(&mut self, text: &str, value: Option<&str>) {
        match value.map_or(Ok(true), go_bool) {
            Ok(on) => self.help = on,
            Err(_) => {
                self.unknown = true;
                self.out.push(text.into());
            }
        }
    }

    /// Adds a flag with its value. Switches that know no value are there or not.
    fn give(&mut self, arg: &Arg, value: &OsStr) {
        let mut flag = OsString::from(match (arg.get_long(), arg.get_short()) {
            (None, Some(letter)) => format!("-{letter}"),
            (name, _) => format!("--{}", name.unwrap_or_default()),
        });
        if !arg.get_action().takes_values() {
            match value.to_str().map(go_bool) {
                Some(Ok(true)) => return self.out.push(flag),
                Some(Ok(false)) => return self.out.retain(|a| *a != flag),
                _ => {}
            }
        }
        flag.push("=");
        flag.push(value);
        self.out.push(flag);
    }
}

#[cfg(test)]
mod tests {
    use super::super::command;
    use super::*;

    fn rewritten(line: &str) -> String {
        let words = std::iter::once("kfm").chain(line.split(' ').filter(|w| !w.is_empty()));
        let arguments = words.map(|w| OsString::from(w.replace("''", ""))).collect();
        let out = rewrite(&command(), arguments).arguments;
        let out: Vec<_> = out.iter().skip(1).map(|a| a.to_string_lossy().into_owned()).collect();
        out.join(" ")
    }

    #[test]
    fn the_command_comes_first_and_flags_have_their_values() {
        for (given, expected) in [
            ("build a -o x", "build a --output=x"),
            ("-o x.yaml build", "build --output=x.yaml"),
            ("--output x.yaml build a", "build --output=x.yaml a"),
            ("--enable-helm=true build", "build --enable-helm=true"),
            ("--stack-trace version", "version --stack-trace"),
            ("build -enable-helm", "build --env=nable-helm"),
            ("build -ox -o=y -o z", "build --output=x --output=y --output=z"),
            ("build -o -x", "build --output=-x"),
            ("build --output -- a", "build --output=-- a"),
            ("build -o ''", "build --output="),
            ("build -- -o", "build -- -o"),
            ("build -", "build -"),
            ("init", "create"),
            ("init a", "init a"),
            ("init --autodetect", "create --autodetect"),
            ("--namespace x init", "create --namespace=x"),
            ("init -- --autodetect", "init -- --autodetect"),
            ("localize --no-verify=false a b", "localize --no-verify=false a b"),
        ] {
            assert_eq!(rewritten(given), expected, "{given}");
        }
    }

    #[test]
    fn help_wins_over_wrong_arguments_but_not_over_wrong_flags() {
        for (given, expected) in [
            ("", "--help"),
            ("--", "--help"),
            ("-- version", "--help"),
            ("-h", "--help"),
            ("build a b c --help", "build --help"),
            ("build -h a b", "build --help"),
            ("build --help --nothing", "build --nothing"),
            ("openapi", "openapi --help"),
            ("openapi nothing", "openapi --help"),
            ("openapi --nothing", "openapi --nothing"),
            ("cfg", "cfg --help"),
            ("fn run dir --enable-exec", "fn run -- dir --enable-exec"),
            ("nothing", "nothing"),
            ("nothing --help", "nothing"),
            ("-", "--help"),
            ("-h=0", "--help"),
            ("build --help=false a", "build a"),
            ("build --help=x", "build --help=x"),
            ("--nothing build", "--nothing=build"),
            ("__complete build --help", "__complete -- build --help"),
        ] {
            let expected = expected.replace("--nothing=build", "--nothing build");
            assert_eq!(rewritten(given), expected, "{given}");
        }
    }
}
