//! Functions in containers: the arguments of `docker run`, which podman takes too.

use super::options::PluginOptions;
use crate::diag::{Error, ErrorKind, Result, cause};
use crate::text::path::clean;
use std::collections::BTreeMap;
use std::path::Path;

/// A directory or volume that a container sees.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mount {
    /// `type`
    pub(crate) kind: String,
    /// `src`
    pub(crate) source: String,
    /// `dst`
    pub(crate) target: String,
    /// `rw`
    pub(crate) writable: bool,
}

impl Mount {
    /// Reads `type=bind,source=…,target=…,rw=true`, the text of a `--mount` flag.
    pub(crate) fn from_flag(text: &str) -> Self {
        let mut mount = Self::default();
        for (key, value) in text.split(',').filter_map(|part| part.split_once('=')) {
            match key {
                "type" => mount.kind = value.into(),
                "src" | "source" => mount.source = value.into(),
                "dst" | "target" => mount.target = value.into(),
                "rw" => mount.writable = value == "true",
                _ => {}
            }
        }
        mount
    }

    fn flag(&self, root: &Path) -> String {
        let source = if Path::new(&self.source).is_absolute() {
            self.source.clone()
        } else {
            clean(&root.join(&self.source)).display().to_string()
        };
        let mode = if self.writable { "" } else { ",readonly" };
        format!("type={},source={source},target={}{mode}", self.kind, self.target)
    }
}

/// What to run in a container.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Container {
    /// `image`
    pub(crate) image: String,
    /// `network`
    pub(crate) network: bool,
    /// `mounts`
    pub(crate) mounts: Vec<Mount>,
    /// `envs`
    pub(crate) envs: Vec<String>,
}

/// The types of mounts that docker has.
const TYPES: [&str; 4] = ["", "bind", "tmpfs", "volume"];

/// What a file says is to be run in a container, with the real paths of its mounts; the error says what it may not ask
/// for. Docker reads a comma as the beginning of another option, and a leading hyphen as one.
pub(crate) fn checked(
    container: &Container,
    options: &PluginOptions,
    root: &Path,
) -> Result<Container, String> {
    let image = &container.image;
    if image.starts_with('-') {
        return Err(format!("`{image}` begins with `-` and cannot be an image"));
    }
    let mut checked = container.clone();
    for mount in &mut checked.mounts {
        let parts = [&mount.kind, &mount.source, &mount.target];
        if let Some(part) = parts.iter().find(|part| part.contains([',', '"', '\n', '\r', '\0'])) {
            return Err(format!("`{}` cannot be a part of a mount", part.escape_debug()));
        }
        if !TYPES.contains(&mount.kind.as_str()) {
            return Err(format!("a mount cannot be of the type `{}`", mount.kind));
        }
        if mount.kind == "tmpfs" {
            continue;
        }
        let source = root.join(&mount.source).canonicalize();
        let source =
            source.map_err(|e| format!("the mount `{}` cannot be had: {}", mount.source, cause(&e)))?;
        if !source.starts_with(root) {
            return Err(format!("the mount `{}` leads out of the kustomization's directory", mount.source));
        }
        mount.source = source.display().to_string();
    }
    for entry in container.envs.iter().filter(|entry| !entry.contains('=')) {
        if !options.env.iter().any(|named| named.split('=').next() == Some(entry)) {
            return Err(format!(
                "the variable `{entry}` of this machine is passed only with `--env {entry}`"
            ));
        }
    }
    Ok(checked)
}

/// Variables that every container gets.
const ALWAYS: [&str; 2] = ["LOG_TO_STDERR=true", "STRUCTURED_RESULTS=true"];

/// The arguments of `docker`. `user`: `uid:gid` or a name.
pub(crate) fn arguments(
    container: &Container,
    options: &PluginOptions,
    root: &Path,
    user: &str,
) -> Vec<String> {
    let network = if container.network { "host" } else { "none" };
    let mut args: Vec<String> = [
        "run",
        "--rm",
        "-i",
        "-a",
        "STDIN",
        "-a",
        "STDOUT",
        "-a",
        "STDERR",
        "--network",
        network,
        "--user",
        user,
    ]
    .map(String::from)
    .into();
    args.push("--security-opt=no-new-privileges".into());
    let flags = options.mounts.iter().map(|m| Mount::from_flag(m));
    for mount in container.mounts.iter().cloned().chain(flags) {
        args.extend(["--mount".into(), mount.flag(root)]);
    }
    let (mut pairs, mut names) = (BTreeMap::new(), Vec::new());
    let own = container.envs.iter().chain(&options.env).map(String::as_str);
    for entry in ALWAYS.into_iter().chain(own) {
        match entry.split_once('=') {
            Some((name, value)) => {
                pairs.insert(name, value);
            }
            None if !names.contains(&entry) => names.push(entry),
            None => {}
        }
    }
    for (name, value) in pairs {
        args.extend(["-e".into(), format!("{name}={value}")]);
    }
    for name in names {
        args.extend(["-e".into(), name.into()]);
    }
    args.push(container.image.clone());
    args
}

/// The user that a container runs as.
pub(crate) fn user(options: &PluginOptions) -> Result<String> {
    if !options.as_current_user {
        return Ok("nobody".into());
    }
    current_user()
        .ok_or_else(|| Error::new(ErrorKind::Program, "cannot find out the user for `--as-current-user`"))
}

/// Whoever owns the files that we make.
#[cfg(unix)]
fn current_user() -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let metadata = super::scratch::file("kustomize-user-", b"").ok()?.path().metadata().ok()?;
    Some(format!("{}:{}", metadata.uid(), metadata.gid()))
}

#[cfg(not(unix))]
fn current_user() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn docker_gets_what_kustomize_gives_it() {
        let container = Container {
            image: "img:1".into(),
            network: true,
            mounts: vec![Mount {
                kind: "bind".into(),
                source: "d".into(),
                target: "/d".into(),
                writable: true,
            }],
            envs: vec!["B=1".into(), "NAME".into(), "A=x=y".into()],
        };
        let options = PluginOptions {
            mounts: vec!["type=volume,src=/v,dst=/w,rw=false".into()],
            env: vec!["B=2".into(), "NAME".into(), "OTHER".into()],
            ..Default::default()
        };
        assert_eq!(
            arguments(&container, &options, Path::new("/root/k"), "nobody").join(" "),
            "run --rm -i -a STDIN -a STDOUT -a STDERR --network host --user nobody \
             --security-opt=no-new-privileges --mount type=bind,source=/root/k/d,target=/d \
             --mount type=volume,source=/v,target=/w,readonly -e A=x=y -e B=2 -e LOG_TO_STDERR=true \
             -e STRUCTURED_RESULTS=true -e NAME -e OTHER img:1"
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_file_gets_nothing_that_is_not_its_own() {
        let top = tempfile::tempdir().unwrap();
        let root = top.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("d")).unwrap();
        std::os::unix::fs::symlink("/etc", root.join("out")).unwrap();
        let options = PluginOptions { env: vec!["NAMED".into(), "SET=1".into()], ..Default::default() };
        let mount = |kind: &str, source: &str, target: &str| Container {
            image: "i".into(),
            mounts: vec![Mount {
                kind: kind.into(),
                source: source.into(),
                target: target.into(),
                writable: false,
            }],
            ..Default::default()
        };
        let env = |entry: &str| Container { envs: vec![entry.into()], ..Default::default() };
        for (container, held) in [
            (mount("bind", "d", "/d"), true),
            (mount("bind", "out", "/d"), false),
            (mount("bind", "d/../..", "/d"), false),
            (mount("bind", "none", "/d"), false),
            (mount("bind", "d", "/d,source=/etc"), false),
            (mount("bind,source=/etc", "d", "/d"), false),
            (mount("bind", "d\"", "/d"), false),
            (mount("npipe", "d", "/d"), false),
            (env("A=b"), true),
            (env("NAMED"), true),
            (env("SET"), true),
            (env("SECRET"), false),
            (Container { image: "-v/:/host".into(), ..Default::default() }, false),
        ] {
            assert_eq!(checked(&container, &options, &root).is_ok(), held, "{container:?}");
        }
        let found = checked(&mount("bind", "d", "/d"), &options, &root).unwrap();
        assert_eq!(found.mounts[0].source, root.join("d").display().to_string());
    }

    #[test]
    fn an_empty_source_is_the_root() {
        let mount = Mount::from_flag("type=bind,target=/t");
        assert_eq!(mount.flag(Path::new("/r")), "type=bind,source=/r,target=/t,readonly");
    }
}
