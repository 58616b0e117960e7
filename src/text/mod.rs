//! Texts as Go's libraries read and write them.

pub mod re2;
