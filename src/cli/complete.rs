//! `__complete`: what the scripts of `completion` ask for while a command line is typed.
//!
//! The candidates come from the definitions of the arguments. A candidate is a line, the last line is `:` and a
//! number that says what else the shell may offer.

use super::rewrite::{find, has_name, lookup, takes_value};
use super::{Done, say};
use crate::diag::{Error, ErrorKind, Result};
use clap::{Arg, Args, Command, Subcommand};
use std::ffi::OsString;

/// The hidden commands of the scripts.
#[derive(Debug, Subcommand)]
pub(super) enum Complete {
    /// Print candidates with descriptions
    #[command(name = "__complete", hide = true, disable_help_flag = true)]
    Described(Words),
    /// Print candidates
    #[command(name = "__completeNoDesc", hide = true, disable_help_flag = true)]
    Bare(Words),
}

/// A command line without the program's name.
#[derive(Debug, Args)]
pub(super) struct Words {
    /// Its words; the last one is to be completed
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) words: Vec<OsString>,
}

/// What the shell may offer besides the candidates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Directive {
    /// Files.
    Default,
    /// Nothing.
    NoFiles,
    /// Directories.
    Directories,
}

impl Directive {
    /// The number and name by which the scripts of kustomize's parser know it.
    fn spelled(self) -> (u8, &'static str) {
        match self {
            Self::Default => (0, "ShellCompDirectiveDefault"),
            Self::NoFiles => (4, "ShellCompDirectiveNoFileComp"),
            Self::Directories => (16, "ShellCompDirectiveFilterDirs"),
        }
    }
}

/// The values of flags; of one that several commands have, those of the named command.
const VALUES: &[(&str, &str, &[&str])] = &[
    ("build", "load-restrictor", &["LoadRestrictionsNone", "LoadRestrictionsRootOnly"]),
    ("build", "reorder", &["legacy", "none"]),
    ("build", "compat", &["5.7.1", "5.8.1", "5.8.2", "5.8.3"]),
    ("compare", "compat", &["5.7.1", "5.8.1", "5.8.2", "5.8.3"]),
    ("version", "output", &["json", "yaml"]),
    ("fetch", "format", &["json", "yaml"]),
    ("configmap", "behavior", &["create", "merge", "replace"]),
];

/// The words that commands take.
const WORDS: &[(&str, &[&str])] = &[
    ("completion", &["bash", "zsh", "fish", "powershell"]),
    ("buildmetadata", &["managedByLabel", "originAnnotations", "transformerAnnotations"]),
];

/// Commands that take a directory, and flags of theirs that do.
const DIRECTORIES: [&str; 4] = ["build", "compare", "init", "localize"];
const DIRECTORY_FLAGS: [&str; 2] = ["manifests", "scope"];

/// Prints the candidates.
pub(super) fn run(complete: &Complete, root: &Command) -> Result<Done> {
    let (words, described) = match complete {
        Complete::Described(w) => (&w.words, true),
        Complete::Bare(w) => (&w.words, false),
    };
    let Some((last, before)) = words.split_last() else {
        return Err(Error::new(ErrorKind::Usage, "expected the words of a command line, found none"));
    };
    let (found, directive) = candidates(root, before, &last.to_string_lossy());
    let (number, name) = directive.spelled();
    let mut out = String::new();
    for (word, description) in found {
        out.push_str(&word);
        if described && !description.is_empty() {
            out.push('\t');
            out.push_str(description.lines().next().unwrap_or_default());
        }
        out.push('\n');
    }
    out.push_str(&format!(":{number}\n"));
    say(&format!("Completion ended with directive: {name}\n"));
    Ok(Done { stdout: vec![out.into_bytes()], ..Done::default() })
}

type Found = (Vec<(String, String)>, Directive);

fn candidates(root: &Command, before: &[OsString], last: &str) -> Found {
    let (path, rest) = find(root, before);
    let leaf = path.last().copied().unwrap_or(root);
    let texts: Vec<String> = rest.iter().map(|w| w.to_string_lossy().into_owned()).collect();
    let ended = texts.iter().any(|w| w == "--");
    if !ended {
        let asked = texts.last().filter(|w| !w.contains('=')).and_then(|w| flag(root, leaf, w));
        if let Some(arg) = asked.filter(|a| takes_value(a)) {
            return values(leaf, arg, last);
        }
        if let Some((name, value)) = last.split_once('=').filter(|_| last.starts_with('-')) {
            return flag(root, leaf, name)
                .map_or((vec![], Directive::Default), |arg| values(leaf, arg, value));
        }
        if last.starts_with('-') {
            return (flags(root, leaf, &texts, last), Directive::NoFiles);
        }
    }
    let has_words = texts.iter().any(|w| !w.starts_with('-'));
    if leaf.get_name() == "help" && path.len() == 2 {
        let words: Vec<OsString> = rest.iter().map(|w| (*w).clone()).collect();
        let (path, _) = find(root, &words);
        return (commands(path.last().copied().unwrap_or(root), last), Directive::NoFiles);
    }
    if leaf.has_subcommands() {
        return (if has_words { vec![] } else { commands(leaf, last) }, Directive::NoFiles);
    }
    if let Some((_, words)) = WORDS.iter().find(|(name, _)| *name == leaf.get_name()) {
        return (starting(words, last), Directive::NoFiles);
    }
    (vec![], if DIRECTORIES.contains(&leaf.get_name()) { Directive::Directories } else { Directive::Default })
}

/// The flag that a word names.
fn flag<'c>(root: &'c Command, leaf: &'c Command, word: &str) -> Option<&'c Arg> {
    match word.strip_prefix("--") {
        Some(name) => lookup(root, leaf, |a| has_name(a, name)),
        None => {
            let letter = word.strip_prefix('-')?.chars().next_back()?;
            lookup(root, leaf, |a| a.get_short() == Some(letter))
        }
    }
}

fn values(leaf: &Command, arg: &Arg, start: &str) -> Found {
    let name = arg.get_long().unwrap_or_default();
    let known = VALUES.iter().find(|(command, flag, _)| *command == leaf.get_name() && *flag == name);
    match known {
        Some((.., values)) => (starting(values, start), Directive::NoFiles),
        None if DIRECTORY_FLAGS.contains(&name) => (vec![], Directive::Directories),
        None => (vec![], Directive::Default),
    }
}

fn starting(words: &[&str], start: &str) -> Vec<(String, String)> {
    words.iter().filter(|w| w.starts_with(start)).map(|w| ((*w).to_owned(), String::new())).collect()
}

fn commands(leaf: &Command, start: &str) -> Vec<(String, String)> {
    let seen = leaf.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name().starts_with(start));
    seen.map(|c| (c.get_name().to_owned(), c.get_about().map(ToString::to_string).unwrap_or_default()))
        .collect()
}

/// Flags that are not on the command line yet, or may be there several times.
fn flags(root: &Command, leaf: &Command, before: &[String], start: &str) -> Vec<(String, String)> {
    let mut found = vec![];
    let given = |name: &str| before.iter().any(|w| w.split('=').next() == Some(name));
    let all = leaf.get_arguments().chain(root.get_arguments().filter(|_| leaf.get_name() != root.get_name()));
    for arg in all.filter(|a| !a.is_positional() && !a.is_hide_set()) {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let names = [arg.get_long().map(|n| format!("--{n}")), arg.get_short().map(|c| format!("-{c}"))];
        let names: Vec<String> = names.into_iter().flatten().collect();
        if matches!(arg.get_action(), clap::ArgAction::Append) || !names.iter().any(|n| given(n)) {
            found.extend(names.into_iter().map(|n| (n, help.clone())));
        }
    }
    found.extend(["--help", "-h"].map(|n| (n.to_owned(), "Print help".to_owned())));
    found.retain(|(name, _)| name.starts_with(start) && (start == "-" || name.starts_with("--")));
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::super::command;
    use super::*;

    fn found(line: &[&str]) -> (Vec<String>, u8) {
        let (last, before) = line.split_last().expect("words");
        let before: Vec<OsString> = before.iter().map(OsString::from).collect();
        let (found, directive) = candidates(&command(), &before, last);
        (found.into_iter().map(|(word, _)| word).collect(), directive.spelled().0)
    }

    #[test]
    fn words_are_completed_by_what_stands_before_them() {
        let restrictors = ["LoadRestrictionsNone", "LoadRestrictionsRootOnly"];
        for (line, expected, directive) in [
            (&["bui"][..], &["build"][..], 4),
            (&["build", "--load-restrictor", ""], &restrictors, 4),
            (&["build", "--load-restrictor=LoadRestrictionsN"], &["LoadRestrictionsNone"], 4),
            (&["build", "--enable-h"], &["--enable-helm"], 4),
            (&["build", "--enable-helm", "--enable-h"], &[], 4),
            (
                &["build", "-e", "A", "--en"],
                &[
                    "--enable-alpha-plugins",
                    "--enable-exec",
                    "--enable-file-repositories",
                    "--enable-helm",
                    "--env",
                ],
                4,
            ),
            (&["build", ""], &[], 16),
            (&["build", "-o", ""], &[], 0),
            (&["build", "--", "--en"], &[], 16),
            (&["version", "-o", ""], &["json", "yaml"], 4),
            (&["completion", "b"], &["bash"], 4),
            (&["help", "loc"], &["localize"], 4),
            (&["localize", "--scope", ""], &[], 16),
            (&["nothing", ""], &[], 4),
            (&["--stack-trace", "vers"], &["version"], 4),
        ] {
            let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
            assert_eq!(found(line), (expected, directive), "{line:?}");
        }
    }
}
