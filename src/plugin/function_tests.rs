use super::super::options::PluginOptions;
use super::*;
use crate::compat::Compat;
use crate::kustomization::Text;
use crate::resource::read;
use crate::search_path::SearchPath;

fn config(metadata: &str) -> Resource {
    let text =
        format!("apiVersion: fn.example/v1\nkind: Flock\nmetadata:\n  name: f\n{metadata}spec:\n  v: 1\n");
    read::from_source(&Source::new("t.yaml", text)).unwrap().remove(0)
}

fn annotated(text: &str) -> Resource {
    let text = text.replace('\n', "\n      ");
    config(&format!("  annotations:\n    config.kubernetes.io/function: |\n      {text}\n"))
}

#[test]
fn a_spec_may_stand_in_three_places() {
    let exec = Spec { path: "./fn.sh".into(), args: vec!["x".into(), "5".into()], ..Default::default() };
    let table = [
        (annotated("exec:\n  path: ./fn.sh\n  args: [x, 5]"), Some(exec.clone())),
        (config("  configFn: {exec: {path: ./fn.sh, args: [x, 5]}}\n"), Some(exec)),
        (
            config("  annotations: {config.kubernetes.io/container: 'a:b'}\n"),
            Some(Spec {
                container: Container { image: "a:b".into(), ..Default::default() },
                ..Default::default()
            }),
        ),
        (annotated("{}"), Some(Spec::default())),
        (config(""), None),
    ];
    for (config, spec) in table {
        assert_eq!(spec_of(&config).unwrap(), spec);
    }
}

#[test]
fn a_spec_is_taken_strictly() {
    for (text, message) in [
        ("exec: {path: a, shell: yes}", "unknown field `shell`"),
        ("exec: {path: a, path: b}", "key `path` is there already"),
        ("exec: [", "did not find expected node content"),
        ("container: {image: i, mounts: [{src: /a}]}", "is not below the kustomization's directory"),
        ("container: {image: i, mounts: [{src: a/../../b}]}", "is not below the kustomization's directory"),
    ] {
        let error = spec_of(&annotated(text)).unwrap_err();
        assert!(error.message().contains(message), "{text}: {error}");
    }
}

#[test]
fn the_list_is_what_kustomize_writes() {
    let item = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    z: \"1\"\n  name: a\n";
    let config = config_text(&annotated("exec:\n  path: ./fn.sh")).unwrap();
    assert_eq!(
        resource_list(&[item.into()], &config),
        "\
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: v1
  kind: ConfigMap
  metadata:
    annotations:
      z: \"1\"
      config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/index: '0'
      internal.config.kubernetes.io/annotations-migration-resource-id: '0'
      internal.config.kubernetes.io/id: '1'
      config.k8s.io/id: '1'
    name: a
functionConfig:
  apiVersion: fn.example/v1
  kind: Flock
  metadata:
    annotations:
      config.kubernetes.io/function: |
        exec:
          path: ./fn.sh
      config.kubernetes.io/local-config: 'true'
    name: f
  spec:
    v: 1
"
    );
    assert!(resource_list(&[], "kind: A\n").contains("items: []\nfunctionConfig:\n  kind: A\n"));
}

fn with_site<R>(options: &PluginOptions, act: impl FnOnce(&mut Site<'_, '_>) -> R) -> R {
    let directory = tempfile::tempdir().unwrap();
    let mut load = |_: &Text| Ok(Arc::default());
    act(&mut Site { options, compat: Compat::DEFAULT, budget: None, root: directory.path(), load: &mut load })
}

fn shell(script: &str) -> Spec {
    Spec { path: "sh".into(), args: vec!["-c".into(), script.into()], ..Default::default() }
}

#[test]
fn what_is_not_allowed_does_not_run() {
    with_site(&PluginOptions::default(), |site| {
        let mut map = ResMap::new();
        map.push(config(""));
        transform(&shell("exit 1"), &config(""), &mut map, site).unwrap();
        assert_eq!(map.len(), 1);
        assert!(generate(&shell("exit 1"), &config(""), site).unwrap().is_empty());
        let mut spec = shell("exit 1");
        spec.container.network = true;
        let error = generate(&spec, &config(""), site).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Restricted);
    });
}

#[cfg(unix)]
#[test]
fn functions_change_objects() {
    let options =
        PluginOptions { enable_exec: true, search: SearchPath::of_the_tests(), ..Default::default() };
    with_site(&options, |site| {
        let mut map = ResMap::new();
        let mut res = config("");
        res.store_previous_id();
        res.needs_hash = true;
        map.push(res);
        transform(&shell("sed 's/v: 1/v: 2/'"), &config(""), &mut map, site).unwrap();
        let res = map.iter().next().unwrap();
        assert_eq!(res.doc().get_path(res.root(), &["spec", "v"]).map(|n| res.doc().text(n)), Some("2"));
        assert!(res.needs_hash);
        assert_eq!(res.previous.len(), 1);
        let error = transform(&shell("exit 3"), &config(""), &mut map, site).unwrap_err();
        assert!(error.message().ends_with("failed with exit status 3"), "{error}");
        transform(&shell("true"), &config(""), &mut map, site).unwrap();
        assert!(map.is_empty());
    });
}

#[cfg(unix)]
#[test]
fn functions_make_objects() {
    let options = PluginOptions {
        enable_exec: true,
        search: SearchPath::of_the_tests(),
        env: vec!["A=flag".into()],
        ..Default::default()
    };
    with_site(&options, |site| {
        let mut spec = shell("printf 'kind: A\nmetadata:\n  name: %s-%s\n' $A $B");
        spec.envs = vec!["A=spec".into(), "B=spec".into()];
        let all = generate(&spec, &config(""), site).unwrap();
        assert_eq!(all[0].name(), "flag-spec");
        assert!(!all[0].needs_hash);
    });
}
