//! The lines that say what the screens show: whole transcripts, held against a scripted engine in its own time.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use futures::{StreamExt, stream};
use jiff::tz::TimeZone;
use tenantry::{
    app::{ExitReason, views::Mode},
    domain::{completeness::RunStatus, secret::Secret, target::Destination},
    driver::{Engine, UiOptions},
    plain::{Heard, Manner, Quiet, Session},
};

use crate::fake::{CLIENT, Fake, KEY, SECRET, Still, TENANT, WRONG_SECRET, fills, profile, run, target};

/// What is written, kept to be read while it is written.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Says these lines to it, and gives back what it said until the end.
async fn said(engine: &Arc<Fake>, mode: Mode, lines: &[&str]) -> (String, ExitReason) {
    let options = UiOptions {
        mode,
        preferences: tenantry::app::settings::Preferences::default(),
        zone: TimeZone::UTC,
        vault: if mode == Mode::Demo { "memory (demo)".to_owned() } else { "GNOME Keyring".to_owned() },
        fills: (mode == Mode::Demo).then(fills),
        profile: engine.script.lock().unwrap().profile.clone(),
        clock: Arc::new(Still),
    };
    let lines: Vec<Heard> = lines.iter().map(|line| Heard::Line(Secret::new(*line))).collect();
    let paper = Paper::default();
    let heard = stream::iter(lines).chain(stream::once(async { Heard::End })).boxed();
    let engine: Arc<dyn Engine> = engine.clone();
    let mut session = Session::new(heard, paper.clone(), options, engine, Manner::Script, Box::new(Quiet)).unwrap();
    let reason = session.run().await.unwrap();
    let bytes = paper.0.lock().unwrap().clone();
    let text = String::from_utf8(bytes).unwrap();
    let steers = |c: char| c.is_control() && c != '\n';
    assert!(!text.contains(steers), "nothing steers a terminal:\n{text:?}");
    for secret in [SECRET, WRONG_SECRET, KEY] {
        assert!(!text.contains(secret) && !text.contains(&secret[secret.len() - 4..]), "a secret is said:\n{text}");
    }
    (text, reason)
}

fn keep(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A tenant that was read.
fn read() -> Arc<Fake> {
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        let mut profile = profile(Some("Contoso"));
        profile.target = Some(target());
        script.profile = Some(profile);
        script.runs = vec![run(3, RunStatus::Complete)];
    }
    engine
}

#[tokio::test(start_paused = true)]
async fn the_whole_journey_by_the_form() {
    let engine = Arc::new(Fake::default());
    let account = target();
    let Destination::Instance(instance) = account.destination.clone() else { unreachable!() };
    let lines = [
        "everything",
        "nonsense",
        TENANT,
        CLIENT,
        "1",
        SECRET,
        "",
        &account.account,
        "1",
        &instance,
        KEY,
        "",
        // The save is chosen: an empty line does not do it.
        "",
        "1",
        "continue",
        // The directory is read.
        "1",
        // Browsed: a filter, an object, its members.
        "1",
        "/Ada",
        "1",
        "back",
        "/",
        "list groups",
        "1 members",
        "overview",
        // And uploaded, once the word is right.
        "preview",
        "upload",
        "",
        "continue",
        "yes",
        "again",
        "first upload",
        "continue",
    ];
    let (text, reason) = said(&engine, Mode::Real, &lines).await;
    assert_eq!(reason, ExitReason::Quit);
    let script = engine.script.lock().unwrap();
    assert_eq!(script.orders.len(), 1, "{text}");
    assert_eq!(script.forms[0].tenant, TENANT);
    drop(script);
    keep("plain_journey", &text);
}

#[tokio::test(start_paused = true)]
async fn a_mistake_says_first_what_to_do() {
    let engine = Arc::new(Fake::default());
    let lines = ["everything", "fill-in-wrongly", "check-now", "mend", "fill-in", "check-now", "?"];
    let (text, _) = said(&engine, Mode::Demo, &lines).await;
    let order = [
        "A mistake is filled in",
        "FAILED: Microsoft gives a token",
        "Next step: Copy the column Value",
        "Code: AADSTS7000215",
        "Filled in: the demo tenant's own values",
        "OK: the checks passed.",
    ];
    let places: Vec<_> =
        order.iter().map(|wanted| text.find(wanted).unwrap_or_else(|| panic!("{wanted}\n{text}"))).collect();
    assert!(places.is_sorted(), "{places:?}\n{text}");
    keep("plain_mistake", &text);
}

/// Whatever is said to it, only the typed word starts an upload.
#[tokio::test(start_paused = true)]
async fn nothing_but_the_word_uploads() {
    let engine = read();
    let lines = ["preview", "1", "", "", "1", "", "upload", "first", "1", "yes", "continue", "back", "", "2", "3"];
    let (text, _) = said(&engine, Mode::Real, &lines).await;
    assert!(text.contains("FAILED: not the word. Nothing was sent."), "{text}");
    assert!(engine.script.lock().unwrap().orders.is_empty(), "{text}");
}

/// Reading says how far it is every few seconds, not every time it hears of it.
#[tokio::test(start_paused = true)]
async fn how_far_it_is_is_said_now_and_then() {
    let engine = read();
    let (text, _) = said(&engine, Mode::Real, &["ingest", "read-everything"]).await;
    let percents: Vec<&str> = text.lines().filter(|line| line.starts_with("Reading: ")).collect();
    assert!((1..=6).contains(&percents.len()), "{percents:?}\n{text}");
    assert!(percents.iter().any(|line| line.contains(" percent, ") && line.contains(" of ")), "{percents:?}");
    let mut unlike = percents.clone();
    unlike.dedup();
    assert_eq!(unlike, percents, "each is said once");
}

/// Long lists are read page by page; a row's number is that of its page.
#[tokio::test(start_paused = true)]
async fn long_lists_are_paged() {
    let engine = read();
    let (text, _) = said(&engine, Mode::Real, &["browse", "page-down", "1", "back", "page-up"]).await;
    let heads: Vec<&str> = text.lines().filter(|line| line.starts_with("Rows ")).collect();
    let from: Vec<&str> = heads.iter().filter_map(|line| line.split(' ').nth(1)).collect();
    assert_eq!(from, ["1", "21", "21", "1"], "{heads:?}\n{text}");
    assert!(text.contains("21. page-down: the next page of rows"), "{text}");
}

/// Requests and problems say what each of them means, and what can be done about it has a number.
#[tokio::test(start_paused = true)]
async fn requests_and_problems_say_what_they_mean_and_what_can_be_done() {
    let engine = read();
    let lines = ["browse", "list problems", "1", "back", "2", "back", "2 read-again", "1 copy", "back", "1 read-again"];
    let (text, _) = said(&engine, Mode::Real, &lines).await;
    let at = |wanted: &str| text.find(wanted).unwrap_or_else(|| panic!("{wanted}\n{text}"));
    assert!(at("1. FAILED: the members of Board: ") < at("Next step: Grant GroupMember.Read.All"));
    assert!(at("Next step: Grant GroupMember.Read.All") < at("What it means: Who is in this group is not known."));
    // What cannot be read again by itself is refused, what can is read.
    at("That is no choice here");
    at("Step 2 of 5, Ingest");
    assert!(text.contains(". read-again: read only this again"), "{text}");
    // No key is named where there are none.
    let (text, _) = said(&engine, Mode::Demo, &["overview", "advance"]).await;
    assert!(text.contains("Note: The tenant changed: ingest, then read-again reads it."), "{text}");
}

/// A tree is said line by line with its levels, each line has a number, and a file of it is a choice.
#[tokio::test(start_paused = true)]
async fn what_is_around_an_object_is_said_as_levels() {
    let engine = read();
    let lines = ["browse", "list groups", "2 neighbourhood", "7 fold", "deeper", "draw", "3", "3"];
    let (text, _) = said(&engine, Mode::Real, &lines).await;
    for words in [
        "then neighbourhood",
        "in 2 groups, up to 3 edges away; 1,221 members, up to 3 edges away.",
        "INCOMPLETE: Left out: 1,216 of 1,221 members, for at most 200 objects are drawn.",
        "INCOMPLETE: Not all members are known of 1 group here.",
        "3. level 2: All Company, security",
        "level 2: and 1,204 more members",
        "7. level 2: Budget Owners, security, in a cycle, 4 lines folded",
        "up to 4 edges away",
        "3. GraphML, for yEd and Gephi",
        "Wrote 8 objects to /home/ada/neighbourhood-run-3.graphml",
        "Step 3 of 5, Browse: Groups, then ",
    ] {
        assert!(text.contains(words), "{words}\n{text}");
    }
    let script = engine.script.lock().unwrap();
    assert_eq!((script.drawn.len(), script.around.last().map(|query| query.depth)), (1, Some(4)));
}
