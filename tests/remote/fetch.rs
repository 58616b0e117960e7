//! How repositories and files come here, and what is said when they do not.

use crate::site::{Answer, Server, Site, config_map, ran};
use crate::{app, uses};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

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
fn the_tenth_redirect_is_not_followed() {
    let site = Site::new();
    let to = |n: usize| Answer::Redirect(format!("/{n}.yaml#part"));
    let steps: Vec<(String, Answer)> = (1..=10).map(|n| (format!("/{n}.yaml"), to(n - 1))).collect();
    let mut answers: Vec<(&str, Answer)> =
        steps.iter().map(|(path, to)| (path.as_str(), to.clone())).collect();
    answers.push(("/0.yaml", Answer::File(config_map("x", "1"))));
    let server = Server::start(&answers);
    uses(&site, &format!("{}/9.yaml", server.url));
    assert!(site.run(&["build"]).good().contains("name: x"));
    uses(&site, &format!("{}/10.yaml", server.url));
    assert!(site.run(&["build"]).bad().contains("stopped after 10 redirects"));
}

fn next(stream: &mut TcpStream, count: u8) -> Vec<u8> {
    let mut bytes = vec![0; count.into()];
    stream.read_exact(&mut bytes).expect("bytes");
    bytes
}

#[test]
fn a_socks_proxy_looks_up_hosts() {
    let site = Site::new();
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = proxy.local_addr().expect("its number").port();
    let asked = std::thread::spawn(move || {
        let (mut stream, _) = proxy.accept().expect("a connection");
        let methods = next(&mut stream, 2)[1];
        next(&mut stream, methods);
        stream.write_all(&[5, 0]).expect("no password");
        let (kind, length) = (next(&mut stream, 4)[3], next(&mut stream, 1)[0]);
        let host = String::from_utf8(next(&mut stream, length)).expect("a name");
        next(&mut stream, 2);
        stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).expect("an answer");
        let mut request = [0; 1024];
        let length = stream.read(&mut request).expect("a request");
        let map = config_map("x", "1");
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{map}", map.len()).expect("a file");
        (kind, host, String::from_utf8_lossy(&request[..length]).into_owned())
    });
    uses(&site, "http://me:p%40w@h.invalid/x.yaml");
    let mut command = site.command("w", &["build"]);
    command.env("http_proxy", format!("socks5://127.0.0.1:{port}"));
    assert!(ran(&command.output().expect("the program")).good().contains("name: x"));
    let (kind, host, request) = asked.join().expect("the proxy");
    assert_eq!((kind, host.as_str()), (3, "h.invalid"));
    // me:p@w
    assert!(request.contains("Basic bWU6cEB3"), "{request}");
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
fn what_files_come_to_together_is_limited() {
    let site = Site::new();
    let text = |name: &str| format!("{}# {}\n", config_map(name, "1"), "x".repeat(600));
    let [a, b] = ["a", "b"].map(|name| (format!("/{name}.yaml"), Answer::File(text(name))));
    let server = Server::start(&[(&a.0, a.1), (&b.0, b.1)]);
    let url = &server.url;
    site.write("kustomization.yaml", &format!("resources:\n- {url}/a.yaml\n- {url}/b.yaml\n"));
    // Copies of earlier builds are not fetched again, and would not count.
    let run = |limit: &str| site.run(&["build", "--no-cache", "--limit", limit]);
    assert_eq!(run("fetched=2KiB").good().matches("kind: ConfigMap").count(), 2);
    let said = run("fetched=1KiB").bad();
    assert!(said.contains("more than 1KiB of fetched content"), "{said}");
    assert!(said.contains("`--limit fetched=2KiB`") && said.contains("kustomization.yaml:"), "{said}");
    assert_eq!(run("download=1KiB").good().matches("kind: ConfigMap").count(), 2);
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
