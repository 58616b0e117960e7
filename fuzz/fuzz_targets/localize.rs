//! See `kfm::fuzzing::localize`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if bytes.len() <= 8192 {
        kfm::fuzzing::localize(bytes);
    }
});
