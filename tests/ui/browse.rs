//! Lists, by keys: filters that do not flicker, orders, columns, facets, runs compared, and what can be taken away.

use std::sync::Arc;

use tenantry::{
    app::{
        Effect, Model, Msg,
        browse::{Popup, Shows, Tab},
        key::Key,
        list::Fresh,
        overlay::Overlay,
        views::Mode,
    },
    domain::{
        column::{Cell, Column, Sort},
        completeness::RunStatus,
        explore::{DiffQuery, TextForm, Whole},
        filter::Scope,
        ids::RunId,
        problem::Problem,
        view::{List, Pending},
    },
};

use super::{
    answers::three_runs,
    fake::{Fake, Ui, profile, quiet, screen, ui},
};

/// A store with three runs, and the browser open on its users.
async fn browser(size: (u16, u16)) -> (Arc<Fake>, Ui) {
    let engine = Arc::new(Fake::default());
    {
        let mut script = engine.script.lock().unwrap();
        script.profile = Some(profile(Some("Contoso")));
        script.runs = three_runs();
    }
    let mut ui = ui(&engine, Mode::Real, size);
    assert!(ui.until(quiet).await.unwrap());
    press(&mut ui, "3").await;
    (engine, ui)
}

async fn press(ui: &mut Ui, keys: &str) {
    for key in keys.split_whitespace() {
        ui.press(key).unwrap();
        assert!(ui.until(quiet).await.unwrap());
    }
}

fn filter(ui: &Ui) -> &str {
    ui.model().browse.view().filter.text()
}

fn here(ui: &Ui) -> (u64, u64) {
    let window = &ui.model().browse.view().window;
    (window.cursor, window.top)
}

/// What a key would do now.
fn effects(model: &Model, key: &str) -> Vec<Effect> {
    tenantry::app::update(&mut model.clone(), Msg::Key(Key::parse(key).unwrap()))
}

#[tokio::test(start_paused = true)]
async fn old_rows_stay_until_the_new_ones_are_here() {
    let (_, mut ui) = browser((120, 36)).await;
    press(&mut ui, "end up up").await;
    let before = here(&ui);
    let shown = screen(&ui);
    ui.press("/ a d a").unwrap();
    let window = &ui.model().browse.view().window;
    assert!(matches!(window.fresh, Fresh::Other(..)) && window.total == Some(50_021));
    // No key means a row that will be gone.
    assert_eq!(ui.model().browse.subject(), None);
    let rows = |screen: &str| screen.lines().skip(7).take(20).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rows(&screen(&ui)), rows(&shown));
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!((here(&ui), ui.model().browse.view().window.total), ((0, 0), Some(12)));
    // Who drops the filter is back where he was.
    press(&mut ui, "esc").await;
    assert_eq!((here(&ui), filter(&ui)), (before, ""));
}

#[tokio::test(start_paused = true)]
async fn one_question_at_a_time_and_the_last_one_counts() {
    let (engine, mut ui) = browser((120, 36)).await;
    let mut model = ui.model().clone();
    let mut asked = Vec::new();
    for key in ["/", "a", "d", "a"] {
        asked.extend(tenantry::app::update(&mut model, Msg::Key(Key::parse(key).unwrap())));
    }
    let starts = asked.iter().filter(|e| matches!(e, Effect::Start(..))).count();
    let cancels = asked.iter().filter(|e| matches!(e, Effect::Cancel(_))).count();
    assert_eq!((starts, cancels), (3, 2), "{asked:?}");
    press(&mut ui, "/ a d a").await;
    let script = engine.script.lock().unwrap();
    assert_eq!(script.queries.last().unwrap().filter, "ada");
}

#[tokio::test(start_paused = true)]
async fn what_takes_long_is_said_and_asked_for_again() {
    let (engine, mut ui) = browser((120, 36)).await;
    let first = |ui: &Ui| ui.model().browse.view().window.row(0).and_then(|i| i.row()).map(|r| r.id.clone());
    for (pending, words) in [
        (Pending::Filtering, "still counting…"),
        (Pending::Loading, "loading the directory into memory…"),
        (Pending::Sorting, "sorting…"),
    ] {
        engine.script.lock().unwrap().slow = Some(pending);
        ui.press("/ a").unwrap();
        assert!(ui.until(|m| m.browse.view().pending.is_some()).await.unwrap());
        assert!(screen(&ui).contains(words), "{}", screen(&ui));
        let total = ui.model().browse.view().window.total;
        // Rows that the filter has not left yet are none of its own.
        assert_eq!(total, Some(if pending == Pending::Filtering { 3 } else { 50_021 }), "{pending:?}");
        assert!(ui.until(quiet).await.unwrap());
        assert_eq!(ui.model().browse.view().window.total, Some(12));
        assert!(!screen(&ui).contains(words) && engine.script.lock().unwrap().queries.last().unwrap().whole);
        engine.script.lock().unwrap().slow = None;
        press(&mut ui, "esc").await;
    }
    // Sorting shows the order of before, and begins at the top once it is done.
    press(&mut ui, "down down").await;
    engine.script.lock().unwrap().slow = Some(Pending::Sorting);
    let before = first(&ui);
    ui.press("s down down enter").unwrap();
    assert!(ui.until(|m| m.browse.view().pending.is_some()).await.unwrap());
    assert_eq!((first(&ui), ui.model().browse.view().window.cursor), (before.clone(), 2));
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(here(&ui), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn who_scrolls_while_the_whole_is_awaited_stays_where_he_is() {
    let (engine, mut ui) = browser((120, 36)).await;
    engine.script.lock().unwrap().slow = Some(Pending::Loading);
    ui.press("r").unwrap();
    assert!(ui.until(|m| m.browse.view().whole.is_some()).await.unwrap());
    ui.press("end").unwrap();
    assert!(ui.until(|m| m.browse.view().window.pending.is_none()).await.unwrap());
    assert_eq!(here(&ui).0, 50_020);
    engine.script.lock().unwrap().slow = None;
    assert!(ui.until(quiet).await.unwrap());
    assert_eq!(here(&ui).0, 50_020);
    assert!(ui.model().browse.view().window.selected().is_some() && ui.model().browse.view().pending.is_none());
}

#[tokio::test(start_paused = true)]
async fn facets_and_the_filters_text_never_disagree() {
    let (_, mut ui) = browser((120, 36)).await;
    press(&mut ui, "/ a d a enter f").await;
    let chosen = |ui: &Ui| {
        let browse = &ui.model().browse;
        let is = |facet| tenantry::app::browse::facets::is_chosen(ui.model(), facet);
        browse.facets.all.iter().filter(|facet| is(facet)).map(|facet| facet.title.clone()).collect::<Vec<_>>()
    };
    press(&mut ui, "enter down space").await;
    assert_eq!(filter(&ui), "ada type:guest enabled:false");
    assert_eq!(chosen(&ui), ["guests", "disabled"]);
    press(&mut ui, "home space").await;
    assert_eq!((filter(&ui), chosen(&ui)), ("ada enabled:false", vec!["disabled".to_owned()]));
    // Typed by hand is as good as chosen.
    press(&mut ui, "/ space T y p e : g u e s t enter f").await;
    assert_eq!(chosen(&ui), ["guests", "disabled"]);
    press(&mut ui, "enter").await;
    assert_eq!(filter(&ui), "ada enabled:false");
    press(&mut ui, "esc").await;
    assert!(ui.model().overlays.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_list_is_sorted_by_several_columns() {
    let (engine, mut ui) = browser((120, 36)).await;
    let sort = |engine: &Fake| engine.script.lock().unwrap().queries.last().unwrap().sort.clone();
    let by = |column, descending| Sort { column, descending };
    press(&mut ui, "s down down enter").await;
    assert_eq!(sort(&engine), [by(Column::Kind, false)]);
    press(&mut ui, "enter down space").await;
    assert_eq!(sort(&engine), [by(Column::Kind, true), by(Column::InGroups, true)]);
    press(&mut ui, "esc").await;
    let shown = screen(&ui);
    assert!(shown.contains("kind ▼1") && shown.contains("in gr… ▼2"), "{shown}");
    // It is remembered for lists of this kind, and for no others.
    press(&mut ui, "tab").await;
    assert_eq!(sort(&engine), []);
    press(&mut ui, "backtab r").await;
    assert_eq!(sort(&engine).len(), 2);
    press(&mut ui, "s d").await;
    assert_eq!(sort(&engine), []);
}

#[tokio::test(start_paused = true)]
async fn columns_are_chosen_and_moved() {
    let (engine, mut ui) = browser((120, 36)).await;
    let columns = |engine: &Fake| engine.script.lock().unwrap().queries.last().unwrap().columns.clone();
    press(&mut ui, "c down space").await;
    assert_eq!(columns(&engine)[..3], [Column::Name, Column::Kind, Column::InGroups]);
    // The cursor is still on the column, now among the hidden ones: once more brings it back, at the end.
    press(&mut ui, "space").await;
    assert_eq!(columns(&engine).last(), Some(&Column::Second));
    press(&mut ui, "K K K K K K").await;
    assert_eq!(columns(&engine)[..2], [Column::Second, Column::Name]);
    press(&mut ui, "esc").await;
    let head = screen(&ui).lines().find(|line| line.contains("login or mail")).unwrap().to_owned();
    assert!(head.find("login or mail") < head.find("name ▲"), "{head}");
    press(&mut ui, "c d esc").await;
    assert_eq!(columns(&engine)[..2], [Column::Name, Column::Second]);
    // One always stays.
    press(&mut ui, "c space space space space space space space space").await;
    press(&mut ui, "home space home space home space home space home space home space home space home space").await;
    assert_eq!(columns(&engine).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn runs_are_chosen_and_compared() {
    let (engine, mut ui) = browser((120, 36)).await;
    // Since the run before, unless told otherwise.
    press(&mut ui, "backtab backtab backtab backtab").await;
    assert_eq!(ui.model().browse.tab, Tab::Changes);
    assert_eq!(engine.script.lock().unwrap().compared, [(RunId(13), RunId(14))]);
    assert!(screen(&ui).contains("since run 13 of 2026-11-15 09:12"), "{}", screen(&ui));
    // Another pair: shown is 13, compared with 12.
    press(&mut ui, "d down enter").await;
    assert_eq!((ui.model().browse.run, ui.model().browse.chosen), (Some(RunId(13)), true));
    press(&mut ui, "down d").await;
    assert_eq!(engine.script.lock().unwrap().compared.last(), Some(&(RunId(12), RunId(13))));
    assert_eq!(ui.model().browse.tab, Tab::Changes);
    // The run that was chosen stays, wherever one goes; asked for, the newest comes back.
    press(&mut ui, "o 3").await;
    assert_eq!(ui.model().browse.run, Some(RunId(13)));
    assert!(screen(&ui).contains("run 13 of 2026-11-15 09:12: r goes back to run 14"), "{}", screen(&ui));
    press(&mut ui, "r").await;
    assert_eq!((ui.model().browse.run, ui.model().browse.chosen), (Some(RunId(14)), false));
}

#[tokio::test(start_paused = true)]
async fn with_one_run_there_is_nothing_to_compare() {
    let (engine, mut ui) = browser((80, 24)).await;
    engine.script.lock().unwrap().runs.truncate(1);
    press(&mut ui, "r backtab backtab backtab backtab").await;
    assert!(screen(&ui).contains("There is no finished run before this one"), "{}", screen(&ui));
    assert_eq!(engine.script.lock().unwrap().compared, []);
}

#[tokio::test(start_paused = true)]
async fn runs_and_problems_are_filtered_too() {
    let (_, mut ui) = browser((120, 36)).await;
    let total = |ui: &Ui| ui.model().browse.view().window.total;
    press(&mut ui, "backtab backtab").await;
    assert_eq!(ui.model().browse.view().shows, Shows::Problems);
    assert_eq!(total(&ui), Some(3));
    press(&mut ui, "/ s e v e r i t y : f a i l e d enter").await;
    assert_eq!(total(&ui), Some(1));
    press(&mut ui, "esc / s e v e r t y : f a i l e d").await;
    assert!(ui.model().browse.view().complaint.is_some());
}

#[tokio::test(start_paused = true)]
async fn what_is_copied_or_written() {
    let (engine, mut ui) = browser((120, 36)).await;
    press(&mut ui, "/ a d a enter y").await;
    let copied = |model: &Model, downs: usize| {
        let mut model = model.clone();
        for _ in 0..downs {
            tenantry::app::update(&mut model, Msg::Key(Key::parse("down").unwrap()));
        }
        match effects(&model, "enter").as_slice() {
            [Effect::Copy(text)] => text.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(copied(ui.model(), 0), "Ada Lovelace");
    assert_eq!(copied(ui.model(), 1), "user0@contoso.onmicrosoft.com");
    let offers = tenantry::app::browse::copy::offers(ui.model());
    let place = |title: &str| offers.iter().position(|offer| offer.title.starts_with(title)).unwrap();
    let row = copied(ui.model(), place("row"));
    assert!(row.starts_with("Ada Lovelace\tuser0@contoso.onmicrosoft.com\tmember\t0\tSales\t"), "{row:?}");
    assert!(!row.contains('\x1b'));
    assert_eq!(copied(ui.model(), place("id")), "o-0");
    assert_eq!(copied(ui.model(), place("path")), "Users › Ada Lovelace");
    // The whole list, as the filter leaves it.
    let downs = "down ".repeat(place("whole list: TSV"));
    press(&mut ui, &format!("{downs}enter")).await;
    let (whole, form) = engine.script.lock().unwrap().taken.last().cloned().unwrap();
    let Whole::Rows(query) = whole else { panic!("{whole:?}") };
    assert_eq!((query.list, query.filter.as_str(), form), (List::Users, "ada", TextForm::Tsv));
    assert!(ui.model().notice.as_deref().is_some_and(|said| said.starts_with("Copied")));
    press(&mut ui, "e enter").await;
    assert_eq!(engine.script.lock().unwrap().taken.last().unwrap().1, TextForm::Csv);
    assert_eq!(ui.model().notice.as_deref(), Some("Wrote 12 rows to /home/ada/contoso-users.csv"));
}

#[tokio::test(start_paused = true)]
async fn a_question_without_an_answer_says_why() {
    let (engine, mut ui) = browser((80, 24)).await;
    engine.script.lock().unwrap().mute = Some(Problem::new("this cannot be answered yet").code("not_answered"));
    press(&mut ui, "tab").await;
    assert!(screen(&ui).contains("this cannot be answered yet"), "{}", screen(&ui));
    press(&mut ui, "f").await;
    assert!(screen(&ui).contains("Facets") && screen(&ui).contains("this cannot be answered yet"));
    press(&mut ui, "esc y end enter").await;
    assert_eq!(ui.model().notice.as_deref(), Some("this cannot be answered yet (not_answered)"));
    engine.script.lock().unwrap().mute = None;
    press(&mut ui, "r").await;
    assert!(!screen(&ui).contains("this cannot be answered yet"), "{}", screen(&ui));
}

#[tokio::test(start_paused = true)]
async fn lists_are_found_again_as_they_were_left() {
    let (_, mut ui) = browser((120, 36)).await;
    press(&mut ui, "pagedown pagedown down").await;
    let users = here(&ui);
    press(&mut ui, "tab pagedown right down enter").await;
    assert_eq!(ui.model().browse.trail.len(), 3);
    press(&mut ui, "esc").await;
    assert_eq!(here(&ui).0, 1);
    press(&mut ui, "esc esc backtab").await;
    assert_eq!(here(&ui), users);
    // A page is as many rows as are seen.
    let page = tenantry::app::browse::page(ui.model());
    assert_eq!(users.0, 2 * page + 1);
    let seen = screen(&ui).lines().filter(|line| line.contains("@contoso.onm")).count();
    assert!(seen as u64 >= page, "{seen} of {page}\n{}", screen(&ui));
}

#[tokio::test(start_paused = true)]
async fn the_filters_language_is_one_key_away() {
    let (_, mut ui) = browser((80, 24)).await;
    press(&mut ui, "/ f2").await;
    assert!(matches!(ui.model().overlays.last(), Some(Overlay::Browse(Popup::Words { .. }))));
    assert!(screen(&ui).contains("What the filter of users understands"), "{}", screen(&ui));
    // What was being typed goes on.
    press(&mut ui, "esc x").await;
    assert_eq!(filter(&ui), "x");
}

#[tokio::test(start_paused = true)]
async fn a_word_of_the_language_is_written_out() {
    let (_, mut ui) = browser((120, 36)).await;
    press(&mut ui, "/ d e p").await;
    assert!(screen(&ui).contains("dept:"), "{}", screen(&ui));
    press(&mut ui, "tab").await;
    assert_eq!(filter(&ui), "dept:");
    press(&mut ui, "S a l e s").await;
    // With nothing to write out it leads to the list.
    press(&mut ui, "tab").await;
    assert_eq!((filter(&ui), ui.model().browse.filtering), ("dept:Sales", false));
    press(&mut ui, "/ space t y p e : g u tab").await;
    assert_eq!(filter(&ui), "dept:Sales type:guest");
}

/// What was read of a run before its end is not all.
#[tokio::test(start_paused = true)]
async fn a_run_that_ends_is_shown_anew() {
    let (engine, mut ui) = browser((120, 36)).await;
    engine.script.lock().unwrap().runs[0].status = RunStatus::Running;
    press(&mut ui, "r r down down").await;
    let asked = engine.script.lock().unwrap().queries.len();
    press(&mut ui, "o 3").await;
    assert_eq!(engine.script.lock().unwrap().queries.len(), asked, "it still runs");
    engine.script.lock().unwrap().runs[0].status = RunStatus::Partial;
    press(&mut ui, "o 3").await;
    // The overview of before the end may come first: the one after it tells.
    press(&mut ui, "o 3").await;
    assert!(engine.script.lock().unwrap().queries.len() > asked);
    assert_eq!(here(&ui).0, 2);
}

/// What changed, runs, problems and requests are lists like any other: they are filtered, copied and written as a whole.
#[tokio::test(start_paused = true)]
async fn lists_that_are_none_of_objects_can_be_taken_away() {
    let (engine, mut ui) = browser((120, 36)).await;
    engine.script.lock().unwrap().runs = three_runs();
    press(&mut ui, "r").await;
    let taken = || engine.script.lock().unwrap().taken.last().cloned().unwrap();
    press(&mut ui, "tab tab tab tab / c h a n g e : w e n t enter e down enter").await;
    assert_eq!(ui.model().browse.tab, Tab::Changes);
    let query = DiffQuery { filter: "change:went".to_owned(), ..DiffQuery::default() };
    assert_eq!(taken(), (Whole::Diff { since: RunId(13), query }, TextForm::Ndjson));
    press(&mut ui, "tab / ! 1 3 enter e enter").await;
    assert_eq!(ui.model().browse.tab, Tab::Runs);
    let (Whole::Lines(lines), TextForm::Csv) = taken() else { panic!("{:?}", taken()) };
    assert_eq!((lines.of, lines.heads[0].word), (Scope::Runs, "run"));
    let numbers: Vec<Cell> = lines.rows.iter().map(|row| row[0].clone()).collect();
    assert_eq!(numbers, [Cell::Number(14), Cell::Number(12)]);
    press(&mut ui, "tab y end enter").await;
    let (Whole::Lines(lines), TextForm::Json) = taken() else { panic!("{:?}", taken()) };
    assert_eq!((lines.of, lines.rows.len()), (Scope::Problems, 3));
    press(&mut ui, "backtab home L").await;
    press(&mut ui, "/ m s : > 5 0 enter e down enter").await;
    let (Whole::Requests(query), TextForm::Ndjson) = taken() else { panic!("{:?}", taken()) };
    assert_eq!((query.filter.as_str(), query.limit), ("ms:>50", 0));
}

#[tokio::test(start_paused = true)]
async fn runs_and_problems_have_orders_to_be_chosen() {
    let (engine, mut ui) = browser((120, 36)).await;
    {
        let mut script = engine.script.lock().unwrap();
        script.runs = three_runs();
        script.runs[2].requests = 90_000;
    }
    press(&mut ui, "r tab tab tab tab tab").await;
    let runs = |ui: &Ui| -> Vec<i64> {
        ui.model().browse.view().window.rows.iter().filter_map(|item| item.run()).map(|run| run.id.0).collect()
    };
    assert_eq!(runs(&ui), [14, 13, 12]);
    assert!(screen(&ui).contains("started ▼"), "{}", screen(&ui));
    press(&mut ui, "s down down down enter esc").await;
    assert_eq!(runs(&ui), [12, 14, 13], "{}", screen(&ui));
    press(&mut ui, "> >").await;
    assert!(screen(&ui).contains("requests ▼"), "{}", screen(&ui));
    press(&mut ui, "s d home enter enter esc").await;
    assert_eq!(runs(&ui), [12, 13, 14], "the other way round");
    // The order goes with what is taken away.
    press(&mut ui, "e enter").await;
    let (Whole::Lines(lines), _) = engine.script.lock().unwrap().taken.last().cloned().unwrap() else { panic!() };
    assert_eq!(lines.rows[0][0], Cell::Number(12));
    press(&mut ui, "tab s down enter esc").await;
    let about: Vec<String> =
        ui.model().browse.view().window.rows.iter().filter_map(|i| i.finding()).map(|f| f.about.clone()).collect();
    assert_eq!(about, ["the members of Board", "the members of Secret Project X", "users"]);
    press(&mut ui, "s enter esc").await;
    assert!(screen(&ui).contains("about ▼"), "{}", screen(&ui));
}

/// What does not fit is counted in the heads, and comes at a key.
#[tokio::test(start_paused = true)]
async fn columns_that_do_not_fit_are_told_and_reached() {
    for (size, mark, last, one) in
        [((80, 24), "+3 columns >", "< 2", "+2 columns >"), ((40, 12), "+6 >", "< created", "+1 >")]
    {
        let (_, mut ui) = browser(size).await;
        assert!(screen(&ui).contains(mark), "{}", screen(&ui));
        assert!(!screen(&ui).contains("2021-03"), "{}", screen(&ui));
        press(&mut ui, "> > > > > > > >").await;
        let shown = screen(&ui);
        assert!(shown.contains(last) && !shown.contains(" +") && shown.contains("2021-03-04"), "{shown}");
        assert!(shown.contains("Ada"), "the first column stays: {shown}");
        // No further than there is something, so that one key back is one column back.
        press(&mut ui, "<").await;
        assert!(screen(&ui).contains(one), "{}", screen(&ui));
        press(&mut ui, "< < < < < <").await;
        assert!(screen(&ui).contains(mark), "{}", screen(&ui));
    }
}
