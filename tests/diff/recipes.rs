//! The recipes below `docs/ci`, run as those systems run them: their scripts with `bash`, in a scratch repository, with a
//! `gh` and a `curl` that keep comments in a file.

use super::{git, write};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn recipe(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a recipe")
}

/// The lines of the block that follows a key, without their indentation. Blocks come in the order of the file.
fn blocks(text: &str, key: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let starts = (0..lines.len()).filter(|at| lines[*at].trim_start().trim_start_matches("- ") == key);
    starts
        .map(|at| {
            let own = indent(lines[at]);
            let block: Vec<&str> = lines[at + 1..]
                .iter()
                .take_while(|l| l.trim().is_empty() || indent(l) > own)
                .copied()
                .collect();
            let depth = block.iter().filter(|l| !l.trim().is_empty()).map(|l| indent(l)).min().unwrap_or(0);
            block.iter().map(|line| line.get(depth..).unwrap_or_default()).collect::<Vec<_>>().join("\n")
                + "\n"
        })
        .collect()
}

struct Scratch {
    directory: tempfile::TempDir,
}

impl Scratch {
    /// A branch that removes a claim and changes a value.
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let repo = directory.path().join("repo");
        let claim = "---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p}\n";
        let map = |value: &str| {
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m}}\ndata: {{a: {value}}}\n")
        };
        write(&repo, "app/kustomization.yaml", "resources: [all.yaml]\n");
        write(&repo, "app/all.yaml", &(map("b") + claim));
        git(&repo, &["init", "-q", "-b", "main", "."]);
        git(&repo, &["add", "-A"]);
        git(&repo, &["commit", "-q", "-m", "one"]);
        git(&repo, &["remote", "add", "origin", "."]);
        git(&repo, &["fetch", "-q", "origin"]);
        git(&repo, &["checkout", "-q", "-b", "work"]);
        write(&repo, "app/all.yaml", &map("c"));
        git(&repo, &["commit", "-q", "-a", "-m", "two"]);
        let scratch = Self { directory };
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kfm"), scratch.bin().join("kfm")).expect("a link");
        scratch
    }

    fn repo(&self) -> PathBuf {
        self.directory.path().join("repo")
    }

    fn bin(&self) -> PathBuf {
        let bin = self.directory.path().join("bin");
        fs::create_dir_all(&bin).expect("a directory");
        bin
    }

    /// Puts a script in place of a program.
    fn program(&self, name: &str, script: &str) {
        use std::os::unix::fs::PermissionsExt;
        let path = self.bin().join(name);
        fs::write(&path, format!("#!/usr/bin/env bash\nset -eu\n{script}")).expect("a script");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    fn bash(&self, script: &str, variables: &[(&str, &str)]) -> Output {
        let mut path = self.bin().into_os_string();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let top = self.directory.path();
        Command::new("bash")
            .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
            .current_dir(self.repo())
            .env_clear()
            .env("PATH", path)
            .env("HOME", top)
            .env("RUNNER_TEMP", top)
            .env("GITHUB_STEP_SUMMARY", top.join("summary"))
            .env("GITHUB_OUTPUT", top.join("output"))
            .env("COMMENTS", top.join("comments"))
            .envs(variables.iter().copied())
            .output()
            .expect("bash runs")
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.directory.path().join(name)).unwrap_or_default()
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_github_action_comments_once_and_fails_for_a_danger() {
    let scratch = Scratch::new();
    let action = recipe("docs/ci/github/action.yml");
    let compare = &blocks(&action, "run: |")[0];
    let inputs = [("BASE", "origin/main"), ("DIRECTORY", "."), ("ARGS", "--normalize")];
    let output = scratch.bash(compare, &inputs);
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("::error file=app/all.yaml") || text(&output).contains("::error "),
        "{}",
        text(&output)
    );
    assert_eq!(scratch.read("output"), "code=1\n");
    assert!(scratch.read("summary").starts_with("<!-- kfm diff -->\n"));
    // One comment is kept, as `ID BODY` would be by the server.
    scratch.program(
        "gh",
        r#"
case "$*" in
  *--paginate*) [ -f "$COMMENTS" ] && echo 7 || true ;;
  *POST*) [ ! -f "$COMMENTS" ]; cp "${!#/#body=@/}" "$COMMENTS"; echo posted >> "$COMMENTS.log" ;;
  *PATCH*comments/7*) cp "${!#/#body=@/}" "$COMMENTS"; echo patched >> "$COMMENTS.log" ;;
esac
"#
        .replace("${!#/#body=@/}", "$(for a; do case $a in body=@*) echo \"${a#body=@}\";; esac; done)")
        .as_str(),
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/ci/github/comment.sh");
    let call = format!("bash '{}' \"$RUNNER_TEMP/kfm-diff.md\"", script.display());
    for _ in 0..3 {
        let output = scratch.bash(&call, &[("GITHUB_REPOSITORY", "o/r"), ("NUMBER", "1")]);
        assert!(output.status.success(), "{}", text(&output));
    }
    assert_eq!(scratch.read("comments.log"), "posted\npatched\npatched\n");
    assert!(scratch.read("comments").contains("claim-removed"));
    // The steps are in the order in which they are tried here.
    assert!(action.contains("run: bash \"$GITHUB_ACTION_PATH/comment.sh\" \"$RUNNER_TEMP/kfm-diff.md\""));
    assert!(action.trim_end().ends_with("run: exit \"$CODE\""));
    assert!(recipe("docs/ci/github/workflow.yml").contains("fetch-depth: 0"));
}

#[test]
fn the_gitlab_job_comments_once_and_fails_for_a_danger() {
    let scratch = Scratch::new();
    let job = recipe("docs/ci/gitlab/kfm-diff.yml");
    let script = &blocks(&job, "|")[0];
    scratch.program("jq", "cat > /dev/null; [ -f \"$COMMENTS\" ] && echo 7 || true\n");
    scratch.program(
        "curl",
        r#"
cat > /dev/null
body() { for a; do case $a in body@*) cat "${a#body@}" ;; esac; done; }
case "$*" in
  *POST*) body "$@" > "$COMMENTS"; echo posted >> "$COMMENTS.log" ;;
  *PUT*notes/7*) body "$@" > "$COMMENTS"; echo put >> "$COMMENTS.log" ;;
  *) echo '[]' ;;
esac
"#,
    );
    let variables = [
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
        ("KFM_ARGS", ""),
        ("KFM_DIRECTORY", "."),
        ("KFM_TOKEN", "secret"),
        ("CI_API_V4_URL", "https://gitlab.example.com/api/v4"),
        ("CI_PROJECT_ID", "1"),
        ("CI_MERGE_REQUEST_IID", "2"),
    ];
    for _ in 0..2 {
        let output = scratch.bash(script, &variables);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).contains("claim-removed"), "{}", text(&output));
        assert!(!text(&output).contains("secret"));
    }
    assert_eq!(scratch.read("comments.log"), "posted\nput\n");
    let quality = fs::read_to_string(scratch.repo().join("kfm-diff.json")).expect("a report");
    assert!(quality.contains("\"check_name\": \"claim-removed\""), "{quality}");
    assert!(job.contains("codequality: kfm-diff.json") && job.contains("GIT_DEPTH: \"0\""));
}

#[test]
fn the_hooks_of_pre_commit_look_at_what_is_about_to_be_committed() {
    let scratch = Scratch::new();
    let hooks = recipe(".pre-commit-hooks.yaml");
    let entries: Vec<&str> = hooks.lines().filter_map(|line| line.trim().strip_prefix("entry: ")).collect();
    let output = scratch.bash(entries[0], &[]);
    assert!(output.status.success(), "{}", text(&output));
    write(&scratch.repo(), "app/all.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\n");
    let output = scratch.bash(entries[0], &[]);
    assert!(output.status.success() && text(&output).contains("1 removed"), "{}", text(&output));
    let output = scratch.bash(&format!("{} --output rendered", entries[1]), &[]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
}
