//! What is around an object: a tree that is looked at, folded, gone along, copied, and drawn in a file.

use std::sync::Arc;

use tenantry::{
    app::{
        Effect, Model, Msg, Place,
        browse::{Around, Shows},
        command,
        key::Key,
    },
    domain::{
        completeness::State,
        explore::Step,
        kind::EntityKind,
        near::{Cause, Drawing, Half, Missing, Near, NearQuery, Sides},
        problem::Problem,
    },
};

use super::{
    fake::{Fake, Ui, quiet, screen},
    object::with_run,
};

fn step(id: &str, name: &str) -> Step {
    let kind = if id.starts_with('g') { EntityKind::Group } else { EntityKind::User };
    let label = if kind == EntityKind::Group { "security" } else { "member" };
    Step { id: id.to_owned(), kind, name: name.to_owned(), label: label.to_owned(), in_cycle: false, state: None }
}

/// A group above; below two groups, one of them in the other and hidden, a cycle, names that would do harm, and more than
/// is drawn.
pub fn near(query: &NearQuery) -> Near {
    let is_group = query.id.starts_with('g');
    let sides = if is_group { query.sides } else { Sides::Up };
    let mut steps = vec![
        step(&query.id, if is_group { "Finance Team" } else { "Ada Lovelace" }),
        step("g-20", "All Company"),
        step("g-21", "Everybody \u{202e}esrever"),
    ];
    let up = Half {
        edges: vec![(0, 1), (0, 2), (1, 2)],
        missing: vec![Missing { of: 2, count: 1, cause: Cause::Depth }],
        within: 2,
        shown: 2,
        beyond: 1,
    };
    if sides == Sides::Up {
        return Near {
            sides,
            depth: query.depth,
            limit: query.limit,
            steps,
            up,
            down: Half::default(),
            unknown: vec![],
        };
    }
    steps.extend([
        Step { in_cycle: true, ..step("g-11", "Budget Owners") },
        Step {
            state: Some(State::Hidden),
            ..step("g-12", "Controllers, with a long name to be cut where there is no room")
        },
        step("o-1", "<script>alert('x')</script> & \"quotes\" \\ back"),
        step("o-2", "Grace Hopper"),
        step("o-3", "李 小龙"),
    ]);
    let down = Half {
        edges: vec![(0, 3), (0, 4), (0, 5), (3, 0), (3, 4), (3, 5), (3, 6), (4, 7)],
        missing: vec![
            Missing { of: 0, count: 1_204, cause: Cause::Limit },
            Missing { of: 4, count: 12, cause: Cause::Limit },
        ],
        within: 1_221,
        shown: 5,
        beyond: 88,
    };
    let up = if sides == Sides::Both { up } else { Half::default() };
    Near { sides, depth: query.depth, limit: query.limit, steps, up, down, unknown: vec![4] }
}

async fn press(ui: &mut Ui, keys: &str) {
    for key in keys.split(' ') {
        ui.press(key).unwrap();
        assert!(ui.until(quiet).await.unwrap());
    }
}

fn around(ui: &Ui) -> &Around {
    match &ui.model().browse.view().shows {
        Shows::Near(around) => around,
        shows => panic!("{shows:?}"),
    }
}

fn copied(model: &Model, key: &str) -> String {
    let effects = tenantry::app::update(&mut model.clone(), Msg::Key(Key::parse(key).unwrap()));
    let copied = effects.into_iter().find_map(|effect| match effect {
        Effect::Copy(text) => Some(text),
        _ => None,
    });
    copied.unwrap_or_default()
}

/// States that are worth a look.
pub async fn walk() -> Vec<(&'static str, Model)> {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, (120, 36)).await;
    let mut all = Vec::new();
    press(&mut ui, "3 tab down v").await;
    all.push(("near_1_both", ui.model().clone()));
    press(&mut ui, "down down down down down down space").await;
    all.push(("near_2_folded", ui.model().clone()));
    press(&mut ui, "tab +").await;
    all.push(("near_3_above", ui.model().clone()));
    press(&mut ui, "x down").await;
    all.push(("near_4_draw", ui.model().clone()));
    press(&mut ui, "esc esc esc backtab down v").await;
    all.push(("near_5_user", ui.model().clone()));
    all
}

#[tokio::test(start_paused = true)]
async fn a_tree_is_looked_at_and_gone_along() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, (120, 36)).await;
    let asked = |engine: &Arc<Fake>| engine.script.lock().unwrap().around.last().cloned().unwrap();
    press(&mut ui, "3 tab down v").await;
    let of_group = |sides, depth| NearQuery { id: "g-1".to_owned(), sides, depth, limit: 200 };
    assert_eq!(asked(&engine), of_group(Sides::Both, 3));
    // The object itself stands before it on the trail.
    let shown = screen(&ui);
    for words in [
        "Around ",
        "in 2 groups, up to 3 edges away; 1,221 members, up to 3 edges away",
        "3 edges deep",
        "└ Everybody ‹U+202E›esrever  in 1 more group  security",
        "├ ∞ Budget Owners",
        "… and 1,204 more members",
        "as above",
        "<script>alert('x')</script> & \"quotes\" \\ back",
        "Left out: 1,216 of 1,221 members, for at most 200 objects are drawn.",
        "Not gone into: 88 members are more than 3 edges away.",
        "Not all members are known of 1 group here.",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    assert_eq!(ui.model().browse.trail.len(), 2);
    // The one in the middle leads nowhere new.
    assert!(!command::offers(ui.model()).iter().any(|offer| offer.command.word == "neighbourhood"));
    press(&mut ui, "+").await;
    assert_eq!(asked(&engine), of_group(Sides::Both, 4));
    press(&mut ui, "- - - -").await;
    assert_eq!((asked(&engine), around(&ui).depth), (of_group(Sides::Both, 1), 1));
    press(&mut ui, "tab").await;
    assert_eq!(asked(&engine), of_group(Sides::Up, 1));
    press(&mut ui, "tab tab backtab").await;
    assert_eq!(asked(&engine), of_group(Sides::Down, 1));
    // Heads and sums are no objects: nothing can be opened there.
    press(&mut ui, "tab end").await;
    assert_eq!(ui.model().browse.subject(), None);
    press(&mut ui, "enter w v").await;
    assert_eq!((ui.model().browse.trail.len(), ui.model().place), (2, Place::Browse));
    // A neighbour is an object like any other, and knows why it is one.
    press(&mut ui, "home down down").await;
    assert_eq!(copied(ui.model(), "Y"), "g-20");
    press(&mut ui, "w").await;
    let Shows::Why(reasons) = &ui.model().browse.view().shows else { panic!("{}", screen(&ui)) };
    assert_eq!((reasons.ends.group.id.as_str(), reasons.ends.member.id.as_str()), ("g-20", "g-1"));
    press(&mut ui, "esc enter").await;
    assert_eq!(ui.model().browse.open().unwrap().id, "g-20");
    press(&mut ui, "v").await;
    assert_eq!(asked(&engine).id, "g-20");
    // Of a user there is nothing below.
    press(&mut ui, "esc esc esc esc backtab v").await;
    let depth = asked(&engine);
    assert_eq!((depth.sides, around(&ui).has_sides()), (Sides::Up, false));
    press(&mut ui, "tab").await;
    assert_eq!(around(&ui).sides, Sides::Up);
}

#[tokio::test(start_paused = true)]
async fn what_is_folded_is_counted_and_copied_so() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, (120, 36)).await;
    press(&mut ui, "3 tab down v").await;
    let whole = around(&ui).shown().len();
    let text = copied(ui.model(), "y");
    assert_eq!(text.lines().filter(|line| line.contains(['├', '└'])).count(), whole - 1, "{text}");
    assert!(text.contains("Left out: 1,216 of 1,221 members"), "{text}");
    assert!(text.contains("Everybody ‹U+202E›esrever (security)  g-21  (in 1 more group)"), "{text}");
    // A leaf folds what it hangs in, and the cursor goes there.
    press(&mut ui, "down down down down space").await;
    assert_eq!((around(&ui).cursor, whole - around(&ui).shown().len()), (1, 3));
    assert!(screen(&ui).contains("▸ in 2 groups  3 lines"), "{}", screen(&ui));
    let text = copied(ui.model(), "y");
    assert!(text.contains("in 2 groups  (3 lines folded)") && !text.contains("All Company"), "{text}");
    press(&mut ui, "space").await;
    assert_eq!(around(&ui).shown().len(), whole);
    // All but the next ones, and back.
    press(&mut ui, "end z").await;
    let few = around(&ui);
    assert!(few.shown().len() < whole && few.cursor < few.shown().len(), "{few:?}");
    press(&mut ui, "z").await;
    assert_eq!(around(&ui).shown().len(), whole);
}

#[tokio::test(start_paused = true)]
async fn a_file_is_drawn_and_says_what_it_lacks() {
    let engine = Arc::new(Fake::default());
    let mut ui = with_run(&engine, (120, 36)).await;
    press(&mut ui, "3 tab down v x").await;
    for words in ["Mermaid", "DOT, for Graphviz", "GraphML"] {
        assert!(screen(&ui).contains(words), "{words}\n{}", screen(&ui));
    }
    press(&mut ui, "down down enter").await;
    let drawn = engine.script.lock().unwrap().drawn.clone();
    let query = NearQuery { id: "g-1".to_owned(), sides: Sides::Both, depth: 3, limit: 2_000 };
    assert_eq!(drawn, [(query, Drawing::GraphMl)]);
    let notice = ui.model().notice.clone().unwrap();
    assert!(
        notice.starts_with("Wrote 8 objects to /home/ada/neighbourhood-run-14.graphml. Not gone into: "),
        "{notice}"
    );
    assert!(notice.contains(" Left out: 1,216 of 1,221 members"), "{notice}");
    // What cannot be found is said where it would stand.
    engine.script.lock().unwrap().mute = Some(Problem::new("the store is away").hint("Fetch it back."));
    press(&mut ui, "+").await;
    assert!(screen(&ui).contains("the store is away") && screen(&ui).contains("Fetch it back."), "{}", screen(&ui));
}
