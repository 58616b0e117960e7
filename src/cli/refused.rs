//! Groups of commands that kustomize has and kfm has not.

use crate::diag::{Error, Kind};
use clap::{Args, Subcommand};

/// Arguments that nobody looks at.
#[derive(Debug, Args)]
pub struct Anything {
    /// Not looked at
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    pub rest: Vec<String>,
}

/// `cfg`
#[derive(Debug, Subcommand)]
pub enum Cfg {
    /// Print objects of a folder
    Cat(Anything),
    /// Count objects of a folder
    Count(Anything),
    /// Find objects of a folder
    Grep(Anything),
    /// Print objects of a folder as a tree
    Tree(Anything),
}

/// `fn`
#[derive(Debug, Subcommand)]
pub enum Fn {
    /// Run functions on the objects of a folder
    Run(Anything),
}

/// Why there is no `cfg`.
pub fn cfg() -> Error {
    Error::new(Kind::Usage, "the commands of `cfg` are not part of kfm")
        .hint("they do not build anything: use kustomize, `kpt`, `yq` or `grep`")
}

/// Why there is no `fn`.
pub fn function() -> Error {
    Error::new(Kind::Usage, "`fn run` is not part of kfm")
        .hint("name the functions under `transformers` and run `build --enable-alpha-plugins`")
}
