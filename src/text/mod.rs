//! Text the way Go programs treat it: quoting, numbers, patterns, paths.

pub(crate) mod go;
pub(crate) mod path;
pub(crate) mod pattern;
pub(crate) mod percent;
pub(crate) mod pointer;
pub(crate) mod re2;
pub(crate) mod wildcard;
