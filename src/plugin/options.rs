//! What the user allows plugins to do, and where they do it.

use crate::compat::Compat;
use crate::generate::Load;
use crate::limits::Budget;
use crate::search_path::SearchPath;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The flags about plugins, and what was read from the environment for them.
#[derive(Debug, Clone)]
pub struct PluginOptions {
    /// `--enable-helm`
    pub enable_helm: bool,
    /// Why helm cannot run whatever the flags say, if it cannot.
    pub no_helm: Option<&'static str>,
    /// `--helm-command`
    pub helm_command: String,
    /// `--helm-api-versions`
    pub helm_api_versions: Vec<String>,
    /// `--helm-kube-version`
    pub helm_kube_version: String,
    /// `--helm-debug`
    pub helm_debug: bool,
    /// `--enable-alpha-plugins`: functions and programs, and helm
    pub enable_alpha_plugins: bool,
    /// `--enable-exec`: functions that are programs
    pub enable_exec: bool,
    /// `--network`: functions in containers may use the network if they ask for it
    pub network: bool,
    /// `--mount`, as given
    pub mounts: Vec<String>,
    /// `--env`, as given
    pub env: Vec<String>,
    /// `--as-current-user`: containers run as the user rather than as nobody
    pub as_current_user: bool,
    /// `--helm-plugins`: the directory of helm's plugins, if it may have any
    pub helm_plugins: Option<PathBuf>,
    /// Where programs are found.
    pub search: SearchPath,
    /// Where programs may be, in this order, each with what it is called in messages; `None` for a variable that is
    /// not set.
    pub plugin_homes: Vec<(String, Option<PathBuf>)>,
}

impl Default for PluginOptions {
    fn default() -> Self {
        Self {
            enable_helm: false,
            no_helm: None,
            helm_command: "helm".to_owned(),
            helm_api_versions: vec![],
            helm_kube_version: String::new(),
            helm_debug: false,
            enable_alpha_plugins: false,
            enable_exec: false,
            network: false,
            mounts: vec![],
            env: vec![],
            as_current_user: false,
            helm_plugins: None,
            search: SearchPath::default(),
            plugin_homes: vec![],
        }
    }
}

impl PluginOptions {
    /// The directories in which kustomize looks for plugins, from the values of the variables that say so.
    pub(crate) fn plugin_homes(
        kustomize_plugin_home: Option<PathBuf>,
        xdg_config_home: Option<PathBuf>,
        home: Option<PathBuf>,
    ) -> Vec<(String, Option<PathBuf>)> {
        let filled = |path: Option<PathBuf>| path.filter(|p| !p.as_os_str().is_empty());
        let home = filled(home).unwrap_or_else(|| PathBuf::from("~"));
        vec![
            ("$KUSTOMIZE_PLUGIN_HOME".into(), filled(kustomize_plugin_home)),
            ("$XDG_CONFIG_HOME".into(), filled(xdg_config_home).map(|p| p.join("kustomize/plugin"))),
            ("the default of $XDG_CONFIG_HOME".into(), Some(home.join(".config/kustomize/plugin"))),
            ("the home directory".into(), Some(home.join("kustomize/plugin"))),
        ]
    }

    /// Returns whether charts may be rendered.
    pub(crate) fn helm_is_enabled(&self) -> bool {
        self.enable_helm || self.enable_alpha_plugins
    }
}

/// Where a plugin runs: the layer that asked for it.
pub(crate) struct Site<'a, 'l> {
    /// What the user allows.
    pub(crate) options: &'a PluginOptions,
    /// The version of kustomize to behave as.
    pub(crate) compat: Compat,
    /// What documents of the plugin's output are charged to.
    pub(crate) budget: Option<&'a Arc<Budget>>,
    /// The layer's directory, absolute and free of links.
    pub(crate) root: &'a Path,
    /// Reads the layer's files.
    pub(crate) load: &'a mut Load<'l>,
}
