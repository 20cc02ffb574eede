//! What came, went or changed between two runs, window by window, as a filter leaves it.
//!
//! To find the differences takes a pass over the whole store, and to filter them one over all of them; to show a window
//! does not. So the last ones that were asked for are kept, and which of them the last filter leaves.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::Timestamp;

use super::{
    ExploreError,
    stop::{Stop, Stopped},
};
use crate::{
    domain::{
        explore::{Change, DiffPart, DiffQuery, DiffRow, DiffRows},
        filter::{self, Field, Fields, Filter, Flag, IsId, Scope, Value},
        ids::RunId,
        kind::{EdgeKind, EntityKind},
        naming::Naming,
        traits::Trait,
        view::EdgeEnds,
    },
    store::{Differences, Different, Kept, Piece, Reader},
};

/// The last differences that were asked for, and what the last filter left of them.
#[derive(Debug, Default)]
pub struct Diffs {
    last: Mutex<Option<Arc<Differences>>>,
    filtered: Mutex<Option<Filtered>>,
}

/// What a filter leaves of some differences.
#[derive(Debug)]
struct Filtered {
    of: Arc<Differences>,
    filter: String,
    only: Option<DiffPart>,
    kept: Arc<Kept>,
}

impl Diffs {
    pub const fn new() -> Self {
        Self { last: Mutex::new(None), filtered: Mutex::new(None) }
    }

    /// A window onto what is different in `run` from what was in `since`.
    ///
    /// # Errors
    ///
    /// When one of the two runs is not kept, or did not finish; when it was stopped.
    pub fn ask(
        &self,
        reader: &Reader,
        naming: Naming,
        run: RunId,
        since: RunId,
        query: DiffQuery,
        stop: &Stop,
    ) -> Result<DiffRows, ExploreError> {
        let all = self.between(reader, since, run, stop)?;
        let (filter, complaints) = filter::parse(&query.filter, Scope::Changes);
        let kept = match filter.is_empty() {
            true => None,
            false => Some(self.filtered(reader, naming, &all, &query, &filter, stop)?),
        };
        let mut rows = Vec::new();
        let piece = Piece { only: query.only, offset: query.offset, limit: query.limit };
        let total = reader.each_different(&all, piece, kept.as_deref(), &mut |different, fields| {
            let object = different.object;
            rows.push(DiffRow {
                change: different.change,
                id: object.id.to_owned(),
                kind: object.kind,
                name: object.name.to_owned(),
                second: object.second.to_owned(),
                label: object.label.to_owned(),
                edge: different.edge.map(|(near, kind, mapped)| EdgeEnds {
                    from_id: near.id.to_owned(),
                    from_name: near.name.to_owned(),
                    edge_type: naming.edge_type(kind).to_owned(),
                    mapped,
                }),
                fields,
            });
        })?;
        stop.check()?;
        let problem: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        Ok(DiffRows {
            query,
            totals: totals(&all, naming),
            total,
            rows,
            filter_problem: (!problem.is_empty()).then(|| problem.join("; ")),
        })
    }

    /// Which of the differences the filter leaves.
    fn filtered(
        &self,
        reader: &Reader,
        naming: Naming,
        all: &Arc<Differences>,
        query: &DiffQuery,
        filter: &Filter,
        stop: &Stop,
    ) -> Result<Arc<Kept>, ExploreError> {
        let last = || self.filtered.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same =
            |last: &&Filtered| Arc::ptr_eq(&last.of, all) && (&last.filter, last.only) == (&query.filter, query.only);
        if let Some(last) = last().as_ref().filter(is_same) {
            return Ok(Arc::clone(&last.kept));
        }
        let keep = |different: &Different<'_>| match stop.is_asked() {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(filter.matches(&Line { different, naming })),
        };
        let kept = Arc::new(reader.kept_of(all, query.only, &keep)?.ok_or(Stopped)?);
        let (of, filter, only) = (Arc::clone(all), query.filter.clone(), query.only);
        *last() = Some(Filtered { of, filter, only, kept: Arc::clone(&kept) });
        Ok(kept)
    }

    fn between(
        &self,
        reader: &Reader,
        since: RunId,
        run: RunId,
        stop: &Stop,
    ) -> Result<Arc<Differences>, ExploreError> {
        let runs = reader.runs()?;
        let is_last = |last: &Differences| {
            // A store that was removed and collected anew has the same numbers.
            [since, run].iter().zip(&last.runs).all(|(id, was)| was.id == *id && runs.contains(was))
        };
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref().filter(|last| is_last(last)) {
            return Ok(Arc::clone(last));
        }
        // Whoever asks meanwhile asks for the same.
        stop.check()?;
        let found = Arc::new(reader.differences(since, run, &|| stop.is_asked())?.ok_or(Stopped)?);
        *last = Some(Arc::clone(&found));
        Ok(found)
    }
}

/// By `_type`, zeros included: entities, then memberships.
fn totals(all: &Differences, naming: Naming) -> BTreeMap<String, [u64; 3]> {
    let entities = EntityKind::ALL.into_iter().map(|kind| (naming.entity_type(kind), all.entities[kind as usize]));
    let edges = EntityKind::ALL
        .into_iter()
        .filter_map(EdgeKind::of_group)
        .map(|kind| (naming.edge_type(kind), all.edges[kind as usize]));
    let mut totals = BTreeMap::<String, [u64; 3]>::new();
    for (name, counts) in entities.chain(edges) {
        let total = totals.entry(name.to_owned()).or_default();
        total.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
    }
    totals
}

/// A difference as a filter sees it.
struct Line<'a> {
    different: &'a Different<'a>,
    naming: Naming,
}

impl Fields for Line<'_> {
    fn any_text(&self, enough: &mut dyn FnMut(&str, IsId) -> bool) -> bool {
        let object = &self.different.object;
        let texts = [object.name, object.second, object.mail];
        texts.into_iter().any(|text| enough(text, IsId::No))
            || enough(object.id, IsId::Yes)
            || self.different.edge.is_some_and(|(near, ..)| enough(near.name, IsId::No))
    }

    fn value(&self, field: Field) -> Value<'_> {
        let object = &self.different.object;
        let text = |text| Value::Text(Cow::Borrowed(text));
        let yes = |is: Trait, not: Option<Trait>| match not {
            _ if object.traits.has(is) => Value::Yes(true),
            Some(not) if !object.traits.has(not) => Value::Nothing,
            _ => Value::Yes(false),
        };
        match field {
            Field::Change => text(match self.different.change {
                Change::Came => "came",
                Change::Changed => "changed",
                Change::Went => "went",
            }),
            Field::Type => Value::Text(filter::type_words(object.kind, object.label).into()),
            Field::Name => text(object.name),
            Field::Login => text(object.second),
            Field::Mail => text(object.mail),
            Field::Id => text(object.id),
            Field::From => self.different.edge.map_or(Value::Nothing, |(near, ..)| text(near.name)),
            Field::Edge => self.different.edge.map_or(Value::Nothing, |(_, kind, _)| text(self.naming.edge_type(kind))),
            Field::Enabled => yes(Trait::Enabled, Some(Trait::Disabled)),
            Field::Synced => yes(Trait::Synced, None),
            Field::Dynamic if object.kind == EntityKind::Group => yes(Trait::Dynamic, None),
            Field::RoleAssignable if object.kind == EntityKind::Group => yes(Trait::RoleAssignable, None),
            Field::Created => {
                object.created.and_then(|ms| Timestamp::from_millisecond(ms).ok()).map_or(Value::Nothing, Value::Time)
            }
            Field::Department => text(object.department),
            Field::Title => text(object.title),
            Field::Company => text(object.company),
            Field::Country => text(object.country),
            // What counts what is around it is not known of two runs at once.
            _ => Value::Nothing,
        }
    }

    fn is(&self, flag: Flag) -> bool {
        match flag {
            Flag::Invited => self.different.object.traits.has(Trait::Invited),
            Flag::Hidden => self.different.object.traits.has(Trait::HiddenMembership),
            Flag::Mapped => self.different.edge.is_some_and(|(.., mapped)| mapped),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests;
