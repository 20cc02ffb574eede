//! The naive way: SQLite is asked for every window, by `OFFSET`, and for every word, by looking at each text.

use std::{path::Path, time::Instant};

use tenantry::{
    domain::{
        ids::RunId,
        naming::Naming,
        view::{List, Query},
    },
    store::Reader,
};

use super::table::Figure;

pub fn figures(path: &Path, run: RunId) -> Vec<Figure> {
    let reader = Reader::open(path, None).expect("the store opens");
    let ask = |what: &str, query: Query| {
        let began = Instant::now();
        let rows = reader.rows(run, Naming::ActiveDirectory, &query).expect("rows");
        (Figure::told(&format!("naive: {what}"), began.elapsed()), rows.total)
    };
    let (first, users) = ask("users, the first page", Query::of(List::Users));
    let (_, edges) = ask("edges", Query::of(List::Edges));
    let end = |total: u64| total.saturating_sub(60);
    let filter = |text: &str| Query { filter: text.to_owned(), ..Query::of(List::Users) };
    vec![
        first,
        ask("users, the last page", Query { offset: end(users), ..Query::of(List::Users) }).0,
        ask("edges, the last page", Query { offset: end(edges), ..Query::of(List::Edges) }).0,
        ask("users, a word", filter("lidia")).0,
    ]
}
