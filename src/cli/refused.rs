//! Groups of commands that kustomize has and kfm has not.

use crate::diag::{Error, ErrorKind};
use clap::{Args, Subcommand};

/// Arguments that nobody looks at.
#[derive(Debug, Args)]
pub(super) struct Anything {
    /// Not looked at
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub(crate) rest: Vec<String>,
}

/// `cfg`
#[derive(Debug, Subcommand)]
pub(super) enum Cfg {
    /// Print objects of a directory
    Cat(Anything),
    /// Count objects of a directory
    Count(Anything),
    /// Find objects of a directory
    Grep(Anything),
    /// Print objects of a directory as a tree
    Tree(Anything),
}

/// `fn`
#[derive(Debug, Subcommand)]
pub(super) enum Fn {
    /// Run functions on the objects of a directory
    Run(Anything),
}

/// Why there is no `cfg`.
pub(super) fn cfg() -> Error {
    Error::new(ErrorKind::Usage, "the commands of `cfg` are not part of kfm")
        .hint("they do not build anything: use kustomize, `kpt`, `yq` or `grep`")
}

/// Why there is no `fn`.
pub(super) fn function() -> Error {
    Error::new(ErrorKind::Usage, "`fn run` is not part of kfm")
        .hint("name the functions under `transformers` and run `build --enable-alpha-plugins`")
}
