//! From directory to directory: what each path of a kustomization leads to, and what it is in the copy.

use super::copy::Copy;
use super::{places, plugins, write};
use crate::diag::{Error, ErrorKind, Result, cause};
use crate::generate::kv;
use crate::kustomization::Text;
use crate::kustomization::locate::{NAMES, locate};
use crate::kustomization::schema::Role;
use crate::load::{Fetch, File, Found, Loader, RepoSpec};
use crate::resource::{ResMap, print, read};
use crate::text::path::{clean, relative};
use crate::yaml::{Source, split};
use rustc_hash::FxHashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory of charts where none is named.
const CHART_HOME: &str = "charts";

/// A walk through a target, and what was gathered so far.
pub(crate) struct Walk {
    /// What takes locations of repositories apart.
    pub(crate) fetch: Arc<dyn Fetch>,
    /// Local directories must be in or below this one. Absolute, free of links.
    pub(crate) scope: PathBuf,
    /// Where the copy will be: nothing may be read there. Absolute.
    pub(crate) destination: PathBuf,
    /// The copy.
    pub(crate) copy: Copy,
    /// Directories that were copied, and to where.
    done: FxHashSet<(PathBuf, PathBuf)>,
}

/// The directory of a kustomization, and where it goes.
struct Root {
    loader: Arc<Loader>,
    /// Relative to the destination, clean.
    to: PathBuf,
    /// No remote location led here, so that the scope counts.
    local: bool,
}

impl Walk {
    /// Nothing gathered yet.
    pub(crate) fn new(fetch: Arc<dyn Fetch>, scope: PathBuf, destination: PathBuf) -> Self {
        Self { fetch, scope, destination, copy: Copy::default(), done: FxHashSet::default() }
    }

    /// Gathers a target; `to` is its place below the destination.
    pub(crate) fn target(&mut self, loader: &Arc<Loader>, to: &Path) -> Result<()> {
        self.root(&Root { loader: loader.clone(), to: to.to_owned(), local: true })
    }

    fn root(&mut self, at: &Root) -> Result<()> {
        if !self.done.insert((at.loader.root().to_owned(), at.to.clone())) {
            return Ok(());
        }
        let file = locate(&at.loader)?;
        let is_it = |name: &&str| at.loader.peek(name).is_some_and(|f| Arc::ptr_eq(&f, &file));
        let name = NAMES.into_iter().find(is_it).unwrap_or(NAMES[0]);
        let source = file.text()?;
        let doc = split::read_v2(&source)?.map(Arc::new);
        let text = write::kustomization(doc.as_ref(), &mut |role, text| self.place(at, role, text))
            .map_err(|e| e.during(format!("copying `{}`", at.loader.shown())))?;
        self.copy.file(at.to.join(name), Arc::new(text))
    }

    /// What a text is in the copy. What it leads to is gathered.
    fn place(&mut self, at: &Root, role: Role, text: &Text) -> Result<String> {
        if text.value.is_empty() && role != Role::ChartHome {
            return Ok(String::new());
        }
        match role {
            Role::Plain => Ok(text.value.clone()),
            Role::File => self.file(at, text),
            Role::Directory => self.directory(at, text),
            Role::Resource => self.resource(at, text),
            Role::FileSource => {
                let (key, path) = kv::file(text)?;
                let new = self.file(at, &Text { value: path.to_owned(), mark: text.mark.clone() })?;
                Ok(if path == text.value { new } else { format!("{key}={new}") })
            }
            Role::Patch if objects_in(text).is_ok() => Ok(text.value.clone()),
            Role::Patch => {
                let file = self.load_objects(at, text)?.0;
                self.add(at, text, &file, file.bytes()?)
            }
            Role::Plugin => self.plugin(at, text),
            Role::ChartHome => self.chart_home(at, text),
        }
    }

    fn file(&mut self, at: &Root, text: &Text) -> Result<String> {
        let file = at.loader.file(text)?;
        let bytes = file.bytes().map_err(|e| e.or_at(|| text.mark.location()))?;
        self.add(at, text, &file, bytes)
    }

    /// Adds a file that an entry names; gives its path in the copy.
    fn add(&mut self, at: &Root, text: &Text, file: &File, content: Arc<Vec<u8>>) -> Result<String> {
        let path = match file.path() {
            Some(real) => relative(at.loader.root(), real),
            None => {
                refuse_taken(at, text)?;
                places::file(&text.value).map_err(|e| e.or_at(|| text.mark.location()))?
            }
        };
        self.copy.file(at.to.join(&path), content).map_err(|e| e.or_at(|| text.mark.location()))?;
        Ok(path.to_string_lossy().into_owned())
    }

    /// A file and the objects in it.
    fn load_objects(&self, at: &Root, text: &Text) -> Result<(Arc<File>, ResMap)> {
        let load = || {
            let file = at.loader.file(text)?;
            let objects = objects(&file.text()?)?;
            Ok((file, objects))
        };
        load().map_err(|e: Error| {
            // A text of several lines was meant to be the content, not a path.
            match objects_in(text) {
                Err(inline) if text.trim_end().contains('\n') => inline,
                _ => e.or_at(|| text.mark.location()),
            }
        })
    }

    fn resource(&mut self, at: &Root, text: &Text) -> Result<String> {
        let file = match at.loader.resource(text)? {
            Found::Directory(loader) => return self.entered(at, text, loader),
            Found::File(file) => file,
        };
        match file.text().and_then(|source| objects(&source)) {
            Ok(_) => self.add(at, text, &file, file.bytes()?),
            // What a server sends for a repository is a page, not objects.
            Err(_) if file.path().is_none() && self.fetch.repository(text).is_ok() => {
                self.directory(at, text)
            }
            Err(e) => Err(e.or_at(|| text.mark.location())),
        }
    }

    fn directory(&mut self, at: &Root, text: &Text) -> Result<String> {
        if let Ok(repository) = self.fetch.repository(text) {
            refuse_without_reference(&repository, Some(text))?;
        }
        let loader = at.loader.enter(text)?;
        self.entered(at, text, loader)
    }

    /// Gathers a directory that an entry names; gives its path in the copy.
    fn entered(&mut self, at: &Root, text: &Text, loader: Arc<Loader>) -> Result<String> {
        let remote = self.fetch.repository(text).ok();
        let path = match (&remote, loader.repository()) {
            (Some(repository), Some((_, clone))) => {
                refuse_without_reference(repository, Some(text))?;
                refuse_taken(at, text)?;
                let inside = loader.root().strip_prefix(clone).unwrap_or(Path::new(""));
                places::directory(repository, inside).map_err(|e| e.or_at(|| text.mark.location()))?
            }
            _ => {
                self.check_scope(at, text, &loader)?;
                relative(at.loader.root(), loader.root())
            }
        };
        let to = clean(&at.to.join(&path));
        self.copy.directory(to.clone()).map_err(|e| e.or_at(|| text.mark.location()))?;
        self.root(&Root { loader, to, local: at.local && remote.is_none() })
            .map_err(|e| e.or_at(|| text.mark.location()))?;
        Ok(path.to_string_lossy().into_owned())
    }

    fn check_scope(&self, at: &Root, text: &Text, loader: &Loader) -> Result<()> {
        let refuse = |message: String, hint: &str| {
            Err(Error::new(ErrorKind::Restricted, message).at(text.mark.location()).hint(hint))
        };
        if !at.local {
            return Ok(());
        }
        if loader.root().starts_with(&self.destination) {
            let message = format!("directory `{}` is in the destination", text.value);
            return refuse(message, "choose another destination");
        }
        if !loader.root().starts_with(&self.scope) {
            let scope = at.loader.files().show(&self.scope);
            let message =
                format!("directory `{}` is outside of `{scope}`, to which the copy is limited", text.value);
            return refuse(message, "name a directory that holds both with `--scope`");
        }
        Ok(())
    }

    /// Configurations of plugins, which are printed again with the paths in them replaced.
    fn plugin(&mut self, at: &Root, text: &Text) -> Result<String> {
        let (file, mut configurations) = match objects_in(text) {
            Ok(objects) => (None, objects),
            Err(_) => self.load_objects(at, text).map(|(file, objects)| (Some(file), objects))?,
        };
        configurations.edit_all(|res| plugins::replace(res, &mut |role, text| self.place(at, role, text)))?;
        let printed = print::all(&configurations, 1)?.concat();
        match file {
            Some(file) => self.add(at, text, &file, Arc::new(printed)),
            None => Ok(String::from_utf8_lossy(&printed).into_owned()),
        }
    }

    /// Copies a directory of charts, whole but for links. One that is not there is where helm will put charts.
    fn chart_home(&mut self, at: &Root, text: &Text) -> Result<String> {
        let given = if text.value.is_empty() { CHART_HOME } else { &text.value };
        let entry = Text { value: given.to_owned(), mark: text.mark.clone() };
        if Path::new(given).is_absolute() {
            let message = format!("the chart home `{given}` must be relative, found an absolute path");
            return Err(Error::new(ErrorKind::Restricted, message).at(entry.mark.location()));
        }
        let mut path = relative(at.loader.root(), &clean(&at.loader.root().join(given)));
        if at.loader.root().join(&path).exists() {
            let loader = at.loader.enter(&entry)?;
            self.check_scope(at, &entry, &loader)?;
            if path != Path::new(CHART_HOME) {
                path = relative(at.loader.root(), loader.root());
            }
            let to = clean(&at.to.join(&path));
            if !self.copy.has(&to) {
                self.whole_directory(loader.root(), &to).map_err(|e| e.or_at(|| entry.mark.location()))?;
            }
        }
        Ok(if text.value.is_empty() { String::new() } else { path.to_string_lossy().into_owned() })
    }

    fn whole_directory(&mut self, from: &Path, to: &Path) -> Result<()> {
        let fail = |e| {
            let message = format!("charts in `{}` cannot be copied: {}", from.display(), cause(&e));
            Error::new(ErrorKind::Io, message)
        };
        self.copy.directory(to.to_owned())?;
        for entry in from.read_dir().map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let kind = entry.file_type().map_err(fail)?;
            let to = to.join(entry.file_name());
            if kind.is_dir() {
                self.whole_directory(&entry.path(), &to)?;
            } else if kind.is_file() {
                self.copy.file(to, Arc::new(crate::load::read(&entry.path()).map_err(fail)?))?;
            }
        }
        Ok(())
    }
}

/// The objects of an entry that holds them itself.
fn objects_in(text: &Text) -> Result<ResMap> {
    objects(&Source::inline(&text.mark.source, &text.mark.location(), text.value.clone()))
}

fn objects(source: &Arc<Source>) -> Result<ResMap> {
    let mut all = ResMap::new();
    for res in read::from_source(source)? {
        all.append(res)?;
    }
    Ok(all)
}

/// Remote content without a branch, tag or commit would be another thing tomorrow.
pub(crate) fn refuse_without_reference(repository: &RepoSpec, entry: Option<&Text>) -> Result<()> {
    if !repository.reference.is_empty() {
        return Ok(());
    }
    let message = format!("`{}` must name what to copy by `?ref=`", repository.raw);
    let error = Error::new(ErrorKind::Config, message).hint("add `?ref=` and a tag, branch or commit");
    Err(match entry {
        Some(entry) => error.at(entry.mark.location()),
        None => error,
    })
}

/// Remote content needs a directory of its own.
fn refuse_taken(at: &Root, text: &Text) -> Result<()> {
    if !at.loader.root().join(places::REMOTE).exists() {
        return Ok(());
    }
    let message = format!(
        "`{}` has a directory `{}`, which `{}` would be copied to",
        at.loader.shown(),
        places::REMOTE,
        text.value
    );
    Err(Error::new(ErrorKind::Conflict, message).at(text.mark.location()).hint("rename that directory"))
}
