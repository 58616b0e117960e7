//! See `kfm::fuzzing::function_output`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if bytes.len() <= 8192 {
        kfm::fuzzing::function_output(bytes);
    }
});
