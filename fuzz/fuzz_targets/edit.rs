//! Edits of a kustomization file: what comes out reads back as what was meant, or the file is left alone.

#![no_main]

use kfm::edit::KustomizationFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > 4096 {
        return;
    }
    let Ok(file) = KustomizationFile::from_bytes("k".into(), "k".into(), bytes.to_vec()) else { return };
    if let Ok(new) = file.render() {
        let again = KustomizationFile::from_bytes("k".into(), "k".into(), new).expect("what was written reads");
        drop(again);
    }
});
