//! Tokens, and what is said where there is none.

use super::super::node::Style;

/// What is wrong with a text.
#[derive(Debug)]
pub struct Fail {
    /// In go-yaml's words.
    pub message: String,
    /// Where it was noticed.
    pub at: usize,
    /// What was being read, and where that began.
    pub context: Option<(&'static str, usize)>,
}

/// The text of a token.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub enum Text {
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
pub enum TokenKind {
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
pub struct Token {
    pub kind: TokenKind,
    pub start: usize,
    pub end: usize,
    /// The flow level at which this token may turn out to start a simple key.
    pub level: Option<usize>,
}
