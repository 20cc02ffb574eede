//! What a copy of a run in memory is made of.

use std::collections::BTreeMap;

use super::*;
use crate::domain::{
    traits::{Trait, Traits},
    view::{List, Query},
};

/// Objects in order, memberships, and groups that are not complete.
type All = (Vec<String>, Vec<(i64, i64)>, Vec<(i64, State)>);

/// Everything that a snapshot tells of a run, a line each.
fn all(reader: &Reader, run: RunId) -> All {
    let (mut order, mut briefs, mut edges) = (Vec::new(), BTreeMap::new(), Vec::new());
    let states = reader
        .at(run, |shot| {
            shot.each_in_order(&mut |num| order.push(num))?;
            shot.each_brief(&mut |b| {
                let traits: Vec<Trait> = b.traits.iter().collect();
                let line = format!(
                    "{:?}{} {} {} {} {} {traits:?} {} {}",
                    b.kind,
                    if b.entity { "" } else { "?" },
                    b.id,
                    b.name,
                    b.second,
                    b.label,
                    b.created.unwrap_or_default(),
                    [b.mail, b.department, b.title, b.company, b.country].join("|"),
                );
                assert_eq!(briefs.insert(b.num, line), None);
                assert_eq!(shot.num_of(b.id).unwrap(), Some(b.num));
            })?;
            shot.each_membership(&mut |grp, member| edges.push((grp, member)))?;
            shot.group_states()
        })
        .unwrap();
    assert_eq!(order.len(), briefs.len());
    (order.iter().map(|num| briefs.remove(num).unwrap()).collect(), edges, states)
}

fn pages() -> Vec<PageWrite> {
    let guest = object(
        EntityKind::User,
        "u1",
        "",
        json!({ "displayName": "zoë", "userPrincipalName": "zoe#EXT#@x", "mail": "zoe@y", "userType": "Guest",
                "createdDateTime": "2020-05-29T17:51:22Z", "department": "R&D", "jobTitle": "Analyst",
                "companyName": "Contoso", "usageLocation": "GB" }),
    );
    let mut pages = whole(vec![guest, user("u2", "Ada")], vec![group("g2", "Chess"), group("g1", "Golf")]);
    pages.push(members("g1", State::Complete, &[("u9", USER), ("u2", USER), ("g2", GROUP), ("d1", DEVICE)]));
    pages.push(members("g2", State::Hidden, &[]));
    pages.push(resolved(vec![], vec![device("d1", "Laptop")]));
    pages
}

const ZOE: &str = "User u1 zoë zoe#EXT#@x guest [Guest] 1590774682000 zoe@y|R&D|Analyst|Contoso|GB";

#[test]
fn a_whole_run_in_the_order_of_lists() {
    let place = Place::new();
    let mut writer = place.writer();
    let reader = place.reader();
    let first = writer.begin_run(at(0), &RunPlan::default()).unwrap();
    for page in pages() {
        writer.commit(first, &page).unwrap();
    }
    let objects = [
        "Account 84841066-274d-4ec0-a5c1-276be684bdd3 Contoso  organization [] 0 ||||",
        "User u2 Ada u2@contoso.com member [MemberUser, NoMail] 0 ||||",
        ZOE,
        "Group g2 Chess  security [NoMail, Security] 0 ||||",
        "Group g1 Golf  security [NoMail, Security] 0 ||||",
        "Member d1 Laptop d-d1 device [Device] 0 ||||",
    ];
    let num = |id: &str| reader.at(first, |shot| shot.num_of(id)).unwrap().unwrap();
    let mut named = vec!["u9", "u2", "g2", "d1"].into_iter().map(|id| (num("g1"), num(id))).collect::<Vec<_>>();
    named.sort_unstable();
    let told = vec![(num("g2"), State::Hidden)];
    // While it goes on there are no indexes yet, and a member that nobody has read is no object.
    assert_eq!(all(&reader, first), (objects.map(str::to_owned).to_vec(), named.clone(), told.clone()));
    writer.finish_run(first, &end(RunStatus::Complete, 1)).unwrap();
    let mut finished = objects.map(str::to_owned).to_vec();
    finished.insert(2, "User? u9 u9   [] 0 ||||".to_owned());
    assert_eq!(all(&reader, first), (finished.clone(), named.clone(), told));

    // Another run goes on: of the first, nothing changes.
    let second = writer.begin_run(at(10), &RunPlan::default()).unwrap();
    writer.commit(second, &listed(Collection::Users, State::Complete, vec![user("u2", "Zuse")])).unwrap();
    writer.commit(second, &members("g1", State::Complete, &[("u2", USER)])).unwrap();
    assert_eq!(all(&reader, first).0, finished);
    let (briefs, edges, states) = all(&reader, second);
    assert_eq!(briefs[1..4].iter().map(|line| &line[..8]).collect::<Vec<_>>(), ["User? u9", "User u1 ", "User u2 "]);
    assert!(briefs[3].starts_with("User u2 Zuse"));
    assert_eq!(edges, named);
    assert_eq!(states, [(num("g2"), State::Partial)]);
}

#[test]
fn objects_by_their_numbers() {
    let place = Place::new();
    let mut writer = place.writer();
    let first = run(&mut writer, 0, &pages()).id;
    let second = run(&mut writer, 10, &whole(vec![user("u2", "Zuse")], vec![group("g1", "Golf")])).id;
    let reader = place.reader();
    let check = |run: RunId, ids: &[&str], want: &[Option<&str>]| {
        let raw = reader.at(run, |shot| {
            let nums: Vec<i64> =
                ids.iter().map(|id| shot.num_of(id).map(|num| num.unwrap_or(-1))).collect::<Result<_, _>>()?;
            shot.raw_of(&nums)
        });
        let names: Vec<Option<String>> = raw
            .unwrap()
            .iter()
            .map(|raw| raw.as_ref().map(|raw| raw["displayName"].as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(names.iter().map(Option::as_deref).collect::<Vec<_>>(), want, "{run}");
    };
    check(first, &["u2", "nobody", "u1"], &[Some("Ada"), None, Some("zoë")]);
    check(second, &["u1", "u2"], &[None, Some("Zuse")]);
    assert!(matches!(reader.at(RunId(9), |shot| shot.group_states()), Err(StoreError::NoSuchRun { run: RunId(9) })));
}

#[test]
fn traits_agree_with_labels() {
    let place = Place::new();
    let info = run(&mut place.writer(), 0, &pages());
    let reader = place.reader();
    let users = reader.rows(info.id, NAMING, &Query::of(List::Users)).unwrap().rows;
    let mut guests = Vec::new();
    let is_guest = |traits: Traits| traits.has(Trait::Guest);
    reader
        .at(info.id, |shot| {
            shot.each_brief(&mut |b| {
                if is_guest(b.traits) {
                    guests.push(b.id.to_owned());
                }
            })
        })
        .unwrap();
    let labelled: Vec<String> = users.into_iter().filter(|row| row.label == "guest").map(|row| row.id).collect();
    assert_eq!(guests, labelled);
    assert_eq!(guests, ["u1"]);
}

#[test]
fn what_is_read_stops_in_the_middle() {
    use std::sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    };
    let place = Place::new();
    let people: Vec<String> = (0..20_000).map(|n| format!("p{n}")).collect();
    let far: Vec<(&str, &str)> = people.iter().map(|id| (id.as_str(), USER)).collect();
    let mut pages = whole(vec![], vec![group("g1", "all")]);
    pages.push(members("g1", State::Complete, &far));
    let info = run(&mut place.writer(), 0, &pages);
    let mut reader = place.reader();
    let is_over = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&is_over);
    reader.stop_when(move || asked.load(Relaxed)).unwrap();
    let read = |stop_at: usize| {
        let mut seen = 0;
        let end = reader.at(info.id, |shot| {
            shot.each_membership(&mut |_, _| {
                seen += 1;
                is_over.store(seen >= stop_at, Relaxed);
            })
        });
        (seen, end)
    };
    let (seen, end) = read(100);
    assert!(matches!(end, Err(StoreError::Stopped { .. })), "{end:?}");
    assert!((100..5_000).contains(&seen), "{seen}");
    let sorting = reader.rows(info.id, NAMING, &Query::of(List::Edges)).unwrap_err();
    assert_eq!(sorting.code(), "cancelled");
    // Nothing of it is left, once it may go on.
    is_over.store(false, Relaxed);
    assert!(matches!(read(usize::MAX), (20_000, Ok(()))));
}
