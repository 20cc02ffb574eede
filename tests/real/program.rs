//! Runs the real binary: a demo server in one process, commands in others, each home a folder of its own.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

pub const BIN: &str = env!("CARGO_BIN_EXE_tenantry");

/// A home without anything of the machine's: no profile, no keyring, no credentials.
pub struct Home {
    pub dir: tempfile::TempDir,
}

impl Home {
    pub fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    /// The program with this home, and nothing of the caller's environment that it might read.
    pub fn tenantry(&self) -> Command {
        let mut command = Command::new(BIN);
        command.env_clear().stdin(Stdio::null());
        for name in ["PATH", "TERM", "LANG", "TMPDIR"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("HOME", self.dir.path());
        command
    }

    /// As [`Self::tenantry`], with the machine's keyring.
    pub fn tenantry_in_session(&self) -> Command {
        in_session(self.tenantry())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// All its files, those of its folders included.
    pub fn files(&self) -> Vec<PathBuf> {
        let (mut folders, mut files) = (vec![self.dir.path().to_owned()], Vec::new());
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() { folders.push(path) } else { files.push(path) }
            }
        }
        files
    }
}

/// The session's bus is the way to its keyring, and all of it that is taken from the caller.
pub fn in_session(mut command: Command) -> Command {
    for name in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR"] {
        command.envs(std::env::var_os(name).map(|value| (name, value)));
    }
    command
}

/// What a command did.
pub struct Done {
    pub code: i32,
    pub json: Vec<Value>,
    pub stdout: String,
    pub stderr: String,
}

impl Done {
    pub fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("output is text");
        let stdout = text(&output.stdout);
        let json = stdout.lines().filter_map(|l| serde_json::from_str(l).ok()).collect();
        Self { code: output.status.code().unwrap_or(-1), json, stdout, stderr: text(&output.stderr) }
    }

    /// The last JSON line, which must be `finished`.
    pub fn finished(&self) -> &Value {
        let last = self.json.last().unwrap_or_else(|| panic!("no JSON at all: {}", self.stderr));
        assert_eq!(last["event"], "finished", "{last}");
        last
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

/// A demo server in a process of its own, ended with the test.
pub struct Served {
    child: Child,
    pub about: Value,
}

impl Served {
    pub fn start(home: &Home, args: &[&str]) -> Self {
        let mut child = home
            .tenantry()
            .args(["demo", "--serve", "127.0.0.1:0"])
            .args(args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let about = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line}"));
        Self { child, about }
    }

    pub fn text(&self, name: &str) -> &str {
        self.about[name].as_str().unwrap_or_else(|| panic!("{name} in {}", self.about))
    }

    /// A command against this server, with only the environment's credentials and the URLs.
    pub fn tenantry(&self, home: &Home) -> Command {
        let mut command = home.tenantry();
        for (variable, name) in [
            ("AZURE_TENANT_ID", "tenant_id"),
            ("AZURE_CLIENT_ID", "client_id"),
            ("AZURE_CLIENT_SECRET", "client_secret"),
            ("JUPITERONE_ACCOUNT", "jupiterone_account"),
            ("JUPITERONE_API_KEY", "jupiterone_api_key"),
        ] {
            command.env(variable, self.text(name));
        }
        self.urls(&mut command);
        command
    }

    pub fn urls(&self, command: &mut Command) {
        for (flag, name) in [
            ("--login-url", "login_url"),
            ("--graph-url", "graph_url"),
            ("--jupiterone-url", "jupiterone_url"),
            ("--jupiterone-instance", "jupiterone_instance"),
        ] {
            command.arg(format!("{flag}={}", self.text(name)));
        }
    }

    pub fn run(&self, home: &Home, args: &[&str]) -> Done {
        Done::of(&self.tenantry(home).args(args).output().unwrap())
    }

    /// A request to the server's own side door, on the origin of this member of the announcement.
    pub fn door(&self, origin: &str, method: &str, path: &str) -> Value {
        self.door_with(origin, method, path, b"")
    }

    /// As [`Self::door`], with a body.
    pub fn door_with(&self, origin: &str, method: &str, path: &str, body: &[u8]) -> Value {
        serde_json::from_str(&self.door_text(origin, method, path, body)).unwrap_or(Value::Null)
    }

    /// As [`Self::door_with`], the answer as it came.
    pub fn door_text(&self, origin: &str, method: &str, path: &str, body: &[u8]) -> String {
        let host = self.text(origin).strip_prefix("http://").unwrap().to_owned();
        let mut stream = TcpStream::connect(&host).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
        )
        .unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 2"), "{head}");
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") { unchunk(body) } else { body.to_owned() }
    }

    pub fn advance(&self) {
        self.door("graph_url", "POST", "/_demo/advance");
    }
}

fn unchunk(body: &str) -> String {
    let (mut rest, mut out) = (body, String::new());
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        out.push_str(&tail[..size]);
        rest = tail[size..].trim_start_matches("\r\n");
    }
    out
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The lines of an NDJSON file.
pub fn ndjson(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

/// Objects by the text of one member.
pub fn by(objects: Vec<Value>, member: &str) -> BTreeMap<String, Value> {
    let count = objects.len();
    let map: BTreeMap<_, _> = objects.into_iter().map(|o| (o[member].as_str().unwrap().to_owned(), o)).collect();
    assert_eq!(map.len(), count, "{member} is not unique");
    map
}
