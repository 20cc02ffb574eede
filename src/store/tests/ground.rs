//! What a run stands on: changes, ghosts, runs that are gone on with, parts, sign-ins, what was learned.

use super::*;
use crate::domain::reading::{Learned, RunKind};

fn plan(kind: RunKind) -> RunPlan {
    RunPlan { kind, plan: "p".to_owned() }
}

fn by_changes(collection: Collection, state: State, objects: Vec<ObjectWrite>) -> PageWrite {
    let mut page = listed(collection, state, objects);
    page.checkpoint.as_mut().unwrap().delta = true;
    page
}

/// The collections of a delta run that names these.
fn changes(users: Vec<ObjectWrite>, groups: Vec<ObjectWrite>) -> Vec<PageWrite> {
    vec![
        listed(Collection::Account, State::Complete, vec![account()]),
        by_changes(Collection::Users, State::Complete, users),
        by_changes(Collection::Groups, State::Complete, groups),
    ]
}

fn memberships() -> PageWrite {
    by_changes(Collection::Memberships, State::Complete, vec![])
}

fn change(group: &str, added: &[(&str, &str)], removed: &[&str]) -> PageWrite {
    let removed = removed.iter().map(|id| (*id).to_owned()).collect();
    let change = MembersChange { group: group.to_owned(), added: refs(added), removed };
    PageWrite { changes: vec![change], ..PageWrite::default() }
}

fn list(group: &str, reset: bool, end: Option<State>, members: &[(&str, &str)]) -> PageWrite {
    let list =
        MembersWrite { group: group.to_owned(), members: refs(members), end: end.map(ended), reset, via: Via::List };
    PageWrite { members: vec![list], ..PageWrite::default() }
}

fn gone(id: &str) -> PageWrite {
    resolved(vec![Resolution::Gone { id: id.to_owned() }], vec![])
}

/// Ada and Bob in Golf with a device; Tennis, which may not be read; and the links for the next run.
fn first(writer: &mut Writer) -> RunInfo {
    let mut pages = whole(vec![user("u1", "Ada"), user("u2", "Bob")], vec![group("g1", "Golf"), group("g2", "Tennis")]);
    pages.push(members("g1", State::Complete, &[("u1", USER), ("u2", USER), ("d1", DEVICE)]));
    pages.push(members("g2", State::Forbidden, &[]));
    pages.push(resolved(vec![], vec![device("d1", "Laptop")]));
    let link = |collection| DeltaLink { collection, link: format!("link of {collection:?}") };
    pages.push(PageWrite { links: vec![link(Collection::Users), link(Collection::Groups)], ..PageWrite::default() });
    let run = writer.begin_run(at(10), &plan(RunKind::Full)).unwrap();
    writer.commit_all(run, &pages).unwrap();
    writer.finish_run(run, &end(RunStatus::Complete, 11)).unwrap()
}

fn delta(writer: &mut Writer, seconds: i64, pages: &[PageWrite]) -> RunInfo {
    let run = writer.begin_run(at(seconds), &plan(RunKind::Delta)).unwrap();
    writer.commit_all(run, pages).unwrap();
    writer.commit(run, &memberships()).unwrap();
    writer.finish_run(run, &end(RunStatus::Complete, seconds + 1)).unwrap()
}

fn ids(groups: Vec<StoredGroup>) -> Vec<String> {
    groups.into_iter().map(|g| g.id).collect()
}

#[test]
fn a_delta_run_changes_what_it_names() {
    let place = Place::new();
    let mut writer = place.writer();
    let reader = place.reader();
    let info = first(&mut writer);
    assert_eq!((info.kind, info.last_full, info.service_principals_as_of), (RunKind::Full, Some(at(11)), None));
    let shape = reader.shape(info.id).unwrap();
    assert_eq!((shape.groups, shape.unified, shape.above_20, shape.other_members, shape.edges), (2, 0, 0, 1, 7));
    let ground = writer.delta_ground().unwrap();
    assert_eq!(reader.delta_ground().unwrap(), ground);
    assert_eq!((ground.plan.as_str(), ground.last_full, ground.links.len()), ("p", Some(at(11)), 2));

    let run = writer.begin_run(at(20), &plan(RunKind::Delta)).unwrap();
    writer.commit_all(run, changes(vec![user("u3", "Cyd")], vec![group("g3", "Chess")])).unwrap();
    writer.commit(run, &change("g1", &[("u3", USER), ("d2", DEVICE)], &["u2", "nobody"])).unwrap();
    // New ones, and those that the run before does not have whole.
    assert_eq!(ids(writer.groups_to_read(run).unwrap()), ["g2", "g3"]);
    writer.commit(run, &list("g3", true, None, &[("u1", USER)])).unwrap();
    assert_eq!(ids(writer.groups_to_read(run).unwrap()), ["g2", "g3"], "half a list is none");
    writer.commit(run, &list("g3", false, Some(State::Complete), &[("u2", USER)])).unwrap();
    assert_eq!(ids(writer.groups_to_read(run).unwrap()), ["g2"]);
    let asked: Vec<String> = writer.unresolved(run).unwrap().into_iter().map(|u| u.id).collect();
    assert_eq!(asked, ["d1", "d2"], "names and states of devices are refreshed");
    assert_eq!((writer.held(run, Collection::Users).unwrap(), writer.held(run, Collection::Groups).unwrap()), (3, 3));
    let mut known = writer.members_of(run, "g1").unwrap();
    known.sort_by_key(|m| m.id.to_string());
    assert_eq!(known, refs(&[("d1", DEVICE), ("d2", DEVICE), ("u1", USER), ("u3", USER)]));
    assert_eq!(ids(writer.some_groups(run, 9, 1).unwrap()).len(), 2);
    writer.commit(run, &resolved(vec![], vec![device("d1", "Laptop"), device("d2", "Phone")])).unwrap();
    writer.commit(run, &memberships()).unwrap();
    let info = writer.finish_run(run, &end(RunStatus::Complete, 21)).unwrap();
    assert_eq!(info.gaps.len(), 1, "{:?}", info.gaps);
    assert_eq!((info.gaps[0].id.as_str(), info.gaps[0].state), ("g2", State::Forbidden));
    assert_eq!((info.kind, info.last_full), (RunKind::Delta, Some(at(11))));
    assert_eq!(info.service_principals_as_of, Some(at(11)));
    assert_eq!(
        edges(&reader, info.id),
        [
            "GroupMember g1>d1",
            "GroupMember g1>d2",
            "GroupUser g1>u1",
            "GroupUser g1>u3",
            "GroupUser g3>u1",
            "GroupUser g3>u2"
        ]
    );
    assert!(writer.delta_ground().unwrap().links.is_empty(), "it left none of its own");
    assert_eq!(edges(&reader, RunId(1)), ["GroupMember g1>d1", "GroupUser g1>u1", "GroupUser g1>u2"]);
}

#[test]
fn members_that_are_gone_and_come_back() {
    let place = Place::new();
    let mut writer = place.writer();
    let reader = place.reader();
    first(&mut writer);
    let mut pages = changes(vec![], vec![]);
    pages.extend([gone("u2"), gone("d1")]);
    let info = delta(&mut writer, 20, &pages);
    assert_eq!(edges(&reader, info.id), ["GroupUser g1>u1"]);

    // Bob is back, and with him the question whether Golf still has him.
    let run = writer.begin_run(at(30), &plan(RunKind::Delta)).unwrap();
    writer.commit_all(run, changes(vec![user("u2", "Bob")], vec![])).unwrap();
    assert_eq!(ids(writer.groups_to_read(run).unwrap()), ["g1", "g2"]);
    let asked: Vec<String> = writer.unresolved(run).unwrap().into_iter().map(|u| u.id).collect();
    assert_eq!(asked, ["d1"], "devices are looked for, users tell of themselves");
    let mut known: Vec<String> = writer.members_of(run, "g1").unwrap().into_iter().map(|m| m.id.to_string()).collect();
    known.sort();
    assert_eq!(known, ["d1", "u1", "u2"]);
    writer.commit(run, &memberships()).unwrap();
    let info = writer.finish_run(run, &end(RunStatus::Complete, 31)).unwrap();
    assert_eq!(edges(&reader, info.id), ["GroupUser g1>u1"]);
    assert_eq!(info.gaps.iter().map(|g| g.id.as_str()).collect::<Vec<_>>(), ["memberships", "g2"], "Golf was not read");
    assert_eq!(info.gaps[0].stale_since, Some(at(21)));

    // The next run still knows that it has to be read.
    let run = writer.begin_run(at(40), &plan(RunKind::Delta)).unwrap();
    writer.commit_all(run, changes(vec![], vec![])).unwrap();
    assert_eq!(ids(writer.groups_to_read(run).unwrap()), ["g1", "g2"]);
    writer.commit(run, &list("g1", true, Some(State::Complete), &[("u1", USER), ("u2", USER), ("u9", USER)])).unwrap();
    writer.commit(run, &list("g2", true, Some(State::Complete), &[])).unwrap();
    writer.commit(run, &gone("u9")).unwrap();
    writer.commit(run, &memberships()).unwrap();
    let info = writer.finish_run(run, &end(RunStatus::Complete, 41)).unwrap();
    assert_eq!(
        (info.status, edges(&reader, info.id)),
        (RunStatus::Complete, vec!["GroupUser g1>u1".into(), "GroupUser g1>u2".into()])
    );

    // A ghost that the group lets go of is forgotten; one that it takes again is an edge.
    let info =
        delta(&mut writer, 50, &[changes(vec![], vec![]), vec![change("g1", &[], &["u9"]), gone("u2")]].concat());
    assert_eq!(edges(&reader, info.id), ["GroupUser g1>u1"]);
    let pages = [changes(vec![user("u9", "Zoë"), user("u2", "Bob")], vec![]), vec![change("g1", &[("u2", USER)], &[])]];
    let info = delta(&mut writer, 60, &pages.concat());
    assert_eq!(
        (info.status, edges(&reader, info.id)),
        (RunStatus::Complete, vec!["GroupUser g1>u1".into(), "GroupUser g1>u2".into()])
    );
}

#[test]
fn a_group_that_was_deleted_and_restored_is_read_again() {
    let place = Place::new();
    let mut writer = place.writer();
    first(&mut writer);
    let run = writer.begin_run(at(20), &plan(RunKind::Delta)).unwrap();
    writer.commit_all(run, changes(vec![], vec![])).unwrap();
    writer.commit(run, &gone("g1")).unwrap();
    assert_eq!(ids(writer.groups_to_read(run).unwrap()), ["g2"]);
    writer.commit(run, &resolved(vec![], vec![group("g1", "Golf")])).unwrap();
    assert_eq!(ids(writer.groups_to_read(run).unwrap()), ["g1", "g2"]);
}

#[test]
fn a_run_that_was_cut_off_is_gone_on_with() {
    let place = Place::new();
    let mut writer = place.writer();
    let run = writer.begin_run(at(10), &plan(RunKind::Full)).unwrap();
    let pages = whole(vec![user("u1", "Ada")], vec![group("g1", "Golf"), group("g2", "Tennis"), group("g3", "Chess")]);
    writer.commit_all(run, &pages[..3]).unwrap();
    let expanded = |group: &str, shown: u32, members: &[(&str, &str)]| {
        let mut page = list(group, true, Some(State::Complete), members);
        page.members[0].via = Via::Expansion(shown);
        page
    };
    writer.commit(run, &expanded("g1", 2, &[("u1", USER), ("u2", USER)])).unwrap();
    writer.commit(run, &expanded("g2", 1, &[("u1", USER)])).unwrap();
    writer.commit(run, &list("g3", true, None, &[("u1", USER), ("u3", USER)])).unwrap();
    let link = DeltaLink { collection: Collection::Users, link: "l".into() };
    let spent = Spent { requests: 3, resource_units: 5, seconds: 0.5 };
    writer.commit(run, &PageWrite { links: vec![link], spent: Some(spent), ..PageWrite::default() }).unwrap();
    assert_eq!(writer.leftover().unwrap(), None, "it still runs");
    drop(writer);
    let seen = place.reader().leftover().unwrap();

    let mut writer = place.writer();
    assert_eq!(seen, writer.leftover().unwrap());
    let left = writer.leftover().unwrap().unwrap();
    assert_eq!((left.run, left.kind, left.plan.as_str(), left.spent), (run, RunKind::Full, "p", spent));
    assert_eq!((left.started_at, left.links.len(), left.checkpoints.len()), (at(10), 1, 3));
    assert!(left.last_at >= at(10) && left.last_at < at(100));
    assert!(matches!(writer.resume_run(RunId(9)), Err(StoreError::NoSuchRun { .. })));
    writer.resume_run(run).unwrap();
    assert_eq!(ids(writer.groups_to_read(run).unwrap()), ["g3"]);
    assert_eq!(writer.longest_expansion(run).unwrap(), Some(2));
    assert_eq!(ids(writer.expanded(run, 2).unwrap()), ["g1"]);
    assert_eq!(ids(writer.some_groups(run, 1, 7).unwrap()).len(), 1);
    // The lists are read again: what was seen of them before does not count.
    writer.commit(run, &list("g3", true, Some(State::Complete), &[("u1", USER)])).unwrap();
    writer.commit(run, &list("g1", true, Some(State::Complete), &[("u1", USER)])).unwrap();
    assert_eq!((writer.longest_expansion(run).unwrap(), writer.expanded(run, 2).unwrap().len()), (Some(2), 0));
    assert_eq!(ids(writer.expanded_after(run, 0, Some("g1"), 5).unwrap()), ["g2"]);
    assert!(writer.expanded_after(run, 0, Some("g2"), 5).unwrap().is_empty());
    assert!(writer.unresolved(run).unwrap().is_empty());
    writer.commit(run, &pages[3]).unwrap();
    let info = writer.finish_run(run, &end(RunStatus::Complete, 20)).unwrap();
    assert_eq!((info.id, info.status), (run, RunStatus::Complete));
    assert_eq!(edges(&place.reader(), run), ["GroupUser g1>u1", "GroupUser g2>u1", "GroupUser g3>u1"]);
    assert_eq!(writer.leftover().unwrap(), None);
}

#[test]
fn a_part_is_no_ground_for_anything() {
    let place = Place::new();
    let mut writer = place.writer();
    let reader = place.reader();
    let info = first(&mut writer);
    let run = writer.begin_run(at(20), &plan(RunKind::Scoped)).unwrap();
    writer.commit_all(run, whole(vec![user("u1", "Ada L.")], vec![group("g1", "Golf")])).unwrap();
    writer.commit(run, &list("g1", true, Some(State::Complete), &[("u1", USER), ("u3", USER)])).unwrap();
    let asked: Vec<String> = writer.unresolved(run).unwrap().into_iter().map(|u| u.id).collect();
    assert_eq!(asked, ["u3"]);
    let part = writer.finish_run(run, &end(RunStatus::Complete, 21)).unwrap();
    assert_eq!((part.status, part.kind), (RunStatus::Scoped, RunKind::Scoped));
    let totals = reader.totals(run).unwrap();
    assert_eq!((totals.accounts, totals.users, totals.groups, totals.edges), (1, 1, 1, 4));
    assert_eq!(reader.newest_finished().unwrap().unwrap().id, info.id);
    assert_eq!((writer.leftover().unwrap(), writer.delta_ground().unwrap().links.len()), (None, 2));
    let run = writer.begin_run(at(30), &plan(RunKind::Delta)).unwrap();
    assert_eq!(entities(&reader, run), entities(&reader, info.id), "its rows are taken back");
    assert_eq!(edges(&reader, run), edges(&reader, info.id));
    writer.prune(10).unwrap();
    assert!(reader.run(part.id).is_err());
}

#[test]
fn sign_ins_are_part_of_users_and_kept_apart() {
    let place = Place::new();
    let mut writer = place.writer();
    let reader = place.reader();
    let check = |run: RunId, want: &str| {
        let raw = reader.detail(run, NAMING, "u1").unwrap().unwrap().raw;
        let found =
            raw.get("signInActivity").map_or_else(String::new, |s| s["lastSignInDateTime"].as_str().unwrap().into());
        assert_eq!(found, want, "run {run}");
    };
    let signed_in =
        |day: &str| SignInWrite { id: "u1".into(), raw: to_raw_value(&json!({ "lastSignInDateTime": day })).unwrap() };
    let ask = |writer: &mut Writer, seconds: i64, asked: bool, sign_ins: Vec<SignInWrite>| {
        let run = writer.begin_run(at(seconds), &plan(RunKind::Full)).unwrap();
        writer.commit_all(run, whole(vec![user("u1", "Ada")], vec![])).unwrap();
        writer.commit(run, &PageWrite { sign_ins, ..PageWrite::default() }).unwrap();
        writer.end_sign_ins(run, asked).unwrap();
        writer.finish_run(run, &end(RunStatus::Complete, seconds + 1)).unwrap().id
    };
    let one = ask(&mut writer, 10, true, vec![signed_in("monday"), signed_in("tuesday")]);
    let two = ask(&mut writer, 20, true, vec![]);
    let three = ask(&mut writer, 30, true, vec![signed_in("friday")]);
    let four = ask(&mut writer, 40, false, vec![]);
    check(one, "tuesday");
    check(two, "tuesday");
    check(three, "friday");
    check(four, "");
    writer.prune(2).unwrap();
    check(three, "friday");
}

#[test]
fn what_was_learned_stays() {
    let place = Place::new();
    let mut writer = place.writer();
    assert_eq!(writer.learned().unwrap(), Learned::default());
    let learned = Learned { delta_shows_service_principals: Some(true), quota_10s: Some(7), ..Learned::default() };
    writer.learn(&learned).unwrap();
    assert_eq!((writer.learned().unwrap(), place.reader().learned().unwrap()), (learned.clone(), learned));
    first(&mut writer);
    assert_eq!(delta(&mut writer, 20, &changes(vec![], vec![])).service_principals_as_of, None);
}

#[test]
fn a_chain_of_changes_from_its_beginning_has_told_all_when_it_ends() {
    let place = Place::new();
    let mut writer = place.writer();
    let reader = place.reader();
    first(&mut writer);
    let run = writer.begin_run(at(20), &plan(RunKind::Gentle)).unwrap();
    let mut pages = whole(vec![user("u1", "Ada"), user("u2", "Bob")], vec![group("g1", "Golf"), group("g2", "Tennis")]);
    let memberships = pages.pop().unwrap();
    writer.commit_all(run, &pages).unwrap();
    writer.commit(run, &change("g1", &[("u2", USER)], &["u1"])).unwrap();
    writer.commit(run, &change("g1", &[("u1", USER)], &[])).unwrap();
    assert_eq!(writer.end_open_lists(run, &ListEnd::COMPLETE).unwrap(), 2);
    writer.commit(run, &memberships).unwrap();
    let info = writer.finish_run(run, &end(RunStatus::Complete, 21)).unwrap();
    assert_eq!((info.status, info.last_full), (RunStatus::Complete, Some(at(21))));
    assert_eq!(edges(&reader, run), ["GroupUser g1>u1", "GroupUser g1>u2"]);
}
