//! Two files, divided by a line of `=`; see `kfm::fuzzing::diff`.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if text.len() <= 8192 {
        let (old, new) = text.split_once("\n=\n").unwrap_or((text, ""));
        kfm::fuzzing::diff(old, new);
    }
});
