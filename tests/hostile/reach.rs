//! Inputs that reach for files and hosts.

use super::programs::commit;
use super::{Input, SECRET, config_map};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

fn config(input: &Input, text: &str) {
    input.put("_home/.config/kfm/config.toml", text);
}

#[test]
fn a_mirror_is_not_left() {
    let input = Input::new();
    input.put("secret.yaml", config_map("a", SECRET)).put("mirror/a.yaml", config_map("a", "b"));
    input.link("mirror/link.yaml", "../secret.yaml");
    let mirror = input.path("mirror").display().to_string();
    config(&input, &format!("[[mirror]]\nfrom = \"https://h.example/\"\nto = \"file://{mirror}/\"\n"));
    for (rest, held) in
        [("a.yaml", false), ("../secret.yaml", true), ("link.yaml", true), ("%2e%2e/secret.yaml", true)]
    {
        input.put("kustomization.yaml", format!("resources: ['https://h.example/{rest}']\n"));
        let ended = input.build();
        if held {
            ended.refused("mirror");
        } else {
            ended.built();
        }
        assert!(!ended.stdout.contains(SECRET) && !ended.stderr.contains(SECRET), "{rest}");
    }
}

#[test]
fn metadata_services_are_not_asked_and_private_networks_may_be_left_out() {
    let input = Input::new();
    input.put("kustomization.yaml", "resources: ['http://169.254.169.254/a.yaml']\n");
    input.build().refused("metadata service");
    input.put("kustomization.yaml", "configMapGenerator: [{name: x, files: ['http://[fe80::1]/a']}]\n");
    input.build().refused("metadata service");
    input.put("kustomization.yaml", "resources: ['https://169.254.169.254/o/r.git//x']\n");
    input.build().refused("metadata service");
    input.put("kustomization.yaml", "resources: ['http://127.0.0.1:1/a.yaml']\n");
    input.run_in("", &["build", ".", "--public-only"], &[]).refused("into a private network");
    input.run_in("", &["build", ".", "--offline"], &[]).refused("would have to be fetched");
    config(&input, "[network]\npublic-only = true\n");
    input.build().refused("into a private network");
}

#[test]
fn redirects_do_not_lead_to_metadata_or_files() {
    let input = Input::new();
    for (to, expected) in
        [("http://169.254.169.254/x", "metadata service"), ("file:///etc/passwd", "cannot be fetched")]
    {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a request");
            let _ = stream.read(&mut [0; 4096]);
            let answer = format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("answered");
        });
        input.put(
            "kustomization.yaml",
            format!("configMapGenerator: [{{name: x, files: ['k=http://127.0.0.1:{port}/a']}}]\n"),
        );
        input.build().refused(expected);
        server.join().expect("it ends");
    }
}

#[test]
fn secrets_of_locations_are_not_shown() {
    let input = Input::new();
    for url in [
        format!("http://user:{SECRET}@127.0.0.1:1/a.yaml"),
        format!("http://{SECRET}@127.0.0.1:1/a.yaml"),
        format!("http://user:{SECRET}/x@127.0.0.1:1/a.yaml"),
        format!("https://user:{SECRET}@127.0.0.1:1/o/r.git"),
        format!("http://127.0.0.1:1/a.yaml?token={SECRET}"),
    ] {
        input.put("kustomization.yaml", format!("resources:\n- {url}\n"));
        let ended = input.build();
        ended.refused("***");
        assert!(!ended.stderr.contains(SECRET), "{}", ended.stderr);
    }
}

#[test]
fn output_is_written_whole_and_follows_no_link_outside() {
    let input = Input::new();
    let two = |name: &str| config_map("a", "b") + "---\n" + &config_map(name, "b");
    input.put("outside", "old\n").put("w/kustomization.yaml", "resources: [a.yaml]\n");
    for name in ["z".repeat(300), "\"z\\0\"".to_owned(), "a/b".to_owned(), "\"a\\e\"".to_owned()] {
        input.put("w/a.yaml", two(&name)).put("w/out/keep", "");
        let ended = input.run_in("w", &["build", ".", "-o", "out"], &[]);
        ended.refused("cannot be written to a file named");
        assert_eq!(std::fs::read_dir(input.path("w/out")).expect("listed").count(), 1);
    }
    input
        .put("w/a.yaml", config_map("a", "b"))
        .link("w/link.yaml", "../outside")
        .link("w/out/v1_configmap_a.yaml", "../../outside");
    for place in ["link.yaml", "out"] {
        input.run_in("w", &["build", ".", "-o", place], &[]).refused("leads out of its directory");
    }
    assert_eq!(input.read("outside"), "old\n");
    Command::new("mkfifo").arg(input.path("w/pipe")).status().expect("mkfifo runs");
    input.run_in("w", &["build", ".", "-o", "pipe"], &[]).refused("not a regular file");
}

#[test]
fn a_closed_standard_output_is_an_error_and_a_reader_that_leaves_is_none() {
    let input = Input::new();
    input.put("kustomization.yaml", "resources: [a.yaml]\n").put("a.yaml", config_map("a", "b"));
    let run = |script: &str| {
        let mut shell = Command::new("sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_kfm")]).current_dir(input.path(""));
        let done = shell.output().expect("a shell");
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let closed = "Error: standard output cannot be written: it is closed\n";
    assert_eq!(run("\"$0\" build . >&-"), (Some(1), closed.to_owned()));
    assert_eq!(run("\"$0\" help >&-"), (Some(1), closed.to_owned()));
    for quiet in [
        "\"$0\" build . >/dev/null",
        "\"$0\" build . 1<>/dev/null",
        "\"$0\" build . -o out.yaml >&-",
        "{ \"$0\" build .; echo $? >code; } | true; exit $(cat code)",
    ] {
        assert_eq!(run(quiet), (Some(0), String::new()), "{quiet}");
    }
}

#[test]
fn edit_touches_the_file_of_its_directory_alone() {
    let input = Input::new();
    let args = ["edit", "set", "namespace", "x"];
    input.put("outside.yaml", "resources: []\n").link("w/kustomization.yaml", "../outside.yaml");
    input.run_in("w", &args, &[]).refused("leads out of its directory");
    assert_eq!(input.read("outside.yaml"), "resources: []\n");
    input.link("d/kustomization.yaml", "/dev/zero");
    input.run_in("d", &args, &[]).refused("leads out of its directory");
    input.put("f/x", "");
    Command::new("mkfifo").arg(input.path("f/kustomization.yaml")).status().expect("mkfifo runs");
    input.run_in("f", &args, &[]).refused("not a regular file");
}

#[test]
fn edit_fix_changes_no_file_outside_of_its_directory() {
    let input = Input::new();
    let pod =
        "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, args: [$(V)]}]}\n";
    let var = "vars: [{name: V, objref: {kind: Pod, name: p, apiVersion: v1}}]\n";
    input.put("away/pod.yaml", pod).put("away/kustomization.yaml", "resources: [pod.yaml]\n");
    let kustomization = format!("resources: [../away]\n{var}");
    input.put("w/kustomization.yaml", &kustomization);
    let ended = input.run_in("w", &["edit", "fix", "--vars"], &[]);
    ended.refused("it is outside of");
    assert_eq!(input.read("away/pod.yaml"), pod);
    assert_eq!(input.read("w/kustomization.yaml"), kustomization);
}

#[test]
fn what_git_keeps_is_no_source() {
    let input = Input::new();
    input.put(".git/config", format!("extraheader = {SECRET}\n")).link("link", ".git/config");
    for file in [".git/config", "link"] {
        input.put("kustomization.yaml", format!("configMapGenerator: [{{name: x, files: ['{file}']}}]\n"));
        input.build().refused("`.git` directory");
    }
}

#[test]
fn hints_name_nothing_outside_of_the_tree() {
    let input = Input::new();
    input
        .put("outside/id_rsa_production", "")
        .put("w/kustomization.yaml", "resources: [../outside/id_rsa_productio]\n");
    let ended = input.run_in("w", &["build", "."], &[]);
    ended.refused("does not exist");
    assert!(!ended.stderr.contains("id_rsa_production"), "{}", ended.stderr);
}

#[test]
fn an_untrusted_build_stays_in_its_root_and_starts_nothing() {
    let input = Input::new();
    input
        .put("outside/kustomization.yaml", "resources: [a.yaml]\n")
        .put("outside/a.yaml", config_map("a", SECRET));
    input
        .put("root/base/kustomization.yaml", "resources: [a.yaml]\n")
        .put("root/base/a.yaml", config_map("a", "b"));
    let mark = format!("touch '{}'\n", input.path("ran").display());
    input.program("bin/git", &mark).program("bin/helm", &mark).program("bin/docker", &mark);
    let path = format!("{}:{}", input.path("bin").display(), std::env::var("PATH").expect("a path"));
    let flags = [
        "build",
        ".",
        "--untrusted",
        "--root",
        "..",
        "--load-restrictor",
        "LoadRestrictionsNone",
        "--enable-helm",
        "--enable-alpha-plugins",
        "--enable-exec",
        "--enable-file-repositories",
        "--network",
    ];
    let mut outcomes = vec![];
    for text in [
        "resources: [../base]\n",
        "resources: [../../outside]\n",
        "configMapGenerator: [{name: x, files: [../../outside/a.yaml]}]\n",
        "resources: ['https://h.example/o/r//x']\n",
        "resources: ['http://127.0.0.1:1/x.yaml']\n",
        "helmCharts: [{name: x}]\n",
        "generators: [f.yaml]\n",
    ] {
        input.put("root/w/kustomization.yaml", text).put(
            "root/w/f.yaml",
            "apiVersion: v1\nkind: F\nmetadata:\n  name: f\n  annotations: {config.kubernetes.io/function: 'exec: {path: ./x}'}\n",
        );
        let ended = input.run_in("root/w", &flags, &[("PATH", &path)]);
        ended.within_limits();
        assert!(!ended.stdout.contains(SECRET), "{text}");
        outcomes.push(ended.code);
    }
    assert_eq!(outcomes[0], Some(0));
    assert!(outcomes[1..].iter().all(|code| *code == Some(1)), "{outcomes:?}");
    assert!(!input.exists("ran"));
    let ended = input.run_in("root/w", &["build", "../../outside"], &[("KFM_UNTRUSTED", "1")]);
    ended.within_limits();
    assert_eq!(ended.code, Some(0), "the root is that of the target: {}", ended.stderr);
}

/// What renders, with the directory `w` of the input as the target.
const RENDERING: &[&[&str]] = &[
    &["build", "w"],
    &["build", "--all", "w", "-o", "w/out"],
    &["images", "list", "w"],
    &["images", "rewrite", "w", "--image-mirror", "m.example"],
    &["images", "rewrite", "w", "--image-mirror", "m.example", "--emit", "component", "w/component"],
    &["images", "lock", "w", "--from", "w/digests"],
    &["compare", "w", "--compat", "5.8.1,5.8.3"],
    &["diff", "w", "other"],
    &["diff", "HEAD:w", "./w"],
    &["diff", "--against", "HEAD", "w"],
];

#[test]
fn every_command_of_an_untrusted_run_stays_in_its_root_and_starts_nothing() {
    let input = Input::new();
    let mark = format!("touch '{}'\n", input.path("ran").display());
    for program in ["git", "helm", "docker", "kubectl"] {
        input.program(&format!("bin/{program}"), &mark);
    }
    let path = format!("{}:{}", input.path("bin").display(), std::env::var("PATH").expect("a path"));
    let env = [("KFM_UNTRUSTED", "1"), ("PATH", path.as_str())];
    // The variable, and the flag.
    let both = |args: &[&str]| {
        let by_flag = [args, &["--untrusted"]].concat();
        [input.run_in("root", args, &env), input.run_in("root", &by_flag, &env[1..])]
    };
    input
        .put("outside/kustomization.yaml", "resources: [a.yaml]\n")
        .put("outside/a.yaml", config_map("a", SECRET))
        .put("root/other/kustomization.yaml", "resources: [a.yaml]\n")
        .put("root/other/a.yaml", config_map("a", "c"))
        .put("root/w/kustomization.yaml", "resources: [a.yaml, ../other]\nnamePrefix: x-\n")
        .put("root/w/a.yaml", config_map("b", "b"))
        .put("root/w/digests", "");
    commit(&input, "root");
    for args in RENDERING {
        for ended in both(args) {
            let is_well = ended.code.is_some_and(|code| code < 2) && ended.stderr.is_empty();
            assert!(is_well, "{args:?}: {}", ended.stderr);
        }
    }
    for text in [
        "resources: [../../outside]\n",
        "configMapGenerator: [{name: x, files: [../../outside/a.yaml]}]\n",
        "resources: ['https://127.0.0.1:1/o/r//x']\n",
        "resources: ['http://127.0.0.1:1/x.yaml']\n",
        "resources: [link]\n",
    ] {
        input.put("root/w/kustomization.yaml", text);
        if !input.exists("root/w/link") {
            input.link("root/w/link", "../../outside");
        }
        for args in RENDERING {
            for ended in both(args) {
                ended.within_limits();
                assert_ne!(ended.code, Some(0), "{args:?} {text}");
                assert!(!ended.stdout.contains(SECRET) && !ended.stderr.contains(SECRET), "{args:?} {text}");
            }
        }
    }
    for args in [
        &["localize", "w", "copy"][..],
        &["vendor", "w"],
        &["diff", "--live", "w"],
        &["images", "lock", "w"],
        &["openapi", "fetch"],
    ] {
        let ended = input.run_in("root", args, &env);
        assert!(ended.stderr.contains("which `KFM_UNTRUSTED` forbids"), "{args:?}: {}", ended.stderr);
    }
    input
        .run_in("root/w", &["edit", "add", "resource", "https://127.0.0.1:1/a.yaml"], &env)
        .refused("is remote");
    assert!(!input.exists("ran"));
}

#[test]
fn files_with_a_fixed_name_and_those_that_are_typed_are_no_links_out_of_the_tree() {
    let input = Input::new();
    let out = "it is a link that leads out of its directory";
    input.put("outside", format!("{SECRET}: [\n")).put("w/a.yaml", config_map("a", "b"));
    input.put("w/kustomization.yaml", "resources: [a.yaml]\n").put("w/none", "");
    for (to, file, args) in [
        ("../outside", "kfm.lock", &["build", "."][..]),
        ("/dev/zero", "kfm.lock", &["build", "."]),
        ("../outside", "map", &["images", "rewrite", ".", "--image-map", "map"]),
        ("/dev/zero", "map", &["images", "rewrite", ".", "--image-map", "map"]),
        ("../outside", "digests", &["images", "lock", ".", "--from", "digests"]),
        ("../outside", "images.lock", &["images", "lock", ".", "--check", "--from", "none"]),
        ("../outside", "objects.yaml", &["images", "list", "objects.yaml"]),
        ("/proc/self/environ", "objects.yaml", &["diff", "objects.yaml", "a.yaml"]),
        ("/dev/zero", "kfdef.yaml", &["import", "kfdef", "kfdef.yaml"]),
        ("../outside", "profiles.yaml", &["import", "profiles", "profiles.yaml"]),
        ("../outside", "out/.kfm-manifest.json", &["build", "--all", ".", "-o", "out"]),
        ("/dev/zero", "dist/.kfm-manifest", &["init", "dist"]),
    ] {
        input.link(&format!("w/{file}"), to);
        let ended = input.run_in("w", args, &[]);
        ended.within_limits();
        assert!(matches!(ended.code, Some(1 | 2)), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(out), "{args:?}: {}", ended.stderr);
        assert!(!ended.stderr.contains(SECRET), "{args:?}: {}", ended.stderr);
        std::fs::remove_file(input.path(&format!("w/{file}"))).expect("removed");
    }
}

#[test]
fn directories_to_write_to_are_no_links_out_of_the_tree() {
    let input = Input::new();
    input.put("away/keep", "").put("w/kustomization.yaml", "resources: [a.yaml]\n");
    input.put("w/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n").link("w/out", "../away");
    for args in [
        &["build", "--all", ".", "-o", "out"][..],
        &["init", "out"],
        &["images", "rewrite", ".", "--image-mirror", "r.example", "--emit", "component", "out"],
    ] {
        let ended = input.run_in("w", args, &[]);
        assert_eq!(ended.code, Some(1), "{args:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("leads out"), "{args:?}: {}", ended.stderr);
    }
    assert_eq!(input.path("away").read_dir().expect("a directory").count(), 1);
}

#[test]
fn sources_name_no_repository_of_this_machine() {
    let input = Input::new();
    commit(input.put("secret/a.yaml", "a: b\n"), "secret");
    let url = format!("file://{}", input.path("secret").display());
    let source = format!("[[source]]\nname = \"s\"\ngit = \"{url}\"\nref = \"main\"\ninto = \"s\"\n");
    input.put("w/kfm.toml", source).run_in("w", &["vendor"], &[]).refused("outside of this tree");
    assert!(!input.exists("w/s"));
}

#[test]
fn configuration_of_the_tree_is_not_read() {
    let input = Input::new();
    let mirror =
        format!("[[mirror]]\nfrom = \"https://h.invalid/\"\nto = \"file://{}/\"\n", input.path("").display());
    input.put("w/.config/kfm/config.toml", &mirror).put("w/kfm/config.toml", &mirror);
    input.put("a.yaml", config_map("a", SECRET));
    input.put("w/kustomization.yaml", "resources: ['https://h.invalid/a.yaml']\n");
    for (name, value) in
        [("HOME", "."), ("HOME", ""), ("XDG_CONFIG_HOME", "."), ("XDG_CONFIG_HOME", ".config")]
    {
        let ended = input.run_in("w", &["build", "."], &[(name, value)]);
        ended.refused("h.invalid");
        assert!(!ended.stderr.contains(SECRET), "{name}={value}");
    }
}
