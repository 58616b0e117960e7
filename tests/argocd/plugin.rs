//! The example of `docs/argocd`: the commands of `plugin.yaml` as Argo CD's side-car runs them, and the patches.

use super::{BASE, link_program, put};
use kfm::Kustomize;
use kfm::files::Memory;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/argocd").join(file)
}

/// The object of `plugin.yaml`.
fn plugin() -> Value {
    let text = fs::read_to_string(example("plugin.yaml")).expect("the example");
    let files = Memory::from([("kustomization.yaml", "resources: [plugin.yaml]"), ("plugin.yaml", &text)]);
    let output = Kustomize::new(files).build(".").expect("YAML");
    let json = output.objects().next().expect("an object").json().expect("JSON");
    serde_json::from_str(&json).expect("JSON")
}

/// `command` and `args` in one, as the side-car joins them.
fn command(plugin: &Value, pointer: &str) -> Vec<String> {
    let lists = ["command", "args"].map(|name| plugin.pointer(&format!("{pointer}/{name}")));
    let words = lists.into_iter().flatten().flat_map(|list| list.as_array().expect("a list"));
    words.map(|word| word.as_str().expect("a string").to_owned()).collect()
}

/// A repository with an application, and the program in a directory of `PATH`.
struct Place {
    root: PathBuf,
    plugin: Value,
    _top: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let top = tempfile::tempdir().expect("a directory");
        let root = top.path().canonicalize().expect("a real path");
        link_program(&root.join("bin/kfm"));
        put(&root, "repo/base/all.yaml", BASE);
        put(&root, "repo/base/kustomization.yaml", "resources: [all.yaml]\n");
        put(&root, "repo/app/Kustomization", "# the guestbook\nresources:\n  - ../base\n");
        Self { root, plugin: plugin(), _top: top }
    }

    /// Runs one of the plugin's commands: no shell, the application's directory, the side-car's environment and what
    /// Argo CD adds to it.
    fn run(&self, directory: &str, pointer: &str, env: &[(&str, &str)]) -> Output {
        let words = command(&self.plugin, pointer);
        let (program, args) = words.split_first().expect("a command");
        let mut command = Command::new(program);
        command.args(args).current_dir(self.root.join("repo").join(directory)).env_clear();
        command.env("PATH", format!("{}:/usr/bin:/bin", self.root.join("bin").display()));
        command.envs([
            ("HOME", "/home/argocd"),
            ("ARGOCD_APP_NAME", "guestbook"),
            ("ARGOCD_APP_NAMESPACE", "shop"),
            ("ARGOCD_APP_PROJECT_NAME", "default"),
            ("ARGOCD_APP_REVISION", "0123abcd"),
            ("ARGOCD_APP_SOURCE_PATH", directory),
            ("ARGOCD_APP_SOURCE_REPO_URL", "https://git.example.com/apps.git"),
            ("ARGOCD_APP_SOURCE_TARGET_REVISION", "HEAD"),
            ("ARGOCD_APP_PARAMETERS", "[]"),
            ("KUBE_VERSION", "1.34"),
            ("KUBE_API_VERSIONS", "v1/Pod,apps/v1/Deployment"),
        ]);
        command.envs(env.iter().map(|(name, value)| (format!("ARGOCD_ENV_{name}"), value)));
        command.output().expect("the command runs")
    }

    fn build(&self, directory: &Path) -> String {
        let output =
            Command::new(env!("CARGO_BIN_EXE_kfm")).arg("build").arg(directory).output().expect("kfm runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// `init`, then `generate`: what the application becomes.
    fn generate(&self, env: &[(&str, &str)]) -> String {
        let output = self.run("app", "/spec/init", env);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let output = self.run("app", "/spec/generate", env);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}

#[test]
fn the_plugin_is_one_that_argo_cd_takes() {
    let place = Place::new();
    let plugin = &place.plugin;
    assert_eq!(plugin["apiVersion"], "argoproj.io/v1alpha1");
    assert_eq!(plugin["kind"], "ConfigManagementPlugin");
    assert_eq!(plugin["metadata"]["name"], "kfm");
    let fields: Vec<&String> = plugin["spec"].as_object().expect("a spec").keys().collect();
    assert!(fields.iter().all(|f| ["discover", "generate", "init"].contains(&f.as_str())), "{fields:?}");
}

#[test]
fn the_plugin_finds_directories_with_a_kustomization_file() {
    let place = Place::new();
    put(&place.root, "repo/plain/all.yaml", BASE);
    put(&place.root, "repo/plain/below/kustomization.yaml", "resources: []\n");
    for (directory, found) in [("app", true), ("base", true), ("plain", false), ("plain/below", true)] {
        let output = place.run(directory, "/spec/discover/find", &[]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(!output.stdout.is_empty(), found, "{directory}");
    }
}

#[test]
fn the_plugin_generates_what_kfm_builds() {
    let place = Place::new();
    let expected = place.build(&place.root.join("repo/app"));
    assert!(expected.contains("kind: Deployment"));
    assert_eq!(place.generate(&[]), expected);
}

#[test]
fn the_plugin_takes_what_the_application_sets() {
    let place = Place::new();
    let generated = place.generate(&[
        ("IMAGES", "registry.example.com/guestbook:v2 redis=mirror.example.com/redis:7"),
        ("NAMESPACE", "shop"),
        ("NAME_PREFIX", "-odd-"),
    ]);
    put(
        &place.root,
        "repo/same/kustomization.yaml",
        "resources: [../base]\nnamespace: shop\nnamePrefix: -odd-\nimages:\n\
         - {name: registry.example.com/guestbook, newTag: v2}\n",
    );
    assert_eq!(generated, place.build(&place.root.join("repo/same")));
}

#[test]
fn a_build_that_fails_fails_the_plugin() {
    let place = Place::new();
    put(&place.root, "repo/app/Kustomization", "resources: [nothing.yaml]\n");
    let output = place.run("app", "/spec/generate", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing.yaml"));
    let output = place.run("app", "/spec/init", &[("IMAGES", "no-tag")]);
    assert_eq!(output.status.code(), Some(1));
}

/// As much of Argo CD's own objects as the patches touch.
const INSTALLED: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: argocd-repo-server
spec:
  template:
    spec:
      containers:
      - image: argocd
        name: argocd-repo-server
        volumeMounts:
        - mountPath: /tmp
          name: tmp
      initContainers:
      - image: argocd
        name: copyutil
      volumes:
      - emptyDir: {}
        name: tmp
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: argocd-cm
";

#[test]
fn the_patches_fit_the_repo_server() {
    let place = Place::new();
    for (patch, expected) in [
        (
            "sidecar.yaml",
            ["image: example.org/kfm:1", "name: var-files", "mountPath: /home/argocd/cmp-server/plugins"],
        ),
        (
            "replace.yaml",
            ["image: example.org/kfm:1", "mountPath: /usr/local/bin/kustomize", "subPath: kustomize"],
        ),
        (
            "choose.yaml",
            ["image: example.org/kfm:1", "kustomize.path.kfm: /custom-tools/kustomize", "name: copyutil"],
        ),
    ] {
        let kustomization = format!(
            "resources: [install.yaml]\npatches:\n- path: {patch}\nimages:\n\
             - {{name: registry.example.com/kfm, newName: example.org/kfm, newTag: '1'}}\n"
        );
        put(&place.root, "argocd/kustomization.yaml", &kustomization);
        put(&place.root, "argocd/install.yaml", INSTALLED);
        fs::copy(example(patch), place.root.join("argocd").join(patch)).expect("a copy");
        let built = place.build(&place.root.join("argocd"));
        for text in expected.into_iter().chain(["name: argocd-repo-server", "mountPath: /tmp"]) {
            assert!(built.contains(text), "{patch}: {text}\n{built}");
        }
    }
}
