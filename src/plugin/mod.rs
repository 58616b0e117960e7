//! stub
#[derive(Debug, Clone, Default)]
/// Options
pub struct PluginOptions {
    /// x
    pub enable_helm: bool,
    /// x
    pub helm_command: String,
    /// x
    pub helm_api_versions: Vec<String>,
    /// x
    pub helm_kube_version: String,
    /// x
    pub helm_debug: bool,
    /// x
    pub enable_alpha_plugins: bool,
    /// x
    pub enable_exec: bool,
    /// x
    pub network: bool,
    /// x
    pub network_name: String,
    /// x
    pub mounts: Vec<String>,
    /// x
    pub env: Vec<String>,
    /// x
    pub as_current_user: bool,
    /// x
    pub plugin_homes: Vec<std::path::PathBuf>,
    /// x
    pub variables: Vec<(std::ffi::OsString, std::ffi::OsString)>,
}
