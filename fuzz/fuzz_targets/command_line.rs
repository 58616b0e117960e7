//! The rewriting of command lines.

#![no_main]

use clap::CommandFactory;
use kfm::cli::{Cli, rewrite};
use libfuzzer_sys::fuzz_target;
use std::ffi::OsString;

fuzz_target!(|bytes: &[u8]| {
    let words = String::from_utf8_lossy(bytes);
    let words: Vec<OsString> = std::iter::once("kfm").chain(words.split('\n')).take(50).map(OsString::from).collect();
    let mut command = Cli::command();
    let rewritten = rewrite::rewrite(&command, words);
    let _ = command.try_get_matches_from_mut(rewritten.arguments);
});
