//! Whole trees that `kfm.toml` asks for.

use crate::app;
use crate::site::{Site, config_map};
use std::fs;

#[test]
fn trees_are_kept_with_their_edits() {
    let (site, url) = app();
    let long: String = (0..30).map(|i| format!("line {i}\n")).collect();
    site.repository("app", &[("base/long.txt", &long), ("base/skip.md", "x")], "v2");
    let config = |reference: &str| {
        format!(
            "[[source]]\nname = \"m\"\ngit = \"{url}\"\nref = \"{reference}\"\npath = \"base\"\nexclude = [\"*.md\"]\ninto = \"m\"\n"
        )
    };
    site.write("kfm.toml", &config("v2"));
    assert!(site.run(&["vendor"]).good().contains("added"));
    assert!(site.top.join("w/m/LICENSE").exists() && !site.top.join("w/m/skip.md").exists());
    assert!(site.run(&["build", "m"]).good().contains("name: app"));
    assert!(site.run(&["vendor"]).good().contains("unchanged"));
    site.write("m/long.txt", &long.replace("line 2\n", "line two\n"));
    assert!(site.run(&["vendor", "--check"]).bad().contains("`m/long.txt` is modified"));
    assert!(site.run(&["build", "m", "--locked"]).bad().contains("`m/long.txt` is modified"));
    let diff = site.run(&["vendor", "diff"]).good();
    assert!(
        diff.contains("--- a/m/long.txt\n+++ b/m/long.txt\n") && diff.contains("-line 2\n+line two\n"),
        "{diff}"
    );
    site.run(&["vendor"]).good();
    site.run(&["vendor", "--check"]).good();
    site.run(&["build", "m", "--locked"]).good();
    site.repository("app", &[("base/long.txt", &long.replace("line 28\n", "line 28b\n"))], "v3");
    site.write("kfm.toml", &config("v3"));
    assert!(site.run(&["vendor"]).good().contains("moved"));
    let text = site.read("m/long.txt");
    assert!(text.contains("line two\n") && text.contains("line 28b\n"), "{text}");
    site.repository("app", &[("base/long.txt", &long.replace("line 2\n", "line zwei\n"))], "v4");
    site.write("kfm.toml", &config("v4"));
    let said = site.run(&["vendor"]).bad();
    assert!(said.contains("`long.txt` do not fit the new version"), "{said}");
    assert_eq!(site.read("m/long.txt"), text);
    site.run(&["vendor", "--force"]).good();
    assert!(site.read("m/long.txt").contains("line zwei\n"));
    assert_eq!(site.run(&["vendor", "diff"]).good(), "");
}

#[test]
fn a_platform_is_built_over_a_tree_that_took_the_place_of_another() {
    let (site, url) = app();
    let upstream = [
        ("apps/a/kustomization.yaml", "resources: [c.yaml]\n"),
        ("apps/a/c.yaml", &config_map("upstream", "1")),
        ("apps/b/kustomization.yaml", &format!("resources: ['{url}//base?ref=v1']\n")),
    ];
    let path = site.repository("upstream", &upstream, "26.03");
    site.write("manifests/apps/a/kustomization.yaml", "resources: [c.yaml]\n");
    site.write("manifests/apps/a/c.yaml", &config_map("own", "1"));
    site.write("example/kustomization.yaml", "resources: [../manifests/apps/a]\nnamePrefix: p-\n");
    assert!(site.run(&["build", "example"]).good().contains("name: p-own"));
    let git = path.display();
    let tree =
        format!("[[source]]\nname = \"m\"\ngit = \"file://{git}\"\nref = \"26.03\"\ninto = \"manifests\"\n");
    site.write("kfm.toml", &tree);
    assert!(site.run(&["vendor"]).bad().contains("`manifests` is there already"));
    assert!(site.run(&["build", "example"]).good().contains("name: p-own"));
    let said = site.run(&["vendor", "--force"]).good();
    assert!(said.contains("26.03 in `manifests`") && said.contains("v1"), "{said}");
    fs::rename(site.top.join("git"), site.top.join("gone")).expect("moved");
    fs::remove_dir_all(site.top.join("home/.cache")).expect("removed");
    let build = |target: &str| site.run(&["build", "--locked", "--offline", target]);
    assert!(build("example").good().contains("name: p-upstream"));
    assert!(build("manifests/apps/b").good().contains("name: app"));
    site.run(&["vendor", "--check"]).good();
    site.write("manifests/apps/a/new.yaml", "x");
    assert!(build("example").bad().contains("`manifests/apps/a/new.yaml` was added"));
}

#[test]
fn a_tree_configuration_loosens_nothing() {
    let site = Site::new();
    for (text, expected) in [
        ("[[mirror]]\nfrom = \"https://h/\"\nto = \"file:///\"\n", "unknown field `mirror`"),
        ("[network]\nfile-repositories = true\n", "unknown field `network`"),
        (
            "[[source]]\nname = \"m\"\ngit = \"https://h/o/r\"\nref = \"v1\"\ninto = \"../m\"\n",
            "must be a directory below",
        ),
        (
            "[[source]]\nname = \"m\"\ngit = \"ext::sh -c true\"\nref = \"v1\"\ninto = \"m\"\n",
            "must be a repository",
        ),
        (
            "[[source]]\nname = \"m\"\ngit = \"https://h/o/r\"\nref = \"--upload-pack=x\"\ninto = \"m\"\n",
            "begins with `-`",
        ),
    ] {
        site.write("kfm.toml", text);
        let said = site.run(&["vendor"]).bad();
        assert!(said.contains(expected), "{text}: {said}");
    }
}
