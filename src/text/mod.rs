//! Text the way Go programs treat it: quoting, numbers, patterns, paths.

pub mod go;
pub mod path;
pub mod pattern;
pub mod re2;
pub mod wildcard;
