//! `helmCharts`: objects that helm renders.
//!
//! Helm is called for its version, to pull a chart that is not there, and to render. The resources carry a mark: no
//! namespace is set in them afterwards. Fields of a chart win over flags.

use super::exchange;
use super::options::{PluginOptions, Site};
use super::program::{self, Program};
use super::scratch;
use super::values::{self, ValuesMerge};
use crate::compat::Compat;
use crate::diag::{Error, ErrorKind, Result, cause};
use crate::kustomization::{HelmChart, HelmGlobals, Text};
use crate::resource::{Resource, internal, read};
use crate::text::path::clean;
use crate::yaml::{Marked, Source, Style, Tag, split};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The directory for charts unless `chartHome` names another.
const CHART_HOME: &str = "charts";

/// A chart whose configuration was checked.
#[derive(Debug, Clone)]
pub(crate) struct Chart {
    chart: HelmChart,
    merge: ValuesMerge,
    /// The directory that holds the chart's directory.
    home: PathBuf,
    config_home: String,
    /// Absolute paths.
    additional_values_files: Vec<String>,
}

/// Checks a chart's configuration; all of a layer's generators are checked before the first one runs. The caller has
/// put the layer's namespace into a chart without one.
pub(crate) fn prepare(
    chart: &HelmChart,
    globals: Option<&HelmGlobals>,
    site: &mut Site<'_, '_>,
) -> Result<Chart> {
    let at = || chart.mark.location();
    let fail = |message: String| Error::new(ErrorKind::Config, message).at(at());
    if !site.options.helm_is_enabled() {
        return Err(
            Error::new(ErrorKind::Restricted, "charts are rendered only with `--enable-helm`").at(at())
        );
    }
    if let Some(why) = site.options.no_helm {
        return Err(Error::new(ErrorKind::Restricted, why).at(at()));
    }
    if site.options.helm_command.is_empty() {
        return Err(fail("`--helm-command` must name a program".into()));
    }
    if chart.name.is_empty() {
        return Err(fail("expected a `name` for the chart".into()));
    }
    refuse_options(chart)
        .and_then(|()| refuse_repository(&chart.repo, site.options))
        .map_err(|message| Error::new(ErrorKind::Restricted, message).at(at()))?;
    let mut additional_values_files = Vec::with_capacity(chart.additional_values_files.len());
    for file in &chart.additional_values_files {
        (site.load)(file).map_err(|e| e.or_at(|| file.mark.location()))?;
        additional_values_files.push(display(&join(site.root, &file.value)));
    }
    let Some(merge) = ValuesMerge::from_name(&chart.values_merge) else {
        let found = &chart.values_merge;
        return Err(fail(format!("`valuesMerge` must be `override`, `merge` or `replace`, found `{found}`")));
    };
    let given = globals.map_or("", |g| g.chart_home.as_str());
    let mut home = clean(&site.root.join(if given.is_empty() { CHART_HOME } else { given }));
    if !chart.version.is_empty() && !chart.repo.is_empty() {
        home.push(format!("{}-{}", chart.name, chart.version));
    }
    let mut chart = chart.clone();
    let options = site.options;
    if chart.kube_version.is_empty() {
        chart.kube_version.clone_from(&options.helm_kube_version);
    }
    if chart.api_versions.is_empty() {
        chart.api_versions.clone_from(&options.helm_api_versions);
    }
    chart.debug |= options.helm_debug;
    let config_home = globals.map_or_else(String::new, |g| g.config_home.clone());
    Ok(Chart { chart, merge, home: clean(&home), config_home, additional_values_files })
}

/// Refuses what helm would take for an option, which may name a program. Kustomize refuses these since 5.8.2. Other fields
/// are values of helm's flags, which may begin with anything.
fn refuse_options(chart: &HelmChart) -> Result<(), String> {
    let positional =
        [("releaseName", &chart.release_name), ("chart name", &chart.name), ("repo", &chart.repo)];
    match positional.into_iter().find(|(_, value)| value.starts_with('-')) {
        Some((field, value)) => Err(format!("the {field} must not start with `-`, found `{value}`")),
        None => Ok(()),
    }
}

/// Protocols of repositories for which helm starts no program.
const PROTOCOLS: [&str; 3] = ["http", "https", "oci"];

/// Refuses repositories of other protocols, unless helm may have plugins.
fn refuse_repository(repo: &str, options: &PluginOptions) -> Result<(), String> {
    let protocol = repo.split_once("://").map_or("", |(protocol, _)| protocol);
    let known = PROTOCOLS.iter().any(|known| protocol.eq_ignore_ascii_case(known));
    match repo.is_empty() || known || options.helm_plugins.is_some() {
        true => Ok(()),
        false => Err(format!(
            "`repo` of a chart must be `http://…`, `https://…` or `oci://…`, found `{repo}`; others need plugins of \
             helm, which only `--helm-plugins DIR` allows"
        )),
    }
}

/// Renders a chart.
pub(crate) fn inflate(chart: &Chart, site: &mut Site<'_, '_>) -> Result<Vec<Resource>> {
    let scratch = scratch::directory("kustomize-helm-")?;
    // As kustomize has it: where the user stands.
    let directory = std::path::absolute(".").unwrap_or_else(|_| site.root.to_owned());
    let config_home = match chart.config_home.as_str() {
        "" => display(&scratch.path().join("helm")),
        given => given.to_owned(),
    };
    // Plugins of helm are programs; those that a tree brings along are not found.
    let plugins = site.options.helm_plugins.clone().unwrap_or_else(|| scratch.path().join("plugins"));
    let helm = Helm {
        options: site.options,
        directory: &directory,
        env: vec![
            ("HELM_CONFIG_HOME".into(), config_home.clone()),
            ("HELM_CACHE_HOME".into(), format!("{config_home}/.cache")),
            ("HELM_DATA_HOME".into(), format!("{config_home}/.data")),
            ("HELM_PLUGINS".into(), display(&plugins)),
        ],
    };
    let mut run = || -> Result<Vec<Resource>> {
        helm.check_version(site.compat)?;
        if !chart.home.join(&chart.chart.name).is_dir() {
            if chart.chart.repo.is_empty() {
                return Err(Error::new(
                    ErrorKind::NotFound,
                    format!("no chart `{}` in `{}`", chart.chart.name, shown(&chart.home, site.root)),
                )
                .hint(
                    "name the repository to pull it from in `repo`, or its directory in `helmGlobals.chartHome`",
                ));
            }
            helm.run(&chart.pull_args())?;
        }
        refuse_links(&chart.home.join(&chart.chart.name), site.root)?;
        let values = scratch
            .path()
            .join(format!("{}-kustomize-values.yaml", chart.chart.name.replace(['/', '\\'], "_")));
        std::fs::write(&values, chart.values(site)?).map_err(|e| {
            Error::new(ErrorKind::Io, format!("cannot write the values for helm: {}", cause(&e)))
        })?;
        let stdout = helm.run(&chart.template_args(&display(&values)))?;
        let source = split::read_text(
            format!("<output of helm for the chart {}>", chart.chart.name),
            stdout,
            site.budget,
        )?;
        objects(&source, site.compat)
    };
    let mut all = run().map_err(|e| {
        exchange::blame_config(e, || chart.chart.mark.location())
            .during(format!("rendering the chart `{}`", chart.chart.name))
    })?;
    all.iter_mut().for_each(|res| exchange::set_place(res, &chart.chart.mark));
    Ok(all)
}

/// How many files and directories a chart may have.
const MOST_FILES: usize = 100_000;

/// Refuses links in a chart that lead out of the directory of the kustomization and of the chart: helm follows them.
fn refuse_links(chart: &Path, root: &Path) -> Result<()> {
    let unreadable = |path: &Path, e: &std::io::Error| {
        Error::new(ErrorKind::Io, format!("`{}` cannot be read: {}", shown(path, root), cause(e)))
    };
    let top = chart.canonicalize().map_err(|e| unreadable(chart, &e))?;
    let (mut left, mut seen) = (vec![top.clone()], 0);
    while let Some(directory) = left.pop() {
        for entry in directory.read_dir().map_err(|e| unreadable(&directory, &e))? {
            let entry = entry.map_err(|e| unreadable(&directory, &e))?;
            let (path, kind) = (entry.path(), entry.file_type().map_err(|e| unreadable(&directory, &e))?);
            seen += 1;
            if seen > MOST_FILES {
                let message = format!("the chart has more than {MOST_FILES} files");
                return Err(Error::new(ErrorKind::Restricted, message));
            }
            if kind.is_symlink() {
                // A broken one is for helm to complain about.
                let target = path.canonicalize().unwrap_or_else(|_| top.clone());
                if !target.starts_with(&top) && !target.starts_with(root) {
                    let message = format!("`{}` is a link that leads out of the chart", shown(&path, root));
                    return Err(Error::new(ErrorKind::Restricted, message));
                }
            } else if kind.is_dir() {
                left.push(path);
            } else if !kind.is_file() {
                let message = format!("`{}` of the chart is no regular file", shown(&path, root));
                return Err(Error::new(ErrorKind::Restricted, message));
            }
        }
    }
    Ok(())
}

/// The objects in helm's output. 5.8 marks them, so that no namespace is set.
fn objects(source: &Arc<Source>, compat: Compat) -> Result<Vec<Resource>> {
    let mut all = read::from_source(source)
        .map_err(|e| e.hint("helm must print nothing but resources; comments are fine"))?;
    for res in all.iter_mut().filter(|_| compat >= Compat::V5_8_1) {
        res.from_helm = true;
        res.edit(|doc| {
            let root = doc.root();
            let metadata = doc.get_or_make_map(root, "metadata");
            let annotations = doc.get_or_make_map(metadata, "annotations");
            let value = doc.scalar("true", Style::Single, Tag::Str);
            doc.set(annotations, internal::FROM_HELM, value);
        });
    }
    Ok(all)
}

impl Chart {
    fn pull_args(&self) -> Vec<String> {
        let chart = &self.chart;
        let mut args: Vec<String> =
            vec!["pull".into(), "--untar".into(), "--untardir".into(), display(&self.home)];
        if chart.repo.starts_with("oci://") {
            let repo = chart.repo.strip_suffix('/').unwrap_or(&chart.repo);
            args.push(format!("{repo}/{}", chart.name));
        } else {
            args.extend(["--repo".into(), chart.repo.clone(), chart.name.clone()]);
        }
        if !chart.version.is_empty() {
            args.extend(["--version".into(), chart.version.clone()]);
        }
        if chart.devel {
            args.push("--devel".into());
        }
        args
    }

    fn template_args(&self, values: &str) -> Vec<String> {
        let chart = &self.chart;
        let mut args: Vec<String> = vec!["template".into()];
        let release = chart.release_name.as_str();
        args.push(if release.is_empty() { "--generate-name" } else { release }.into());
        args.push(display(&clean(&self.home.join(&chart.name))));
        let mut pair = |flag: &str, value: &str| {
            if !value.is_empty() {
                args.extend([flag.to_owned(), value.to_owned()]);
            }
        };
        pair("--namespace", &chart.namespace);
        pair("--name-template", &chart.name_template);
        pair("-f", values);
        self.additional_values_files.iter().for_each(|file| pair("-f", file));
        chart.api_versions.iter().for_each(|version| pair("--api-versions", version));
        pair("--kube-version", &chart.kube_version);
        let flags = [
            (chart.include_crds, "--include-crds"),
            (chart.skip_tests, "--skip-tests"),
            (chart.skip_hooks, "--no-hooks"),
            (chart.debug, "--debug"),
            (chart.devel, "--devel"),
        ];
        args.extend(flags.into_iter().filter(|(on, _)| *on).map(|(_, flag)| flag.to_owned()));
        args
    }

    /// The text of the values file that helm gets.
    fn values(&self, site: &mut Site<'_, '_>) -> Result<Vec<u8>> {
        let chart = &self.chart;
        let file = chart.values_file.clone().unwrap_or_else(|| Marked {
            value: {
                let path = clean(&self.home.join(&chart.name).join("values.yaml"));
                display(path.strip_prefix(site.root).unwrap_or(&path))
            },
            mark: chart.mark.clone(),
        });
        let mut load = |file: &Text| (site.load)(file).map_err(|e| e.or_at(|| file.mark.location()));
        match &chart.values_inline {
            Some((doc, node)) if !doc.children(*node).is_empty() => {
                let source = match self.merge {
                    ValuesMerge::Replace => None,
                    _ => Some(split::read_text(file.value.as_str(), load(&file)?.to_vec(), site.budget)?),
                };
                values::merged((doc, *node), source.as_ref(), self.merge)
            }
            _ => Ok(load(&file)?.to_vec()),
        }
    }
}

/// A path as the kustomization file would name it.
fn shown(path: &Path, root: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}

/// The program and what is added to its environment.
struct Helm<'a> {
    options: &'a PluginOptions,
    directory: &'a Path,
    env: Vec<(String, String)>,
}

impl Helm<'_> {
    fn run(&self, args: &[String]) -> Result<Vec<u8>> {
        let command = self.options.helm_command.as_str();
        let program = Program {
            name: command,
            search: self.options.search.clone(),
            args,
            env: &self.env,
            directory: Some(self.directory),
            ..Default::default()
        };
        let output = program::run(&program)
            .map_err(|e| e.hint("install helm, or name the program with `--helm-command`"))?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        let mut complaint = output.complaint();
        if args.iter().any(|a| a == "--debug") {
            complaint =
                format!("{complaint}\nhelm printed:\n{}", String::from_utf8_lossy(&output.stdout).trim());
        }
        let step = args.first().map_or("", String::as_str);
        Err(Error::new(
            ErrorKind::Program,
            format!("`{} {step}` failed with {complaint}", self.options.helm_command),
        ))
    }

    fn check_version(&self, compat: Compat) -> Result<()> {
        let (args, known): (&[&str], _) = match compat >= Compat::V5_8_1 {
            true => (&["version", "--short"], ["3", "4"].as_slice()),
            false => (&["version", "-c", "--short"], ["3"].as_slice()),
        };
        let stdout = self.run(&args.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>())?;
        let text = String::from_utf8_lossy(&stdout);
        let Some(version) = find_version(&text) else {
            let message = format!(
                "expected a version in what `{} version` prints, found `{}`",
                self.options.helm_command,
                text.trim()
            );
            return Err(Error::new(ErrorKind::Program, message));
        };
        if version.split('.').next().is_some_and(|major| known.contains(&major)) {
            return Ok(());
        }
        let expected = known.join(" or ");
        Err(Error::new(ErrorKind::Program, format!("expected version {expected} of helm, found {version}"))
            .hint("name another program with `--helm-command`"))
    }
}

/// The first run of numbers with dots between them.
fn find_version(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes.iter().skip(from).take_while(|b| b.is_ascii_digit()).count();
    let mut at = 0;
    while at < bytes.len() {
        let mut end = at + digits(at);
        let major = end;
        while end > at && bytes.get(end) == Some(&b'.') && digits(end + 1) > 0 {
            end += 1 + digits(end + 1);
        }
        if end > major {
            return text.get(at..end);
        }
        at = end.max(at + 1);
    }
    None
}

fn display(path: &Path) -> String {
    path.display().to_string()
}

/// Joins as kustomize does: what is given is below the root even if it begins with a slash.
fn join(root: &Path, given: &str) -> PathBuf {
    clean(&root.join(given.trim_start_matches('/')))
}

#[cfg(test)]
#[path = "helm_tests.rs"]
mod tests;
