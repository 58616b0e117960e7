//! From applications to kustomizations.

use super::find::{Generator, Reached, is_key, reach};
use super::print::{self, Converted};
use super::read::{Application, KfDef, Named, Repo, is_directory_name, read};
use crate::diag::{Code, Error, ErrorKind, Finding, Findings, Result, cause};
use crate::distribution::embedded::{self, unpack};
use crate::distribution::local::{Choice, Local};
use crate::interrupt;
use crate::kustomization::SourceSelector;
use crate::load::moved::moved;
use crate::load::{self, Files, Loader, NoFetch};
use crate::text::path::{clean, relative};
use crate::yaml::Source;
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What is to be made of which file.
pub(crate) struct Request<'a> {
    /// The file.
    pub(crate) source: &'a Arc<Source>,
    /// The directory in which the user stands. Absolute.
    pub(crate) directory: &'a Path,
    /// The directory to write to; `None` for one that is named after the KfDef.
    pub(crate) output: Option<&'a str>,
    /// The manifests that the user named.
    pub(crate) local: Option<Local>,
}

/// What is to be written.
pub(crate) struct Import {
    /// Where to.
    pub(crate) directory: PathBuf,
    /// The same, as the user would name it.
    pub(crate) shown: String,
    /// The files, by paths with slashes.
    pub(crate) files: Vec<(String, Cow<'static, [u8]>)>,
    /// Files and directories in it that are kfm's.
    pub(crate) owned: Vec<&'static str>,
}

/// The directory of manifests that a repository stands for.
struct Manifests {
    /// Where they are read now, free of links.
    read: PathBuf,
    /// Where they will be for the kustomizations, free of links.
    used: PathBuf,
    shown: String,
}

/// Where the applications are in what is written.
const APPLICATIONS: &str = "applications";

/// Turns a KfDef into kustomizations. Nothing is written but a copy of the manifests where the user asked for one.
pub(crate) fn import(request: &Request<'_>, findings: &Findings) -> Result<Import> {
    let kfdef = read(request.source, findings)?;
    let name = if kfdef.name.text.is_empty() { "kfdef" } else { &kfdef.name.text };
    if request.output.is_none() && !is_directory_name(name) {
        let message = format!("`{name}` cannot be the name of the directory to write to");
        return Err(Error::new(ErrorKind::Config, message)
            .at(kfdef.name.at)
            .hint("name a directory with `--output`"));
    }
    let shown = request.output.unwrap_or(name).to_owned();
    let directory = real(&clean(&request.directory.join(&shown)));
    let mut places = Places { request, output: &directory, scratch: None, chosen: vec![], built_in: false };
    let mut converted = Vec::new();
    let mut left_out = Vec::new();
    for app in &kfdef.applications {
        match convert(app, &kfdef, &mut places, findings)? {
            Ok(done) => converted.push(done),
            Err(why) => left_out.push((app.name.text.clone(), why)),
        }
    }
    if converted.is_empty() {
        return Err(nothing(&findings.take()));
    }
    let title = format!("the KfDef `{name}` of `{}`", request.source.path);
    let mut files: Vec<(String, Cow<'static, [u8]>)> = Vec::new();
    let text = |text: String| Cow::Owned(text.into_bytes());
    files.push(("kustomization.yaml".into(), text(print::top(&title, APPLICATIONS, &converted, &left_out))));
    for app in &converted {
        let path = format!("{APPLICATIONS}/{}/kustomization.yaml", app.name);
        files.push((path, text(print::application(&title, app))));
        if app.has_own_component() {
            let path = format!("{APPLICATIONS}/{}/{}/kustomization.yaml", app.name, print::PARAMETERS);
            files.push((path, text(print::parameters(&title, app))));
        }
    }
    let mut owned = vec!["kustomization.yaml", APPLICATIONS];
    if places.built_in {
        files.extend(
            embedded::below("manifests").map(|file| (file.path.to_owned(), Cow::Borrowed(file.content))),
        );
        owned.push("manifests");
    }
    Ok(Import { directory, shown, files, owned })
}

/// The error for a KfDef of which nothing is left, with the first of the reasons.
fn nothing(reasons: &[Finding]) -> Error {
    const SHOWN: usize = 5;
    let error = Error::new(ErrorKind::Config, "no application of the KfDef can be imported");
    let shown = reasons.iter().take(SHOWN);
    let error = shown.fold(error, |error, reason| match &reason.at {
        Some(at) => error.label(at.clone(), reason.message.clone()),
        None => error.hint(reason.message.clone()),
    });
    match reasons.len().saturating_sub(SHOWN) {
        0 => error,
        more => error.hint(format!("{more} more reasons are not shown")),
    }
}

/// Reports something that is left out; gives the reason for the comment.
fn report(findings: &Findings, what: &str, named: &Named, why: &str, hint: Option<String>) -> String {
    let message = format!("{what} `{}` is left out: {why}", named.text);
    let finding = Finding::new(Code::Skipped, message).at(named.at.clone());
    findings.add(match hint {
        Some(hint) => finding.hint(hint),
        None => finding,
    });
    format!("{what} `{}`: {why}", named.text)
}

/// One application; the inner error says why it cannot be imported.
fn convert(
    app: &Application,
    kfdef: &KfDef,
    places: &mut Places<'_>,
    findings: &Findings,
) -> Result<std::result::Result<Converted, String>> {
    let refuse = |why: &str, hint: Option<String>| {
        report(findings, "application", &app.name, why, hint);
        Ok(Err(why.to_owned()))
    };
    let Some((repo, path)) = &app.repo_ref else { return refuse("it has no `repoRef`", None) };
    let Some(known) = kfdef.repos.iter().find(|r| r.name.text == repo.text) else {
        let near = crate::diag::nearest(&repo.text, kfdef.repos.iter().map(|r| r.name.text.as_str()));
        let hint = near.map(|near| format!("did you mean `{near}`?"));
        return refuse(&format!("`repos` has no `{}`", repo.text), hint);
    };
    let manifests = places.of(known, findings)?;
    let path = &manifests.today(path, places.request, findings)?;
    let base = match manifests.reach(&path.text, places.request)? {
        Ok(base) => Some(base),
        Err(e) => match manifests.reach(&format!("{}/base", path.text), places.request)? {
            Ok(base) => Some(base),
            Err(_) if manifests.read.join(&path.text).is_dir() && !app.overlays.is_empty() => None,
            Err(_) => {
                let why = format!("`{}` has no `{}` that can be built", manifests.shown, path.text);
                return refuse(&why, e.hints().first().cloned());
            }
        },
    };
    let mut done = Converted {
        name: app.name.text.clone(),
        resources: vec![],
        components: vec![],
        merged: vec![],
        replacements: vec![],
        left_out: vec![],
    };
    let mut used: Vec<Reached> = vec![];
    let mut covered: FxHashSet<PathBuf> = FxHashSet::default();
    for overlay in &app.overlays {
        let inside = format!("{}/overlays/{}", path.text, overlay.text);
        let mut leave = |why: &str, hint| done.left_out.push(report(findings, "overlay", overlay, why, hint));
        match manifests.reach(&inside, places.request)? {
            Err(e) => {
                let why = format!("`{}` has no `{inside}` that can be built", manifests.shown);
                leave(&why, e.hints().first().cloned());
            }
            Ok(found) if !found.is_component && !found.directories.is_disjoint(&covered) => leave(
                "it has the same base as an overlay before it, and a base can be built once",
                Some("make one overlay of the two".into()),
            ),
            Ok(found) => {
                if !found.is_component {
                    covered.extend(found.directories.iter().cloned());
                }
                used.push(found);
            }
        }
    }
    // Overlays that are kustomizations bring the base; it is named where none does.
    if let Some(base) = base.filter(|base| base.directories.is_disjoint(&covered)) {
        used.insert(0, base);
    }
    let from = places.output.join(APPLICATIONS).join(&app.name.text);
    for reached in &used {
        let way = relative(&from, &manifests.used.join(&reached.path)).to_string_lossy().into_owned();
        if reached.is_component { done.components.push(way) } else { done.resources.push(way) }
    }
    if done.resources.is_empty() {
        return refuse("nothing of it can be built", None);
    }
    parameters(app, &used, &mut done, findings);
    Ok(Ok(done))
}

/// Sets each parameter in the ConfigMaps that have it, and repeats the replacements that carry it from there.
fn parameters(app: &Application, used: &[Reached], done: &mut Converted, findings: &Findings) {
    for parameter in &app.parameters {
        let name = &parameter.name;
        let mut found = false;
        for generator in used.iter().flat_map(|r| &r.generators).filter(|g| g.keys.contains(&name.text)) {
            found = true;
            let pair = (name.text.clone(), parameter.value.clone());
            let same = |g: &Generator| g.name == generator.name && g.namespace == generator.namespace;
            match done.merged.iter_mut().find(|(known, _)| same(known)) {
                Some((_, pairs)) => {
                    pairs.retain(|(key, _)| *key != name.text);
                    pairs.push(pair);
                }
                None => done.merged.push((generator.clone(), vec![pair])),
            }
            let carries = |source: &SourceSelector| {
                source.selector.gvk.kind == "ConfigMap"
                    && source.selector.name == generator.name
                    && is_key(&source.field_path, &name.text)
            };
            for replacement in used.iter().flat_map(|r| &r.replacements) {
                let known = done.replacements.iter().any(|k| k.mark == replacement.mark);
                if !known && replacement.source.as_ref().is_some_and(carries) {
                    done.replacements.push(replacement.clone());
                }
            }
        }
        if !found {
            let hint = match name.text.as_str() {
                "namespace" if !parameter.value.is_empty() => Some(format!(
                    "add `namespace: {}` to `{APPLICATIONS}/{}/kustomization.yaml` if its objects are to be moved",
                    parameter.value, app.name.text
                )),
                _ => {
                    let keys = used.iter().flat_map(|r| &r.generators).flat_map(|g| &g.keys);
                    let near = crate::diag::nearest(&name.text, keys.map(String::as_str));
                    near.map(|near| format!("did you mean `{near}`?"))
                }
            };
            let why = "no ConfigMap that the manifests generate has it";
            done.left_out.push(report(findings, "parameter", name, why, hint));
        }
    }
}

/// The manifests of each repository, decided once.
struct Places<'a> {
    request: &'a Request<'a>,
    /// Where the kustomizations will be, free of links.
    output: &'a Path,
    /// The built-in manifests, for reading.
    scratch: Option<interrupt::Directory>,
    chosen: Vec<(String, Arc<Manifests>)>,
    /// Whether the built-in manifests are in use.
    built_in: bool,
}

impl Places<'_> {
    fn of(&mut self, repo: &Repo, findings: &Findings) -> Result<Arc<Manifests>> {
        if let Some((_, known)) = self.chosen.iter().find(|(name, _)| *name == repo.name.text) {
            return Ok(known.clone());
        }
        let of_repo = || Local {
            directory: clean(&self.request.directory.join(&repo.path.text)),
            given: repo.path.text.clone(),
            by: repo.path.at.to_string(),
            instead: false,
        };
        let local = match &self.request.local {
            Some(local) if local.instead || repo.path.text.is_empty() => Some(local.clone()),
            _ => (!repo.path.text.is_empty()).then(of_repo),
        };
        let manifests = Arc::new(match local.map(|local| (local.choose(findings), local.given)) {
            Some((Choice::Directory(directory), shown)) => {
                Manifests { read: directory.clone(), used: directory, shown }
            }
            _ => self.built_in()?,
        });
        self.chosen.push((repo.name.text.clone(), manifests.clone()));
        Ok(manifests)
    }

    /// The built-in manifests, which will lie beside the applications.
    fn built_in(&mut self) -> Result<Manifests> {
        let failed = |e: std::io::Error| {
            Error::new(
                ErrorKind::Io,
                format!("no directory for the built-in manifests can be made: {}", cause(&e)),
            )
        };
        if self.scratch.is_none() {
            let scratch =
                interrupt::directory(|| tempfile::Builder::new().prefix("kfm-").tempdir()).map_err(failed)?;
            unpack("manifests", scratch.path())?;
            self.scratch = Some(scratch);
        }
        self.built_in = true;
        let directory = self.scratch.as_ref().map(|s| s.path().join("manifests")).unwrap_or_default();
        Ok(Manifests {
            read: directory.canonicalize().map_err(failed)?,
            used: self.output.join("manifests"),
            shown: format!("{}/manifests", embedded::SHOWN),
        })
    }
}

impl Manifests {
    /// The path that an application has in these manifests: the one given, or where kubeflow/manifests moved it, which a note
    /// tells.
    fn today(&self, path: &Named, request: &Request<'_>, findings: &Findings) -> Result<Named> {
        if self.read.join(&path.text).is_dir() {
            return Ok(path.clone());
        }
        let Some((old, new)) = moved(&self.read.join(&path.text), &|path| path.is_dir()) else {
            return Ok(path.clone());
        };
        let text = match Path::new(&path.text).ancestors().nth(old.iter().count()) {
            Some(before) => before.join(new).to_string_lossy().into_owned(),
            None => return Ok(path.clone()),
        };
        if self.reach(&text, request)?.is_err() && self.reach(&format!("{text}/base"), request)?.is_err() {
            return Ok(path.clone());
        }
        let message = format!("kubeflow/manifests moved `{}` to `{text}`", path.text);
        findings.add(Finding::new(Code::Note, message).at(path.at.clone()));
        Ok(Named { text, at: path.at.clone() })
    }

    /// Looks at a directory of the manifests. The inner error says that it is not there; a mistake in what is there is an
    /// error.
    fn reach(&self, path: &str, request: &Request<'_>) -> Result<std::result::Result<Reached, Error>> {
        // Paths in messages are relative to the user's own directory, or to the top of the built-in manifests.
        let directory = if self.read == self.used { request.directory } else { &self.read };
        let options =
            load::Options { directory: directory.to_owned(), restricted: true, ..load::Options::default() };
        let files = Files::new(options, Arc::new(NoFetch));
        let loader = match Loader::open(&files, &self.read.join(path).to_string_lossy()) {
            Ok(loader) => loader,
            Err(e) => return Ok(Err(e)),
        };
        match reach(&loader, path) {
            Ok(reached) => Ok(Ok(reached)),
            Err(e) if e.kind() == ErrorKind::NotFound && e.chain().len() == 1 => Ok(Err(e)),
            Err(e) => Err(e),
        }
    }
}

/// A path whose existing part is free of links.
fn real(path: &Path) -> PathBuf {
    for there in path.ancestors() {
        if let Ok(real) = there.canonicalize() {
            return match path.strip_prefix(there) {
                Ok(rest) if !rest.as_os_str().is_empty() => real.join(rest),
                _ => real,
            };
        }
    }
    path.to_owned()
}
