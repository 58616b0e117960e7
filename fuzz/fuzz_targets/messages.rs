//! See `kfm::fuzzing::messages`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| kfm::fuzzing::messages(bytes));
