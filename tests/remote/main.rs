//! Remote bases from end to end: repositories by file, ssh and HTTP, files by HTTP, cache, lock, copies, trees, bundles.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test"
)]

mod cache;
mod fetch;
mod lock;
mod site;
mod trees;

use site::{Site, config_map};

const BASE: &str = "resources: [c.yaml]\n";

/// A site with a repository `app` whose directory `base` is tagged `v1`, and its URL.
fn app() -> (Site, String) {
    let site = Site::new();
    let text = config_map("app", "1");
    let files = [
        ("base/kustomization.yaml", BASE),
        ("base/c.yaml", &text),
        ("other/x.yaml", "x"),
        ("LICENSE", "terms"),
    ];
    let path = site.repository("app", &files, "v1");
    let url = format!("file://{}", path.display());
    (site, url)
}

fn uses(site: &Site, reference: &str) {
    site.write("kustomization.yaml", &format!("resources:\n- {reference}\n"));
}
