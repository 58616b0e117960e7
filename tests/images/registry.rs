//! A registry on loopback. What it does with an image is told by the image's name.

use sha2::{Digest, Sha256};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A registry that answers as long as the test runs.
pub(crate) struct Registry {
    /// `127.0.0.1:port`
    pub host: String,
}

impl Registry {
    /// Starts to answer.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (own, asked) = (host.clone(), Arc::new(AtomicUsize::new(0)));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (own, asked) = (own.clone(), asked.clone());
                std::thread::spawn(move || answer(stream, &own, &asked));
            }
        });
        Self { host }
    }

    /// The digest of the manifest of an image.
    pub(crate) fn digest(name: &str) -> String {
        let digest = Sha256::digest(manifest(name).as_bytes());
        digest.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }
}

fn manifest(name: &str) -> String {
    format!("{{\"schemaVersion\": 2, \"annotations\": {{\"name\": \"{name}\"}}}}")
}

fn answer(stream: TcpStream, host: &str, asked: &AtomicUsize) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut first, mut authorization) = (String::new(), String::new());
    let _ = reader.read_line(&mut first);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("authorization:") {
            authorization = value.trim().to_owned();
        }
    }
    let path = first.split(' ').nth(1).unwrap_or_default();
    let mut stream = stream;
    if path.starts_with("/token") {
        return say(&mut stream, "200 OK", "", "{\"token\": \"secret\"}");
    }
    let Some(name) = path.strip_prefix("/v2/").and_then(|p| p.split("/manifests/").next()) else { return };
    let body = manifest(name);
    match name.rsplit('/').next().unwrap_or_default() {
        "token" if authorization != "bearer secret" => {
            let challenge =
                format!("WWW-Authenticate: Bearer realm=\"http://{host}/token\",service=\"test\"\r\n");
            say(&mut stream, "401 Unauthorized", &challenge, "");
        }
        "forbidden" => say(&mut stream, "403 Forbidden", "", ""),
        "missing" => say(&mut stream, "404 Not Found", "", ""),
        "broken" => say(&mut stream, "500 Internal Server Error", "", ""),
        "redirect" if !path.contains("moved") => {
            say(&mut stream, "307 Temporary Redirect", &format!("Location: {path}?moved\r\n"), "");
        }
        "away" => {
            let away = "Location: http://169.254.169.254/v2/x\r\n";
            say(&mut stream, "307 Temporary Redirect", away, "");
        }
        "loop" => say(&mut stream, "307 Temporary Redirect", &format!("Location: {path}\r\n"), ""),
        "busy" if asked.fetch_add(1, Ordering::Relaxed) == 0 => {
            say(&mut stream, "429 Too Many Requests", "Retry-After: 0\r\n", "");
        }
        "always-busy" => say(&mut stream, "429 Too Many Requests", "Retry-After: 0\r\n", ""),
        "endless" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
            while stream.write_all(&[b' '; 1 << 16]).is_ok() {}
        }
        // The client gives up first, and closes the connection.
        "slow" => {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
            let _ = reader.read_line(&mut String::new());
        }
        "lying" => {
            let header = format!("Docker-Content-Digest: sha256:{}\r\n", "0".repeat(64));
            say(&mut stream, "200 OK", &header, &body);
        }
        _ => say(&mut stream, "200 OK", "", &body),
    }
}

fn say(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    );
}
