//! Walks the objects of a directory and says where every image comes from:
//! `cargo run --example objects -- overlays/prod`.

#![allow(clippy::print_stdout, reason = "a program")]

use kfm::files::Disk;
use kfm::{Kustomize, Options};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let options = Options { unrestricted: true, ..Options::default() };
    let output = Kustomize::new(Disk::new(".")).options(options).build(&target)?;
    for object in output.objects() {
        println!("{object}: {} bytes of JSON", object.json()?.len());
        for field in object.fields().iter().filter(|field| field.pointer.ends_with("/image")) {
            match &field.location {
                Some(place) => println!("  {} is set at {place}", field.pointer),
                None => println!("  {} is made by the build", field.pointer),
            }
        }
    }
    Ok(())
}
