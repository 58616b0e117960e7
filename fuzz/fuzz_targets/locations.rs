//! Remote locations and mirrors: nothing panics, and nothing leads out of a mirror.

#![no_main]

use kfm::remote::{Config, url};
use kfm::yaml::Source;
use libfuzzer_sys::fuzz_target;
use std::path::{Component, Path};

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let _ = url::parse(text);
    let _ = kfm::diag::without_secrets(text);
    let config = "[[mirror]]\nfrom = \"https://h/\"\nto = \"file:///m/\"\n[[mirror]]\nfrom = \"git@h:\"\nto = \"https://m/\"\n";
    let mirrors = Config::parse(&Source::new("c", config.into())).expect("a configuration").mirrors;
    for front in ["https://h/", "git@h:", ""] {
        let location = format!("{front}{text}");
        let Ok(led) = mirrors.lead(&location) else { continue };
        if let Some(rest) = led.url.strip_prefix("file:///m/") {
            let climbs = Path::new(rest).components().any(|part| matches!(part, Component::ParentDir));
            assert!(!climbs, "{location}");
        }
    }
    let _ = Config::parse(&Source::new("c", text.into()));
});
