//! Text the way Go programs treat it: quoting, numbers, patterns.

pub mod go;
pub mod pattern;
pub mod re2;
pub mod wildcard;
