//! Images with registries: the commands of `docs/air-gap.md`, a registry inside the test that behaves badly, and real
//! registries with a real client where `registry` and `crane` are installed.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test")]

mod registry;

use registry::Registry;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

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

/// Where a program is installed.
fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let go = std::env::var_os("HOME").map(|home| Path::new(&home).join("go/bin"));
    std::env::split_paths(&path).chain(go).map(|directory| directory.join(name)).find(|p| p.is_file())
}

/// A real registry, which ends with the test.
struct Real(Child, String);

impl Real {
    fn start(program: &Path) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["-port", &free.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", free)).is_err() {
            std::thread::yield_now();
        }
        Self(child, format!("localhost:{free}"))
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_real_client_pulls_what_the_plan_copied() {
    let (Some(registry), Some(crane)) = (installed("registry"), installed("crane")) else {
        eprintln!("skipped: `registry` or `crane` of go-containerregistry is not installed");
        return;
    };
    let (here, there) = (Real::start(&registry), Real::start(&registry));
    let top = tempfile::tempdir().unwrap();
    let top = top.path();
    let run = |args: &[&str]| {
        let output = Command::new(&crane).args(args).current_dir(top).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    std::fs::write(top.join("a"), "a").unwrap();
    assert!(Command::new("tar").args(["cf", "l.tar", "a"]).current_dir(top).status().unwrap().success());
    let from = |name: &str| format!("{}/quay.io/{name}", here.1);
    run(&["append", "-f", "l.tar", "-t", &from("single:v1")]);
    run(&["index", "append", "-m", &from("single:v1"), "-t", &from("index:v1")]);
    let digest = run(&["digest", &from("index:v1")]);
    let images = [
        "single:v1".to_owned(),
        "index:v1".to_owned(),
        format!("index@{digest}"),
        format!("index:v1@{digest}"),
    ];
    let pods: Vec<String> = images
        .iter()
        .enumerate()
        .map(|(i, image)| pod(&format!("quay.io/{image}")).replace("name: pod", &format!("name: pod{i}")))
        .collect();
    std::fs::write(top.join("pods.yaml"), pods.join("---\n")).unwrap();
    std::fs::write(top.join("map"), format!("quay.io = {}/q from {}/quay.io\n", there.1, here.1)).unwrap();
    let plan = kfm(top, &["images", "list", "pods.yaml", "--image-map", "map", "-o", "crane", "--quiet"]);
    for line in String::from_utf8_lossy(&plan.stdout).lines() {
        run(&line.split(' ').skip(1).collect::<Vec<_>>());
    }
    let written = kfm(top, &["images", "rewrite", "pods.yaml", "--image-map", "map", "-o", "new.yaml"]);
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let text = std::fs::read_to_string(top.join("new.yaml")).unwrap();
    let pulled: Vec<&str> = text
        .lines()
        .filter_map(|line| line.trim().trim_start_matches("- ").strip_prefix("image: "))
        .collect();
    assert_eq!(pulled.len(), images.len());
    for image in &pulled {
        run(&["pull", image, "pulled.tar"]);
    }
    let locked = kfm(top, &["images", "lock", "new.yaml", "-o", "l"]);
    assert!(locked.status.success(), "{}", String::from_utf8_lossy(&locked.stderr));
    let lines = std::fs::read_to_string(top.join("l")).unwrap();
    for line in lines.lines().filter(|line| !line.starts_with('#')) {
        let (image, digest) = line.split_once(' ').unwrap();
        assert_eq!(run(&["digest", image]), digest, "{image}");
    }
}
