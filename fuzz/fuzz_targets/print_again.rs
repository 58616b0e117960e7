//! See `kfm::fuzzing::print_again`.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| {
    if text.len() <= 8192 {
        kfm::fuzzing::print_again(text);
    }
});
