//! What the seed says of a tenant, and what a store holds of it, in one form that can be compared.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    path::Path,
};

use serde_json::{Map, Value};
use tenantry::{
    demo::{self, DemoConfig},
    domain::{
        ids::{RunId, TenantId},
        kind::{EdgeKind, EntityKind},
        naming::Naming,
        normalise::normalise,
    },
    store::Reader,
};

/// Entities by `_type` and `_key` as an upload sends them, and edges as (group, member).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Truth {
    pub entities: BTreeMap<EntityKind, BTreeMap<String, Value>>,
    pub members: Edges,
    /// Of the seed: members who are soft-deleted, whom groups still list.
    pub ghosts: Edges,
    /// Of a store: the edges that JupiterOne is left to link.
    pub mapped: Edges,
}

type Edges = BTreeSet<(String, String)>;

fn lines(path: &Path) -> Vec<Map<String, Value>> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn text(object: &Map<String, Value>, name: &str) -> String {
    object[name].as_str().unwrap().to_owned()
}

impl Truth {
    /// Straight from the seed, with no way through the demo's handlers.
    pub fn of(config: &DemoConfig, advanced: u32) -> Self {
        let dir = tempfile::tempdir().unwrap();
        demo::write_truth(dir.path(), config, advanced).unwrap();
        let organization: Map<String, Value> =
            serde_json::from_str(&std::fs::read_to_string(dir.path().join("organization.json")).unwrap()).unwrap();
        let tenant = TenantId::parse(&text(&organization, "id")).unwrap();
        let mut truth = Self::default();
        let mut add = |kind, odata: &str, object: &Map<String, Value>| {
            let entity = normalise(&Naming::ActiveDirectory.into(), &tenant, kind, odata, object);
            truth.entities.entry(kind).or_default().insert(entity.key().to_owned(), Value::Object(entity.json.clone()));
        };
        add(EntityKind::Account, "", &organization);
        lines(&dir.path().join("users.ndjson")).iter().for_each(|o| add(EntityKind::User, "", o));
        lines(&dir.path().join("groups.ndjson")).iter().for_each(|o| add(EntityKind::Group, "", o));
        for object in lines(&dir.path().join("other_members.ndjson")) {
            add(EntityKind::Member, object["@odata.type"].as_str().unwrap(), &object);
        }
        let edges = |name: &str| -> Edges {
            lines(&dir.path().join(name)).iter().map(|o| (text(o, "group"), text(o, "member"))).collect()
        };
        truth.members = edges("members.ndjson");
        truth.ghosts = edges("ghosts.ndjson");
        truth
    }

    /// What a run of a store holds, mapped edges too.
    pub fn stored(reader: &Reader, run: RunId) -> Self {
        let mut stored = Self::default();
        reader
            .for_each_entity(run, Naming::ActiveDirectory, &mut |entity| {
                let of_kind = stored.entities.entry(entity.kind).or_default();
                let known = of_kind.insert(entity.key().to_owned(), Value::Object(entity.json));
                assert_eq!(known, None, "twice");
                ControlFlow::Continue(())
            })
            .unwrap();
        reader
            .for_each_edge(run, Naming::ActiveDirectory, &mut |edge| {
                if !matches!(edge.kind, EdgeKind::AccountUser | EdgeKind::AccountGroup) {
                    if edge.mapped {
                        stored.mapped.insert((edge.from.clone(), edge.to.clone()));
                    }
                    assert!(stored.members.insert((edge.from, edge.to)), "twice");
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        stored
    }

    pub fn of_kind(&self, kind: EntityKind) -> BTreeMap<String, Value> {
        self.entities.get(&kind).cloned().unwrap_or_default()
    }

    pub fn count(&self, kind: EntityKind) -> u64 {
        self.entities.get(&kind).map_or(0, |all| all.len() as u64)
    }

    /// Object by object and membership by membership, with words short enough to read.
    #[track_caller]
    pub fn assert_is(&self, want: &Self, what: &str) {
        for kind in EntityKind::ALL {
            self.assert_same(want, kind, what);
        }
        self.assert_members(want, what);
    }

    #[track_caller]
    pub fn assert_same(&self, want: &Self, kind: EntityKind, what: &str) {
        let (got, want) = (self.of_kind(kind), want.of_kind(kind));
        let missing: Vec<_> = want.keys().filter(|k| !got.contains_key(*k)).collect();
        let extra: Vec<_> = got.keys().filter(|k| !want.contains_key(*k)).collect();
        assert!(missing.is_empty() && extra.is_empty(), "{what}: {kind:?}: missing {missing:?}, extra {extra:?}");
        for (key, object) in &want {
            assert_eq!(&got[key], object, "{what}: {kind:?} {key}");
        }
    }

    #[track_caller]
    pub fn assert_members(&self, want: &Self, what: &str) {
        let missing: Vec<_> = want.members.difference(&self.members).take(3).collect();
        let extra: Vec<_> = self.members.difference(&want.members).take(3).collect();
        assert!(missing.is_empty() && extra.is_empty(), "{what}: missing {missing:?}, extra {extra:?}");
        assert!(!want.members.is_empty(), "{what}: a tenant worth the test");
    }

    /// The edges to users, as far as this knows them.
    pub fn edges_to(&self, kind: EntityKind) -> Edges {
        let of_kind = self.of_kind(kind);
        self.members.iter().filter(|(_, member)| of_kind.contains_key(member)).cloned().collect()
    }

    /// Without service principals, and that they are members.
    pub fn without_service_principals(mut self) -> Self {
        let others = self.entities.entry(EntityKind::Member).or_default();
        let is_one = |object: &Value| object["memberType"] == "servicePrincipal";
        let gone: BTreeSet<String> = others.iter().filter(|(_, o)| is_one(o)).map(|(id, _)| id.clone()).collect();
        others.retain(|id, _| !gone.contains(id));
        self.members.retain(|(_, member)| !gone.contains(member));
        self
    }

    /// Without the members of these groups.
    pub fn without_members_of(mut self, groups: &BTreeSet<String>) -> Self {
        self.members.retain(|(group, _)| !groups.contains(group));
        self
    }

    /// As if these groups had never been.
    pub fn without_groups(mut self, groups: &BTreeSet<String>) -> Self {
        self.members.retain(|(group, member)| !groups.contains(group) && !groups.contains(member));
        self.entities.entry(EntityKind::Group).or_default().retain(|key, _| !groups.contains(key));
        // Other members are there because groups name them.
        let named: BTreeSet<&String> = self.members.iter().map(|(_, member)| member).collect();
        self.entities.entry(EntityKind::Member).or_default().retain(|key, _| named.contains(key));
        self
    }
}
