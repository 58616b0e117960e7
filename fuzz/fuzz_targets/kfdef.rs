//! See `kfm::fuzzing::kfdef`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if bytes.len() <= 8192 {
        kfm::fuzzing::kfdef(bytes);
    }
});
