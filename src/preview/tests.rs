//! Figures against a stand-in for the service: a map that jobs are applied to.

use std::ops::ControlFlow;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{
    domain::{
        column::{Column, Sort},
        completeness::{Collection, State},
        kind::EntityKind,
        naming::InstanceName,
        origin::Origin,
        planned::{Deed, Planned, PlannedQuery},
        preview::Why,
        target::Destination,
    },
    store::{
        PageWrite, SentEntity, UploadId, Writer,
        tests::{
            DEVICE, GROUP, NAMING, Place, USER, account, at, device, group, listed, members, object, resolved, run,
            user, whole,
        },
    },
};

fn target() -> Target {
    Target {
        origin: Origin::parse("https://api.us.jupiterone.io").unwrap(),
        account: "acme".to_owned(),
        destination: Destination::Instance("i".to_owned()),
    }
}

/// `_key` → (`_type`, text), as the service holds it, or as a job brings it.
type Graph = BTreeMap<String, (String, String)>;

fn sent(reader: &Reader, run: RunId) -> Graph {
    let mut graph = Graph::new();
    reader
        .for_each_entity(run, NAMING, &mut |e| {
            graph.insert(e.key().to_owned(), (e.entity_type().to_owned(), e.text()));
            ControlFlow::Continue(())
        })
        .unwrap();
    reader
        .for_each_edge(run, NAMING, &mut |e| {
            graph.insert(e.key(), (NAMING.edge_type(e.kind).to_owned(), e.text(NAMING)));
            ControlFlow::Continue(())
        })
        .unwrap();
    graph
}

fn note(writer: &mut Writer, reader: &Reader, run: RunId, seconds: i64, partial: &[String]) -> UploadId {
    let upload = writer.begin_upload(&target(), NAMING, run, at(seconds), partial).unwrap();
    let (mut entities, mut edges) = (Vec::new(), Vec::new());
    reader
        .for_each_entity(run, NAMING, &mut |e| {
            entities.push(SentEntity::of(&e, &e.text()));
            ControlFlow::Continue(())
        })
        .unwrap();
    reader
        .for_each_edge(run, NAMING, &mut |e| {
            edges.push(e);
            ControlFlow::Continue(())
        })
        .unwrap();
    writer.note_entities(upload, &entities).unwrap();
    writer.note_edges(upload, &edges).unwrap();
    upload
}

/// What a job does to the graph, and its figures.
fn apply(graph: &mut Graph, job: &Graph, partial: &[String]) -> BTreeMap<String, Changes> {
    let mut figures: BTreeMap<String, Changes> =
        NAMING.all_types().map(|name| (name.to_owned(), Changes::default())).collect();
    for (key, (name, text)) in job {
        let figures = figures.get_mut(name).unwrap();
        match graph.get(key) {
            None => figures.create += 1,
            Some(had) if *had == (name.clone(), text.clone()) => figures.same += 1,
            Some(_) => figures.change += 1,
        }
    }
    let mut retain = |goes: &dyn Fn(&str) -> bool| {
        graph.retain(|key, (name, text)| {
            let stays = job.contains_key(key) || (partial.contains(name) && !goes(text));
            figures.get_mut(name).unwrap().delete += u64::from(!stays);
            stays
        });
        graph.keys().cloned().collect::<BTreeSet<_>>()
    };
    let left = retain(&|_| false);
    // And no relationship is left without its ends.
    retain(&|text| needs(text).iter().any(|end| !left.contains(end)));
    graph.extend(job.clone());
    figures
}

/// The entities without which a relationship is none: both ends, or of a mapped one its source.
fn needs(text: &str) -> Vec<String> {
    let object: serde_json::Value = serde_json::from_str(text).unwrap();
    let ends = [&object["_fromEntityKey"], &object["_toEntityKey"], &object["_mapping"]["sourceEntityKey"]];
    ends.into_iter().filter_map(|end| end.as_str().map(str::to_owned)).collect()
}

fn told(reader: &Reader, run: RunId, target: Option<&Target>) -> Result<Preview, PreviewError> {
    preview(reader, Asked { run, names: &NAMING.into(), target, against: Against::Belief, digests: true })
}

fn total(preview: &Preview) -> (u64, u64, u64, u64) {
    let all = preview.total();
    (all.create, all.change, all.delete, all.same)
}

#[test]
fn without_a_finished_run_there_is_nothing_to_see() {
    let place = Place::new();
    let mut writer = place.writer();
    let reader = place.reader();
    let error = newest(&reader).unwrap_err();
    assert!(matches!(error, PreviewError::NoFinishedRun));
    assert!(error.problem().hint.unwrap().contains("tenantry collect"));
    let running = writer.begin_run(at(0), &crate::store::RunPlan::default()).unwrap();
    assert!(matches!(newest(&reader), Err(PreviewError::NoFinishedRun)));
    assert!(matches!(told(&reader, running, None), Err(PreviewError::NotFinished { run }) if run == running));
    let none = told(&reader, RunId(9), None).unwrap_err();
    assert_eq!(none.problem().code.as_deref(), Some("no_such_run"));
}

#[test]
fn baselines() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut pages =
        whole(vec![user("u1-0000000", "Ada"), user("u2-0000000", "Bob")], vec![group("g1-0000000", "Golf")]);
    pages.push(members("g1-0000000", State::Complete, &[("u1-0000000", USER), ("u9-0000000", USER)]));
    let first = run(&mut writer, 0, &pages).id;
    let reader = place.reader();
    let check = |target: Option<&Target>, baseline: Baseline, want: (u64, u64, u64, u64)| {
        let preview = told(&reader, newest(&reader).unwrap(), target).unwrap();
        assert_eq!(preview.baseline, baseline);
        assert_eq!(total(&preview), want);
        assert_eq!(preview.changes.keys().map(String::as_str).collect::<BTreeSet<_>>(), NAMING.all_types().collect());
        preview
    };
    let preview = check(None, Baseline::NoTarget, (9, 0, 0, 0));
    assert_eq!((preview.run, preview.collected_at, preview.target), (first, at(1), None));
    // Two bodies, start, finalize and status; every byte of the bodies.
    assert_eq!(preview.requests, 5);
    let bodies: usize = [("entities", false), ("relationships", true)]
        .map(|(name, edges)| {
            let objects: Vec<String> = sent(&reader, first)
                .into_iter()
                .filter(|(k, _)| k.contains("|has|") == edges)
                .map(|(_, (_, t))| t)
                .collect();
            format!("{{\"{name}\":[{}]}}", objects.join(",")).len()
        })
        .iter()
        .sum();
    assert_eq!(preview.bytes as usize, bodies);

    check(Some(&target()), Baseline::Unknown, (9, 0, 0, 0));
    let upload = note(&mut writer, &reader, first, 10, &[]);
    check(Some(&target()), Baseline::Unknown, (9, 0, 0, 0));
    writer.upload_job(upload, "job").unwrap();
    writer.upload_in_doubt(upload).unwrap();
    let doubt = Baseline::InDoubt { job_id: Some("job".into()), since: at(10) };
    check(Some(&target()), doubt, (0, 9, 0, 0));
    writer.finish_upload(upload, at(20)).unwrap();
    check(Some(&target()), Baseline::Known { uploaded_at: at(20) }, (0, 0, 0, 9));

    // The account is missing from what is read now: it stays as last known, and is no deletion.
    let mut pages = vec![
        listed(Collection::Users, State::Complete, vec![user("u1-0000000", "Ada L."), user("u9-0000000", "Nina")]),
        listed(Collection::Groups, State::Complete, vec![group("g1-0000000", "Golf")]),
        listed(Collection::Memberships, State::Complete, vec![]),
    ];
    pages.push(members("g1-0000000", State::Complete, &[("u1-0000000", USER), ("u9-0000000", USER)]));
    run(&mut writer, 30, &pages);
    // New: u9 and its edge from the account. Changed: u1, and the edge to u9, which was mapped. Gone: u2 and its edge.
    let preview = check(Some(&target()), Baseline::Known { uploaded_at: at(20) }, (2, 2, 2, 5));
    // The last one took ten seconds and left nine objects there; these are nine.
    assert_eq!(preview.expected_seconds, Some(10.0));
    assert_eq!(preview.size("12 kB"), format!("{} requests, 12 kB, about 10 s", preview.requests));
    assert_eq!(preview.gaps.len(), 1);
    assert_eq!(preview.partial_types, Vec::<String>::new());
    assert_eq!(preview.changes["active_directory_user"], Changes { create: 1, change: 1, delete: 1, same: 0 });
    assert_eq!(
        preview.changes["active_directory_user_group_has_user"],
        Changes { create: 0, change: 1, delete: 0, same: 1 }
    );
}

#[test]
fn lengths_are_those_of_the_texts() {
    let mut lengths = Lengths { naming: NAMING, bare: BTreeMap::new() };
    for kind in EdgeKind::ALL {
        for mapped in [false, true] {
            for (from, to) in
                [("", ""), ("g1", "11111111-1111-4111-8111-111111111111"), ("é龍", "u"), ("\"\\\u{1}", "x\u{7f}/")]
            {
                let edge = Edge { mapped, ..Edge::direct(kind, from.to_owned(), to.to_owned()) };
                assert_eq!(lengths.of(&edge), edge.text(NAMING).len(), "{edge:?}");
            }
        }
    }
}

#[test]
fn types_that_may_exist_unseen_are_not_deleted() {
    let place = Place::new();
    let mut writer = place.writer();
    let mut pages = whole(
        vec![user("u1-0000000", "Ada"), user("u2-0000000", "Bob")],
        vec![group("g1-0000000", "Golf"), group("g2-0000000", "Chess")],
    );
    pages.push(members("g1-0000000", State::Complete, &[("u1-0000000", USER), ("u2-0000000", USER)]));
    pages.push(members("g2-0000000", State::Complete, &[]));
    let first = run(&mut writer, 0, &pages).id;
    let reader = place.reader();
    let upload = note(&mut writer, &reader, first, 10, &[]);
    writer.finish_upload(upload, at(20)).unwrap();
    // g3 cannot be read and never was: no membership is deleted but for that of a user who is.
    let mut pages =
        whole(vec![user("u2-0000000", "Bob")], vec![group("g1-0000000", "Golf"), group("g3-0000000", "Hidden")]);
    pages.push(members("g1-0000000", State::Complete, &[]));
    pages.push(members("g3-0000000", State::Hidden, &[]));
    let second = run(&mut writer, 30, &pages).id;
    let preview = told(&reader, second, Some(&target())).unwrap();
    assert!(preview.partial_types.contains(&"active_directory_user_group_has_user".to_owned()));
    assert_eq!(preview.changes["active_directory_user_group_has_user"].delete, 1);
    assert_eq!(preview.changes["active_directory_user"].delete, 1);
    is_told_object_by_object(&reader, second, &preview);
    assert_eq!(preview.changes["active_directory_user_group"], Changes { create: 1, change: 0, delete: 1, same: 1 });
}

#[test]
fn what_deletions_come_from() {
    let place = Place::new();
    let mut writer = place.writer();
    let users: Vec<String> = (0..8).map(|n| format!("u{n}-0000000")).collect();
    let lists = |which: &[(&str, std::ops::Range<usize>)], users_there: std::ops::Range<usize>| {
        let groups = which.iter().map(|(id, _)| group(id, &format!("Group {}", &id[..2]))).collect();
        let mut pages = whole(users[users_there].iter().map(|id| user(id, id)).collect(), groups);
        for (id, range) in which {
            let of: Vec<(&str, &str)> = users[range.clone()].iter().map(|id| (id.as_str(), USER)).collect();
            pages.push(members(id, State::Complete, &of));
        }
        pages
    };
    let first = run(
        &mut writer,
        0,
        &lists(&[("g1-0000000", 0..8), ("g2-0000000", 2..8), ("g3-0000000", 0..1), ("g4-0000000", 0..4)], 0..8),
    )
    .id;
    let reader = place.reader();
    let upload = note(&mut writer, &reader, first, 10, &[]);
    writer.finish_upload(upload, at(20)).unwrap();
    // u6 and u7 go, and with them two memberships each; g2 loses all the rest, g1 one more, g4 goes as a whole.
    let second =
        run(&mut writer, 30, &lists(&[("g1-0000000", 0..5), ("g2-0000000", 0..0), ("g3-0000000", 0..1)], 0..6)).id;
    let preview = told(&reader, second, Some(&target())).unwrap();
    let member = "active_directory_user_group_has_user";
    assert_eq!(preview.changes[member].delete, 13);
    let words: Vec<String> = preview.causes.iter().map(|cause| cause.words(&preview)).collect();
    let of = "of 13 deletions of active_directory_user_group_has_user.";
    assert_eq!(
        words,
        [
            format!("2 deleted users account for 4 {of}"),
            format!("1 deleted group accounts for 4 {of}"),
            format!("the emptied group \"Group g2\" accounts for 4 {of}"),
            format!("the group \"Group g1\" accounts for 1 {of}"),
        ]
    );
    let by_group =
        preview.causes.iter().find(|c| matches!(&c.why, Why::Group { id, emptied: true, .. } if id == "g2-0000000"));
    assert_eq!(by_group.map(|c| (c.name.as_str(), c.deletions)), Some((member, 4)));
    let json = serde_json::to_value(&preview.causes[0]).unwrap();
    assert_eq!(
        json,
        serde_json::json!({ "type": member, "deletions": 4, "cause": "gone", "of": "active_directory_user", "many": 2 })
    );
}

/// A user whose id is no key: told of by name, not counted as sent, and what is there of its types stays.
#[test]
fn what_is_not_valid_is_told_and_deletes_nothing() {
    let place = Place::new();
    let mut writer = place.writer();
    let whole_of = |users: Vec<crate::store::ObjectWrite>, of: &[(&str, &str)]| {
        let mut pages = whole(users, vec![group("g1-0000000", "Golf")]);
        pages.push(members("g1-0000000", State::Complete, of));
        pages
    };
    let (u1, u2) = (("u1-0000000", USER), ("u2-0000000", USER));
    let first =
        run(&mut writer, 0, &whole_of(vec![user("u1-0000000", "Ada"), user("u2-0000000", "Bob")], &[u1, u2])).id;
    let reader = place.reader();
    let upload = note(&mut writer, &reader, first, 10, &[]);
    writer.finish_upload(upload, at(20)).unwrap();
    let second =
        run(&mut writer, 30, &whole_of(vec![user("u1-0000000", "Ada"), user("odd", "Odd")], &[u1, ("odd", USER)])).id;
    let preview = told(&reader, second, Some(&target())).unwrap();
    let lines: Vec<String> = preview.findings.iter().map(|f| format!("{}: {}", f.words(), f.named(1))).collect();
    assert_eq!(
        lines,
        [
            "1 active_directory_account_has_user: one of its ends is not sent; not sent: HAS (active_directory_account:84841066-274d-4ec0-a5c1-276be684bdd3|has|odd)",
            "1 active_directory_user: _key is shorter than ten characters; not sent: Odd (odd)",
            "1 active_directory_user_group_has_user: one of its ends is not sent; not sent: HAS (g1-0000000|has|odd)",
        ]
    );
    let member = "active_directory_user_group_has_user";
    assert_eq!(preview.partial_types, ["active_directory_account_has_user", "active_directory_user", member]);
    // Bob is gone from here, and stays there; so do his edges.
    for name in ["active_directory_account_has_user", "active_directory_user", member] {
        assert_eq!(preview.changes[name], Changes { create: 0, change: 0, delete: 0, same: 1 }, "{name}");
    }
    assert_eq!(preview.causes, []);
}

/// What happens between two previews.
#[derive(Debug, Clone)]
struct Step {
    users: Vec<(usize, usize)>,
    users_state: State,
    members: [(State, Vec<usize>); 2],
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum End {
    /// Nothing was uploaded.
    Nothing,
    Finished,
    /// The job is known to have changed nothing.
    Dropped,
    /// Never known; whether it was applied after all.
    Lost(bool),
    /// First unknown, then known.
    FoundOut(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let state = || prop_oneof![5 => Just(State::Complete), 1 => Just(State::Partial), 1 => Just(State::Forbidden)];
    let list = || (state(), prop::collection::vec(0_usize..6, 0..5));
    let end = prop_oneof![
        1 => Just(End::Nothing), 4 => Just(End::Finished), 1 => Just(End::Dropped), 1 => any::<bool>().prop_map(End::Lost),
        1 => any::<bool>().prop_map(End::FoundOut)
    ];
    (prop::collection::vec((0_usize..4, 0_usize..3), 0..5), state(), list(), list(), end)
        .prop_map(|(users, users_state, a, b, end)| Step { users, users_state, members: [a, b], end })
}

impl Step {
    fn pages(&self) -> Vec<PageWrite> {
        let users =
            self.users.iter().map(|(n, name)| user(&format!("u{n}-0000000"), ["Ada", "Bob", "Carl"][*name])).collect();
        let mut pages = vec![
            listed(Collection::Account, State::Complete, vec![account()]),
            listed(Collection::Users, self.users_state, users),
            listed(
                Collection::Groups,
                State::Complete,
                vec![group("g0-0000000", "Golf"), group("g1-0000000", "Chess")],
            ),
            listed(Collection::Memberships, State::Complete, vec![]),
            resolved(vec![], vec![device("d5-0000000", "Laptop")]),
        ];
        for (n, (state, list)) in self.members.iter().enumerate() {
            let ids: Vec<(String, &str)> = list
                .iter()
                .map(|m| match m {
                    5 => ("d5-0000000".to_owned(), DEVICE),
                    4 => ("g0-0000000".to_owned(), GROUP),
                    m => (format!("u{m}-0000000"), USER),
                })
                .collect();
            let ids: Vec<(&str, &str)> = ids.iter().map(|(id, kind)| (id.as_str(), *kind)).collect();
            pages.push(members(&format!("g{n}-0000000"), *state, &ids));
        }
        pages
    }
}

/// That no edge dangles and no key is two objects' is nothing that the checker looks at edge by edge: it is so by the way
/// they are made.
fn check_ends(job: &Graph) {
    for (key, (name, text)) in job.iter().filter(|(key, _)| key.contains("|has|")) {
        let edge: serde_json::Value = serde_json::from_str(text).unwrap();
        let ends = ["_fromEntityKey", "_toEntityKey"].map(|end| edge[end].as_str());
        let source = edge["_mapping"]["sourceEntityKey"].as_str();
        for end in ends.into_iter().flatten().chain(source) {
            assert!(job.contains_key(end) && !end.contains("|has|"), "{name} {key}");
        }
        assert!(ends[1].is_some() || source.is_some());
    }
}

/// Over any history of which every end is known, the figures are the service's own. With ends unknown, nothing is called
/// the same that is not, nothing is called new that may be there, and every deletion is foretold.
fn live_through(steps: &[Step]) {
    let place = Place::new();
    let mut writer = place.writer();
    let reader = place.reader();
    let mut graph = Graph::new();
    let mut is_recorded = false;
    // What was in doubt and then exempt from deletion may still be there, until a job without exemptions settles it.
    let (mut is_settled, mut in_doubt) = (true, false);
    for (n, step) in steps.iter().enumerate() {
        let seconds = 100 * i64::try_from(n).unwrap();
        let info = run(&mut writer, seconds, &step.pages());
        let told = super::tests::told(&reader, info.id, Some(&target())).unwrap();
        let partial: Vec<String> = told.partial_types.clone();
        let job = sent(&reader, info.id);
        assert_eq!(told.findings, []);
        check_ends(&job);
        is_told_object_by_object(&reader, info.id, &told);
        // Against a run that is kept, the figures are those of a target that holds it.
        let first = newest_of(&reader, 1 + n / 2);
        let against = preview(
            &reader,
            Asked { run: info.id, names: &NAMING.into(), target: None, against: Against::Run(first), digests: false },
        );
        let against = against.unwrap();
        let held = apply(&mut sent(&reader, first), &job, &partial);
        assert_eq!(against.changes, held, "step {n} against {first}");
        assert!(matches!(against.baseline, Baseline::Run { run, .. } if run == first));
        let mut after = graph.clone();
        let figures = apply(&mut after, &job, &partial);
        match told.baseline {
            Baseline::Known { .. } if is_settled => assert_eq!(told.changes, figures, "step {n}"),
            Baseline::Unknown => {
                assert!(!is_recorded);
                assert_eq!(total(&told), (job.len() as u64, 0, 0, 0));
            }
            Baseline::Known { .. } | Baseline::InDoubt { .. } => {
                for (name, told) in &told.changes {
                    let real = figures[name];
                    assert!(
                        told.same <= real.same && told.create <= real.create && told.delete >= real.delete,
                        "step {n} {name}: {told:?} {real:?}"
                    );
                    assert_eq!(told.same + told.create + told.change, real.same + real.create + real.change);
                }
            }
            Baseline::NoTarget | Baseline::Run { .. } | Baseline::Live { .. } => unreachable!(),
        }
        if matches!(step.end, End::Nothing) {
            continue;
        }
        let upload = note(&mut writer, &reader, info.id, seconds + 10, &partial);
        let (is_applied, end) = match step.end {
            End::Finished => (true, Some(true)),
            End::Dropped => (false, Some(false)),
            End::Lost(is_applied) => (is_applied, None),
            End::FoundOut(is_applied) => (is_applied, Some(is_applied)),
            End::Nothing => unreachable!(),
        };
        if !matches!(step.end, End::Finished | End::Dropped) {
            writer.upload_in_doubt(upload).unwrap();
        }
        match end {
            Some(true) => {
                writer.finish_upload(upload, at(seconds + 20)).unwrap();
                is_settled = partial.is_empty() || is_settled && !in_doubt;
                in_doubt = false;
            }
            Some(false) => writer.drop_upload(upload).unwrap(),
            None => in_doubt = true,
        }
        is_recorded |= end != Some(false);
        if is_applied {
            graph = after;
        }
    }
}

/// The finished run that so many are not older than.
fn newest_of(reader: &Reader, place: usize) -> RunId {
    let runs = reader.runs().unwrap();
    runs[runs.len() - place.min(runs.len())].id
}

/// All objects together are the preview's figures, each named once.
fn is_told_object_by_object(reader: &Reader, run: RunId, told: &Preview) {
    let (target, names) = (target(), NAMING.into());
    let asked = Asked { run, names: &names, target: Some(&target), against: Against::Belief, digests: false };
    let mut objects = Objects::find(reader, asked).unwrap();
    let mut figures: BTreeMap<String, Changes> =
        told.changes.iter().map(|(name, c)| (name.clone(), Changes { same: c.same, ..Changes::default() })).collect();
    let mut seen = BTreeSet::new();
    let query = PlannedQuery { limit: u64::MAX, ..PlannedQuery::default() };
    let (total, problem) = objects
        .each(reader, &query, &|| false, &mut |row| {
            let from = row.from.as_ref().map(|from| from.id.clone());
            assert!(seen.insert((row.object_type.clone(), from, row.end.id.clone())), "{row:?} twice");
            let figures = figures.entry(row.object_type).or_default();
            match row.deed {
                Deed::Create => figures.create += 1,
                Deed::Change => figures.change += 1,
                Deed::Delete => figures.delete += 1,
            }
        })
        .unwrap();
    assert_eq!((figures, problem), (told.changes.clone(), None));
    let all = told.total();
    assert_eq!(total, all.create + all.change + all.delete);
}

#[test]
fn objects_are_shown_by_windows() {
    let place = Place::new();
    let mut writer = place.writer();
    let users = |names: &[(&str, &str)]| names.iter().map(|(id, name)| user(id, name)).collect();
    let mut pages = whole(
        users(&[("u1-0000000", "Ada"), ("u2-0000000", "Bob"), ("u3-0000000", "Carl")]),
        vec![group("g1-0000000", "Golf")],
    );
    pages.push(members("g1-0000000", State::Complete, &[("u1-0000000", USER), ("u2-0000000", USER)]));
    let first = run(&mut writer, 0, &pages).id;
    let reader = place.reader();
    let upload = note(&mut writer, &reader, first, 10, &[]);
    writer.finish_upload(upload, at(20)).unwrap();
    let mut pages = whole(
        users(&[("u1-0000000", "Ada L."), ("u3-0000000", "Carl"), ("u4-0000000", "Dora")]),
        vec![group("g1-0000000", "Golf")],
    );
    pages.push(members("g1-0000000", State::Complete, &[("u1-0000000", USER), ("u4-0000000", USER)]));
    let second = run(&mut writer, 30, &pages).id;
    let (target, names) = (target(), NAMING.into());
    let asked = Asked { run: second, names: &names, target: Some(&target), against: Against::Belief, digests: false };
    let mut objects = Objects::find(&reader, asked).unwrap();
    let line = |row: &Planned| {
        let from = row.from.as_ref().map(|from| format!("{} > ", from.name)).unwrap_or_default();
        format!("{} {from}{}", row.deed.word(), row.end.name)
    };
    let mut check = |filter: &str, of: Option<&str>, offset: u64, want: &[&str], total: u64| {
        let (filter, of) = (filter.to_owned(), of.map(str::to_owned));
        let query =
            PlannedQuery { filter: filter.clone(), of: of.clone(), offset, limit: 3, ..PlannedQuery::default() };
        let rows = objects.window(&reader, query, &|| false).unwrap();
        let got: Vec<String> = rows.rows.iter().map(line).collect();
        assert_eq!((got, rows.total), (want.iter().map(|w| (*w).to_owned()).collect(), total), "{filter} {of:?}");
        rows
    };
    let user = Some("active_directory_user");
    let rows = check("", user, 0, &["change Ada L.", "delete Bob", "create Dora"], 3);
    let fields: Vec<&str> = rows.rows[0].fields.as_ref().unwrap().iter().map(|f| f.field.as_str()).collect();
    assert!(fields.contains(&"displayName") && !fields.contains(&"_key"), "{fields:?}");
    check("", user, 2, &["create Dora"], 3);
    check("", Some("azure_user"), 0, &[], 0);
    check("bob", None, 0, &["delete Bob", "delete Contoso > Bob", "delete Golf > Bob"], 3);
    check("will:delete from:golf", None, 0, &["delete Golf > Bob"], 1);
    check("will:delete to:^bob$ !from:any", None, 0, &[], 0);
    check("will:delete !from:any", None, 0, &["delete Bob"], 1);
    check("will:create type:user", None, 0, &["create Dora"], 1);
    check("type:active_directory_account_has_user will:create", None, 0, &["create Contoso > Dora"], 1);
    check("type:relationship dora", None, 1, &["create Golf > Dora"], 2);
    check("edge:has_user dora", None, 1, &["create Golf > Dora"], 2);
    check("key:^g1-0000000|has|", None, 0, &["delete Golf > Bob", "create Golf > Dora"], 2);
    check("cause:gone", None, 0, &["delete Bob"], 1);
    check("cause:user", None, 0, &["delete Contoso > Bob", "delete Golf > Bob"], 2);
    check("cause:left", None, 0, &[], 0);
    check("field:displayname", None, 0, &["change Ada L."], 1);
    check("field:email", None, 0, &[], 0);
    check("field:unknown", None, 0, &[], 0);
    check("~dra", None, 0, &["create Dora", "create Contoso > Dora", "create Golf > Dora"], 3);
    let rows = check("wil:delete", None, 0, &[], 0);
    assert!(rows.filter_problem.unwrap().contains("is will: meant?"));
    let mut sorted = |by: &[(Column, bool)], want: &[&str]| {
        let sort = by.iter().map(|(column, descending)| Sort { column: *column, descending: *descending }).collect();
        let query = PlannedQuery { sort, limit: 3, ..PlannedQuery::default() };
        let rows = objects.window(&reader, query, &|| false).unwrap();
        let got: Vec<String> = rows.rows.iter().map(line).collect();
        assert_eq!(got, want, "{by:?}");
    };
    sorted(&[(Column::Name, false)], &["change Ada L.", "delete Bob", "delete Contoso > Bob"]);
    sorted(&[(Column::Name, true)], &["create Dora", "create Contoso > Dora", "create Golf > Dora"]);
    sorted(&[(Column::Will, true), (Column::Key, false)], &["delete Contoso > Bob", "delete Golf > Bob", "delete Bob"]);
    // What begins nowhere comes last, whichever way.
    sorted(&[(Column::From, false)], &["delete Contoso > Bob", "create Contoso > Dora", "delete Golf > Bob"]);
    sorted(&[(Column::From, true)], &["delete Golf > Bob", "create Golf > Dora", "delete Contoso > Bob"]);
    sorted(
        &[(Column::Type, false), (Column::Name, true)],
        &["create Contoso > Dora", "delete Contoso > Bob", "create Dora"],
    );
    let query = PlannedQuery { filter: "will:delete".to_owned(), ..PlannedQuery::default() };
    let facets = objects.facets(&reader, &query, &|| false).unwrap();
    let facets: Vec<String> = facets.iter().map(|facet| format!("{} {}", facet.filter, facet.count)).collect();
    assert_eq!(
        facets,
        [
            "will:delete 3",
            "type:active_directory_user 1",
            "type:active_directory_account_has_user 1",
            "type:active_directory_user_group_has_user 1",
            "cause:gone 1",
            "cause:user 2",
        ]
    );
    let query = PlannedQuery { limit: 1, ..query };
    assert!(objects.each(&reader, &query, &|| true, &mut |_| {}).is_err(), "nobody waits any more");
    // Another run's numbers are its own; one that is not kept is known by nobody.
    let against = Asked { against: Against::Run(first), target: None, ..asked };
    let totals = Objects::find(&reader, against).unwrap();
    assert_eq!(totals.totals(), objects.totals());
}

/// A naming whose memberships describe their far ends: what they say differently is told of each.
#[test]
fn changed_memberships_say_what_they_tell_of_their_far_ends() {
    let place = Place::new();
    let mut writer = place.writer();
    let pages = |title: &str, name: &str| {
        let json = json!({ "displayName": "Ada", "jobTitle": title, "mail": "ada@contoso.com" });
        let mut pages = whole(
            vec![object(EntityKind::User, "u1-0000000", "", json), user("u2-0000000", name)],
            vec![group("g1-0000000", "Golf")],
        );
        pages.push(members("g1-0000000", State::Complete, &[("u1-0000000", USER), ("u2-0000000", USER)]));
        pages
    };
    let first = run(&mut writer, 0, &pages("Analyst", "Bob")).id;
    let second = run(&mut writer, 10, &pages("Chief", "Bob")).id;
    let reader = place.reader();
    let instance = InstanceName { id: "i".to_owned(), name: "Ours".to_owned() };
    let names = Names::of_instance(Naming::GraphMicrosoft365, instance);
    let against = Against::Run(first);
    let asked = Asked { run: second, names: &names, target: None, against, digests: false };
    let mut objects = Objects::find(&reader, asked).unwrap();
    let mut told = |filter: &str| {
        let query = PlannedQuery { filter: filter.to_owned(), limit: 9, ..PlannedQuery::default() };
        let rows = objects.window(&reader, query, &|| false).unwrap().rows;
        rows.iter().map(|row| format!("{}: {}", row.title(), row.what().join("; "))).collect::<Vec<_>>()
    };
    assert_eq!(told("type:relationship"), ["Golf → Ada: jobTitle: Analyst → Chief"]);
    assert_eq!(told("field:jobtitle"), ["Ada: jobTitle: Analyst → Chief", "Golf → Ada: jobTitle: Analyst → Chief"]);
    assert!(told("field:email").is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn figures_are_true(steps in prop::collection::vec(step(), 1..8)) {
        live_through(&steps);
    }
}
