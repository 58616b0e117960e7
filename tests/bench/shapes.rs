//! Generated trees: each shape at a size, written below a directory; what to build is its `overlay` or the directory.

use std::fmt::Write as _;
use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};

/// A shape and the sizes it is measured at; time must grow no faster than size.
pub(crate) struct Shape {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub about: &'static str,
    /// Sizes, each twice the one before or ten times.
    pub sizes: &'static [usize],
    write: fn(&Path, usize) -> Result<()>,
}

impl Shape {
    /// The directory to build.
    pub(crate) fn directory(&self, top: &Path, size: usize) -> PathBuf {
        top.join(format!("{}-{size}", self.name))
    }

    /// Writes the tree, unless it is there.
    pub(crate) fn write(&self, top: &Path, size: usize) -> Result<()> {
        let directory = self.directory(top, size);
        if directory.exists() { Ok(()) } else { (self.write)(&directory, size) }
    }
}

/// All shapes.
pub(crate) const SHAPES: &[Shape] = &[
    Shape {
        name: "one-resource",
        about: "one Deployment under an overlay with prefix, namespace and image",
        sizes: &[1],
        write: one_resource,
    },
    Shape {
        name: "resources",
        about: "mixed small objects in one base under an overlay with namespace, prefix and label",
        sizes: &[1_000, 2_000, 10_000, 20_000, 50_000, 100_000],
        write: resources,
    },
    Shape {
        name: "overlays",
        about: "overlays of one base of seven objects, each with its own prefix",
        sizes: &[100, 200, 500, 1_000],
        write: overlays,
    },
    Shape {
        name: "references",
        about: "references by name: ten in each Deployment",
        sizes: &[1_000, 2_000, 5_000, 10_000],
        write: references,
    },
    Shape {
        name: "images",
        about: "`images` entries over 100 Deployments of two containers",
        sizes: &[100, 200, 500, 1_000],
        write: images,
    },
    Shape {
        name: "patches",
        about: "strategic merge patches, one for each Deployment",
        sizes: &[500, 1_000, 2_000],
        write: patches,
    },
    Shape {
        name: "json-patches",
        about: "JSON 6902 patches, one for each Deployment",
        sizes: &[500, 1_000, 2_000],
        write: json_patches,
    },
    Shape {
        name: "replacements",
        about: "replacements, one for each Deployment",
        sizes: &[500, 1_000, 2_000],
        write: replacements,
    },
    Shape {
        name: "generators",
        about: "generated ConfigMaps with a hash, each used once",
        sizes: &[500, 1_000, 2_000],
        write: generators,
    },
    Shape { name: "crd-file", about: "one file of CRDs, size in MB", sizes: &[10, 20, 50], write: crd_file },
    Shape {
        name: "text-file",
        about: "one ConfigMap with a block of text, size in MB",
        sizes: &[10, 20, 50],
        write: text_file,
    },
    Shape { name: "keys", about: "one mapping of this many keys", sizes: &[10_000, 20_000], write: keys },
    Shape {
        name: "labels",
        about: "this many labels, set on a Deployment",
        sizes: &[10_000, 20_000],
        write: labels,
    },
    Shape {
        name: "operations",
        about: "JSON 6902 operations that add keys to one ConfigMap",
        sizes: &[10_000, 20_000],
        write: operations,
    },
    Shape {
        name: "env",
        about: "a list `env` with one name twice, merged with a patch",
        sizes: &[10_000, 20_000],
        write: env,
    },
];

fn put(path: &Path, text: &str) -> Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    fs::write(path, text)
}

fn deployment(out: &mut String, name: &str, extra: &str) {
    let _ = write!(
        out,
        "---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\n  labels: {{app: {name}}}\nspec:\n  replicas: 1\n  \
         selector:\n    matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      \
         containers:\n      - name: main\n        image: registry.example.com/{name}:1.0\n        env:\n        - {{name: A, value: \"1\"}}\n      \
         - name: side\n        image: registry.example.com/side:1.0\n{extra}"
    );
}

fn one_resource(top: &Path, _: usize) -> Result<()> {
    let mut text = String::new();
    deployment(&mut text, "web", "");
    put(&top.join("base/web.yaml"), &text)?;
    put(&top.join("base/kustomization.yaml"), "resources: [web.yaml]\n")?;
    put(
        &top.join("kustomization.yaml"),
        "resources: [base]\nnamePrefix: p-\nnamespace: ns\nimages:\n- name: registry.example.com/web\n  newTag: \"2.0\"\n",
    )
}

fn resources(top: &Path, size: usize) -> Result<()> {
    let mut text = String::new();
    for i in 0..size {
        let _ = match i % 5 {
            0 => {
                deployment(&mut text, &format!("web-{i}"), "");
                Ok(())
            }
            1 => write!(
                text,
                "---\napiVersion: v1\nkind: Service\nmetadata: {{name: web-{i}}}\nspec:\n  selector: {{app: web-{i}}}\n  ports:\n  - port: 80\n"
            ),
            2 => write!(text, "---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: web-{i}}}\n"),
            3 => write!(
                text,
                "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: web-{i}}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: view}}\nsubjects:\n- {{kind: ServiceAccount, name: web-{}}}\n",
                i - 1
            ),
            _ => write!(
                text,
                "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: web-{i}}}\ndata:\n  a: one\n  b: two words\n"
            ),
        };
    }
    put(&top.join("base/all.yaml"), &text)?;
    put(&top.join("base/kustomization.yaml"), "resources: [all.yaml]\n")?;
    put(
        &top.join("kustomization.yaml"),
        "resources: [base]\nnamePrefix: p-\nnamespace: ns\nlabels:\n- pairs: {team: t}\n  includeSelectors: true\n",
    )
}

fn overlays(top: &Path, size: usize) -> Result<()> {
    let mut base = String::new();
    for i in 0..3 {
        deployment(&mut base, &format!("d{i}"), "");
        let _ =
            write!(base, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{i}}}\ndata: {{a: b}}\n");
    }
    base += "---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec:\n  ports:\n  - port: 80\n";
    put(&top.join("base/all.yaml"), &base)?;
    put(&top.join("base/kustomization.yaml"), "resources: [all.yaml]\n")?;
    let mut all = String::from("resources:\n");
    for i in 0..size {
        let _ = writeln!(all, "- o{i}");
        put(
            &top.join(format!("o{i}/kustomization.yaml")),
            &format!("resources: [../base]\nnamePrefix: o{i}-\n"),
        )?;
    }
    put(&top.join("kustomization.yaml"), &all)
}

fn references(top: &Path, size: usize) -> Result<()> {
    let mut text = String::new();
    for i in 0..size / 10 {
        let mut volumes = String::from("      volumes:\n");
        for j in 0..10 {
            let _ =
                write!(volumes, "      - name: v{j}\n        configMap: {{name: c{}}}\n", (i * 7 + j) % 40);
        }
        deployment(&mut text, &format!("web-{i}"), &volumes);
    }
    for i in 0..40 {
        let _ =
            write!(text, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: c{i}}}\ndata: {{a: b}}\n");
    }
    put(&top.join("all.yaml"), &text)?;
    put(&top.join("kustomization.yaml"), "resources: [all.yaml]\nnamePrefix: p-\nnameSuffix: -s\n")
}

fn images(top: &Path, size: usize) -> Result<()> {
    let mut text = String::new();
    (0..100).for_each(|i| deployment(&mut text, &format!("web-{i}"), ""));
    put(&top.join("all.yaml"), &text)?;
    let mut all = String::from("resources: [all.yaml]\nimages:\n");
    for i in 0..size {
        let _ = write!(all, "- name: registry.example.com/web-{i}\n  newTag: \"2.{i}\"\n");
    }
    put(&top.join("kustomization.yaml"), &all)
}

/// Deployments, and a list in the kustomization file with one entry for each.
fn with_entries(top: &Path, size: usize, field: &str, entry: impl Fn(usize) -> String) -> Result<()> {
    let mut text = String::new();
    (0..size).for_each(|i| deployment(&mut text, &format!("web-{i}"), ""));
    put(&top.join("all.yaml"), &text)?;
    let entries: String = (0..size).map(entry).collect();
    put(&top.join("kustomization.yaml"), &format!("resources: [all.yaml]\n{field}:\n{entries}"))
}

fn patches(top: &Path, size: usize) -> Result<()> {
    with_entries(top, size, "patches", |i| {
        format!(
            "- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {{name: web-{i}}}\n    spec: {{replicas: {i}}}\n"
        )
    })
}

fn json_patches(top: &Path, size: usize) -> Result<()> {
    with_entries(top, size, "patches", |i| {
        format!(
            "- target: {{kind: Deployment, name: web-{i}}}\n  patch: '[{{\"op\": \"replace\", \"path\": \"/spec/replicas\", \"value\": {i}}}]'\n"
        )
    })
}

fn replacements(top: &Path, size: usize) -> Result<()> {
    with_entries(top, size, "replacements", |i| {
        format!(
            "- source: {{kind: Deployment, name: web-{i}, fieldPath: metadata.name}}\n  targets:\n  - select: {{kind: Deployment, name: web-{i}}}\n    \
             fieldPaths: [spec.template.spec.containers.0.image]\n"
        )
    })
}

fn generators(top: &Path, size: usize) -> Result<()> {
    let mut text = String::new();
    for i in 0..size {
        let volume = format!("      volumes:\n      - name: v\n        configMap: {{name: g{i}}}\n");
        deployment(&mut text, &format!("web-{i}"), &volume);
    }
    put(&top.join("all.yaml"), &text)?;
    let entries: String = (0..size).map(|i| format!("- name: g{i}\n  literals: [a={i}, b=two]\n")).collect();
    put(&top.join("kustomization.yaml"), &format!("resources: [all.yaml]\nconfigMapGenerator:\n{entries}"))
}

fn crd_file(top: &Path, megabytes: usize) -> Result<()> {
    let mut text = String::new();
    let mut n = 0;
    while text.len() < megabytes << 20 {
        let _ = write!(
            text,
            "---\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: things{n}.example.com\nspec:\n  \
             group: example.com\n  names: {{kind: Thing{n}, plural: things{n}}}\n  scope: Namespaced\n  versions:\n  - name: v1\n    served: true\n    \
             storage: true\n    schema:\n      openAPIV3Schema:\n        type: object\n        properties:\n"
        );
        for i in 0..200 {
            let _ = write!(
                text,
                "          field{i}:\n            description: |-\n              Field {i} of the thing, described at the usual length of such texts:\n              \
                 what it does, when it is used, and what happens otherwise.\n            properties:\n              inner:\n                \
                 description: an inner value that is described in one line of some length\n                format: int32\n                type: integer\n              \
                 names:\n                items:\n                  type: string\n                type: array\n            type: object\n"
            );
        }
        n += 1;
    }
    put(&top.join("crds.yaml"), &text)?;
    put(&top.join("kustomization.yaml"), "resources: [crds.yaml]\n")
}

fn text_file(top: &Path, megabytes: usize) -> Result<()> {
    let mut text =
        String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text}\ndata:\n  text: |\n");
    while text.len() < megabytes << 20 {
        text += "    a line of text as it stands in a long configuration file, of ordinary length\n";
    }
    put(&top.join("text.yaml"), &text)?;
    put(&top.join("kustomization.yaml"), "resources: [text.yaml]\n")
}

fn keys(top: &Path, size: usize) -> Result<()> {
    let mut text = String::from("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys}\ndata:\n");
    (0..size).for_each(|i| {
        let _ = writeln!(text, "  key-{}: value", (i * 7919) % size);
    });
    put(&top.join("keys.yaml"), &text)?;
    put(&top.join("kustomization.yaml"), "resources: [keys.yaml]\ncommonAnnotations: {a: b}\n")
}

fn labels(top: &Path, size: usize) -> Result<()> {
    let mut text = String::new();
    deployment(&mut text, "web", "");
    put(&top.join("web.yaml"), &text)?;
    let pairs: String = (0..size).map(|i| format!("    label-{i}: value\n")).collect();
    put(
        &top.join("kustomization.yaml"),
        &format!("resources: [web.yaml]\nlabels:\n- includeSelectors: true\n  pairs:\n{pairs}"),
    )
}

fn operations(top: &Path, size: usize) -> Result<()> {
    put(&top.join("all.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: keys}\ndata: {a: b}\n")?;
    let all: String =
        (0..size).map(|i| format!("- {{op: add, path: /data/key-{i}, value: value}}\n")).collect();
    put(&top.join("patch.yaml"), &all)?;
    let patches = "patches:\n- target: {kind: ConfigMap}\n  path: patch.yaml\n";
    put(&top.join("kustomization.yaml"), &format!("resources: [all.yaml]\n{patches}"))
}

fn env(top: &Path, size: usize) -> Result<()> {
    let start = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n  - name: main\n";
    let all: String = (0..size).map(|i| format!("    - {{name: V{}, value: x}}\n", i.max(1))).collect();
    put(&top.join("web.yaml"), &format!("{start}    env:\n{all}"))?;
    put(&top.join("patch.yaml"), &format!("{start}    env:\n    - {{name: V7, value: y}}\n"))?;
    put(&top.join("kustomization.yaml"), "resources: [web.yaml]\npatches: [{path: patch.yaml}]\n")
}
