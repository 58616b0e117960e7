//! The command line: what was typed, what it means, and what is printed. The only part of the crate that prints,
//! reads the environment or decides about exit codes.

mod affected;
mod args;
mod asked_once;
mod build;
mod build_all;
mod cache;
mod command;
mod compare;
mod complete;
mod completion;
mod create;
mod diff;
mod edit;
mod environment;
mod find;
mod help;
mod images;
mod import;
mod init;
mod input;
mod localize;
mod openapi;
mod output;
mod refused;
mod remote;
mod rendered;
mod rewrite;
mod sandbox;
mod session;
mod vendor;
mod version;

use crate::diag::{self, Error, Finding};
use crate::parallel;
use crate::resource::print::Piece;
use command::Command;
use environment::Environment;
pub use output::note_closed_stdout;
use std::ffi::OsString;
use std::io::Write;

/// What a command leaves to be said when it is done.
#[derive(Default)]
struct Done {
    /// For standard output.
    stdout: Vec<Vec<u8>>,
    /// For standard output after that.
    objects: Vec<Piece>,
    /// For standard error.
    findings: Vec<Finding>,
    /// How the findings are treated.
    strictness: Strictness,
    /// What went wrong with parts, while others went well.
    errors: Vec<Error>,
    /// The exit code where nothing went wrong.
    code: u8,
}

/// How findings are treated.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Strictness {
    /// Printed.
    #[default]
    Warn,
    /// Not printed.
    Quiet,
    /// Errors.
    Strict,
}

/// The commands of the program and their flags.
pub fn command() -> clap::Command {
    command::program()
}

/// Reads arguments as the program does (the first is its name).
///
/// # Errors
///
/// What clap says of a command or flag that does not exist, or of a missing or invalid value; also help that was asked for.
pub fn parse(arguments: Vec<OsString>) -> Result<clap::ArgMatches, clap::Error> {
    let mut command = command();
    let rewritten = rewrite::rewrite(&command, arguments);
    command.try_get_matches_from_mut(rewritten.arguments)
}

/// Runs the program with these arguments (the first is the program's name), on a thread whose stack is large enough for
/// the deepest document; returns the exit code.
pub fn main(arguments: Vec<OsString>) -> u8 {
    parallel::on_own_stack(|| answer(arguments)).unwrap_or_else(|e| {
        say(&format!("Error: no thread can be started: {}\n", diag::cause(&e)));
        1
    })
}

fn answer(arguments: Vec<OsString>) -> u8 {
    let mut environment = Environment::read(&arguments);
    let mut command = command::program_for(&arguments);
    let rewritten = rewrite::rewrite(&command, arguments);
    rewritten.note.iter().for_each(|note| say(note));
    let named = rewritten.arguments.get(1).map(|name| name.to_string_lossy().into_owned());
    let parsed = command.try_get_matches_from_mut(rewritten.arguments);
    let parsed = parsed.and_then(|m| Ok((command::given(&m)?, path(&m))));
    let (given, path) = match parsed {
        Ok(parsed) => parsed,
        Err(e) => return usage(&e) * trouble(named.as_deref()),
    };
    let trouble = trouble(path.first().map(String::as_str));
    match run(given, &mut environment) {
        Ok(done) => finish(done, trouble, environment.look),
        Err(mut e) => {
            if e.kind() == diag::ErrorKind::Usage && e.hints().is_empty() {
                e = e.hint(usage_of(&mut command, &path));
            }
            say(&diag::render::error(&e, environment.look));
            trouble
        }
    }
}

/// The exit code of a command that failed. Those that compare have 1 for what differs.
fn trouble(command: Option<&str>) -> u8 {
    if matches!(command, Some("diff" | "affected" | "compare")) { 2 } else { 1 }
}

/// Commands that fetch or start programs, which is not done where every input is a stranger's.
fn refuse_reaching_out(command: Option<&Command>) -> Result<(), Error> {
    let name = match command {
        Some(Command::Localize(_)) => "localize",
        Some(Command::Vendor(_)) => "vendor",
        Some(Command::Openapi(openapi::Openapi::Fetch(_))) => "openapi fetch",
        Some(Command::Diff(args)) if args.live => "diff --live",
        Some(Command::Images(images::Images::Lock(args))) if args.asks_registries() => "images lock",
        _ => return Ok(()),
    };
    let message = format!("`{name}` reaches out of this machine, which `KFM_UNTRUSTED` forbids");
    Err(Error::new(diag::ErrorKind::Restricted, message))
}

/// Returns whether a command is told that its input is a stranger's.
fn is_untrusted(command: &Command) -> bool {
    let reach = match command {
        Command::Build(args) => &args.reach,
        Command::Diff(args) => &args.reach,
        Command::Affected(args) => &args.reach,
        Command::Compare(args) => &args.reach,
        Command::Images(command) => command.reach(),
        _ => return false,
    };
    reach.untrusted.unwrap_or(false)
}

fn run(given: Option<Command>, environment: &mut Environment) -> Result<Done, Error> {
    if environment.untrusted {
        refuse_reaching_out(given.as_ref())?;
    }
    environment.untrusted |= given.as_ref().is_some_and(is_untrusted);
    let environment = &*environment;
    match given {
        Some(Command::Build(args)) if args.all => build_all::run(&args, environment),
        Some(Command::Build(args)) => build::run(args, environment),
        Some(Command::Diff(args)) => diff::run(&args, environment),
        Some(Command::Affected(args)) => affected::run(&args, environment),
        Some(Command::Compare(args)) => compare::run(&args, environment),
        Some(Command::Create(args)) => create::run(&args, environment),
        Some(Command::Init(args)) => init::run(&args, environment),
        Some(Command::Import(import)) => import::run(&import, environment),
        Some(Command::Images(command)) => images::run(command, environment),
        Some(Command::Edit(args)) => edit::run(args, environment),
        Some(Command::Version(args)) => version::run(&args, environment),
        Some(Command::Localize(args)) => localize::run(&args, environment),
        Some(Command::Vendor(args)) => vendor::run(&args, environment),
        Some(Command::Cache(command)) => cache::run(&command, environment),
        Some(Command::Completion(args)) => completion::run(&args, environment),
        Some(Command::Help(args)) => help::run(&args, command()),
        Some(Command::Openapi(command)) => openapi::run(&command, environment),
        Some(Command::Cfg) => Err(refused::cfg()),
        Some(Command::Fn) => Err(refused::function()),
        Some(Command::Topic(topic)) => Ok(help::topic(&topic)),
        Some(Command::Complete(words)) => complete::run(&words, &command()),
        None => Ok(long_help(&[])),
    }
}

/// The help of a command, by the names that lead to it.
fn long_help(path: &[&str]) -> Done {
    let mut command = command();
    command.build();
    let mut at = &mut command;
    for name in path {
        match at.find_subcommand_mut(name) {
            Some(next) => at = next,
            None => return Done::default(),
        }
    }
    Done { stdout: vec![at.render_long_help().to_string().into_bytes()], ..Done::default() }
}

/// The names of the command that was given: `edit`, `set`, `image`.
fn path(matches: &clap::ArgMatches) -> Vec<String> {
    let mut path = vec![];
    let mut at = matches;
    while let Some((name, below)) = at.subcommand() {
        path.push(name.to_owned());
        at = below;
    }
    path
}

/// How a command is used, for those who gave it the wrong arguments.
fn usage_of(command: &mut clap::Command, path: &[String]) -> String {
    let mut at = command;
    for name in path {
        if at.find_subcommand(name).is_none() {
            break;
        }
        let Some(below) = at.find_subcommand_mut(name) else { return String::new() };
        at = below;
    }
    let usage = at.render_usage().to_string();
    let usage = usage.trim_start_matches("Usage:").trim();
    format!("use it as `{usage}`; `--help` says more")
}

/// Prints what clap has to say: help on standard output, mistakes on standard error, exit 1 as kustomize does.
fn usage(e: &clap::Error) -> u8 {
    use clap::error::ErrorKind::{DisplayHelp, DisplayVersion};
    let asked = matches!(e.kind(), DisplayHelp | DisplayVersion);
    let text = e.render().to_string();
    if asked {
        output::stdout(&[text.into_bytes()]);
        return 0;
    }
    say(&text.replacen("error: ", "Error: ", 1));
    1
}

/// Prints what a command leaves; gives the exit code, `trouble` where it cannot be printed.
fn finish(done: Done, trouble: u8, look: diag::render::Look) -> u8 {
    done.errors.iter().for_each(|e| say(&diag::render::error(e, look)));
    match done.strictness {
        Strictness::Quiet => {}
        Strictness::Warn => done.findings.iter().for_each(|f| say(&diag::render::warning(f, look))),
        Strictness::Strict if done.findings.iter().any(Finding::is_warning) => {
            for finding in done.findings.iter().filter(|f| f.is_warning()) {
                say(&diag::render::strict(finding, look));
            }
            return 1;
        }
        Strictness::Strict => {}
    }
    let is_printed = output::stdout(&done.stdout) == 0 && output::stdout(&done.objects) == 0;
    if is_printed { done.code } else { trouble.max(done.code) }
}

/// Writes to standard error; a closed one is no reason to fail.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
