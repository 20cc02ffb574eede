//! A headless Chromium that is spoken to over its debugging pipe (JSON, each message ended by a zero byte), and all that it
//! did: requests, dialogs, what its console said.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::left_out;

/// How long any answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the browser is; `None`, and noted, where there is none.
pub fn installed(test: &str) -> Option<PathBuf> {
    match std::env::var_os("TENANTRY_CHROMIUM") {
        Some(program) => Some(PathBuf::from(program)),
        None => {
            left_out::left_out(test, "TENANTRY_CHROMIUM names no Chromium");
            None
        }
    }
}

pub struct Chromium {
    child: Child,
    to: ChildStdin,
    from: Receiver<Value>,
    session: Value,
    next: u64,
    /// Of requests the address, of dialogs the message, of the console and of exceptions the words.
    pub requests: Vec<String>,
    pub dialogs: Vec<String>,
    pub complaints: Vec<String>,
}

impl Chromium {
    /// Begins with an empty page of this size. Its profile is in `home`.
    pub fn start(program: &Path, home: &Path, size: [u32; 2]) -> Self {
        let mut command = Command::new("sh");
        // The pipe is on the descriptors 3 and 4.
        command.arg("-c").arg("exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null").arg(program);
        command.args([
            "--headless",
            "--remote-debugging-pipe",
            "--no-first-run",
            "--disable-gpu",
            "--disable-dev-shm-usage",
        ]);
        command.args(["--disable-background-networking", "--disable-component-update", "--disable-sync"]);
        // A container's root has no sandbox to give; the page is ours.
        command.arg("--no-sandbox").arg(format!("--user-data-dir={}", home.join("chromium").display()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (to, from) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, receiver) = channel();
        thread::spawn(move || {
            for message in BufReader::new(from).split(0).map_while(Result::ok) {
                if sender.send(serde_json::from_slice(&message).unwrap()).is_err() {
                    break;
                }
            }
        });
        let mut new = Self {
            child,
            to,
            from: receiver,
            session: Value::Null,
            next: 0,
            requests: Vec::new(),
            dialogs: Vec::new(),
            complaints: Vec::new(),
        };
        let target = new.call("Target.createTarget", json!({ "url": "about:blank" }))["targetId"].clone();
        let attached = new.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true }));
        new.session = attached["sessionId"].clone();
        for domain in ["Page", "Runtime", "Network", "Log"] {
            new.call(&format!("{domain}.enable"), json!({}));
        }
        new.resize(size);
        new
    }

    pub fn resize(&mut self, [width, height]: [u32; 2]) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    /// Opens an address and waits until it is loaded.
    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
        let state = |page: &mut Self| page.eval("document.readyState + ' ' + location.href");
        let deadline = std::time::Instant::now() + PATIENCE;
        while state(self) != json!(format!("complete {url}")) {
            assert!(std::time::Instant::now() < deadline, "{url} is not loaded: {}", state(self));
            thread::yield_now();
        }
    }

    /// What an expression comes to in the page; its promise is waited for.
    pub fn eval(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// As [`Self::eval`], of an expression that comes to a text.
    pub fn text(&mut self, expression: &str) -> String {
        let value = self.eval(expression);
        value.as_str().unwrap_or_else(|| panic!("{expression}: {value}")).to_owned()
    }

    /// Text as it comes from a keyboard.
    pub fn types(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
        self.settle();
    }

    /// A key, as `Enter` or `/`.
    pub fn press(&mut self, key: &str, code: u32) {
        let text = match key {
            "Enter" => "\r",
            key if key.len() == 1 => key,
            _ => "",
        };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = json!(text);
            }
            self.call("Input.dispatchKeyEvent", event);
        }
        self.settle();
    }

    /// Until timers of the page that are due have been, and what follows from them is drawn.
    pub fn settle(&mut self) {
        self.eval("new Promise((done) => setTimeout(() => requestAnimationFrame(() => setTimeout(done)), 0))");
    }

    fn call(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let mut message = json!({ "id": self.next, "method": method, "params": params });
        if !self.session.is_null() {
            message["sessionId"] = self.session.clone();
        }
        self.send(&message);
        loop {
            let answer = self.from.recv_timeout(PATIENCE).unwrap_or_else(|e| panic!("{method}: {e}"));
            if answer["id"] == json!(self.next) {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].clone();
            }
            self.note(&answer);
        }
    }

    fn send(&mut self, message: &Value) {
        self.to.write_all(message.to_string().as_bytes()).unwrap();
        self.to.write_all(&[0]).unwrap();
    }

    fn note(&mut self, event: &Value) {
        let of = &event["params"];
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => self.requests.push(of["request"]["url"].as_str().unwrap().to_owned()),
            "Network.webSocketCreated" => self.requests.push(of["url"].to_string()),
            "Page.javascriptDialogOpening" => {
                self.dialogs.push(of["message"].to_string());
                // Nobody waits for this answer: it comes between others.
                let answer = json!({ "id": 0, "method": "Page.handleJavaScriptDialog", "params": { "accept": true }, "sessionId": self.session });
                self.send(&answer);
            }
            "Log.entryAdded" => self.complaints.push(of["entry"]["text"].to_string()),
            "Runtime.exceptionThrown" => self.complaints.push(of["exceptionDetails"].to_string()),
            "Runtime.consoleAPICalled" => self.complaints.push(of["args"].to_string()),
            _ => {}
        }
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
