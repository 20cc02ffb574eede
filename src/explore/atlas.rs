//! One run of a directory in memory: nodes in the order of the lists, columns as arrays, edges both ways.
//!
//! Nodes are numbered accounts first, then users, groups and group members, each by name without case and then by id.
//! Behind them come what no list has and groups name: users and groups that could not be read, and, of a run that goes
//! on, members that were not read yet. It never changes: what is written later is in the next one.

use std::{collections::HashMap, ops::Range};

use jiff::Timestamp;

use super::{
    answers::Known,
    arena::{Arena, Part},
    cycles::Nesting,
    edges::{Adjacency, Node},
    ids::Ids,
};
use crate::domain::{
    completeness::State,
    explore::Step,
    filter::{Field, Flag, Value, type_words},
    kind::{EdgeKind, EntityKind},
    naming::Naming,
    traits::{Trait, Traits},
    view::List,
};

/// One run in memory.
#[derive(Debug)]
pub struct Atlas {
    pub(super) naming: Naming,
    pub(super) ids: Ids,
    pub(super) texts: Arena,
    /// By kind, in the order of [`EntityKind::ALL`]: the nodes of its list.
    pub(super) lists: [Range<Node>; 4],
    /// The kinds of what no list has.
    pub(super) rest: Vec<EntityKind>,
    pub(super) traits: Vec<Traits>,
    /// Milliseconds since 1970; [`NO_TIME`] where nothing is known.
    pub(super) created: Vec<i64>,
    pub(super) labels: Few,
    pub(super) departments: Few,
    pub(super) titles: Few,
    pub(super) companies: Few,
    pub(super) countries: Few,
    /// Groups whose members are not all known.
    pub(super) states: HashMap<Node, State>,
    pub(super) edges: Adjacency,
    pub(super) nesting: Nesting,
}

pub(super) const NO_TIME: i64 = i64::MIN;

/// Texts that many nodes share.
#[derive(Debug, Default)]
pub(super) struct Few {
    /// The first one is empty.
    texts: Vec<Box<str>>,
    known: HashMap<Box<str>, u32>,
    /// As they come, and once all are there as far as the last node that has one.
    of: Vec<u32>,
    /// The same, once all are there, where two bytes count all texts.
    short: Vec<u16>,
}

impl Few {
    /// The text of one node more.
    pub(super) fn push(&mut self, text: &str) {
        if self.texts.is_empty() {
            self.texts.push("".into());
        }
        let at = match text {
            "" => 0,
            text => self.known.get(text).copied().unwrap_or_else(|| {
                let at = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
                self.texts.push(text.into());
                self.known.insert(text.into(), at);
                at
            }),
        };
        self.of.push(at);
    }

    /// All are there. `places`: for each node, as the how manieth its text came.
    pub(super) fn close(&mut self, places: &[u32]) {
        if self.texts.is_empty() {
            self.texts.push("".into());
        }
        self.known = HashMap::new();
        let last = places.iter().rposition(|place| self.of[*place as usize] != 0);
        let kept = last.map_or(0, |last| last + 1);
        let of = std::mem::take(&mut self.of);
        let of = places[..kept].iter().map(|place| of[*place as usize]);
        match u16::try_from(self.texts.len()) {
            Ok(_) => self.short = of.map(|at| u16::try_from(at).unwrap_or_default()).collect(),
            Err(_) => self.of = of.collect(),
        }
        self.texts.shrink_to_fit();
    }

    /// The place of a node's text among all.
    pub(super) fn at(&self, node: Node) -> usize {
        let at = node as usize;
        let short = self.short.get(at).map(|at| usize::from(*at));
        short.or_else(|| self.of.get(at).map(|at| *at as usize)).unwrap_or_default()
    }

    pub(super) fn text(&self, node: Node) -> &str {
        &self.texts[self.at(node)]
    }

    pub(super) fn all(&self) -> &[Box<str>] {
        &self.texts
    }

    fn memory(&self) -> usize {
        self.of.capacity() * 4
            + self.short.capacity() * 2
            + self.texts.iter().map(|text| text.len() + 16).sum::<usize>()
    }
}

impl Atlas {
    pub fn nodes(&self) -> Node {
        Node::try_from(self.traits.len()).unwrap_or(Node::MAX)
    }

    /// The nodes of a kind's list.
    pub const fn list(&self, kind: EntityKind) -> &Range<Node> {
        &self.lists[kind as usize]
    }

    /// Whether lists have it.
    pub const fn is_entity(&self, node: Node) -> bool {
        node < self.lists[3].end
    }

    pub(super) fn account(&self) -> Option<Node> {
        let accounts = self.list(EntityKind::Account);
        (!accounts.is_empty()).then_some(accounts.start)
    }

    pub fn id(&self, node: Node) -> String {
        self.ids.text(node)
    }

    /// As stored; of what was not read its id.
    pub fn name(&self, node: Node) -> String {
        self.texts.text(node, Part::Name)
    }

    pub fn second(&self, node: Node) -> String {
        self.texts.text(node, Part::Second)
    }

    pub fn mail(&self, node: Node) -> String {
        self.texts.text(node, Part::Mail)
    }

    pub fn label(&self, node: Node) -> &str {
        self.labels.text(node)
    }

    pub fn traits(&self, node: Node) -> Traits {
        self.traits[node as usize]
    }

    pub fn created(&self, node: Node) -> Option<Timestamp> {
        let ms = self.created[node as usize];
        (ms != NO_TIME).then(|| Timestamp::from_millisecond(ms).ok()).flatten()
    }

    pub const fn nesting(&self) -> &Nesting {
        &self.nesting
    }

    /// How many direct members a group has, and how many groups anything is directly in.
    pub fn members(&self, node: Node) -> u64 {
        self.edges.members(node).len() as u64
    }

    pub fn groups(&self, node: Node) -> u64 {
        self.edges.groups(node).len() as u64
    }

    /// What a list counts of it: of groups the direct members, of others the groups.
    pub(super) fn count(&self, node: Node) -> Option<u64> {
        match self.kind(node) {
            EntityKind::Account => None,
            EntityKind::Group => Some(self.members(node)),
            EntityKind::User | EntityKind::Member => Some(self.groups(node)),
        }
    }

    /// The kind of the edge from a group to it, or from the account.
    pub(super) fn edge_type(&self, from_account: bool, far: Node) -> &'static str {
        let far = self.kind(far);
        let kind = match (from_account, far) {
            (true, EntityKind::Group) => EdgeKind::AccountGroup,
            (true, _) => EdgeKind::AccountUser,
            (false, far) => EdgeKind::of_group(far).unwrap_or(EdgeKind::GroupMember),
        };
        self.naming.edge_type(kind)
    }

    /// Whether an edge to it is left to JupiterOne to link.
    pub(super) fn is_mapped(&self, far: Node) -> bool {
        !self.is_entity(far) && self.kind(far) != EntityKind::Member
    }

    /// What a filter asks of a node by itself.
    pub(super) fn value(&self, node: Node, field: Field) -> Value<'_> {
        let traits = self.traits(node);
        let text = |text: &str| if text.is_empty() { Value::Nothing } else { Value::Text(text.to_owned().into()) };
        let kind = self.kind(node);
        let is_group = kind == EntityKind::Group && self.is_entity(node);
        match field {
            Field::Type => Value::Text(type_words(kind, self.label(node)).into()),
            Field::Enabled if traits.has(Trait::Enabled) => Value::Yes(true),
            Field::Enabled if traits.has(Trait::Disabled) => Value::Yes(false),
            Field::Dynamic if is_group => Value::Yes(traits.has(Trait::Dynamic)),
            Field::RoleAssignable if is_group => Value::Yes(traits.has(Trait::RoleAssignable)),
            Field::Synced if self.is_entity(node) => Value::Yes(traits.has(Trait::Synced)),
            Field::Members if kind == EntityKind::Group => Value::Number(self.members(node)),
            Field::Nesting if is_group => Value::Number(u64::from(self.nesting.depths[node as usize])),
            Field::Groups if kind != EntityKind::Account => Value::Number(self.groups(node)),
            Field::State if is_group => Value::Text(self.state(node).unwrap_or(State::Complete).as_str().into()),
            Field::Visibility => visibility(traits).map_or(Value::Nothing, |(word, _)| Value::Text(word.into())),
            Field::Created => self.created(node).map_or(Value::Nothing, Value::Time),
            Field::Name => text(self.texts.lower(node, Part::Name)),
            Field::Login => text(self.texts.lower(node, Part::Second)),
            Field::Mail => text(self.texts.lower(node, Part::Mail)),
            Field::Id => Value::Text(self.id(node).into()),
            Field::Department => text(self.departments.text(node)),
            Field::Title => text(self.titles.text(node)),
            Field::Company => text(self.companies.text(node)),
            Field::Country => text(self.countries.text(node)),
            _ => Value::Nothing,
        }
    }

    /// Whether it is known to be so of a node by itself.
    pub(super) fn is(&self, node: Node, flag: Flag) -> bool {
        let kind = self.kind(node);
        let is_group = kind == EntityKind::Group && self.is_entity(node);
        match flag {
            Flag::Empty => is_group && self.members(node) == 0 && self.state(node).is_none_or(State::is_whole),
            Flag::Nested => self.edges.members(node).iter().any(|member| self.kind(*member) == EntityKind::Group),
            Flag::Hidden => self.traits(node).has(Trait::HiddenMembership) || self.state(node) == Some(State::Hidden),
            Flag::Incomplete => self.state(node).is_some_and(|state| !state.is_whole()),
            Flag::Invited => self.traits(node).has(Trait::Invited),
            Flag::Mapped => self.is_mapped(node),
            Flag::InCycle => self.nesting.cyclic.contains(node),
            Flag::InGroup => !self.edges.groups(node).is_empty(),
            Flag::InNothing => kind != EntityKind::Account && self.edges.groups(node).is_empty(),
        }
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        let few = [&self.labels, &self.departments, &self.titles, &self.companies, &self.countries];
        self.ids.memory()
            + self.texts.memory()
            + self.traits.capacity() * 4
            + self.created.capacity() * 8
            + few.into_iter().map(Few::memory).sum::<usize>()
            + self.edges.memory()
            + self.nesting.depths.capacity() * 4
    }
}

impl Known for Atlas {
    fn edges(&self) -> &Adjacency {
        &self.edges
    }

    fn node(&self, id: &str) -> Option<Node> {
        self.ids.find(id)
    }

    fn step(&self, node: Node) -> Step {
        Step {
            id: self.id(node),
            kind: self.kind(node),
            name: self.name(node),
            label: self.label(node).to_owned(),
            in_cycle: self.nesting.cyclic.contains(node),
            state: self.state(node),
        }
    }

    fn kind(&self, node: Node) -> EntityKind {
        match self.lists.iter().position(|list| node < list.end) {
            Some(at) => EntityKind::ALL[at],
            None => self.rest[(node - self.lists[3].end) as usize],
        }
    }

    fn is_read(&self, node: Node) -> bool {
        self.is_entity(node)
    }

    fn state(&self, node: Node) -> Option<State> {
        self.states.get(&node).copied()
    }
}

/// Who sees a group's members: as a filter says it, and as Graph does.
pub(super) fn visibility(traits: Traits) -> Option<(&'static str, &'static str)> {
    [
        (Trait::Public, "public", "Public"),
        (Trait::Private, "private", "Private"),
        (Trait::HiddenMembership, "hidden", "HiddenMembership"),
    ]
    .into_iter()
    .find(|(one, ..)| traits.has(*one))
    .map(|(_, word, graph)| (word, graph))
}

/// The kind of a list of objects; `None` for edges.
pub(super) const fn kind_of(list: List) -> Option<EntityKind> {
    match list {
        List::Accounts => Some(EntityKind::Account),
        List::Users => Some(EntityKind::User),
        List::Groups => Some(EntityKind::Group),
        List::Members => Some(EntityKind::Member),
        List::Edges => None,
    }
}
