//! Images with registries: the commands of `docs/air-gap.md`, a registry inside the test that behaves badly, and real
//! registries with a real client where `registry` and `crane` are installed.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test")]

mod registry;
mod site;

use registry::Registry;
use site::{Site, installed};
use std::path::Path;
use std::process::{Command, Output};

const GUIDE: &str = include_str!("../../docs/air-gap.md");

/// The platform of the guide.
const PLATFORM: &[(&str, &str)] = &[
    (
        "kustomization.yaml",
        "resources: [pod.yaml]\nconfigMapGenerator:\n- name: settings\n  files: [form.yaml]\n",
    ),
    ("form.yaml", "image:\n  value: quay.io/team/choice:v1\n"),
    (
        "pod.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: pod\nspec:\n  containers:\n  - name: a\n    image: quay.io/team/app:v1\n  \
         volumes:\n  - name: form\n    configMap:\n      name: settings\n",
    ),
];

fn platform(top: &Path) {
    std::fs::create_dir(top.join("platform")).unwrap();
    for (name, text) in PLATFORM {
        std::fs::write(top.join("platform").join(name), text).unwrap();
    }
}

fn kfm(directory: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kfm"));
    command
        .args(args)
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.env("HOME", directory).output().unwrap()
}

fn pod(image: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: pod\nspec:\n  containers:\n  - name: a\n    image: {image}\n"
    )
}

/// Locks one image; gives the lock file, or what was said.
fn lock(image: &str, more: &[&str]) -> Result<String, String> {
    let top = tempfile::tempdir().unwrap();
    std::fs::write(top.path().join("pod.yaml"), pod(image)).unwrap();
    let output = kfm(top.path(), &[&["images", "lock", "pod.yaml", "-o", "l"], more].concat());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    match std::fs::read_to_string(top.path().join("l")) {
        Ok(text) => Ok(text),
        Err(_) => {
            assert_eq!(output.status.code(), Some(1), "{said}");
            Err(said)
        }
    }
}

#[test]
fn digests_are_those_of_the_manifests() {
    let registry = Registry::start();
    for name in ["plain", "token", "password-less/token", "redirect", "busy"] {
        let image = format!("{}/{name}:v1", registry.host);
        let wanted = format!("{image} {}\n", Registry::digest(name));
        assert!(lock(&image, &[]).unwrap().ends_with(&wanted), "{name}");
    }
}

#[test]
fn registries_that_do_not_answer_well_are_refused_with_the_place() {
    let registry = Registry::start();
    for (name, expected) in [
        ("missing", "does not have"),
        ("forbidden", "refuses"),
        ("always-busy", "asks to wait"),
        ("endless", "larger than 4096 KiB"),
        ("slow", "takes too long"),
        ("lying", "has the digest"),
        ("loop", "more than 5 redirects"),
        ("broken", "status code 500"),
    ] {
        let image = format!("{}/{name}:v1", registry.host);
        let said = lock(&image, &["--timeout", "2"]).unwrap_err();
        assert!(said.contains(expected) && said.contains("pod.yaml:8:12"), "{name}: {said}");
    }
    let said = lock("127.0.0.1:1/x:v1", &["--timeout", "2"]).unwrap_err();
    assert!(said.contains("connection refused"), "{said}");
}

#[test]
fn addresses_that_no_build_may_ask_are_not_asked_for_digests() {
    let registry = Registry::start();
    let away = format!("{}/away:v1", registry.host);
    let here = format!("{}/team/app:v1", registry.host);
    for (image, flags, expected) in [
        ("169.254.169.254/x:v1", &[][..], "link-local address"),
        (away.as_str(), &[], "link-local address"),
        (here.as_str(), &["--public-only"], "this machine"),
        (here.as_str(), &["--offline"], "would have to be fetched"),
    ] {
        let said = lock(image, flags).unwrap_err();
        assert!(said.contains(expected) && said.contains("pod.yaml:8:12"), "{image}: {said}");
    }
}

#[test]
fn a_lock_that_does_not_fit_is_refused() {
    let registry = Registry::start();
    let top = tempfile::tempdir().unwrap();
    let image = format!("{}/plain:v1", registry.host);
    std::fs::write(top.path().join("pod.yaml"), pod(&image)).unwrap();
    for (text, expected) in [
        (format!("{image} sha256:{}\n", "0".repeat(64)), "has moved from"),
        (String::new(), "is not in the lock file"),
        (
            format!("{image} {}\nquay.io/a:1 sha256:{}\n", Registry::digest("plain"), "0".repeat(64)),
            "is not used any more",
        ),
    ] {
        std::fs::write(top.path().join("l"), text).unwrap();
        let output = kfm(top.path(), &["images", "lock", "pod.yaml", "-o", "l", "--check"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(1) && said.contains(expected), "{said}");
    }
}

/// The commands of the guide, block by block.
fn blocks() -> Vec<&'static str> {
    GUIDE.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

fn script(directory: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn the_commands_of_the_guide_lead_from_one_side_to_the_other() {
    let registry = Registry::start();
    let top = tempfile::tempdir().unwrap();
    let top = top.path();
    platform(top);
    let bin = top.join("bin");
    std::fs::create_dir(&bin).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_kfm"), bin.join("kfm")).unwrap();
    // The registry has every image; what is asked of the two programs is written down.
    script(&bin, "crane", "#!/bin/sh\necho \"$@\" >> copied\n");
    script(&bin, "kubectl", "#!/bin/sh\ncp \"$4\" applied.yaml\n");
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
    assert!(blocks().len() >= 6);
    for block in blocks() {
        let output = Command::new("sh")
            .args(["-e", "-c", block])
            .current_dir(top)
            .env_clear()
            .env("PATH", &path)
            .env("HOME", top)
            .env("REGISTRY", &registry.host)
            .output()
            .unwrap();
        assert!(output.status.success(), "{block}\n{}", String::from_utf8_lossy(&output.stderr));
    }
    let read = |name: &str| std::fs::read_to_string(top.join(name)).unwrap();
    assert_eq!(read("images.txt"), "quay.io/team/app:v1\nquay.io/team/choice:v1\n");
    let host = &registry.host;
    assert!(read("copied").contains(&format!("copy quay.io/team/app:v1 {host}/quay.io/team/app:v1\n")));
    let digest = Registry::digest("quay.io/team/app");
    assert!(read("applied.yaml").contains(&format!("image: {host}/quay.io/team/app:v1@{digest}\n")));
    assert!(read("component/kustomization.yaml").contains(&format!("newName: {host}/quay.io/team/app\n")));
    assert_eq!(read("component/not-rewritten.txt"), "");
}

#[test]
fn crane_copies_what_the_plan_lists() {
    let Some(site) = Site::new() else { return };
    let (top, images) = (site.top.path(), site.fill());
    std::fs::write(top.join("map"), format!("quay.io = {}/q from {}/quay.io\n", site.there.1, site.here.1))
        .unwrap();
    let flags = ["--image-map", "map"];
    let plan = kfm(top, &[&["images", "list", "pods.yaml", "-o", "crane", "--quiet"], &flags[..]].concat());
    for line in String::from_utf8_lossy(&plan.stdout).lines() {
        site.crane(&line.split(' ').skip(1).collect::<Vec<_>>());
    }
    site.pull(&flags, images);
}

#[test]
fn skopeo_copies_what_the_plan_lists() {
    let (Some(skopeo), Some(site)) = (installed("skopeo"), Site::new()) else {
        eprintln!("skipped: `skopeo` is not installed");
        return;
    };
    let (top, images) = (site.top.path(), site.fill());
    let flags = ["--image-mirror", &site.there.1];
    let plan = kfm(top, &[&["images", "list", "pods.yaml", "-o", "skopeo", "--quiet"], &flags[..]].concat());
    let plan = String::from_utf8_lossy(&plan.stdout).into_owned();
    std::fs::write(top.join("FILE"), &plan).unwrap();
    // Where the source stands in for quay.io. It answers without TLS, which no plan can know.
    let conf = format!(
        "[[registry]]\nprefix = \"quay.io\"\nlocation = \"{}/quay.io\"\ninsecure = true\n",
        site.here.1
    );
    std::fs::write(top.join("registries.conf"), conf).unwrap();
    // The first lines are the commands: one for the list, and one for each image that the list cannot have.
    for line in plan.lines().map_while(|line| line.strip_prefix("# skopeo ")) {
        let (verb, rest) = line.split_once(' ').unwrap();
        let tls = ["--src-tls-verify=false", "--dest-tls-verify=false"];
        let mut command = Command::new(&skopeo);
        command.args(["--registries-conf", "registries.conf", verb]).args(tls);
        let output = command.args(rest.split(' ')).current_dir(top).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    site.pull(&flags, images);
}
