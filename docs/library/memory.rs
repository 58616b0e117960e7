//! Renders files that are nowhere on disk: `cargo run --example memory`.

use kfm::Kustomize;
use kfm::files::Memory;
use std::io;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = Memory::from([
        ("base/kustomization.yaml", "resources: [settings.yaml]"),
        (
            "base/settings.yaml",
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {color: red}",
        ),
        ("prod/kustomization.yaml", "namePrefix: prod-\nresources: [../base]"),
    ]);
    let output = Kustomize::new(files).build("prod")?;
    io::copy(&mut output.yaml()?, &mut io::stdout().lock())?;
    Ok(())
}
