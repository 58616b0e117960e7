//! Plugins: charts, functions and programs that make or change resources, and the configurations of the builtin ones.
//!
//! Here and in the fetching of remote directories are the only places where other programs are started, all of them
//! through [`program::run`].

pub(crate) mod builtin;
#[cfg(feature = "plugins")]
pub(crate) mod container;
#[cfg(feature = "plugins")]
pub(crate) mod exchange;
#[cfg(feature = "plugins")]
pub(crate) mod exec;
#[cfg(feature = "plugins")]
pub(crate) mod external;
#[cfg(feature = "plugins")]
pub(crate) mod function;
#[cfg(feature = "plugins")]
pub(crate) mod helm;
mod options;
#[cfg(feature = "plugins")]
pub(crate) mod program;
#[cfg(feature = "plugins")]
mod scratch;
#[cfg(feature = "plugins")]
pub(crate) mod values;
#[cfg(not(feature = "plugins"))]
mod without;

pub(crate) use builtin::Builtin;
#[cfg(feature = "plugins")]
pub(crate) use external::External;
pub use options::PluginOptions;
pub(crate) use options::Site;
#[cfg(not(feature = "plugins"))]
pub(crate) use without::{External, helm};
