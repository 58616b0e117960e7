//! What the program learns from its surroundings, read once.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

/// The surroundings of a run.
pub struct Environment {
    /// The program was called by kustomize's name.
    pub as_kustomize: bool,
    /// `KUSTOMIZE_ENABLE_MANAGEDBY_LABEL=on`
    pub managed_by_label: bool,
    /// `KFM_COMPAT`
    pub compat: Option<String>,
    /// The folder in which the program was started.
    pub folder: PathBuf,
    /// `$XDG_CONFIG_HOME`, or `.config` below the home folder.
    pub config_home: Option<PathBuf>,
    /// Folders that may hold exec plugins, in order.
    pub plugin_homes: Vec<PathBuf>,
    /// All variables, for programs that are started.
    pub variables: Vec<(OsString, OsString)>,
}

impl Environment {
    /// Reads the environment of the process.
    pub fn read(arguments: &[OsString]) -> Self {
        let var = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
        let path = |name: &str| var(name).map(PathBuf::from);
        let home = path("HOME");
        let below_home = |tail: &str| home.as_ref().map(|h| h.join(tail));
        let config_home = path("XDG_CONFIG_HOME").or_else(|| below_home(".config"));
        let plugin_homes = match path("KUSTOMIZE_PLUGIN_HOME") {
            Some(only) => vec![only],
            None => [
                path("XDG_CONFIG_HOME").map(|x| x.join("kustomize/plugin")),
                below_home(".config/kustomize/plugin"),
                below_home("kustomize/plugin"),
            ]
            .into_iter()
            .flatten()
            .collect(),
        };
        let name = arguments.first().map(Path::new).and_then(Path::file_stem);
        Self {
            as_kustomize: name == Some(OsStr::new("kustomize")),
            managed_by_label: var("KUSTOMIZE_ENABLE_MANAGEDBY_LABEL").is_some_and(|v| v == "on"),
            compat: var("KFM_COMPAT").map(|v| v.to_string_lossy().into_owned()),
            folder: std::env::current_dir().unwrap_or_default(),
            config_home,
            plugin_homes,
            variables: std::env::vars_os().collect(),
        }
    }
}
