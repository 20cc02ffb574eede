//! What a run's end makes of what it read.

use super::*;
use crate::domain::{completeness::GapScope, view::Totals};

/// Two users in one group with a device, all complete; then one more run of `pages`.
fn after(pages: &[PageWrite]) -> (Place, RunInfo) {
    let place = Place::new();
    let mut writer = place.writer();
    let mut first = whole(vec![user("u1", "Ada"), user("u2", "Bob")], vec![group("g1", "Golf"), group("g2", "Tennis")]);
    first.push(members("g1", State::Complete, &[("u1", USER), ("u2", USER), ("d1", DEVICE), ("g2", GROUP)]));
    first.push(members("g2", State::Complete, &[("u1", USER)]));
    first.push(resolved(vec![], vec![device("d1", "Laptop")]));
    let info = run(&mut writer, 10, &first);
    assert_eq!((info.status, info.gaps.len()), (RunStatus::Complete, 0));
    let info = run(&mut writer, 20, pages);
    drop(writer);
    let reader = place.reader();
    assert_eq!(
        edges(&reader, RunId(1)),
        ["GroupGroup g1>g2", "GroupMember g1>d1", "GroupUser g1>u1", "GroupUser g1>u2", "GroupUser g2>u1"],
        "an earlier run stays as it was"
    );
    (place, info)
}

#[test]
fn what_the_second_run_leaves() {
    let check = |what: &str, more: Vec<PageWrite>, want_entities: &[&str], want_edges: &[&str], gaps: &[&str]| {
        let (place, info) = after(&more);
        let reader = place.reader();
        let account = format!("Account {ACCOUNT_KEY} Contoso");
        let mut want: Vec<&str> = vec![&account];
        want.extend(want_entities);
        assert_eq!(entities(&reader, info.id), want, "{what}");
        assert_eq!(edges(&reader, info.id), want_edges, "{what}");
        let found: Vec<String> = info
            .gaps
            .iter()
            .map(|g| {
                let stale = g.stale_since.map_or("never".to_owned(), |t| (t.as_second() - 1_800_000_000).to_string());
                format!("{} {} {}", g.name, g.state.as_str(), stale)
            })
            .collect();
        assert_eq!(found, gaps, "{what}");
        let status = if gaps.is_empty() { RunStatus::Complete } else { RunStatus::Partial };
        assert_eq!(info.status, status, "{what}");
        let counts = reader.counts(info.id, NAMING).unwrap();
        let sum: u64 = counts.values().sum();
        let ties = want_entities.iter().filter(|e| e.starts_with("User") || e.starts_with("Group")).count();
        assert_eq!(sum as usize, want.len() + want_edges.len() + ties, "{what}: {counts:?}");
    };
    let both = || vec![group("g1", "Golf"), group("g2", "Tennis")];
    let all = || vec![user("u1", "Ada"), user("u2", "Bob")];
    let with = |mut pages: Vec<PageWrite>, more: Vec<PageWrite>| {
        pages.extend(more);
        pages
    };
    let g1 = [("u1", USER), ("u2", USER), ("d1", DEVICE), ("g2", GROUP)];

    check(
        "nothing changed",
        with(
            whole(all(), both()),
            vec![members("g1", State::Complete, &g1), members("g2", State::Complete, &[("u1", USER)])],
        ),
        &["Group g1 Golf", "Group g2 Tennis", "Member d1 Laptop", "User u1 Ada", "User u2 Bob"],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupUser g1>u1", "GroupUser g1>u2", "GroupUser g2>u1"],
        &[],
    );
    check(
        "a user left, a member left, a device that nothing names any more is gone",
        with(
            whole(vec![user("u1", "Ada L.")], both()),
            vec![members("g1", State::Complete, &[("g2", GROUP)]), members("g2", State::Complete, &[("u1", USER)])],
        ),
        &["Group g1 Golf", "Group g2 Tennis", "User u1 Ada L."],
        &["GroupGroup g1>g2", "GroupUser g2>u1"],
        &[],
    );
    check(
        "a group that cannot be read any more keeps its last known members, but not those that are gone",
        with(
            whole(vec![user("u1", "Ada")], both()),
            vec![members("g1", State::Forbidden, &[]), members("g2", State::Complete, &[])],
        ),
        &["Group g1 Golf", "Group g2 Tennis", "Member d1 Laptop", "User u1 Ada"],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupUser g1>u1"],
        &["Golf forbidden 11"],
    );
    check(
        "a user whom no list names and a group does is looked up: gone",
        with(
            whole(vec![user("u1", "Ada")], both()),
            vec![
                members("g1", State::Complete, &g1),
                members("g2", State::Complete, &[]),
                resolved(vec![Resolution::Gone { id: "u2".into() }, Resolution::Gone { id: "d1".into() }], vec![]),
            ],
        ),
        &["Group g1 Golf", "Group g2 Tennis", "User u1 Ada"],
        &["GroupGroup g1>g2", "GroupUser g1>u1"],
        &[],
    );
    check(
        "… alive",
        with(
            whole(vec![user("u1", "Ada")], both()),
            vec![
                members("g1", State::Complete, &g1),
                members("g2", State::Complete, &[]),
                resolved(vec![], vec![user("u2", "Bob B.")]),
            ],
        ),
        &["Group g1 Golf", "Group g2 Tennis", "Member d1 Laptop", "User u1 Ada", "User u2 Bob B."],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupUser g1>u1", "GroupUser g1>u2"],
        &[],
    );
    check(
        "… unreadable, or never answered: the edge is left to JupiterOne, the device stays as last known",
        with(
            whole(vec![], both()),
            vec![
                members("g1", State::Complete, &g1),
                members("g2", State::Complete, &[("u1", USER)]),
                resolved(
                    vec![
                        Resolution::Unreadable { id: "u2".into(), odata_type: USER.into() },
                        Resolution::Unreadable { id: "d1".into(), odata_type: DEVICE.into() },
                    ],
                    vec![],
                ),
            ],
        ),
        &["Group g1 Golf", "Group g2 Tennis", "Member d1 Laptop"],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupUser g1>u1?", "GroupUser g1>u2?", "GroupUser g2>u1?"],
        &["devices forbidden 11"],
    );
    check(
        "users cannot be read any more: the last known stay",
        with(
            vec![
                listed(Collection::Account, State::Complete, vec![account()]),
                listed(Collection::Users, State::Forbidden, vec![]),
                listed(Collection::Groups, State::Complete, both()),
                listed(Collection::Memberships, State::Complete, vec![]),
            ],
            vec![members("g1", State::Complete, &g1), members("g2", State::Complete, &[("u3", USER)])],
        ),
        &["Group g1 Golf", "Group g2 Tennis", "Member d1 Laptop", "User u1 Ada", "User u2 Bob"],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupUser g1>u1", "GroupUser g1>u2", "GroupUser g2>u3?"],
        &["users forbidden 11"],
    );
    check(
        "a group goes, with its edges on both sides; another vanished while it was read",
        with(
            whole(all(), vec![group("g1", "Golf")]),
            vec![
                members("g1", State::Complete, &[("g2", GROUP), ("u1", USER)]),
                resolved(vec![Resolution::Gone { id: "g2".into() }], vec![]),
            ],
        ),
        &["Group g1 Golf", "User u1 Ada", "User u2 Bob"],
        &["GroupUser g1>u1"],
        &[],
    );
    check(
        "a group that was listed and vanished is no gap",
        with(whole(all(), both()), vec![members("g1", State::Gone, &[]), members("g2", State::Complete, &[])]),
        &["Group g2 Tennis", "User u1 Ada", "User u2 Bob"],
        &[],
        &[],
    );
    check(
        "groups that nobody asked are one gap together",
        whole(all(), both()),
        &["Group g1 Golf", "Group g2 Tennis", "Member d1 Laptop", "User u1 Ada", "User u2 Bob"],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupUser g1>u1", "GroupUser g1>u2", "GroupUser g2>u1"],
        &["memberships partial 11"],
    );
    check(
        "a new group that cannot be read has no past",
        with(
            whole(all(), vec![group("g1", "Golf"), group("g2", "Tennis"), group("g3", "Chess")]),
            vec![
                members("g1", State::Complete, &g1),
                members("g2", State::Complete, &[]),
                members("g3", State::Hidden, &[]),
            ],
        ),
        &["Group g1 Golf", "Group g2 Tennis", "Group g3 Chess", "Member d1 Laptop", "User u1 Ada", "User u2 Bob"],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupUser g1>u1", "GroupUser g1>u2"],
        &["Chess hidden never"],
    );
    check(
        "what was a device is a user now, whichever page comes first",
        with(
            vec![resolved(vec![], vec![user("d1", "Dora")]), resolved(vec![], vec![device("d1", "Laptop")])],
            with(
                whole(vec![user("u1", "Ada"), user("u2", "Bob"), user("d1", "Dora")], both()),
                vec![
                    members("g1", State::Complete, &[("d1", DEVICE)]),
                    members("g2", State::Complete, &[("g2", GROUP)]),
                    resolved(vec![], vec![device("d1", "Laptop")]),
                ],
            ),
        ),
        &["Group g1 Golf", "Group g2 Tennis", "User d1 Dora", "User u1 Ada", "User u2 Bob"],
        &["GroupGroup g2>g2", "GroupUser g1>d1"],
        &[],
    );
    check(
        "an empty run of nothing",
        vec![],
        &["Group g1 Golf", "Group g2 Tennis", "Member d1 Laptop", "User u1 Ada", "User u2 Bob"],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupUser g1>u1", "GroupUser g1>u2", "GroupUser g2>u1"],
        &["account partial 11", "users partial 11", "groups partial 11", "memberships partial 11"],
    );
}

/// What was counted while members were looked for serves at the end as far as it still holds.
#[test]
fn a_run_ends_the_same_whoever_counted() {
    let check = |what: &str, after: Vec<PageWrite>, want_edges: &[&str]| {
        let outcome = |asks: bool| {
            let place = Place::new();
            let mut writer = place.writer();
            let mut pages = whole(vec![user("u1", "Ada")], vec![group("g1", "Golf"), group("g2", "Tennis")]);
            pages.push(members("g1", State::Complete, &[("u1", USER), ("g2", GROUP), ("d1", DEVICE), ("u9", USER)]));
            pages.push(members("g2", State::Complete, &[("u1", USER), ("d1", DEVICE), (TENANT, USER)]));
            let run = writer.begin_run(at(10), &RunPlan::default()).unwrap();
            writer.commit_all(run, &pages).unwrap();
            if asks {
                assert_eq!(writer.unresolved(run).unwrap().len(), 2);
                assert!(writer.tally.is_some());
            }
            writer.commit_all(run, &after).unwrap();
            let info = writer.finish_run(run, &end(RunStatus::Complete, 11)).unwrap();
            let reader = place.reader();
            (info, reader.counts(run, NAMING).unwrap(), entities(&reader, run), edges(&reader, run))
        };
        let (asked, not_asked) = (outcome(true), outcome(false));
        assert_eq!(asked, not_asked, "{what}");
        assert_eq!(asked.3, want_edges, "{what}");
        let entities = asked.2.len() + asked.2.iter().filter(|e| !e.starts_with(['A', 'M'])).count();
        assert_eq!(asked.1.values().sum::<u64>() as usize, entities + want_edges.len(), "{what}: {:?}", asked.1);
    };
    let laptop = || resolved(vec![], vec![device("d1", "Laptop")]);
    let gone = |id: &str| resolved(vec![Resolution::Gone { id: id.into() }], vec![]);
    check(
        "one is found, of one nothing is known",
        vec![laptop()],
        &[
            "GroupGroup g1>g2",
            "GroupMember g1>d1",
            "GroupMember g2>d1",
            "GroupUser g1>u1",
            "GroupUser g1>u9?",
            "GroupUser g2>u1",
        ],
    );
    check("both are gone", vec![gone("d1"), gone("u9")], &["GroupGroup g1>g2", "GroupUser g1>u1", "GroupUser g2>u1"]);
    check(
        "one may not be read",
        vec![resolved(vec![Resolution::Unreadable { id: "d1".into(), odata_type: DEVICE.into() }], vec![]), gone("u9")],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupMember g2>d1", "GroupUser g1>u1", "GroupUser g2>u1"],
    );
    check("a group is gone", vec![laptop(), gone("g2"), gone("u9")], &["GroupMember g1>d1", "GroupUser g1>u1"]);
    let mut again = members("g2", State::Complete, &[("d1", DEVICE)]);
    again.members[0].reset = true;
    check(
        "a list is read again",
        vec![again, laptop(), gone("u9")],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupMember g2>d1", "GroupUser g1>u1"],
    );
    let changes = vec![MembersChange { group: "g2".into(), added: vec![], removed: vec!["u1".into()] }];
    check(
        "a list changes",
        vec![PageWrite { changes, ..PageWrite::default() }, laptop(), gone("u9")],
        &["GroupGroup g1>g2", "GroupMember g1>d1", "GroupMember g2>d1", "GroupUser g1>u1"],
    );
}

#[test]
fn what_is_not_told_is_not_made_up() {
    let place = Place::new();
    let mut writer = place.writer();
    let pages = [
        listed(Collection::Account, State::Complete, vec![account()]),
        listed(Collection::Users, State::Forbidden, vec![]),
        listed(Collection::Groups, State::Complete, vec![group("g1", "Golf")]),
        listed(Collection::Memberships, State::Partial, vec![]),
        members("g1", State::Complete, &[("u1", USER), ("x1", ""), ("c1", "#microsoft.graph.orgContact")]),
    ];
    let info = run(&mut writer, 0, &pages);
    let reader = place.reader();
    assert_eq!(
        entities(&reader, info.id),
        [
            format!("Account {ACCOUNT_KEY} Contoso"),
            "Group g1 Golf".into(),
            "Member c1 c1".into(),
            "Member x1 x1".into()
        ]
    );
    assert_eq!(edges(&reader, info.id), ["GroupMember g1>c1", "GroupMember g1>x1", "GroupUser g1>u1?"]);
    let totals = reader.totals(info.id).unwrap();
    assert_eq!(totals, Totals { accounts: 1, users: 0, groups: 1, members: 2, edges: 4 });
    let gaps: Vec<_> = info.gaps.iter().map(|g| (g.scope, g.id.as_str(), g.state, g.is_carried_forward())).collect();
    assert_eq!(
        gaps,
        [
            (GapScope::Collection, "users", State::Forbidden, false),
            (GapScope::Collection, "memberships", State::Partial, false)
        ]
    );
    let ghost = reader.detail(info.id, NAMING, "u1").unwrap().unwrap();
    assert_eq!((ghost.kind, ghost.groups), (EntityKind::User, 1));
    assert!(ghost.entity.is_null());
}

#[test]
fn members_are_wanted_until_they_are_answered() {
    let place = Place::new();
    let mut writer = place.writer();
    let run = writer.begin_run(at(0), &RunPlan::default()).unwrap();
    for page in whole(vec![user("u1", "Ada")], vec![group("g1", "Golf"), group("g2", "Gone")]) {
        writer.commit(run, &page).unwrap();
    }
    let list = [("u1", USER), ("u2", USER), ("u3", USER), ("d1", DEVICE), ("d2", DEVICE), ("g9", GROUP)];
    writer.commit(run, &members("g1", State::Complete, &list)).unwrap();
    writer.commit(run, &members("g2", State::Gone, &[("d7", DEVICE)])).unwrap();
    let ids = |writer: &mut Writer| -> Vec<String> {
        writer.unresolved(run).unwrap().into_iter().map(|u| format!("{} {}", u.id, u.odata_type)).collect()
    };
    let all = ["u2", "u3", "d1", "d2", "g9"];
    assert_eq!(
        ids(&mut writer),
        all.map(|id| format!(
            "{id} {}",
            if id.starts_with('u') {
                USER
            } else if id.starts_with('d') {
                DEVICE
            } else {
                GROUP
            }
        ))
    );
    let answers = resolved(
        vec![
            Resolution::Gone { id: "u2".into() },
            Resolution::Unreadable { id: "g9".into(), odata_type: GROUP.into() },
        ],
        vec![user("u3", "Carl"), device("d1", "Laptop")],
    );
    writer.commit(run, &answers).unwrap();
    assert_eq!(ids(&mut writer), [format!("d2 {DEVICE}")]);
    writer.finish_run(run, &end(RunStatus::Complete, 1)).unwrap();

    // The next run wants the devices again, as their names may have changed, and asks again for what was unreadable.
    let run = writer.begin_run(at(5), &RunPlan::default()).unwrap();
    for page in whole(vec![user("u1", "Ada"), user("u3", "Carl")], vec![group("g1", "Golf")]) {
        writer.commit(run, &page).unwrap();
    }
    writer.commit(run, &members("g1", State::Hidden, &[])).unwrap();
    assert_eq!(ids_of(&mut writer, run), ["d1", "d2", "g9"]);
}

fn ids_of(writer: &mut Writer, run: RunId) -> Vec<String> {
    writer.unresolved(run).unwrap().into_iter().map(|u| u.id).collect()
}

#[test]
fn unchanged_objects_cost_no_row() {
    let place = Place::new();
    let mut writer = place.writer();
    let pages = |name: &str| {
        let mut pages = whole(vec![user("u1", "Ada"), user("u2", name)], vec![group("g1", "Golf")]);
        pages.push(members("g1", State::Complete, &[("u1", USER), ("d1", DEVICE)]));
        pages.push(resolved(vec![], vec![device("d1", "Laptop")]));
        pages
    };
    let rows = |writer: &Writer| -> (i64, i64, i64) {
        let count =
            |table: &str| writer.db.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap();
        assert_eq!(count("object"), count("raw"));
        assert_eq!(count("seen_object") + count("seen_edge") + count("resolution"), 0);
        (count("object"), count("edge"), count("group_state"))
    };
    run(&mut writer, 0, &pages("Bob"));
    assert_eq!(rows(&writer), (5, 2, 0));
    run(&mut writer, 10, &pages("Bob"));
    assert_eq!(rows(&writer), (5, 2, 0));
    // Pages that come twice cost nothing either.
    let mut twice = pages("Bill");
    twice.extend(pages("Bill"));
    run(&mut writer, 20, &twice);
    assert_eq!(rows(&writer), (6, 2, 0));
    let reader = place.reader();
    assert_eq!(reader.detail(RunId(2), NAMING, "u2").unwrap().unwrap().name, "Bob");
    assert_eq!(reader.detail(RunId(3), NAMING, "u2").unwrap().unwrap().name, "Bill");

    // Old runs can be forgotten, with the rows that only they had.
    writer.prune(1).unwrap();
    assert_eq!(rows(&writer), (5, 2, 0));
    assert_eq!(reader.runs().unwrap().iter().map(|r| r.id.0).collect::<Vec<_>>(), [3]);
    assert_eq!(entities(&reader, RunId(3)).len(), 5);
    assert!(matches!(reader.totals(RunId(2)), Err(StoreError::NoSuchRun { run: RunId(2) })));
}

#[test]
fn a_run_in_progress_and_a_broken_one() {
    let place = Place::new();
    let mut writer = place.writer();
    let reader = place.reader();
    assert_eq!(reader.newest().unwrap(), None);
    let mut pages = whole(vec![user("u1", "Ada"), user("u2", "Bob")], vec![group("g1", "Golf")]);
    pages.push(members("g1", State::Complete, &[("u1", USER)]));
    let first = run(&mut writer, 0, &pages);
    let before = (entities(&reader, first.id), edges(&reader, first.id));

    let second = writer.begin_run(at(20), &RunPlan::default()).unwrap();
    writer.commit(second, &listed(Collection::Users, State::Complete, vec![user("u1", "Ada 2")])).unwrap();
    writer.commit(second, &members("g1", State::Complete, &[("u9", USER)])).unwrap();
    let check = |reader: &Reader, status: RunStatus| {
        let newest = reader.newest().unwrap().unwrap();
        assert_eq!((newest.id, newest.status), (second, status));
        assert_eq!(reader.newest_finished().unwrap().as_ref(), Some(&first));
        assert_eq!((entities(reader, first.id), edges(reader, first.id)), before);
        let now = entities(reader, second);
        assert!(now.contains(&"User u1 Ada 2".to_owned()) && now.contains(&"User u2 Bob".to_owned()), "{now:?}");
        assert_eq!(edges(reader, second), ["GroupUser g1>u1", "GroupUser g1>u9?"]);
        assert_eq!(reader.totals(second).unwrap().edges, 5);
    };
    check(&reader, RunStatus::Running);
    drop(writer);
    check(&reader, RunStatus::Interrupted);
    let mut writer = place.writer();
    check(&reader, RunStatus::Interrupted);
    assert!(matches!(
        writer.commit(second, &PageWrite::default()),
        Err(StoreError::NotRunning { run }) if run == second
    ));

    // What it wrote is taken back before the next one begins.
    let third = writer.begin_run(at(30), &RunPlan::default()).unwrap();
    assert_eq!((entities(&reader, third), edges(&reader, third)), before);
    writer.commit(third, &listed(Collection::Users, State::Complete, vec![user("u2", "Bob 3")])).unwrap();
    let failed = writer.finish_run(third, &end(RunStatus::Failed, 31)).unwrap();
    assert_eq!((failed.status, failed.requests, failed.resource_units), (RunStatus::Failed, 7, 11));
    assert_eq!(reader.newest_finished().unwrap(), Some(first.clone()));
    let fourth = run(&mut writer, 40, &pages);
    assert_eq!(fourth.id, RunId(4));
    assert_eq!((entities(&reader, fourth.id), edges(&reader, fourth.id)), before);
    let statuses: Vec<_> = reader.runs().unwrap().into_iter().map(|r| (r.id.0, r.status)).collect();
    assert_eq!(
        statuses,
        [(4, RunStatus::Complete), (3, RunStatus::Failed), (2, RunStatus::Interrupted), (1, RunStatus::Complete)]
    );
}
