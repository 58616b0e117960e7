//! The face of the library: a build of a tree of files, and what comes of it.
//!
//! Documents may be 10,000 levels deep, which takes more stack than callers have. So everything here that walks
//! documents runs on threads with stacks of their own; the calling thread waits.

use crate::accumulate::{self, Options};
use crate::diag::{Error, ErrorKind, Finding, Findings, Location, Result, cause};
use crate::files::FileSystem;
use crate::limits::Budget;
use crate::load::{Fetch, NoFetch};
use crate::parallel;
use crate::resource::{self, ResMap, Resource};
use crate::text::pointer;
use crate::yaml::{NodeId, NodeKind, json};
use std::borrow::Borrow;
use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

/// A tree of files and how to build what is in it. See the crate's documentation for an example.
#[derive(Clone)]
pub struct Kustomize {
    options: Options,
    fetch: Arc<dyn Fetch>,
    /// What several builds share; each has its own by default.
    budget: Option<Arc<Budget>>,
}

impl Kustomize {
    /// Builds from these files, with default options and without anything remote.
    pub fn new(files: impl FileSystem + 'static) -> Self {
        let options = Options { files: Arc::new(files), ..Options::default() };
        Self { options, fetch: Arc::new(NoFetch), budget: None }
    }

    /// Sets the options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        let files = self.options.files;
        self.options = Options { files, ..options };
        self
    }

    /// Sets what fetches remote bases and files.
    #[must_use]
    pub fn fetch(mut self, fetch: Arc<dyn Fetch>) -> Self {
        self.fetch = fetch;
        self
    }

    /// Lets all builds draw on one budget.
    #[cfg(feature = "cli")]
    #[must_use]
    pub(crate) fn within(mut self, budget: Arc<Budget>) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Builds a directory, given relative to that of the files, or a remote location.
    ///
    /// # Errors
    ///
    /// The first mistake that kustomize would stop at, with its place. Nothing comes of a build that fails.
    pub fn build(&self, dir: &str) -> Result<Output> {
        let build = || {
            let findings = Findings::default();
            let own = || Arc::new(Budget::new(self.options.limits.clone()));
            let budget = self.budget.clone().unwrap_or_else(own);
            let fetch = self.fetch.clone();
            let resources = accumulate::build(&budget, dir, &self.options, fetch, &findings)?;
            Ok(Output {
                resources,
                findings: findings.take(),
                threads: self.options.threads(),
                dir: dir.to_owned(),
            })
        };
        deep(build)
    }
}

/// Runs something that walks documents, on a stack that is large enough.
fn deep<R: Send>(run: impl FnOnce() -> Result<R> + Send) -> Result<R> {
    parallel::on_own_stack(run)
        .unwrap_or_else(|e| Err(Error::new(ErrorKind::Io, format!("cannot start a thread: {}", cause(&e)))))
}

/// The result of a build: objects in the order of the output.
#[derive(Debug)]
pub struct Output {
    resources: ResMap,
    findings: Vec<Finding>,
    threads: usize,
    dir: String,
}

impl Output {
    /// What the build noticed that kustomize passes over in silence.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Prints all objects as kustomize does.
    ///
    /// # Errors
    ///
    /// An object has no YAML form, as in kustomize, or is too large.
    pub fn yaml(&self) -> Result<Yaml> {
        Ok(Yaml { pieces: self.pieces()?.into(), at: 0 })
    }

    /// The objects, as the build left them.
    #[cfg(feature = "cli")]
    pub(crate) fn resources(&self) -> &ResMap {
        &self.resources
    }

    /// The text of all objects in pieces.
    pub(crate) fn pieces(&self) -> Result<Vec<resource::print::Piece>> {
        self.printing(|resources| resource::print::all(resources, self.threads))
    }

    /// The text of each object and the name of its file, as `kustomize build -o DIR` writes them.
    ///
    /// # Errors
    ///
    /// As for [`Output::yaml`].
    pub fn files(&self) -> Result<Vec<(String, Vec<u8>)>> {
        self.printing(resource::print::files)
    }

    fn printing<R: Send>(&self, print: impl FnOnce(&ResMap) -> Result<R> + Send) -> Result<R> {
        deep(|| print(&self.resources)).map_err(|e| e.during(format!("building `{}`", self.dir)))
    }

    /// The objects, in the order of the output.
    pub fn objects(&self) -> impl Iterator<Item = Object<'_>> {
        self.resources.iter().map(Object)
    }
}

/// The text of a build, to be read.
pub struct Yaml {
    pieces: VecDeque<resource::print::Piece>,
    /// What was read of the first piece.
    at: usize,
}

impl io::Read for Yaml {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(first) = self.pieces.front() {
            let bytes: &[u8] = first.borrow();
            let mut rest = bytes.get(self.at..).unwrap_or_default();
            if !rest.is_empty() {
                let read = rest.read(into)?;
                self.at += read;
                return Ok(read);
            }
            self.pieces.pop_front();
            self.at = 0;
        }
        Ok(0)
    }
}

/// An object of a build.
#[derive(Debug, Clone, Copy)]
pub struct Object<'a>(&'a Resource);

impl<'a> Object<'a> {
    /// `apps/v1`
    pub fn api_version(&self) -> String {
        self.0.gvk().api_version()
    }

    /// `Deployment`
    pub fn kind(&self) -> &'a str {
        &self.0.gvk().kind
    }

    /// `metadata.name`
    pub fn name(&self) -> &'a str {
        self.0.name()
    }

    /// `metadata.namespace`; empty where it is not set.
    pub fn namespace(&self) -> &'a str {
        self.0.namespace()
    }

    /// The object as JSON, keys in order.
    ///
    /// # Errors
    ///
    /// A value has no JSON form: an infinite number.
    pub fn json(&self) -> Result<String> {
        let write = || {
            let mut out = String::new();
            json::to_json(self.0.doc(), self.0.root(), &mut out)?;
            Ok(out)
        };
        deep(write).map_err(|e| e.or_at(|| self.location()))
    }

    /// The file and line that the object came from.
    pub fn location(&self) -> Location {
        self.0.doc().location(self.0.root())
    }

    /// Every scalar and every empty collection, in order: where it is in the object, as a JSON pointer, and the file
    /// and line that its value came from.
    pub fn fields(&self) -> Vec<Field> {
        let (doc, mut fields) = (self.0.doc(), vec![]);
        let mut open: Vec<(NodeId, String)> = vec![(self.0.root(), String::new())];
        while let Some((node, pointer)) = open.pop() {
            let below = |part: &str| format!("{pointer}/{}", pointer::escape(part));
            match doc.kind(node) {
                NodeKind::Map if !doc.children(node).is_empty() => {
                    let entries = doc.pairs(node).map(|(key, value)| (value, below(doc.text(key))));
                    open.extend(entries.collect::<Vec<_>>().into_iter().rev());
                }
                NodeKind::Seq if !doc.children(node).is_empty() => {
                    let items = doc.items(node).iter().enumerate();
                    let mut items: Vec<_> = items.map(|(i, item)| (*item, below(&i.to_string()))).collect();
                    items.reverse();
                    open.extend(items);
                }
                _ => fields.push(Field { pointer, location: doc.mark(node).map(|mark| mark.location()) }),
            }
        }
        fields
    }
}

/// A field of an object and where its value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Field {
    /// `/spec/template/spec/containers/0/image`
    pub pointer: String,
    /// The place in a file; `None` for what the build made.
    pub location: Option<Location>,
}

impl std::fmt::Display for Object<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ", self.api_version(), self.kind())?;
        if !self.namespace().is_empty() {
            write!(f, "{}/", self.namespace())?;
        }
        f.write_str(self.name())
    }
}
