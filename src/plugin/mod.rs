//! Plugins: charts, functions and programs that make or change resources, and the configurations of the builtin ones.
//!
//! Here and in the fetching of remote directories are the only places where other programs are started, all of them
//! through [`program::run`].

pub mod builtin;
pub mod container;
pub mod exchange;
pub mod exec;
pub mod external;
pub mod function;
pub mod helm;
mod options;
pub mod program;
mod scratch;
pub mod values;

pub use builtin::Builtin;
pub use external::External;
pub use options::{PluginOptions, Site};
