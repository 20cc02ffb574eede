//! The whole road with the real binary: a demo server in one process and, in others, collect, preview, upload, preview,
//! export; held against the tenant that the seed defines, which takes no way through the server's handlers.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    program::{Done, Home, Served, by, ndjson},
    schema::Schemas,
};

const SIZE: [&str; 6] = ["--users", "420", "--groups", "90", "--seed", "7"];

/// What the seed says of the tenant.
pub struct Truth {
    pub organization: Value,
    pub users: BTreeMap<String, Value>,
    pub groups: BTreeMap<String, Value>,
    pub others: BTreeMap<String, Value>,
    pub members: BTreeSet<(String, String)>,
}

impl Truth {
    pub fn write(home: &Home, size: &[&str], advanced: u32) -> Self {
        let dir = home.path(&format!("truth{advanced}"));
        let output = home
            .tenantry()
            .args(["demo", "--truth"])
            .arg(&dir)
            .args(["--advanced", &advanced.to_string()])
            .args(size)
            .output()
            .unwrap();
        Done::of(&output).expect(0);
        let organization = std::fs::read_to_string(dir.join("organization.json")).unwrap();
        let text = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
        Self {
            organization: serde_json::from_str(&organization).unwrap(),
            users: by(ndjson(&dir.join("users.ndjson")), "id"),
            groups: by(ndjson(&dir.join("groups.ndjson")), "id"),
            others: by(ndjson(&dir.join("other_members.ndjson")), "id"),
            members: ndjson(&dir.join("members.ndjson"))
                .iter()
                .map(|line| (text(line, "group"), text(line, "member")))
                .collect(),
        }
    }

    /// The ids of all its objects.
    pub fn ids(&self) -> impl Iterator<Item = String> {
        self.users.keys().chain(self.groups.keys()).chain(self.others.keys()).cloned()
    }

    /// The id and the name of a group that no other is called like.
    pub fn any_group(&self) -> (String, String) {
        let name = |group: &Value| group["displayName"].as_str().unwrap_or_default().to_owned();
        let alone = |wanted: &str| self.groups.values().filter(|g| name(g).eq_ignore_ascii_case(wanted)).count() == 1;
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b' ');
        let group = self.groups.iter().find(|(_, g)| alone(&name(g)) && plain(&name(g))).expect("a plain name");
        (group.0.clone(), name(group.1))
    }

    /// How many objects of each `_type` an upload must hold.
    pub fn counts(&self) -> Value {
        let edges = |of: &BTreeMap<String, Value>| self.members.iter().filter(|(_, m)| of.contains_key(m)).count();
        json!({
            "active_directory_account": 1,
            "active_directory_user": self.users.len(),
            "active_directory_user_group": self.groups.len(),
            "active_directory_group_member": self.others.len(),
            "active_directory_account_has_user": self.users.len(),
            "active_directory_account_has_user_group": self.groups.len(),
            "active_directory_user_group_has_user": edges(&self.users),
            "active_directory_user_group_has_group": edges(&self.groups),
            "active_directory_user_group_has_group_member": edges(&self.others),
        })
    }
}

/// The sum of one figure over all entity or relationship types of a preview.
fn sum(changes: &Value, relationships: bool, figure: &str) -> u64 {
    changes
        .as_object()
        .unwrap()
        .iter()
        .filter(|(name, _)| name.contains("_has_") == relationships)
        .map(|(_, c)| c[figure].as_u64().unwrap())
        .sum()
}

fn job_equals_preview(job: &Value, changes: &Value) {
    let check = |member: &str, relationships, figure| {
        assert_eq!(job[member].as_u64().unwrap(), sum(changes, relationships, figure), "{member}: {job} {changes}");
    };
    check("numEntitiesCreated", false, "create");
    check("numEntitiesUpdated", false, "change");
    check("numEntitiesDeleted", false, "delete");
    check("numRelationshipsCreated", true, "create");
    check("numRelationshipsUpdated", true, "change");
    check("numRelationshipsDeleted", true, "delete");
    assert_eq!(job["status"], "FINISHED");
}

#[test]
fn from_the_tenant_to_jupiterone_and_back_to_the_seed() {
    let home = Home::new();
    let served = Served::start(&home, &SIZE);
    let truth = Truth::write(&home, &SIZE, 0);
    assert!(truth.others.len() > 3 && truth.members.len() > 500, "a tenant worth the test");

    // Nothing is there yet, and that is said.
    let none = served.run(&home, &["preview", "--json"]).expect(1);
    assert!(none.stderr.contains("tenantry collect"), "{}", none.stderr);

    let collect = served.run(&home, &["collect", "--json"]);
    let hidden = collect.finished()["incomplete"].clone();
    let collect = collect.expect(0);
    assert_eq!(collect.finished()["status"], "complete", "{hidden}");
    assert_eq!(collect.finished()["counts"], truth.counts());
    assert!(collect.finished()["requests"].as_u64().unwrap() > 5);
    assert!(collect.finished()["resource_units"].as_u64().unwrap() > 5);
    for collection in ["account", "users", "groups", "memberships"] {
        let last = collect.json.iter().rfind(|e| e["event"] == "progress" && e["collection"] == collection).unwrap();
        assert_eq!(last["done"], last["total"], "{last}");
        for member in ["requests", "resource_units", "throttled_seconds"] {
            assert!(last[member].is_number(), "{member}: {last}");
        }
    }

    // The dry run: all is new, nothing is asked of JupiterOne.
    let preview = served.run(&home, &["preview", "--json"]).expect(0);
    for (name, count) in truth.counts().as_object().unwrap() {
        let want = json!({ "create": count, "change": 0, "delete": 0, "same": 0 });
        assert_eq!(preview.finished()["changes"][name], want, "{name}");
    }
    served.run(&home, &["preview", "--json", "--detailed-exitcode"]).expect(5);
    assert_eq!(asked(&served), Vec::<String>::new());

    // Guards.
    served.run(&home, &["upload", "--json"]).expect(4);
    served.run(&home, &["upload", "--json", "--yes"]).expect(4);
    assert_eq!(asked(&served), Vec::<String>::new());

    assert_eq!(preview.finished()["guards"], json!([{ "guard": "first_upload" }]));

    let upload = served.run(&home, &["upload", "--json", "--yes", "--first-upload"]).expect(0);
    job_equals_preview(&upload.finished()["job"], &preview.finished()["changes"]);
    // An integration's key cannot tell what the instance is, and that is said.
    assert_eq!(upload.finished()["place"]["known"], json!(false));
    assert!(upload.stderr.contains("this key cannot tell"), "{}", upload.stderr);

    let again = served.run(&home, &["preview", "--json", "--detailed-exitcode"]).expect(0);
    for (name, count) in truth.counts().as_object().unwrap() {
        let want = json!({ "create": 0, "change": 0, "delete": 0, "same": count });
        assert_eq!(again.finished()["changes"][name], want, "{name}");
    }

    let out = home.path("export");
    let export = served.tenantry(&home).args(["export", "--format", "ndjson", "--json", "--out"]).arg(&out).output();
    Done::of(&export.unwrap()).expect(0);
    agrees(&truth, &out);

    // The tenant changes: what the preview foretells is what the job then does.
    for day in 1..=2 {
        served.advance();
        let truth = Truth::write(&home, &SIZE, day);
        let collect = served.run(&home, &["collect", "--json"]).expect(0);
        assert_eq!(collect.finished()["counts"], truth.counts(), "day {day}");
        let preview = served.run(&home, &["preview", "--json"]).expect(0);
        let changes = &preview.finished()["changes"];
        assert!(sum(changes, false, "change") > 0 && sum(changes, true, "create") > 0, "{changes}");
        // Deletions above a limit are refused, and named.
        let refused = served.run(&home, &["upload", "--json", "--yes", "--max-deletions", "0"]).expect(4);
        assert!(refused.stderr.contains("above the limit of 0"), "{}", refused.stderr);
        assert_eq!(refused.finished()["error"]["code"], "too_many_deletions");
        let upload = served.run(&home, &["upload", "--json", "--yes"]).expect(0);
        job_equals_preview(&upload.finished()["job"], changes);
        served.run(&home, &["preview", "--json", "--detailed-exitcode"]).expect(0);
        let export = served.tenantry(&home).args(["export", "--format", "ndjson", "--out"]).arg(&out).output();
        Done::of(&export.unwrap()).expect(0);
        agrees(&truth, &out);
    }
    by_the_reference_s_names(&served, &home, &out);
    let seen = served.door("graph_url", "GET", "/_demo/requests");
    assert_eq!(seen["violations"], json!([]), "no credential went to another's origin");
}

/// The same run under the other naming, for a key that cannot tell the instance's name: refused, then as its own data model
/// wants it.
fn by_the_reference_s_names(served: &Served, home: &Home, out: &std::path::Path) {
    let export = |more: &[&str]| {
        let mut command = served.tenantry(home);
        command.args(["export", "--format", "ndjson", "--json", "--naming", "graph-microsoft-365", "--out"]).arg(out);
        Done::of(&command.args(more).output().unwrap())
    };
    let refused = export(&[]).expect(2);
    assert!(refused.stderr.contains("--jupiterone-instance-name"), "{}", refused.stderr);
    let done = export(&["--jupiterone-instance-name", "Ours"]).expect(0);
    assert!(done.finished()["findings"].is_array(), "{}", done.stdout);
    let entities = by(ndjson(&out.join("entities.ndjson")), "_key");
    if let Some(schemas) = Schemas::load("0.54.0") {
        for entity in entities.values() {
            assert_eq!(schemas.errors(entity), Vec::<String>::new(), "{entity}");
        }
    }
    let types: std::collections::BTreeSet<&str> = entities.values().map(|e| e["_type"].as_str().unwrap()).collect();
    assert_eq!(types.into_iter().collect::<Vec<_>>(), ["azure_user", "azure_user_group", "microsoft_365_account"]);
    let edges = by(ndjson(&out.join("relationships.ndjson")), "_key");
    assert!(edges.values().any(|e| e["_type"] == "azure_group_has_member" && e["_mapping"].is_object()));
}

/// The paths that JupiterOne's stand-in was asked for.
fn asked(served: &Served) -> Vec<String> {
    let seen = served.door("jupiterone_url", "GET", "/_demo/requests");
    seen["requests"]
        .as_array()
        .unwrap_or_else(|| panic!("{seen}"))
        .iter()
        .filter(|r| r["service"] == "jupiterone")
        .map(|r| r["path"].as_str().unwrap_or_default().to_owned())
        .filter(|path| !path.starts_with("/_demo"))
        .collect()
}

/// Every exported object against the seed: types, keys, classes, properties, all five kinds of edges, and the schemas.
fn agrees(truth: &Truth, dir: &std::path::Path) {
    let entities = by(ndjson(&dir.join("entities.ndjson")), "_key");
    let edges = by(ndjson(&dir.join("relationships.ndjson")), "_key");
    if let Some(schemas) = Schemas::load("0.64.2") {
        for entity in entities.values() {
            assert_eq!(schemas.errors(entity), Vec::<String>::new(), "{entity}");
        }
    }
    let account = format!("active_directory_account:{}", truth.organization["id"].as_str().unwrap());
    let counts = truth.counts();
    let of_type = |name: &str| entities.values().chain(edges.values()).filter(|o| o["_type"] == name).count();
    for (name, count) in counts.as_object().unwrap() {
        assert_eq!(of_type(name) as u64, count.as_u64().unwrap(), "{name}");
    }
    assert_eq!(entities[&account]["vendor"], "Microsoft");
    assert_eq!(entities[&account]["organizationName"], truth.organization["displayName"]);

    for (id, user) in &truth.users {
        let entity = &entities[id];
        assert_eq!((&entity["_type"], &entity["_class"]), (&json!("active_directory_user"), &json!(["User"])));
        same(
            entity,
            user,
            &[
                "userPrincipalName",
                "givenName",
                "surname",
                "jobTitle",
                "department",
                "companyName",
                "employeeId",
                "mobilePhone",
                "businessPhones",
                "officeLocation",
                "preferredLanguage",
                "usageLocation",
                "userType",
                "externalUserState",
                "accountEnabled",
                "onPremisesSyncEnabled",
            ],
        );
        assert_eq!(entity["isActive"], user["accountEnabled"]);
        named(entity, user);
    }
    for (id, group) in &truth.groups {
        let entity = &entities[id];
        assert_eq!(
            (&entity["_type"], &entity["_class"]),
            (&json!("active_directory_user_group"), &json!(["UserGroup"]))
        );
        same(
            entity,
            group,
            &[
                "description",
                "classification",
                "mailEnabled",
                "mailNickname",
                "securityEnabled",
                "groupTypes",
                "membershipRule",
                "visibility",
                "isAssignableToRole",
                "onPremisesSyncEnabled",
            ],
        );
        named(entity, group);
    }
    for (id, other) in &truth.others {
        let entity = &entities[id];
        assert_eq!((&entity["_type"], &entity["_class"]), (&json!("active_directory_group_member"), &json!(["User"])));
        let kind = other["@odata.type"].as_str().unwrap().trim_start_matches("#microsoft.graph.");
        assert_eq!(entity["memberType"], kind);
        match kind {
            "orgContact" => same(entity, other, &["jobTitle", "companyName"]),
            "device" => same(
                entity,
                other,
                &[
                    "deviceId",
                    "operatingSystem",
                    "operatingSystemVersion",
                    "trustType",
                    "isManaged",
                    "isCompliant",
                    "accountEnabled",
                ],
            ),
            "servicePrincipal" => same(entity, other, &["appId", "servicePrincipalType", "accountEnabled"]),
            _ => {}
        }
    }

    let mut want = BTreeSet::new();
    let users = truth.users.keys().map(|id| (account.clone(), id.clone(), "active_directory_account_has_user"));
    let groups = truth.groups.keys().map(|id| (account.clone(), id.clone(), "active_directory_account_has_user_group"));
    want.extend(users.chain(groups));
    want.extend(truth.members.iter().map(|(group, member)| {
        let name = if truth.users.contains_key(member) {
            "active_directory_user_group_has_user"
        } else if truth.groups.contains_key(member) {
            "active_directory_user_group_has_group"
        } else {
            "active_directory_user_group_has_group_member"
        };
        (group.clone(), member.clone(), name)
    }));
    let text = |edge: &Value, name: &str| edge[name].as_str().unwrap_or_else(|| panic!("{name}: {edge}")).to_owned();
    for (key, edge) in &edges {
        let (from, to) = (text(edge, "_fromEntityKey"), text(edge, "_toEntityKey"));
        assert_eq!(key, &format!("{from}|has|{to}"));
        assert_eq!((&edge["_class"], &edge["displayName"]), (&json!("HAS"), &json!("HAS")));
        assert!(want.remove(&(from, to, edge["_type"].as_str().unwrap())), "not in the tenant: {edge}");
    }
    assert!(want.is_empty(), "missing: {want:?}");
}

/// Null in Graph is absent here; everything else is as it was.
fn same(entity: &Value, object: &Value, names: &[&str]) {
    for name in names {
        let (got, want) = (entity.get(*name), object.get(*name).filter(|v| !v.is_null()));
        assert_eq!(got, want, "{name}: {entity}");
    }
}

fn named(entity: &Value, object: &Value) {
    let text = |v: &Value| v.as_str().map(str::to_owned).filter(|t| !t.trim().is_empty());
    let want = ["displayName", "userPrincipalName", "mail", "id"].iter().find_map(|n| text(&object[*n])).unwrap();
    assert_eq!((&entity["displayName"], &entity["name"]), (&json!(want), &json!(want)));
}
