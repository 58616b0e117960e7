//! `compare`: what other versions of kustomize print of the same input.

use super::args::{BuildArgs, ReachArgs};
use super::environment::Environment;
use super::{Done, sandbox, session};
use crate::compat::Compat;
use crate::diag::{Code, Error, ErrorKind, Finding, Result};
use crate::diff::{self, Target, write};
use crate::limits::Budget;
use crate::resource::{ResMap, print};
use clap::Args;
use std::sync::Arc;

/// Arguments of `compare`.
#[derive(Debug, Args)]
pub(super) struct CompareArgs {
    /// Directories or URLs to render [default: the current directory]
    #[arg(value_name = "TARGET")]
    pub(crate) targets: Vec<String>,
    /// Versions of kustomize, separated by commas; each is compared with the one before it
    #[arg(long, value_name = "VERSIONS", value_delimiter = ',', required = true)]
    pub(crate) compat: Vec<String>,
    /// Show the values of Secrets
    #[arg(long)]
    pub(crate) show_secrets: bool,
    /// Leave nothing out of the report, however long it becomes
    #[arg(long)]
    pub(crate) full: bool,
    /// What may be read, run and fetched
    #[command(flatten)]
    pub(crate) reach: ReachArgs,
}

/// What a version makes of a target: objects and the text that is printed of them, or why there are none.
type Rendered = Result<(ResMap, Vec<u8>)>;

/// Renders each target as each version, and reports what differs; exit code 1 if anything does.
pub(super) fn run(args: &CompareArgs, environment: &Environment) -> Result<Done> {
    let versions =
        args.compat.iter().map(|name| environment.compat(Some(name))).collect::<Result<Vec<_>>>()?;
    if versions.len() < 2 {
        let message = format!("expected two versions to compare, found {}", versions.len());
        return Err(Error::new(ErrorKind::Usage, message).hint("write `--compat 5.8.1,5.8.3`"));
    }
    let current = [".".to_owned()];
    let targets = if args.targets.is_empty() { &current[..] } else { &args.targets };
    let notes = sandbox::confine(
        targets.iter().map(String::as_str).chain(args.reach.root.as_deref()),
        None,
        environment,
    );
    let reach = BuildArgs { reach: args.reach.clone(), ..BuildArgs::default() };
    let budget = session::budget(&reach, environment)?;
    let mut all = Comparison { findings: notes, ..Comparison::default() };
    for target in targets {
        let rendered: Vec<Rendered> =
            versions.iter().map(|v| render(&budget, target, *v, args, environment)).collect();
        if let (true, Some(Err(e))) = (rendered.iter().all(Result::is_err), rendered.last()) {
            let message = format!("none of these versions builds `{target}`: {}", e.message());
            all.findings.push(Finding::new(Code::Skipped, message));
        }
        for (pair, names) in rendered.windows(2).zip(versions.windows(2)) {
            if let ([old, new], [from, to]) = (pair, names) {
                all.add(&format!("{target}: {} to {}", from.name(), to.name()), old, new, args);
            }
        }
    }
    Ok(all.finish(args, environment))
}

fn render(
    budget: &Arc<Budget>,
    target: &str,
    version: Compat,
    args: &CompareArgs,
    environment: &Environment,
) -> Rendered {
    let compat = Some(version.name().to_owned());
    let args = BuildArgs { reach: args.reach.clone(), compat, ..BuildArgs::default() };
    let objects = session::render(budget, &args, target, |_, fetch| Ok(fetch), environment)?;
    let text = print::all(&objects, 1)?.concat();
    Ok((objects, text))
}

/// What was found so far.
#[derive(Default)]
struct Comparison {
    /// Pairs of versions that print other objects or fields.
    targets: Vec<Target>,
    /// Lines about pairs that cannot be compared field by field.
    lines: String,
    findings: Vec<Finding>,
}

impl Comparison {
    fn add(&mut self, name: &str, old: &Rendered, new: &Rendered, args: &CompareArgs) {
        match (old, new) {
            (Ok((_, old)), Ok((_, new))) if old == new => {}
            (Ok((old, _)), Ok((new, _))) => {
                let options =
                    diff::Options { hash_noise: true, show_secrets: args.show_secrets, ..Default::default() };
                let report = diff::compare(old, new, &options);
                if report.is_empty() {
                    self.lines += &format!("{name}: the same objects, in another order or style\n");
                } else {
                    self.targets.push(Target { name: name.to_owned(), report });
                }
            }
            (Ok(_), Err(e)) => self.lines += &format!("{name}: does not build any more: {}\n", e.message()),
            (Err(e), Ok(_)) => self.lines += &format!("{name}: builds now, failed before: {}\n", e.message()),
            (Err(_), Err(_)) => {}
        }
    }

    fn finish(self, args: &CompareArgs, environment: &Environment) -> Done {
        let style = write::Style { look: environment.output_look, full: args.full };
        let text = self.lines + &write::text(&self.targets, style);
        let code = u8::from(!text.is_empty() || !self.findings.is_empty());
        Done { stdout: vec![text.into_bytes()], findings: self.findings, code, ..Done::default() }
    }
}
