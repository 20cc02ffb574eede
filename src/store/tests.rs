//! Tests of the store as its users see it: through files, writers and readers.

mod beliefs;
mod lists;
mod opening;
mod oracle;
mod runs;

use std::{ops::ControlFlow, path::PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json, value::to_raw_value};
use tempfile::TempDir;

use super::*;
use crate::domain::{
    completeness::{Collection, RunStatus, State},
    ids::{RunId, TenantId},
    kind::EntityKind,
    naming::Naming,
    view::RunInfo,
};

const NAMING: Naming = Naming::ActiveDirectory;
const TENANT: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
const ACCOUNT_KEY: &str = "active_directory_account:84841066-274d-4ec0-a5c1-276be684bdd3";

fn tenant() -> TenantId {
    TenantId::parse(TENANT).unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// A folder with a store's path in it.
struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("tenants").join("store.db")
    }

    fn writer(&self) -> Writer {
        Writer::open(&self.path(), &tenant(), at(0)).unwrap()
    }

    fn reader(&self) -> Reader {
        Reader::open(&self.path(), Some(&tenant())).unwrap()
    }
}

fn object(kind: EntityKind, id: &str, odata_type: &str, json: Value) -> ObjectWrite {
    let mut json = json;
    json["id"] = id.into();
    ObjectWrite { kind, id: id.to_owned(), odata_type: odata_type.to_owned(), raw: to_raw_value(&json).unwrap() }
}

fn account() -> ObjectWrite {
    object(EntityKind::Account, TENANT, "", json!({ "displayName": "Contoso" }))
}

fn user(id: &str, name: &str) -> ObjectWrite {
    object(EntityKind::User, id, "", json!({ "displayName": name, "userPrincipalName": format!("{id}@contoso.com") }))
}

fn group(id: &str, name: &str) -> ObjectWrite {
    object(EntityKind::Group, id, "", json!({ "displayName": name, "securityEnabled": true }))
}

fn device(id: &str, name: &str) -> ObjectWrite {
    object(EntityKind::Member, id, DEVICE, json!({ "displayName": name, "deviceId": format!("d-{id}") }))
}

const USER: &str = "#microsoft.graph.user";
const GROUP: &str = "#microsoft.graph.group";
const DEVICE: &str = "#microsoft.graph.device";

fn refs(members: &[(&str, &str)]) -> Vec<MemberRef> {
    members.iter().map(|(id, kind)| MemberRef { id: (*id).to_owned(), odata_type: (*kind).to_owned() }).collect()
}

fn ended(state: State) -> ListEnd {
    ListEnd { state, code: None, request_id: None, reason: None }
}

fn members(group: &str, state: State, members: &[(&str, &str)]) -> PageWrite {
    let list = MembersWrite { group: group.to_owned(), members: refs(members), end: Some(ended(state)) };
    PageWrite { members: vec![list], ..PageWrite::default() }
}

fn listed(collection: Collection, state: State, objects: Vec<ObjectWrite>) -> PageWrite {
    let done = objects.len() as u64;
    let checkpoint = Checkpoint { collection, next_link: None, done, total: None, end: Some(ended(state)) };
    PageWrite { objects, checkpoint: Some(checkpoint), ..PageWrite::default() }
}

fn resolved(resolutions: Vec<Resolution>, objects: Vec<ObjectWrite>) -> PageWrite {
    PageWrite { objects, resolutions, ..PageWrite::default() }
}

fn end(status: RunStatus, seconds: i64) -> RunEnd {
    RunEnd { status, finished_at: at(seconds), requests: 7, resource_units: 11, seconds: 1.5 }
}

/// A run of pages, to its end.
fn run(writer: &mut Writer, seconds: i64, pages: &[PageWrite]) -> RunInfo {
    let run = writer.begin_run(at(seconds)).unwrap();
    for page in pages {
        writer.commit(run, page).unwrap();
    }
    writer.finish_run(run, &end(RunStatus::Complete, seconds + 1)).unwrap()
}

/// The collections of a whole run, members apart.
fn whole(users: Vec<ObjectWrite>, groups: Vec<ObjectWrite>) -> Vec<PageWrite> {
    vec![
        listed(Collection::Account, State::Complete, vec![account()]),
        listed(Collection::Users, State::Complete, users),
        listed(Collection::Groups, State::Complete, groups),
        listed(Collection::Memberships, State::Complete, Vec::new()),
    ]
}

/// Keys and names of all entities, in order of their keys.
fn entities(reader: &Reader, run: RunId) -> Vec<String> {
    let mut all = Vec::new();
    reader
        .for_each_entity(run, NAMING, &mut |e| {
            all.push(format!("{:?} {} {}", e.kind, e.key(), e.name()));
            ControlFlow::Continue(())
        })
        .unwrap();
    all.sort();
    all
}

/// Edges but the account's, `from>to`, mapped ones with a question mark.
fn edges(reader: &Reader, run: RunId) -> Vec<String> {
    let mut all = Vec::new();
    reader
        .for_each_edge(run, NAMING, &mut |e| {
            if e.from != ACCOUNT_KEY {
                all.push(format!("{:?} {}>{}{}", e.kind, e.from, e.to, if e.mapped { "?" } else { "" }));
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    all.sort();
    all
}
