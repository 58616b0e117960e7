//! Whole builds of small random trees: no crash, the same output with one thread and with several, and, where the
//! environment variable `KUSTOMIZE` names the program, the bytes that kustomize prints.

#![no_main]

use arbitrary::{Arbitrary, Unstructured};
use kfm::files::Disk;
use kfm::{Kustomize, Options};
use libfuzzer_sys::fuzz_target;
use std::fmt::Write;
use std::io::Read;
use std::path::Path;

const OBJECTS: &[&str] = &[
    "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  labels: {app: web}\nspec:\n  replicas: 1\n  template:\n    \
     spec:\n      containers:\n      - name: main\n        image: nginx:1.0\n        envFrom:\n        - configMapRef: {name: conf}\n",
    "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: conf\ndata:\n  a: \"1\"\n  b: |\n    x\n    y\n",
    "apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n  - port: 80\n  - port: 81\n    protocol: UDP\n",
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata:\n  name: rb\nroleRef:\n  apiGroup: rbac.authorization.k8s.io\n  \
     kind: Role\n  name: r\nsubjects:\n- kind: ServiceAccount\n  name: default\n  namespace: x\n",
    "apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ns\n",
    "apiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: web\n  annotations: {a: b}\nspec:\n  list: [1, a, {b: c}]\n",
    "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata: {name: s}\n  data: {k: YQ==}\n",
];

const FIELDS: &[&str] = &[
    "namespace: ns\n",
    "namePrefix: p-\n",
    "nameSuffix: -s\n",
    "commonLabels: {team: a}\n",
    "labels:\n- pairs: {tier: b}\n  includeSelectors: true\n",
    "labels:\n- pairs: {tier: c}\n  includeTemplates: true\n",
    "commonAnnotations: {note: \"1\"}\n",
    "images:\n- name: nginx\n  newTag: \"2\"\n",
    "replicas:\n- name: web\n  count: 3\n",
    "configMapGenerator:\n- name: gen\n  literals: [a=1, b=two]\n",
    "secretGenerator:\n- name: sec\n  literals: [k=v]\n  options: {disableNameSuffixHash: true}\n",
    "patches:\n- target: {kind: Deployment}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec/paused\", \"value\": true}]'\n",
    "patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {template: {spec: {containers: [{name: side, image: x}]}}}\n",
    "replacements:\n- source: {kind: ConfigMap, name: conf, fieldPath: data.a}\n  targets:\n  - select: {kind: Deployment}\n    fieldPaths: [metadata.labels.app]\n",
    "sortOptions: {order: fifo}\n",
    "buildMetadata: [originAnnotations]\n",
];

/// A tree: layers from the base up; in each, objects and fields by number, and a text put somewhere.
#[derive(Debug, Arbitrary)]
struct Tree {
    layers: Vec<Layer>,
}

#[derive(Debug, Arbitrary)]
struct Layer {
    objects: Vec<u8>,
    fields: Vec<u8>,
    odd: Option<(bool, u16, String)>,
}

fuzz_target!(|data: &[u8]| {
    let Ok(tree) = Tree::arbitrary(&mut Unstructured::new(data)) else { return };
    let Ok(top) = tempfile::tempdir_in(if Path::new("/dev/shm").is_dir() { "/dev/shm" } else { "/tmp" })
    else {
        return;
    };
    let mut last = String::new();
    for (i, layer) in tree.layers.iter().take(3).enumerate() {
        let directory = top.path().join(format!("l{i}"));
        std::fs::create_dir(&directory).expect("a directory");
        let picked = layer.objects.iter().take(4).map(|o| OBJECTS[usize::from(*o) % OBJECTS.len()]);
        let mut objects = picked.collect::<Vec<_>>().join("---\n");
        let mut kustomization = String::from("resources:\n- all.yaml\n");
        if i > 0 {
            let _ = writeln!(kustomization, "- ../{last}");
        }
        layer.fields.iter().take(5).for_each(|f| kustomization += FIELDS[usize::from(*f) % FIELDS.len()]);
        if let Some((in_objects, at, text)) = &layer.odd {
            let target = if *in_objects { &mut objects } else { &mut kustomization };
            let at = usize::from(*at) % (target.len() + 1);
            if target.is_char_boundary(at) && text.len() < 40 {
                target.insert_str(at, text);
            }
        }
        std::fs::write(directory.join("all.yaml"), objects).expect("a file");
        std::fs::write(directory.join("kustomization.yaml"), kustomization).expect("a file");
        last = format!("l{i}");
    }
    if last.is_empty() {
        return;
    }
    let run = |threads: usize| -> kfm::diag::Result<String> {
        let options = Options { threads, ..Options::default() };
        let output = Kustomize::new(Disk::new(top.path())).options(options).build(&last)?;
        let mut text = String::new();
        output.yaml()?.read_to_string(&mut text).expect("UTF-8");
        Ok(text)
    };
    let (one, many) = (run(1), run(4));
    assert_eq!(one.as_ref().ok(), many.as_ref().ok(), "the number of threads shows");
    let Some(kustomize) = std::env::var_os("KUSTOMIZE") else { return };
    let theirs = std::process::Command::new(kustomize).arg("build").arg(top.path().join(&last)).output();
    let Ok(theirs) = theirs else { return };
    match (one, theirs.status.code()) {
        (Ok(ours), Some(0)) => assert_eq!(ours, String::from_utf8_lossy(&theirs.stdout)),
        // Kustomize crashes with 2; kfm may build or refuse then.
        (Err(_), _) if theirs.status.code() != Some(0) => {}
        (_, Some(2)) => {}
        (ours, code) => panic!(
            "kfm {:?}, kustomize {code:?}: {}",
            ours.map(|_| "built"),
            String::from_utf8_lossy(&theirs.stderr)
        ),
    }
});
