//! Tokens, and what is said where there is none.

use super::super::node::Style;

/// What is wrong with a text.
#[derive(Debug)]
pub(crate) struct Fail {
    /// In go-yaml's words.
    pub(crate) message: String,
    /// Where it was noticed.
    pub(crate) at: usize,
    /// What was being read, and where that began.
    pub(crate) context: Option<(&'static str, usize)>,
}

/// The text of a token.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) enum Text {
    /// None.
    #[default]
    Empty,
    /// A span of the source.
    Span(usize, usize),
    /// Unfolded or unescaped.
    Made(String),
}

/// What a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenKind {
    StreamStart,
    StreamEnd,
    Version(u32, u32),
    /// Handle and prefix.
    TagDirective(String, Vec<u8>),
    DocStart,
    DocEnd,
    BlockSeq,
    BlockMap,
    BlockEnd,
    FlowSeq,
    FlowMap,
    FlowSeqEnd,
    FlowMapEnd,
    Entry,
    Comma,
    Key,
    Value,
    Alias,
    Anchor,
    /// Handle, may be empty, and suffix.
    Tag(String, Vec<u8>),
    Scalar(Style, Text),
}

/// A token and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: TokenKind,
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The flow level at which this token may turn out to start a simple key.
    pub(crate) level: Option<usize>,
}
