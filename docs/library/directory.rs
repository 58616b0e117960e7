//! Renders a directory: `cargo run --example directory -- overlays/prod`. Its output is that of `kfm build`.

use kfm::Kustomize;
use kfm::files::Disk;
use std::io::{self, Write};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let output = Kustomize::new(Disk::new(".")).build(&target)?;
    for finding in output.findings() {
        writeln!(io::stderr(), "warning: {}", finding.message)?;
    }
    io::copy(&mut output.yaml()?, &mut io::stdout().lock())?;
    Ok(())
}
