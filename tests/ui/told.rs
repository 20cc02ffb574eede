//! What the scripted engine tells of objects, of the ways into groups and of the tenant as a whole.

use jiff::Timestamp;
use serde_json::{Value, json};
use tenantry::domain::{
    completeness::State,
    explore::{Answer, Bar, Change, Cut, Facet, FieldChange, Glance, Growth, Question, Step, Version, Why},
    ids::{RunId, TenantId},
    kind::EntityKind,
    naming::Naming,
    normalise::normalise,
    view::{Detail, List},
};

use super::fake::{TENANT, row};

/// To what is asked about objects and the tenant as a whole; lists are asked elsewhere.
pub fn answer(question: &Question) -> Answer {
    match question {
        Question::Detail(id) => Answer::Detail(detail(id).map(Box::new)),
        Question::History(_) => Answer::History(history()),
        Question::Why { group, member } => Answer::Why(Box::new(why(group, member))),
        Question::Cut { member, from, to, .. } => Answer::Cut(Box::new(cut(member, from, to))),
        Question::Glance => Answer::Glance(Box::new(glance())),
        question => panic!("this is no question about an object: {question:?}"),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn number(id: &str) -> u64 {
    id.rsplit('-').next().and_then(|n| n.parse().ok()).unwrap_or(0)
}

/// As Graph would send it; the second user has fields that are not as documented.
fn raw(id: &str, name: &str) -> Value {
    let n = number(id);
    if id.starts_with('g') {
        return json!({
            "id": id, "displayName": name, "description": "all of \u{202e}finance", "groupTypes": ["Unified"],
            "mailEnabled": true, "mail": "finance@contoso.com", "mailNickname": "finance", "securityEnabled": false,
            "visibility": "Private", "membershipRule": null, "isAssignableToRole": n == 3,
            "createdDateTime": "2019-03-01T09:00:00Z", "renewedDateTime": "2024-03-01T09:00:00Z",
            "expirationDateTime": null, "classification": null, "onPremisesSyncEnabled": null,
        });
    }
    let bad = n == 1;
    json!({
        "id": id, "displayName": if n == 2 { "" } else { name },
        "userPrincipalName": format!("user{n}@contoso.onmicrosoft.com"),
        "mail": if bad { "no@email" } else { "ada@contoso.com" }, "userType": "Member", "accountEnabled": n != 4,
        "jobTitle": "Countess\x1b[5m", "department": "Research", "companyName": "Contoso", "givenName": "Ada",
        "surname": null, "businessPhones": ["+44 20 1", "+44 20 2"], "mobilePhone": null, "employeeId": null,
        "officeLocation": "18/2111", "usageLocation": "GB", "preferredLanguage": null, "externalUserState": null,
        "createdDateTime": if bad { "soon" } else { "2020-05-29T17:51:22Z" }, "onPremisesSyncEnabled": true,
    })
}

pub fn detail(id: &str) -> Option<Detail> {
    let (n, group) = (number(id), id.starts_with('g'));
    let name = row(if group { List::Groups } else { List::Users }, n).name;
    let kind = if group { EntityKind::Group } else { EntityKind::User };
    let raw = raw(id, &name);
    let tenant = TenantId::parse(TENANT).unwrap();
    let entity = normalise(&Naming::ActiveDirectory.into(), &tenant, kind, "", raw.as_object().unwrap());
    Some(Detail {
        id: id.to_owned(),
        kind,
        name,
        entity: Value::Object(entity.json),
        raw,
        members: if group { 18 } else { 0 },
        groups: 2,
        state: (group && n == 2).then_some(State::Hidden),
    })
}

fn history() -> Vec<Version> {
    let version = |run, time: &str, change| Version {
        run: RunId(run),
        at: at(time),
        until: None,
        change,
        fields: Vec::new(),
        members: (0, 0),
        groups: (0, 0),
    };
    let field = |field: &str, before: Value, now: Value| FieldChange { field: field.to_owned(), before, now };
    vec![
        Version {
            fields: vec![
                field("jobTitle", json!("Analyst"), json!("Countess\x1b[5m")),
                field("accountEnabled", json!(false), json!(true)),
                field("onPremisesLastSyncDateTime", json!("2026-11-01T10:00:00Z"), json!("2026-11-22T10:00:00Z")),
            ],
            groups: (3, 1),
            ..version(14, "2026-11-22T10:20:19Z", Change::Changed)
        },
        Version {
            fields: vec![field("description", Value::Null, json!("a long text ".repeat(20)))],
            members: (1_204, 7_988),
            ..version(9, "2026-11-15T09:12:00Z", Change::Changed)
        },
        version(1, "2026-11-01T08:00:00Z", Change::Came),
    ]
}

fn step(id: &str) -> Step {
    let detail = detail(id).unwrap();
    let group = detail.kind == EntityKind::Group;
    Step {
        id: id.to_owned(),
        kind: detail.kind,
        name: detail.name,
        label: if group { "security" } else { "member" }.to_owned(),
        in_cycle: false,
        state: detail.state,
    }
}

fn called(id: &str, name: &str) -> Step {
    Step { name: name.to_owned(), ..step(id) }
}

/// By the member's number: 5 is not in it, 7 is not known to be in it, 8 is in it in 33,554,432 ways, the others over
/// two groups.
fn why(group: &str, member: &str) -> Why {
    let none = Why {
        steps: vec![step(group), step(member)],
        edges: Vec::new(),
        length: None,
        count: "0".to_owned(),
        ways: Vec::new(),
        has_longer: false,
        unknown: Vec::new(),
    };
    match number(member) {
        5 => none,
        7 => Why { unknown: vec![called("g-2", "Secret Project X")], ..none },
        8 => diamonds(group, member),
        _ => {
            let owners = Step { in_cycle: true, ..called("g-11", "Budget Owners") };
            let hidden =
                Step { state: Some(State::Hidden), ..called("g-12", "Controllers, with a long name to be cut") };
            Why {
                steps: vec![step(group), owners, hidden, step(member)],
                edges: vec![(0, 1), (0, 2), (1, 3), (2, 3)],
                length: Some(2),
                count: "2".to_owned(),
                ways: vec![vec![0, 1, 3], vec![0, 2, 3]],
                has_longer: true,
                unknown: vec![called("g-2", "Secret Project X")],
            }
        }
    }
}

fn diamonds(group: &str, member: &str) -> Why {
    let (mut steps, mut edges) = (vec![step(group)], Vec::new());
    for n in 0..25_u32 {
        let at = 3 * n;
        edges.extend([(at, at + 1), (at, at + 2), (at + 1, at + 3), (at + 2, at + 3)]);
        steps.extend([called("g-11", &format!("Left {n}")), called("g-12", &format!("Right {n}"))]);
        steps.push(if n == 24 { step(member) } else { called("g-13", &format!("Level {n}")) });
    }
    let way = |number: u32| -> Vec<u32> {
        let at = |n: u32| [3 * n + 1 + u32::from(n < 7 && number & (1 << n) != 0), 3 * n + 3];
        std::iter::once(0).chain((0..25).flat_map(at)).collect()
    };
    Why {
        steps,
        edges,
        length: Some(50),
        count: "33554432".to_owned(),
        ways: (0..100).map(way).collect(),
        has_longer: false,
        unknown: Vec::new(),
    }
}

/// Without its last step an object of two ways is still in the group; without the first a person is lost.
fn cut(member: &str, from: &str, to: &str) -> Cut {
    let loses = to != member && from != "g-11";
    Cut {
        length: Some(2),
        before: 4_532,
        after: if loses { 4_530 } else { 4_532 },
        lost: if loses { vec![step("o-20"), step("o-25")] } else { Vec::new() },
    }
}

fn glance() -> Glance {
    let bar = |title: &str, count: u64, filter: &str| Bar { title: title.to_owned(), count, filter: filter.to_owned() };
    let facet = |title: &str, count: u64, filter: &str| Facet {
        title: title.to_owned(),
        filter: filter.to_owned(),
        count,
        chosen: false,
    };
    let growth = |run: i64, users: u64, groups: u64, edges: u64| Growth {
        run: RunId(run),
        at: at("2026-11-22T10:20:19Z"),
        users,
        groups,
        members: 4_532,
        edges,
    };
    Glance {
        sizes: vec![
            bar("0", 1_204, "members:0"),
            bar("1", 310, "members:1"),
            bar("2 to 5", 6_118, "members:2..5"),
            bar("6 to 20", 9_001, "members:6..20"),
            bar("21 to 100", 3_271, "members:21..100"),
            bar("101 to 1,000", 99, "members:101..1000"),
            bar("1,001 to 10,000", 0, "members:1001..10000"),
            bar("10,001 to 100,000", 1, "members:10001..100000"),
        ],
        depths: vec![
            bar("0", 18_211, "nesting:0"),
            bar("1", 1_500, "nesting:1"),
            bar("2", 280, "nesting:2"),
            bar("4 to 5", 13, "nesting:4..5"),
        ],
        users: vec![
            facet("guests", 6_118, "type:guest"),
            facet("disabled", 1_204, "enabled:false"),
            facet("no mail", 310, "mail:none"),
            facet("in no group", 2, "groups:0"),
        ],
        groups: vec![
            facet("Microsoft 365", 6_118, "type:m365"),
            facet("security", 12_000, "type:security"),
            facet("dynamic", 803, "dynamic:true"),
            facet("empty", 1_204, "is:empty"),
            facet("in a cycle", 4, "in:cycle"),
            facet("hidden", 1, "is:hidden"),
            facet("incomplete", 2, "is:incomplete"),
        ],
        growth: vec![
            growth(1, 49_012, 20_010, 390_000),
            growth(9, 49_800, 20_004, 401_200),
            growth(13, 49_960, 20_004, 410_002),
            growth(14, 50_021, 20_004, 403_854),
        ],
        largest: vec![
            (called("g-1", "All Company"), 49_800),
            (called("g-3", "evil\x1b[2J list of everybody in the head office"), 4_532),
            (step("g-2"), 18),
        ],
    }
}
