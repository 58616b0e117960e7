//! `completion`: scripts that make a shell complete command lines by asking the program itself.

use super::Done;
use super::environment::Environment;
use crate::diag::{Error, ErrorKind, Result};
use clap::Args;

/// Arguments of `completion`.
#[derive(Debug, Args)]
pub(super) struct CompletionArgs {
    /// `bash`, `zsh`, `fish` or `powershell`
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Vec<String>,
}

/// Shells and their scripts, in which `PROGRAM` is the program's name.
const SCRIPTS: [(&str, &str); 4] = [
    ("bash", include_str!("completion/bash.sh")),
    ("zsh", include_str!("completion/zsh.zsh")),
    ("fish", include_str!("completion/fish.fish")),
    ("powershell", include_str!("completion/powershell.ps1")),
];

/// Prints the script of a shell, for the name by which the program was called.
pub(super) fn run(args: &CompletionArgs, environment: &Environment) -> Result<Done> {
    let [shell] = args.shell.as_slice() else {
        let message = format!("expected one shell, found {} arguments", args.shell.len());
        return Err(Error::new(ErrorKind::Usage, message).hint(known()));
    };
    let Some((_, script)) = SCRIPTS.iter().find(|(name, _)| name == shell) else {
        return Err(Error::new(ErrorKind::Usage, format!("there is no script for `{shell}`")).hint(known()));
    };
    let program = if environment.as_kustomize { "kustomize" } else { "kfm" };
    Ok(Done { stdout: vec![script.replace("PROGRAM", program).into_bytes()], ..Done::default() })
}

fn known() -> String {
    format!("name one of {}", SCRIPTS.map(|(name, _)| format!("`{name}`")).join(", "))
}
