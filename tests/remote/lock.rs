//! The lock, the copies beside it, bundles.

use crate::site::{Answer, Server, Site, config_map, ran};
use crate::{BASE, app, uses};
use std::fs;

#[test]
fn copies_build_the_same_without_the_repository() {
    let (site, url) = app();
    let server = Server::start(&[("/x.yaml", Answer::File(config_map("x", "1")))]);
    site.write(
        "a/kustomization.yaml",
        &format!("resources: ['{url}//base?ref=v1', '{}/x.yaml']\n", server.url),
    );
    let network = site.run(&["build", "a"]).good();
    assert!(site.run(&["vendor"]).good().contains("added"));
    let lock = site.read("kfm.lock");
    let copy =
        lock.lines().find_map(|l| l.strip_prefix("copy = ")).expect("a copy").trim_matches('"').to_owned();
    assert_eq!(site.read(&format!("{copy}/LICENSE")), "terms");
    assert!(!site.top.join("w").join(&copy).join("other").exists());
    fs::rename(site.top.join("git"), site.top.join("gone")).expect("moved");
    fs::remove_dir_all(site.top.join("home/.cache")).expect("removed");
    let asked = server.asked.lock().expect("the log").len();
    for flags in [&["build", "a"][..], &["build", "a", "--locked"], &["build", "a", "--offline"]] {
        assert_eq!(site.run(flags).good(), network, "{flags:?}");
    }
    assert!(site.run(&["vendor"]).good().contains("unchanged"));
    assert!(site.run(&["vendor", "--check"]).good().contains("are what the targets need"));
    assert_eq!((site.read("kfm.lock"), server.asked.lock().expect("the log").len()), (lock, asked));
}

#[test]
fn changes_of_copies_are_noticed() {
    let (site, url) = app();
    site.write("a/kustomization.yaml", &format!("resources: ['{url}//base?ref=v1']\n"));
    site.run(&["vendor"]).good();
    let lock = site.read("kfm.lock");
    let copy =
        lock.lines().find_map(|l| l.strip_prefix("copy = ")).expect("a copy").trim_matches('"').to_owned();
    let file = format!("{copy}/base/c.yaml");
    site.write(&file, &config_map("app", "2"));
    let says = |site: &Site| site.run(&["vendor", "--check"]).bad();
    assert!(says(&site).contains(&format!("`{file}` is modified")));
    assert!(site.run(&["build", "a", "--locked"]).bad().contains(&format!("`{file}` is modified")));
    fs::remove_file(site.top.join("w").join(&file)).expect("removed");
    assert!(says(&site).contains(&format!("`{file}` is missing")));
    assert!(site.run(&["vendor"]).good().contains("restored"));
    site.write(&format!("{copy}/base/new.yaml"), "x");
    assert!(says(&site).contains("was added"));
    site.run(&["vendor"]).good();
    assert_eq!(site.read("kfm.lock"), lock);
    site.write("a/kustomization.yaml", "resources: []\nnamePrefix: p-\n");
    assert!(says(&site).contains("is no longer reached"));
    assert!(site.run(&["vendor"]).good().contains("removed"));
    assert!(!site.top.join("w/vendor").exists());
    site.write("a/kustomization.yaml", &format!("resources: ['{url}//base?ref=v2']\n"));
    assert!(says(&site).contains("is not in `kfm.lock`"));
    assert!(site.run(&["build", "a", "--locked"]).bad().contains("is not in `kfm.lock`"));
}

#[test]
fn commits_stay_until_they_are_updated() {
    let (site, url) = app();
    site.write("a/kustomization.yaml", &format!("resources: ['{url}//base?ref=main']\n"));
    assert!(site.run(&["vendor"]).stderr.contains("names the branch `main`"));
    let text = config_map("app", "2");
    site.repository("app", &[("base/c.yaml", &text)], "v2");
    site.write(
        "b/kustomization.yaml",
        &format!("resources: ['{url}//other?ref=v2', '{url}//base?ref=main']\n"),
    );
    fs::remove_dir_all(site.top.join("w/b")).expect("removed");
    assert!(site.run(&["vendor"]).good().contains("unchanged"));
    assert!(site.run(&["build", "a"]).good().contains("v: \"1\""));
    let moved = site.run(&["vendor", "--update", &url]).good();
    assert!(moved.starts_with("moved ") && moved.contains(" -> "), "{moved}");
    assert!(site.run(&["build", "a"]).good().contains("v: \"2\""));
    assert!(site.run(&["vendor", "--update", "https://h.example/x"]).bad().contains("has nothing at"));
}

#[test]
fn a_lock_without_copies_pins_what_is_fetched() {
    let (site, url) = app();
    site.write("a/kustomization.yaml", &format!("resources: ['{url}//base?ref=main']\n"));
    site.run(&["vendor"]).good();
    let text = config_map("app", "2");
    site.repository("app", &[("base/c.yaml", &text)], "v2");
    fs::remove_dir_all(site.top.join("w/vendor")).expect("removed");
    fs::remove_dir_all(site.top.join("home/.cache")).expect("removed");
    assert!(site.run(&["build", "a"]).good().contains("v: \"1\""));
}

#[test]
fn a_bundle_builds_where_there_is_no_network() {
    let (site, url) = app();
    let kustomization = format!("resources: ['{url}//base?ref=v1']\n");
    site.write("kustomization.yaml", &kustomization);
    let network = site.run(&["build"]).good();
    site.run(&["vendor", "--bundle", "../bundle.tar.gz"]).good();
    let bundle = fs::read(site.top.join("bundle.tar.gz")).expect("a bundle");
    site.run(&["vendor", "--bundle", "../again.tar.gz"]).good();
    assert_eq!(fs::read(site.top.join("again.tar.gz")).expect("a bundle"), bundle);
    let other = Site::new();
    other.write("kustomization.yaml", &kustomization);
    fs::write(other.top.join("bundle.tar.gz"), &bundle).expect("written");
    assert!(other.run(&["vendor", "--from", "../bundle.tar.gz"]).good().starts_with("1 copies"));
    assert_eq!(other.run(&["build", "--locked", "--offline"]).good(), network);
    other.write("kfm.lock", "version = 1\n");
    let said = other.run(&["vendor", "--from", "../bundle.tar.gz"]).bad();
    assert!(said.contains("was made for another `kfm.lock`"), "{said}");
    fs::write(other.top.join("bundle.tar.gz"), &bundle[..bundle.len() / 2]).expect("written");
    assert!(other.run(&["vendor", "--from", "../bundle.tar.gz"]).bad().contains("cannot be read"));
    assert_eq!(other.read("kfm.lock"), "version = 1\n");
}

#[test]
fn a_changed_copy_is_told_once() {
    let site = Site::new();
    site.repository("r", &[("kustomization.yaml", BASE), ("c.yaml", &config_map("r", "1"))], "v1");
    let mirror = format!(
        "[[mirror]]\nfrom = \"https://h.example/x/\"\nto = \"file://{}/\"\n",
        site.top.join("git").display()
    );
    fs::write(site.top.join("home/.config/kfm/config.toml"), mirror).expect("a configuration");
    // This could be the location of a file as well; the lock knows.
    uses(&site, "https://h.example/x/r");
    site.run(&["vendor"]).good();
    site.write("vendor/h.example/x/r@HEAD/c.yaml", "x");
    let said = site.run(&["build", "--locked"]).bad();
    assert!(said.contains("c.yaml` is modified") && !said.contains("in another way"), "{said}");
}

#[test]
fn what_cannot_be_fetched_is_no_lock_without_it() {
    let (site, url) = app();
    fs::remove_file(site.top.join("home/.config/kfm/config.toml")).expect("removed");
    site.write("a/kustomization.yaml", &format!("resources: ['{url}//base?ref=v1']\n"));
    let said = site.run(&["vendor"]).bad();
    assert!(said.contains("pass `--enable-file-repositories`"), "{said}");
    assert!(!site.top.join("w/kfm.lock").exists());
    site.run(&["vendor", "--enable-file-repositories"]).good();
    assert!(site.top.join("w/kfm.lock").exists());
}

#[test]
fn a_bundle_leads_nowhere_outside() {
    let site = Site::new();
    let bundle = site.top.join("bundle.tar.gz");
    for (name, kind) in
        [("../out", tar::EntryType::Regular), ("x", tar::EntryType::Link), ("x", tar::EntryType::Fifo)]
    {
        let mut archive =
            tar::Builder::new(flate2::write::GzEncoder::new(vec![], flate2::Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.as_gnu_mut().expect("a header").name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_cksum();
        archive.append(&header, std::io::empty()).expect("an entry");
        let bytes = archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("an archive");
        fs::write(&bundle, bytes).expect("written");
        let said = site.run(&["vendor", "--from", "../bundle.tar.gz"]).bad();
        assert!(said.contains("the bundle holds"), "{said}");
        assert!(site.left("w").is_empty() && !site.top.join("out").exists());
    }
}

#[test]
fn a_file_that_changed_is_not_what_the_lock_has() {
    let site = Site::new();
    let server = Server::start(&[("/x.yaml", Answer::File(config_map("x", "1")))]);
    uses(&site, &format!("{}/x.yaml", server.url));
    site.run(&["vendor"]).good();
    let lock = site.read("kfm.lock");
    let sum = lock.lines().find(|l| l.starts_with("sum = ")).expect("a hash");
    site.write("kfm.lock", &lock.replace(sum, &format!("sum = \"sha256:{}\"", "0".repeat(64))));
    assert!(site.run(&["build", "--locked"]).bad().contains("is modified"));
    fs::remove_dir_all(site.top.join("w/vendor")).expect("removed");
    assert!(site.run(&["build"]).bad().contains("is not what it was when `kfm.lock` was written"));
}

#[test]
fn passwords_are_neither_in_the_lock_nor_in_the_cache() {
    let (site, _) = app();
    let server = Server::start(&[("/", Answer::Git(site.top.join("git")))]);
    let with = server.url.replace("http://", "http://user:s3cret@");
    uses(&site, &format!("{with}/app//base?ref=v1"));
    site.run(&["vendor"]).good();
    site.run(&["build", "--locked", "--offline"]).good();
    for entry in walkdir::WalkDir::new(&site.top).into_iter().flatten().filter(|e| e.file_type().is_file()) {
        let shown = entry.path().strip_prefix(&site.top).expect("below").display().to_string();
        assert!(!shown.contains("s3cret"), "{shown}");
        let own = ["git.log", "w/kustomization.yaml"].contains(&shown.as_str());
        let text = fs::read(entry.path()).unwrap_or_default();
        assert!(own || !text.windows(6).any(|w| w == b"s3cret"), "{shown}");
    }
}

#[test]
fn links_of_a_repository_are_kept_and_lead_nowhere_else() {
    let (site, url) = app();
    let path = site.top.join("git/app");
    std::os::unix::fs::symlink("../base/c.yaml", path.join("other/in.yaml")).expect("a link");
    std::os::unix::fs::symlink("base", path.join("linked")).expect("a link");
    std::os::unix::fs::symlink("/etc", path.join("out")).expect("a link");
    site.repository("app", &[("lnk/kustomization.yaml", "resources: [../linked]\n")], "v2");
    site.write("kustomization.yaml", &format!("resources: ['{url}//lnk?ref=v2']\n"));
    let network = site.run(&["build"]).good();
    site.run(&["vendor"]).good();
    fs::rename(&path, site.top.join("gone")).expect("moved");
    assert_eq!(site.run(&["build", "--locked", "--no-cache"]).good(), network);
    site.run(&["vendor", "--check"]).good();
    let file = site.top.join("w/vendor").join("evil");
    std::os::unix::fs::symlink("/etc", &file).expect("a link");
    let lock = site.read("kfm.lock");
    let copy = lock.lines().find(|l| l.starts_with("copy = ")).expect("a copy");
    site.write("kfm.lock", &lock.replace(copy, "copy = \"vendor/evil\""));
    assert!(site.run(&["build"]).bad().contains("is reached by a link"));
}

#[test]
fn a_full_disk_leaves_the_old_state() {
    let (site, url) = app();
    site.write("a/kustomization.yaml", &format!("resources: ['{url}//base?ref=v1']\n"));
    site.run(&["vendor"]).good();
    let before = (site.read("kfm.lock"), site.read("kfm.sum"));
    let big: String = "x: y\n".repeat(1 << 18);
    site.repository("app", &[("base/c.yaml", &format!("{}{big}", config_map("app", "2")))], "v2");
    site.write("a/kustomization.yaml", &format!("resources: ['{url}//base?ref=v2']\n"));
    // No file may grow beyond half a MiB, as if that were all the space there is.
    let kfm = env!("CARGO_BIN_EXE_kfm");
    let mut command = site.command("w", &[]);
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", &format!("trap '' XFSZ; ulimit -f 1024; exec '{kfm}' vendor")])
        .current_dir(site.top.join("w"));
    limited.env_clear().envs(command.env("X", "1").get_envs().filter_map(|(k, v)| Some((k, v?))));
    assert_ne!(ran(&limited.output().expect("the program")).code, 0);
    assert_eq!((site.read("kfm.lock"), site.read("kfm.sum")), before);
    site.write("a/kustomization.yaml", &format!("resources: ['{url}//base?ref=v1']\n"));
    assert!(site.run(&["vendor", "--check"]).good().contains("are what"));
    let hidden: Vec<_> =
        site.left("w").into_iter().filter(|p| p.display().to_string().contains(".kfm-")).collect();
    assert!(hidden.is_empty(), "{hidden:?}");
}
