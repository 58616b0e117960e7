//! `build --all`: every root below a directory, each into a file of its own.
//!
//! A file is written only where it changes, and whole; files of roots that are gone are removed if kfm wrote them, which a
//! list in the output directory knows. The list names a file before the file is written, so that after an interruption the
//! next run knows what there may be.

use super::args::BuildArgs;
use super::environment::Environment;
use super::{Done, build, images, output, session};
use crate::accumulate::Builds;
use crate::config::Repository;
use crate::diag::{Error, ErrorKind, Findings, Location, Result, cause};
use crate::files::{self, Disk};
use crate::limits::Limit;
use crate::resource::print;
use crate::roots::{self, Graph, Tree};
use crate::yaml::Source;
use serde::{Deserialize, Serialize};
use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// The list of the files that kfm wrote.
const LIST: &str = ".kfm-manifest.json";

/// The largest list that is read, in bytes.
const LARGEST: u64 = 64 << 20;

/// What the file of the root at the top is called.
const TOP: &str = "index";

/// The most errors that are printed.
const MOST_ERRORS: usize = 20;

#[derive(Default, Serialize, Deserialize)]
struct List {
    files: BTreeSet<String>,
}

/// Builds all roots.
pub fn run(args: &BuildArgs, environment: &Environment) -> Result<Done> {
    let usage = |message: &str| Error::new(ErrorKind::Usage, message);
    let top = match args.dir.as_slice() {
        [] => ".",
        [dir] => dir,
        _ => return Err(usage("specify one directory in and below which roots are built")),
    };
    let Some(target) = args.output.as_deref().filter(|path| !path.is_empty()) else {
        return Err(usage("`--all` needs a directory to write to").hint("name it with `--output DIR`"));
    };
    let roots = roots_below(top, target, environment)?;
    let mut written = Written::open(environment.directory.join(target), target, args.check)?;
    let findings = Findings::default();
    let mut options = session::options(args, environment, &findings)?;
    // All roots draw on the same limits.
    for limit in [Limit::Work, Limit::Objects, Limit::Directories] {
        let all = options.limits.get(limit).saturating_mul(roots.len().max(1) as u64);
        options.limits = options.limits.with(limit, all);
    }
    let session::Reach { fetch, remote, untrusted } = session::reach(&mut options, args, top, environment)?;
    if untrusted {
        session::enter(&options, args, environment).into_iter().for_each(|note| findings.add(note));
    }
    let trees = session::trees(args, top, environment, !untrusted);
    options.stand_ins = trees.clone().map(|trees| trees as _);
    let settings = images::Settings::new(&args.images, top, environment)?;
    options.edit = settings.rewrite()?.map(images::edit);
    let mut builds = Builds::new(&options, fetch);
    let mut errors = vec![];
    let names: BTreeSet<String> = roots.iter().map(|root| file_name(root)).collect();
    written.expect(&names)?;
    for root in &roots {
        let directory = Path::new(top).join(root);
        let shown = directory.to_string_lossy();
        let text = builds.build(&shown, &findings).and_then(|resources| {
            settings.check(&resources)?;
            print::all(&resources, options.threads()).map_err(|e| e.during(format!("building `{shown}`")))
        });
        match text {
            Ok(text) => written.put(&file_name(root), &text)?,
            Err(e) => errors.push(match &trees {
                Some(trees) => trees.explain(e),
                None => e,
            }),
        }
    }
    written.remove_others(&names)?;
    written.finish(&names)?;
    remote.iter().for_each(|remote| super::remote::report(remote, &findings));
    done(written, errors, args, &findings)
}

fn done(written: Written, mut errors: Vec<Error>, args: &BuildArgs, findings: &Findings) -> Result<Done> {
    let strictness = build::strictness(args);
    let out_of_date = args.check && !written.said.is_empty();
    let code = u8::from(out_of_date || !errors.is_empty());
    let more = errors.len().saturating_sub(MOST_ERRORS);
    errors.truncate(MOST_ERRORS);
    if more > 0 {
        errors.push(Error::new(ErrorKind::Config, format!("{more} more roots cannot be built")));
    }
    let stdout = vec![written.said.into_bytes()];
    Ok(Done { stdout, errors, code, findings: findings.take(), strictness, ..Done::default() })
}

/// The roots in and below a directory, by their path from there; none in the output.
fn roots_below(top: &str, target: &str, environment: &Environment) -> Result<Vec<String>> {
    let real = environment.directory.join(top).canonicalize().map_err(|e| {
        Error::new(ErrorKind::NotFound, format!("`{top}` cannot be reached: {}", cause(&e)))
            .hint("name the directory in and below which roots are built")
    })?;
    let tree = Tree { files: Arc::new(Disk::new(&real)), top: real.clone() };
    let selection = Repository::find(&environment.directory, top)?.selection(&environment.directory, &real);
    if let Ok(output) = environment.directory.join(target).canonicalize()
        && let Ok(inside) = output.strip_prefix(&real)
        && !inside.as_os_str().is_empty()
    {
        let output = inside.to_string_lossy().into_owned();
        return Ok(roots::select(&Graph::read(&tree, "")?.without(&output), "", &selection));
    }
    Ok(roots::select(&Graph::read(&tree, "")?, "", &selection))
}

/// What the file of a root is called.
fn file_name(root: &str) -> String {
    format!("{}.yaml", if root.is_empty() { TOP } else { root })
}

/// The output directory.
struct Written {
    directory: PathBuf,
    /// As the user named it.
    shown: String,
    /// Nothing is changed.
    check: bool,
    /// What was there according to the list.
    before: BTreeSet<String>,
    /// What was done, or is to be done, a line for each file.
    said: String,
}

impl Written {
    fn open(directory: PathBuf, shown: &str, check: bool) -> Result<Self> {
        let mut written =
            Self { directory, shown: shown.to_owned(), check, before: BTreeSet::new(), said: String::new() };
        if !check {
            std::fs::create_dir_all(&written.directory).map_err(|e| written.failed("", &e))?;
        }
        written.directory = written.directory.canonicalize().unwrap_or(written.directory);
        let list = written.directory.join(LIST);
        match files::read_beside(&list, LARGEST) {
            Ok(bytes) => {
                let list: List = serde_json::from_slice(&bytes).map_err(|e| {
                    Error::new(ErrorKind::Config, format!("invalid list of written files: {e}"))
                        .at(Location::file(format!("{shown}/{LIST}")))
                        .hint("remove it; files of roots that are gone have to be removed by hand then")
                })?;
                written.before = list.files.into_iter().filter(|file| is_inside(file)).collect();
            }
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(written.failed(LIST, &e)),
        }
        Ok(written)
    }

    fn failed(&self, file: &str, e: &std::io::Error) -> Error {
        let path = if file.is_empty() { self.shown.clone() } else { format!("{}/{file}", self.shown) };
        Error::new(ErrorKind::Io, format!("`{path}` cannot be written: {}", cause(e)))
            .at(Location::file(path.as_str()))
    }

    fn say(&mut self, what: &str, file: &str) {
        self.said.push_str(&format!("{what} {}/{file}\n", self.shown));
    }

    /// Notes the files that are about to be written.
    fn expect(&self, files: &BTreeSet<String>) -> Result<()> {
        if self.check || files.is_subset(&self.before) {
            return Ok(());
        }
        self.write_list(self.before.union(files).cloned().collect())
    }

    fn write_list(&self, files: BTreeSet<String>) -> Result<()> {
        let text = serde_json::to_string_pretty(&List { files })
            .map_err(|e| Error::new(ErrorKind::Io, format!("the list of files cannot be written: {e}")))?;
        output::file(&self.directory.join(LIST), &[text.into_bytes(), b"\n".to_vec()])
    }

    /// Writes a file, unless it is there with this content.
    fn put(&mut self, file: &str, pieces: &[print::Piece]) -> Result<()> {
        let path = self.directory.join(file);
        match files::read_beside(&path, Source::LIMIT as u64) {
            Ok(now) if is_same(&now, pieces) => return Ok(()),
            Ok(_) => self.say(if self.check { "stale" } else { "written" }, file),
            Err(_) => self.say(if self.check { "missing" } else { "written" }, file),
        }
        if self.check {
            return Ok(());
        }
        let parent = path.parent().unwrap_or(&self.directory);
        std::fs::create_dir_all(parent).map_err(|e| self.failed(file, &e))?;
        // Links in the output are input, too: none leads elsewhere.
        let stays = parent.canonicalize().is_ok_and(|real| real.starts_with(&self.directory));
        if !stays || path.is_symlink() {
            let message =
                format!("`{}/{file}` is a link, or below one: nothing is written there", self.shown);
            return Err(Error::new(ErrorKind::Restricted, message).hint("remove the link"));
        }
        output::file(&path, pieces)
    }

    /// Removes the files of roots that are gone.
    fn remove_others(&mut self, files: &BTreeSet<String>) -> Result<()> {
        for file in self.before.difference(files).cloned().collect::<Vec<_>>() {
            let path = self.directory.join(&file);
            let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
            if !parent.is_some_and(|parent| parent.starts_with(&self.directory)) || !path.is_file() {
                continue;
            }
            self.say(if self.check { "left over" } else { "removed" }, &file);
            if !self.check {
                std::fs::remove_file(&path).map_err(|e| self.failed(&file, &e))?;
                let above = path.ancestors().skip(1).take_while(|above| *above != self.directory);
                // Directories that are empty by that go, too.
                let _ = above.into_iter().try_for_each(std::fs::remove_dir);
            }
        }
        Ok(())
    }

    fn finish(&self, files: &BTreeSet<String>) -> Result<()> {
        if self.check || *files == self.before {
            return Ok(());
        }
        self.write_list(files.clone())
    }
}

/// Returns whether a file has this content.
fn is_same(now: &[u8], pieces: &[print::Piece]) -> bool {
    let mut rest = now;
    for piece in pieces {
        match rest.strip_prefix(Borrow::<[u8]>::borrow(piece)) {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Returns whether a path of the list stays in the output directory.
fn is_inside(file: &str) -> bool {
    Path::new(file).components().all(|part| matches!(part, Component::Normal(_))) && !file.is_empty()
}
