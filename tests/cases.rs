//! Runs the cases below `tests/cases`: a folder with input, a command line and what is expected.
//!
//! A case is `tests/cases/TOPIC/NAME/` with
//! - `cmd`: the arguments in the first line; then, each in a line of its own and all optional, `cwd DIR`,
//!   `env NAME=VALUE`, `exit N` (0 if absent), `name PROGRAM` (called by this name), `needs PROGRAM` (skipped
//!   where it is missing); `# ...` is a remark;
//! - `input/`: copied to a new folder, which is where the program runs;
//! - `stdout`, `stderr`: what is printed; one that is absent is not compared, but for `stdout` of a failing command,
//!   which must be empty. `{root}` stands for the new folder;
//! - `after/`: files of the folder that must be so after the run.
//!
//! `KFM_UPDATE=1 cargo test --test cases` writes `stdout`, `stderr` and `after/` anew where they exist. What stands
//! in `stdout` of a case whose `cmd` has the remark `# kustomize` was printed by kustomize 5.8.1 and is never
//! rewritten.

use libtest_mimic::{Arguments, Failed, Trial};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    let arguments = Arguments::from_args();
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut trials = Vec::new();
    for topic in folders(&top) {
        for case in folders(&topic) {
            let name = case.strip_prefix(&top).map_or_else(|_| case.clone(), Path::to_owned);
            let ignored = !read_command(&case).needs.iter().all(|p| is_installed(p));
            trials
                .push(Trial::test(name.display().to_string(), move || run(&case)).with_ignored_flag(ignored));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn folders(top: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(top).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries.map(|e| e.path()).filter(|p| p.is_dir()).collect();
    found.sort();
    found
}

fn is_installed(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

#[derive(Default)]
struct Cmd {
    args: Vec<String>,
    cwd: String,
    env: Vec<(String, String)>,
    exit: i32,
    name: Option<String>,
    needs: Vec<String>,
    from_kustomize: bool,
}

fn read_command(case: &Path) -> Cmd {
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
            "#" => cmd.from_kustomize |= rest == "kustomize",
            _ => {}
        }
    }
    cmd
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

fn run(case: &Path) -> Result<(), Failed> {
    let cmd = read_command(case);
    let folder = tempfile::tempdir()?;
    let root = folder.path().canonicalize()?.join("w");
    copy(&case.join("input"), &root)?;
    let shown_root = root.display().to_string();
    let with_root = |text: &str| text.replace("{root}", &shown_root);
    let program = match &cmd.name {
        None => PathBuf::from(env!("CARGO_BIN_EXE_kfm")),
        Some(name) => {
            let link = folder.path().join(name);
            fs::hard_link(env!("CARGO_BIN_EXE_kfm"), &link)
                .or_else(|_| fs::copy(env!("CARGO_BIN_EXE_kfm"), &link).map(drop))?;
            link
        }
    };
    let output = Command::new(program)
        .args(cmd.args.iter().map(|a| with_root(a)))
        .current_dir(root.join(&cmd.cwd))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", folder.path())
        .envs(cmd.env.iter().map(|(k, v)| (k, with_root(v))))
        .output()?;
    let hide_root = |bytes: &[u8]| String::from_utf8_lossy(bytes).replace(&shown_root, "{root}");
    let (stdout, stderr) = (hide_root(&output.stdout), hide_root(&output.stderr));
    if std::env::var_os("KFM_UPDATE").is_some() {
        return update(case, &cmd, &root, &stdout, &stderr);
    }
    let mut wrong = String::new();
    if output.status.code() != Some(cmd.exit) {
        wrong += &format!("exit {:?}, expected {}\n{stderr}\n", output.status.code(), cmd.exit);
    }
    let expected_stdout = fs::read_to_string(case.join("stdout")).ok();
    compare("stdout", expected_stdout.or_else(|| (cmd.exit != 0).then(String::new)), &stdout, &mut wrong);
    compare("stderr", fs::read_to_string(case.join("stderr")).ok(), &stderr, &mut wrong);
    for file in files(&case.join("after")) {
        let now = fs::read_to_string(root.join(&file)).unwrap_or_default();
        let expected = fs::read_to_string(case.join("after").join(&file)).ok();
        compare(&file.display().to_string(), expected, &now, &mut wrong);
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.into()) }
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

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
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
