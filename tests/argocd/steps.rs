//! The steps by which Argo CD makes manifests of an application, in its order and argument forms, with the program
//! called by kustomize's name.

use super::{BASE, link_program, put};
use std::fs;
use std::process::{Command, Output};

const COMPONENT: &str = "\
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
- patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \"value\": true}]'
  target: {kind: Deployment}
";

/// The application's own file: comments and an order of its own have to survive.
const APP: &str = "\
# the guestbook
resources:
  - ../base   # shared
";

const EDITED: &str = "\
# the guestbook
resources:
  - ../base   # shared
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namePrefix: dev-
nameSuffix: -v2
images:
  - name: redis
    newTag: \"7\"
  - name: registry.example.com/guestbook
    newName: mirror.example.com/guestbook
    newTag: v2
replicas:
  - count: 3
    name: guestbook
labels:
  - includeTemplates: true
    pairs:
      app.kubernetes.io/part-of: shop
      env: dev
commonAnnotations:
  example.com/revision: 0123abcd
  note: two words
namespace: shop-dev
components:
  - ../comp
";

const BUILT: &str = "\
apiVersion: v1
kind: Service
metadata:
  annotations:
    example.com/revision: 0123abcd
    note: two words
  labels:
    app.kubernetes.io/part-of: shop
    env: dev
  name: dev-guestbook-v2
  namespace: shop-dev
spec:
  selector:
    app: guestbook
---
apiVersion: apps/v1
kind: Deployment
metadata:
  annotations:
    example.com/revision: 0123abcd
    note: two words
  labels:
    app.kubernetes.io/part-of: shop
    env: dev
  name: dev-guestbook-v2
  namespace: shop-dev
spec:
  paused: true
  replicas: 3
  selector:
    matchLabels:
      app: guestbook
  template:
    metadata:
      annotations:
        example.com/revision: 0123abcd
        note: two words
      labels:
        app: guestbook
        app.kubernetes.io/part-of: shop
        env: dev
    spec:
      containers:
      - image: mirror.example.com/guestbook:v2
        name: guestbook
";

#[test]
fn argo_cd_gets_what_it_asks_for() {
    let top = tempfile::tempdir().expect("a directory");
    let root = top.path().canonicalize().expect("a real path");
    let program = root.join("bin/kustomize");
    link_program(&program);
    put(&root, "app/kustomization.yaml", APP);
    put(&root, "base/all.yaml", BASE);
    put(&root, "base/kustomization.yaml", "resources:\n- all.yaml\n");
    put(&root, "comp/kustomization.yaml", COMPONENT);
    let run = |directory: &str, args: &[&str]| -> Output {
        let mut command = Command::new(&program);
        command.args(args).current_dir(root.join(directory));
        command.env_clear().env("HOME", "/nonexistent").env("ARGOCD_APP_NAME", "guestbook");
        command.output().expect("the program runs")
    };

    let version = run(".", &["version", "--short"]);
    assert_eq!(String::from_utf8_lossy(&version.stdout), "{v5.8.3  unknown   }\n");

    let image = "registry.example.com/guestbook=mirror.example.com/guestbook:v2";
    let steps: [&[&str]; 8] = [
        &["edit", "set", "nameprefix", "--", "dev-"],
        &["edit", "set", "namesuffix", "--", "-v2"],
        &["edit", "set", "image", image, "redis:7"],
        &["edit", "set", "replicas", "guestbook=3"],
        &[
            "edit",
            "add",
            "label",
            "--force",
            "--without-selector",
            "--include-templates",
            "app.kubernetes.io/part-of:shop",
            "env:dev",
        ],
        &["edit", "add", "annotation", "--force", "example.com/revision:0123abcd", "note:two words"],
        &["edit", "set", "namespace", "--", "shop-dev"],
        &["edit", "add", "component", "../comp"],
    ];
    for step in steps {
        let output = run("app", step);
        assert!(output.status.success(), "{step:?}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout.is_empty(), "{step:?}");
    }
    let edited = fs::read_to_string(root.join("app/kustomization.yaml")).expect("the file");
    assert_eq!(edited, EDITED);

    let app = root.join("app").display().to_string();
    let mut build = vec!["build", app.as_str()];
    let output = run(".", &build);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stdout), BUILT);
    build.extend([
        "--load-restrictor",
        "LoadRestrictionsNone",
        "--enable-helm",
        "--helm-kube-version",
        "1.30.1",
    ]);
    let versions: Vec<String> = (0..300).map(|i| format!("group{i}.example.com/v1/Kind{i}")).collect();
    for version in &versions {
        build.extend(["--helm-api-versions", version]);
    }
    assert_eq!(run(".", &build).stdout, output.stdout);

    let refused =
        run("app", &["edit", "add", "label", "--without-selector", "--include-templates", "env:prod"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("label `env` is in the kustomization file already")
    );
    assert_eq!(fs::read_to_string(root.join("app/kustomization.yaml")).expect("the file"), EDITED);
}
