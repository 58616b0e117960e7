//! Two files of manifests, divided by a line of `=`: comparing them ends, swapped sides count the same, a side equals itself,
//! and every report can be written.

#![no_main]

use kfm::diff::{Options, Target, compare, write};
use kfm::limits::{Budget, Limits};
use kfm::resource::{ResMap, from_source};
use kfm::yaml::split;
use libfuzzer_sys::fuzz_target;
use std::sync::Arc;

const LARGEST: usize = 8192;

fn read(text: &str) -> Option<ResMap> {
    let budget = Arc::new(Budget::new(Limits::default()));
    let source = split::read_text("side.yaml", text.as_bytes().to_vec(), Some(&budget)).ok()?;
    let mut all = ResMap::new();
    for object in from_source(&source).ok()? {
        all.push(object);
    }
    Some(all)
}

fuzz_target!(|text: &str| {
    if text.len() > LARGEST {
        return;
    }
    let (old, new) = text.split_once("\n=\n").unwrap_or((text, ""));
    let (Some(old), Some(new)) = (read(old), read(new)) else { return };
    for normalize in [false, true] {
        let options = Options { normalize, ..Options::default() };
        assert!(compare(&old, &old, &options).is_empty());
        let (there, back) = (compare(&old, &new, &options), compare(&new, &old, &options));
        assert_eq!(there.objects.len(), back.objects.len());
        let targets = [Target { name: String::new(), report: there }];
        let style = write::Style::default();
        write::text(&targets, style);
        write::markdown(&targets, style);
        write::github(&targets);
        let _ = write::unified(&targets, false);
        let _ = write::json(&targets);
        let _ = write::gitlab(&targets);
        let _ = write::sarif(&targets);
        let _ = write::json_patch(&targets, false);
    }
});
