//! Which rows a list has, in which order: everything of an answer but the rows themselves, so that scrolling through it
//! costs what is on the screen and no more.

use std::ops::Range;

use super::{
    answers::Known as _,
    atlas::{Atlas, kind_of},
    edges::Node,
    find::{self, Depths, Found, Near, Nodes, STRIDE},
    fuzzy, order,
    stop::{Patience, Stopped, Then},
    walk::{Direction, Marks, reach},
};
use crate::domain::{
    column::{Column, Sort},
    filter::{Field, Filter, Test},
    kind::EntityKind,
    view::{List, Pending, Query, Within},
};

/// The rows of a list as its filter leaves them, in its order.
#[derive(Debug)]
pub(super) struct Listing {
    pub rows: Lines,
    pub near: Near,
    pub depths: Option<Depths>,
    pub pending: Option<Pending>,
}

/// What each line is.
#[derive(Debug)]
pub(super) enum Lines {
    Range(Range<Node>),
    Nodes(Vec<Node>),
    /// Every edge in its own order.
    AllEdges,
    /// Edges by their places in that order.
    Edges(Vec<u32>),
}

/// A row before it is dressed: its node, and the near end of its edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Line {
    pub node: Node,
    pub near: Option<Node>,
}

impl Listing {
    const fn of(rows: Lines, near: Near) -> Self {
        Self { rows, near, depths: None, pending: None }
    }

    pub(super) fn len(&self, atlas: &Atlas) -> usize {
        match &self.rows {
            Lines::Range(range) => range.len(),
            Lines::Nodes(nodes) => nodes.len(),
            Lines::AllEdges => Pairs::of(atlas).len(),
            Lines::Edges(edges) => edges.len(),
        }
    }

    /// How many numbers it holds.
    pub(super) fn weight(&self) -> usize {
        let rows = match &self.rows {
            Lines::Range(_) | Lines::AllEdges => 0,
            Lines::Nodes(all) | Lines::Edges(all) => all.len(),
        };
        rows + self.depths.as_ref().map_or(0, Vec::len)
    }

    /// What lies in a window.
    pub(super) fn lines<'a>(&'a self, atlas: &'a Atlas, window: Range<usize>) -> impl Iterator<Item = Line> + 'a {
        let pairs = Pairs::of(atlas);
        let end = window.end.min(self.len(atlas));
        (window.start.min(end)..end).map(move |at| match &self.rows {
            Lines::Range(range) => self.line(range.start + u32::try_from(at).unwrap_or(u32::MAX)),
            Lines::Nodes(nodes) => self.line(nodes[at]),
            Lines::AllEdges => pair(&pairs, u32::try_from(at).unwrap_or(u32::MAX)),
            Lines::Edges(edges) => pair(&pairs, edges[at]),
        })
    }

    const fn line(&self, node: Node) -> Line {
        let near = match self.near {
            Near::None | Near::Any => None,
            Near::From(near) => Some(near),
            Near::To(_) => Some(node),
        };
        Line { node, near }
    }
}

fn pair(pairs: &Pairs<'_>, edge: u32) -> Line {
    let (near, far) = pairs.ends(edge);
    Line { node: far, near: Some(near) }
}

/// All edges, numbered: the account's first, then group by group.
#[derive(Debug)]
pub(super) struct Pairs<'a> {
    atlas: &'a Atlas,
    account: Node,
    /// What the account has: all users and groups, which lie side by side.
    of_account: Range<Node>,
}

impl<'a> Pairs<'a> {
    pub(super) fn of(atlas: &'a Atlas) -> Self {
        let all = atlas.list(EntityKind::User).start..atlas.list(EntityKind::Group).end;
        match atlas.account() {
            Some(account) => Self { atlas, account, of_account: all },
            None => Self { atlas, account: 0, of_account: 0..0 },
        }
    }

    pub(super) fn len(&self) -> usize {
        self.of_account.len() + self.atlas.edges.edges()
    }

    /// Near and far.
    pub(super) fn ends(&self, edge: u32) -> (Node, Node) {
        match edge.checked_sub(self.first_of_groups()) {
            None => (self.account, self.of_account.start + edge),
            Some(at) => self.atlas.edges.at(at as usize),
        }
    }

    pub(super) const fn is_of_account(&self, edge: u32) -> bool {
        edge < self.first_of_groups()
    }

    pub(super) fn near(&self, edge: u32) -> Node {
        self.ends(edge).0
    }

    /// Costs less than to tell both.
    pub(super) fn far(&self, edge: u32) -> Node {
        match edge.checked_sub(self.first_of_groups()) {
            None => self.of_account.start + edge,
            Some(at) => self.atlas.edges.far(at as usize),
        }
    }

    const fn first_of_groups(&self) -> u32 {
        self.of_account.end - self.of_account.start
    }
}

/// The rows of a query, its window apart. `None`: what it is about is not there.
pub(super) fn list(
    atlas: &Atlas,
    query: &Query,
    filter: &Filter,
    patience: &Patience,
) -> Result<Option<Listing>, Stopped> {
    let Some(mut listing) = base(atlas, query) else { return Ok(None) };
    let mut is_whole = true;
    if !filter.is_empty() {
        let found = match &listing.rows {
            Lines::AllEdges | Lines::Edges(_) => find_edges(atlas, filter, patience)?,
            rows => {
                let nodes = match rows {
                    Lines::Nodes(nodes) => Nodes::Listed(nodes),
                    Lines::Range(range) => Nodes::Range(range.clone()),
                    Lines::AllEdges | Lines::Edges(_) => Nodes::Range(0..0),
                };
                find::find(atlas, filter, &nodes, (listing.near, listing.depths.as_ref()), patience)?
            }
        };
        is_whole = found.is_whole;
        listing.rows = match listing.rows {
            Lines::AllEdges | Lines::Edges(_) => Lines::Edges(found.all),
            Lines::Nodes(_) | Lines::Range(_) => Lines::Nodes(found.all),
        };
    }
    if !is_whole {
        listing.pending = Some(Pending::Filtering);
    } else if !query.sort.is_empty() {
        sort(atlas, &mut listing, query, patience)?;
    } else if let Lines::Nodes(nodes) = &mut listing.rows {
        let letters = fuzzy::letters(filter);
        if !letters.is_empty() && !patience.is_endless() && nodes.len() > order::MANY {
            listing.pending = Some(Pending::Sorting);
        } else if !letters.is_empty() {
            fuzzy::best_first(atlas, nodes, &letters, patience.stop())?;
        }
    }
    Ok(Some(listing))
}

fn sort(atlas: &Atlas, listing: &mut Listing, query: &Query, patience: &Patience) -> Result<(), Stopped> {
    let are_edges = matches!(listing.rows, Lines::AllEdges | Lines::Edges(_));
    if !patience.is_endless() && order::is_slow(&query.sort, listing.len(atlas), are_edges) {
        listing.pending = Some(Pending::Sorting);
        return Ok(());
    }
    let edges = |of: Option<Vec<u32>>| {
        order::edges(atlas, &Pairs::of(atlas), of, &query.sort, patience.stop()).map(Lines::Edges)
    };
    listing.rows = match std::mem::replace(&mut listing.rows, Lines::AllEdges) {
        Lines::Range(range) => {
            sorted(atlas, range.collect(), query, (listing.near, listing.depths.as_ref()), patience)?
        }
        Lines::Nodes(nodes) => sorted(atlas, nodes, query, (listing.near, listing.depths.as_ref()), patience)?,
        Lines::AllEdges => edges(None)?,
        Lines::Edges(some) => edges(Some(some))?,
    };
    Ok(())
}

fn sorted(
    atlas: &Atlas,
    mut nodes: Vec<Node>,
    query: &Query,
    beside: (Near, Option<&Depths>),
    patience: &Patience,
) -> Result<Lines, Stopped> {
    // Of the groups of something each row is the near end itself.
    let is_of_groups = query.list == List::Edges && matches!(query.within, Within::GroupsOf(_));
    let is_near = |sort: &Sort| sort.column == Column::From && is_of_groups;
    let sorts: Vec<Sort> = query
        .sort
        .iter()
        .map(|sort| if is_near(sort) { Sort { column: Column::Name, ..*sort } } else { *sort })
        .collect();
    order::nodes(atlas, &mut nodes, &sorts, beside, patience.stop())?;
    Ok(Lines::Nodes(nodes))
}

/// The rows without filter and order. `None`: what they are about is not there.
fn base(atlas: &Atlas, query: &Query) -> Option<Listing> {
    let kind = kind_of(query.list);
    let about = match &query.within {
        Within::All => {
            return Some(match kind {
                Some(kind) => Listing::of(Lines::Range(atlas.list(kind).clone()), Near::None),
                None => Listing::of(Lines::AllEdges, Near::Any),
            });
        }
        Within::MembersOf(id) | Within::GroupsOf(id) | Within::AllMembersOf(id) | Within::AllGroupsOf(id) => {
            atlas.node(id)?
        }
    };
    let near = |near: Near| if query.list == List::Edges { near } else { Near::None };
    // Lists of objects have those that they list everywhere; edges lead to whatever there is.
    let of_kind = |nodes: &[Node]| match kind {
        Some(kind) => nodes.iter().copied().filter(|node| atlas.list(kind).contains(node)).collect(),
        None => nodes.to_vec(),
    };
    let is_account = atlas.kind(about) == EntityKind::Account;
    Some(match &query.within {
        Within::MembersOf(_) if is_account => {
            let all = match kind {
                Some(kind @ (EntityKind::User | EntityKind::Group)) => atlas.list(kind).clone(),
                Some(EntityKind::Account | EntityKind::Member) => 0..0,
                None => Pairs::of(atlas).of_account,
            };
            Listing::of(Lines::Range(all), near(Near::From(about)))
        }
        Within::MembersOf(_) => Listing::of(Lines::Nodes(of_kind(atlas.edges.members(about))), near(Near::From(about))),
        Within::GroupsOf(_) => Listing::of(Lines::Nodes(of_kind(atlas.edges.groups(about))), near(Near::To(about))),
        Within::All | Within::AllMembersOf(_) | Within::AllGroupsOf(_) => {
            let mut depths: Depths = Vec::new();
            let mut set = |node: Node, depth: u32| {
                if depths.len() <= node as usize {
                    depths.resize(node as usize + 1, 0);
                }
                if depths[node as usize] == 0 {
                    depths[node as usize] = depth;
                }
            };
            let mut nodes: Vec<Node> = Vec::new();
            if is_account && matches!(query.within, Within::AllMembersOf(_)) {
                // It has all users and groups itself, and what else there is over groups.
                let pairs = Pairs::of(atlas);
                nodes.extend(pairs.of_account.clone());
                pairs.of_account.clone().for_each(|node| set(node, 1));
                let others = (pairs.of_account.end..atlas.nodes()).filter(|node| atlas.groups(*node) > 0);
                for node in others {
                    nodes.push(node);
                    set(node, 2);
                }
            } else {
                let direction = match query.within {
                    Within::AllGroupsOf(_) => Direction::Up,
                    _ => Direction::Down,
                };
                for (node, depth) in reach(&atlas.edges, about, direction).iter() {
                    nodes.push(node);
                    set(node, depth);
                }
                nodes.sort_unstable();
            }
            let listing = Listing::of(Lines::Nodes(of_kind(&nodes)), Near::None);
            Listing { depths: Some(depths), ..listing }
        }
    })
}

/// The edges that a filter leaves: words may occur at either end, all else is asked of the far one.
fn find_edges(atlas: &Atlas, filter: &Filter, patience: &Patience) -> Result<Found, Stopped> {
    let pairs = Pairs::of(atlas);
    let mut found = Found { all: Vec::new(), is_whole: true };
    let groups = atlas.list(EntityKind::Group).clone();
    // The account's own edges.
    let near = Near::From(pairs.account);
    let own: Vec<_> = filter
        .terms
        .iter()
        .map(|term| match &term.test {
            Test::Anywhere(_) => {
                let holds = find::test_of(atlas, &term.test, near, None);
                let by_near = holds(pairs.account);
                Box::new(move |node: Node| (by_near || holds(node)) != term.not) as find::Check<'_>
            }
            _ => find::check_of(atlas, term, near, None),
        })
        .collect();
    for (edge, node) in (0..).zip(pairs.of_account.clone()) {
        if own.iter().all(|check| check(node)) {
            found.all.push(edge);
        }
        if (edge as usize).is_multiple_of(STRIDE) && patience.check()? == Then::Answer {
            found.is_whole = false;
            return Ok(found);
        }
    }
    // Those of groups: each end is looked at once, then edges are but two bits.
    let mut far_only = vec![true; atlas.nodes() as usize];
    let mut near_only = Marks::new(atlas.nodes() as usize);
    groups.clone().for_each(|node| _ = near_only.insert(node));
    let mut either: Vec<(bool, Marks)> = Vec::new();
    for term in &filter.terms {
        patience.check()?;
        match &term.test {
            Test::Anywhere(text) => {
                let mut marks = Marks::new(atlas.nodes() as usize);
                find::all_with(atlas, text, |node| _ = marks.insert(node));
                either.push((term.not, marks));
            }
            test => {
                if let Some(field) = field_of_near(test) {
                    for group in groups.clone() {
                        if test.holds_of(&find::of_near(atlas, group, field)) == term.not {
                            near_only.remove(group);
                        }
                    }
                    continue;
                }
                let check = find::check_of(atlas, term, Near::Any, None);
                for (node, is_left) in (0..).zip(&mut far_only) {
                    *is_left = *is_left && check(node);
                }
            }
        }
    }
    let mut edge = pairs.first_of_groups();
    for group in groups {
        let members = atlas.edges.members(group);
        let first = edge;
        edge += u32::try_from(members.len()).unwrap_or(u32::MAX);
        if !near_only.contains(group) {
            continue;
        }
        let by_near: Vec<bool> = either.iter().map(|(_, marks)| marks.contains(group)).collect();
        for (edge, far) in (first..).zip(members) {
            let is_left = far_only[*far as usize]
                && either.iter().zip(&by_near).all(|((not, marks), near)| (*near || marks.contains(*far)) != *not);
            if is_left {
                found.all.push(edge);
            }
        }
        if (group as usize).is_multiple_of(64) && patience.check()? == Then::Answer {
            found.is_whole = false;
            return Ok(found);
        }
    }
    Ok(found)
}

/// The field that a test asks of the near end, if it does.
const fn field_of_near(test: &Test) -> Option<Field> {
    match test {
        Test::In(field @ Field::From, _)
        | Test::Has(field @ Field::From, _)
        | Test::Yes(field @ Field::FromRole, _) => Some(*field),
        _ => None,
    }
}
