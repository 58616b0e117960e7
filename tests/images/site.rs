//! Two real registries, and a real client of them.

use super::{kfm, pod};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Where a program is installed.
pub(crate) fn installed(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let go = std::env::var_os("HOME").map(|home| Path::new(&home).join("go/bin"));
    std::env::split_paths(&path).chain(go).map(|directory| directory.join(name)).find(|p| p.is_file())
}

/// A real registry, which ends with the test.
pub(crate) struct Real(Child, pub String);

impl Real {
    fn start(program: &Path) -> Self {
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(program);
        command.args(["-port", &free.to_string()]).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().unwrap();
        while std::net::TcpStream::connect(("127.0.0.1", free)).is_err() {
            std::thread::yield_now();
        }
        Self(child, format!("localhost:{free}"))
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A directory, a registry with small images of every shape below `quay.io`, and an empty one to copy to.
pub(crate) struct Site {
    pub top: tempfile::TempDir,
    crane: PathBuf,
    pub here: Real,
    pub there: Real,
}

impl Site {
    /// `None`, and a word on why, where the programs are missing.
    pub(crate) fn new() -> Option<Self> {
        let (Some(registry), Some(crane)) = (installed("registry"), installed("crane")) else {
            eprintln!("skipped: `registry` or `crane` of go-containerregistry is not installed");
            return None;
        };
        let (here, there) = (Real::start(&registry), Real::start(&registry));
        Some(Self { top: tempfile::tempdir().unwrap(), crane, here, there })
    }

    pub(crate) fn crane(&self, args: &[&str]) -> String {
        let output = Command::new(&self.crane).args(args).current_dir(&self.top).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Makes the images, and a file of pods that name each of them.
    pub(crate) fn fill(&self) -> usize {
        let top = self.top.path();
        std::fs::write(top.join("a"), "a").unwrap();
        assert!(Command::new("tar").args(["cf", "l.tar", "a"]).current_dir(top).status().unwrap().success());
        let from = |name: &str| format!("{}/quay.io/team/{name}", self.here.1);
        self.crane(&["append", "--oci-empty-base", "-f", "l.tar", "-t", &from("single:v1")]);
        self.crane(&["append", "-f", "l.tar", "-t", &from("docker:v1")]);
        self.crane(&[
            "index",
            "append",
            "--docker-empty-base",
            "-m",
            &from("docker:v1"),
            "-t",
            &from("list:v2"),
        ]);
        self.put_index(&from("single:v1"), "quay.io/team/single", "v2");
        let (list, index) =
            (self.crane(&["digest", &from("list:v2")]), self.crane(&["digest", &from("single:v2")]));
        let single = self.crane(&["digest", &from("single:v1")]);
        let images = [
            "single:v1".to_owned(),
            "docker:v1".to_owned(),
            "list:v2".to_owned(),
            "single:v2".to_owned(),
            format!("single@{index}"),
            format!("single@{single}"),
            format!("list:v2@{list}"),
        ];
        let pods = images.iter().enumerate().map(|(i, image)| {
            pod(&format!("quay.io/team/{image}")).replace("name: pod", &format!("name: pod{i}"))
        });
        std::fs::write(top.join("pods.yaml"), pods.collect::<Vec<_>>().join("---\n")).unwrap();
        images.len()
    }

    /// Puts an index of one image into the registry, as build tools write it: with the platform, without more.
    fn put_index(&self, image: &str, repository: &str, tag: &str) {
        let (digest, size) = (self.crane(&["digest", image]), self.crane(&["manifest", image]).len());
        let body = format!(
            "{{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.index.v1+json\",\"manifests\":[{{\"mediaType\":\
             \"application/vnd.oci.image.manifest.v1+json\",\"digest\":\"{digest}\",\"size\":{size},\"platform\":{{\
             \"architecture\":\"amd64\",\"os\":\"linux\"}}}}]}}"
        );
        let mut stream = std::net::TcpStream::connect(&self.here.1).unwrap();
        let head = format!(
            "PUT /v2/{repository}/manifests/{tag} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/vnd.oci.image.index.v1+json\r\nContent-Length: {}\r\n\r\n",
            self.here.1,
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    }

    /// Rewrites the pods; every image that they name then can be pulled, and is locked to the digest that a client sees.
    pub(crate) fn pull(&self, flags: &[&str], images: usize) {
        let top = self.top.path();
        let written = kfm(top, &[&["images", "rewrite", "pods.yaml", "-o", "new.yaml"], flags].concat());
        assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
        let text = std::fs::read_to_string(top.join("new.yaml")).unwrap();
        let names = text.lines().filter_map(|l| l.trim().trim_start_matches("- ").strip_prefix("image: "));
        let names: Vec<&str> = names.collect();
        assert_eq!(names.len(), images);
        for image in names {
            self.crane(&["pull", image, "pulled.tar"]);
        }
        let locked = kfm(top, &["images", "lock", "new.yaml", "-o", "l"]);
        assert!(locked.status.success(), "{}", String::from_utf8_lossy(&locked.stderr));
        let lines = std::fs::read_to_string(top.join("l")).unwrap();
        for line in lines.lines().filter(|line| !line.starts_with('#')) {
            let (image, digest) = line.split_once(' ').unwrap();
            assert_eq!(self.crane(&["digest", image]), digest, "{image}");
        }
    }
}
