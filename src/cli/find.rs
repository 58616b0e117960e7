//! What users name to be put into `resources` or `components`: files by pattern, directories, URLs.

use super::environment::Environment;
use crate::diag::{Error, ErrorKind, Result};
use crate::edit::glob;
use crate::load::{self, Files, Loader};
use crate::yaml::{Mark, Marked, Source};

/// The files that patterns name. What matches no file must be something that can be fetched.
pub(super) fn resources(environment: &Environment, patterns: &[String]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for pattern in patterns {
        let files = glob::files(&environment.directory, pattern)?;
        if files.is_empty() {
            fetch(environment, pattern)?;
            found.push(pattern.clone());
        }
        found.extend(files);
    }
    Ok(found)
}

/// Fetches something remote; anything else is an error.
fn fetch(environment: &Environment, name: &str) -> Result<()> {
    let remote = super::session::remote(environment)?;
    let options = load::Options {
        directory: environment.directory.clone(),
        restricted: false,
        ..load::Options::default()
    };
    let loader = Loader::open(&Files::new(options, remote), ".")?;
    let mark = Mark { source: Source::new("the command line", String::new()), offset: 0 };
    let named = Marked { value: name.to_owned(), mark };
    loader.resource(&named).map(drop).map_err(|e| {
        let error = Error::new(ErrorKind::NotFound, format!("`{name}` cannot be added: {}", e.message()));
        let error = e.hints().iter().fold(error, |error, hint| error.hint(hint.clone()));
        error.hint("pass `--no-verify` to `edit add resource` to add it all the same")
    })
}
