//! kfm renders Kubernetes manifests as kustomize 5.8.3 does, byte for byte.
//!
//! # Use
//!
//! ```
//! use kfm::{Kustomize, files::Memory};
//!
//! let files = Memory::from([
//!     ("kustomization.yaml", "resources: [r.yaml]\nnamePrefix: a-"),
//!     ("r.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}"),
//! ]);
//! let output = Kustomize::new(files).build(".")?;
//! let mut text = String::new();
//! std::io::Read::read_to_string(&mut output.yaml()?, &mut text).unwrap();
//! assert_eq!(text, "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a-b\n");
//! # Ok::<(), kfm::diag::Error>(())
//! ```
//!
//! [`files::Disk`] reads from the disk; [`Options`] has what `kustomize build` has flags for. `docs/library` holds three
//! programs.
//!
//! # The pipeline
//!
//! ```text
//! kustomization.yaml                       load, remote, kustomization
//!   resources ──────────► documents        yaml: read once into flat tables
//!   generators, charts ─► objects          generate, plugin
//!   components            │
//!                         ▼
//!                       Accumulator        accumulate: one for each directory, depth first
//!   patches, namespace,   │
//!   names, labels, …      ▼                patch, transform, refs::replacements
//!                       objects of the top
//!                         │                accumulate::finish: hashes, name references, vars,
//!                         ▼                order, removal of bookkeeping
//!                       text               yaml: printed straight from the tables
//! ```
//!
//! # Modules, lower layers first
//!
//! A module uses those above it in this list, never one below and never a sibling of its own line;
//! `tests/layers` holds it.
//!
//! | module | what it knows |
//! | --- | --- |
//! | `compat`, `diag`, `text`, `parallel` | versions of kustomize; errors and findings as data; Go's ways with text; threads |
//! | `files`, `limits` | where files come from; what a build may take, and what it has taken |
//! | `yaml` | reading, the document table, printing; nothing of Kubernetes |
//! | `kube` | types, scopes, ids, field specs, merge keys |
//! | `load` | files and directories, what may be read, what was read already |
//! | `config` | `kfm.toml` |
//! | `kustomization` | the kustomization file as types |
//! | `resource` | objects, the table of objects, their printing |
//! | `remote` | git, HTTP, mirrors |
//! | `revision` | revisions of a repository as files |
//! | `roots` | which kustomizations are roots, and what a change reaches |
//! | `generate` | ConfigMaps and Secrets made of texts and files |
//! | `plugin` | programs: helm, functions, exec plugins; configurations of builtin plugins |
//! | `transform`, `patch`, `refs` | what the fields of a kustomization do to objects |
//! | `accumulate` | the order of all that |
//! | `diff` | what differs between two sets of objects, and what of it is dangerous |
//! | `vendor` | copies of remote content, and the lock that says what they are |
//! | `edit`, `localize` | changes of a kustomization file that touch only their lines; copies of a kustomization with all it needs |
//! | `distribution` | the directories that the program carries: written out, in place of missing ones, from a KfDef |
//! | `cli` | the command line; the only part that prints or reads the environment |
//!
//! # Invariants
//!
//! - A document is read once and shared until it is changed; text stays a span of the file wherever it can. Every
//!   node knows the file and offset it came from, through patches and generators as well.
//! - The id of an object is kept beside its document and follows every change; ids are looked up by hash.
//! - Nothing is written before the whole build has succeeded.
//! - No input makes the library panic, reach outside of its root, start a program, or grow without bound, unless the
//!   caller switched that on.

#![cfg_attr(
    not(feature = "cli"),
    allow(dead_code, unused_imports, reason = "some parts serve the program alone")
)]

mod accumulate;
#[cfg(feature = "cli")]
mod cli;
mod compat;
#[cfg(feature = "cli")]
mod config;
pub mod diag;
#[cfg(feature = "cli")]
mod diff;
#[cfg(feature = "distribution")]
mod distribution;
#[cfg(feature = "cli")]
mod edit;
pub mod files;
#[cfg(fuzzing)]
pub mod fuzzing;
mod generate;
#[cfg(feature = "cli")]
mod image;
#[cfg(any(feature = "distribution", feature = "plugins", feature = "remote"))]
mod interrupt;
mod kube;
mod kustomization;
mod kustomize;
pub mod limits;
mod load;
#[cfg(feature = "cli")]
mod localize;
mod parallel;
mod patch;
mod plugin;
mod refs;
#[cfg(feature = "remote")]
mod remote;
mod resource;
#[cfg(feature = "cli")]
mod revision;
#[cfg(feature = "cli")]
mod roots;
mod search_path;
mod text;
mod transform;
#[cfg(feature = "cli")]
mod vendor;
mod yaml;

pub use accumulate::{Options, Reorder};
pub use compat::Compat;
pub use kustomize::{Field, Kustomize, Object, Output, Yaml};
pub use load::{Fetch, NoFetch, RepoSpec};
pub use plugin::PluginOptions;
#[cfg(feature = "remote")]
pub use remote::{Access, Mirrors, Proxies, Remote, RemoteOptions};
pub use search_path::SearchPath;

/// What the program and the tests use beside the face. It may change with any version.
#[doc(hidden)]
pub mod internals {
    #[cfg(feature = "cli")]
    pub use crate::cli::{command, main, note_closed_stdout, parse};
    #[cfg(feature = "distribution")]
    pub use crate::distribution::embedded::files as embedded_files;
    #[cfg(all(feature = "cli", unix))]
    pub use crate::interrupt::{clean_up, set_signal_handler};
}
