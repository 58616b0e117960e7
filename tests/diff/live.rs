//! `--live`, with a `kubectl` that does what the real one does around the external diff: it lays both sides out as files,
//! calls the program with the two directories, and passes its exit code on.

use super::write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

const KUBECTL: &str = r#"#!/usr/bin/env bash
[ "$*" = "diff -f - --server-side" ] || { echo "unexpected: $*" >&2; exit 3; }
mkdir live merged
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: ns, uid: u}\ndata: {a: %s}\n' "$LIVE" > live/v1.ConfigMap.ns.m
cat > merged/v1.ConfigMap.ns.m
# As kubectl does: words, of which those with other signs are left out.
words=()
for word in $KUBECTL_EXTERNAL_DIFF; do
  [[ ${#words[@]} = 0 || $word =~ ^[a-zA-Z0-9=-]+$ ]] && words+=("$word")
done
"${words[@]}" live merged
"#;

fn live(directory: &Path, value: &str) -> Output {
    let scratch = directory.join(value);
    write(&scratch, "app/kustomization.yaml", "namespace: ns\nresources: [map.yaml]\n");
    write(&scratch, "app/map.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {a: b}\n");
    write(&scratch, "bin/kubectl", KUBECTL);
    fs::set_permissions(scratch.join("bin/kubectl"), fs::Permissions::from_mode(0o755)).expect("a mode");
    let path = format!("{}:{}", scratch.join("bin").display(), std::env::var("PATH").unwrap_or_default());
    Command::new(env!("CARGO_BIN_EXE_kfm"))
        .args(["diff", "--live", "--server-side", "app"])
        .current_dir(&scratch)
        .env_clear()
        .env("PATH", path)
        .env("LIVE", value)
        .output()
        .expect("kfm runs")
}

#[test]
fn kubectl_is_called_with_the_rendered_objects_and_shows_the_report() {
    let directory = tempfile::tempdir().expect("a directory");
    let output = live(directory.path(), "old");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("1 changed in 1 field, 0 unchanged\n"), "{text}");
    assert!(text.contains("- \"old\"") && text.contains("+ \"b\""), "{text}");
    let output = live(directory.path(), "b");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(0), 0));
}
