//! One case: a directory with input, a command line and what is expected.
//!
//! The directory has
//! - `cmd`: the arguments in the first line; then, each in a line of its own and all optional, `cwd DIR`,
//!   `env NAME=VALUE`, `exit N` (0 if absent), `name PROGRAM` (called by this name), `needs PROGRAM` (skipped
//!   where it is missing); `# ...` is a remark;
//! - `input/`: copied to a new directory, which is where the program runs;
//! - `stdout`, `stderr`: what is printed; one that is absent is not compared, but for `stdout` of a failing command,
//!   which must be empty. `{root}` stands for the new directory;
//! - `after/`: files of the directory that must be so after the run.
//!
//! A case that succeeds has at least one of the last two.
//!
//! Nothing may be left in the directory for temporary files.
//!
//! With `KFM_UPDATE=1` in the environment `stdout`, `stderr` and `after/` of a case whose exit code is right are written
//! anew where they exist. What
//! stands in `stdout` of a case whose `cmd` has the remark `# kustomize VERSION` was printed by that version of kustomize
//! and is never rewritten.

use libtest_mimic::Failed;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a case finds beside its own input.
#[derive(Default)]
pub(crate) struct Setting {
    /// A program and the names by which it is called, in a directory that comes first in `PATH` and is `{bin}` in `cmd`.
    pub program: Option<(PathBuf, &'static [&'static str])>,
    /// Completes the copy of the input.
    pub prepare: Option<fn(&Path) -> std::io::Result<()>>,
    /// A file with this behind its name and a dot is taken for the expected output, if there is one.
    pub variant: Option<String>,
}

/// The directories in a directory, sorted.
pub(crate) fn directories(top: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(top).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

/// What stands in `cmd`.
#[derive(Default)]
pub(crate) struct Cmd {
    args: Vec<String>,
    cwd: String,
    env: Vec<(String, String)>,
    exit: i32,
    name: Option<String>,
    /// The programs without which the case is skipped.
    pub needs: Vec<String>,
    from_kustomize: bool,
}

/// Reads `cmd`.
pub(crate) fn read_command(case: &Path) -> Cmd {
    let text = fs::read_to_string(case.join("cmd")).unwrap_or_default();
    let mut lines = text.lines();
    let mut cmd = Cmd { args: words(lines.next().unwrap_or_default()), ..Cmd::default() };
    for line in lines {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "cwd" => cmd.cwd = rest.to_owned(),
            "env" => cmd.env.extend(rest.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()))),
            "exit" => cmd.exit = rest.parse().unwrap_or(-1),
            "name" => cmd.name = Some(rest.to_owned()),
            "needs" => cmd.needs.push(rest.to_owned()),
            "#" => cmd.from_kustomize |= is_version(rest),
            _ => {}
        }
    }
    cmd
}

/// Whether a remark is `kustomize 5.8.3`.
fn is_version(remark: &str) -> bool {
    let version = remark.strip_prefix("kustomize ").unwrap_or_default();
    version.split('.').count() == 3 && version.split('.').all(|part| part.parse::<u32>().is_ok())
}

/// Splits at blanks; single quotes hold a word together.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![];
    for (i, part) in line.split('\'').enumerate() {
        if i % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// Runs a case.
pub(crate) fn run(case: &Path, setting: &Setting) -> Result<(), Failed> {
    let cmd = read_command(case);
    let top = tempfile::tempdir()?;
    let directory = top.path().canonicalize()?;
    let [root, bin, temporary] = ["w", "bin", "tmp"].map(|name| directory.join(name));
    copy(&case.join("input"), &root)?;
    fs::create_dir(&temporary)?;
    fs::create_dir(&bin)?;
    if let Some((program, names)) = &setting.program {
        names.iter().try_for_each(|name| std::os::unix::fs::symlink(program, bin.join(name)))?;
    }
    if let Some(prepare) = setting.prepare {
        prepare(&root)?;
    }
    let (shown_root, shown_bin) = (root.display().to_string(), bin.display().to_string());
    let with_root = |text: &str| text.replace("{root}", &shown_root).replace("{bin}", &shown_bin);
    let kfm = Path::new(env!("CARGO_BIN_EXE_kfm"));
    let program = match &cmd.name {
        None => kfm.to_owned(),
        Some(name) => {
            let link = directory.join(name);
            fs::hard_link(kfm, &link).or_else(|_| fs::copy(kfm, &link).map(drop))?;
            link
        }
    };
    let mut path = OsString::from(&bin);
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    let output = Command::new(program)
        .args(cmd.args.iter().map(|a| with_root(a)))
        .current_dir(root.join(&cmd.cwd))
        .env_clear()
        .env("PATH", path)
        .env("HOME", &directory)
        .env("TMPDIR", &temporary)
        .envs(cmd.env.iter().map(|(k, v)| (k, with_root(v))))
        .output()?;
    let hide_root = |bytes: &[u8]| {
        String::from_utf8_lossy(bytes).replace(&shown_root, "{root}").replace(&shown_bin, "{bin}")
    };
    let (stdout, stderr) = (hide_root(&output.stdout), hide_root(&output.stderr));
    let mut wrong = String::new();
    if output.status.code() != Some(cmd.exit) {
        wrong += &format!("exit {:?}, expected {}\n{stderr}\n", output.status.code(), cmd.exit);
    }
    if cmd.exit == 0 && !has_expectations(case)? {
        wrong += "nothing is compared: there is neither `stdout` nor `stderr` nor `after`\n";
    }
    if std::env::var_os("KFM_UPDATE").is_some() && wrong.is_empty() {
        return update(case, &cmd, &root, &stdout, &stderr);
    }
    let expected = |name: &str| {
        let varied = setting.variant.as_ref().map(|v| case.join(format!("{name}.{v}")));
        fs::read_to_string(varied.filter(|p| p.exists()).unwrap_or_else(|| case.join(name))).ok()
    };
    let none = || (cmd.exit != 0).then(String::new);
    compare("stdout", expected("stdout").or_else(none), &stdout, &mut wrong);
    compare("stderr", expected("stderr"), &stderr, &mut wrong);
    for file in files(&case.join("after")) {
        let now = fs::read_to_string(root.join(&file)).unwrap_or_default();
        let expected = fs::read_to_string(case.join("after").join(&file)).ok();
        compare(&file.display().to_string(), expected, &now, &mut wrong);
    }
    for left in fs::read_dir(&temporary)?.flatten() {
        wrong += &format!("`{}` is left in the directory for temporary files\n", left.file_name().display());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
}

/// Whether anything but the exit code is compared, in a variant at least.
fn has_expectations(case: &Path) -> std::io::Result<bool> {
    let names: Vec<OsString> =
        fs::read_dir(case)?.map(|e| Ok(e?.file_name())).collect::<std::io::Result<_>>()?;
    let is_expected = |name: &OsString| {
        let name = name.to_string_lossy();
        ["stdout", "stderr", "after"].contains(&name.split('.').next().unwrap_or_default())
    };
    Ok(names.iter().any(is_expected))
}

fn compare(what: &str, expected: Option<String>, actual: &str, wrong: &mut String) {
    let Some(expected) = expected.filter(|e| e != actual) else { return };
    *wrong += &format!("{what} differs:\n");
    for change in similar::TextDiff::from_lines(expected.as_str(), actual).unified_diff().iter_hunks() {
        *wrong += &change.to_string();
    }
}

fn update(case: &Path, cmd: &Cmd, root: &Path, stdout: &str, stderr: &str) -> Result<(), Failed> {
    let write = |name: &str, text: &str| match case.join(name) {
        file if file.exists() => fs::write(file, text),
        _ => Ok(()),
    };
    if !cmd.from_kustomize {
        write("stdout", stdout)?;
    }
    write("stderr", stderr)?;
    for file in files(&case.join("after")) {
        fs::copy(root.join(&file), case.join("after").join(&file))?;
    }
    Ok(())
}

/// Copies a directory.
pub(crate) fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).into_iter().flatten() {
        let entry = entry?;
        let target = to.join(entry.file_name());
        let kind = entry.file_type()?;
        if kind.is_dir() {
            copy(&entry.path(), &target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

fn files(top: &Path) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in walkdir::WalkDir::new(top).sort_by_file_name().into_iter().flatten() {
        if entry.file_type().is_file() {
            found.extend(entry.path().strip_prefix(top).map(Path::to_owned));
        }
    }
    found
}
