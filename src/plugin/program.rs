//! The one place where plugins start other programs.
//!
//! Nothing is started unless the user allowed it; the callers see to that. The child inherits the environment, gets
//! what is added to it, and is killed with all that it started when it takes longer than allowed or prints too much.

use crate::diag::{Error, ErrorKind, Result, cause};
use crate::interrupt;
use crate::search_path::SearchPath;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::Builder;
use std::time::{Duration, Instant};

/// How much a program may print, in bytes.
const MOST_OUTPUT: u64 = 256 << 20;

/// What to start and how.
#[derive(Debug, Default)]
pub(crate) struct Program<'a> {
    /// A path if it has a slash, then relative to `directory`; otherwise it is looked for in `search`.
    pub(crate) name: &'a str,
    /// Where it is looked for.
    pub(crate) search: SearchPath,
    /// Its arguments.
    pub(crate) args: &'a [String],
    /// Added to the environment; of equal names the last counts.
    pub(crate) env: &'a [(String, String)],
    /// Where it runs; in the root of the file system if `None`.
    pub(crate) directory: Option<&'a Path>,
    /// What it reads; nothing if empty.
    pub(crate) input: &'a [u8],
    /// Standard error is the user's own rather than captured.
    pub(crate) show_errors: bool,
    /// It is killed after this time.
    pub(crate) timeout: Option<Duration>,
}

/// What a program left.
#[derive(Debug)]
pub(crate) struct Output {
    /// How it ended.
    pub(crate) status: ExitStatus,
    /// What it wrote.
    pub(crate) stdout: Vec<u8>,
    /// What it wrote to standard error, if that was captured.
    pub(crate) stderr: String,
}

impl Output {
    /// How it ended: `exit status 3`, `signal 9`.
    pub(crate) fn ending(&self) -> String {
        ending(self.status)
    }

    /// How it ended and what it said about it.
    pub(crate) fn complaint(&self) -> String {
        match self.stderr.trim() {
            "" => self.ending(),
            said => format!("{}: {said}", self.ending()),
        }
    }
}

fn ending(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("signal {signal}");
    }
    status.code().map_or_else(|| status.to_string(), |code| format!("exit status {code}"))
}

/// Runs a program to its end. An error only when it could not be started or took too long.
pub(crate) fn run(program: &Program<'_>) -> Result<Output> {
    let directory = program.directory.unwrap_or(Path::new("/"));
    let mut command =
        program.search.command(program.name, directory).map_err(|e| start_failed(program, &e))?;
    command.args(program.args).envs(program.env.iter().map(|(k, v)| (k, v)));
    command.stdin(if program.input.is_empty() { Stdio::null() } else { Stdio::piped() });
    command.stdout(Stdio::piped());
    command.stderr(if program.show_errors { Stdio::inherit() } else { Stdio::piped() });
    let mut child = interrupt::Program::start(&mut command).map_err(|e| start_failed(program, &e))?;
    // Without threads for its pipes the program is ended again.
    let no_thread = |e: std::io::Error| {
        Error::new(
            ErrorKind::Program,
            format!("no thread can be started for `{}`: {}", program.name, cause(&e)),
        )
    };
    if let Some(mut pipe) = child.stdin.take() {
        let input = program.input.to_vec();
        // A program that does not read to the end closes the pipe, which is no mistake.
        let feed = move || drop(pipe.write_all(&input));
        Builder::new().spawn(feed).map_err(no_thread)?;
    }
    let stdout = collect(child.stdout.take()).map_err(no_thread)?;
    let stderr = collect(child.stderr.take()).map_err(no_thread)?;
    let status = wait(&mut child, program)?;
    let read = |from: Receiver<Vec<u8>>| from.recv().unwrap_or_default();
    let (stdout, stderr) = (read(stdout), read(stderr));
    if stdout.len() as u64 > MOST_OUTPUT {
        let message = format!("`{}` printed more than {} MiB", program.name, MOST_OUTPUT >> 20);
        return Err(Error::new(ErrorKind::Program, message));
    }
    Ok(Output { status, stdout, stderr: String::from_utf8_lossy(&stderr).into_owned() })
}

fn start_failed(program: &Program<'_>, error: &std::io::Error) -> Error {
    let message = match error.kind() {
        std::io::ErrorKind::NotFound if !program.name.contains('/') => {
            format!("cannot start `{}`: it is not in any absolute directory of `PATH`", program.name)
        }
        _ => format!("cannot start `{}`: {}", program.name, cause(error)),
    };
    Error::new(
        if error.kind() == std::io::ErrorKind::NotFound { ErrorKind::NotFound } else { ErrorKind::Program },
        message,
    )
}

/// Reads a pipe to its end on a thread of its own, so that the child never waits for us. After more than can be used, of
/// which one byte tells, the pipe is closed, and the child ends by writing to it.
fn collect(pipe: Option<impl Read + Send + 'static>) -> std::io::Result<Receiver<Vec<u8>>> {
    let (send, receive) = channel();
    if let Some(mut pipe) = pipe {
        Builder::new().spawn(move || {
            let mut all = Vec::new();
            let _ = pipe.by_ref().take(MOST_OUTPUT + 1).read_to_end(&mut all);
            let _ = send.send(all);
        })?;
    }
    Ok(receive)
}

fn wait(child: &mut interrupt::Program, program: &Program<'_>) -> Result<ExitStatus> {
    let failed = |e: std::io::Error| {
        Error::new(ErrorKind::Program, format!("cannot wait for `{}`: {}", program.name, cause(&e)))
    };
    let Some(timeout) = program.timeout else { return child.wait().map_err(failed) };
    let start = Instant::now();
    let mut pause = Duration::from_millis(1);
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(status);
        }
        let left = timeout.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Err(Error::new(
                ErrorKind::Program,
                format!("`{}` took longer than {timeout:?}", command_line(program.name, program.args)),
            ));
        }
        std::thread::sleep(pause.min(left));
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// A command line for messages.
pub(crate) fn command_line(name: &str, args: &[String]) -> String {
    std::iter::once(name).chain(args.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sh(script: &str) -> [String; 2] {
        ["-c".into(), script.into()]
    }

    #[test]
    fn input_output_and_status_come_through() {
        let args = sh("cat; echo problem >&2; echo \"$A\"; exit 3");
        let env = [("A".to_owned(), "b".to_owned())];
        let program = Program {
            name: "sh",
            args: &args,
            env: &env,
            input: b"x\n",
            search: SearchPath::of_the_tests(),
            ..Default::default()
        };
        let output = run(&program).unwrap();
        assert_eq!(output.stdout, b"x\nb\n");
        assert_eq!(output.stderr, "problem\n");
        assert_eq!(output.ending(), "exit status 3");
    }

    #[test]
    fn a_program_that_does_not_read_is_no_problem() {
        let args = sh("exit 0");
        let input = vec![b'x'; 1 << 20];
        let output = run(&Program {
            name: "sh",
            args: &args,
            input: &input,
            search: SearchPath::of_the_tests(),
            ..Default::default()
        })
        .unwrap();
        assert!(output.status.success());
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let error = run(&Program {
            name: "no-such-program-here",
            search: SearchPath::of_the_tests(),
            ..Default::default()
        })
        .unwrap_err();
        assert!(error.message().contains("not in any absolute directory of `PATH`"), "{error}");
        let error = run(&Program {
            name: "./no-such-program",
            search: SearchPath::of_the_tests(),
            ..Default::default()
        })
        .unwrap_err();
        assert!(error.message().starts_with("cannot start `./no-such-program`"), "{error}");
    }

    #[test]
    fn a_program_that_takes_too_long_is_killed() {
        let args = sh("exec sleep 60");
        let timeout = Some(Duration::from_millis(1));
        let error = run(&Program {
            name: "sh",
            args: &args,
            timeout,
            search: SearchPath::of_the_tests(),
            ..Default::default()
        })
        .unwrap_err();
        assert!(error.message().contains("took longer than 1ms"), "{error}");
    }
}
