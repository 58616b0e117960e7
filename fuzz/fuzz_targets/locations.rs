//! See `kfm::fuzzing::locations`.

#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| kfm::fuzzing::locations(text));
