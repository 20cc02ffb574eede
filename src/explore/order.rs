//! Orders of nodes and edges by any columns. Sorts are stable, so that what a column does not tell apart stays in the order
//! of the list; what has nothing in a column comes last, whichever way it is sorted.

use std::cmp::Ordering;

use super::{
    answers::Known as _,
    arena::Part,
    atlas::{Atlas, Few, NO_TIME},
    edges::Node,
    find::{Depths, Near},
    listing::Pairs,
    stop::{Stop, Stopped},
};
use crate::domain::{
    column::{Column, Sort},
    completeness::State,
    kind::EntityKind,
    traits::Trait,
};

/// From so many rows on, an order by texts is worth saying that it is on its way.
pub(super) const MANY: usize = 30_000;

/// What a column sorts by.
enum Keys<'a> {
    Numbers(Box<dyn Fn(Node) -> Option<u64> + 'a>),
    Texts(Part),
}

/// Whether an order of so many rows takes long enough to be waited for.
pub(super) fn is_slow(sorts: &[Sort], rows: usize, are_edges: bool) -> bool {
    let by_text = |sort: &Sort| matches!(sort.column, Column::Name | Column::Second | Column::Mail | Column::Id);
    rows > MANY && (are_edges || sorts.iter().any(by_text))
}

/// Puts nodes in order.
pub(super) fn nodes(
    atlas: &Atlas,
    nodes: &mut Vec<Node>,
    sorts: &[Sort],
    (near, depths): (Near, Option<&Depths>),
    stop: &Stop,
) -> Result<(), Stopped> {
    for sort in sorts.iter().rev() {
        stop.check()?;
        by(atlas, nodes, *sort, (near, depths));
    }
    Ok(())
}

fn by(atlas: &Atlas, nodes: &mut Vec<Node>, sort: Sort, beside: (Near, Option<&Depths>)) {
    let turn = |order: Ordering| if sort.descending { order.reverse() } else { order };
    let mut empty = Vec::new();
    let mut keyed: Vec<(u64, Node)> = Vec::with_capacity(nodes.len());
    let mut put = |node: Node, key: Option<u64>| match key {
        Some(key) => keyed.push((key, node)),
        None => empty.push(node),
    };
    match keys(atlas, sort.column, beside) {
        None => return,
        Some(Keys::Numbers(key)) => {
            nodes.iter().for_each(|node| put(*node, key(*node)));
            keyed.sort_by(|(a, _), (b, _)| turn(a.cmp(b)));
        }
        Some(Keys::Texts(part)) => {
            nodes.iter().for_each(|node| put(*node, beginning(atlas.texts.lower(*node, part))));
            keyed.sort_by(|(a, one), (b, other)| {
                let whole = || atlas.texts.lower(*one, part).cmp(atlas.texts.lower(*other, part));
                turn(a.cmp(b).then_with(whole))
            });
        }
    }
    nodes.clear();
    nodes.extend(keyed.into_iter().map(|(_, node)| node));
    nodes.append(&mut empty);
}

/// The first eight bytes as a number in the same order.
fn beginning(text: &str) -> Option<u64> {
    let mut bytes = [0; 8];
    let length = text.len().min(8);
    bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
    (!text.is_empty()).then_some(u64::from_be_bytes(bytes))
}

/// `near` and `depths`: of what the rows are edges, and how far away they are.
fn keys<'a>(atlas: &'a Atlas, column: Column, (near, depths): (Near, Option<&'a Depths>)) -> Option<Keys<'a>> {
    let yes = |is_of: fn(EntityKind) -> bool, one: Trait| {
        Keys::Numbers(Box::new(move |node| {
            let is_told = atlas.is_entity(node) && is_of(atlas.kind(node));
            is_told.then(|| u64::from(atlas.traits(node).has(one)))
        }))
    };
    let numbers = |key: Box<dyn Fn(Node) -> Option<u64> + 'a>| Some(Keys::Numbers(key));
    match column {
        Column::Name => Some(Keys::Texts(Part::Name)),
        Column::Second => Some(Keys::Texts(Part::Second)),
        Column::Mail => Some(Keys::Texts(Part::Mail)),
        Column::Id => {
            let mut ranks = vec![0_u32; atlas.nodes() as usize];
            for (rank, node) in (0..).zip(atlas.ids.in_order()) {
                ranks[node as usize] = rank;
            }
            numbers(Box::new(move |node| Some(u64::from(ranks[node as usize]))))
        }
        Column::Kind => few(&atlas.labels),
        Column::Department => few(&atlas.departments),
        Column::JobTitle => few(&atlas.titles),
        Column::Company => few(&atlas.companies),
        Column::Country => few(&atlas.countries),
        Column::Enabled => numbers(Box::new(move |node| {
            let traits = atlas.traits(node);
            let known = traits.has(Trait::Enabled) || traits.has(Trait::Disabled);
            known.then(|| u64::from(traits.has(Trait::Enabled)))
        })),
        Column::Synced => Some(yes(|_| true, Trait::Synced)),
        Column::RoleAssignable => Some(yes(|kind| kind == EntityKind::Group, Trait::RoleAssignable)),
        Column::Created => numbers(Box::new(move |node| {
            let ms = atlas.created[node as usize];
            (ms != NO_TIME).then_some(ms.cast_unsigned() ^ (1 << 63))
        })),
        Column::Members => {
            numbers(Box::new(move |node| (atlas.kind(node) == EntityKind::Group).then(|| atlas.members(node))))
        }
        Column::InGroups => {
            numbers(Box::new(move |node| (atlas.kind(node) != EntityKind::Account).then(|| atlas.groups(node))))
        }
        Column::State => numbers(Box::new(move |node| {
            atlas.state(node).and_then(|state| State::ALL.iter().position(|s| *s == state)).map(|at| at as u64)
        })),
        Column::Visibility => numbers(Box::new(move |node| {
            let shown = [Trait::HiddenMembership, Trait::Private, Trait::Public];
            shown.iter().position(|one| atlas.traits(node).has(*one)).map(|at| at as u64)
        })),
        Column::Depth => {
            let depths = depths?;
            numbers(Box::new(move |node| depths.get(node as usize).filter(|d| **d > 0).map(|d| u64::from(*d))))
        }
        // Edges from one end have types by their other one; those to one end are of one type.
        Column::EdgeType => match near {
            Near::From(from) => {
                let (types, from_account) = (types(atlas), atlas.account() == Some(from));
                numbers(Box::new(move |node| Some(place(&types, atlas.edge_type(from_account, node)))))
            }
            _ => None,
        },
        // Of all edges only; and what no object has.
        _ => None,
    }
}

/// By the texts themselves, without case: there are few.
fn few(few: &Few) -> Option<Keys<'_>> {
    let mut all: Vec<(String, usize)> =
        few.all().iter().enumerate().map(|(at, text)| (text.to_lowercase(), at)).collect();
    all.sort_unstable();
    let mut ranks = vec![0_u64; all.len()];
    let mut rank = 0;
    for (i, (text, at)) in all.iter().enumerate() {
        rank += u64::from(i > 0 && all[i - 1].0 != *text);
        ranks[*at] = rank;
    }
    Some(Keys::Numbers(Box::new(move |node| match few.at(node) {
        0 => None,
        at => Some(ranks[at]),
    })))
}

/// Puts edges in order: by counting, because there are millions. `of`: which ones, or all of them, which are not to lie in
/// memory twice only because they are sorted.
pub(super) fn edges(
    atlas: &Atlas,
    pairs: &Pairs<'_>,
    of: Option<Vec<u32>>,
    sorts: &[Sort],
    stop: &Stop,
) -> Result<Vec<u32>, Stopped> {
    let mut edges = of;
    // What is asked of the far ends in a row is one order of them.
    let is_alone = |sort: &Sort| matches!(sort.column, Column::From | Column::EdgeType);
    for sorts in sorts.chunk_by(|a, b| !is_alone(a) && !is_alone(b)).rev() {
        stop.check()?;
        edges = Some(match sorts {
            [Sort { column: Column::EdgeType, descending }] => {
                let mut types = types(atlas);
                if *descending {
                    types.reverse();
                }
                by_rank(edges, pairs, types.len(), |edge| {
                    place(&types, atlas.edge_type(pairs.is_of_account(edge), pairs.far(edge))) as usize
                })
            }
            [Sort { column: Column::From, descending }] => {
                let ranks = ranks(atlas, &[Sort { column: Column::Name, descending: *descending }]);
                by_rank(edges, pairs, ranks.len(), |edge| ranks[pairs.near(edge) as usize] as usize)
            }
            sorts => {
                let ranks = ranks(atlas, sorts);
                by_rank(edges, pairs, ranks.len(), |edge| ranks[pairs.far(edge) as usize] as usize)
            }
        });
    }
    Ok(edges.unwrap_or_else(|| all(pairs).collect()))
}

/// All types in their order: there are few.
fn types(atlas: &Atlas) -> Vec<&'static str> {
    let mut types: Vec<_> = atlas.naming.all_types().collect();
    types.sort_unstable();
    types
}

fn place(types: &[&str], of: &str) -> u64 {
    types.iter().position(|one| *one == of).unwrap_or_default() as u64
}

fn all(pairs: &Pairs<'_>) -> std::ops::Range<u32> {
    0..u32::try_from(pairs.len()).unwrap_or(u32::MAX)
}

fn by_rank(edges: Option<Vec<u32>>, pairs: &Pairs<'_>, most: usize, rank: impl Fn(u32) -> usize) -> Vec<u32> {
    match edges {
        Some(edges) => counted(edges.len(), |at| edges[at], most, |at| rank(edges[at])),
        None => counted(all(pairs).len(), number, most, |at| rank(number(at))),
    }
}

/// There are no more edges than 32 bits count.
fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// So many things in the order of ranks below `most`; what is of one rank stays as it is.
pub(super) fn counted(
    len: usize,
    thing: impl Fn(usize) -> u32,
    most: usize,
    rank: impl Fn(usize) -> usize,
) -> Vec<u32> {
    let mut starts = vec![0_u32; most + 1];
    for at in 0..len {
        starts[rank(at) + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut sorted = vec![0; len];
    for at in 0..len {
        let next = &mut starts[rank(at)];
        sorted[*next as usize] = thing(at);
        *next += 1;
    }
    sorted
}

/// As the how manieth each node comes, those that no column tells apart at the same place.
fn ranks(atlas: &Atlas, sorts: &[Sort]) -> Vec<u32> {
    let mut nodes: Vec<Node> = (0..atlas.nodes()).collect();
    sorts.iter().rev().for_each(|sort| by(atlas, &mut nodes, *sort, (Near::Any, None)));
    let keys: Vec<Keys<'_>> = sorts.iter().filter_map(|sort| keys(atlas, sort.column, (Near::Any, None))).collect();
    let is_same = |a: Node, b: Node| {
        keys.iter().all(|keys| match keys {
            Keys::Numbers(key) => key(a) == key(b),
            Keys::Texts(part) => atlas.texts.lower(a, *part) == atlas.texts.lower(b, *part),
        })
    };
    let mut ranks = vec![0_u32; nodes.len()];
    let mut rank = 0;
    for (at, node) in nodes.iter().enumerate() {
        rank += u32::from(at > 0 && !is_same(nodes[at - 1], *node));
        ranks[*node as usize] = rank;
    }
    ranks
}
