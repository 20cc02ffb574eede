//! The browser's lists.

use super::*;
use crate::domain::view::{List, Query, Row, Rows, Within};

fn place() -> Place {
    let place = Place::new();
    run(&mut place.writer(), 0, &pages());
    place
}

/// As [`place`], of a first run that goes on, or was cut off.
fn unfinished() -> Place {
    let place = Place::new();
    let mut writer = place.writer();
    let run = writer.begin_run(at(0), &RunPlan::default()).unwrap();
    writer.commit_all(run, pages()).unwrap();
    place
}

fn pages() -> Vec<PageWrite> {
    let guest = object(
        EntityKind::User,
        "u4",
        "",
        json!({ "displayName": "ÉMILE", "userPrincipalName": "emile_x#EXT#@contoso.com", "mail": "emile@partner.example",
                "userType": "Guest", "accountEnabled": false }),
    );
    let unified = object(
        EntityKind::Group,
        "g2",
        "",
        json!({ "displayName": "chess", "mail": "chess@contoso.com", "mailEnabled": true,
                "groupTypes": ["Unified", "DynamicMembership"] }),
    );
    let nameless = object(EntityKind::User, "u5", "", json!({ "displayName": null }));
    let mut pages = whole(
        vec![user("u3", "bob"), user("u2", "Bob"), user("u1", "ada o'hara"), guest, nameless],
        vec![group("g1", "Golf"), unified, group("g3", "Empty")],
    );
    pages.push(members(
        "g1",
        State::Complete,
        &[("u3", USER), ("d1", DEVICE), ("g2", GROUP), ("u2", USER), ("u9", USER)],
    ));
    pages.push(members("g2", State::Hidden, &[("u2", USER)]));
    pages.push(members("g3", State::Complete, &[]));
    pages.push(resolved(vec![], vec![device("d1", "Laptop")]));
    pages
}

fn ask(reader: &Reader, list: List, within: Within, offset: u64, limit: u64) -> Rows {
    let query = Query { within, offset, limit, ..Query::of(list) };
    reader.rows(RunId(1), NAMING, &query).unwrap()
}

fn line(row: &Row) -> String {
    let mut out = format!("{}|{}|{}|{}", row.id, row.name, row.second, row.label);
    out.push_str(&format!("|{}", row.count.map_or("-".to_owned(), |n| n.to_string())));
    if let Some(state) = row.state {
        out.push_str(&format!("|{}", state.as_str()));
    }
    if let Some(edge) = &row.edge {
        let mapped = if edge.mapped { "?" } else { "" };
        out.push_str(&format!("|{}:{} {}{mapped}", edge.from_id, edge.from_name, edge.edge_type));
    }
    out
}

#[test]
fn lists_in_order() {
    let place = place();
    let reader = place.reader();
    let check = |list: List, within: Within, want: &[&str]| {
        let all = ask(&reader, list, within.clone(), 0, 100);
        assert_eq!(all.rows.iter().map(line).collect::<Vec<_>>(), want, "{list:?} {within:?}");
        assert_eq!(all.total, want.len() as u64, "{list:?} {within:?}");
        // Every window is a piece of the whole.
        for limit in 1..=3 {
            let mut pieces = Vec::new();
            for offset in (0..want.len() as u64 + limit).step_by(limit as usize) {
                let piece = ask(&reader, list, within.clone(), offset, limit);
                assert_eq!(piece.total, all.total);
                pieces.extend(piece.rows);
            }
            assert_eq!(pieces, all.rows, "{list:?} {within:?} by {limit}");
        }
    };
    let ada = "u1|ada o'hara|u1@contoso.com|member|0";
    let (bob2, bob3) = ("u2|Bob|u2@contoso.com|member|2", "u3|bob|u3@contoso.com|member|1");
    let emile = "u4|ÉMILE|emile_x#EXT#@contoso.com|guest, disabled|0";
    let nameless = "u5|u5||member|0";
    let (chess, empty, golf) =
        ("g2|chess|chess@contoso.com|Microsoft 365, dynamic|1|hidden", "g3|Empty||security|0", "g1|Golf||security|5");
    let laptop = "d1|Laptop|d-d1|device|1";
    check(List::Accounts, Within::All, &[&format!("{TENANT}|Contoso||organization|-")]);
    check(List::Users, Within::All, &[ada, bob2, bob3, nameless, emile]);
    check(List::Groups, Within::All, &[chess, empty, golf]);
    check(List::Members, Within::All, &[laptop]);
    check(List::Users, Within::MembersOf("g1".into()), &[bob2, bob3]);
    check(List::Groups, Within::MembersOf("g1".into()), &[chess]);
    check(List::Members, Within::MembersOf("g1".into()), &[laptop]);
    check(List::Groups, Within::GroupsOf("u2".into()), &[chess, golf]);
    check(List::Groups, Within::GroupsOf("u1".into()), &[]);
    check(List::Users, Within::GroupsOf("u2".into()), &[]);
    check(List::Users, Within::MembersOf("nobody".into()), &[]);
    check(List::Users, Within::MembersOf(TENANT.into()), &[ada, bob2, bob3, nameless, emile]);
    check(List::Members, Within::MembersOf(TENANT.into()), &[]);
    let far = |row: &str, from: &str, kind: &str| format!("{row}|{from} active_directory_{kind}");
    let in_golf = [
        far(bob2, "g1:Golf", "user_group_has_user"),
        far(bob3, "g1:Golf", "user_group_has_user"),
        far(chess, "g1:Golf", "user_group_has_group"),
        far(laptop, "g1:Golf", "user_group_has_group_member"),
        far("u9|u9|||1", "g1:Golf", "user_group_has_user?"),
    ];
    let in_golf: Vec<&str> = in_golf.iter().map(String::as_str).collect();
    check(List::Edges, Within::MembersOf("g1".into()), &in_golf);
    let of_bob = [far(chess, "g2:chess", "user_group_has_user"), far(golf, "g1:Golf", "user_group_has_user")];
    check(List::Edges, Within::GroupsOf("u2".into()), &of_bob.each_ref().map(String::as_str));
    let of_ghost = far(golf, "g1:Golf", "user_group_has_user?");
    check(List::Edges, Within::GroupsOf("u9".into()), &[&of_ghost]);
    let account = format!("{TENANT}:Contoso");
    let mut all: Vec<String> =
        [ada, bob2, bob3, nameless, emile].iter().map(|r| far(r, &account, "account_has_user")).collect();
    all.extend([chess, empty, golf].iter().map(|r| far(r, &account, "account_has_user_group")));
    check(List::Edges, Within::MembersOf(TENANT.into()), &all.iter().map(String::as_str).collect::<Vec<_>>());
    all.push(far(bob2, "g2:chess", "user_group_has_user"));
    // Within a group, all edges together come in the order in which ids were first seen.
    all.extend([in_golf[1], in_golf[0], in_golf[2], in_golf[3], in_golf[4]].map(str::to_owned));
    all.sort_by_key(|row| row.contains("_group_has_"));
    let found = ask(&reader, List::Edges, Within::All, 0, 100);
    let mut lines: Vec<String> = found.rows.iter().map(line).collect();
    assert_eq!(lines[..9], all[..9]);
    lines.sort();
    all.sort();
    assert_eq!(lines, all);
    assert_eq!(found.total, reader.totals(RunId(1)).unwrap().edges);
}

#[test]
fn windows_onto_all_edges_are_pieces_of_one_list() {
    for (what, place) in [("finished", place()), ("unfinished", unfinished())] {
        let reader = place.reader();
        let all = ask(&reader, List::Edges, Within::All, 0, 100);
        assert!(all.total > 0, "{what}");
        assert_eq!(all.rows.len() as u64, all.total, "{what}");
        for limit in 1..7 {
            let mut pieces = Vec::new();
            for offset in (0..all.total + limit).step_by(limit as usize) {
                pieces.extend(ask(&reader, List::Edges, Within::All, offset, limit).rows);
            }
            assert_eq!(pieces, all.rows, "by {limit} of {what}");
        }
    }
}

/// Without the indexes that are built when a run first finishes.
#[test]
fn an_unfinished_first_run_lists_the_same() {
    let (finished, unfinished) = (place(), unfinished());
    let (finished, unfinished) = (finished.reader(), unfinished.reader());
    let listed = |reader: &Reader, list: List, within: Within| -> Vec<(String, String)> {
        let rows = ask(reader, list, within, 0, 100).rows;
        rows.into_iter().map(|row| (row.edge.map(|edge| edge.from_id).unwrap_or_default(), row.id)).collect()
    };
    for list in [List::Accounts, List::Users, List::Groups, List::Members] {
        let of = |reader: &Reader| listed(reader, list, Within::All);
        assert_eq!(of(&unfinished), of(&finished), "{list:?}");
    }
    for within in [Within::MembersOf(TENANT.into()), Within::MembersOf("g1".into()), Within::GroupsOf("u2".into())] {
        let of = |reader: &Reader| listed(reader, List::Edges, within.clone());
        assert_eq!(of(&unfinished), of(&finished), "{within:?}");
    }
    // Groups come in the order in which they were first seen: there is none by name yet.
    let mut all = listed(&finished, List::Edges, Within::All);
    all.sort_by_key(|(from, _)| (from != TENANT).then(|| from.clone()));
    assert_eq!(listed(&unfinished, List::Edges, Within::All), all);
    assert!(unfinished.detail(RunId(1), NAMING, "u2").unwrap().is_some());
    assert_eq!(entities(&unfinished, RunId(1)), entities(&finished, RunId(1)));
}

#[test]
fn details() {
    let place = place();
    let reader = place.reader();
    let detail = reader.detail(RunId(1), NAMING, "g1").unwrap().unwrap();
    assert_eq!((detail.kind, detail.name.as_str(), detail.members, detail.groups), (EntityKind::Group, "Golf", 5, 0));
    assert_eq!(detail.entity["_type"], "active_directory_user_group");
    assert_eq!(detail.raw["securityEnabled"], true);
    assert_eq!(detail.state, None);
    let detail = reader.detail(RunId(1), NAMING, "g2").unwrap().unwrap();
    assert_eq!((detail.members, detail.groups, detail.state), (1, 1, Some(State::Hidden)));
    let detail = reader.detail(RunId(1), NAMING, "u2").unwrap().unwrap();
    assert_eq!((detail.members, detail.groups, detail.state), (0, 2, None));
    let detail = reader.detail(RunId(1), NAMING, TENANT).unwrap().unwrap();
    assert_eq!((detail.members, detail.groups), (8, 0));
    assert_eq!(detail.entity["_key"], ACCOUNT_KEY);
    assert_eq!(reader.detail(RunId(1), NAMING, "nobody").unwrap(), None);
}

#[test]
fn groups_of_a_member_are_found_before_the_first_run_ends() {
    let place = Place::new();
    let mut writer = place.writer();
    let run = writer.begin_run(at(0), &RunPlan::default()).unwrap();
    for page in [
        listed(Collection::Groups, State::Complete, vec![group("g1", "Golf"), group("g2", "Chess")]),
        members("g1", State::Complete, &[("u1", USER), ("u2", USER)]),
        listed(Collection::Users, State::Partial, vec![user("u1", "Ada")]),
    ] {
        writer.commit(run, &page).unwrap();
    }
    let reader = place.reader();
    let rows = ask(&reader, List::Groups, Within::GroupsOf("u1".into()), 0, 10);
    assert_eq!(rows.rows.iter().map(line).collect::<Vec<_>>(), ["g1|Golf||security|2"]);
    assert_eq!(reader.detail(run, NAMING, "u1").unwrap().unwrap().groups, 1);
    // What has not been read yet says so; an index that is not there yet is not replaced by reading everything.
    let rows = ask(&reader, List::Groups, Within::All, 0, 10);
    assert_eq!(rows.rows.iter().map(line).collect::<Vec<_>>(), ["g2|Chess||security|0|partial", "g1|Golf||security|2"]);
    let rows = ask(&reader, List::Users, Within::All, 0, 10);
    assert_eq!(rows.rows.iter().map(line).collect::<Vec<_>>(), ["u1|Ada|u1@contoso.com|member|-"]);
    let rows = ask(&reader, List::Edges, Within::All, 0, 10);
    assert_eq!(rows.total, 2);
    assert_eq!(
        rows.rows.iter().map(line).collect::<Vec<_>>(),
        [
            "u1|Ada|u1@contoso.com|member|-|g1:Golf active_directory_user_group_has_user",
            "u2|u2|||-|g1:Golf active_directory_user_group_has_user?"
        ]
    );
}

#[test]
fn first_rows_are_those_of_the_list_but_for_what_takes_long_to_count() {
    let pages = || {
        let people: Vec<String> = (0..1_001).map(|n| format!("p{n:04}")).collect();
        let of = |many: usize| people[..many].iter().map(|id| (id.as_str(), USER)).collect::<Vec<_>>();
        let mut pages = whole(
            people[..30].iter().map(|id| user(id, id)).collect(),
            vec![group("g1", "all"), group("g2", "nearly all")],
        );
        pages.push(members("g1", State::Complete, &of(1_001)));
        pages.push(members("g2", State::Complete, &of(1_000)));
        pages
    };
    let (finished, going) = (Place::new(), Place::new());
    run(&mut finished.writer(), 0, &pages());
    let mut writer = going.writer();
    let started = writer.begin_run(at(0), &RunPlan::default()).unwrap();
    writer.commit_all(started, pages()).unwrap();
    for (place, is_counted) in [(finished, true), (going, false)] {
        let reader = place.reader();
        for (list, within) in [
            (List::Users, Within::All),
            (List::Groups, Within::All),
            (List::Edges, Within::All),
            (List::Users, Within::MembersOf("g1".to_owned())),
            (List::Edges, Within::MembersOf("g1".to_owned())),
            (List::Edges, Within::GroupsOf("p0001".to_owned())),
        ] {
            for (offset, limit) in [(0, 10), (25, 5), (5, 2_000)] {
                let query = Query { within: within.clone(), offset, limit, ..Query::of(list) };
                let first = reader.first_rows(RunId(1), NAMING, &query).unwrap();
                let mut want = reader.rows(RunId(1), NAMING, &query).unwrap();
                let of_all = want.rows.iter_mut().filter(|row| row.kind == EntityKind::Group && row.name == "all");
                of_all.for_each(|row| row.count = None);
                assert_eq!(first.rows, want.rows, "{query:?}");
                // There is one more behind the window, or none.
                let least = want.total.min(offset + limit + 1);
                let is_known = is_counted && within == Within::All;
                let totals = if is_known { want.total..=want.total } else { least..=want.total };
                assert!(totals.contains(&first.total), "{} of {query:?}", first.total);
            }
        }
    }
}
