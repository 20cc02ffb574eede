//! What is different between two runs, and what became of one object: by hand, and (for the oracle) against both states
//! whole.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::*;
use crate::domain::{
    edge::Edge,
    entity::Entity,
    explore::{Change, DiffPart, FieldChange, Version},
    kind::EdgeKind,
    reading::RunKind,
};

/// A run whole: entities by key, and the groups' edges.
struct Whole {
    entities: BTreeMap<String, Entity>,
    edges: BTreeMap<(String, String), Edge>,
}

impl Whole {
    fn of(reader: &Reader, run: RunId) -> Self {
        let mut whole = Self { entities: BTreeMap::new(), edges: BTreeMap::new() };
        let mut entity = |e: Entity| {
            // Accounts have a key of their own; ids name everything here.
            let id = e.json["id"].as_str().unwrap().to_owned();
            whole.entities.insert(id, e);
            ControlFlow::Continue(())
        };
        reader.for_each_entity(run, NAMING, &mut entity).unwrap();
        let mut edge = |e: Edge| {
            if e.from != ACCOUNT_KEY {
                whole.edges.insert((e.from.clone(), e.to.clone()), e);
            }
            ControlFlow::Continue(())
        };
        reader.for_each_edge(run, NAMING, &mut edge).unwrap();
        whole
    }

    /// Lines as [`told`] makes them.
    fn until(&self, now: &Self) -> BTreeSet<String> {
        let mut lines = BTreeSet::new();
        let ids: BTreeSet<&String> = self.entities.keys().chain(now.entities.keys()).collect();
        for id in ids {
            let line = |change: Change, entity: &Entity| object_line(change, entity.kind, id, entity.name());
            match (self.entities.get(id), now.entities.get(id)) {
                (Some(before), Some(now)) if before.kind == now.kind => {
                    if before != now {
                        lines.insert(line(Change::Changed, now));
                    }
                }
                (before, now) => {
                    lines.extend(before.map(|e| line(Change::Went, e)));
                    lines.extend(now.map(|e| line(Change::Came, e)));
                }
            }
        }
        let ends: BTreeSet<_> = self.edges.keys().chain(now.edges.keys()).collect();
        for end in ends {
            let (before, now) = (self.edges.get(end), now.edges.get(end));
            if before.map(|e| e.kind) != now.map(|e| e.kind) {
                let line = |change: Change, e: &Edge| edge_line(change, e.kind, &e.from, &e.to, e.mapped);
                lines.extend(before.map(|e| line(Change::Went, e)));
                lines.extend(now.map(|e| line(Change::Came, e)));
            }
        }
        lines
    }

    /// Who it is tied to: its members, and its groups.
    fn ties(&self, id: &str) -> [BTreeSet<&str>; 2] {
        let members = self.edges.keys().filter(|(from, _)| from == id).map(|(_, to)| to.as_str());
        let groups = self.edges.keys().filter(|(_, to)| to == id).map(|(from, _)| from.as_str());
        [members.collect(), groups.collect()]
    }
}

fn object_line(change: Change, kind: EntityKind, id: &str, name: &str) -> String {
    format!("{change:?} {kind:?} {id} {name}")
}

fn edge_line(change: Change, kind: EdgeKind, from: &str, to: &str, mapped: bool) -> String {
    format!("{change:?} {kind:?} {from}>{to}{}", if mapped { "?" } else { "" })
}

fn line(different: &Different<'_>) -> String {
    let (change, object) = (different.change, &different.object);
    match &different.edge {
        None => object_line(change, object.kind, object.id, object.name),
        Some((near, kind, mapped)) => edge_line(change, *kind, near.id, object.id, *mapped),
    }
}

const ALL: Piece = Piece { only: None, offset: 0, limit: u64::MAX };

/// All that is different, in order, and of each what changed.
fn told(reader: &Reader, all: &Differences, piece: Piece) -> (u64, Vec<(String, Vec<FieldChange>)>) {
    let mut lines = Vec::new();
    let total = reader.each_different(all, piece, None, &mut |d, fields| lines.push((line(&d), fields))).unwrap();
    (total, lines)
}

fn lines(reader: &Reader, before: RunId, now: RunId) -> Vec<String> {
    let all = reader.differences(before, now, &|| false).unwrap().unwrap();
    told(reader, &all, ALL).1.into_iter().map(|(line, _)| line).collect()
}

/// Holds every two of these runs against each other, and every object's history against all of them; for the oracle.
pub(super) fn check_all(reader: &Reader, kept: &[RunId]) {
    let states: Vec<Whole> = kept.iter().map(|run| Whole::of(reader, *run)).collect();
    for (before, old) in kept.iter().zip(&states) {
        for (now, new) in kept.iter().zip(&states) {
            check_two(reader, (*before, old), (*now, new));
        }
    }
    let ids: BTreeSet<&String> = states.iter().flat_map(|state| state.entities.keys()).collect();
    for id in ids {
        check_history(reader, id, kept, &states);
    }
}

fn check_two(reader: &Reader, (before, old): (RunId, &Whole), (now, new): (RunId, &Whole)) {
    let want = old.until(new);
    let all = reader.differences(before, now, &|| false).unwrap().unwrap();
    let (total, found) = told(reader, &all, ALL);
    assert_eq!(total, found.len() as u64);
    let lines: Vec<String> = found.iter().map(|(line, _)| line.clone()).collect();
    assert_eq!(lines.iter().cloned().collect::<BTreeSet<_>>(), want, "{before} to {now}");
    assert_eq!(lines.len(), want.len(), "{lines:?}");
    for (line, fields) in &found {
        assert_eq!(line.starts_with("Changed"), !fields.is_empty(), "{line}: {fields:?}");
    }
    // What is counted is what came less what went.
    let (old_counts, new_counts) = (reader.counts(before, NAMING).unwrap(), reader.counts(now, NAMING).unwrap());
    let entities = EntityKind::ALL.map(|kind| (NAMING.entity_type(kind), all.entities[kind as usize]));
    let edges = EdgeKind::ALL[2..].iter().map(|kind| (NAMING.edge_type(*kind), all.edges[*kind as usize]));
    for (name, [came, _, went]) in entities.into_iter().chain(edges) {
        assert_eq!(old_counts[name] + came, new_counts[name] + went, "{name}, {before} to {now}");
    }
    let sum: u64 = all.entities.iter().chain(&all.edges).flatten().sum();
    assert_eq!(sum, total);
    // Pieces are pieces of the whole, and so are parts.
    let middle = total / 2;
    let first = told(reader, &all, Piece { limit: middle, ..ALL });
    let second = told(reader, &all, Piece { offset: middle, ..ALL });
    assert_eq!((first.0, second.0), (total, total));
    assert_eq!([first.1, second.1].concat(), found);
    let part = |only: DiffPart| told(reader, &all, Piece { only: Some(only), ..ALL }).1;
    assert_eq!([part(DiffPart::Objects), part(DiffPart::Memberships)].concat(), found);
    // A filter leaves what it keeps.
    let keep = |d: &Different<'_>| ControlFlow::Continue(d.change == Change::Came);
    let mut kept = Vec::new();
    let piece = Piece { offset: 1, limit: 2, ..ALL };
    let left = reader.kept_of(&all, None, &keep).unwrap().unwrap();
    let total = reader.each_different(&all, piece, Some(&left), &mut |d, _| kept.push(line(&d))).unwrap();
    let of_edges = reader.kept_of(&all, Some(DiffPart::Memberships), &keep).unwrap().unwrap();
    let edges = Piece { only: Some(DiffPart::Memberships), ..ALL };
    let mut came_edges = Vec::new();
    let total_edges =
        reader.each_different(&all, edges, Some(&of_edges), &mut |d, _| came_edges.push(line(&d))).unwrap();
    assert_eq!(total_edges, came_edges.len() as u64);
    let came: Vec<String> = lines.into_iter().filter(|line| line.starts_with("Came")).collect();
    assert_eq!((total, left.many()), (came.len() as u64, came.len() as u64));
    assert!(came.ends_with(&came_edges) && came_edges.iter().all(|line| line.contains('>')), "{came:?}");
    assert_eq!(kept, came.into_iter().skip(1).take(2).collect::<Vec<_>>());
}

/// An object's history is the sequence of its states, and of what it is tied to.
fn check_history(reader: &Reader, id: &str, kept: &[RunId], states: &[Whole]) {
    let history = reader.history(id).unwrap();
    let mut want = Vec::new();
    for (at, (run, now)) in kept.iter().zip(states).enumerate() {
        let before = at.checked_sub(1).map(|at| &states[at]);
        let entity = now.entities.get(id);
        let old = before.and_then(|before| before.entities.get(id));
        let ties: Vec<(u64, u64)> = now
            .ties(id)
            .iter()
            .zip(before.map(|before| before.ties(id)).unwrap_or_default())
            .map(|(now, before)| (now.difference(&before).count() as u64, before.difference(now).count() as u64))
            .collect();
        let change = match (old, entity) {
            (None, None) => continue,
            (None, Some(_)) => Change::Came,
            (Some(_), None) => Change::Went,
            (Some(old), Some(new)) if old == new && ties == [(0, 0), (0, 0)] => continue,
            (Some(_), Some(_)) => Change::Changed,
        };
        let is_other = change == Change::Changed && old != entity;
        want.push((*run, change, is_other, ties[0], ties[1]));
    }
    want.reverse();
    let found: Vec<_> = history.iter().map(|v| (v.run, v.change, !v.fields.is_empty(), v.members, v.groups)).collect();
    assert_eq!(found, want, "{id}");
    let until: Vec<Option<RunId>> = history.iter().map(|v| v.until).collect();
    let next = history.iter().map(|v| Some(v.run));
    assert_eq!(until, [None].into_iter().chain(next).take(history.len()).collect::<Vec<_>>());
}

fn named(id: &str, name: &str, title: Value) -> ObjectWrite {
    object(EntityKind::User, id, "", json!({ "displayName": name, "jobTitle": title }))
}

fn field(name: &str, before: Value, now: Value) -> FieldChange {
    FieldChange { field: name.to_owned(), before, now }
}

#[test]
fn what_came_changed_and_went() {
    let place = Place::new();
    let mut writer = place.writer();
    let groups = || vec![group("g1", "Golf"), group("g2", "chess")];
    let first =
        vec![named("u1", "Ada", json!("Analyst")), named("u2", "Bob", json!(null)), named("u3", "Cy", json!(1))];
    let mut pages = whole(first, groups());
    pages.push(members("g1", State::Complete, &[("u1", USER), ("u2", USER)]));
    pages.push(members("g2", State::Complete, &[("u3", USER), ("u1", USER)]));
    let first = run(&mut writer, 0, &pages).id;
    let second =
        vec![named("u1", "Zoë", json!("Analyst")), named("u4", "Dee", json!(null)), named("u3", "Cy", json!(null))];
    let mut pages = whole(second, groups());
    pages.push(members("g1", State::Complete, &[("u4", USER), ("u1", USER)]));
    // What cannot be read is carried on: no change.
    pages.push(members("g2", State::Forbidden, &[]));
    let second = run(&mut writer, 10, &pages).id;
    let reader = place.reader();
    // In the order of lists, as names are now: Bob, Cy, Dee, Zoë.
    let want = [
        "Went User u2 Bob",
        "Changed User u3 Cy",
        "Came User u4 Dee",
        "Changed User u1 Zoë",
        "Went GroupUser g1>u2",
        "Came GroupUser g1>u4",
    ];
    assert_eq!(lines(&reader, first, second), want);
    let all = reader.differences(first, second, &|| false).unwrap().unwrap();
    assert_eq!(
        (all.entities[EntityKind::User as usize], all.edges[EdgeKind::GroupUser as usize]),
        ([1, 2, 1], [1, 0, 1])
    );
    let fields: Vec<Vec<FieldChange>> = told(&reader, &all, ALL).1.into_iter().map(|(_, fields)| fields).collect();
    assert_eq!(fields[1], [field("jobTitle", json!(1), Value::Null)]);
    assert_eq!(fields[3], [field("displayName", json!("Ada"), json!("Zoë"))]);
    // The other way round.
    let back = lines(&reader, second, first);
    assert_eq!(back[..3], ["Changed User u1 Ada", "Came User u2 Bob", "Changed User u3 Cy"]);
    assert_eq!(lines(&reader, first, first), [""; 0]);
}

/// Three runs: a user goes and comes back, another is renamed for a while; so are their memberships.
#[test]
fn what_is_as_it_was_is_no_change() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut state = |seconds: i64, users: &[(&str, &str)], named_by: &[&str]| {
        let users = users.iter().map(|(id, name)| user(id, name)).collect();
        let mut pages = whole(users, vec![group("g1", "Golf")]);
        let list: Vec<(&str, &str)> = named_by.iter().map(|id| (*id, USER)).collect();
        pages.push(members("g1", State::Complete, &list));
        run(&mut writer, seconds, &pages).id
    };
    let first = state(0, &[("u1", "Ada"), ("u2", "Bob")], &["u1", "u2"]);
    let second = state(10, &[("u1", "Ada L.")], &["u1"]);
    let third = state(20, &[("u1", "Ada"), ("u2", "Bob")], &["u1", "u2"]);
    let reader = place.reader();
    assert_eq!(lines(&reader, first, third), [""; 0]);
    assert_eq!(lines(&reader, second, third).len(), 3);
    let told = |id: &str| -> Vec<(i64, Change, usize)> {
        reader.history(id).unwrap().iter().map(|v| (v.run.0, v.change, v.fields.len())).collect()
    };
    assert_eq!(told("u2"), [(3, Change::Came, 0), (2, Change::Went, 0), (1, Change::Came, 0)]);
    assert_eq!(told("u1"), [(3, Change::Changed, 1), (2, Change::Changed, 1), (1, Change::Came, 0)]);
    let golf = reader.history("g1").unwrap();
    assert_eq!(golf.iter().map(|v| v.members).collect::<Vec<_>>(), [(1, 0), (0, 1), (2, 0)]);
    check_all(&reader, &[first, second, third]);
}

#[test]
fn a_device_that_becomes_a_user() {
    let place = Place::new();
    let mut writer = place.writer();
    let golf = || vec![group("g1", "Golf")];
    let mut pages = whole(vec![], golf());
    pages.push(members("g1", State::Complete, &[("x", DEVICE)]));
    pages.push(resolved(vec![], vec![device("x", "Laptop")]));
    let first = run(&mut writer, 0, &pages).id;
    let mut pages = whole(vec![user("x", "Ada")], golf());
    pages.push(members("g1", State::Complete, &[("x", DEVICE)]));
    let second = run(&mut writer, 10, &pages).id;
    let reader = place.reader();
    let want = ["Came User x Ada", "Went Member x Laptop", "Went GroupMember g1>x", "Came GroupUser g1>x"];
    assert_eq!(lines(&reader, first, second), want);
    let history = reader.history("x").unwrap();
    let kinds = field("@odata.type", json!("#microsoft.graph.device"), json!("#microsoft.graph.user"));
    assert_eq!(history[0].fields[0], kinds);
    check_all(&reader, &[first, second]);
}

#[test]
fn only_finished_runs_that_are_kept_are_compared() {
    let place = Place::new();
    let mut writer = place.writer();
    let pages = |name: &str| whole(vec![user("u1", name)], vec![]);
    for (at, name) in ["Ada", "Bea", "Cleo", "Dora"].into_iter().enumerate() {
        run(&mut writer, 10 * at as i64, &pages(name));
    }
    let reader = place.reader();
    let all = reader.differences(RunId(1), RunId(4), &|| false).unwrap().unwrap();
    writer.prune(2).unwrap();
    let fifth = writer.begin_run(at(50), &RunPlan::default()).unwrap();
    writer.commit(fifth, &listed(Collection::Users, State::Complete, vec![])).unwrap();
    let check = |before: i64, now: i64, wrong: i64, want: Option<RunStatus>| match reader
        .differences(RunId(before), RunId(now), &|| false)
        .unwrap_err()
    {
        StoreError::NotComparable { run, status, kept } => {
            assert_eq!((run, status, kept), (RunId(wrong), want, vec![RunId(3), RunId(4)]));
        }
        other => panic!("{other:?}"),
    };
    check(1, 4, 1, None);
    check(4, 2, 2, None);
    check(4, 5, 5, Some(RunStatus::Running));
    assert!(matches!(
        reader.each_different(&all, ALL, None, &mut |_, _| {}),
        Err(StoreError::NotComparable { run: RunId(1), .. })
    ));
    assert_eq!(lines(&reader, RunId(3), RunId(4)), ["Changed User u1 Dora"]);
    // A run that goes on says nothing yet, and one that is forgotten nothing any more.
    let told: Vec<(i64, Change)> =
        reader.history("u1").unwrap().iter().map(|v: &Version| (v.run.0, v.change)).collect();
    assert_eq!(told, [(4, Change::Changed), (3, Change::Came)]);
    assert_eq!(reader.history("nobody").unwrap(), []);
}

#[test]
fn a_filter_sees_both_ends() {
    let place = Place::new();
    let mut writer = place.writer();
    let first = run(&mut writer, 0, &whole(vec![], vec![])).id;
    let mut pages = whole(vec![user("u1", "Ada")], vec![group("g1", "Golf")]);
    pages.push(members("g1", State::Complete, &[("u1", USER), ("u9", USER)]));
    let second = run(&mut writer, 10, &pages).id;
    let reader = place.reader();
    let all = reader.differences(first, second, &|| false).unwrap().unwrap();
    let seen = RefCell::new(Vec::new());
    let keep = |d: &Different<'_>| {
        seen.borrow_mut().push(d.edge.map(|(near, _, mapped)| (near.name.to_owned(), mapped)));
        ControlFlow::Continue(false)
    };
    let kept = reader.kept_of(&all, None, &keep).unwrap().unwrap();
    assert_eq!(reader.each_different(&all, ALL, Some(&kept), &mut |_, _| panic!("not kept")).unwrap(), 0);
    let golf = |mapped| Some(("Golf".to_owned(), mapped));
    assert_eq!(seen.into_inner(), [None, None, golf(false), golf(true)]);
}

#[test]
fn nobody_who_does_not_wait_is_answered() {
    let place = Place::new();
    let mut writer = place.writer();
    let first = run(&mut writer, 0, &whole(vec![user("u1", "Ada"), user("u2", "Bob")], vec![])).id;
    let second = run(&mut writer, 10, &whole(vec![user("u3", "Cy")], vec![])).id;
    let reader = place.reader();
    assert!(reader.differences(first, second, &|| true).unwrap().is_none());
    let all = reader.differences(first, second, &|| false).unwrap().unwrap();
    let asked = RefCell::new(0);
    let keep = |_: &Different<'_>| {
        *asked.borrow_mut() += 1;
        if *asked.borrow() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(true) }
    };
    assert!(reader.kept_of(&all, None, &keep).unwrap().is_none());
    assert_eq!(asked.into_inner(), 2);
}

/// What a selection read is taken back when the next run begins, and is no run to compare with.
#[test]
fn a_selection_is_no_state() {
    let place = Place::new();
    let mut writer = place.writer();
    let pages = |name: &str| {
        let mut pages = whole(vec![user("u1", name), user("u2", "Bob")], vec![group("g1", "Golf")]);
        pages.push(members("g1", State::Complete, &[("u1", USER), ("u2", USER)]));
        pages
    };
    let first = run(&mut writer, 0, &pages("Ada")).id;
    let plan = RunPlan { kind: RunKind::Scoped, plan: "g1".to_owned() };
    let scoped = writer.begin_run(at(10), &plan).unwrap();
    writer.commit(scoped, &listed(Collection::Users, State::Complete, vec![user("u1", "Eve")])).unwrap();
    writer.commit(scoped, &members("g1", State::Complete, &[("u1", USER)])).unwrap();
    let info = writer.finish_run(scoped, &end(RunStatus::Complete, 11)).unwrap();
    assert_eq!(info.status, RunStatus::Scoped);
    let reader = place.reader();
    let no_state = |reader: &Reader| {
        let told: Vec<RunId> = reader.history("u1").unwrap().iter().map(|v| v.run).collect();
        assert!(!told.contains(&scoped), "{told:?}");
        assert_eq!(reader.history("g1").unwrap().last().unwrap().members, (2, 0));
    };
    no_state(&reader);
    assert!(matches!(
        reader.differences(first, scoped, &|| false),
        Err(StoreError::NotComparable { status: Some(RunStatus::Scoped), .. })
    ));
    let third = run(&mut writer, 20, &pages("Ada")).id;
    no_state(&reader);
    assert_eq!(lines(&reader, first, third), [""; 0]);
    check_all(&reader, &[first, third]);
}
