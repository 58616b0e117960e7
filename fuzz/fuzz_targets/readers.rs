//! The fast reader against the complete parser, and that one against libyaml: the same acceptance, the same nodes.

#![no_main]

#[path = "../../src/yaml/differential/readers.rs"]
mod readers;

use kfm::yaml::{Dialect, Doc, NodeKind, NodeId, Source, Style, fast, parse};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if text.len() > 4096 {
        return;
    }
    readers::compare(text, Dialect::V3);
    readers::compare(text, Dialect::V2);
    // The port of libyaml gives up with a panic at a tag before a comma, and refuses a text whose first byte is that of
    // a byte order mark.
    let unfit = text.contains('!') && text.contains(',') || text.as_bytes().first() == Some(&0xEF);
    if !unfit {
        readers::compare_with_libyaml(text);
    }
});
