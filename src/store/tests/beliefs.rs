//! What targets are believed to hold.

use super::*;
use crate::domain::{
    edge::Edge,
    entity::Entity,
    kind::EdgeKind,
    origin::Origin,
    preview::Baseline,
    target::{Destination, Target},
};

fn target(name: &str) -> Target {
    Target {
        origin: Origin::parse("https://api.us.jupiterone.io").unwrap(),
        account: "acme".to_owned(),
        destination: Destination::Scope(name.to_owned()),
    }
}

/// All that a run would send.
fn sent(reader: &Reader, run: RunId) -> (Vec<SentEntity>, Vec<Edge>) {
    let (mut entities, mut edges) = (Vec::new(), Vec::new());
    let mut note = |e: Entity| {
        entities.push(SentEntity::of(&e, &e.text()));
        ControlFlow::Continue(())
    };
    reader.for_each_entity(run, NAMING, &mut note).unwrap();
    let mut note = |e: Edge| {
        edges.push(e);
        ControlFlow::Continue(())
    };
    reader.for_each_edge(run, NAMING, &mut note).unwrap();
    (entities, edges)
}

fn begin(writer: &mut Writer, reader: &Reader, run: RunId, seconds: i64, partial: &[&str]) -> UploadId {
    let partial: Vec<String> = partial.iter().map(|t| (*t).to_owned()).collect();
    let upload = writer.begin_upload(&target("a"), NAMING, run, at(seconds), &partial).unwrap();
    writer.upload_job(upload, &format!("job-{seconds}")).unwrap();
    let (entities, edges) = sent(reader, run);
    // A batch that is sent twice is noted twice.
    for _ in 0..2 {
        writer.note_entities(upload, &entities).unwrap();
        writer.note_edges(upload, &edges).unwrap();
    }
    upload
}

/// `key: ours? believed…`, where `=` is an equal state, `~` another, `-` an unknown one, and `!` stands for certain.
fn compared(reader: &Reader, run: RunId, name: &str) -> Vec<String> {
    let (mut entities, mut edges) = (Vec::new(), Vec::new());
    let mark = |certain: bool, states: Vec<char>| {
        format!("{}{}", states.into_iter().collect::<String>(), if certain { "!" } else { "" })
    };
    reader
        .compare(
            run,
            NAMING,
            Some(&target(name)),
            &mut |c| {
                let print = c.ours.as_ref().map(Entity::fingerprint);
                let states = c.believed.states.iter().map(|(_, s)| {
                    if s.is_none() {
                        '-'
                    } else if *s == print {
                        '='
                    } else {
                        '~'
                    }
                });
                let key = c.ours.as_ref().map_or("(gone)".to_owned(), |e| e.name().to_owned());
                entities.push(format!("{key}: {}", mark(c.believed.certain, states.collect())));
            },
            &mut |c| {
                let mapped = c.ours.as_ref().map(Edge::state);
                let states = c.believed.states.iter().map(|(_, s)| {
                    if s.is_none() {
                        '-'
                    } else if *s == mapped {
                        '='
                    } else {
                        '~'
                    }
                });
                let key =
                    c.ours.as_ref().filter(|e| e.kind != EdgeKind::AccountUser).map(|e| format!("{}>{}", e.from, e.to));
                if c.ours.as_ref().is_none_or(|e| e.from != ACCOUNT_KEY) {
                    edges.push(format!(
                        "{}: {}",
                        key.unwrap_or("(gone)".into()),
                        mark(c.believed.certain, states.collect())
                    ));
                }
            },
        )
        .unwrap();
    entities.extend(edges);
    entities
}

/// Run 1 holds u1 and u2 in g1, run 2 has another u2, no u1 and a new u3.
fn place() -> (Place, Writer, Reader) {
    let place = Place::new();
    let mut writer = place.writer();
    let mut pages = whole(vec![user("u1", "Ada"), user("u2", "Bob")], vec![group("g1", "Golf")]);
    pages.push(members("g1", State::Complete, &[("u1", USER), ("u2", USER)]));
    run(&mut writer, 0, &pages);
    let mut pages = whole(vec![user("u2", "Bill"), user("u3", "Carl")], vec![group("g1", "Golf")]);
    pages.push(members("g1", State::Complete, &[("u2", USER), ("u3", USER)]));
    run(&mut writer, 10, &pages);
    let reader = place.reader();
    (place, writer, reader)
}

const NOTHING: [&str; 6] = ["Contoso: ", "Bill: ", "Golf: ", "Carl: ", "g1>u2: ", "g1>u3: "];

#[test]
fn what_a_target_is_believed_to_hold() {
    let (_place, mut writer, reader) = place();
    let baseline = |reader: &Reader| reader.belief(&target("a")).unwrap().map(|b| b.baseline());
    assert_eq!(baseline(&reader), None);
    assert_eq!(compared(&reader, RunId(2), "a"), NOTHING);

    // An upload that never came as far as finalising changed nothing.
    let first = begin(&mut writer, &reader, RunId(1), 100, &[]);
    assert_eq!(baseline(&reader), None);
    writer.drop_upload(first).unwrap();
    assert!(matches!(writer.upload_job(first, "x"), Err(StoreError::NoSuchUpload { .. })));
    begin(&mut writer, &reader, RunId(1), 110, &[]);
    let third = begin(&mut writer, &reader, RunId(1), 120, &[]);
    assert_eq!(compared(&reader, RunId(2), "a"), NOTHING);
    writer.upload_in_doubt(third).unwrap();
    assert_eq!(baseline(&reader), Some(Baseline::InDoubt { job_id: Some("job-120".into()), since: at(120) }));
    // A first upload in doubt leaves nothing certain.
    assert_eq!(compared(&reader, RunId(1), "a"), ["Contoso: =", "Ada: =", "Bob: =", "Golf: =", "g1>u1: =", "g1>u2: ="]);
    writer.finish_upload(third, at(125)).unwrap();
    assert_eq!(baseline(&reader), Some(Baseline::Known { uploaded_at: at(125) }));
    assert_eq!(
        compared(&reader, RunId(1), "a"),
        ["Contoso: =!", "Ada: =!", "Bob: =!", "Golf: =!", "g1>u1: =!", "g1>u2: =!"]
    );
    assert_eq!(
        compared(&reader, RunId(2), "a"),
        [
            "Contoso: =!",
            "(gone): ~!",
            "Bill: ~!",
            "Golf: =!",
            "Carl: ",
            "(gone): ~!",
            "(gone): ~!",
            "g1>u2: =!",
            "g1>u3: "
        ]
    );
    // Another target knows nothing of it.
    assert_eq!(compared(&reader, RunId(2), "b"), NOTHING);

    // In doubt, both may be there.
    let fourth = begin(&mut writer, &reader, RunId(2), 130, &["active_directory_user"]);
    writer.upload_in_doubt(fourth).unwrap();
    let both = [
        "Contoso: ==!",
        "(gone): ~",
        "Bill: ~=!",
        "Golf: ==!",
        "Carl: =",
        "(gone): ~",
        "(gone): ~",
        "g1>u2: ==!",
        "g1>u3: =",
    ];
    assert_eq!(compared(&reader, RunId(2), "a"), both);
    // Another attempt that is dropped leaves it so.
    let fifth = begin(&mut writer, &reader, RunId(1), 140, &[]);
    assert_eq!(compared(&reader, RunId(2), "a"), both);
    writer.drop_upload(fifth).unwrap();
    assert_eq!(compared(&reader, RunId(2), "a"), both);
    // One that ends well settles it: what was exempt from deletion may still be there.
    // It counts whether that was known when it began, or found out while it was sent.
    let sixth = begin(&mut writer, &reader, RunId(2), 150, &[]);
    writer.exempt(sixth, &["active_directory_user".to_owned()]).unwrap();
    writer.upload_in_doubt(sixth).unwrap();
    writer.finish_upload(sixth, at(155)).unwrap();
    assert_eq!(baseline(&reader), Some(Baseline::Known { uploaded_at: at(155) }));
    assert_eq!(
        compared(&reader, RunId(2), "a"),
        ["Contoso: =!", "(gone): -!", "Bill: =!", "Golf: =!", "Carl: =!", "g1>u2: =!", "g1>u3: =!"]
    );
    assert!(matches!(writer.finish_upload(fourth, at(156)), Err(StoreError::NoSuchUpload { .. })));
    let info = reader.belief(&target("a")).unwrap().unwrap();
    assert_eq!(info.finished.map(|f| (f.run, f.at)), Some((RunId(2), at(155))));
    // Without exemptions it goes.
    let seventh = begin(&mut writer, &reader, RunId(2), 160, &[]);
    writer.finish_upload(seventh, at(165)).unwrap();
    assert_eq!(compared(&reader, RunId(2), "a").len(), 6);
    // The run that a target holds is never forgotten.
    writer.prune(1).unwrap();
    let eighth = begin(&mut writer, &reader, RunId(2), 170, &[]);
    assert_eq!(compared(&reader, RunId(2), "a").len(), 6);
    writer.drop_upload(eighth).unwrap();
}

#[test]
fn only_finished_runs_are_uploaded() {
    let (_place, mut writer, _reader) = place();
    let running = writer.begin_run(at(50), &RunPlan::default()).unwrap();
    let refused = |writer: &mut Writer, run: RunId| {
        assert!(matches!(
            writer.begin_upload(&target("a"), NAMING, run, at(60), &[]),
            Err(StoreError::NoSuchRun { .. })
        ));
    };
    refused(&mut writer, running);
    refused(&mut writer, RunId(77));
}

#[test]
fn the_end_of_an_older_upload_does_not_settle_a_newer_one() {
    let (_place, mut writer, reader) = place();
    let first = begin(&mut writer, &reader, RunId(1), 100, &[]);
    writer.upload_in_doubt(first).unwrap();
    let second = begin(&mut writer, &reader, RunId(2), 110, &[]);
    writer.upload_in_doubt(second).unwrap();
    writer.finish_upload(first, at(120)).unwrap();
    let info = reader.belief(&target("a")).unwrap().unwrap();
    assert_eq!(info.finished.as_ref().map(|f| f.upload), Some(first));
    assert_eq!(info.doubts.iter().map(|d| d.upload).collect::<Vec<_>>(), [second]);
    assert_eq!(
        compared(&reader, RunId(2), "a"),
        [
            "Contoso: ==!",
            "(gone): ~",
            "Bill: ~=!",
            "Golf: ==!",
            "Carl: =",
            "(gone): ~",
            "(gone): ~",
            "g1>u2: ==!",
            "g1>u3: ="
        ]
    );
}

/// What is exempt from deletion stays believed, but for relationships whose end went.
#[test]
fn no_relationship_is_left_without_its_ends() {
    const MEMBER: &str = "active_directory_user_group_has_user";
    let check = |exempt: &[&str], want: usize| {
        let (_place, mut writer, reader) = place();
        let first = begin(&mut writer, &reader, RunId(1), 100, &[]);
        writer.finish_upload(first, at(101)).unwrap();
        let second = begin(&mut writer, &reader, RunId(2), 110, exempt);
        writer.finish_upload(second, at(111)).unwrap();
        let left = compared(&reader, RunId(2), "a").into_iter().filter(|line| line.starts_with("(gone)")).count();
        assert_eq!(left, want, "{exempt:?}");
    };
    check(&[], 0);
    // u1 went, and her membership with her.
    check(&[MEMBER], 0);
    check(&["active_directory_user"], 1);
    check(&["active_directory_user", MEMBER], 2);
}
