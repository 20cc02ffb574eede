//! Tests of the store as its users see it: through files, writers and readers.

mod beliefs;
mod changes;
mod differ;
mod far;
mod formats;
mod ground;
mod lists;
mod opening;
mod oracle;
mod runs;
mod snapshot;

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

pub(crate) const NAMING: Naming = Naming::ActiveDirectory;
pub(crate) const TENANT: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
pub(crate) const ACCOUNT_KEY: &str = "active_directory_account:84841066-274d-4ec0-a5c1-276be684bdd3";

pub(crate) fn tenant() -> TenantId {
    TenantId::parse(TENANT).unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

/// A folder with a store's path in it.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("tenants").join("store.db")
    }

    pub(crate) fn writer(&self) -> Writer {
        Writer::open(&self.path(), &tenant(), at(0)).unwrap()
    }

    pub(crate) fn reader(&self) -> Reader {
        Reader::open(&self.path(), Some(&tenant())).unwrap()
    }
}

pub(crate) fn object(kind: EntityKind, id: &str, odata_type: &str, json: Value) -> ObjectWrite {
    let mut json = json;
    json["id"] = id.into();
    ObjectWrite { kind, id: id.to_owned(), odata_type: odata_type.to_owned(), raw: to_raw_value(&json).unwrap() }
}

pub(crate) fn account() -> ObjectWrite {
    object(EntityKind::Account, TENANT, "", json!({ "displayName": "Contoso" }))
}

pub(crate) fn user(id: &str, name: &str) -> ObjectWrite {
    object(EntityKind::User, id, "", json!({ "displayName": name, "userPrincipalName": format!("{id}@contoso.com") }))
}

pub(crate) fn group(id: &str, name: &str) -> ObjectWrite {
    object(EntityKind::Group, id, "", json!({ "displayName": name, "securityEnabled": true }))
}

pub(crate) fn device(id: &str, name: &str) -> ObjectWrite {
    object(EntityKind::Member, id, DEVICE, json!({ "displayName": name, "deviceId": format!("d-{id}") }))
}

pub(crate) const USER: &str = "#microsoft.graph.user";
pub(crate) const GROUP: &str = "#microsoft.graph.group";
pub(crate) const DEVICE: &str = "#microsoft.graph.device";

pub(crate) fn refs(members: &[(&str, &str)]) -> Vec<MemberRef> {
    members.iter().map(|(id, kind)| MemberRef { id: (*id).into(), odata_type: (*kind).to_owned().into() }).collect()
}

pub(crate) fn ended(state: State) -> ListEnd {
    ListEnd { state, code: None, request_id: None, reason: None }
}

pub(crate) fn members(group: &str, state: State, members: &[(&str, &str)]) -> PageWrite {
    let list = MembersWrite {
        group: group.to_owned(),
        members: refs(members),
        end: Some(ended(state)),
        ..MembersWrite::default()
    };
    PageWrite { members: vec![list], ..PageWrite::default() }
}

pub(crate) fn listed(collection: Collection, state: State, objects: Vec<ObjectWrite>) -> PageWrite {
    let done = objects.len() as u64;
    let checkpoint =
        Checkpoint { collection, next_link: None, done, total: None, end: Some(ended(state)), delta: false };
    PageWrite { objects, checkpoint: Some(checkpoint), ..PageWrite::default() }
}

pub(crate) fn resolved(resolutions: Vec<Resolution>, objects: Vec<ObjectWrite>) -> PageWrite {
    PageWrite { objects, resolutions, ..PageWrite::default() }
}

pub(crate) fn end(status: RunStatus, seconds: i64) -> RunEnd {
    RunEnd { status, finished_at: at(seconds), requests: 7, resource_units: 11, seconds: 1.5 }
}

/// A run of pages, to its end.
pub(crate) fn run(writer: &mut Writer, seconds: i64, pages: &[PageWrite]) -> RunInfo {
    let run = writer.begin_run(at(seconds), &RunPlan::default()).unwrap();
    for page in pages {
        writer.commit(run, page).unwrap();
    }
    writer.finish_run(run, &end(RunStatus::Complete, seconds + 1)).unwrap()
}

/// The collections of a whole run, members apart.
pub(crate) fn whole(users: Vec<ObjectWrite>, groups: Vec<ObjectWrite>) -> Vec<PageWrite> {
    vec![
        listed(Collection::Account, State::Complete, vec![account()]),
        listed(Collection::Users, State::Complete, users),
        listed(Collection::Groups, State::Complete, groups),
        listed(Collection::Memberships, State::Complete, Vec::new()),
    ]
}

/// Keys and names of all entities, in order of their keys.
pub(crate) fn entities(reader: &Reader, run: RunId) -> Vec<String> {
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
pub(crate) fn edges(reader: &Reader, run: RunId) -> Vec<String> {
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
