use super::super::options::PluginOptions;
use super::*;
use crate::search_path::SearchPath;
use crate::yaml::Mark;

fn chart(name: &str) -> HelmChart {
    let mark = Mark { source: Source::new("kustomization.yaml", String::new()), offset: 0 };
    HelmChart { name: name.into(), ..HelmChart::new(mark) }
}

fn checked(chart: &HelmChart, globals: Option<&HelmGlobals>, options: &PluginOptions) -> Result<Chart> {
    let mut load = |_: &Text| Ok(Arc::default());
    prepare(
        chart,
        globals,
        &mut Site { options, compat: Compat::DEFAULT, budget: None, root: Path::new("/k"), load: &mut load },
    )
}

fn options() -> PluginOptions {
    let search = SearchPath::of_the_tests();
    PluginOptions { enable_helm: true, helm_command: "helm".into(), search, ..Default::default() }
}

#[test]
fn no_argument_is_an_option_and_no_repository_needs_a_program() {
    type Set = fn(&mut HelmChart);
    let table: [(Set, &str); 5] = [
        (|c| c.release_name = "--post-renderer=./x".into(), "releaseName"),
        (|c| c.name = "-x".into(), "chart name"),
        (|c| c.repo = "--x".into(), "repo"),
        (|c| c.repo = "evil://x/y".into(), "--helm-plugins"),
        (|c| c.repo = "file:///x".into(), "--helm-plugins"),
    ];
    for (set, expected) in table {
        let mut c = chart("c");
        set(&mut c);
        let error = checked(&c, None, &options()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Restricted, "{error}");
        assert!(error.message().contains(expected), "{error}");
    }
    let mut c = chart("c");
    c.repo = "s3://bucket/charts".into();
    let allowed = PluginOptions { helm_plugins: Some("/plugins".into()), ..options() };
    assert!(checked(&c, None, &allowed).is_ok());
}

#[cfg(unix)]
#[test]
fn links_do_not_lead_out_of_a_chart() {
    let top = tempfile::tempdir().unwrap();
    let root = top.path().canonicalize().unwrap().join("root");
    std::fs::create_dir_all(root.join("charts/c/templates")).unwrap();
    std::fs::write(root.join("charts/c/values.yaml"), "a: 1\n").unwrap();
    std::fs::write(root.join("shared.yaml"), "a: 1\n").unwrap();
    let link = |to: &str, name: &str| {
        std::os::unix::fs::symlink(to, root.join("charts/c/templates").join(name)).unwrap();
    };
    link("../values.yaml", "inside.yaml");
    link("../../../shared.yaml", "of-the-root.yaml");
    link("none.yaml", "broken.yaml");
    assert!(refuse_links(&root.join("charts/c"), &root).is_ok());
    link("/etc/hostname", "outside.yaml");
    let error = refuse_links(&root.join("charts/c"), &root).unwrap_err();
    assert!(error.message().ends_with("is a link that leads out of the chart"), "{error}");
}

#[test]
fn the_arguments_are_those_of_kustomize() {
    let mut c = chart("shanty");
    let plain = checked(&c, None, &options()).unwrap();
    assert_eq!(plain.template_args("V").join(" "), "template --generate-name /k/charts/shanty -f V");
    (c.version, c.repo) = ("1.2.3".into(), "https://charts.invalid/x".into());
    (c.release_name, c.namespace, c.name_template) = ("crew".into(), "sea".into(), "t".into());
    c.additional_values_files = vec![Marked { value: "m/../m1.yaml".into(), mark: c.mark.clone() }];
    (c.include_crds, c.skip_tests, c.skip_hooks, c.devel) = (true, true, true, true);
    c.kube_version = "1.30".into();
    let flags = PluginOptions {
        helm_api_versions: vec!["a/v1".into(), "b/v1".into()],
        helm_kube_version: "1.20".into(),
        helm_debug: true,
        ..options()
    };
    let globals = HelmGlobals { chart_home: "./ch".into(), config_home: String::new() };
    let full = checked(&c, Some(&globals), &flags).unwrap();
    assert_eq!(
        full.template_args("V").join(" "),
        "template crew /k/ch/shanty-1.2.3/shanty --namespace sea --name-template t -f V -f /k/m1.yaml \
         --api-versions a/v1 --api-versions b/v1 --kube-version 1.30 --include-crds --skip-tests --no-hooks \
         --debug --devel"
    );
    assert_eq!(
        full.pull_args().join(" "),
        "pull --untar --untardir /k/ch/shanty-1.2.3 --repo https://charts.invalid/x shanty --version 1.2.3 --devel"
    );
    c.repo = "oci://reg.invalid/c/".into();
    let oci = checked(&c, None, &options()).unwrap();
    assert!(oci.pull_args().contains(&"oci://reg.invalid/c/shanty".to_owned()));
    assert!(!oci.pull_args().contains(&"--repo".to_owned()));
}

#[test]
fn charts_are_checked_before_anything_runs() {
    let error = checked(&chart("x"), None, &PluginOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Restricted);
    assert!(checked(&chart(""), None, &options()).unwrap_err().message().contains("`name`"));
    let mut c = chart("x");
    c.values_merge = "mix".into();
    assert!(checked(&c, None, &options()).unwrap_err().message().contains("found `mix`"));
    let alpha = PluginOptions { enable_helm: false, enable_alpha_plugins: true, ..options() };
    assert!(checked(&chart("x"), None, &alpha).is_ok());
}

#[test]
fn versions_are_found_in_text() {
    let table = [
        ("v3.99.0+g0000000", Some("3.99.0")),
        ("helm 3.1.0 build", Some("3.1.0")),
        ("unknown", None),
        ("build 12 of 3.1", Some("3.1")),
        ("3.", None),
        ("1.x 2.5", Some("2.5")),
    ];
    for (text, version) in table {
        assert_eq!(find_version(text), version, "{text}");
    }
}

#[cfg(unix)]
mod calls {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    /// Stands in for helm: prints its arguments, its environment and the values file.
    const HELM: &str = r#"#!/bin/sh
case "$1" in
version) echo "${VERSION:-v3.1.2}"; exit 0 ;;
pull) mkdir -p "$4/$7"; echo 'pulled: true' > "$4/$7/values.yaml"; exit 0 ;;
esac
[ "$2" = fail ] && { echo "no good" >&2; exit 4; }
printf 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: call\ndata:\n  home: %s\n  values: |\n' "$HELM_CACHE_HOME"
while [ "$1" != -f ]; do shift; done
sed 's/^/    /' "$2"
"#;

    fn render(c: &HelmChart, files: &[(&str, &str)]) -> Result<Vec<Resource>> {
        let directory = tempfile::tempdir().unwrap();
        let helm = directory.path().join("helm.sh");
        std::fs::write(&helm, HELM).unwrap();
        std::fs::set_permissions(&helm, std::fs::Permissions::from_mode(0o755)).unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let options = PluginOptions { helm_command: display(&helm), ..options() };
        let root = directory.path().to_owned();
        let mut load = |file: &Text| {
            let path = root.join(&file.value);
            let bytes = std::fs::read(path).map_err(|e| Error::new(ErrorKind::NotFound, e.to_string()))?;
            Ok(Arc::new(bytes))
        };
        let mut site = Site {
            options: &options,
            compat: Compat::DEFAULT,
            budget: None,
            root: directory.path(),
            load: &mut load,
        };
        let globals = HelmGlobals { config_home: "conf".into(), ..Default::default() };
        let chart = prepare(c, Some(&globals), &mut site)?;
        inflate(&chart, &mut site)
    }

    fn data(all: &[Resource], key: &str) -> String {
        let doc = all[0].doc();
        doc.get_path(all[0].root(), &["data", key]).map(|n| doc.text(n).to_owned()).unwrap_or_default()
    }

    #[test]
    fn what_helm_prints_becomes_resources() {
        let all = render(&chart("s"), &[("charts/s/values.yaml", "a:   1\n")]).unwrap();
        assert_eq!(all.len(), 1);
        assert!(all[0].from_helm);
        assert_eq!(all[0].annotation(internal::FROM_HELM), Some("true"));
        assert_eq!(data(&all, "values"), "a:   1\n");
        assert_eq!(data(&all, "home"), "conf/.cache");
    }

    #[test]
    fn a_chart_that_is_not_there_is_pulled() {
        let mut c = chart("s");
        let error = render(&c, &[]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        c.repo = "https://charts.invalid".into();
        assert_eq!(data(&render(&c, &[]).unwrap(), "values"), "pulled: true\n");
    }

    #[test]
    fn inline_values_are_laid_over_the_file() {
        let text = "a: 1\nb: {c: 2}\n";
        let inline = split::read_v2(&Source::new("k", text.into())).unwrap().unwrap();
        let root = inline.root();
        let mut c = chart("s");
        c.values_inline = Some((Arc::new(inline), root));
        let files = [("charts/s/values.yaml", "a: 0\nz: 0\n")];
        assert_eq!(data(&render(&c, &files).unwrap(), "values"), "a: 1\nb:\n  c: 2\nz: 0\n");
    }

    #[test]
    fn a_failure_tells_the_call_and_what_helm_said() {
        let mut c = chart("s");
        c.release_name = "fail".into();
        let error = render(&c, &[("charts/s/values.yaml", "a: 1\n")]).unwrap_err();
        assert!(error.message().contains(" template` failed"), "{error}");
        assert!(error.message().ends_with("failed with exit status 4: no good"), "{error}");
    }
}
