//! What is fetched, how often, and what is kept of it.

use crate::site::{Answer, Server, Site, config_map, ran, which};
use crate::{BASE, app, uses};
use std::fs;

#[test]
fn ten_lines_of_one_repository_are_one_fetch_and_none_later() {
    let (site, url) = app();
    let lines: String = (0..10).map(|i| format!("- o{i}\n")).collect();
    for i in 0..10 {
        site.write(
            &format!("o{i}/kustomization.yaml"),
            &format!("namePrefix: p{i}-\nresources: ['{url}//base?ref=v1']\n"),
        );
    }
    site.write("kustomization.yaml", &format!("resources:\n{lines}"));
    let first = site.run(&["build"]).good();
    assert_eq!(site.fetches(), 1);
    assert_eq!(site.run(&["build"]).good(), first);
    assert_eq!(site.fetches(), 0);
    assert_eq!(site.run(&["build", "--no-cache"]).good(), first);
    assert_eq!(site.fetches(), 1);
    assert!(site.left("tmp").is_empty(), "{:?}", site.left("tmp"));
}

#[test]
fn a_commit_that_is_here_needs_no_repository_and_a_moved_tag_is_seen() {
    let (site, url) = app();
    let path = site.top.join("git/app");
    let commit = site.git(&path, &["rev-parse", "HEAD"]);
    uses(&site, &format!("{url}//base?ref=v1"));
    let first = site.run(&["build"]).good();
    fs::write(path.join("base/c.yaml"), config_map("app", "2")).expect("written");
    site.git(&path, &["commit", "-qam", "y"]);
    site.git(&path, &["tag", "-f", "v1"]);
    assert!(site.run(&["build"]).good().contains("v: \"2\""));
    fs::rename(&path, site.top.join("gone")).expect("moved");
    uses(&site, &format!("{url}//base?ref={commit}"));
    site.fetches();
    assert_eq!(site.run(&["build"]).good(), first);
    assert_eq!(site.fetches(), 0);
}

#[test]
fn a_broken_entry_of_the_cache_is_fetched_again() {
    let (site, url) = app();
    uses(&site, &format!("{url}//base?ref=v1"));
    let first = site.run(&["build"]).good();
    for entry in walkdir::WalkDir::new(site.top.join("home/.cache")).into_iter().flatten() {
        if entry.file_name() == "c.yaml" {
            fs::write(entry.path(), config_map("app", "evil")).expect("written");
        }
    }
    assert_eq!(site.run(&["build"]).good(), first);
    assert_eq!(site.run(&["build"]).good(), first);
    assert!(site.run(&["cache", "list"]).good().contains(" v1\n"));
    assert!(site.run(&["cache", "prune", "--all"]).good().starts_with("removed 1 "));
    assert_eq!(site.run(&["cache", "list"]).good(), "");
    let path = site.run(&["cache", "path"]).good();
    assert_eq!(path.trim_end(), site.top.join("home/.cache/kfm").display().to_string());
}

#[test]
fn builds_at_the_same_time_fetch_once() {
    let (site, url) = app();
    uses(&site, &format!("{url}//base?ref=v1"));
    let start = || {
        let mut command = site.command("w", &["build"]);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("started")
    };
    let running: Vec<_> = (0..4).map(|_| start()).collect();
    let texts: Vec<_> =
        running.into_iter().map(|child| ran(&child.wait_with_output().expect("its end")).good()).collect();
    assert!(texts.iter().all(|text| text.contains("name: app")));
    assert_eq!(site.fetches(), 1);
}

#[test]
fn a_build_that_is_ended_while_it_fetches_leaves_nothing() {
    let (site, url) = app();
    uses(&site, &format!("{url}//base?ref=v1"));
    // Says that it was started, and waits until it is ended.
    let (fifo, git) = (site.top.join("started"), which("git"));
    assert!(std::process::Command::new(which("mkfifo")).arg(&fifo).status().expect("mkfifo").success());
    let text = format!(
        "#!/bin/sh\ncase \"$*\" in *' fetch '*) echo > '{}'; exec tail -f /dev/null;; esac\nexec '{}' \"$@\"\n",
        fifo.display(),
        git.display()
    );
    site.program("git", &text);
    let mut child = site.command("w", &["build"]).spawn().expect("started");
    fs::read(&fifo).expect("the program to be started");
    let pid =
        rustix::process::Pid::from_raw(i32::try_from(child.id()).expect("a number")).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("a signal");
    assert!(!child.wait().expect("its end").success());
    let cache = site.top.join("home/.cache/kfm");
    let left: Vec<_> = fs::read_dir(cache.join("tmp")).expect("the directory").collect();
    assert!(left.is_empty(), "{left:?}");
    site.program("git", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", git.display()));
    assert!(site.run(&["build"]).good().contains("name: app"));
}

/// The names in the directories of clones in the cache.
fn cached(site: &Site) -> Vec<Vec<String>> {
    let mut all = vec![];
    for entry in walkdir::WalkDir::new(site.top.join("home/.cache/kfm/git")).into_iter().flatten() {
        if entry.file_name() == "tree" {
            let mut names: Vec<String> = fs::read_dir(entry.path())
                .expect("the tree")
                .flatten()
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .collect();
            names.sort();
            all.push(names);
        }
    }
    all.sort();
    all
}

#[test]
fn only_the_directory_that_is_needed_is_fetched_where_that_is_enough() {
    let (site, url) = app();
    let files = [
        ("config/default/kustomization.yaml", "resources: [../c]\n"),
        ("config/c/kustomization.yaml", BASE),
        ("config/c/c.yaml", &config_map("part", "1")),
        ("big/x.txt", &"0123456789".repeat(100_000)),
        ("out/kustomization.yaml", "resources: [../config/c]\nnamePrefix: out-\n"),
    ];
    let path = site.repository("app", &files, "v2");
    let server = Server::start(&[("/", Answer::Git(site.top.join("git")))]);
    let build = |directory: &str| {
        uses(&site, &format!("{}/app//{directory}?ref=v2", server.url));
        site.run(&["build"]).good()
    };
    let expected = |directory: &str| {
        uses(&site, &format!("{url}//{directory}?ref=v2"));
        site.run(&["build", "--no-cache"]).good()
    };
    let whole = ["LICENSE", "base", "big", "config", "other", "out"];
    // The server sends everything.
    let first = build("config/default");
    assert_eq!((first.clone(), site.fetches()), (expected("config/default"), 1));
    assert_eq!(cached(&site), [whole]);
    site.git(&path, &["config", "uploadpack.allowFilter", "true"]);
    let forget = || fs::remove_dir_all(site.top.join("home/.cache")).expect("removed");
    forget();
    site.fetches();
    assert_eq!((build("config/default"), site.fetches()), (first.clone(), 2));
    assert_eq!(cached(&site), [["LICENSE", "config"]]);
    assert_eq!((build("config/default"), site.fetches()), (first.clone(), 0));
    assert_eq!((build("config/c"), site.fetches()), (expected("config/c"), 0));
    let listed = site.run(&["cache", "list"]).good();
    assert!(listed.contains("/app//config v2\n"), "{listed}");
    // Another directory brings all the rest, for all.
    assert_eq!(build("base"), expected("base"));
    assert_eq!(cached(&site), [&whole[..], &["LICENSE", "config"]]);
    forget();
    // Something leads out.
    assert_eq!(build("out"), expected("out"));
    assert_eq!(cached(&site), [whole]);
    forget();
    // The server sends no single files.
    site.git(&path, &["config", "uploadpack.allowAnySHA1InWant", "false"]);
    fs::write(site.top.join("home/.gitconfig"), "[protocol]\nversion = 0\n").expect("a configuration");
    assert_eq!(build("config/default"), first);
    assert_eq!(cached(&site), [whole]);
    fs::remove_file(site.top.join("home/.gitconfig")).expect("removed");
    forget();
    uses(&site, &format!("{}/app//config/none?ref=v2", server.url));
    assert!(site.run(&["build"]).bad().contains("does not exist"));
    // Copies need the same whatever was fetched before.
    uses(&site, &format!("{}/app//config/default?ref=v2", server.url));
    site.run(&["vendor"]).good();
    assert_eq!(site.run(&["build", "--locked", "--offline", "--no-cache"]).good(), first);
    std::os::unix::fs::symlink("../other/x.yaml", path.join("config/c/l")).expect("a link");
    site.repository("app", &[("x", "")], "v3");
    forget();
    uses(&site, &format!("{}/app//config/c?ref=v3", server.url));
    fs::remove_file(site.top.join("w/kfm.lock")).expect("removed");
    site.run(&["build"]).good();
    assert!(cached(&site).concat().contains(&"big".to_owned()));
}
