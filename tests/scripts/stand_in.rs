//! A folder with a stand-in `az` in front of the PATH, and a script run there.

#![cfg(unix)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;
use tenantry::domain::{
    cloud::Cloud,
    ids::ClientId,
    permission::DIRECTORY,
    registration::{AppName, PublicKey, Registration},
};

pub const TENANT: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
pub const CLIENT: &str = "535fb089-9ff3-47b6-9bfb-4f1264799865";
pub const ROLE: &str = "7ab1d382-f21e-4acd-a863-ba3e13f7da61";
pub const HIDDEN: &str = "658aa5d8-239f-45c4-aa12-864f4fc7e490";
/// Of Microsoft Graph in the tenant.
pub const RESOURCE: &str = "0b5e2d5a-1f53-4c6c-8c2a-55f0a1c7d001";

pub fn registration(name: &str) -> Registration {
    Registration {
        cloud: Cloud::Global,
        name: AppName::parse(name).unwrap(),
        permissions: vec![DIRECTORY],
        public_key: Some(PublicKey {
            certificate_base64: "MIIDAzCCAeugAwIBAgIU+a/b==".to_owned(),
            display: "tenantry on \"ada's\" machine".to_owned(),
        }),
        tenant: Some(TENANT.to_owned()),
    }
}

pub fn client() -> ClientId {
    ClientId::parse(CLIENT).unwrap()
}

/// What a script did.
#[derive(Debug)]
pub struct Ran {
    pub status: Option<i32>,
    pub out: String,
    pub words: String,
}

pub struct Bench {
    folder: TempDir,
}

impl Bench {
    /// A tenant with nothing of ours in it, and `az` logged in to it.
    pub fn new() -> Self {
        let bench = Self { folder: tempfile::tempdir().unwrap() };
        fs::create_dir_all(bench.path().join("bin/state")).unwrap();
        bench.program("az", include_str!("az"));
        // Waits are noted, and take no time.
        bench.program("sleep", "#!/bin/sh\necho \"$1\" >>\"${0%/*}/state/waits\"\n");
        for (file, text) in [
            ("cloud", "AzureCloud\n"),
            ("tenant", "84841066-274D-4ec0-a5c1-276be684bdd3\n"),
            ("domains", "contoso.onmicrosoft.com\nContoso.com\n"),
            (
                "roles",
                &format!(
                    "{RESOURCE}\nUser.Read.All=df021288-bdef-4463-88db-98f22de89214\nMember.Read.Hidden={HIDDEN}\nDirectory.Read.All={ROLE}\n"
                ),
            ),
            ("apps", ""),
            ("principal", ""),
            ("assigned", ""),
            ("calls", ""),
            ("waits", ""),
        ] {
            bench.set(file, text);
        }
        bench
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    fn state(&self, file: &str) -> PathBuf {
        self.path().join("bin/state").join(file)
    }

    pub fn program(&self, name: &str, text: &str) {
        let path = self.path().join("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    pub fn set(&self, file: &str, text: &str) {
        fs::write(self.state(file), text).unwrap();
    }

    pub fn get(&self, file: &str) -> String {
        fs::read_to_string(self.state(file)).unwrap()
    }

    pub fn forget(&self, file: &str) {
        fs::remove_file(self.state(file)).unwrap();
    }

    /// Each call's arguments.
    pub fn calls(&self) -> Vec<Vec<String>> {
        let calls = self.get("calls");
        calls
            .split("\u{1f}\n")
            .filter(|call| !call.is_empty())
            .map(|call| call.split('\u{1f}').map(str::to_owned).collect())
            .collect()
    }

    /// What was POSTed, in order: the path and the body.
    pub fn posted(&self) -> Vec<(String, serde_json::Value)> {
        let after = |call: &[String], flag: &str| call.iter().skip_while(|a| *a != flag).nth(1).cloned().unwrap();
        self.calls()
            .iter()
            .filter(|call| call.get(2).is_some_and(|method| method == "post"))
            .map(|call| (after(call, "--url"), serde_json::from_str(&after(call, "--body")).unwrap()))
            .collect()
    }

    pub fn run(&self, shell: &str, script: &str) -> Ran {
        self.run_with(shell, script, &[])
    }

    pub fn run_with(&self, shell: &str, script: &str, environment: &[(&str, &str)]) -> Ran {
        let file = self.path().join("script.sh");
        fs::write(&file, script).unwrap();
        let path = format!("{}:{}", self.path().join("bin").display(), std::env::var("PATH").unwrap());
        let mut words = shell.split(' ');
        let output = Command::new(words.next().unwrap())
            .args(words)
            .arg(&file)
            .current_dir(self.path())
            .env("PATH", path)
            .env("TMPDIR", self.path())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        Ran {
            status: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            words: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
