//! What the kernel forbids a build of what a stranger wrote.
//!
//! Such a build does not use the network, starts no program and reads nothing outside of its root in the first place.
//! On Linux the kernel is asked to refuse it as well, so that a mistake in this program is not enough: Landlock for files, a filter of
//! system calls for the rest. Both hold for this thread and all that it starts, and cannot be taken back.

use super::environment::Environment;
use crate::diag::{Code, Finding};
use crate::load;
use std::path::{Path, PathBuf};

/// What commands other than `build` do where every input is a stranger's (`KFM_UNTRUSTED=1`): restricts them to reading
/// what their targets and other arguments may reach, and to writing to where `output` is.
pub(super) fn confine<'a>(
    targets: impl IntoIterator<Item = &'a str>,
    output: Option<&str>,
    environment: &Environment,
) -> Vec<Finding> {
    if !environment.untrusted {
        return vec![];
    }
    let roots: Vec<PathBuf> = targets.into_iter().map(|target| own_root(target, environment)).collect();
    let output = output.filter(|path| !path.is_empty()).map(|path| environment.directory.join(path));
    enter(&roots, output.as_deref()).into_iter().collect()
}

/// What an untrusted build of a target reads: the work tree of git that the target lies in, else the target. For a file
/// its directory counts, for what is not there that in which the user stands.
pub(super) fn own_root(target: &str, environment: &Environment) -> PathBuf {
    let path = environment.directory.join(target);
    let directory = if path.is_file() { path.parent().unwrap_or(&path) } else { &path };
    let Ok(directory) = directory.canonicalize() else { return environment.directory.clone() };
    load::work_tree(&directory, &|path| path.exists()).unwrap_or(&directory).to_owned()
}

/// Restricts this process to reading below `roots`, and to reading and writing where `output` is. Tells what the kernel
/// does not enforce.
pub(super) fn enter(roots: &[PathBuf], output: Option<&Path>) -> Option<Finding> {
    let lacking = match (files(roots, output), calls()) {
        (true, true) => return None,
        (false, true) => "files",
        (true, false) => "the network and programs",
        (false, false) => "files, the network and programs",
    };
    let message = format!("the kernel does not enforce what an untrusted build may reach, as for {lacking}");
    Some(Finding::new(Code::Note, message).hint("kfm itself does; Linux 5.13 or later enforces it again"))
}

#[cfg(target_os = "linux")]
fn files(roots: &[PathBuf], output: Option<&Path>) -> bool {
    use landlock::{
        ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, RestrictionStatus,
        Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError, RulesetStatus,
    };
    let restrict = || -> Result<RestrictionStatus, RulesetError> {
        let mut rules = Ruleset::default()
            .set_compatibility(CompatLevel::BestEffort)
            .handle_access(AccessFs::from_all(ABI::V5))?
            .handle_access(AccessNet::from_all(ABI::V5))?
            .create()?;
        let read = AccessFs::ReadFile | AccessFs::ReadDir;
        for root in roots.iter().filter_map(|root| PathFd::new(root).ok()) {
            rules = rules.add_rule(PathBeneath::new(root, read))?;
        }
        // A file is made beside the one whose place it takes; what is not there is made where it will be.
        let place = output.and_then(|path| path.ancestors().find(|above| above.is_dir()));
        if let Some(directory) = place.and_then(|place| PathFd::new(place).ok()) {
            let write = AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::Truncate;
            let directories = AccessFs::MakeDir | AccessFs::RemoveDir;
            rules = rules.add_rule(PathBeneath::new(directory, read | write | directories))?;
        }
        rules.restrict_self()
    };
    restrict().is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(not(target_os = "linux"))]
fn files(_roots: &[PathBuf], _output: Option<&Path>) -> bool {
    false
}

/// System calls that start programs, reach the network or other processes, or change what the process sees.
#[cfg(target_os = "linux")]
const REFUSED: [libc::c_long; 30] = [
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_open_by_handle_at,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
];

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
))]
fn calls() -> bool {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch, apply_filter_all_threads};
    let refused = REFUSED.iter().map(|call| (*call, vec![])).collect();
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let architecture = TargetArch::try_from(std::env::consts::ARCH);
    let filter = architecture
        .and_then(|architecture| SeccompFilter::new(refused, SeccompAction::Allow, refuse, architecture))
        .and_then(BpfProgram::try_from);
    filter.is_ok_and(|filter| apply_filter_all_threads(&filter).is_ok())
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64", target_arch = "riscv64")
)))]
fn calls() -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::fs;
    use std::process::Command;

    /// Set where the process is the one that is restricted.
    const RESTRICTED: &str = "KFM_TEST_RESTRICTED";

    #[test]
    fn the_kernel_refuses_what_the_program_does_not_do() {
        if let Some(root) = std::env::var_os(RESTRICTED) {
            return restricted(Path::new(&root));
        }
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("inside"), "").unwrap();
        let name = "cli::sandbox::tests::the_kernel_refuses_what_the_program_does_not_do";
        let mut command = Command::new(std::env::current_exe().unwrap());
        let done = command.args(["--exact", name]).env(RESTRICTED, root.path()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    }

    fn restricted(root: &Path) {
        let (files, calls) = (files(&[root.to_owned()], None), calls());
        assert!(fs::read(root.join("inside")).is_ok());
        if files {
            assert!(fs::read("/etc/passwd").is_err() && fs::write(root.join("new"), "").is_err());
        }
        if calls {
            assert!(Command::new("/bin/true").status().is_err());
            assert!(std::net::TcpListener::bind("127.0.0.1:0").is_err());
            assert!(std::os::unix::net::UnixDatagram::unbound().is_err());
        }
    }
}
