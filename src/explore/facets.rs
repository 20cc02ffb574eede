//! How many rows of a list have what in common: the traits that the directory tells, and what the edges make of them.

use std::collections::HashMap;

use super::{
    atlas::{Atlas, kind_of},
    edges::Node,
    find::{self, STRIDE},
    listing::Listing,
    stop::{Stop, Stopped},
};
use crate::domain::{
    explore::Facet,
    filter::{Flag, Scope, has},
    kind::EntityKind,
    traits::{Trait, Traits},
    view::List,
};

/// What the edges make of an object, for people.
const fn of_edges(kind: Option<EntityKind>) -> &'static [(Flag, &'static str)] {
    match kind {
        Some(EntityKind::Account) => &[],
        Some(EntityKind::Group) => &[
            (Flag::Empty, "empty"),
            (Flag::Nested, "holding groups"),
            (Flag::InGroup, "in a group"),
            (Flag::InCycle, "in a cycle"),
            (Flag::Incomplete, "incomplete"),
        ],
        Some(EntityKind::User | EntityKind::Member) => &[(Flag::InNothing, "in no group")],
        None => &[(Flag::Mapped, "far end not readable"), (Flag::InCycle, "to a group in a cycle")],
    }
}

/// The kinds of far ends, for people and as filters say them.
const ENDS: [(EntityKind, &str, &str); 3] = [
    (EntityKind::User, "to users", "type:user"),
    (EntityKind::Group, "to groups", "type:group"),
    (EntityKind::Member, "to others", "type:other"),
];

/// The facets of a list as a filter leaves it; `filter` is what it says, so that those are told that it has already.
pub(super) fn facets(
    atlas: &Atlas,
    list: List,
    listing: &Listing,
    filter: &str,
    stop: &Stop,
) -> Result<Vec<Facet>, Stopped> {
    let kind = kind_of(list);
    // Far ends come again and again: they are counted first, and looked at once.
    let mut times: Vec<u32> = vec![0; atlas.nodes() as usize];
    for (at, line) in listing.lines(atlas, 0..usize::MAX).enumerate() {
        times[line.node as usize] += 1;
        if at.is_multiple_of(STRIDE) {
            stop.check()?;
        }
    }
    let mut traits: HashMap<Traits, u64> = HashMap::new();
    let flags = of_edges(kind);
    // As a filter that says so would decide.
    let checks: Vec<_> = flags.iter().map(|(flag, _)| find::is(atlas, *flag, listing.near)).collect();
    let mut flagged = vec![0_u64; flags.len()];
    let mut kinds = [0_u64; 4];
    for (node, times) in (0..).zip(&times).filter(|(_, times)| **times > 0) {
        let (node, times): (Node, u64) = (node, u64::from(*times));
        *traits.entry(atlas.traits(node)).or_default() += times;
        kinds[super::answers::Known::kind(atlas, node) as usize] += times;
        for (count, holds) in flagged.iter_mut().zip(&checks) {
            *count += if holds(node) { times } else { 0 };
        }
    }
    let scope = Scope::from(list);
    let facet = |title: &str, words: String, count: u64| Facet {
        title: title.to_owned(),
        chosen: has(filter, &words, scope),
        filter: words,
        count,
    };
    let of_trait = |one: &Trait| {
        let count = traits.iter().filter(|(all, _)| all.has(*one)).map(|(_, times)| times).sum();
        let (field, value) = one.filter();
        // Of group members only contacts may have any.
        let more = if (kind, *one) == (Some(EntityKind::Member), Trait::NoMail) { "type:contact " } else { "" };
        facet(one.title(), format!("{more}{field}:{value}"), count)
    };
    let of_flags = flags.iter().zip(&flagged).map(|((flag, title), count)| {
        let (field, word) = flag.words();
        facet(title, format!("{}:{word}", field.info().word), *count)
    });
    let mut all: Vec<Facet> = match kind {
        Some(kind) => Trait::of(kind).iter().map(of_trait).collect(),
        None => {
            let of_kind =
                |(kind, title, words): (EntityKind, &str, &str)| facet(title, words.to_owned(), kinds[kind as usize]);
            let more = [Trait::Guest, Trait::Disabled].iter().map(of_trait);
            ENDS.into_iter().map(of_kind).chain(more).collect()
        }
    };
    all.extend(of_flags);
    Ok(all)
}
