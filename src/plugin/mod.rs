//! Plugins: charts, functions and programs that make or change resources, and the configurations of the builtin ones.
//!
//! Here and in the fetching of remote directories are the only places where other programs are started, all of them
//! through [`program::run`].

pub mod builtin;
#[cfg(feature = "plugins")]
pub mod container;
#[cfg(feature = "plugins")]
pub mod exchange;
#[cfg(feature = "plugins")]
pub mod exec;
#[cfg(feature = "plugins")]
pub mod external;
#[cfg(feature = "plugins")]
pub mod function;
#[cfg(feature = "plugins")]
pub mod helm;
mod options;
#[cfg(feature = "plugins")]
pub mod program;
#[cfg(feature = "plugins")]
mod scratch;
#[cfg(feature = "plugins")]
pub mod values;
#[cfg(not(feature = "plugins"))]
mod without;

pub use builtin::Builtin;
#[cfg(feature = "plugins")]
pub use external::External;
pub use options::{PluginOptions, Site};
#[cfg(not(feature = "plugins"))]
pub use without::{External, helm};
