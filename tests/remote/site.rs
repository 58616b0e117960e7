//! A place with repositories, a server on this machine, and a user who has neither cache nor configuration.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, Mutex};

pub(crate) struct Site {
    _top: tempfile::TempDir,
    pub top: PathBuf,
}

/// What a run printed and how it ended.
pub(crate) struct Ran {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Site {
    pub(crate) fn new() -> Self {
        let top = tempfile::tempdir().expect("a directory");
        let path = top.path().canonicalize().expect("its path");
        let site = Self { _top: top, top: path };
        for directory in ["home/.config/kfm", "tmp", "bin", "w", "git"] {
            fs::create_dir_all(site.top.join(directory)).expect("a directory");
        }
        // Without this no kustomization may name a repository of this machine.
        let config = site.top.join("home/.config/kfm/config.toml");
        fs::write(config, "[network]\nfile-repositories = true\n").expect("a configuration");
        // Writes down what git is asked to do.
        let log = site.top.join("git.log");
        let real = which("git");
        site.program(
            "git",
            &format!("#!/bin/sh\necho \"$@\" >> '{}'\nexec '{}' \"$@\"\n", log.display(), real.display()),
        );
        site
    }

    /// Writes a program that comes first in `PATH`.
    pub(crate) fn program(&self, name: &str, text: &str) {
        let path = self.top.join("bin").join(name);
        fs::write(&path, text).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("executable");
    }

    /// Writes a file of the user's tree.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.top.join("w").join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.top.join("w").join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// A repository with these files, a commit and a tag.
    pub(crate) fn repository(&self, name: &str, files: &[(&str, &str)], tag: &str) -> PathBuf {
        let path = self.top.join("git").join(name);
        fs::create_dir_all(&path).expect("a directory");
        if !path.join(".git").exists() {
            self.git(&path, &["init", "-q", "-b", "main"]);
            self.git(&path, &["config", "uploadpack.allowAnySHA1InWant", "true"]);
        }
        for (file, text) in files {
            let file = path.join(file);
            fs::create_dir_all(file.parent().expect("a parent")).expect("directories");
            fs::write(file, text).expect("a file");
        }
        self.git(&path, &["add", "-A"]);
        self.git(&path, &["commit", "-q", "-m", "x"]);
        self.git(&path, &["tag", tag]);
        path
    }

    pub(crate) fn git(&self, directory: &Path, args: &[&str]) -> String {
        let mut command = Command::new(which("git"));
        command
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .arg("-C")
            .arg(directory)
            .args(args);
        let done = command.env("HOME", self.top.join("home")).output().expect("git");
        assert!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    }

    pub(crate) fn command(&self, directory: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_kfm"));
        command.args(args).current_dir(self.top.join(directory)).env_clear().stdin(Stdio::null());
        let path = std::env::var("PATH").unwrap_or_default();
        command.env("PATH", format!("{}:{path}", self.top.join("bin").display()));
        command.env("HOME", self.top.join("home")).env("TMPDIR", self.top.join("tmp"));
        command.env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    pub(crate) fn run_in(&self, directory: &str, args: &[&str]) -> Ran {
        ran(&self.command(directory, args).output().expect("the program"))
    }

    /// Runs in the user's tree.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.run_in("w", args)
    }

    /// How many times git fetched since this was asked last.
    pub(crate) fn fetches(&self) -> usize {
        let log = self.top.join("git.log");
        let text = fs::read_to_string(&log).unwrap_or_default();
        let _ = fs::remove_file(log);
        text.lines().filter(|line| line.contains(" fetch ")).count()
    }

    /// Everything in a directory that should be empty.
    pub(crate) fn left(&self, directory: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.top.join(directory)).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }
}

pub(crate) fn ran(output: &Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Ran {
    /// What a run that succeeds prints.
    #[track_caller]
    pub(crate) fn good(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self.stdout
    }

    /// What a run that fails says; it prints nothing else.
    #[track_caller]
    pub(crate) fn bad(self) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (1, ""), "{}", self.stderr);
        self.stderr
    }
}

pub(crate) fn which(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found =
        std::env::split_paths(&path).map(|directory| directory.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("no program `{name}`"))
}

pub(crate) fn config_map(name: &str, value: &str) -> String {
    format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\ndata:\n  v: \"{value}\"\n")
}

/// What a server answers.
#[derive(Clone)]
pub(crate) enum Answer {
    /// A file.
    File(String),
    /// Another place.
    Redirect(String),
    /// A status.
    Status(u16),
    /// Nothing at all: the connection stays open.
    Silence,
    /// Bytes as long as they are read.
    Endless,
    /// The same, a few at a time.
    Drops,
    /// What a git server says first: it has a branch `main`.
    Branch,
    /// The repositories in a directory, by `git http-backend`.
    Git(PathBuf),
}

/// A server on this machine; it ends with the tests.
pub(crate) struct Server {
    pub url: String,
    /// The paths that were asked for.
    pub asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers by the longest beginning of the path.
    pub(crate) fn start(answers: &[(&str, Answer)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let answers: BTreeMap<String, Answer> =
            answers.iter().map(|(path, answer)| ((*path).to_owned(), answer.clone())).collect();
        let log = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answers, log) = (answers.clone(), log.clone());
                std::thread::spawn(move || serve(stream, &answers, &log));
            }
        });
        Self { url, asked }
    }
}

fn serve(mut stream: TcpStream, answers: &BTreeMap<String, Answer>, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
    let mut line = String::new();
    let _ = reader.read_line(&mut line);
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    log.lock().expect("the log").push(target.to_owned());
    let found = answers.iter().rev().find(|(path, _)| target.starts_with(path.as_str()));
    let reply = |status: &str, header: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\n{header}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
    };
    let text = match found.map(|(_, answer)| answer) {
        Some(Answer::File(text)) => reply("200 OK", "", text),
        Some(Answer::Redirect(to)) => reply("302 Found", &format!("Location: {to}\r\n"), ""),
        Some(Answer::Status(status)) => reply(&format!("{status} No"), "", ""),
        Some(Answer::Silence) => {
            let _ = stream.read(&mut [0]);
            return;
        }
        Some(Answer::Endless) if method == "POST" => {
            // To git: one commit without those before it, nothing in common, then messages that have no end.
            let head = "Content-Type: application/x-git-upload-pack-result\r\nConnection: close";
            // It asks twice, and takes both answers from one.
            let shallow = format!("0034shallow {}0000", "1".repeat(40)).repeat(2);
            let begins = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{shallow}0008NAK\n");
            let _ = stream.write_all(begins.as_bytes());
            let line = [&b"8000\x02"[..], &vec![b'x'; 0x8000 - 6], b"\n"].concat();
            while stream.write_all(&line).is_ok() {}
            return;
        }
        Some(Answer::Endless) => {
            let chunk = vec![b'#'; 1 << 20];
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while stream.write_all(&chunk).is_ok() {}
            return;
        }
        Some(Answer::Drops) => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            let _ = stream.set_read_timeout(Some(std::time::Duration::from_millis(50)));
            // The client says nothing more: reading takes its time, and ends when the client is gone.
            while stream.write_all(b"#").is_ok() && !matches!(stream.read(&mut [0]), Ok(0)) {}
            return;
        }
        Some(Answer::Branch) => {
            let line = |text: &str| format!("{:04x}{text}", text.len() + 4);
            let id = "1".repeat(40);
            let lines = [
                line("# service=git-upload-pack\n"),
                "0000".to_owned(),
                line(&format!("{id} HEAD\0shallow side-band-64k allow-tip-sha1-in-want\n")),
                line(&format!("{id} refs/heads/main\n")),
                "0000".to_owned(),
            ];
            let kind = "Content-Type: application/x-git-upload-pack-advertisement\r\n";
            reply("200 OK", kind, &lines.concat())
        }
        Some(Answer::Git(directory)) => {
            let _ = stream.write_all(&backend(method, target, &headers, directory, &mut reader));
            return;
        }
        None => reply("404 Not Found", "", ""),
    };
    let _ = stream.write_all(text.as_bytes());
}

/// Runs `git http-backend`.
fn backend(
    method: &str,
    target: &str,
    headers: &BTreeMap<String, String>,
    directory: &Path,
    reader: &mut BufReader<TcpStream>,
) -> Vec<u8> {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let header = |name: &str| headers.get(name).cloned().unwrap_or_default();
    let mut body = vec![];
    match header("content-length").parse::<u64>() {
        Ok(length) => drop(reader.take(length).read_to_end(&mut body)),
        Err(_) if header("transfer-encoding") == "chunked" => loop {
            let mut line = String::new();
            let _ = reader.read_line(&mut line);
            let length = u64::from_str_radix(line.trim(), 16).unwrap_or(0);
            let _ = reader.take(length).read_to_end(&mut body);
            let _ = reader.read_line(&mut String::new());
            if length == 0 {
                break;
            }
        },
        Err(_) => {}
    }
    let mut command = Command::new(which("git"));
    command.arg("http-backend").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.env("GIT_PROJECT_ROOT", directory).env("GIT_HTTP_EXPORT_ALL", "1").env("PATH_INFO", path);
    command
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", method)
        .env("GIT_PROTOCOL", header("git-protocol"));
    command.env("CONTENT_TYPE", header("content-type")).env("REMOTE_ADDR", "127.0.0.1");
    command.env("HTTP_CONTENT_ENCODING", header("content-encoding"));
    let mut child = command.spawn().expect("git http-backend");
    child.stdin.take().expect("its input").write_all(&body).expect("written");
    let output = child.wait_with_output().expect("its end").stdout;
    let end = output.windows(4).position(|w| w == b"\r\n\r\n").unwrap_or(output.len());
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let status = head.lines().find_map(|line| line.strip_prefix("Status: ")).unwrap_or("200 OK").to_owned();
    let mut answer = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{head}").into_bytes();
    answer.extend_from_slice(&output[end..]);
    answer
}
