//! What a run leaves after that is ended by a signal: nothing.
//!
//! Temporary files and directories are made here and programs are started here, so that there is a list of both.
//! [`clean_up`] ends the programs and removes the files; whoever listens to signals calls it. Nobody needs to listen
//! before there is something on the list: see [`set_signal_handler`]. Kustomize leaves its clones and its programs after.

use std::io;
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tempfile::{NamedTempFile, TempDir};

/// How long programs have to end by themselves when they are asked to.
const PATIENCE: Duration = Duration::from_secs(2);

/// How often a directory is removed that is being written to.
const ATTEMPTS: u32 = 5;

static STATE: Mutex<State> = Mutex::new(State { listen: None, paths: vec![], programs: vec![] });

struct State {
    listen: Option<fn()>,
    paths: Vec<PathBuf>,
    /// Programs that run, and those that ended but whose number is not free yet.
    programs: Vec<u32>,
}

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The list, before something is added to it.
fn listening() -> MutexGuard<'static, State> {
    let mut state = state();
    if let Some(listen) = state.listen.take() {
        listen();
    }
    state
}

/// What begins to listen to signals; called once, when there is something that could be left after.
pub fn set_signal_handler(listen: fn()) {
    state().listen = Some(listen);
}

/// Ends all programs and removes all temporary files. The process has to end then: what would make or start more
/// waits forever.
pub fn clean_up() {
    let state = state();
    end(&state.programs);
    for path in &state.paths {
        for _ in 0..ATTEMPTS {
            let removed =
                if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) };
            if removed.is_ok() || !path.exists() {
                break;
            }
        }
    }
    std::mem::forget(state);
}

/// Asks programs and what they started to end, which gives git and container engines the time to end their own, and
/// makes them.
#[cfg(unix)]
fn end(programs: &[u32]) {
    use rustix::process::{Pid, Signal, WaitIdOptions, kill_process_group, waitid};
    let pids = || programs.iter().filter_map(|&n| Pid::from_raw(i32::try_from(n).ok()?));
    let ended = |pid: Pid| {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        !matches!(waitid(rustix::process::WaitId::Pid(pid), options), Ok(None))
    };
    for pid in pids() {
        let _ = kill_process_group(pid, Signal::TERM);
    }
    let start = std::time::Instant::now();
    while start.elapsed() < PATIENCE && !pids().all(ended) {
        std::thread::sleep(Duration::from_millis(5));
    }
    // The number of a group is not free as long as the program that leads it was not waited for.
    for pid in pids() {
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

#[cfg(not(unix))]
fn end(_programs: &[u32]) {}

/// A temporary file or directory: removed when dropped, and when the run is interrupted.
#[derive(Debug)]
pub(crate) struct Temporary<T> {
    held: Option<T>,
    path: PathBuf,
}

/// A temporary directory.
pub(crate) type Directory = Temporary<TempDir>;

/// A temporary file.
pub(crate) type File = Temporary<NamedTempFile>;

/// A temporary directory, as `make` makes it.
pub(crate) fn directory(make: impl FnOnce() -> io::Result<TempDir>) -> io::Result<Directory> {
    temporary(make)
}

/// A temporary file, as `make` makes it.
pub(crate) fn file(make: impl FnOnce() -> io::Result<NamedTempFile>) -> io::Result<File> {
    temporary(make)
}

/// A temporary file in a directory, to be given the name of another one there: with the usual mode of new files.
pub(crate) fn file_in(directory: &Path) -> io::Result<File> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".kfm-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    temporary(|| builder.tempfile_in(directory))
}

/// Makes something while nobody can clean up, so that it is on the list when somebody does.
fn temporary<T: AsRef<Path>>(make: impl FnOnce() -> io::Result<T>) -> io::Result<Temporary<T>> {
    let mut state = listening();
    let held = make()?;
    let path = held.as_ref().to_owned();
    state.paths.push(path.clone());
    Ok(Temporary { held: Some(held), path })
}

impl<T> Temporary<T> {
    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Directory {
    /// Gives it its name for good, in place of nothing or of an empty directory.
    pub(crate) fn rename(mut self, to: &Path) -> io::Result<()> {
        std::fs::rename(&self.path, to)?;
        self.held.take().map(TempDir::keep);
        Ok(())
    }
}

impl File {
    /// Writes its content.
    pub(crate) fn write_all(&mut self, content: &[u8]) -> io::Result<()> {
        self.held.as_mut().map_or(Ok(()), |file| io::Write::write_all(file, content))
    }

    /// Gives it its name for good, in place of a file that may be there.
    pub(crate) fn rename(mut self, to: &Path) -> io::Result<()> {
        self.held.take().map_or(Ok(()), |file| file.persist(to).map(drop).map_err(|e| e.error))
    }
}

impl<T> Drop for Temporary<T> {
    fn drop(&mut self) {
        drop(self.held.take());
        let mut state = state();
        if let Some(at) = state.paths.iter().position(|path| *path == self.path) {
            state.paths.swap_remove(at);
        }
    }
}

/// A program that was started: ended when dropped, and when the run is interrupted. It leads a process group of its own,
/// which ends with it.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    ended: Option<ExitStatus>,
}

impl Program {
    /// Starts a program.
    pub(crate) fn start(command: &mut Command) -> io::Result<Self> {
        let mut state = listening();
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let child = command.spawn()?;
        state.programs.push(child.id());
        Ok(Self { child, ended: None })
    }

    /// Limits the memory that it, and what it starts from now on, may use for data, where the system can do that.
    pub(crate) fn limit_memory(&self, bytes: u64) {
        #[cfg(target_os = "linux")]
        {
            use rustix::process::{Resource, Rlimit, prlimit};
            let limit = Rlimit { current: Some(bytes), maximum: Some(bytes) };
            // It may have ended.
            let _ = self.pid().map(|pid| prlimit(Some(pid), Resource::Data, limit));
        }
        #[cfg(not(target_os = "linux"))]
        let _ = bytes;
    }

    /// Waits for its end.
    pub(crate) fn wait(&mut self) -> io::Result<ExitStatus> {
        // Its number stays taken until it is off the list.
        #[cfg(unix)]
        if self.ended.is_none()
            && let Some(pid) = self.pid()
        {
            use rustix::process::{WaitId, WaitIdOptions, waitid};
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            let _ = rustix::io::retry_on_intr(|| waitid(WaitId::Pid(pid), options));
        }
        #[cfg(not(unix))]
        self.child.wait()?;
        match self.try_wait()? {
            Some(status) => Ok(status),
            None => self.child.wait(),
        }
    }

    /// How it ended, if it has. What it started and left behind is ended as well.
    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            let mut state = state();
            #[cfg(unix)]
            if self.has_ended() {
                self.end_group();
            }
            self.ended = self.child.try_wait()?;
            if self.ended.is_some() {
                state.programs.retain(|&number| number != self.child.id());
            }
        }
        Ok(self.ended)
    }
}

#[cfg(unix)]
impl Program {
    fn pid(&self) -> Option<rustix::process::Pid> {
        i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw)
    }

    /// Whether it has ended; its number stays taken.
    fn has_ended(&self) -> bool {
        use rustix::process::{WaitId, WaitIdOptions, waitid};
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        self.pid().is_some_and(|pid| matches!(waitid(WaitId::Pid(pid), options), Ok(Some(_))))
    }

    /// Ends all processes of its group. It must not have been waited for.
    fn end_group(&self) {
        if let Some(pid) = self.pid() {
            let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::KILL);
        }
    }
}

impl Deref for Program {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.child
    }
}

impl DerefMut for Program {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if matches!(self.try_wait(), Ok(None)) {
            #[cfg(unix)]
            self.end_group();
            let _ = self.child.kill();
            let _ = self.wait();
        }
    }
}
