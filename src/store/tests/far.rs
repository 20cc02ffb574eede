//! The naming whose memberships describe their far ends: what they say, and that a change of that is a change of theirs.

use std::collections::BTreeMap;

use super::*;
use crate::domain::{
    naming::{InstanceName, Names},
    origin::Origin,
    target::{Destination, Target},
};

fn names() -> Names {
    Names::of_instance(Naming::GraphMicrosoft365, InstanceName { id: "i".to_owned(), name: "Ours".to_owned() })
}

fn sent(reader: &Reader, run: RunId) -> (Vec<Value>, BTreeMap<String, Value>) {
    let (mut entities, mut edges) = (Vec::new(), BTreeMap::new());
    reader
        .for_each_entity(run, names(), &mut |e| {
            entities.push(Value::Object(e.json));
            ControlFlow::Continue(())
        })
        .unwrap();
    reader
        .for_each_edge(run, names(), &mut |e| {
            edges.insert(e.key(), e.json(Naming::GraphMicrosoft365));
            ControlFlow::Continue(())
        })
        .unwrap();
    (entities, edges)
}

fn ada(title: &str) -> ObjectWrite {
    let json = json!({ "displayName": "Ada", "jobTitle": title, "mail": "ada@contoso.com", "givenName": "x" });
    object(EntityKind::User, "u1", "", json)
}

fn pages(title: &str) -> Vec<PageWrite> {
    let desk = object(EntityKind::Member, "d1", DEVICE, json!({ "displayName": 7, "mail": "" }));
    let groups = vec![group("g1", "Golf"), group("g2", "Hotel")];
    let mut pages = whole(vec![ada(title)], groups);
    pages.push(members("g1", State::Complete, &[("u1", USER), ("g2", ""), ("d1", DEVICE), ("u9", USER)]));
    pages.push(members("g2", State::Complete, &[]));
    pages.push(resolved(vec![Resolution::Unreadable { id: "u9".to_owned(), odata_type: USER.to_owned() }], vec![desk]));
    pages
}

#[test]
fn far_ends_are_described_as_graph_does() {
    let place = Place::new();
    let mut writer = place.writer();
    let info = run(&mut writer, 0, &pages("Analyst"));
    let reader = place.reader();
    let (entities, edges) = sent(&reader, info.id);
    let keys: Vec<&str> = entities.iter().map(|e| e["_key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["microsoft_365_account-i", "u1", "g1", "g2"], "the device is no entity");
    let target = |key: &str| edges[key]["_mapping"]["targetEntity"].clone();
    assert_eq!(
        target("g1|has|u1"),
        json!({ "_key": "u1", "_type": "azure_user", "_class": ["User"], "displayName": "Ada",
                "email": "ada@contoso.com", "jobTitle": "Analyst" })
    );
    assert_eq!(
        target("g1|has|g2"),
        json!({ "_key": "g2", "_type": "azure_user_group", "_class": ["UserGroup"], "displayName": "Hotel" })
    );
    assert_eq!(edges["g1|has|g2"]["memberType"], "#microsoft.graph.group");
    // Not of the documented shape is not there; an empty text is one.
    assert_eq!(
        target("g1|has|d1"),
        json!({ "_key": "d1", "_type": "azure_group_member", "_class": ["User"], "email": "" })
    );
    assert_eq!(target("g1|has|u9"), json!({ "_key": "u9", "_type": "azure_user", "_class": ["User"] }));
    assert_eq!(edges["microsoft_365_account-i|has|u1"]["_toEntityKey"], "u1");
    assert_eq!(reader.detail(info.id, names(), "d1").unwrap().unwrap().entity, Value::Null);
    let counts = reader.counts(info.id, Naming::GraphMicrosoft365).unwrap();
    assert_eq!(
        counts.iter().map(|(name, n)| (name.as_str(), *n)).collect::<Vec<_>>(),
        [
            ("azure_group_has_member", 4),
            ("azure_user", 1),
            ("azure_user_group", 2),
            ("microsoft_365_account", 1),
            ("microsoft_365_account_has_azure_group", 2),
            ("microsoft_365_account_has_azure_user", 1),
        ]
    );
}

/// Her title changed: she is changed, and so is every membership that tells it; nothing else is.
#[test]
fn a_far_end_that_changed_changes_its_memberships() {
    let place = Place::new();
    let mut writer = place.writer();
    let first = run(&mut writer, 0, &pages("Analyst")).id;
    let target = Target {
        origin: Origin::known("https://api.us.jupiterone.io"),
        account: "acme".to_owned(),
        destination: Destination::Instance("i".to_owned()),
    };
    let naming = Naming::GraphMicrosoft365;
    let upload = writer.begin_upload(&target, naming, first, at(5), &[]).unwrap();
    let reader = place.reader();
    let (mut entities, mut edges) = (Vec::new(), Vec::new());
    let _ = reader.for_each_entity(first, names(), &mut |e| {
        entities.push(SentEntity::of(&e, &e.text()));
        ControlFlow::Continue(())
    });
    let _ = reader.for_each_edge(first, names(), &mut |e| {
        edges.push(e);
        ControlFlow::Continue(())
    });
    writer.note_entities(upload, &entities).unwrap();
    writer.note_edges(upload, &edges).unwrap();
    writer.finish_upload(upload, at(6)).unwrap();

    let second = run(&mut writer, 10, &pages("Countess")).id;
    let (mut changed, mut same) = (Vec::new(), 0);
    let mut note = |key: String, is_same: bool| match is_same {
        true => same += 1,
        false => changed.push(key),
    };
    let mut of_edges = Vec::new();
    reader
        .compare(
            second,
            names(),
            Some(&target),
            &mut |found| {
                let ours = found.ours.unwrap();
                note(ours.key().to_owned(), found.believed.states[0].1 == Some(ours.fingerprint()));
            },
            &mut |found| {
                let ours = found.ours.unwrap();
                of_edges.push((ours.key(), found.believed.states[0].1 == Some(ours.state())));
            },
        )
        .unwrap();
    of_edges.into_iter().for_each(|(key, is_same)| note(key, is_same));
    assert_eq!(changed, ["u1", "g1|has|u1"]);
    assert_eq!(same, 3 + 3 + 3, "entities, the account's edges, the other memberships");
}

#[test]
fn single_objects_are_as_in_the_stream() {
    let place = Place::new();
    let mut writer = place.writer();
    run(&mut writer, 0, &pages("Analyst"));
    let second = run(&mut writer, 10, &pages("Chief")).id;
    let reader = place.reader();
    for names in [names(), Naming::ActiveDirectory.into()] {
        let (mut entities, mut edges) = (Vec::new(), Vec::new());
        reader
            .compare(
                second,
                names.clone(),
                None,
                &mut |it| entities.push((it.nums[0], it.ours.unwrap().json)),
                &mut |it| edges.push((it.nums, it.ours.unwrap())),
            )
            .unwrap();
        assert!(entities.len() > 3 && edges.len() > 4, "{entities:?} {edges:?}");
        for (num, json) in entities {
            let num = (json["_class"] != json!(["Account"])).then_some(num);
            assert_eq!(reader.entity_of(second, &names, num).unwrap().unwrap().json, json);
        }
        for (nums, edge) in edges {
            let is_membership = edge.from.starts_with('g');
            let want = is_membership.then_some(edge);
            assert_eq!(reader.membership_of(second, &names, nums).unwrap(), want);
        }
        assert_eq!(reader.entity_of(second, &names, Some(9_999)).unwrap(), None);
    }
}
