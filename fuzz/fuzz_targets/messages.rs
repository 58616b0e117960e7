//! Messages: no secret behind `://user:`, nothing that steers a terminal, whatever the input is.

#![no_main]

use kfm::diag::{Error, ErrorKind, Location, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let at = Location {
        path: text.as_ref().into(),
        line: 1,
        column: u32::from(bytes.first().copied().unwrap_or(1)),
        length: u32::from(bytes.last().copied().unwrap_or(1)),
        text: Some(text.as_ref().into()),
    };
    let error = Error::new(ErrorKind::Config, text.as_ref()).at(at).during(text.as_ref()).hint(text.as_ref());
    let shown = render::error(&error, render::Look::Plain);
    assert!(!shown.contains(|c: char| c.is_control() && c != '\n'), "{shown:?}");
    assert!(shown.len() < 40_000);
});
