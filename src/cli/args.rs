//! Flags that several commands share, spelled as kustomize spells them.

use crate::limits::Limits;
use crate::text::go;
use clap::Args;

/// Arguments of `build`. The default is a build without flags.
#[derive(Debug, Default, Args)]
pub(super) struct BuildArgs {
    /// Directory or git URL to build [default: .]
    #[arg(value_name = "DIR", allow_hyphen_values = false)]
    pub(crate) dir: Vec<String>,
    /// Write to this file, or into this directory with one file for each object
    #[arg(short, long, value_name = "PATH", overrides_with = "output")]
    pub(crate) output: Option<String>,
    /// Build every root in and below DIR, each into a file below the directory of --output
    #[arg(long)]
    pub(crate) all: bool,
    /// With --all: write each root into a directory, with one file for each object
    #[arg(long)]
    pub(crate) per_object: bool,
    /// With --all: change nothing, list what is out of date, and exit with 1 if something is
    #[arg(long)]
    pub(crate) check: bool,
    /// What may be read, run and fetched
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
    /// Order of the output: `legacy` or `none`
    #[arg(long, value_name = "ORDER", hide = true, overrides_with = "reorder")]
    pub(crate) reorder: Option<String>,
    /// Kubernetes API version for helm's Capabilities.APIVersions; may be repeated
    #[arg(long, value_name = "VERSION", allow_hyphen_values = true)]
    pub(crate) helm_api_versions: Vec<String>,
    /// Kubernetes version for helm's Capabilities.KubeVersion
    #[arg(long, value_name = "VERSION", overrides_with = "helm_kube_version")]
    pub(crate) helm_kube_version: Option<String>,
    /// Let helm use the plugins in this directory, also for repositories of other protocols than HTTP and OCI
    #[arg(long, value_name = "DIR", overrides_with = "helm_plugins")]
    pub(crate) helm_plugins: Option<String>,
    /// Make helm print debug output
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool, overrides_with = "helm_debug")]
    pub(crate) helm_debug: Option<bool>,
    /// Let functions and exec plugins run; turns helm on as well
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool, overrides_with = "enable_alpha_plugins")]
    pub(crate) enable_alpha_plugins: Option<bool>,
    /// Let functions that are programs run (needs --enable-alpha-plugins)
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool, overrides_with = "enable_exec")]
    pub(crate) enable_exec: Option<bool>,
    /// Let container functions that ask for it have a network
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool, overrides_with = "network")]
    pub(crate) network: Option<bool>,
    /// Network of containers [default: bridge]
    #[arg(long, value_name = "NAME", overrides_with = "network_name")]
    pub(crate) network_name: Option<String>,
    /// Mount for container functions; may be repeated
    #[arg(long, value_name = "MOUNT")]
    pub(crate) mount: Vec<String>,
    /// Environment variable for functions; may be repeated
    #[arg(short, long, value_name = "NAME[=VALUE]", allow_hyphen_values = true)]
    pub(crate) env: Vec<String>,
    /// Run container functions as the current user
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool, overrides_with = "as_current_user")]
    pub(crate) as_current_user: Option<bool>,
    /// Label every object `app.kubernetes.io/managed-by`
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool, overrides_with = "enable_managedby_label")]
    pub(crate) enable_managedby_label: Option<bool>,
    /// Behave as this version of kustomize: 5.7.1, 5.8.1, 5.8.2 or 5.8.3 [env: KFM_COMPAT]
    #[arg(long, value_name = "VERSION", overrides_with = "compat")]
    pub(crate) compat: Option<String>,
    /// Treat warnings as errors
    #[arg(long, conflicts_with = "quiet")]
    pub(crate) strict: bool,
    /// Print no warnings
    #[arg(long)]
    pub(crate) quiet: bool,
    /// Directory in place of `manifests`, filled with the built-in ones if it is empty [env: KFM_MANIFESTS, where there is
    /// no `manifests` on disk]
    #[arg(long, value_name = "DIR", overrides_with = "manifests")]
    pub(crate) manifests: Option<String>,
    /// Let kustomization files name `file://` repositories outside of their work tree
    #[arg(long)]
    pub(crate) enable_file_repositories: bool,
    /// Threads to use; 0 for as many as there are processors
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) threads: usize,
    /// Where images are pulled from.
    #[command(flatten)]
    pub(crate) images: ImageArgs,
}

/// Flags of all commands that render: what may be read, run and fetched.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ReachArgs {
    /// `LoadRestrictionsRootOnly`, or `LoadRestrictionsNone` to let files outside of the root be read
    #[arg(long, value_name = "RESTRICTION", overrides_with = "load_restrictor")]
    pub(crate) load_restrictor: Option<String>,
    /// Let `helmCharts` and the helm generator run helm
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool, overrides_with = "enable_helm")]
    pub(crate) enable_helm: Option<bool>,
    /// The helm program [default: helm]
    #[arg(long, value_name = "COMMAND", overrides_with = "helm_command")]
    pub(crate) helm_command: Option<String>,
    /// Build what a stranger wrote: no network, no programs, nothing from outside of the root, whatever other flags say
    /// [env: KFM_UNTRUSTED=1]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_parser = go_bool, overrides_with = "untrusted")]
    pub(crate) untrusted: Option<bool>,
    /// Read nothing from outside of this directory [default with --untrusted: the work tree of git, else the target]
    #[arg(long, value_name = "DIR", overrides_with = "root")]
    pub(crate) root: Option<String>,
    /// Let builds take more, or less, of something: `memory=2GiB`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", value_parser = limit)]
    pub(crate) limit: Vec<String>,
    /// How remote content is fetched
    #[command(flatten)]
    pub(crate) remote: RemoteArgs,
}

/// Flags for where images are pulled from.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct ImageArgs {
    /// File with a rule `SOURCE = TARGET` for images in each line; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(crate) image_map: Vec<String>,
    /// Registry to pull all images from that no other rule maps
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) image_mirror: Option<String>,
    /// File with the digests of images, written by `kfm images lock`
    #[arg(long, value_name = "FILE")]
    pub(crate) image_lock: Option<String>,
    /// Fail if an image is outside of the registries that images are mapped to, or that `--image-allow` names
    #[arg(long)]
    pub(crate) image_check: bool,
    /// Registry, or beginning of a repository, that `--image-check` allows; may be repeated
    #[arg(long, value_name = "REGISTRY")]
    pub(crate) image_allow: Vec<String>,
}

/// Flags of commands that fetch.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct RemoteArgs {
    /// Use no network: remote content comes from copies beside `kfm.lock`, from the cache, or not at all
    #[arg(long)]
    pub(crate) offline: bool,
    /// Fail if something remote is not in `kfm.lock`, or if a copy is not what the lock says
    #[arg(long)]
    pub(crate) locked: bool,
    /// Do not ask this machine and private networks
    #[arg(long)]
    pub(crate) public_only: bool,
    /// Keep nothing that was fetched, and use nothing that was kept
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// A boolean as Go's flags spell it.
pub(super) fn go_bool(text: &str) -> Result<bool, String> {
    go::parse_bool(text).ok_or_else(|| format!("`{text}` is neither `true` nor `false`"))
}

/// A limit as [`Limits::set`] takes it.
fn limit(text: &str) -> Result<String, String> {
    Limits::default().set(text).map(|()| text.to_owned())
}
