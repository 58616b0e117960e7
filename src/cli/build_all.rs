//! `build --all`: every root below a directory, each into a file or a directory of its own.

use super::args::BuildArgs;
use super::asked_once::AskedOnce;
use super::environment::Environment;
use super::rendered::{Rendered, Text};
use super::{Done, build, images, output, session};
use crate::accumulate::Builds;
use crate::config::Repository;
use crate::diag::{Error, ErrorKind, Findings, Result, cause};
use crate::files::Disk;
use crate::limits::Limit;
use crate::resource::ResMap;
use crate::resource::print::{self, Piece};
use crate::roots::{self, Graph, Tree};
use std::path::Path;
use std::sync::Arc;

/// What the file of the root at the top is called.
const TOP: &str = "index";

/// The most errors that are printed.
const MOST_ERRORS: usize = 20;

/// Builds all roots.
pub(super) fn run(args: &BuildArgs, environment: &Environment) -> Result<Done> {
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
    let mut written = Rendered::open(environment.directory.join(target), target, args.check)?;
    let findings = Findings::default();
    let mut options = session::options(args, environment, &findings)?;
    // All roots draw on the same limits. The objects of one root are gone when the next one is built.
    let objects = options.limits.get(Limit::Objects).saturating_mul(roots.len().max(1) as u64);
    options.limits = options.limits.with(Limit::Objects, objects);
    let session::Reach { fetch, remote, untrusted } = session::reach(&mut options, args, top, environment)?;
    if untrusted {
        session::enter(&options, args, environment).into_iter().for_each(|note| findings.add(note));
    }
    let trees = session::trees(args, top, environment, !untrusted);
    options.stand_ins = trees.clone().map(|trees| trees as _);
    let settings = images::Settings::new(&args.images, top, environment)?;
    options.edit = settings.rewrite()?.map(images::edit);
    let mut builds = Builds::new(&options, Arc::new(AskedOnce::new(fetch)));
    let mut errors = vec![];
    for root in &roots {
        let directory = Path::new(top).join(root);
        let shown = directory.to_string_lossy();
        let files = builds.build(&shown, &findings).and_then(|resources| {
            settings.check(&resources)?;
            let files = match args.per_object {
                true => each(root, &resources),
                false => print::all(&resources, options.threads()).map(|text| vec![(file_name(root), text)]),
            };
            files.map_err(|e| e.during(format!("building `{shown}`")))
        });
        match files {
            Ok(files) => files.into_iter().try_for_each(|(file, text)| written.add(file, text))?,
            Err(e) => {
                let is_own = |file: &str| match args.per_object {
                    true => Path::new(file).parent() == Some(Path::new(directory_name(root))),
                    false => file == file_name(root),
                };
                written.keep(is_own);
                errors.push(match &trees {
                    Some(trees) => trees.explain(e),
                    None => e,
                });
            }
        }
    }
    let said = written.finish()?;
    remote.iter().for_each(|remote| super::remote::report(remote, &findings));
    done(said, errors, args, &findings)
}

fn done(said: String, mut errors: Vec<Error>, args: &BuildArgs, findings: &Findings) -> Result<Done> {
    let strictness = build::strictness(args);
    let out_of_date = args.check && !said.is_empty();
    let code = u8::from(out_of_date || !errors.is_empty());
    let more = errors.len().saturating_sub(MOST_ERRORS);
    errors.truncate(MOST_ERRORS);
    if more > 0 {
        errors.push(Error::new(ErrorKind::Config, format!("{more} more roots cannot be built")));
    }
    let stdout = vec![said.into_bytes()];
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

/// What the directory of a root is called.
fn directory_name(root: &str) -> &str {
    if root.is_empty() { TOP } else { root }
}

/// What the file of a root is called.
fn file_name(root: &str) -> String {
    format!("{}.yaml", directory_name(root))
}

/// The files of a root with one object each, named as kustomize names them.
fn each(root: &str, resources: &ResMap) -> Result<Vec<(String, Text)>> {
    let directory = directory_name(root);
    let files = print::files(resources)?;
    output::check_names(Path::new(directory), &files)?;
    let file = |(name, text)| (format!("{directory}/{name}"), vec![Piece::Made(text)]);
    Ok(files.into_iter().map(file).collect())
}
