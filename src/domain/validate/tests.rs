//! What is mended, what is not sent, and that whatever Graph says comes out valid.

use proptest::prelude::*;
use serde_json::Map;

use super::*;
use crate::domain::{edge::FarEnd, kind::EdgeKind, naming::InstanceName, normalise::normalise, properties::select};

const ID: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";

fn tenant() -> TenantId {
    TenantId::parse("84841066-274d-4ec0-a5c1-276be684bdd3").unwrap()
}

fn names(naming: Naming) -> Names {
    Names::of_instance(naming, InstanceName { id: "instance".to_owned(), name: "Ours".to_owned() })
}

fn checker(naming: Naming) -> Checker {
    Checker::new(&names(naming), &tenant())
}

fn made(naming: Naming, kind: EntityKind, raw: Value) -> Entity {
    normalise(&names(naming), &tenant(), kind, "#microsoft.graph.device", raw.as_object().unwrap())
}

fn user(id: &str, more: Value) -> Entity {
    let mut entity = made(
        Naming::ActiveDirectory,
        EntityKind::User,
        json!({ "id": id, "displayName": "Ada", "userPrincipalName": "ada@contoso.com", "accountEnabled": true }),
    );
    entity.json.extend(more.as_object().unwrap().clone());
    entity
}

/// Each finding in short.
fn told(checker: &Checker) -> Vec<String> {
    let line = |f: Finding| {
        let property = f.property.as_deref().unwrap_or("-");
        format!("{} {property} {:?} {:?} {}", f.object_type, f.rule, f.done, f.count)
    };
    checker.findings().into_iter().map(line).collect()
}

#[test]
fn what_is_valid_goes_as_it_is() {
    let mut checker = checker(Naming::ActiveDirectory);
    let entity = user(ID, json!({}));
    let sent = checker.entity(entity.clone()).unwrap();
    assert_eq!((sent.text, sent.entity), (entity.text(), entity));
    assert!(checker.edge(&Edge::direct(EdgeKind::GroupUser, OTHER.into(), ID.into()), 300));
    assert_eq!((told(&checker), checker.excluded()), (vec![], (0, 0)));
    assert!(checker.partial_types(&[]).is_empty());
}

#[test]
fn a_property_is_mended() {
    let check = |more: Value, property: &str, want: Option<Value>, finding: &str| {
        let mut checker = checker(Naming::ActiveDirectory);
        let sent = checker.entity(user(ID, more.clone())).unwrap();
        assert_eq!(sent.entity.json.get(property), want.as_ref(), "{more}");
        assert_eq!(sent.text, sent.entity.text());
        assert_eq!(told(&checker), [format!("active_directory_user {finding} 1")], "{more}");
        assert_eq!(checker.excluded(), (0, 0));
    };
    check(json!({ "email": ["jürgen@contoso.com"] }), "email", Some(json!(null)), "email Class Null");
    check(json!({ "username": "ada" }), "username", Some(json!(null)), "username Class Null");
    check(json!({ "isActive": "yes" }), "isActive", None, "isActive Class LeftOut");
    check(json!({ "department": { "a": 1 } }), "department", None, "department PropertyValue LeftOut");
    check(json!({ "businessPhones": [1, "x"] }), "businessPhones", None, "businessPhones PropertyValue LeftOut");
    check(json!({ "odd_name": 1 }), "odd_name", None, "odd_name PropertyName LeftOut");
    check(json!({ "_secret": 1 }), "_secret", None, "_secret PropertyValue LeftOut");
    check(json!({ "displayName": null }), "displayName", Some(json!(ID)), "displayName Class StandsIn(\"id\")");
    let long = "x".repeat(5_000_001);
    check(json!({ "jobTitle": long }), "jobTitle", None, "jobTitle Size LeftOut");
    check(json!({ "displayName": long }), "displayName", Some(json!(ID)), "displayName Size StandsIn(\"id\")");

    // What was mended on the way from Graph is told, too.
    let mut checker = checker(Naming::ActiveDirectory);
    let raw =
        json!({ "id": ID, "userPrincipalName": "ada@contoso.com", "mail": "no@email", "createdDateTime": "soon" });
    checker.entity(made(Naming::ActiveDirectory, EntityKind::User, raw)).unwrap();
    assert_eq!(
        told(&checker),
        [
            "active_directory_user createdOn Source LeftOut 1",
            "active_directory_user email Source Null 1",
            "active_directory_user displayName Required StandsIn(\"userPrincipalName\") 1",
        ]
    );
}

/// It is not sent, nothing that touches it is, and nothing of those types is deleted.
#[test]
fn what_cannot_be_mended_is_not_sent() {
    let check = |id: &str, more: Value, finding: &str| {
        let mut checker = checker(Naming::ActiveDirectory);
        assert_eq!(checker.entity(user(id, more)), None);
        assert!(!checker.edge(&Edge::direct(EdgeKind::GroupUser, OTHER.into(), id.into()), 300));
        assert!(checker.edge(&Edge::direct(EdgeKind::GroupUser, OTHER.into(), ID.into()), 300));
        let of_edge = "active_directory_user_group_has_user - Dangling Excluded 1";
        assert_eq!(told(&checker), [format!("active_directory_user {finding} Excluded 1").as_str(), of_edge]);
        assert_eq!(checker.excluded(), (1, 1));
        assert_eq!(
            checker.partial_types(&[]).into_iter().collect::<Vec<_>>(),
            ["active_directory_account_has_user", "active_directory_user", "active_directory_user_group_has_user"]
        );
        assert!(!checker.sends(EntityKind::User) && checker.sends(EntityKind::Account));
    };
    check("123456789", json!({}), "_key KeyLength");
    check("active_directory_account:84841066-274d-4ec0-a5c1-276be684bdd3", json!({}), "_key DuplicateKey");
    check("a|has|b-and-more", json!({}), "_key DuplicateKey");
    check("another-id", json!({ "_type": "ad" }), "_type Class");
    check(&"x".repeat(5_000_000), json!({}), "id Size");
}

#[test]
fn edges_are_looked_at_where_construction_does_not_prove_them() {
    let check = |edge: Edge, bytes: usize, want: Option<&str>| {
        let mut checker = checker(Naming::GraphMicrosoft365);
        assert_eq!(checker.edge(&edge, bytes), want.is_none());
        let want: Vec<String> = want.iter().map(|rule| format!("azure_group_has_member - {rule} Excluded 1")).collect();
        assert_eq!(told(&checker), want);
        let types: Vec<String> = checker.partial_types(&[]).into_iter().collect();
        assert_eq!(types.is_empty(), want.is_empty());
    };
    let edge = |to: &str| Edge {
        far: Some(Box::new(FarEnd::default())),
        ..Edge::direct(EdgeKind::GroupUser, OTHER.into(), to.into())
    };
    check(edge(ID), 300, None);
    check(edge(ID), 4_999_980, None);
    check(edge(ID), 4_999_981, Some("Size"));
    check(edge("x|has|y"), 300, Some("DuplicateKey"));
    check(Edge { mapped: true, far: None, ..edge("x|has|y") }, 300, Some("DuplicateKey"));
}

#[test]
fn the_first_hundred_are_named() {
    let mut checker = checker(Naming::ActiveDirectory);
    for n in 0..150 {
        checker.entity(user(&format!("user-number-{n}"), json!({ "email": "x", "displayName": format!("Ada {n}") })));
    }
    let [finding] = &checker.findings()[..] else { panic!("one") };
    assert_eq!((finding.count, finding.objects.len()), (150, 100));
    assert_eq!(
        finding.words(),
        "150 active_directory_user: email is not of the shape that its class has; null is sent"
    );
    assert_eq!(finding.named(2), "Ada 0 (user-number-0), Ada 1 (user-number-1), and 148 more");
}

fn anything() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<String>().prop_map(Value::from),
        Just(json!("")),
        Just(json!("ada@contoso.com")),
        Just(json!("jürgen@contoso.com")),
        Just(json!("2020-05-29T17:51:22Z")),
        Just(json!("0001-01-01T00:00:00Z")),
    ];
    let leaf = prop_oneof![4 => text, 1 => Just(Value::Null), 1 => any::<bool>().prop_map(Value::from),
                           1 => any::<f64>().prop_map(Value::from)];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::vec((any::<String>(), inner), 0..3)
                .prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

/// An object of a kind with anything in any of its fields.
fn objects() -> impl Strategy<Value = (EntityKind, &'static str, Map<String, Value>)> {
    let kind = prop::sample::select(EntityKind::ALL.to_vec());
    let odata = prop::sample::select(vec!["", "orgContact", "device", "servicePrincipal", "agentThing"]);
    (kind, odata).prop_flat_map(|(kind, odata)| {
        let fields: Vec<String> = select(kind).split(',').chain(["signInActivity"]).map(str::to_owned).collect();
        prop::collection::vec((prop::sample::select(fields), anything()), 0..12).prop_map(move |all| {
            let mut raw: Map<String, Value> = all.into_iter().collect();
            raw.insert("id".to_owned(), json!(ID));
            (kind, odata, raw)
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// The way from Graph mends it all: the checker finds nothing more, and nothing is left out.
    #[test]
    fn whatever_graph_says_comes_out_valid((kind, odata, raw) in objects()) {
        for naming in Naming::ALL {
            let entity = normalise(&names(naming), &tenant(), kind, odata, &raw);
            prop_assert_eq!(Model::of(naming).check(&entity.json), vec![]);
            prop_assert_eq!(server::refused(&entity.json).collect::<Vec<_>>(), Vec::<&str>::new());
            let (warnings, text) = (entity.warnings.len() as u64, entity.text());
            let mut checker = checker(naming);
            let sent = checker.entity(entity);
            prop_assert_eq!(sent.map(|sent| sent.text), Some(text));
            prop_assert_eq!(checker.findings().iter().map(|f| f.count).sum::<u64>(), warnings);
        }
    }
}
