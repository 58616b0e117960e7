//! The one error type of the library.

use std::fmt;
use std::sync::Arc;

/// The result of everything in this library that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of mistake an error is; decides nothing but how it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line is wrong.
    Usage,
    /// A kustomization file or a configuration of kfm is wrong.
    Config,
    /// A file, directory or object that is named does not exist.
    NotFound,
    /// The operating system refused something.
    Io,
    /// A text is not YAML or JSON.
    Syntax,
    /// An object is not one that Kubernetes or kustomize could take.
    Resource,
    /// A patch cannot be applied.
    Patch,
    /// A reference, variable or replacement does not exist.
    Reference,
    /// Two things claim the same place.
    Conflict,
    /// The input reaches for something it may not have.
    Restricted,
    /// A remote location cannot be had.
    Remote,
    /// A program that was started failed.
    Program,
    /// A limit of the build was reached.
    Limit,
    /// A warning that `--strict` made an error.
    Strict,
}

/// A place in a text: what an editor needs to jump there. Lines and columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Location {
    /// The file as the user would name it.
    pub path: Arc<str>,
    /// Line, from 1; 0 where only the file is known.
    pub line: u32,
    /// Column in characters, from 1; 0 where only the line is known.
    pub column: u32,
    /// How many characters of the line are meant, if known; 0 or 1 for a point.
    pub length: u32,
    /// The text of the line, where it is at hand.
    pub text: Option<Box<str>>,
}

impl Location {
    /// A location that is a whole file.
    pub fn file(path: impl Into<Arc<str>>) -> Self {
        Self { path: path.into(), line: 0, column: 0, length: 0, text: None }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, self.column) {
            (0, _) => write!(f, "{}", self.path),
            (line, 0) => write!(f, "{}:{line}", self.path),
            (line, column) => write!(f, "{}:{line}:{column}", self.path),
        }
    }
}

/// A place together with what there is to say about it.
#[derive(Debug, Clone)]
pub struct Label {
    /// Where.
    pub at: Location,
    /// What is there; may be empty for the first label, whose text is the message.
    pub text: String,
}

/// An error: a message, the places it concerns, the chain of who asked, and hints.
///
/// The message is lower case, has no full stop and puts literals in backticks.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    labels: Vec<Label>,
    chain: Vec<String>,
    hints: Vec<String>,
}

impl Error {
    /// An error with nothing but a message.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), labels: vec![], chain: vec![], hints: vec![] }))
    }

    /// Adds the place to edit. The first place given is the main one; later ones are kept after it.
    #[must_use]
    pub fn at(self, at: Location) -> Self {
        self.label(at, "")
    }

    /// Adds the place to edit unless a line is known already. Where only a file is known, it goes after that.
    #[must_use]
    pub(crate) fn or_at(self, at: impl FnOnce() -> Location) -> Self {
        if self.0.labels.iter().any(|l| l.at.line > 0) { self } else { self.at(at()) }
    }

    /// Adds a place and what is to be seen there. A place that is there already gets the text if it has none.
    #[must_use]
    pub(crate) fn label(mut self, at: Location, text: impl Into<String>) -> Self {
        let text = text.into();
        match self.0.labels.iter_mut().find(|l| l.at == at) {
            Some(known) if known.text.is_empty() => known.text = text,
            Some(_) => {}
            None => self.0.labels.push(Label { at, text }),
        }
        self
    }

    /// Adds who asked: `building overlays/prod`, `patch 2 of patches`. Innermost first.
    #[must_use]
    pub(crate) fn during(mut self, step: impl Into<String>) -> Self {
        self.0.chain.push(step.into());
        self
    }

    /// Adds what the user could do: an imperative sentence without full stop.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// What sort of mistake it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message without places and chain.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The places, the one to edit first.
    pub fn labels(&self) -> &[Label] {
        &self.0.labels
    }

    /// Who asked, innermost first.
    pub fn chain(&self) -> &[String] {
        &self.0.chain
    }

    /// What the user could do.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.labels.first() {
            Some(label) => write!(f, "{}: {}", label.at, self.0.message),
            None => f.write_str(&self.0.message),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("message", &self.0.message)
            .field("labels", &self.0.labels)
            .field("chain", &self.0.chain)
            .field("hints", &self.0.hints)
            .finish()
    }
}

impl std::error::Error for Error {}

/// What the operating system says, as a part of a sentence.
pub(crate) fn cause(e: &std::io::Error) -> String {
    let text = e.to_string();
    let text = text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text);
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
