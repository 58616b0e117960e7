//! Remote bases from end to end: repositories by file, ssh and HTTP, files by HTTP, cache, lock, copies, trees, bundles.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, clippy::print_stderr, reason = "a test")]

mod site;

use site::{Answer, Server, Site, config_map, ran, which};
use std::fs;

const BASE: &str = "resources: [c.yaml]\n";

/// A site with a repository `app` whose directory `base` is tagged `v1`, and its URL.
fn app() -> (Site, String) {
    let site = Site::new();
    let text = config_map("app", "1");
    let files = [
        ("base/kustomization.yaml", BASE),
        ("base/c.yaml", &text),
        ("other/x.yaml", "x"),
        ("LICENSE", "terms"),
    ];
    let path = site.repository("app", &files, "v1");
    let url = format!("file://{}", path.display());
    (site, url)
}

fn uses(site: &Site, reference: &str) {
    site.write("kustomization.yaml", &format!("resources:\n- {reference}\n"));
}

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
fn repositories_come_by_http_and_ssh() {
    let (site, _) = app();
    let server = Server::start(&[("/", Answer::Git(site.top.join("git")))]);
    uses(&site, &format!("{}/app//base?ref=v1", server.url));
    assert!(site.run(&["build"]).good().contains("name: app"));
    // Takes the place of ssh: runs on this machine what would be run on the other one.
    site.program("ssh", "#!/bin/sh\nfor last; do :; done\nexec sh -c \"$last\"\n");
    for location in [
        format!("ssh://git@h.example{}/git/app", site.top.display()),
        format!("git@h.example:{}/git/app", site.top.display()),
    ] {
        uses(&site, &format!("{location}//base?ref=v1"));
        assert!(site.run(&["build"]).good().contains("name: app"), "{location}");
    }
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
    // Another directory brings all the rest, for all.
    assert_eq!(build("base"), expected("base"));
    assert_eq!(cached(&site), [&whole[..], &["LICENSE", "config"]]);
    forget();
    // Something leads out.
    assert_eq!(build("out"), expected("out"));
    assert_eq!(cached(&site), [whole]);
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

#[test]
fn files_come_by_http_or_say_why_not() {
    let site = Site::new();
    let good = config_map("x", "1");
    let server = Server::start(&[
        ("/x.yaml", Answer::File(good)),
        ("/moved.yaml", Answer::Redirect("/x.yaml".into())),
        ("/loop.yaml", Answer::Redirect("/loop.yaml".into())),
        ("/file.yaml", Answer::Redirect("file:///etc/passwd".into())),
        ("/gone.yaml", Answer::Status(410)),
    ]);
    for (path, expected) in [("x.yaml", ""), ("moved.yaml", "")] {
        uses(&site, &format!("{}/{path}", server.url));
        assert!(site.run(&["build"]).good().contains("name: x"), "{path}{expected}");
    }
    for path in ["loop.yaml", "file.yaml", "gone.yaml"] {
        uses(&site, &format!("{}/{path}", server.url));
        let said = site.run(&["build"]).bad();
        assert!(said.contains("kustomization.yaml:2:3") && said.contains(path), "{said}");
    }
    uses(&site, &format!("{}/x.yaml", server.url));
    assert!(site.run(&["build", "--offline"]).good().contains("name: x"));
    assert!(site.run(&["build", "--offline", "--no-cache"]).bad().contains("would have to be fetched"));
}

#[test]
fn a_proxy_is_asked_for_whole_urls_after_redirects_too() {
    let site = Site::new();
    let proxy = Server::start(&[("http://h.invalid/x.yaml?v=1", Answer::File(config_map("x", "1")))]);
    let server = Server::start(&[("/x.yaml", Answer::Redirect("http://h.invalid/x.yaml?v=1".into()))]);
    for url in ["http://user:pw@h.invalid/x.yaml?v=1", &format!("{}/x.yaml", server.url)] {
        uses(&site, url);
        let mut command = site.command("w", &["build"]);
        command.env("http_proxy", proxy.url.replace("http://", "http://me:s3cret@"));
        assert!(ran(&command.output().expect("the program")).good().contains("name: x"), "{url}");
    }
    let asked = proxy.asked.lock().expect("the log").join(" ");
    assert_eq!(asked, "http://h.invalid/x.yaml?v=1 http://h.invalid/x.yaml?v=1");
}

#[test]
fn an_untrusted_build_reads_copies_and_fetches_nothing() {
    let (site, _) = app();
    let server = Server::start(&[("/", Answer::Git(site.top.join("git")))]);
    let kustomization = format!("resources: ['{}/app//base?ref=v1']\n", server.url);
    site.write("kustomization.yaml", &kustomization);
    assert!(site.run(&["build", "--untrusted"]).bad().contains("would have to be fetched"));
    let network = site.run(&["build"]).good();
    site.run(&["vendor"]).good();
    assert_eq!(site.run(&["build", "--untrusted"]).good(), network);
    let lock = site.read("kfm.lock");
    let copy =
        lock.lines().find_map(|l| l.strip_prefix("copy = ")).expect("a copy").trim_matches('"').to_owned();
    site.write(&format!("{copy}/base/c.yaml"), &config_map("evil", "1"));
    assert!(site.run(&["build", "--untrusted"]).bad().contains("is modified"));
}

#[test]
fn answers_without_end_are_cut() {
    let site = Site::new();
    let server = Server::start(&[
        ("/", Answer::Endless),
        ("/o/r/info/refs", Answer::Branch),
        ("/slow", Answer::Drops),
    ]);
    let ends = |reference: &str, flags: &[&str], expected: &str| {
        uses(&site, reference);
        let begun = std::time::Instant::now();
        let said = site.run(&[&["build"], flags].concat()).bad();
        let named = expected.split('|').any(|text| said.contains(text));
        assert!(named && said.contains("kustomization.yaml:2:3"), "{reference}: {said}");
        assert!(begun.elapsed().as_secs() < 20, "{reference}: {:?}", begun.elapsed());
        assert!(site.left("home/.cache/kfm/tmp").is_empty() && site.left("tmp").is_empty());
    };
    let url = &server.url;
    ends(&format!("{url}/x.yaml"), &["--limit=download=2MiB"], "`--limit download=4MiB`");
    ends(&format!("{url}/slow.yaml"), &["--limit=fetch-time=1"], "`--limit fetch-time=2s`");
    // No answer of a repository; a pack that never ends.
    ends(
        &format!("{url}/o/x//base?ref=v1&timeout=1s"),
        &["--limit=download=2MiB"],
        "took longer than 1s|git may use 1024 MiB",
    );
    ends(&format!("{url}/o/r//base?ref=main&timeout=2s"), &[], "took longer than 2s");
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
fn every_command_that_builds_keeps_to_the_lock_and_off_the_network() {
    let (site, url) = app();
    uses(&site, &format!("{url}//base?ref=v1"));
    let server = Server::start(&[("/", Answer::Git(site.top.join("git")))]);
    uses(&site, &format!("{}/app//base?ref=v1", server.url));
    let commands: [&[&str]; 6] = [
        &["build"],
        &["diff", ".", "."],
        &["images", "list"],
        &["images", "rewrite", "--image-mirror=h.example"],
        &["compare", "--compat=5.8.1,5.8.3"],
        &["edit", "fix", "--vars", "--strict"],
    ];
    for command in commands {
        for (flag, expected) in
            [("--offline", "would have to be fetched"), ("--locked", "there is no `kfm.lock`")]
        {
            let ran = site.run(&[command, &[flag]].concat());
            assert!(
                format!("{}{}", ran.stdout, ran.stderr).contains(expected),
                "{command:?} {flag}: {}",
                ran.stderr
            );
        }
    }
    assert!(server.asked.lock().expect("the log").is_empty());
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
fn mistakes_in_references_are_explained() {
    let (site, url) = app();
    let commit = site.git(&site.top.join("git/app"), &["rev-parse", "HEAD"]);
    let silent = Server::start(&[("/", Answer::Silence)]);
    let login = Server::start(&[("/", Answer::File("<!DOCTYPE html><html>Sign in</html>".into()))]);
    for (reference, expected) in [
        (format!("{url}//base?ref=v9"), "no branch, tag or commit `v9`"),
        (format!("{url}//base?ref={}", &commit[..8]), "give its full name of 40 digits"),
        (format!("{url}//nothing?ref=v1"), "does not exist"),
        (format!("{url}//base?ref=--upload-pack=x"), "begins with `-`"),
        (format!("{url}-none//base?ref=v1"), "`git fetch` failed"),
        (format!("{}/o/r//base?ref=v1&timeout=200ms", silent.url), "took longer than 200ms"),
        (format!("{}/o/r//base?ref=v1", login.url), "answers with a page for people"),
        (format!("{}/o/r", login.url), "answers with a page for people"),
        ("git::ext::sh -c true//x".to_owned(), ""),
    ] {
        uses(&site, &format!("'{reference}'"));
        let said = site.run(&["build"]).bad();
        assert!(said.contains(expected) && said.contains("kustomization.yaml:2:3"), "{reference}: {said}");
    }
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
