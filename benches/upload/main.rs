//! What an upload costs: beside JupiterOne's own command line at 100,000 objects, and what it and all that belongs to it
//! keep in memory at five million edges.
//!
//! `cargo bench --bench upload` prints both; `-- --quick` only the first, `-- --large` only the second, with `--store FILE`
//! of a copy of that store, which must be of this demo tenant (500,000 users, 150,000 groups, seed 1). Real time: the real
//! binary and the official `j1-integration sync` (of the folder that TENANTRY_J1_SDK names, as `.ci/run` installs it) send
//! the same run to a demo server in another process on the same machine, which checks each object as JupiterOne does.
//!
//! What stands beside a row is what the whole command took: ours looks at the run first, as `preview` does, validates each
//! object, books it, and waits until the job is applied. The official one begins with files that are there already, and
//! ends when the job is finalized.

#[allow(dead_code, reason = "the other benches use the rest")]
#[path = "../figures/machine.rs"]
mod machine;
mod measure;
mod naive;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;
use tenantry::domain::{export::ExportFormat, text::grouped};

use self::{
    machine::{Tenant, processors},
    measure::{Measured, Table, measured},
};

/// A store of a demo tenant, and the server that it is of.
struct Place {
    tenant: Tenant,
    home: TempDir,
}

impl Place {
    /// The tenant read once, or a copy of a store that somebody read before.
    fn new(users: u32, groups: u32, store: Option<&Path>) -> Self {
        let place = Self { tenant: Tenant::start(users, groups), home: tempfile::tempdir().expect("a folder") };
        match store {
            Some(store) => {
                fs::copy(store, place.path("store.db")).expect("a copy of the store");
            }
            None => place.collect(),
        }
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    fn collect(&self) {
        measured(self.tenant.collection(self.home.path(), &self.path("store.db")));
    }

    fn run(&self, args: &[&str]) -> Measured {
        measured(self.tenant.command(self.home.path(), &self.path("store.db"), args))
    }

    /// A target of its own each, so that each creates everything.
    fn upload(&self, scope: &str, more: &[&str]) -> Measured {
        let args =
            ["upload", "--yes", "--json", "--first-upload", "--max-deletions", "100%", "--jupiterone-scope", scope];
        self.run(&[&args[..], more].concat())
    }

    fn export(&self, format: &str, name: &str) -> Measured {
        let out = format!("--out={}", self.path(name).display());
        self.run(&["export", "--json", "--format", format, &out])
    }

    /// What was sent to JupiterOne since it was last asked: requests and bytes.
    fn sent(&self) -> (u64, u64) {
        let of = &self.demo("GET", "requests")["totals"]["jupiterone"];
        let number = |name: &str| of[name].as_u64().unwrap_or_default();
        let sent = (number("requests"), number("body_bytes"));
        self.demo("DELETE", "requests");
        sent
    }

    /// Asks the server itself.
    fn demo(&self, method: &str, what: &str) -> Value {
        let url = format!("{}/_demo/{what}", self.tenant.text("jupiterone_url").trim_end_matches('/'));
        let ask = async {
            let http = reqwest::Client::builder().no_proxy().build().expect("a client");
            let method = method.parse().expect("a method");
            http.request(method, url).send().await.expect("an answer").json().await.expect("JSON")
        };
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(ask)
    }
}

/// `j1-integration sync` of a project's folder, into a scope.
fn sync(packages: &Path, tenant: &Tenant, project: &Path, scope: &str) -> Command {
    let mut command = Command::new("node");
    command
        .arg(packages.join("node_modules/@jupiterone/integration-sdk-cli/bin/j1-integration"))
        .args(["sync", "--source", "api", "--scope", scope, "--api-base-url", &tenant.text("jupiterone_url"), "-p"])
        .arg(project)
        .env("JUPITERONE_API_KEY", tenant.text("jupiterone_api_key"))
        .env("JUPITERONE_ACCOUNT", tenant.text("jupiterone_account"));
    command
}

fn objects(end: &Value) -> u64 {
    let counts = end["counts"].as_object().expect("counts");
    counts.values().filter_map(Value::as_u64).sum()
}

/// So often each, in turn: the quickest counts, since whatever else the machine does only adds.
const TURNS: u32 = 3;

/// The three ways at one size.
fn compare(place: &Place, turns: u32, official: Option<&Path>) {
    place.export("ndjson", "files");
    let files = place.export("j1-integration", "project");
    let (tenant, project) = (&place.tenant, place.path("project"));
    let title = format!("{} objects, three ways", grouped(objects(&files.end)));
    let mut best: Vec<(String, Measured, (u64, u64))> = Vec::new();
    place.sent();
    for turn in 0..turns {
        let scope = |of: &str| format!("{of}-{turn}");
        let mut note = |what: &str, it: Measured| {
            let sent = place.sent();
            match best.iter_mut().find(|(known, ..)| known == what) {
                Some((_, known, _)) if known.seconds <= it.seconds => {}
                Some(known) => *known = (what.to_owned(), it, sent),
                None => best.push((what.to_owned(), it, sent)),
            }
        };
        note(
            "naive: all in memory, one after the other",
            measured(naive::command(tenant, &place.path("files"), &scope("naive"))),
        );
        if let Some(packages) = official {
            let it = measured(sync(packages, tenant, &project, &scope("theirs")));
            note("`j1-integration sync` 8.41.0, not waiting for the job", it);
        }
        note("tenantry upload, all of it", place.upload(&scope("ours"), &[]));
        note("the same once more: nothing to do", place.upload(&scope("ours"), &[]));
    }
    let mut table = Table::new(&title, objects(&files.end));
    for (what, it, sent) in &best {
        table.row(what, it.seconds, it, Some(*sent));
        if let Some(own) = it.own_seconds {
            table.row("… of it the upload's own", own, it, Some(*sent));
        }
    }
}

/// What each command takes at a size.
fn each(place: &Place) {
    let count = objects(&place.run(&["preview", "--json"]).end);
    let mut table =
        Table::new(&format!("{} objects, the memory of each command (limit 200 MB)", grouped(count)), count);
    place.sent();
    let mut note = |what: &str, it: Measured| {
        let sent = Some(place.sent()).filter(|(requests, _)| *requests > 0);
        table.row(what, it.seconds, &it, sent);
    };
    let of = ["--jupiterone-scope", "one"];
    note("preview, nothing known of the target", place.run(&[&["preview", "--json"][..], &of].concat()));
    note("upload, the first", place.upload("one", &[]));
    note("preview, nothing to do", place.run(&[&["preview", "--json"][..], &of].concat()));
    place.demo("POST", "advance");
    place.collect();
    place.sent();
    note("preview after a day's changes", place.run(&[&["preview", "--json"][..], &of].concat()));
    note("preview --objects", place.run(&[&["preview", "--json", "--objects"][..], &of].concat()));
    let out = format!("--out={}", place.path("plan.json").display());
    note("preview --out FILE", place.run(&[&["preview", "--json", &out][..], &of].concat()));
    note("preview --against RUN", place.run(&[&["preview", "--json", "--against", "1"][..], &of].concat()));
    note("upload after a day's changes", place.upload("one", &[]));
    note("undo: upload --run 1", place.upload("one", &["--run", "1"]));
    for format in ExportFormat::ALL {
        note(&format!("export {}", format.as_str()), place.export(format.as_str(), format.as_str()));
    }
    let instance = place.tenant.text("jupiterone_instance");
    let names = ["--naming", "graph-microsoft-365", "--jupiterone-instance-name", "Contoso"];
    let of = [&names[..], &["--jupiterone-instance", &instance]].concat();
    note("second naming: preview", place.run(&[&["preview", "--json"][..], &of].concat()));
    note("second naming: preview --objects", place.run(&[&["preview", "--json", "--objects"][..], &of].concat()));
    let upload = ["upload", "--yes", "--json", "--first-upload"];
    note("second naming: upload", place.run(&[&upload[..], &of].concat()));
    note("second naming: preview, nothing to do", place.run(&[&["preview", "--json"][..], &of].concat()));
    let out = format!("--out={}", place.path("second").display());
    let export = ["export", "--json", "--format", "j1-integration", &out];
    note("second naming: export j1-integration", place.run(&[&export[..], &of].concat()));
}

fn main() {
    if naive::was_asked() {
        return;
    }
    let args: Vec<String> = std::env::args().collect();
    let asked = |flag: &str| args.iter().any(|a| a == flag);
    let store = args.iter().position(|a| a == "--store").and_then(|at| args.get(at + 1)).map(PathBuf::from);
    let packages = std::env::var_os("TENANTRY_J1_SDK").map(PathBuf::from);
    println!("Real time, the server in another process on the same {} processors.", processors());
    if !asked("--large") {
        if packages.is_none() {
            println!("TENANTRY_J1_SDK names no folder with JupiterOne's own packages: nothing to compare with.");
        }
        compare(&Place::new(10_000, 2_500, None), TURNS, packages.as_deref());
    }
    if !asked("--quick") {
        let place = Place::new(500_000, 150_000, store.as_deref());
        each(&place);
        if asked("--naive") {
            compare(&place, 1, packages.as_deref());
        }
    }
}
