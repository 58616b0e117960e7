//! See `kfm::fuzzing::readers`.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if text.len() <= 4096 {
        kfm::fuzzing::readers(text);
    }
});
