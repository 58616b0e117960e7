//! See `kfm::fuzzing::edit`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if bytes.len() <= 4096 {
        kfm::fuzzing::edit(bytes);
    }
});
