//! Every screen at 120x36, 80x24 and 40x12, as a person sees it; and at every size without a panic.

use std::sync::{Arc, LazyLock};

use ratatui::{Terminal, backend::TestBackend, buffer::Buffer, style::Color};
use tenantry::{
    app::{
        Effect, Focus, Model, Msg, Work, command,
        key::{Code, Key},
        steps::WizardStep,
        upload::UploadState,
        views::{Look, Mode, Signs, Theme},
        wizard::{ChecksPhase, Save, Waiting},
    },
    domain::{cloud::Cloud, completeness::RunStatus, guard::Guard, limit::Excess, view::Pending},
    tui,
};

use super::answers::three_runs;
use super::fake::{CLIENT, Fake, KEY, SECRET, Ui, WRONG_SECRET, profile, quiet, run, text, ui};

/// The model drawn at a size.
pub fn draw(model: &Model, width: u16, height: u16) -> Buffer {
    let mut model = model.clone();
    tenantry::app::update(&mut model, Msg::Resize(width, height));
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal
        .draw(|frame| {
            tui::draw(&model, frame);
        })
        .unwrap();
    terminal.backend().buffer().clone()
}

/// All states of the program that are worth a look, each with its name. Walked through once for all tests.
pub fn states() -> Vec<(&'static str, Model)> {
    static STATES: LazyLock<Vec<(&str, Model)>> = LazyLock::new(|| {
        let walk = || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
            runtime.unwrap().block_on(walk())
        };
        std::thread::spawn(walk).join().unwrap()
    });
    STATES.clone()
}

async fn walk() -> Vec<(&'static str, Model)> {
    let mut all = Vec::new();
    let size = (120, 36);
    let mut keep = |name, ui: &Ui| all.push((name, ui.model().clone()));

    // The wizard, from nothing.
    let engine = Arc::new(Fake::default());
    let mut ui1 = ui(&engine, Mode::Demo, size);
    keep("wizard_1_welcome", &ui1);
    ui1.press("enter").unwrap();
    keep("wizard_2_open", &ui1);
    ui1.press("left").unwrap();
    keep("wizard_2_open_own_hosts", &ui1);
    ui1.press("right enter").unwrap();
    keep("wizard_3_register", &ui1);
    ui1.press("enter").unwrap();
    ui1.press("C o n t o s o tab 1 2 3 tab").unwrap();
    keep("wizard_4_ids_wrong", &ui1);
    ui1.press("f2 enter enter enter").unwrap();
    ui1.press("ctrl-u").unwrap();
    for c in SECRET.chars() {
        ui1.press(&c.to_string()).unwrap();
    }
    keep("wizard_5_secret_typed", &ui1);
    ui1.press("f3 f3").unwrap();
    keep("wizard_6_secret_id", &ui1);
    // A secret that is refused is told while the person clicks on.
    ui1.press("ctrl-u f3 enter 2 0 2 7 - 0 5 - 2 0 enter").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("wizard_7_permission_refused", &ui1);
    ui1.press("esc f2 enter enter enter").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("wizard_7_permission", &ui1);
    ui1.press("enter").unwrap();
    keep("wizard_8_consent", &ui1);
    ui1.press("esc esc f3 ctrl-r").unwrap();
    assert!(ui1.until(|m| m.wizard.checks.phase == ChecksPhase::Done).await.unwrap());
    keep("wizard_9_check_failed", &ui1);
    ui1.press("f2 enter").unwrap();
    assert!(ui1.until(|m| m.wizard.checks.done.len() == 5).await.unwrap());
    keep("wizard_10_checking", &ui1);
    assert!(ui1.until(|m| m.wizard.checks.phase == ChecksPhase::Done).await.unwrap());
    keep("wizard_11_check_passed", &ui1);
    ui1.press("enter").unwrap();
    keep("wizard_12_instance", &ui1);
    ui1.press("enter f2").unwrap();
    keep("wizard_12_jupiterone", &ui1);
    ui1.press("enter enter enter enter").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("wizard_13_save", &ui1);
    ui1.press("enter").unwrap();
    assert!(ui1.until(|m| matches!(m.wizard.save, Save::Saved(_))).await.unwrap());
    keep("wizard_14_saved", &ui1);

    // Reading, to its end.
    ui1.press("enter").unwrap();
    keep("ingest_1_idle", &ui1);
    ui1.press("enter").unwrap();
    assert!(ui1.until(|m| m.ingest.progress.seconds >= 6.0).await.unwrap());
    keep("ingest_2_running", &ui1);
    ui1.press("c").unwrap();
    keep("ingest_3_cancel", &ui1);
    ui1.press("n").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("ingest_4_partial", &ui1);

    // Browsing.
    ui1.press("enter").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("browse_1_users", &ui1);
    ui1.press("down down down / a d a").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("browse_2_filter", &ui1);
    ui1.press("esc tab down").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("browse_3_groups", &ui1);
    ui1.press("right").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("browse_4_members", &ui1);
    ui1.press("enter").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("browse_5_object", &ui1);
    ui1.press("tab tab").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("browse_6_edges", &ui1);
    ui1.press("?").unwrap();
    keep("help_browse", &ui1);
    ui1.press("esc").unwrap();

    // Preview and upload, the first time.
    ui1.press("4").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("preview_1_first", &ui1);
    ui1.press("e down").unwrap();
    keep("preview_1_export", &ui1);
    ui1.press("esc").unwrap();
    ui1.press("enter").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("upload_1_ready", &ui1);
    ui1.press("enter u p enter").unwrap();
    keep("upload_2_first_word", &ui1);
    ui1.press("ctrl-u f i r s t space u p l o a d enter").unwrap();
    assert!(ui1.until(|m| m.upload.progress.relationships_sent > 0).await.unwrap());
    keep("upload_3_running", &ui1);
    ui1.press("q").unwrap();
    keep("upload_4_quit", &ui1);
    ui1.press("n").unwrap();
    assert!(ui1.until(|m| matches!(m.upload.phase, UploadState::Finished(_))).await.unwrap());
    keep("upload_5_finished", &ui1);
    ui1.press("enter").unwrap();
    assert!(ui1.until(quiet).await.unwrap());
    keep("dashboard_1_demo", &ui1);

    // A profile of yesterday, with an upload in doubt.
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = vec![run(14, RunStatus::Partial)];
        script.uploaded = true;
        script.doubtful = true;
    }
    let mut ui2 = ui(&engine, Mode::Real, size);
    keep("dashboard_2_first_frame", &ui2);
    assert!(ui2.until(quiet).await.unwrap());
    keep("dashboard_3_in_doubt", &ui2);
    ui2.press("4").unwrap();
    assert!(ui2.until(quiet).await.unwrap());
    keep("preview_2_in_doubt", &ui2);
    ui2.press("enter enter u p l o a d enter").unwrap();
    assert!(ui2.until(|m| matches!(m.upload.phase, UploadState::Failed(_))).await.unwrap());
    assert!(ui2.until(quiet).await.unwrap());
    keep("upload_6_in_doubt", &ui2);
    engine.script.lock().unwrap().doubtful = false;
    ui2.press("4 r").unwrap();
    assert!(ui2.until(quiet).await.unwrap());
    keep("preview_3_known", &ui2);
    let over = Excess { name: "active_directory_user_group_has_user".to_owned(), delete: 7_988, limit: 6_467 };
    engine.script.lock().unwrap().guards = Some(vec![Guard::TooManyDeletions { over: vec![over] }]);
    ui2.press("r").unwrap();
    assert!(ui2.until(quiet).await.unwrap());
    keep("preview_4_too_many", &ui2);
    ui2.press("d").unwrap();
    assert!(ui2.until(quiet).await.unwrap());
    ui2.press("down down down down").unwrap();
    keep("preview_5_objects", &ui2);
    ui2.press("esc").unwrap();
    engine.script.lock().unwrap().reading = true;
    ui2.press("L").unwrap();
    assert!(ui2.until(|m| m.comparison.read.requests > 0).await.unwrap());
    keep("preview_6_reading", &ui2);
    engine.script.lock().unwrap().reading = false;
    ui2.press("c L").unwrap();
    assert!(ui2.until(|m| m.comparison.ready().is_some()).await.unwrap());
    keep("preview_7_live", &ui2);
    ui2.press("L").unwrap();
    assert!(ui2.until(|m| m.comparison.ready().is_some()).await.unwrap());
    ui2.press("enter enter 7 9").unwrap();
    keep("upload_8_number", &ui2);
    ui2.press("esc").unwrap();
    engine.script.lock().unwrap().guards = None;
    ui2.press("4 r").unwrap();
    assert!(ui2.until(quiet).await.unwrap());

    // Names that need the instance's, which nobody told.
    engine.script.lock().unwrap().unnamed = true;
    ui2.press("n").unwrap();
    assert!(ui2.until(quiet).await.unwrap());
    ui2.press("m 3 6 5").unwrap();
    keep("preview_6_instance_name", &ui2);

    // A second run: changes only, held, gone on with, and other ways to read.
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        let mut before = run(14, RunStatus::Partial);
        before.last_full = Some("2026-11-19T08:02:00Z".parse().unwrap());
        before.gaps[0].accepted = true;
        script.runs = vec![before];
        script.delta = true;
    }
    let mut ui4 = ui(&engine, Mode::Real, size);
    assert!(ui4.until(quiet).await.unwrap());
    ui4.press("2").unwrap();
    keep("ingest_5_second_time", &ui4);
    ui4.press("h down").unwrap();
    keep("ingest_6_how", &ui4);
    ui4.press("esc enter").unwrap();
    assert!(ui4.until(|m| m.ingest.progress.seconds >= 5.0).await.unwrap());
    keep("ingest_7_changes", &ui4);
    ui4.press("p").unwrap();
    keep("ingest_8_paused", &ui4);
    ui4.press("p c y").unwrap();
    assert!(ui4.until(quiet).await.unwrap());
    keep("ingest_9_cut_off", &ui4);
    ui4.press("x").unwrap();
    keep("ingest_10_drop", &ui4);
    ui4.press("n o").unwrap();
    assert!(ui4.until(quiet).await.unwrap());
    keep("dashboard_4_cut_off", &ui4);
    engine.script.lock().unwrap().delta = false;
    ui4.press("2 enter").unwrap();
    assert!(ui4.until(|m| m.ingest.progress.seconds >= 3.0).await.unwrap());
    keep("ingest_11_gone_on", &ui4);

    // Nothing but what was cut off, or selected.
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = vec![run(1, RunStatus::Interrupted)];
    }
    let mut ui5 = ui(&engine, Mode::Real, size);
    assert!(ui5.until(quiet).await.unwrap());
    ui5.press("2").unwrap();
    keep("ingest_12_go_on", &ui5);
    ui5.press("3").unwrap();
    assert!(ui5.until(quiet).await.unwrap());
    keep("browse_8_cut_off", &ui5);
    engine.script.lock().unwrap().runs[0].status = RunStatus::Scoped;
    ui5.press("r").unwrap();
    assert!(ui5.until(quiet).await.unwrap());
    keep("browse_9_selection", &ui5);

    // What opens over lists, and the lists that are no objects.
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = three_runs();
    }
    let mut ui9 = ui(&engine, Mode::Real, size);
    assert!(ui9.until(quiet).await.unwrap());
    for (name, keys) in [
        ("browse_10_complaint", "3 / d e p a r t m e n d : s a l e s"),
        ("browse_11_language", "f2"),
        ("browse_12_sort", "esc esc s down down space down space"),
        ("browse_13_columns", "esc c down space"),
        ("browse_14_facets", "esc f space"),
        ("browse_15_copy", "esc esc y"),
        ("browse_16_export", "esc e down"),
        ("browse_17_changes", "esc tab tab tab tab down"),
        ("browse_18_change", "enter"),
        ("browse_19_runs", "esc tab down"),
        ("browse_20_older_run", "enter"),
        ("browse_21_problems", "r tab"),
        ("browse_22_problem", "enter"),
    ] {
        for key in keys.split(' ') {
            ui9.press(key).unwrap();
            assert!(ui9.until(quiet).await.unwrap());
        }
        keep(name, &ui9);
    }
    for (name, keys) in [
        ("browse_24_runs_sorted", "esc backtab s down enter esc"),
        ("browse_25_changes_filtered", "backtab / c h a n g e : w e n t enter down"),
        ("requests_1_list", "tab L down"),
        ("requests_2_filtered", "/ s t a t u s : 4 2 9 enter"),
        ("requests_3_batch", "/ ctrl-u b a t c h enter enter"),
        ("requests_4_copy", "y"),
        ("requests_5_refused", "esc esc / ctrl-u 4 0 3 enter enter"),
        ("browse_26_problems_sort", "esc esc tab s"),
        ("browse_27_columns_beyond", "esc tab tab > >"),
        ("palette_2_browse", ": g r o"),
        ("browse_28_accounts", "esc < < backtab"),
        ("browse_29_group_members", "tab tab tab"),
        ("browse_30_edges", "tab"),
        ("browse_31_groups_of", "down left"),
        ("browse_32_all_groups_of", "t"),
    ] {
        for key in keys.split(' ') {
            ui9.press(key).unwrap();
            assert!(ui9.until(quiet).await.unwrap());
        }
        keep(name, &ui9);
    }
    ui9.press("esc esc backtab backtab backtab").unwrap();
    assert!(ui9.until(quiet).await.unwrap());
    engine.script.lock().unwrap().slow = Some(Pending::Sorting);
    ui9.press("s enter esc").unwrap();
    assert!(ui9.until(|m| m.browse.view().pending.is_some()).await.unwrap());
    keep("browse_23_sorting", &ui9);
    assert!(ui9.until(quiet).await.unwrap());

    // What is wrong with the settings is told before anything else.
    let engine = Arc::new(Fake::default());
    let told = super::hands::browsing(&engine, "colour = 1\n[keys]\nfliter = \"x\"\n").await;
    keep("told_settings", &told);

    // A job that is asked to stop, and takes its time.
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = vec![run(14, RunStatus::Complete)];
        script.uploaded = true;
    }
    engine.patient.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut slow = ui(&engine, Mode::Real, size);
    assert!(slow.until(quiet).await.unwrap());
    slow.press("4").unwrap();
    assert!(slow.until(quiet).await.unwrap());
    slow.press("enter enter u p l o a d enter").unwrap();
    assert!(slow.until(|m| m.upload.progress.relationships_sent > 0).await.unwrap());
    slow.press("c").unwrap();
    keep("upload_9_cancel", &slow);
    slow.press("y").unwrap();
    keep("upload_10_stopping", &slow);

    // The way of the script, up to the consent of somebody else.
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().unconsented = true;
    let mut ui6 = ui(&engine, Mode::Demo, size);
    ui6.press("s").unwrap();
    keep("script_1_app", &ui6);
    ui6.press("enter enter enter enter").unwrap();
    keep("script_2_making", &ui6);
    assert!(ui6.until(quiet).await.unwrap());
    keep("script_3_script", &ui6);
    ui6.press("tab w").unwrap();
    assert!(ui6.until(quiet).await.unwrap());
    keep("script_4_powershell", &ui6);
    ui6.press("enter").unwrap();
    keep("script_5_line", &ui6);
    ui6.press("x enter").unwrap();
    keep("script_6_no_line", &ui6);
    ui6.press("f2").unwrap();
    keep("script_7_line_read", &ui6);
    ui6.press("enter").unwrap();
    assert!(ui6.until(|m| m.wizard.step == WizardStep::Waiting).await.unwrap());
    assert!(ui6.until(|m| matches!(&m.wizard.waiting, Waiting::Running { told: Some(_), .. })).await.unwrap());
    keep("script_8_waiting", &ui6);
    ui6.press("c").unwrap();
    keep("script_9_no_consent", &ui6);
    ui6.press("enter").unwrap();
    assert!(
        ui6.until(|m| m.wizard.checks.phase == ChecksPhase::Done && m.wizard.step == WizardStep::Check && quiet(m))
            .await
            .unwrap()
    );
    keep("script_10_consented", &ui6);

    // A key of ours, and one of a file.
    let mut ui7 = ui(&engine, Mode::Demo, size);
    ui7.press("enter enter enter f2 enter enter right").unwrap();
    keep("certificate_1_to_make", &ui7);
    ui7.press("enter").unwrap();
    assert!(ui7.until(quiet).await.unwrap());
    keep("certificate_2_made", &ui7);
    ui7.press("right").unwrap();
    ui7.press("enter k . p f x enter enter").unwrap();
    assert!(ui7.until(quiet).await.unwrap());
    keep("certificate_3_no_file", &ui7);
    ui7.press("backtab backspace backspace backspace p e m enter x y z enter").unwrap();
    assert!(ui7.until(quiet).await.unwrap());
    keep("certificate_4_read", &ui7);

    // A key that nothing keeps yet; and the name of a profile that is to be kept.
    let mut ui9 = ui(&engine, Mode::Real, size);
    ui9.press("s enter enter enter enter").unwrap();
    assert!(ui9.until(quiet).await.unwrap());
    ui9.press("q").unwrap();
    keep("wizard_16_quit", &ui9);
    ui9.press("n P").unwrap();
    assert!(ui9.until(quiet).await.unwrap());
    ui9.press("n").unwrap();
    keep("profiles_12_drop_key", &ui9);
    let engine = Arc::new(Fake::default());
    let mut ui9 = ui(&engine, Mode::Real, size);
    ui9.press("i").unwrap();
    for (text, then) in [("contoso.com", "tab"), (CLIENT, "tab tab"), (SECRET, "ctrl-r")] {
        for c in text.chars() {
            ui9.press(&c.to_string()).unwrap();
        }
        ui9.press(then).unwrap();
    }
    assert!(ui9.until(|m| m.wizard.checks.phase == ChecksPhase::Done).await.unwrap());
    ui9.press("enter").unwrap();
    keep("wizard_17_name", &ui9);
    ui9.press("/ enter").unwrap();
    keep("wizard_18_no_name", &ui9);

    // One form; a tenant of another cloud; secrets forbidden; an instance of somebody else.
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        script.abroad = Some(Cloud::UsGov);
        script.no_secrets = true;
        script.foreign = true;
    }
    let mut ui8 = ui(&engine, Mode::Demo, size);
    ui8.press("i").unwrap();
    keep("form_1_empty", &ui8);
    ui8.press("f2").unwrap();
    keep("form_2_filled", &ui8);
    ui8.press("ctrl-r").unwrap();
    assert!(ui8.until(quiet).await.unwrap());
    keep("form_3_other_cloud", &ui8);
    ui8.press("s").unwrap();
    assert!(ui8.until(quiet).await.unwrap());
    keep("form_4_no_secrets", &ui8);
    ui8.press("t").unwrap();
    keep("form_5_certificate", &ui8);
    ui8.press("tab tab tab tab enter").unwrap();
    assert!(ui8.until(quiet).await.unwrap());
    keep("form_6_made", &ui8);
    ui8.press("enter").unwrap();
    assert!(ui8.until(quiet).await.unwrap());
    keep("form_7_instance", &ui8);
    ui8.press("y").unwrap();
    keep("form_8_save", &ui8);

    // No keyring, JupiterOne put off.
    let engine = Arc::new(Fake::default());
    engine.script.lock().unwrap().keyless = true;
    let mut ui3 = ui(&engine, Mode::Demo, size);
    ui3.press("g enter enter f2 ctrl-r").unwrap();
    assert!(ui3.until(quiet).await.unwrap());
    ui3.press("enter ctrl-s enter").unwrap();
    assert!(ui3.until(quiet).await.unwrap());
    keep("wizard_15_no_keyring", &ui3);
    ui3.press("5").unwrap();
    keep("upload_7_nothing_read", &ui3);
    ui3.press("3").unwrap();
    keep("browse_7_empty", &ui3);
    all.extend(super::profiles::walk().await);
    all.extend(super::object::walk().await);
    all.extend(super::near::walk().await);
    all
}

#[test]
fn every_screen_as_people_see_it() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    for (name, model) in states() {
        let mut pictures = String::new();
        for (width, height) in [(120, 36), (80, 24), (40, 12)] {
            pictures.push_str(&format!("{width}x{height}\n{}", text(&draw(&model, width, height))));
        }
        insta::assert_snapshot!(name, pictures);
    }
}

#[test]
fn no_size_panics_and_no_secret_is_ever_drawn() {
    for (name, model) in states() {
        // Both sides of every change of the layout.
        for width in [1, 29, 30, 40, 69, 70, 109, 110, 200] {
            for height in [1, 7, 8, 17, 18, 28, 60] {
                let drawn = draw(&model, width, height);
                // Where there is room for one.
                if ![40, 70, 110, 200].contains(&width) || ![8, 18, 60].contains(&height) {
                    continue;
                }
                let shown = text(&drawn);
                for secret in [SECRET, WRONG_SECRET, KEY] {
                    for five in secret.as_bytes().windows(5) {
                        let five = std::str::from_utf8(five).unwrap();
                        assert!(!shown.contains(five), "{name} at {width}x{height} shows {five}");
                    }
                }
            }
        }
        let debug = format!("{model:?}");
        assert!(!debug.contains(SECRET) && !debug.contains(KEY) && !debug.contains(WRONG_SECRET), "{name}");
    }
}

#[test]
fn hostile_names_move_nothing() {
    for (name, model) in states() {
        for (width, height) in [(120, 36), (80, 24), (40, 12)] {
            for cell in &draw(&model, width, height).content {
                let bad = cell.symbol().chars().find(|c| tenantry::domain::text::is_hostile(*c));
                assert_eq!(bad, None, "{name}");
            }
        }
    }
}

#[test]
fn without_colours_nothing_is_coloured_and_nothing_is_lost() {
    for (name, mut model) in states() {
        let coloured = draw(&model, 120, 36);
        model.look = Look { theme: Theme::None, signs: Signs::Unicode };
        let plain = draw(&model, 120, 36);
        assert_eq!(text(&coloured), text(&plain), "{name}");
        for cell in &plain.content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}");
        }
    }
}

#[test]
fn a_dumb_terminal_gets_ascii_but_for_names() {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path("../snapshots");
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    let _bound = settings.bind_to_scope();
    for (name, mut model) in states() {
        model.look = Look { theme: Theme::None, signs: Signs::Ascii };
        let shown = text(&draw(&model, 80, 24));
        if !["browse", "object", "why", "near", "members", "dashboard", "requests", "palette"]
            .iter()
            .any(|with_names| name.starts_with(with_names))
        {
            let other: String = shown.chars().filter(|c| !c.is_ascii()).collect();
            assert_eq!(other, "", "{name}\n{shown}");
        }
        if ["ingest_2_running", "wizard_9_check_failed"].contains(&name) {
            insta::assert_snapshot!(format!("ascii_{name}"), shown);
        }
    }
}

#[test]
fn every_screen_says_what_to_press() {
    for (name, model) in states() {
        for (width, height) in [(120, 36), (80, 24), (40, 12)] {
            let shown = text(&draw(&model, width, height));
            let keys = shown.lines().last().unwrap_or_default();
            let news = model.notice.is_some() && width == 40;
            assert!(news || !keys.trim().is_empty(), "{name} at {width}x{height} has no keys:\n{shown}");
            assert!(shown.contains("help") || name.contains("help"), "{name} at {width}x{height}");
        }
    }
}

/// Long walks of keys from every state, with no answers from the engine: nothing panics, no letter that is text does
/// anything but write, and nothing is uploaded without its word.
#[test]
fn walks_of_keys_harm_nothing() {
    let keys: Vec<&str> = command::COMMANDS.iter().flat_map(|c| c.keys).copied().chain(["x", "Z", "delete"]).collect();
    let mut seed = 7_u64;
    for (name, start) in states() {
        let mut model = start;
        for step in 0..80 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let text = keys[(seed >> 33) as usize % keys.len()];
            let key = Key::parse(text).unwrap();
            let text_goes_in =
                matches!(model.focus(), Focus::Text | Focus::Secret) && matches!(key.code, Code::Char(_)) && !key.ctrl;
            for effect in tenantry::app::update(&mut model, Msg::Key(key)) {
                let uploads = matches!(&effect, Effect::Start(_, work) if matches!(**work, Work::Upload(_)));
                assert!(!uploads, "{name}: {text} at step {step} uploads");
                let harmless = match &effect {
                    Effect::Start(_, work) => matches!(**work, Work::Ask(..)),
                    effect => matches!(effect, Effect::Cancel(_)),
                };
                assert!(!text_goes_in || harmless, "{name}: the letter {text} at step {step} does {effect:?}");
            }
            if step % 20 == 0 {
                draw(&model, 80, 24);
            }
        }
    }
}
