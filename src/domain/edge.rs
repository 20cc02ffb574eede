//! A relationship HAS as JupiterOne gets it.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    entity::fingerprint,
    kind::{EdgeKind, EntityKind},
    naming::Naming,
};

/// One edge, between the `_key`s of its ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Edge {
    pub kind: EdgeKind,
    pub from: String,
    pub to: String,
    /// Whether the far end is none of our entities, because it could not be read: JupiterOne links the edge if it
    /// knows the target, and creates nothing if not.
    pub mapped: bool,
    /// What a naming whose memberships are mapped tells of the far end.
    pub far: Option<Box<FarEnd>>,
}

/// A group's member, as a mapped relationship describes it: Graph's words, where it has any.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FarEnd {
    /// As the membership named it: `#microsoft.graph.user`.
    pub odata_type: Option<String>,
    pub display_name: Option<String>,
    pub email: Option<String>,
    pub job_title: Option<String>,
}

/// Tells two states of one edge apart: 0 direct, 1 mapped, and above [`EDGE_UNKNOWN`] what it tells of its far end.
pub type EdgeState = i64;

/// A state that stands for all, where it is not known.
pub const EDGE_UNKNOWN: EdgeState = 2;

impl Edge {
    /// An edge between entities of ours.
    pub const fn direct(kind: EdgeKind, from: String, to: String) -> Self {
        Self { kind, from, to, mapped: false, far: None }
    }

    pub fn key(&self) -> String {
        format!("{}|has|{}", self.from, self.to)
    }

    pub fn state(&self) -> EdgeState {
        let Some(far) = &self.far else { return EdgeState::from(self.mapped) };
        let text = json!([far.odata_type, far.display_name, far.email, far.job_title]).to_string();
        let [a, b, c, d, e, f, g, h, ..] = fingerprint(&text);
        // Never negative, and never one of the three others.
        (EdgeState::from_be_bytes([a, b, c, d, e, f, g, h]) & EdgeState::MAX) | 1 << 62
    }

    /// What of it can become different while its ends stay: what it tells of its far end, by the names that these have there,
    /// and that it is mapped for want of an entity.
    pub fn told(&self) -> Map<String, Value> {
        let mut told = Map::new();
        let mut say = |name: &str, text: Option<&String>| {
            if let Some(text) = text {
                told.insert(name.to_owned(), Value::String(text.clone()));
            }
        };
        if let Some(far) = &self.far {
            say("displayName", far.display_name.as_ref());
            say("email", far.email.as_ref());
            say("jobTitle", far.job_title.as_ref());
            say("memberType", far.odata_type.as_ref());
        } else if self.mapped {
            told.insert("mapped".to_owned(), Value::Bool(true));
        }
        told
    }

    /// The text that an upload sends: a direct relationship, or a mapped one (`facts/jupiterone.md` §2.2, §2.6).
    pub fn text(&self, naming: Naming) -> String {
        let key = self.key();
        let member = self.far.as_deref().filter(|_| naming.maps_members());
        let direct = member.is_none() && !self.mapped;
        let target = || {
            let kind = self.kind.ends().1;
            Target {
                class: member.map(|_| class_of(naming, kind)),
                key: &self.to,
                entity_type: naming.entity_type(kind),
                display_name: member.and_then(|far| far.display_name.as_deref()),
                email: member.and_then(|far| far.email.as_deref()),
                job_title: member.and_then(|far| far.job_title.as_deref()),
            }
        };
        let sent = Sent {
            class: "HAS",
            from: direct.then_some(&self.from),
            key: &key,
            mapping: (!direct).then(|| Mapping {
                direction: "FORWARD",
                // The reference integration leaves it out; ours creates nothing of which it knows no more than its id.
                skip_target_creation: member.is_none().then_some(true),
                source: &self.from,
                target: target(),
                filter_keys: [["_type", "_key"]],
            }),
            to: direct.then_some(&self.to),
            edge_type: naming.edge_type(self.kind),
            display_name: "HAS",
            group_id: member.map(|_| self.from.as_str()),
            member_id: member.map(|_| self.to.as_str()),
            member_type: member.and_then(|far| far.odata_type.as_deref()),
        };
        // Texts and nothing else: there is nothing that could not be written.
        serde_json::to_string(&sent).unwrap_or_default()
    }

    pub fn json(&self, naming: Naming) -> Value {
        serde_json::from_str(&self.text(naming)).unwrap_or_default()
    }
}

const fn class_of(naming: Naming, kind: EntityKind) -> [&'static str; 1] {
    [naming.entity_class(kind)]
}

/// A relationship on the wire. Members stand in the order of their names, as in all texts that are compared.
#[derive(Serialize)]
struct Sent<'a> {
    #[serde(rename = "_class")]
    class: &'static str,
    #[serde(rename = "_fromEntityKey", skip_serializing_if = "Option::is_none")]
    from: Option<&'a String>,
    #[serde(rename = "_key")]
    key: &'a str,
    #[serde(rename = "_mapping", skip_serializing_if = "Option::is_none")]
    mapping: Option<Mapping<'a>>,
    #[serde(rename = "_toEntityKey", skip_serializing_if = "Option::is_none")]
    to: Option<&'a String>,
    #[serde(rename = "_type")]
    edge_type: &'static str,
    #[serde(rename = "displayName")]
    display_name: &'static str,
    #[serde(rename = "groupId", skip_serializing_if = "Option::is_none")]
    group_id: Option<&'a str>,
    #[serde(rename = "memberId", skip_serializing_if = "Option::is_none")]
    member_id: Option<&'a str>,
    #[serde(rename = "memberType", skip_serializing_if = "Option::is_none")]
    member_type: Option<&'a str>,
}

#[derive(Serialize)]
struct Mapping<'a> {
    #[serde(rename = "relationshipDirection")]
    direction: &'static str,
    #[serde(rename = "skipTargetCreation", skip_serializing_if = "Option::is_none")]
    skip_target_creation: Option<bool>,
    #[serde(rename = "sourceEntityKey")]
    source: &'a str,
    #[serde(rename = "targetEntity")]
    target: Target<'a>,
    #[serde(rename = "targetFilterKeys")]
    filter_keys: [[&'static str; 2]; 1],
}

/// What may stand here is the service's to say, and null is not known to be among it (`facts/jupiterone.md` §1.6).
#[derive(Serialize)]
struct Target<'a> {
    #[serde(rename = "_class", skip_serializing_if = "Option::is_none")]
    class: Option<[&'static str; 1]>,
    #[serde(rename = "_key")]
    key: &'a str,
    #[serde(rename = "_type")]
    entity_type: &'static str,
    #[serde(rename = "displayName", skip_serializing_if = "Option::is_none")]
    display_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(rename = "jobTitle", skip_serializing_if = "Option::is_none")]
    job_title: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(naming: Naming, edge: &Edge, want: Value) {
        assert_eq!(edge.json(naming), want);
        // In order of their names, as texts that are compared must be.
        assert_eq!(edge.text(naming), want.to_string());
    }

    /// As the official SDK makes them (`facts/jupiterone.md` §2.2 and §2.3).
    #[test]
    fn direct_and_mapped() {
        let edge = Edge::direct(EdgeKind::GroupGroup, "g".into(), "\"h".into());
        let mut want = json!({ "_key": "g|has|\"h", "_type": "active_directory_user_group_has_group", "_class": "HAS",
                               "displayName": "HAS", "_fromEntityKey": "g", "_toEntityKey": "\"h" });
        check(Naming::ActiveDirectory, &edge, want.clone());
        want["_mapping"] = json!({
            "relationshipDirection": "FORWARD", "sourceEntityKey": "g", "targetFilterKeys": [["_type", "_key"]],
            "targetEntity": { "_type": "active_directory_user_group", "_key": "\"h" }, "skipTargetCreation": true });
        want.as_object_mut().unwrap().retain(|name, _| !name.ends_with("EntityKey"));
        let mapped = Edge { mapped: true, ..edge.clone() };
        check(Naming::ActiveDirectory, &mapped, want);
        assert_eq!((edge.state(), mapped.state()), (0, 1));
    }

    /// As the reference integration makes them (§2.6).
    #[test]
    fn memberships_of_the_reference() {
        let far = |text: &str| FarEnd {
            odata_type: Some(format!("#microsoft.graph.{text}")),
            display_name: Some("Desk".into()),
            email: Some("desk@contoso.com".into()),
            job_title: Some("Help".into()),
        };
        let edge = |kind, far: FarEnd| Edge { far: Some(Box::new(far)), ..Edge::direct(kind, "g".into(), "m".into()) };
        let want = |member_type: &str, target: Value| {
            json!({
                "_key": "g|has|m", "_type": "azure_group_has_member", "_class": "HAS", "displayName": "HAS",
                "_mapping": { "relationshipDirection": "FORWARD", "sourceEntityKey": "g",
                              "targetFilterKeys": [["_type", "_key"]], "targetEntity": target },
                "groupId": "g", "memberId": "m", "memberType": member_type,
            })
        };
        let naming = Naming::GraphMicrosoft365;
        let target = |entity_type: &str, class: &str| {
            json!({ "_key": "m", "_type": entity_type, "_class": [class], "displayName": "Desk",
                    "jobTitle": "Help", "email": "desk@contoso.com" })
        };
        let user = edge(EdgeKind::GroupUser, far("user"));
        check(naming, &user, want("#microsoft.graph.user", target("azure_user", "User")));
        let group = edge(EdgeKind::GroupGroup, far("group"));
        check(naming, &group, want("#microsoft.graph.group", target("azure_user_group", "UserGroup")));
        // Null is left out, and so is whatever is not known.
        let device = FarEnd { email: None, job_title: None, ..far("device") };
        let device = edge(EdgeKind::GroupMember, device);
        let target = json!({ "_key": "m", "_type": "azure_group_member", "_class": ["User"], "displayName": "Desk" });
        check(naming, &device, want("#microsoft.graph.device", target));
        let unknown = edge(EdgeKind::GroupMember, FarEnd::default());
        assert_eq!(unknown.json(naming).get("memberType"), None);

        let states = [&user, &device, &unknown].map(Edge::state);
        assert!(states.iter().all(|state| *state > EDGE_UNKNOWN) && states[0] != states[1] && states[1] != states[2]);
        let direct = Edge::direct(EdgeKind::AccountGroup, "a".into(), "g".into());
        let want = json!({ "_key": "a|has|g", "_type": "microsoft_365_account_has_azure_group", "_class": "HAS",
                           "displayName": "HAS", "_fromEntityKey": "a", "_toEntityKey": "g" });
        check(naming, &direct, want);
    }
}
