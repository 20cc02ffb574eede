//! Hands: the palette, the help that is searched, keys of one's own, the mouse, what is kept of it, and pastes everywhere.

use std::sync::Arc;

use crossterm::event::{Event, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use jiff::tz::TimeZone;
use ratatui::backend::TestBackend;
use tenantry::{
    app::{
        Focus, Place,
        browse::Tab,
        key::Key,
        overlay::Overlay,
        settings::{self, Preferences},
        views::{Mode, Theme},
    },
    domain::{column::Column, completeness::RunStatus},
    driver::{Engine, Headful, Nowhere, UiOptions},
};

use super::fake::{Fake, Still, Ui, profile, quiet, run, screen};

/// In the list of users, with these settings.
pub async fn browsing(engine: &Arc<Fake>, file: &str) -> Ui {
    browsing_at((120, 36), engine, file).await
}

async fn browsing_at(size: (u16, u16), engine: &Arc<Fake>, file: &str) -> Ui {
    let read = settings::read(file);
    let preferences = Preferences {
        keys: read.keys.clone(),
        mouse: read.settings.mouse.unwrap_or(false),
        layouts: read.settings.layouts.clone(),
        told: read.told("ui.toml"),
        ..Preferences::default()
    };
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = vec![run(1, RunStatus::Partial)];
    }
    let options = UiOptions {
        mode: Mode::Real,
        preferences,
        zone: TimeZone::UTC,
        vault: "GNOME Keyring".to_owned(),
        fills: None,
        profile: engine.script.lock().unwrap().profile.clone(),
        clock: Arc::new(Still),
    };
    let screen = TestBackend::new(size.0, size.1);
    let engine: Arc<dyn Engine> = engine.clone();
    let mut ui = Headful::new(screen, futures::stream::pending(), options, engine, Box::new(Nowhere)).unwrap();
    assert!(ui.until(quiet).await.unwrap());
    if ui.model().overlays.is_empty() {
        ui.press("3").unwrap();
        assert!(ui.until(quiet).await.unwrap());
    }
    ui
}

/// Types a word, each letter by itself.
fn write(ui: &mut Ui, word: &str) {
    for c in word.chars() {
        ui.press(&c.to_string()).unwrap();
    }
}

fn bar(ui: &Ui) -> String {
    screen(ui).lines().last().unwrap_or_default().to_owned()
}

#[tokio::test(start_paused = true)]
async fn the_palette_finds_and_runs_every_command_of_the_screen() {
    let engine = Arc::new(Fake::default());
    let mut ui = browsing(&engine, "").await;
    ui.press(":").unwrap();
    assert_eq!(ui.model().focus(), Focus::Text);
    insta_of("palette_1_browse", &ui);
    write(&mut ui, "next list");
    let shown = screen(&ui);
    assert!(shown.contains("next-list"), "{shown}");
    ui.press("enter").unwrap();
    assert!(ui.model().overlays.is_empty());
    assert_eq!(ui.model().browse.tab, Tab::Groups);
    // From a field, which takes the colon: also commands whose keys it takes are there, with their keys.
    ui.press("/ : ctrl-p").unwrap();
    assert_eq!(ui.model().browse.view().filter.text(), ":");
    write(&mut ui, "theme");
    ui.press("enter").unwrap();
    assert_eq!(ui.model().look.theme, Theme::Dark);
    assert!(ui.model().browse.filtering, "the field is still there");
    ui.press("ctrl-p z z z z").unwrap();
    assert!(screen(&ui).contains("No command is called so"));
    ui.press("enter esc esc").unwrap();
    assert!(ui.model().overlays.is_empty());
    assert_eq!(ui.model().place, Place::Browse);
}

fn insta_of(name: &str, ui: &Ui) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, screen(ui)));
}

#[tokio::test(start_paused = true)]
async fn the_help_is_searched_and_knows_other_screens() {
    let engine = Arc::new(Fake::default());
    let mut ui = browsing(&engine, "").await;
    ui.press("?").unwrap();
    let shown = screen(&ui);
    assert!(shown.contains("Lists and pages") && shown.contains("Everywhere") && !shown.contains("cut off"), "{shown}");
    write(&mut ui, "pause");
    insta_of("help_searched", &ui);
    let shown = screen(&ui);
    assert!(shown.contains("Ingest") && shown.contains("nothing is asked until you go on"), "{shown}");
    ui.press("enter").unwrap();
    assert!(screen(&ui).contains("pause is a command of another place: Ingest."), "{}", screen(&ui));
    assert!(matches!(ui.model().overlays.last(), Some(Overlay::Help(_))));
    ui.press("f1").unwrap();
    assert!(ui.model().overlays.is_empty());
}

#[tokio::test(start_paused = true)]
async fn keys_of_ones_own_are_everywhere_at_once() {
    let engine = Arc::new(Fake::default());
    let mut ui = browsing(&engine, "[keys]\nfilter = [\"f6\", \"Z\"]\nnext-list = \"N\"\nquit = []\n").await;
    assert!(bar(&ui).contains("F6 filter"), "{}", bar(&ui));
    assert!(!bar(&ui).contains("quit"), "{}", bar(&ui));
    ui.press("/ tab q").unwrap();
    assert!(!ui.model().browse.filtering && ui.model().browse.tab == Tab::Users, "the old keys do nothing");
    ui.press("N").unwrap();
    assert_eq!(ui.model().browse.tab, Tab::Groups);
    ui.press("?").unwrap();
    assert!(screen(&ui).contains("F6 Z"), "{}", screen(&ui));
    ui.press("esc f6").unwrap();
    assert!(ui.model().browse.filtering);
    ui.press("ctrl-c").unwrap();
    assert!(ui.turn().await.unwrap().is_some(), "the way out is never lost");
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_taken_of_the_settings_is_said_and_stops_nothing() {
    let engine = Arc::new(Fake::default());
    let mut ui = browsing(&engine, "colour = 1\n[keys]\nfliter = \"x\"\n").await;
    insta_of("settings_told", &ui);
    let shown = screen(&ui);
    assert!(shown.contains("ui.toml, line 1") && shown.contains("Did you mean \"filter\""), "{shown}");
    ui.press("enter").unwrap();
    assert!(ui.model().overlays.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_on_the_screen_is_kept() {
    let engine = Arc::new(Fake::default());
    let mut ui = browsing(&engine, "").await;
    assert!(engine.script.lock().unwrap().kept.is_empty(), "nothing has changed yet");
    for word in ["theme", "theme", "mouse"] {
        ui.press(":").unwrap();
        write(&mut ui, word);
        ui.press("enter").unwrap();
    }
    assert!(ui.until(quiet).await.unwrap());
    let kept = std::mem::take(&mut engine.script.lock().unwrap().kept);
    assert_eq!(kept.last().unwrap().theme.or(kept[0].theme), Some(Theme::Light), "{kept:?}");
    assert!(kept.iter().any(|changed| changed.mouse == Some(true)), "{kept:?}");
}

/// Where a text begins on the screen.
fn place(ui: &Ui, wanted: &str) -> (u16, u16) {
    let shown = screen(ui);
    let found =
        shown.lines().enumerate().find_map(|(y, line)| line.find(wanted).map(|at| (line[..at].chars().count(), y)));
    let (x, y) = found.unwrap_or_else(|| panic!("{wanted:?} is not on\n{shown}"));
    (x as u16, y as u16)
}

fn mouse(kind: MouseEventKind, (column, row): (u16, u16)) -> Event {
    Event::Mouse(MouseEvent { kind, column, row, modifiers: KeyModifiers::NONE })
}

async fn click(ui: &mut Ui, at: (u16, u16)) {
    ui.feed([mouse(MouseEventKind::Down(MouseButton::Left), at), mouse(MouseEventKind::Up(MouseButton::Left), at)])
        .unwrap();
    // As the loop does after whatever happened.
    ui.press("").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    ui.press("").unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_mouse_means_what_is_drawn_where_it_is() {
    let engine = Arc::new(Fake::default());
    let mut ui = browsing(&engine, "mouse = true").await;
    let at = place(&ui, "Groups ");
    click(&mut ui, at).await;
    assert_eq!(ui.model().browse.tab, Tab::Groups);
    // The wheel moves what is under it; a click chooses a row, a second one opens it.
    let head = place(&ui, "name");
    let row = (head.0, head.1 + 2);
    ui.feed([mouse(MouseEventKind::ScrollDown, row), mouse(MouseEventKind::ScrollDown, row)]).unwrap();
    assert!(ui.model().browse.view().window.cursor > 1);
    click(&mut ui, row).await;
    assert_eq!(ui.model().browse.view().window.cursor, 1);
    assert!(ui.model().browse.trail.is_empty());
    click(&mut ui, row).await;
    assert_eq!(ui.model().browse.trail.len(), 1, "{}", screen(&ui));
    // A hint does what its key does.
    let at = place(&ui, "back");
    click(&mut ui, at).await;
    assert!(ui.model().browse.trail.is_empty());
    // Heads sort.
    let at = place(&ui, "members");
    let members = (at.0, head.1);
    click(&mut ui, members).await;
    let sorted = ui.model().browse.layouts.values().next().map(|chosen| chosen.sort[0].column);
    assert!(matches!(sorted, Some(Column::Members | Column::Kind | Column::Second | Column::Name)), "{sorted:?}");
    // The rail.
    let at = place(&ui, "Preview");
    click(&mut ui, at).await;
    assert_eq!(ui.model().place, Place::Preview);
    // Below a popup nothing is pressed, but for the popup's own keys.
    ui.press("?").unwrap();
    let at = place(&ui, "Credentials");
    click(&mut ui, at).await;
    assert!(matches!(ui.model().overlays.last(), Some(Overlay::Help(_))));
}

/// The line of a text, in the column where it begins.
async fn click_on(ui: &mut Ui, text: &str) {
    let at = place(ui, text);
    click(ui, at).await;
}

#[tokio::test(start_paused = true)]
async fn the_mouse_chooses_in_popups() {
    let engine = Arc::new(Fake::default());
    let mut ui = browsing(&engine, "mouse = true").await;
    // The first click chooses, the second does what Enter would.
    ui.press("s").unwrap();
    click_on(&mut ui, "job title").await;
    let sorted = |ui: &Ui| ui.model().browse.layouts.values().next().and_then(|chosen| chosen.sort.first().copied());
    assert_eq!(sorted(&ui), None, "{}", screen(&ui));
    ui.press("esc s").unwrap();
    click_on(&mut ui, "    company").await;
    click_on(&mut ui, "    company").await;
    assert_eq!(sorted(&ui).map(|sort| sort.column), Some(Column::Company), "{}", screen(&ui));
    ui.press("esc c").unwrap();
    click_on(&mut ui, "   company").await;
    click_on(&mut ui, "   company").await;
    let columns = ui.model().browse.layouts.values().next().and_then(|chosen| chosen.columns.clone());
    assert!(columns.is_some_and(|columns| columns.contains(&Column::Company)), "{}", screen(&ui));
    ui.press("esc f").unwrap();
    assert!(ui.until(quiet).await.unwrap());
    click_on(&mut ui, "disabled  ").await;
    click_on(&mut ui, "disabled  ").await;
    assert_eq!(ui.model().browse.view().filter_text(), "enabled:false", "{}", screen(&ui));
    // Beside a popup nothing is hit.
    let before = ui.model().browse.tab;
    let at = place(&ui, "Groups ");
    click(&mut ui, at).await;
    assert_eq!(ui.model().browse.tab, before);
    ui.press("esc e").unwrap();
    click_on(&mut ui, "NDJSON").await;
    click_on(&mut ui, "NDJSON").await;
    assert!(ui.model().overlays.is_empty() && engine.script.lock().unwrap().taken.len() == 1);
    ui.press("y").unwrap();
    let at = place(&ui, "path    ");
    ui.feed([mouse(MouseEventKind::ScrollDown, at)]).unwrap();
    assert!(
        matches!(ui.model().overlays.last(), Some(Overlay::Browse(popup)) if popup.chosen() == 3),
        "{}",
        screen(&ui)
    );
    ui.press("esc 2 h").unwrap();
    click_on(&mut ui, "As fast as the quota").await;
    assert!(matches!(ui.model().overlays.last(), Some(Overlay::How { chosen: 1 })), "{}", screen(&ui));
    ui.press("esc :").unwrap();
    write(&mut ui, "overview");
    click_on(&mut ui, "overview          overview").await;
    assert_eq!(ui.model().place, Place::Dashboard, "{}", screen(&ui));
    click_on(&mut ui, "Preview ").await;
    assert_eq!(ui.model().place, Place::Preview, "{}", screen(&ui));
}

#[tokio::test(start_paused = true)]
async fn the_wheel_scrolls_what_is_beside_the_list() {
    let engine = Arc::new(Fake::default());
    let mut ui = browsing_at((120, 28), &engine, "mouse = true").await;
    assert!(ui.until(quiet).await.unwrap());
    let top = place(&ui, "name ▲").1;
    let side = (100, top);
    let before = screen(&ui);
    ui.feed([mouse(MouseEventKind::ScrollDown, side)]).unwrap();
    ui.press("").unwrap();
    assert_eq!(ui.model().browse.view().window.cursor, 0, "the list stays");
    assert!(ui.model().browse.beside() > 0, "{before}");
    assert_ne!(screen(&ui), before);
    for _ in 0..40 {
        ui.feed([mouse(MouseEventKind::ScrollDown, side)]).unwrap();
        ui.press("").unwrap();
    }
    let end = ui.model().browse.beside();
    ui.feed([mouse(MouseEventKind::ScrollUp, side)]).unwrap();
    ui.press("").unwrap();
    assert!(ui.model().browse.beside() < end, "it goes no further than there is something");
    // Of another row from its top.
    ui.press("down").unwrap();
    assert_eq!(ui.model().browse.beside(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_mouse_that_is_off_does_nothing() {
    let engine = Arc::new(Fake::default());
    let mut ui = browsing(&engine, "").await;
    let before = ui.model().clone();
    let at = place(&ui, "Groups ");
    click(&mut ui, at).await;
    assert_eq!(ui.model().browse.tab, before.browse.tab);
}

/// Wherever a text can be put in, a paste is text and nothing else, and where none can be, it is nothing.
#[tokio::test(start_paused = true)]
async fn a_paste_triggers_nothing() {
    let text = "q: quit\nyes\n";
    let unmarked = || -> Vec<Event> {
        let key = |c: char| if c == '\n' { "enter".to_owned() } else { c.to_string().replace(' ', "space") };
        text.chars().filter_map(|c| Key::parse(&key(c))).map(tenantry::driver::input::event_of).collect()
    };
    for keys in ["", ":", "?", "/", "f", "s", "c", "4", "1", "5", "P", "2 h"] {
        for marked in [true, false] {
            let engine = Arc::new(Fake::default());
            let mut ui = browsing(&engine, "").await;
            ui.press(keys).unwrap();
            assert!(ui.until(quiet).await.unwrap());
            let before = ui.model().clone();
            let events = if marked { vec![Event::Paste(text.to_owned())] } else { unmarked() };
            ui.feed(events).unwrap();
            let after = ui.model();
            let way = format!("{keys:?}, marked: {marked}");
            assert_eq!(
                (after.place, after.leaving, after.browse.tab),
                (before.place, None, before.browse.tab),
                "{way}"
            );
            assert_eq!(after.overlays.len(), before.overlays.len(), "{way}");
            assert_eq!((after.focus(), after.browse.trail.len()), (before.focus(), 0), "{way}");
            let typed = match after.overlays.last() {
                Some(Overlay::Help(finder) | Overlay::Palette(finder)) => Some(finder.field.text()),
                _ if after.browse.filtering => Some(after.browse.view().filter.text()),
                _ => None,
            };
            assert!(typed.is_none_or(|typed| typed.starts_with("q: quit")), "{way}: {typed:?}");
            assert!(ui.until(quiet).await.unwrap());
        }
    }
}
