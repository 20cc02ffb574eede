//! An upload object by object, as a list of the browser; and what the engine's stand-in answers about it.

use std::sync::Arc;

use tenantry::{
    app::{
        Place,
        browse::{Item, Shows},
    },
    domain::{
        column::Column,
        explore::{Facet, FieldChange, TextForm, Whole},
        filter::{self, Field, Fields, Flag, IsId, Scope, Value},
        kind::EntityKind,
        planned::{Cause, Deed, End, Planned, PlannedQuery, PlannedRows, type_words},
    },
};

use super::{
    fake::{Fake, Ui, quiet, screen},
    guards::at_upload,
};

/// A row as its filter sees it; the real one reads a store.
struct Seen<'a>(&'a Planned);

impl Fields for Seen<'_> {
    fn any_text(&self, enough: &mut dyn FnMut(&str, IsId) -> bool) -> bool {
        enough(&self.0.end.name, IsId::No) || self.0.from.as_ref().is_some_and(|from| enough(&from.name, IsId::No))
    }

    fn value(&self, field: Field) -> Value<'_> {
        match field {
            Field::Will => Value::Text(self.0.deed.word().into()),
            Field::Type => Value::Text(type_words(&self.0.object_type, self.0.from.is_some()).into()),
            Field::Cause => self.0.cause.map_or(Value::Nothing, |cause| Value::Text(cause.word().into())),
            _ => Value::Nothing,
        }
    }

    fn is(&self, _: Flag) -> bool {
        false
    }
}

fn end(n: u64) -> End {
    End { id: format!("00000000-0000-4000-8000-{n:012}"), name: format!("Person {n}"), kind: Some(EntityKind::User) }
}

fn row(n: u64) -> Planned {
    let deed = Deed::ALL[(n % 3) as usize];
    let change = FieldChange { field: "displayName".to_owned(), before: "P".into(), now: end(n).name.into() };
    let group = End {
        id: "99999999-0000-4000-8000-000000000001".to_owned(),
        name: "All Contractors".to_owned(),
        kind: Some(EntityKind::Group),
    };
    let (object_type, from, why) = match n % 2 {
        0 => ("active_directory_user", None, Cause::Gone),
        _ => ("active_directory_user_group_has_user", Some(group), Cause::User),
    };
    let near = from.as_ref().map(|from| format!("{}|has|", from.id)).unwrap_or_default();
    Planned {
        deed,
        object_type: object_type.to_owned(),
        key: format!("{near}{}", end(n).id),
        end: end(n),
        fields: (deed == Deed::Change && from.is_none()).then(|| vec![change]),
        from,
        cause: (deed == Deed::Delete).then_some(why),
    }
}

/// Of a thousand, those that the filter leaves.
fn left(query: &PlannedQuery) -> (Vec<Planned>, Option<String>) {
    let (filter, complaints) = filter::parse(&query.filter, Scope::Planned);
    let all = (0..1_000).map(row).filter(|row| filter.matches(&Seen(row))).collect();
    (all, complaints.first().map(ToString::to_string))
}

pub fn answer(query: PlannedQuery) -> PlannedRows {
    let (all, filter_problem) = left(&query);
    let total = all.len() as u64;
    let rows = all.into_iter().skip(query.offset as usize).take(query.limit as usize).collect();
    PlannedRows { query, total, rows, filter_problem, pending: None }
}

pub fn facets(query: &PlannedQuery) -> Vec<Facet> {
    let (all, _) = left(query);
    let facet = |deed: Deed| {
        let filter = format!("will:{}", deed.word());
        let count = all.iter().filter(|row| row.deed == deed).count() as u64;
        let chosen = filter::has(&query.filter, &filter, Scope::Planned);
        Facet { title: deed.word().to_owned(), filter, count, chosen }
    };
    Deed::ALL.map(facet).to_vec()
}

async fn press(ui: &mut Ui, keys: &str) {
    ui.press(keys).unwrap();
    assert!(ui.until(quiet).await.unwrap());
}

/// The cursor, how many there are, and what is selected.
fn at(ui: &Ui) -> (u64, u64, Option<String>) {
    let view = ui.model().browse.view();
    assert!(matches!(view.shows, Shows::Planned(_)), "{:?}", view.shows);
    let selected = match view.window.selected() {
        Some(Item::Planned(row)) => Some(row.title()),
        _ => None,
    };
    (view.window.cursor, view.window.total.unwrap_or_default(), selected)
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_a_list_like_any_other() {
    let engine = Arc::new(Fake::default());
    let mut ui = at_upload(&engine, true, None).await;
    press(&mut ui, "4 d").await;
    assert_eq!(at(&ui), (0, 1_000, Some("Person 0".to_owned())));
    assert!(screen(&ui).contains("1 of 1,000"), "{}", screen(&ui));
    press(&mut ui, "down").await;
    assert_eq!(at(&ui).2.as_deref(), Some("All Contractors → Person 1"));
    // Far away, other rows are fetched, and only those around.
    press(&mut ui, "end").await;
    assert_eq!(at(&ui), (999, 1_000, Some("All Contractors → Person 999".to_owned())));
    for _ in 0..70 {
        press(&mut ui, "pageup").await;
        assert!(at(&ui).2.is_some(), "there are rows under the cursor: {:?}", at(&ui));
    }
    let asked = engine.script.lock().unwrap().planned.len();
    assert!(asked < 50, "not for every step: {asked}");
    // The language of all lists, with its complaints.
    press(&mut ui, "/ w i l l : d e l e t e enter").await;
    assert_eq!(at(&ui), (0, 333, Some("Person 2".to_owned())));
    assert!(screen(&ui).contains("the directory has it no more"), "{}", screen(&ui));
    press(&mut ui, "esc d / ctrl-u w i l : d e l e t e enter").await;
    assert!(screen(&ui).contains("no field is called wil: is will: meant?"), "{}", screen(&ui));
    // What changes of one is told, and from there on what the directory has of it.
    press(&mut ui, "/ ctrl-u 4 0 0 enter").await;
    assert_eq!(at(&ui), (0, 1, Some("Person 400".to_owned())));
    assert!(screen(&ui).contains("displayName: P → Person 400"), "{}", screen(&ui));
    press(&mut ui, "enter").await;
    assert!(matches!(ui.model().browse.view().shows, Shows::One(..)), "{}", screen(&ui));
    assert!(screen(&ui).contains("~ change, active_directory_user"), "{}", screen(&ui));
    press(&mut ui, "enter").await;
    assert!(matches!(ui.model().browse.view().shows, Shows::Object(_)), "{}", screen(&ui));
    // Back it is where it was, and behind it the preview.
    press(&mut ui, "esc esc").await;
    assert_eq!(at(&ui), (0, 1, Some("Person 400".to_owned())));
    press(&mut ui, "esc").await;
    assert!(ui.model().place == Place::Preview && ui.model().browse.trail.is_empty());
    press(&mut ui, "d").await;
    assert_eq!(at(&ui), (0, 1, Some("Person 400".to_owned())), "as it was left");
    assert!(engine.script.lock().unwrap().orders.is_empty());
    // And the plan is kept from the preview.
    press(&mut ui, "esc w").await;
    assert!(screen(&ui).contains("/data/plans/contoso-run-1.json"), "{}", screen(&ui));
}

#[tokio::test(start_paused = true)]
async fn an_upload_is_counted_sorted_and_written_as_it_is_shown() {
    let engine = Arc::new(Fake::default());
    let mut ui = at_upload(&engine, true, None).await;
    press(&mut ui, "4 d f").await;
    assert!(screen(&ui).contains("delete") && screen(&ui).contains("333"), "{}", screen(&ui));
    press(&mut ui, "down down enter esc").await;
    assert_eq!(at(&ui).1, 333);
    press(&mut ui, "s down down enter down space esc").await;
    press(&mut ui, "e enter").await;
    let script = engine.script.lock().unwrap();
    let by = |query: &PlannedQuery| -> Vec<(Column, bool)> {
        query.sort.iter().map(|sort| (sort.column, sort.descending)).collect()
    };
    let [(Whole::Planned(query), TextForm::Csv)] = script.taken.as_slice() else { panic!("{:?}", script.taken) };
    assert_eq!(query.filter, "will:delete");
    assert_eq!(by(query), [(Column::Name, false), (Column::From, false)]);
    assert_eq!(by(script.planned.last().unwrap()), by(query), "what is on the screen is what is written");
}
