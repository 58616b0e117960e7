//! The program's commands.

use super::args::{BuildArgs, go_bool};
use clap::builder::styling::Styles;
use clap::{Parser, Subcommand};

/// Renders Kubernetes manifests byte for byte as kustomize does.
#[derive(Debug, Parser)]
#[command(name = "kfm", disable_version_flag = true, disable_help_subcommand = true, args_override_self = true, styles = Styles::plain(), max_term_width = 100)]
pub(super) struct Cli {
    /// Does nothing; accepted because kustomize has it
    #[arg(long, global = true, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool)]
    pub(crate) stack_trace: Option<bool>,
    /// What to do
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Build a kustomization directory or URL and print the objects
    Build(Box<BuildArgs>),
    /// Show what a change does to the cluster: compare directories, files or revisions as objects
    Diff(Box<super::diff::DiffArgs>),
    /// List the roots that the changes since a git revision reach, and why
    Affected(Box<super::affected::AffectedArgs>),
    /// Show what other versions of kustomize print of the same input
    #[command(args_override_self = true)]
    Compare(Box<super::compare::CompareArgs>),
    /// Write a new kustomization file in the current directory
    #[command(args_override_self = true)]
    Create(super::create::CreateArgs),
    /// Write the built-in distribution to a directory: `kfm init DIR`
    Init(super::init::InitArgs),
    /// Make kustomizations of what other tools read
    #[command(subcommand)]
    Import(super::import::Import),
    /// List, rewrite and lock the images that objects name
    #[command(subcommand)]
    Images(super::images::Images),
    /// Change the kustomization file of the current directory and leave the rest of it as it is
    Edit(super::edit::args::EditArgs),
    /// Print the version
    Version(super::version::VersionArgs),
    /// Copy a kustomization and all that it needs into a new directory, remote content included
    Localize(super::localize::LocalizeArgs),
    /// Copy all remote content that builds need to `vendor`, and pin it in `kfm.lock`
    Vendor(super::vendor::VendorArgs),
    /// Look at what was fetched and kept, or remove it
    #[command(subcommand)]
    Cache(super::cache::CacheCommand),
    /// Print a script for a shell that completes what is typed
    Completion(super::completion::CompletionArgs),
    /// Print the help of a command
    Help(super::help::HelpArgs),
    /// Look at OpenAPI schemas
    #[command(subcommand, hide = true)]
    Openapi(super::openapi::Openapi),
    /// Commands for configuration files; kfm does not have them
    #[command(subcommand, hide = true)]
    Cfg(super::refused::Cfg),
    /// Commands for functions; kfm does not have them
    #[command(subcommand, hide = true)]
    Fn(super::refused::Fn),
    /// Help topics
    #[command(flatten)]
    Topic(super::help::Topic),
    /// What completion scripts ask
    #[command(flatten)]
    Complete(super::complete::Complete),
}
