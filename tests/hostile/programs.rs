//! Inputs that have programs run: git, plugins, functions.

use super::{Input, SECRET, config_map};
use std::io::Write;
use std::process::Command;

fn git(input: &Input, directory: &str, args: &[&str]) {
    let who = ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"];
    let done = Command::new("git").args(who).arg("-C").arg(input.path(directory)).args(args).output();
    let done = done.expect("git runs");
    assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
}

/// Commits a directory of the input as a repository of its own.
pub(crate) fn commit(input: &Input, directory: &str) {
    git(input, directory, &["init", "-q"]);
    git(input, directory, &["add", "-A"]);
    git(input, directory, &["commit", "-qm", "x"]);
}

#[test]
fn the_git_of_a_clone_is_not_run() {
    let input = Input::new();
    input.put("repo/kustomization.yaml", "resources: [a.yaml]\n").put("repo/a.yaml", config_map("a", "b"));
    input.program("repo/git", &format!("touch '{}'\n", input.path("ran").display()));
    input.put("repo/.gitmodules", "");
    commit(&input, "repo");
    input.put("w/kustomization.yaml", format!("resources: ['file://{}']\n", input.path("repo").display()));
    let path = std::env::var("PATH").expect("a path");
    for front in ["", ".", "./x"] {
        let args = ["build", ".", "--enable-file-repositories"];
        input.run_in("w", &args, &[("PATH", &format!("{front}:{path}"))]).built();
    }
    assert!(!input.exists("ran"));
}

#[test]
fn repositories_of_this_machine_are_named_on_the_command_line_alone() {
    let input = Input::new();
    input
        .put("secret/kustomization.yaml", "resources: [a.yaml]\n")
        .put("secret/a.yaml", config_map("a", SECRET));
    commit(&input, "secret");
    let url = format!("file://{}", input.path("secret").display());
    input.put("outer/kustomization.yaml", format!("resources: ['{url}']\n"));
    commit(&input, "outer");
    input.put("w/kustomization.yaml", format!("resources: ['{url}']\n"));
    input.run_in("w", &["build", "."], &[]).refused("--enable-file-repositories");
    input.run_in("w", &["build", ".", "--enable-file-repositories"], &[]).built();
    input.run_in("w", &["build", &url], &[]).built();
    let outer = format!("file://{}", input.path("outer").display());
    let ended = input.run_in("w", &["build", &outer, "--enable-file-repositories"], &[]);
    ended.refused("which no cloned one may name");
}

#[test]
fn hooks_and_filters_of_a_repository_are_not_run() {
    let input = Input::new();
    let mark = input.path("ran").display().to_string();
    input.put("repo/kustomization.yaml", "resources: [a.yaml]\n").put("repo/a.yaml", config_map("a", "b"));
    input.put("repo/.gitattributes", "*.yaml filter=evil\n");
    commit(&input, "repo");
    input.put(
        "_home/.gitconfig",
        format!(
            "[filter \"evil\"]\n\tsmudge = touch '{mark}'; cat\n[core]\n\thooksPath = {}\n",
            input.path("hooks").display()
        ),
    );
    input.program("hooks/post-checkout", &format!("touch '{mark}'\n"));
    let url = format!("file://{}", input.path("repo").display());
    input.run_in("", &["build", &url], &[]).built();
    assert!(!input.exists("ran"));
}

#[test]
fn a_repository_of_countless_files_is_not_checked_out() {
    let input = Input::new();
    input.put("repo/t0/x", "");
    git_bomb(&input);
    let url = format!("file://{}?timeout=999999999", input.path("repo").display());
    let ended = input.run_in("", &["build", &url], &[]);
    ended.refused("has more files than a repository of its size may have");
}

#[test]
fn a_few_bytes_that_unpack_to_much_are_not_checked_out() {
    let input = Input::new();
    input.put("repo/kustomization.yaml", "").put("repo/0", "");
    std::fs::File::create(input.path("repo/0")).expect("a file").set_len(16 << 20).expect("a length");
    for i in 1..50 {
        std::fs::copy(input.path("repo/0"), input.path(&format!("repo/{i}"))).expect("a copy");
    }
    commit(&input, "repo");
    let url = format!("file://{}", input.path("repo").display());
    input.run_in("", &["build", &url], &[]).refused("has more files than a repository of its size may have");
}

#[test]
fn locations_of_submodules_are_all_looked_at() {
    let input = Input::new();
    let long = format!("[submodule \"{}\"]\n", "x".repeat(1000));
    let first = format!("{long}{}", "\turl = https://h.example/r\n".repeat(2000));
    let last = "[submodule \"y\"]\n\turl = https://169.254.169.254/r\n\tpath = y\n";
    input.put("repo/kustomization.yaml", "").put("repo/.gitmodules", first + last);
    commit(&input, "repo");
    let url = format!("file://{}", input.path("repo").display());
    input.run_in("", &["build", &url], &[]).refused("gives more than 1048576 bytes");
    input.put("repo/.gitmodules", last);
    commit(&input, "repo");
    input.run_in("", &["build", &url], &[]).refused("metadata service");
}

/// Ten trees, each of which holds the one before ten times.
fn git_bomb(input: &Input) {
    git(input, "repo", &["init", "-q"]);
    let output = |args: &[&str], stdin: &str| {
        let mut child = Command::new("git")
            .arg("-C")
            .arg(input.path("repo"))
            .args(args)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .expect("git runs");
        child.stdin.take().expect("a pipe").write_all(stdin.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("it ends");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let mut entry = format!("100644 blob {}", output(&["hash-object", "-w", "--stdin"], "x"));
    for _ in 0..8 {
        let tree: String = (0..10).map(|i| format!("{entry}\tf{i}\n")).collect();
        entry = format!("040000 tree {}", output(&["mktree"], &tree));
    }
    let tree = entry.rsplit(' ').next().expect("an id").to_owned();
    let commit = ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit-tree", "-m", "x", &tree];
    let id = output(&commit, "");
    git(input, "repo", &["update-ref", "HEAD", &id]);
}

#[test]
fn plugins_are_below_their_directory() {
    let input = Input::new();
    let mark = format!("touch '{}'\n", input.path("ran").display());
    input.program("evil", &mark).program("tree/v1/evil/Evil", &mark).put("plugin/x", "");
    input.put("kustomization.yaml", "generators: [g.yaml]\n");
    let home = input.path("plugin").display().to_string();
    let evil = input.path("evil").display().to_string();
    for (version, kind) in [("v1", evil.as_str()), ("../../tree/v1", "Evil"), ("a/../../tree/v1", "Evil")] {
        input.put("g.yaml", format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: a}}\n"));
        let ended =
            input.run_in("", &["build", ".", "--enable-alpha-plugins"], &[("KUSTOMIZE_PLUGIN_HOME", &home)]);
        ended.refused("cannot be a part of the name of a plugin");
    }
    assert!(!input.exists("ran"));
    // The programs there are the user's own, so the flag of kustomize is enough; what the tree holds needs another one.
    input.program("plugin/v1/good/Good", &format!("cat <<'E'\n{}E\n", config_map("made", "b")));
    input.put("g.yaml", "apiVersion: v1\nkind: Good\nmetadata: {name: a}\n");
    let run = |flags: &[&str]| {
        input.run_in("", &[&["build", "."], flags].concat(), &[("KUSTOMIZE_PLUGIN_HOME", &home)])
    };
    run(&["--enable-alpha-plugins"]).built();
    run(&["--enable-exec"]).refused("--enable-alpha-plugins");
    let own = "{config.kubernetes.io/function: 'exec: {path: ./evil}'}";
    input.put("g.yaml", format!("apiVersion: v1\nkind: F\nmetadata: {{name: a, annotations: {own}}}\n"));
    assert_eq!(run(&["--enable-alpha-plugins"]).stdout, "");
    assert!(!input.exists("ran"));
}

#[test]
fn a_program_that_prints_without_end_is_ended() {
    let input = Input::new();
    let own = "{config.kubernetes.io/function: 'exec: {path: ./endless}'}";
    input.program("endless", "exec cat /dev/zero\n").put("kustomization.yaml", "generators: [g.yaml]\n");
    input.put("g.yaml", format!("apiVersion: v1\nkind: F\nmetadata: {{name: a, annotations: {own}}}\n"));
    input
        .run_in("", &["build", ".", "--enable-alpha-plugins", "--enable-exec"], &[])
        .refused("printed more than 256 MiB");
}

#[test]
fn git_has_no_terminal_and_no_variables_that_lead_elsewhere() {
    let input = Input::new();
    input.program(
        "bin/git",
        "echo \"prompt=$GIT_TERMINAL_PROMPT elsewhere=$GIT_DIR$GIT_QUARANTINE_PATH\" >&2\nexit 1\n",
    );
    input.put("kustomization.yaml", "resources: ['https://127.0.0.1:1/o/r//x']\n");
    let path = format!("{}:{}", input.path("bin").display(), std::env::var("PATH").expect("a path"));
    let evil = input.path("evil").display().to_string();
    let env = [("PATH", path.as_str()), ("GIT_DIR", &evil), ("GIT_QUARANTINE_PATH", &evil)];
    let ended = input.run_in("", &["build", "."], &env);
    ended.refused("prompt=0");
    assert!(!ended.stderr.contains("elsewhere=/"), "{}", ended.stderr);
}
