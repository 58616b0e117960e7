//! The program's commands.

use super::args::{BuildArgs, go_bool};
use super::complete::Complete;
use super::help::{HelpArgs, Topic};
use super::{
    affected, cache, compare, completion, create, diff, edit, images, import, init, localize, openapi,
    refused, vendor, version,
};
use clap::builder::styling::Styles;
use clap::error::Result;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;

/// Renders Kubernetes manifests byte for byte as kustomize does.
#[derive(Debug, Parser)]
#[command(name = "kfm", disable_version_flag = true, disable_help_subcommand = true, args_override_self = true, styles = Styles::plain(), max_term_width = 100)]
struct Program {
    /// Does nothing; accepted because kustomize has it
    #[arg(long, global = true, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    stack_trace: Option<bool>,
}

/// What to do.
#[derive(Debug)]
pub(super) enum Command {
    Build(Box<BuildArgs>),
    Diff(Box<diff::DiffArgs>),
    Affected(Box<affected::AffectedArgs>),
    Compare(Box<compare::CompareArgs>),
    Create(create::CreateArgs),
    Init(init::InitArgs),
    Import(import::Import),
    Images(images::Images),
    Edit(edit::args::EditArgs),
    Version(version::VersionArgs),
    Localize(localize::LocalizeArgs),
    Vendor(vendor::VendorArgs),
    Cache(cache::CacheCommand),
    Completion(completion::CompletionArgs),
    Help(HelpArgs),
    Openapi(openapi::Openapi),
    Cfg,
    Fn,
    Topic(Topic),
    Complete(Complete),
}

/// A command of the table.
struct Row {
    name: &'static str,
    /// What it does.
    about: &'static str,
    /// Help does not list it.
    hidden: bool,
    define: fn(clap::Command) -> clap::Command,
    read: fn(&ArgMatches) -> Result<Command>,
}

/// Reads the arguments of a command.
fn read<T: FromArgMatches>(matches: &ArgMatches, make: fn(T) -> Command) -> Result<Command> {
    T::from_arg_matches(matches).map(make)
}

/// Defines a command that only has commands below it.
fn group<T: Subcommand>(command: clap::Command) -> clap::Command {
    T::augment_subcommands(command).subcommand_required(true).arg_required_else_help(true)
}

/// The commands, as help lists them.
const COMMANDS: &[Row] = &[
    Row {
        name: "build",
        about: "Build a kustomization directory or URL and print the objects",
        hidden: false,
        define: BuildArgs::augment_args,
        read: |m| read(m, Command::Build),
    },
    Row {
        name: "diff",
        about: "Show what a change does to the cluster: compare directories, files or revisions as objects",
        hidden: false,
        define: diff::DiffArgs::augment_args,
        read: |m| read(m, Command::Diff),
    },
    Row {
        name: "affected",
        about: "List the roots that the changes since a git revision reach, and why",
        hidden: false,
        define: affected::AffectedArgs::augment_args,
        read: |m| read(m, Command::Affected),
    },
    Row {
        name: "compare",
        about: "Show what other versions of kustomize print of the same input",
        hidden: false,
        define: |c| compare::CompareArgs::augment_args(c).args_override_self(true),
        read: |m| read(m, Command::Compare),
    },
    Row {
        name: "create",
        about: "Write a new kustomization file in the current directory",
        hidden: false,
        define: |c| create::CreateArgs::augment_args(c).args_override_self(true),
        read: |m| read(m, Command::Create),
    },
    Row {
        name: "init",
        about: "Write the built-in distribution to a directory: `kfm init DIR`",
        hidden: false,
        define: init::InitArgs::augment_args,
        read: |m| read(m, Command::Init),
    },
    Row {
        name: "import",
        about: "Make kustomizations of what other tools read",
        hidden: false,
        define: group::<import::Import>,
        read: |m| read(m, Command::Import),
    },
    Row {
        name: "images",
        about: "List, rewrite and lock the images that objects name",
        hidden: false,
        define: group::<images::Images>,
        read: |m| read(m, Command::Images),
    },
    Row {
        name: "edit",
        about: "Change the kustomization file of the current directory and leave the rest of it as it is",
        hidden: false,
        define: edit::args::EditArgs::augment_args,
        read: |m| read(m, Command::Edit),
    },
    Row {
        name: "version",
        about: "Print the version",
        hidden: false,
        define: version::VersionArgs::augment_args,
        read: |m| read(m, Command::Version),
    },
    Row {
        name: "localize",
        about: "Copy a kustomization and all that it needs into a new directory, remote content included",
        hidden: false,
        define: localize::LocalizeArgs::augment_args,
        read: |m| read(m, Command::Localize),
    },
    Row {
        name: "vendor",
        about: "Copy all remote content that builds need to `vendor`, and pin it in `kfm.lock`",
        hidden: false,
        define: vendor::VendorArgs::augment_args,
        read: |m| read(m, Command::Vendor),
    },
    Row {
        name: "cache",
        about: "Look at what was fetched and kept, or remove it",
        hidden: false,
        define: group::<cache::CacheCommand>,
        read: |m| read(m, Command::Cache),
    },
    Row {
        name: "completion",
        about: "Print a script for a shell that completes what is typed",
        hidden: false,
        define: completion::CompletionArgs::augment_args,
        read: |m| read(m, Command::Completion),
    },
    Row {
        name: "help",
        about: "Print the help of a command",
        hidden: false,
        define: HelpArgs::augment_args,
        read: |m| read(m, Command::Help),
    },
    Row {
        name: "openapi",
        about: "Look at OpenAPI schemas",
        hidden: true,
        define: group::<openapi::Openapi>,
        read: |m| read(m, Command::Openapi),
    },
    Row {
        name: "cfg",
        about: "Commands for configuration files; kfm does not have them",
        hidden: true,
        define: group::<refused::Cfg>,
        read: |_| Ok(Command::Cfg),
    },
    Row {
        name: "fn",
        about: "Commands for functions; kfm does not have them",
        hidden: true,
        define: group::<refused::Fn>,
        read: |_| Ok(Command::Fn),
    },
];

/// The program with all its commands.
pub(super) fn program() -> clap::Command {
    let all = COMMANDS.iter().map(|row| define(row, row.define));
    let hidden = Complete::augment_subcommands(Topic::augment_subcommands(clap::Command::new("")));
    Program::command().subcommands(all).subcommands(hidden.get_subcommands().cloned())
}

/// The program as it is needed for these words. To define the arguments of all commands takes longer than to compare small
/// files: where a word names a command of the table, only such commands have any.
pub(super) fn program_for(words: &[OsString]) -> clap::Command {
    let words: Vec<&str> = words.iter().filter_map(|word| word.to_str()).collect();
    // `init` may stand for `create`.
    let is_named = |row: &Row| words.contains(&row.name) || (row.name == "create" && words.contains(&"init"));
    let is_hidden = |word: &&str| Topic::has_subcommand(word) || Complete::has_subcommand(word);
    if words.iter().any(is_hidden) || !COMMANDS.iter().any(is_named) {
        return program();
    }
    let arguments = |row: &Row| if is_named(row) { row.define } else { |command| command };
    Program::command().subcommands(COMMANDS.iter().map(|row| define(row, arguments(row))))
}

fn define(row: &Row, arguments: fn(clap::Command) -> clap::Command) -> clap::Command {
    arguments(clap::Command::new(row.name)).about(row.about).long_about(None).hide(row.hidden)
}

/// The command that was given.
pub(super) fn given(matches: &ArgMatches) -> Result<Option<Command>> {
    let Some((name, below)) = matches.subcommand() else { return Ok(None) };
    match COMMANDS.iter().find(|row| row.name == name) {
        Some(row) => (row.read)(below).map(Some),
        None if Topic::has_subcommand(name) => read(matches, Command::Topic).map(Some),
        None => read(matches, Command::Complete).map(Some),
    }
}
