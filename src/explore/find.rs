//! Which nodes a filter leaves: the longest word is searched for in all texts at once, all else is asked of the nodes that
//! this leaves.

use memchr::memmem::Finder;

use super::{
    answers::Known as _,
    arena::Part,
    atlas::{Atlas, Few},
    edges::Node,
    stop::{Patience, Stopped, Then},
};
use crate::domain::filter::{Field, Filter, Flag, How, Term, Test, Text, Value};

/// How many nodes are looked at between two looks at the clock.
pub(super) const STRIDE: usize = 4_096;

/// What a row has beside its node.
#[derive(Debug, Clone, Copy)]
pub(super) enum Near {
    /// Nothing.
    None,
    /// The edge from this one.
    From(Node),
    /// The edge from the row's own node, a group, to this one.
    To(Node),
    /// Any of all edges.
    Any,
}

/// How far away nodes are, by their places.
pub(super) type Depths = Vec<u32>;

/// What was found, and whether that is all.
#[derive(Debug)]
pub(super) struct Found {
    pub all: Vec<u32>,
    pub is_whole: bool,
}

/// A test of a node, made once for a filter.
pub(super) type Check<'a> = Box<dyn Fn(Node) -> bool + 'a>;

/// The nodes of these that the filter leaves, in their order.
pub(super) fn find(
    atlas: &Atlas,
    filter: &Filter,
    nodes: &Nodes<'_>,
    (near, depths): (Near, Option<&Depths>),
    patience: &Patience,
) -> Result<Found, Stopped> {
    let anchor = match nodes {
        Nodes::Range(_) => anchor(atlas, filter),
        Nodes::Listed(_) => None,
    };
    let checks: Vec<Check<'_>> = filter
        .terms
        .iter()
        .enumerate()
        .filter(|(at, _)| !anchor.is_some_and(|(anchor, text)| anchor == *at && text.how == How::Occurs))
        .map(|(_, term)| check_of(atlas, term, near, depths))
        .collect();
    let mut found = Found { all: Vec::new(), is_whole: true };
    let mut seen = 0_usize;
    let mut end = Ok(());
    let mut take = |node: Node| {
        if checks.iter().all(|check| check(node)) {
            found.all.push(node);
        }
        seen += 1;
        if seen.is_multiple_of(STRIDE) {
            match patience.check() {
                Ok(Then::GoOn) => {}
                Ok(Then::Answer) => {
                    found.is_whole = false;
                    return false;
                }
                Err(stopped) => {
                    end = Err(stopped);
                    return false;
                }
            }
        }
        true
    };
    match (nodes, anchor) {
        (Nodes::Range(range), Some((_, text))) => {
            atlas.texts.search(&text.needle, range.clone(), take);
        }
        (Nodes::Range(range), None) => {
            range.clone().all(&mut take);
        }
        (Nodes::Listed(listed), _) => {
            listed.iter().all(|node| take(*node));
        }
    }
    end.map(|()| found)
}

/// What is looked through.
#[derive(Debug)]
pub(super) enum Nodes<'a> {
    Range(std::ops::Range<Node>),
    Listed(&'a [Node]),
}

/// The longest word that occurs in the texts of all that a filter leaves, and its place in the filter. Where it must be a
/// whole word, or begin or end a text, that is still to be asked.
fn anchor<'a>(atlas: &Atlas, filter: &'a Filter) -> Option<(usize, &'a Text)> {
    if atlas.ids.has_texts() {
        return None;
    }
    let words = filter.terms.iter().enumerate().filter_map(|(at, term)| match &term.test {
        Test::Anywhere(text) if !term.not && text.how != How::Fuzzy && !text.can_be_in_a_guid() => Some((at, text)),
        _ => None,
    });
    words.max_by_key(|(_, text)| text.needle.len())
}

/// A term as a check of nodes.
pub(super) fn check_of<'a>(atlas: &'a Atlas, term: &'a Term, near: Near, depths: Option<&'a Depths>) -> Check<'a> {
    let holds = test_of(atlas, &term.test, near, depths);
    if term.not { Box::new(move |node| !holds(node)) } else { holds }
}

pub(super) fn test_of<'a>(atlas: &'a Atlas, test: &'a Test, near: Near, depths: Option<&'a Depths>) -> Check<'a> {
    match test {
        Test::Anywhere(text) => anywhere(atlas, text),
        Test::Is(flag) => is(atlas, *flag, near),
        Test::In(Field::Name, text) => part(atlas, Part::Name, text),
        Test::In(Field::Login, text) => part(atlas, Part::Second, text),
        Test::In(Field::Mail, text) => part(atlas, Part::Mail, text),
        Test::Date(Field::Created, dates) => {
            let (from, before) = dates.bounds();
            let from = from.max(super::atlas::NO_TIME + 1);
            Box::new(move |node| (from..before).contains(&atlas.created[node as usize]))
        }
        Test::In(field, _)
        | Test::Has(field, _)
        | Test::One(field, _)
        | Test::Yes(field, _)
        | Test::Number(field, _)
        | Test::Date(field, _) => match (field, near) {
            (Field::Department, _) => few(&atlas.departments, test),
            (Field::Title, _) => few(&atlas.titles, test),
            (Field::Company, _) => few(&atlas.companies, test),
            (Field::Country, _) => few(&atlas.countries, test),
            (Field::Type, _) => typed(atlas, test),
            (Field::Depth, _) => Box::new(move |node| {
                let depth = depths.and_then(|depths| depths.get(node as usize)).filter(|depth| **depth > 0);
                test.holds_of(&depth.map_or(Value::Nothing, |depth| Value::Number(u64::from(*depth))))
            }),
            (Field::From | Field::FromRole, Near::From(group)) => {
                let holds = test.holds_of(&of_near(atlas, group, *field));
                Box::new(move |_| holds)
            }
            (Field::From | Field::FromRole, Near::To(_)) => {
                Box::new(move |node| test.holds_of(&of_near(atlas, node, *field)))
            }
            (Field::Edge, Near::From(group)) => {
                let from_account = atlas.account() == Some(group);
                Box::new(move |node| test.holds_of(&Value::Text(atlas.edge_type(from_account, node).into())))
            }
            (Field::Edge, Near::To(far)) => {
                let holds = test.holds_of(&Value::Text(atlas.edge_type(false, far).into()));
                Box::new(move |_| holds)
            }
            (Field::Edge, Near::Any) => {
                Box::new(move |node| test.holds_of(&Value::Text(atlas.edge_type(false, node).into())))
            }
            (field, _) => Box::new(move |node| test.holds_of(&atlas.value(node, *field))),
        },
    }
}

/// What a filter asks of the near end of an edge.
pub(super) fn of_near(atlas: &Atlas, near: Node, field: Field) -> Value<'_> {
    match field {
        Field::From => Value::Text(atlas.texts.lower(near, Part::Name).into()),
        Field::FromRole => atlas.value(near, Field::RoleAssignable),
        _ => Value::Nothing,
    }
}

/// Whether a flag holds of a row.
pub(super) fn is(atlas: &Atlas, flag: Flag, near: Near) -> Check<'_> {
    match (flag, near) {
        (Flag::Mapped, Near::To(far)) => {
            let holds = atlas.is_mapped(far);
            Box::new(move |_| holds)
        }
        (Flag::Mapped, Near::None) => Box::new(|_| false),
        (flag, _) => Box::new(move |node| atlas.is(node, flag)),
    }
}

fn anywhere<'a>(atlas: &'a Atlas, text: &'a Text) -> Check<'a> {
    let letters: Vec<u8> = text.needle.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if text.how == How::Fuzzy && letters.is_ascii() && !atlas.ids.has_texts() {
        return Box::new(move |node| atlas.texts.different(node).any(|part| have_in_order(part.as_bytes(), &letters)));
    }
    let finder = Finder::new(text.needle.as_str());
    let (in_guids, in_texts) = (text.can_be_in_a_guid(), atlas.ids.has_texts());
    let is_in = move |lower: &[u8]| match text.how {
        How::Occurs => finder.find(lower).is_some(),
        _ => text.is_in(std::str::from_utf8(lower).unwrap_or_default()),
    };
    Box::new(move |node| {
        let in_part = |part: Part| is_in(atlas.texts.lower(node, part).as_bytes());
        let in_parts = match text.how {
            How::Occurs => is_in(atlas.texts.stretch(node)),
            _ => in_part(Part::Name) || in_part(Part::Second) || in_part(Part::Mail),
        };
        // Nearly every id is a GUID, which is compared without being asked for as a text.
        in_parts
            || match atlas.ids.guid(node) {
                Some(guid) => in_guids && is_in(&guid),
                None => in_texts && atlas.ids.with(node, |id| text.is_in_id(&id.to_lowercase())),
            }
    })
}

/// Whether these letters, which are ASCII, occur one behind the other.
fn have_in_order(text: &[u8], letters: &[u8]) -> bool {
    let mut rest = text;
    letters.iter().all(|letter| match memchr::memchr(*letter, rest) {
        Some(at) => {
            rest = &rest[at + 1..];
            true
        }
        None => false,
    })
}

/// All nodes that a word is in, as far as that can be found by looking through all texts at once.
pub(super) fn all_with(atlas: &Atlas, text: &Text, mut found: impl FnMut(Node)) {
    if text.how == How::Occurs && !text.can_be_in_a_guid() && !atlas.ids.has_texts() {
        return atlas.texts.search(&text.needle, 0..atlas.nodes(), |node| {
            found(node);
            true
        });
    }
    let holds = anywhere(atlas, text);
    (0..atlas.nodes()).filter(|node| holds(*node)).for_each(found);
}

fn part<'a>(atlas: &'a Atlas, part: Part, text: &'a Text) -> Check<'a> {
    Box::new(move |node| {
        let lower = atlas.texts.lower(node, part);
        !lower.is_empty() && text.is_in(lower)
    })
}

/// Of texts that many nodes share each is looked at once.
fn few<'a>(few: &'a Few, test: &'a Test) -> Check<'a> {
    let of = |text: &str| match text {
        "" => test.holds_of(&Value::Nothing),
        text => test.holds_of(&Value::Text(text.into())),
    };
    let holds: Vec<bool> = few.all().iter().map(|text| of(text)).collect();
    Box::new(move |node| holds[few.at(node)])
}

/// Types are what kinds and labels make of them, and there are few of both.
fn typed<'a>(atlas: &'a Atlas, test: &'a Test) -> Check<'a> {
    let holds = crate::domain::kind::EntityKind::ALL.map(|kind| {
        let of = |label: &str| test.holds_of(&Value::Text(crate::domain::filter::type_words(kind, label).into()));
        atlas.labels.all().iter().map(|label| of(label)).collect::<Vec<_>>()
    });
    Box::new(move |node| holds[atlas.kind(node) as usize][atlas.labels.at(node)])
}
