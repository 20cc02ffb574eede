//! A run in memory with the last answers about it: which rows a list has is found once, then scrolled through.

use std::sync::{Arc, Mutex, PoisonError};

use super::{
    atlas::Atlas,
    facets,
    find::Near,
    listing::{self, Lines, Listing},
    rows,
    stop::{Patience, Stop, Stopped},
};
use crate::domain::{
    column::Sort,
    explore::Facet,
    filter::{Filter, Scope, parse},
    view::{List, Query, Rows, Within},
};

/// How many listings are kept: going back and forth between lists costs nothing.
const KEPT: usize = 6;
/// How many rows all of them together may have, four bytes each.
const MOST: usize = 6_000_000;

#[derive(Debug)]
pub(super) struct Run {
    pub atlas: Atlas,
    /// The newest last.
    kept: Mutex<Vec<(Key, Arc<Listing>)>>,
}

/// What makes a listing itself.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    list: List,
    within: Within,
    filter: Filter,
    sort: Vec<Sort>,
}

impl Run {
    pub(super) const fn new(atlas: Atlas) -> Self {
        Self { atlas, kept: Mutex::new(Vec::new()) }
    }

    /// A window onto a list.
    pub(super) fn rows(&self, query: &Query, patience: &Patience) -> Result<Rows, Stopped> {
        let (filter, filter_problem) = understood(query);
        let listing = self.listing(query, filter, patience)?;
        let start = usize::try_from(query.offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(query.limit).unwrap_or(usize::MAX));
        let lines = listing.lines(&self.atlas, start..end);
        Ok(Rows {
            query: query.clone(),
            total: listing.len(&self.atlas) as u64,
            rows: lines.map(|line| rows::row(&self.atlas, &listing, line, &query.columns)).collect(),
            pending: listing.pending,
            filter_problem,
        })
    }

    pub(super) fn facets(&self, query: &Query, stop: &Stop) -> Result<Vec<Facet>, Stopped> {
        let query = Query { sort: Vec::new(), ..query.clone() };
        let (filter, _) = understood(&query);
        let listing = self.listing(&query, filter, &Patience::endless(stop.clone()))?;
        facets::facets(&self.atlas, query.list, &listing, &query.filter, stop)
    }

    /// Which rows there are; of what is not there none.
    pub(super) fn listing(&self, query: &Query, filter: Filter, patience: &Patience) -> Result<Arc<Listing>, Stopped> {
        let key = Key { list: query.list, within: query.within.clone(), filter, sort: query.sort.clone() };
        if let Some(kept) = self.kept(&key) {
            return Ok(kept);
        }
        let found = listing::list(&self.atlas, query, &key.filter, patience)?;
        let found = Arc::new(found.unwrap_or(Listing {
            rows: Lines::Range(0..0),
            near: Near::None,
            depths: None,
            pending: None,
        }));
        if found.pending.is_none() {
            self.keep(key, Arc::clone(&found));
        }
        Ok(found)
    }

    fn kept(&self, key: &Key) -> Option<Arc<Listing>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(other, _)| other == key)?;
        let found = kept.remove(at);
        let listing = Arc::clone(&found.1);
        kept.push(found);
        drop(kept);
        Some(listing)
    }

    fn keep(&self, key: Key, listing: Arc<Listing>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push((key, listing));
        let rows = |kept: &[(Key, Arc<Listing>)]| kept.iter().map(|(_, listing)| listing.weight()).sum::<usize>();
        while kept.len() > 1 && (kept.len() > KEPT || rows(&kept) > MOST) {
            kept.remove(0);
        }
    }
}

/// What a query's filter says, and what of it could not be understood.
pub(super) fn understood(query: &Query) -> (Filter, Option<String>) {
    let (filter, complaints) = parse(&query.filter, Scope::from(query.list));
    let words: Vec<String> = complaints.into_iter().map(|complaint| complaint.words).collect();
    (filter, (!words.is_empty()).then(|| words.join(" ")))
}
