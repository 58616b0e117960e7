//! Inline values and those of a file, divided by a line of `=`; see `kfm::fuzzing::helm_values`.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if bytes.len() <= 8192 {
        let line = bytes.windows(3).position(|window| window == b"\n=\n");
        let (inline, file) = line.map_or((bytes, &b""[..]), |at| (&bytes[..at], &bytes[at + 3..]));
        kfm::fuzzing::helm_values(inline, file);
    }
});
