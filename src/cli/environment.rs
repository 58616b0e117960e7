//! What the program learns from its surroundings, read once.

use crate::compat::Compat;
use crate::diag::render::Look;
use crate::diag::{Error, ErrorKind, Result};
use crate::plugin::PluginOptions;
use crate::remote::Proxies;
use crate::revision::Repository;
use crate::search_path::SearchPath;
use crate::text::go;
use std::ffi::{OsStr, OsString};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The surroundings of a run.
pub(super) struct Environment {
    /// The program was called by kustomize's name.
    pub(crate) as_kustomize: bool,
    /// `KUSTOMIZE_ENABLE_MANAGEDBY_LABEL=on`
    pub(crate) managed_by_label: bool,
    /// `KFM_COMPAT`
    compat: Option<String>,
    /// The input is a stranger's: `KFM_UNTRUSTED=1`, or a flag says so.
    pub(crate) untrusted: bool,
    /// `KFM_MANIFESTS`
    pub(crate) manifests: Option<String>,
    /// The directory in which the program was started.
    pub(crate) directory: PathBuf,
    /// `$XDG_CONFIG_HOME`, or `.config` below the home directory.
    pub(crate) config_home: Option<PathBuf>,
    /// `$XDG_CACHE_HOME`, or `.cache` below the home directory.
    pub(crate) cache_home: Option<PathBuf>,
    /// Standard error is a terminal.
    pub(crate) on_terminal: bool,
    /// Directories that may hold exec plugins, in order, and what they are called.
    pub(crate) plugin_homes: Vec<(String, Option<PathBuf>)>,
    /// How messages look: coloured on a terminal, unless `NO_COLOR` is set.
    pub(crate) look: Look,
    /// How standard output looks, by the same rule.
    pub(crate) output_look: Look,
    /// `$DOCKER_CONFIG`, or `.docker` below the home directory.
    pub(crate) docker_config: Option<PathBuf>,
    /// Proxies for HTTP.
    pub(crate) proxies: Proxies,
    /// Where programs are found.
    pub(crate) search: SearchPath,
    /// The repository in which the user stands, once it was asked for.
    repository: OnceLock<Repository>,
}

impl Environment {
    /// The version of kustomize to behave as: that of a flag `--compat`, else that of `KFM_COMPAT`, else the default.
    pub(super) fn compat(&self, flag: Option<&str>) -> Result<Compat> {
        let (asked_by, name) = match (flag, &self.compat) {
            (Some(name), _) => ("--compat", name),
            (None, Some(name)) => ("KFM_COMPAT", name.as_str()),
            (None, None) => return Ok(Compat::DEFAULT),
        };
        Compat::from_name(name).ok_or_else(|| {
            let known: Vec<_> = Compat::all().map(Compat::name).collect();
            let message =
                format!("`{asked_by}` must be a version of kustomize that kfm knows, found `{name}`");
            Error::new(ErrorKind::Usage, message).hint(format!("kfm knows {}", known.join(", ")))
        })
    }

    /// Reads the environment of the process.
    pub(super) fn read(arguments: &[OsString]) -> Self {
        let var = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
        let path = |name: &str| var(name).map(PathBuf::from);
        // The specification of these variables says that relative paths are to be ignored: what they lead to depends on
        // where one stands, which may be in a stranger's directory.
        let absolute = |name: &str| path(name).filter(|path| path.is_absolute());
        let config_home = absolute("XDG_CONFIG_HOME").or_else(|| absolute("HOME").map(|h| h.join(".config")));
        // As in Go, lower case is a second choice.
        let proxy = |upper: &str| {
            let value = var(upper).or_else(|| var(&upper.to_lowercase()));
            value.map(|v| v.to_string_lossy().into_owned())
        };
        let look = |is_terminal: bool| match is_terminal && var("NO_COLOR").is_none() {
            true if var("TERM").is_none_or(|term| term != "dumb") => Look::Coloured,
            _ => Look::Plain,
        };
        let name = arguments.first().map(Path::new).and_then(Path::file_stem);
        Self {
            as_kustomize: name == Some(OsStr::new("kustomize")),
            managed_by_label: var("KUSTOMIZE_ENABLE_MANAGEDBY_LABEL").is_some_and(|v| v == "on"),
            compat: var("KFM_COMPAT").map(|v| v.to_string_lossy().into_owned()),
            untrusted: var("KFM_UNTRUSTED")
                .is_some_and(|v| go::parse_bool(&v.to_string_lossy()) != Some(false)),
            manifests: var("KFM_MANIFESTS").map(|v| v.to_string_lossy().into_owned()),
            directory: std::env::current_dir().unwrap_or_default(),
            config_home,
            cache_home: absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|h| h.join(".cache"))),
            on_terminal: std::io::stderr().is_terminal() && var("TERM").is_none_or(|term| term != "dumb"),
            plugin_homes: PluginOptions::plugin_homes(
                path("KUSTOMIZE_PLUGIN_HOME"),
                absolute("XDG_CONFIG_HOME"),
                absolute("HOME"),
            ),
            look: look(std::io::stderr().is_terminal()),
            output_look: look(std::io::stdout().is_terminal()),
            docker_config: path("DOCKER_CONFIG").or_else(|| path("HOME").map(|h| h.join(".docker"))),
            proxies: Proxies {
                http: proxy("HTTP_PROXY"),
                https: proxy("HTTPS_PROXY"),
                direct: proxy("NO_PROXY"),
            },
            search: SearchPath::new(&var("PATH").unwrap_or_default()),
            repository: OnceLock::new(),
        }
    }

    /// The repository in which the user stands. Git's own configuration is read the first time.
    pub(super) fn repository(&self) -> Result<Repository> {
        if let Some(repository) = self.repository.get() {
            return Ok(repository.clone());
        }
        let repository = Repository::discover(&self.directory)?;
        Ok(self.repository.get_or_init(|| repository).clone())
    }
}
