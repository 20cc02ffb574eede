//! Objects and what ties them: faces, all members and groups, why, what an edge is worth; and the tenant at a glance.

use std::sync::Arc;

use tenantry::{
    app::{
        Effect, Model, Msg, Place,
        browse::{Face, Reasons, Shape, Shows},
        command,
        dashboard::Spot,
        key::Key,
        views::Mode,
    },
    domain::{completeness::RunStatus, problem::Problem, view::Within},
};

use super::fake::{Fake, Ui, profile, quiet, run, screen, ui};

/// A UI with a profile and two runs, on the dashboard.
pub async fn with_run(engine: &Arc<Fake>, size: (u16, u16)) -> Ui {
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = vec![run(14, RunStatus::Partial), run(13, RunStatus::Complete)];
    }
    let mut ui = ui(engine, Mode::Real, size);
    assert!(ui.until(quiet).await.unwrap());
    ui
}

async fn press(ui: &mut Ui, keys: &str) {
    for key in keys.split(' ') {
        ui.press(key).unwrap();
        assert!(ui.until(quiet).await.unwrap());
    }
}

fn copied(model: &Model, key: &str) -> Option<String> {
    let effects = tenantry::app::update(&mut model.clone(), Msg::Key(Key::parse(key).unwrap()));
    effects.into_iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    })
}

fn reasons(ui: &Ui) -> &Reasons {
    match &ui.model().browse.view().shows {
        Shows::Why(reasons) => reasons,
        shows => panic!("{shows:?}"),
    }
}

/// States that are worth a look.
pub async fn walk() -> Vec<(&'static str, Model)> {
    let size = (120, 36);
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, size).await;
    let mut all = vec![("dashboard_5_glance", ui.model().clone())];
    press(&mut ui, "tab tab").await;
    all.push(("dashboard_6_facet", ui.model().clone()));
    press(&mut ui, "end").await;
    all.push(("dashboard_7_largest", ui.model().clone()));
    press(&mut ui, "3 down enter").await;
    all.push(("object_1_properties", ui.model().clone()));
    press(&mut ui, "tab").await;
    all.push(("object_2_graph", ui.model().clone()));
    press(&mut ui, "tab").await;
    all.push(("object_3_upload", ui.model().clone()));
    press(&mut ui, "tab").await;
    all.push(("object_4_history", ui.model().clone()));
    press(&mut ui, "w f").await;
    all.push(("why_1_which_group", ui.model().clone()));
    press(&mut ui, "enter down").await;
    all.push(("why_2_tree", ui.model().clone()));
    press(&mut ui, "x").await;
    all.push(("why_3_lost", ui.model().clone()));
    press(&mut ui, "x n n").await;
    all.push(("why_4_way", ui.model().clone()));
    // From a group: its members, also nested ones, each with a way.
    press(&mut ui, "esc esc tab down right t down").await;
    all.push(("members_1_all", ui.model().clone()));
    press(&mut ui, "home down down down down down w").await;
    all.push(("why_5_not_in_it", ui.model().clone()));
    press(&mut ui, "esc down down w").await;
    all.push(("why_6_not_known", ui.model().clone()));
    press(&mut ui, "esc down w end").await;
    all.push(("why_7_millions", ui.model().clone()));
    press(&mut ui, "p home pagedown").await;
    all.push(("why_8_one_of_millions", ui.model().clone()));
    all
}

#[tokio::test(start_paused = true)]
async fn an_object_has_four_faces() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, (120, 60)).await;
    press(&mut ui, "3 down enter").await;
    let shown = screen(&ui);
    for words in ["Job title", "Countess␛[5m", "Business phones  +44 20 1, +44 20 2", "Synced", "yes", "Nothing for:"]
    {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    assert!(copied(ui.model(), "y").unwrap().contains("Department: Research\n"));
    assert_eq!(copied(ui.model(), "Y").unwrap(), "o-1");
    press(&mut ui, "tab").await;
    assert!(screen(&ui).contains(r#""jobTitle": "Countess\u001b[5m""#), "{}", screen(&ui));
    assert!(copied(ui.model(), "y").unwrap().starts_with("{\n"));
    press(&mut ui, "tab").await;
    let shown = screen(&ui);
    for words in [
        "email *",
        "What Graph has is no valid mail address: null is sent",
        "createdOn is left out: createdDateTime is not a time.",
        "Relationships that lead to it  3",
        "_key  active_directory_account:84841066-274d-4ec0-a5c1-276be684bdd3|has|o-1",
        "_key  g-1|has|o-1",
        "active_directory_user_group_has_user",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    let sent: serde_json::Value = serde_json::from_str(&copied(ui.model(), "y").unwrap()).unwrap();
    assert_eq!((&sent["entity"]["_key"], &sent["relationships"][1]["_key"]), (&"o-1".into(), &"g-0|has|o-1".into()));
    assert_eq!(sent["relationships"].as_array().unwrap().len(), 3);
    press(&mut ui, "tab").await;
    let shown = screen(&ui);
    for words in
        ["changed  run 14", "Job title: Analyst → Countess␛[5m", "Enabled: no → yes", "+1,204  −7,988", "came  run 1"]
    {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    press(&mut ui, "backtab backtab backtab").await;
    assert_eq!(ui.model().browse.open().unwrap().face, Face::Properties);
}

#[tokio::test(start_paused = true)]
async fn members_are_the_direct_ones_or_all() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, (120, 36)).await;
    press(&mut ui, "3 tab down right").await;
    let last = |engine: &Arc<Fake>| engine.script.lock().unwrap().queries.last().unwrap().within.clone();
    assert_eq!(last(&engine), Within::MembersOf("g-1".to_owned()));
    press(&mut ui, "t").await;
    assert_eq!(last(&engine), Within::AllMembersOf("g-1".to_owned()));
    assert!(command::offers(ui.model()).iter().any(|offer| offer.command.label == "direct only"));
    press(&mut ui, "t left t").await;
    assert_eq!(last(&engine), Within::AllGroupsOf("o-0".to_owned()));
    // The way back is the way that was gone.
    press(&mut ui, "backspace backspace").await;
    assert!(matches!(&ui.model().browse.view().shows, Shows::MembersOf(group) if group == "g-1"));
}

#[tokio::test(start_paused = true)]
async fn why_asks_for_the_end_that_it_lacks() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, (120, 36)).await;
    // From a user: a group is chosen; what is typed is looked for with gaps.
    press(&mut ui, "3 down w").await;
    press(&mut ui, "q b").await;
    assert_eq!(engine.script.lock().unwrap().queries.last().unwrap().filter, "~qb");
    press(&mut ui, "down enter").await;
    let ends = &reasons(&ui).ends;
    assert_eq!((ends.group.id.as_str(), ends.member.id.as_str()), ("g-1", "o-1"));
    press(&mut ui, "esc").await;
    assert_eq!((ui.model().browse.trail.len(), ui.model().place), (0, Place::Browse));
    // From a group: somebody in it; another list is a key away.
    press(&mut ui, "tab w tab").await;
    assert_eq!(engine.script.lock().unwrap().queries.last().unwrap().within, Within::All);
    press(&mut ui, "esc").await;
    assert_eq!((ui.model().browse.trail.len(), ui.model().browse.filtering), (0, false));
    // Among a group's members both ends are known; also once the member was opened.
    press(&mut ui, "right down enter w").await;
    let ends = &reasons(&ui).ends;
    assert_eq!((ends.group.name.as_str(), ends.member.id.as_str()), ("Ada Lovelace", "o-1"));
    // And among an object's groups.
    press(&mut ui, "esc left down w").await;
    let ends = &reasons(&ui).ends;
    assert_eq!((ends.group.id.as_str(), ends.member.id.as_str()), ("g-1", "o-1"));
}

#[tokio::test(start_paused = true)]
async fn an_edge_is_worth_what_its_removal_changes() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, (120, 36)).await;
    press(&mut ui, "3 w enter").await;
    let shown = screen(&ui);
    assert!(shown.contains("all 4,532 effective members stay") || shown.contains("4,532 → 4,530"), "{shown}");
    press(&mut ui, "home").await;
    assert!(screen(&ui).contains("Select an edge"), "{}", screen(&ui));
    press(&mut ui, "down x").await;
    assert!(reasons(&ui).lost.is_some());
    assert!(screen(&ui).contains("they would be in it no more"), "{}", screen(&ui));
    // Back closes the page first, then the ways.
    press(&mut ui, "esc").await;
    assert!(reasons(&ui).lost.is_none());
    let text = copied(ui.model(), "y").unwrap();
    assert!(text.contains("There are 2 shortest ways, and longer ones.") && text.contains("├ Budget Owners"), "{text}");
    press(&mut ui, "n").await;
    assert_eq!(reasons(&ui).shape, Shape::Way(0));
    let text = copied(ui.model(), "y").unwrap();
    assert!(text.contains("└ Budget Owners") && !text.contains("Controllers"), "{text}");
    press(&mut ui, "tab").await;
    assert_eq!(reasons(&ui).shape, Shape::Tree);
    // The selected step is an object like any other.
    press(&mut ui, "enter").await;
    assert_eq!(ui.model().browse.open().unwrap().id, "g-11");
}

#[tokio::test(start_paused = true)]
async fn millions_of_ways_are_counted_and_a_hundred_listed() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, (120, 36)).await;
    press(&mut ui, "3 down down down down down down down down w enter").await;
    assert!(screen(&ui).contains("33,554,432 shortest ways"), "{}", screen(&ui));
    press(&mut ui, "p").await;
    assert_eq!(reasons(&ui).shape, Shape::Way(99));
    let shown = screen(&ui);
    assert!(shown.contains("100 of 33,554,432 (the first 100 can be stepped through)"), "{shown}");
    press(&mut ui, "n").await;
    assert_eq!(reasons(&ui).shape, Shape::Way(0));
    assert_eq!(reasons(&ui).lines().len(), 51);
}

#[tokio::test(start_paused = true)]
async fn who_is_not_in_it_is_told_so_with_what_is_unknown() {
    let check = async |downs: usize, want: &str| {
        let engine = Arc::new(Fake::default());
        let mut ui = with_run(&engine, (80, 24)).await;
        let keys = format!("3 {}w enter", "down ".repeat(downs));
        press(&mut ui, &keys).await;
        let shown = screen(&ui).replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(shown.contains(want), "{want}\n{shown}");
        assert!(reasons(&ui).edge().is_none());
    };
    check(5, "neither directly nor through others").await;
    check(7, "Secret Project X").await;
}

#[tokio::test(start_paused = true)]
async fn every_line_of_the_dashboard_opens_its_list() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, (120, 36)).await;
    assert_eq!(ui.model().dashboard.picked, None);
    let check = async |ui: &mut Ui, keys: &str, filter: &str, within: Within| {
        press(ui, keys).await;
        assert_eq!(ui.model().place, Place::Browse, "{keys}");
        let script = engine.script.lock().unwrap();
        let query = script.queries.last().unwrap();
        assert_eq!((query.filter.as_str(), &query.within), (filter, &within), "{keys}");
    };
    check(&mut ui, "tab tab enter", "type:guest", Within::All).await;
    check(&mut ui, "o tab tab tab down down enter", "dynamic:true", Within::All).await;
    check(&mut ui, "o tab tab tab tab down enter", "members:1", Within::All).await;
    press(&mut ui, "o end up up").await;
    assert_eq!(ui.model().dashboard.picked, Some(Spot::Group("g-1".to_owned(), "All Company".to_owned())));
    check(&mut ui, "enter", "", Within::MembersOf("g-1".to_owned())).await;
    // Asked once a run, not once a visit.
    let before = ui.model().dashboard.clone();
    press(&mut ui, "o").await;
    assert_eq!((&ui.model().dashboard.glance, ui.model().dashboard.of), (&before.glance, before.of));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_told_is_a_problem_in_words() {
    let engine = Arc::new(Fake::default());
    let mute = |on: bool| {
        engine.script.lock().unwrap().mute = on.then(|| Problem::new("this cannot be answered").code("not_answered"));
    };
    mute(true);
    let mut ui = with_run(&engine, (120, 36)).await;
    assert!(screen(&ui).contains("this cannot be answered"), "{}", screen(&ui));
    mute(false);
    press(&mut ui, "3 w").await;
    mute(true);
    press(&mut ui, "enter").await;
    assert!(screen(&ui).contains("this cannot be answered"), "{}", screen(&ui));
    mute(false);
    press(&mut ui, "esc enter").await;
    mute(true);
    press(&mut ui, "backtab").await;
    assert!(screen(&ui).contains("this cannot be answered"), "{}", screen(&ui));
    // An edge that could not be weighed is still an edge.
    mute(false);
    press(&mut ui, "esc w").await;
    mute(true);
    press(&mut ui, "esc").await;
    mute(false);
    press(&mut ui, "w enter").await;
    mute(true);
    press(&mut ui, "down").await;
    assert!(screen(&ui).contains("this cannot be answered"), "{}", screen(&ui));
    assert_eq!(reasons(&ui).cursor, 2);
}
