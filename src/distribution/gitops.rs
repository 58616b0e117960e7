//! `init --layout gitops`: the repository of a platform that Argo CD deploys.
//!
//! ```text
//! apps/kubeflow.yaml              the Application
//! kubeflow/base                   the components
//! kubeflow/overlays/default       gateway, mesh, login, patches
//! kubeflow/profiles               a kustomization for each user
//! overlays, manifests             what these are made of
//! terraform                       the same repository, Application and DNS record as code
//! ```
//!
//! Components and overlays are those of the built-in `example`.

use super::embedded;
use super::profiles::{self, Profile};
use std::borrow::Cow;

/// What a repository is to be for.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    /// URL of the repository, as Argo CD reaches it.
    pub(crate) repo: String,
    /// Host name of the platform.
    pub(crate) host: String,
    /// Release of kubeflow/manifests to name in the base; the built-in manifests are written out without one.
    pub(crate) reference: Option<String>,
    /// The profiles.
    pub(crate) profiles: Vec<Profile>,
}

/// Directories of the repository that are kfm's.
pub(crate) const OWNED: [&str; 5] = ["apps", "kubeflow", "terraform", "overlays", "manifests"];

/// Files of the layout, by their paths, with words in capitals between `@` for what is filled in.
const FILES: &[(&str, &str)] = &[
    ("README.md", include_str!("gitops/README.md")),
    ("apps/kubeflow.yaml", include_str!("gitops/application.yaml")),
    ("kubeflow/base/kustomization.yaml", include_str!("gitops/base.yaml")),
    ("kubeflow/overlays/default/kustomization.yaml", include_str!("gitops/default.yaml")),
    ("kubeflow/overlays/default/gateway-config.yaml", include_str!("gitops/gateway-config.yaml")),
    ("kubeflow/overlays/default/patches/ambient.yaml", include_str!("gitops/ambient.yaml")),
    ("terraform/versions.tf", include_str!("gitops/versions.tf")),
    ("terraform/variables.tf", include_str!("gitops/variables.tf")),
    ("terraform/github_kubeflow.tf", include_str!("gitops/github_kubeflow.tf")),
    ("terraform/argocd_applications.tf", include_str!("gitops/argocd_applications.tf")),
];

/// The upstream repository.
const UPSTREAM: &str = "https://github.com/kubeflow/manifests//";

/// The files of a repository.
pub(crate) fn files(layout: &Layout) -> Vec<(String, Cow<'static, [u8]>)> {
    let example = embedded::below("example").find(|file| file.path == "example/kustomization.yaml");
    let example = example.map(|file| String::from_utf8_lossy(file.content)).unwrap_or_default();
    let (top, order) = example.split_once("\nsortOptions:\n").unwrap_or((&example, ""));
    let (resources, components) = top.split_once("\ncomponents:\n").unwrap_or((top, ""));
    let entry = |line: &&str| line.starts_with("- ");
    // The first profile is one of the list, and what follows it is for the cluster to bring.
    let resources = resources.lines().filter(entry).filter(|line| !line.contains("/user-namespace/"));
    let resources: Vec<String> = resources.map(|line| base(line, layout.reference.as_deref())).collect();
    let components: Vec<String> =
        components.lines().filter(entry).map(|line| line.replace("../", "../../../")).collect();
    let fill = |text: &str| {
        text.replace("@REPO@", &layout.repo)
            .replace("@HOST@", &layout.host)
            .replace("@RESOURCES@", &resources.join("\n"))
            .replace("@COMPONENTS@", &components.join("\n"))
            .replace("@ORDER@", order.trim_end())
    };
    let mut files: Vec<(String, Cow<'static, [u8]>)> =
        FILES.iter().map(|(path, text)| ((*path).to_owned(), Cow::Owned(fill(text).into_bytes()))).collect();
    let of_profile = |(path, text)| (format!("kubeflow/profiles/{path}"), text);
    files.extend(profiles::files(&layout.profiles).into_iter().map(of_profile));
    let trees: &[&str] = if layout.reference.is_some() { &["overlays"] } else { &["overlays", "manifests"] };
    for tree in trees {
        files.extend(embedded::below(tree).map(|f| (f.path.to_owned(), Cow::Borrowed(f.content))));
    }
    files
}

/// An entry of the base: a directory of the written manifests, or of a release of kubeflow/manifests.
fn base(line: &str, reference: Option<&str>) -> String {
    match reference {
        Some(reference) => format!("{}?ref={reference}", line.replace("../manifests/", UPSTREAM)),
        None => line.replace("../manifests/", "../../manifests/"),
    }
}
