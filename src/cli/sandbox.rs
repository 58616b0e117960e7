//! What the kernel forbids a build of what a stranger wrote.
//!
//! Such a build does not use the network, starts no program and reads nothing outside of its root in the first place.
//! On Linux the kernel is asked to refuse it as well, so that a mistake in this program is not enough: Landlock for files, a filter of
//! system calls for the rest. Both hold for this thread and all that it starts, and cannot be taken back.

use crate::diag::{Code, Finding};
use std::path::Path;

/// Restricts this process to reading below `root` and writing to where `output` is. Tells what the kernel does not
/// enforce.
pub fn enter(root: &Path, output: Option<&Path>) -> Option<Finding> {
    let lacking = match (files(root, output), calls()) {
        (true, true) => return None,
        (false, true) => "files",
        (true, false) => "the network and programs",
        (false, false) => "files, the network and programs",
    };
    let message = format!("the kernel does not enforce what an untrusted build may reach, as for {lacking}");
    Some(Finding::new(Code::Note, message).hint("kfm itself does; Linux 5.13 or later enforces it again"))
}

#[cfg(target_os = "linux")]
fn files(root: &Path, output: Option<&Path>) -> bool {
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
        if let Ok(directory) = PathFd::new(root) {
            rules = rules.add_rule(PathBeneath::new(directory, AccessFs::ReadFile | AccessFs::ReadDir))?;
        }
        // The file is made beside the one whose place it takes.
        let place = output.map(|path| match path.is_dir() {
            true => path,
            false => path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        });
        if let Some(directory) = place.and_then(|place| PathFd::new(place).ok()) {
            let write = AccessFs::WriteFile | AccessFs::MakeReg | AccessFs::RemoveFile | AccessFs::Truncate;
            rules = rules.add_rule(PathBeneath::new(directory, write))?;
        }
        rules.restrict_self()
    };
    restrict().is_ok_and(|status| status.ruleset != RulesetStatus::NotEnforced)
}

#[cfg(not(target_os = "linux"))]
fn files(_root: &Path, _output: Option<&Path>) -> bool {
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
