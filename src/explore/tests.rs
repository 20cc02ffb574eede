//! Lists of a run in memory, held against a model that goes through everything one by one, and against the store's own.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use jiff::Timestamp;
use proptest::{prelude::*, sample::Index};
use serde_json::json;

use super::{
    load::load,
    run::{Run, understood},
    stop::{Patience, Stop},
    *,
};
use crate::{
    domain::{
        column::{Cell, Column, Sort},
        completeness::{RunStatus, State},
        filter::{Field, Fields, Flag, IsId, Scope, Value, has, type_words},
        kind::EntityKind,
        traits::{Trait, Traits},
        view::{List, Row, Within},
    },
    store::{
        ObjectWrite, PageWrite, RunPlan,
        tests::{DEVICE, GROUP, NAMING, Place, TENANT, USER, at, end, members, object, resolved, whole},
    },
};

/// An object of the model.
#[derive(Debug, Clone)]
struct Thing {
    id: String,
    kind: EntityKind,
    entity: bool,
    name: String,
    json: serde_json::Value,
}

impl Thing {
    fn odata(&self) -> &'static str {
        match self.kind {
            EntityKind::User | EntityKind::Account => USER,
            EntityKind::Group => GROUP,
            EntityKind::Member => DEVICE,
        }
    }

    fn write(&self) -> ObjectWrite {
        let odata = if self.kind == EntityKind::Member { DEVICE } else { "" };
        object(self.kind, &self.id, odata, self.json.clone())
    }

    fn text(&self, field: &str) -> &str {
        self.json[field].as_str().unwrap_or_default()
    }

    fn traits(&self) -> Traits {
        if self.entity {
            Traits::of(self.kind, self.odata(), self.json.as_object().unwrap())
        } else {
            Traits::default()
        }
    }

    fn second(&self) -> &str {
        let fields: &[&str] = match self.kind {
            EntityKind::Account => &[],
            EntityKind::User => &["userPrincipalName", "mail"],
            EntityKind::Group => &["mail"],
            EntityKind::Member => &["mail", "deviceId"],
        };
        fields.iter().map(|field| self.text(field)).find(|text| !text.is_empty()).unwrap_or_default()
    }

    fn label(&self) -> String {
        let traits = self.traits();
        let with = |one: Trait, word: &'static str| traits.has(one).then_some(word);
        let words: Vec<&str> = match self.kind {
            _ if !self.entity => vec![],
            EntityKind::Account => vec!["organization"],
            EntityKind::User => {
                let words: Vec<&str> =
                    [with(Trait::Guest, "guest"), with(Trait::Disabled, "disabled")].into_iter().flatten().collect();
                if words.is_empty() { vec!["member"] } else { words }
            }
            EntityKind::Group => [
                with(Trait::Microsoft365, "Microsoft 365"),
                with(Trait::Security, "security"),
                with(Trait::Dynamic, "dynamic"),
            ]
            .into_iter()
            .flatten()
            .collect(),
            EntityKind::Member => vec!["device"],
        };
        words.join(", ")
    }

    /// Where it comes in a list.
    fn order(&self) -> (bool, EntityKind, String) {
        (!self.entity, self.kind, format!("{}\u{1}{}", self.name.to_lowercase(), self.id))
    }
}

/// A directory, brute force.
#[derive(Debug, Clone, Default)]
struct Model {
    /// In the order of lists.
    things: Vec<Thing>,
    /// Near and far, by their places.
    edges: Vec<(usize, usize)>,
    states: BTreeMap<usize, State>,
}

/// A row of the model: its thing, the near end of its edge, the far end that the edge leads to, and how deep it lies.
#[derive(Debug, Clone, Copy)]
struct Found {
    thing: usize,
    near: Option<usize>,
    far: usize,
    depth: Option<u32>,
    /// Whether words may occur at the near end as well.
    both: bool,
}

impl Model {
    fn members(&self, group: usize) -> Vec<usize> {
        let mut all: Vec<usize> = self.edges.iter().filter(|(near, _)| *near == group).map(|(_, far)| *far).collect();
        all.sort_unstable();
        all
    }

    fn groups(&self, member: usize) -> Vec<usize> {
        let mut all: Vec<usize> = self.edges.iter().filter(|(_, far)| *far == member).map(|(near, _)| *near).collect();
        all.sort_unstable();
        all
    }

    fn account(&self) -> usize {
        0
    }

    fn of_account(&self) -> Vec<usize> {
        let is_had = |thing: &Thing| thing.entity && matches!(thing.kind, EntityKind::User | EntityKind::Group);
        (0..self.things.len()).filter(|at| is_had(&self.things[*at])).collect()
    }

    /// How far everything is, by walks that grow longer.
    fn reached(&self, from: usize, next: impl Fn(usize) -> Vec<usize>) -> BTreeMap<usize, u32> {
        let mut reached = BTreeMap::new();
        let mut here = vec![from];
        for depth in 1..=self.things.len() as u32 {
            here = here.into_iter().flat_map(&next).filter(|at| *at != from && !reached.contains_key(at)).collect();
            here.iter().for_each(|at| _ = reached.entry(*at).or_insert(depth));
        }
        reached
    }

    fn in_cycle(&self, at: usize) -> bool {
        let below = self.members(at);
        below.contains(&at) || below.iter().any(|m| self.reached(*m, |n| self.members(n)).contains_key(&at))
    }

    /// Levels of groups below; those in each other are one.
    fn nesting(&self, at: usize) -> u64 {
        let below = |from: usize| self.reached(from, |n| self.members(n));
        let mut together: Vec<usize> = below(at).into_keys().filter(|n| below(*n).contains_key(&at)).collect();
        together.push(at);
        let inner = together.iter().flat_map(|one| self.members(*one));
        let inner = inner.filter(|m| self.is_group(*m) && !together.contains(m));
        inner.map(|m| self.nesting(m) + 1).max().unwrap_or_else(|| u64::from(self.in_cycle(at)))
    }

    fn is_group(&self, at: usize) -> bool {
        self.things[at].kind == EntityKind::Group && self.things[at].entity
    }

    fn base(&self, query: &Query) -> Vec<Found> {
        let plain = |thing: usize| Found { thing, near: None, far: thing, depth: None, both: false };
        let is_edges = query.list == List::Edges;
        let is_of = |thing: &Thing| match query.list {
            List::Accounts => thing.kind == EntityKind::Account && thing.entity,
            List::Users => thing.kind == EntityKind::User && thing.entity,
            List::Groups => thing.kind == EntityKind::Group && thing.entity,
            List::Members => thing.kind == EntityKind::Member && thing.entity,
            List::Edges => true,
        };
        let all: Vec<Found> = match &query.within {
            Within::All if is_edges => {
                let of_account = self.of_account().into_iter();
                let own = of_account.map(|t| Found { near: Some(self.account()), both: true, ..plain(t) });
                let groups =
                    (0..self.things.len()).flat_map(|near| self.members(near).into_iter().map(move |far| (near, far)));
                own.chain(groups.map(|(near, far)| Found { near: Some(near), both: true, ..plain(far) })).collect()
            }
            Within::All => (0..self.things.len()).map(plain).collect(),
            Within::MembersOf(id) | Within::GroupsOf(id) | Within::AllMembersOf(id) | Within::AllGroupsOf(id) => {
                let Some(about) = self.things.iter().position(|thing| thing.id == *id) else { return Vec::new() };
                let near = is_edges.then_some(about);
                match &query.within {
                    Within::MembersOf(_) if about == self.account() => {
                        self.of_account().into_iter().map(|t| Found { near, ..plain(t) }).collect()
                    }
                    Within::MembersOf(_) => {
                        self.members(about).into_iter().map(|t| Found { near, ..plain(t) }).collect()
                    }
                    Within::GroupsOf(_) => {
                        let of = |t: usize| Found { near: is_edges.then_some(t), far: about, ..plain(t) };
                        self.groups(about).into_iter().map(of).collect()
                    }
                    Within::AllMembersOf(_) => {
                        let next = |at: usize| if at == self.account() { self.of_account() } else { self.members(at) };
                        let reached = self.reached(about, next);
                        reached.into_iter().map(|(t, depth)| Found { depth: Some(depth), ..plain(t) }).collect()
                    }
                    _ => {
                        let reached = self.reached(about, |at| self.groups(at));
                        reached.into_iter().map(|(t, depth)| Found { depth: Some(depth), ..plain(t) }).collect()
                    }
                }
            }
        };
        all.into_iter().filter(|found| is_of(&self.things[found.thing])).collect()
    }

    fn edge_type(&self, found: &Found) -> Option<&'static str> {
        let near = found.near?;
        Some(match (near == self.account(), self.things[found.far].kind) {
            (true, EntityKind::Group) => "active_directory_account_has_user_group",
            (true, _) => "active_directory_account_has_user",
            (false, EntityKind::User) => "active_directory_user_group_has_user",
            (false, EntityKind::Group) => "active_directory_user_group_has_group",
            (false, _) => "active_directory_user_group_has_group_member",
        })
    }

    fn is_mapped(&self, at: usize) -> bool {
        !self.things[at].entity && self.things[at].kind != EntityKind::Member
    }

    fn cell(&self, found: &Found, column: Column) -> Cell {
        let thing = &self.things[found.thing];
        let traits = thing.traits();
        let text = |text: &str| if text.is_empty() { Cell::Empty } else { Cell::Text(text.to_owned()) };
        let yes = |is_there: bool, one: Trait| if is_there { Cell::Yes(traits.has(one)) } else { Cell::Empty };
        match column {
            Column::Name => text(&thing.name),
            Column::Second => text(thing.second()),
            Column::Mail => text(thing.text("mail")),
            Column::Id => text(&thing.id),
            Column::Kind => text(&thing.label()),
            Column::Enabled => match thing.json["accountEnabled"].as_bool() {
                Some(is) if matches!(thing.kind, EntityKind::User | EntityKind::Member) => Cell::Yes(is),
                _ => Cell::Empty,
            },
            Column::Department => text(thing.text("department")),
            Column::Created => thing.text("createdDateTime").parse().map_or(Cell::Empty, Cell::Time),
            Column::Synced => yes(thing.entity, Trait::Synced),
            Column::RoleAssignable => yes(self.is_group(found.thing), Trait::RoleAssignable),
            Column::Members if thing.kind == EntityKind::Group => Cell::Number(self.members(found.thing).len() as u64),
            Column::InGroups if thing.kind != EntityKind::Account => {
                Cell::Number(self.groups(found.thing).len() as u64)
            }
            Column::State => self.states.get(&found.thing).map_or(Cell::Empty, |state| text(state.as_str())),
            Column::From => found.near.map_or(Cell::Empty, |near| text(&self.things[near].name)),
            Column::EdgeType => self.edge_type(found).map_or(Cell::Empty, text),
            Column::Depth => found.depth.map_or(Cell::Empty, |depth| Cell::Number(depth.into())),
            _ => Cell::Empty,
        }
    }

    fn sort(&self, rows: &mut [Found], sort: Sort) {
        let key = |found: &Found| match self.cell(found, sort.column) {
            Cell::Text(text) => Cell::Text(text.to_lowercase().replace('\n', " ")),
            cell => cell,
        };
        rows.sort_by(|a, b| {
            let order = match (key(a), key(b)) {
                (Cell::Empty, Cell::Empty) => return Ordering::Equal,
                (Cell::Empty, _) => return Ordering::Greater,
                (_, Cell::Empty) => return Ordering::Less,
                (Cell::Number(a), Cell::Number(b)) => a.cmp(&b),
                (Cell::Yes(a), Cell::Yes(b)) => a.cmp(&b),
                (Cell::Time(a), Cell::Time(b)) => a.cmp(&b),
                (Cell::Text(a), Cell::Text(b)) => a.cmp(&b),
                (a, b) => panic!("{a:?} and {b:?} in one column"),
            };
            if sort.descending { order.reverse() } else { order }
        });
    }

    fn rows(&self, query: &Query) -> Vec<Row> {
        let (filter, problem) = understood(query);
        assert_eq!(problem, None, "{}", query.filter);
        let mut found = self.base(query);
        found.retain(|found| filter.matches(&Asked { model: self, found }));
        query.sort.iter().rev().for_each(|sort| self.sort(&mut found, *sort));
        found.iter().map(|found| self.row(found, &query.columns)).collect()
    }

    fn row(&self, found: &Found, columns: &[Column]) -> Row {
        let thing = &self.things[found.thing];
        Row {
            id: thing.id.clone(),
            kind: thing.kind,
            name: thing.name.clone(),
            second: thing.second().to_owned(),
            label: thing.label(),
            count: match thing.kind {
                EntityKind::Account => None,
                EntityKind::Group => Some(self.members(found.thing).len() as u64),
                _ => Some(self.groups(found.thing).len() as u64),
            },
            state: self.states.get(&found.thing).copied(),
            edge: found.near.map(|near| crate::domain::view::EdgeEnds {
                from_id: self.things[near].id.clone(),
                from_name: self.things[near].name.clone(),
                edge_type: self.edge_type(found).unwrap().to_owned(),
                mapped: self.is_mapped(found.far),
            }),
            depth: found.depth,
            in_cycle: self.in_cycle(found.thing),
            cells: columns.iter().map(|column| self.cell(found, *column)).collect(),
        }
    }
}

/// A row of the model as a filter sees it.
struct Asked<'a> {
    model: &'a Model,
    found: &'a Found,
}

impl Fields for Asked<'_> {
    fn any_text(&self, enough: &mut dyn FnMut(&str, IsId) -> bool) -> bool {
        let ends = [Some(self.found.thing), self.found.near.filter(|_| self.found.both)];
        ends.into_iter().flatten().map(|at| &self.model.things[at]).any(|thing| {
            [thing.name.as_str(), thing.second(), thing.text("mail")].into_iter().any(|text| enough(text, IsId::No))
                || enough(&thing.id, IsId::Yes)
        })
    }

    fn value(&self, field: Field) -> Value<'_> {
        let thing = &self.model.things[self.found.thing];
        let cell = |column: Column| match self.model.cell(self.found, column) {
            Cell::Empty => Value::Nothing,
            Cell::Yes(yes) => Value::Yes(yes),
            Cell::Number(n) => Value::Number(n),
            Cell::Time(at) => Value::Time(at),
            Cell::Text(text) => Value::Text(text.into()),
        };
        match field {
            Field::Type => Value::Text(type_words(thing.kind, &thing.label()).into()),
            Field::Dynamic if self.model.is_group(self.found.thing) => Value::Yes(thing.traits().has(Trait::Dynamic)),
            Field::Nesting if self.model.is_group(self.found.thing) => {
                Value::Number(self.model.nesting(self.found.thing))
            }
            Field::State if self.model.is_group(self.found.thing) => {
                let state = self.model.states.get(&self.found.thing).copied().unwrap_or(State::Complete);
                Value::Text(state.as_str().into())
            }
            Field::Enabled => cell(Column::Enabled),
            Field::Synced => cell(Column::Synced),
            Field::RoleAssignable => cell(Column::RoleAssignable),
            Field::Members => cell(Column::Members),
            Field::Groups => cell(Column::InGroups),
            Field::Created => cell(Column::Created),
            Field::Name => cell(Column::Name),
            Field::Login => cell(Column::Second),
            Field::Mail => cell(Column::Mail),
            Field::Id => cell(Column::Id),
            Field::Department => cell(Column::Department),
            Field::From => cell(Column::From),
            Field::FromRole => match self.found.near.filter(|near| self.model.is_group(*near)) {
                Some(group) => Value::Yes(self.model.things[group].traits().has(Trait::RoleAssignable)),
                None => Value::Nothing,
            },
            Field::Edge => cell(Column::EdgeType),
            Field::Depth => cell(Column::Depth),
            _ => Value::Nothing,
        }
    }

    fn is(&self, flag: Flag) -> bool {
        let (at, model) = (self.found.thing, self.model);
        let state = model.states.get(&at).copied();
        match flag {
            Flag::Empty => model.is_group(at) && model.members(at).is_empty() && state.is_none_or(State::is_whole),
            Flag::Nested => model.members(at).iter().any(|m| model.things[*m].kind == EntityKind::Group),
            Flag::Hidden => state == Some(State::Hidden),
            Flag::Incomplete => state.is_some_and(|state| !state.is_whole()),
            Flag::Invited => false,
            Flag::Mapped => self.found.near.is_some() && model.is_mapped(self.found.far),
            Flag::InCycle => model.in_cycle(at),
            Flag::InGroup => !model.groups(at).is_empty(),
            Flag::InNothing => model.things[at].kind != EntityKind::Account && model.groups(at).is_empty(),
        }
    }
}

const NAMES: [&str; 8] = ["Ada", "ada", "ÉMILE", "Bob\nBy", "=Sum(A1)", "Zoë O'Hara", "bob", "Ada Bob"];
const FILTERS: [&str; 36] = [
    "",
    "ada",
    "bo",
    "émile !ada",
    "'ada",
    "^bob",
    "b$",
    "^ada$",
    "~ab",
    "aaaaaa00",
    "user-1",
    "type:guest",
    "type:member !type:disabled",
    "type:security",
    "type:dynamic a",
    "enabled:false",
    "synced:true",
    "synced:false",
    "role:true",
    "members:>1",
    "nesting:1",
    "nesting:>1",
    "groups:0",
    "groups:1..2",
    "dept:sales",
    "dept:none",
    "mail:any",
    "mail:^a",
    "login:com$",
    "created:<2020",
    "created:2020-06",
    "is:empty",
    "is:nested in:group",
    "in:cycle",
    "is:incomplete",
    "in:nothing !is:mapped",
];
const OF_EDGES: [&str; 8] = [
    "from:bob",
    "!from:^ada ada",
    "fromrole:true",
    "!fromrole:true type:member",
    "edge:has_group$",
    "is:mapped",
    "depth:>1",
    "type:group from:any bob",
];
const SORTS: [Column; 16] = [
    Column::Name,
    Column::Second,
    Column::Mail,
    Column::Id,
    Column::Kind,
    Column::Enabled,
    Column::Department,
    Column::Created,
    Column::Synced,
    Column::Members,
    Column::InGroups,
    Column::RoleAssignable,
    Column::From,
    Column::EdgeType,
    Column::Depth,
    Column::Company,
];

fn a_user(n: usize, name: &str, traits: u8, mail: usize) -> Thing {
    let guid = n.is_multiple_of(2);
    let id = if guid { format!("aaaaaa{n:02}-0000-4000-8000-00000000000{n}") } else { format!("user-{n}") };
    let upn = format!("{}@Contoso.com", name.replace(['\n', ' '], "."));
    let mut json = json!({ "displayName": name, "userPrincipalName": upn, "id": id });
    if let Some(mail) = [None, Some(upn.as_str()), Some("Ada@Partner.example")][mail] {
        json["mail"] = mail.into();
    }
    if traits & 1 != 0 {
        json["userType"] = "Guest".into();
    }
    if traits & 2 != 0 {
        json["accountEnabled"] = (traits & 4 != 0).into();
    }
    if traits & 8 != 0 {
        json["department"] = if traits & 4 != 0 { "Sales" } else { "sales, north" }.into();
        json["onPremisesSyncEnabled"] = true.into();
    }
    if traits & 16 != 0 {
        json["createdDateTime"] = if traits & 1 != 0 { "2020-06-15T10:00:00Z" } else { "2019-01-01T00:00:00Z" }.into();
    }
    Thing { id, kind: EntityKind::User, entity: true, name: name.to_owned(), json }
}

fn a_group(n: usize, name: &str, traits: u8) -> Thing {
    let id = format!("group-{n}");
    let mut json = json!({ "displayName": name, "securityEnabled": true, "id": id });
    let types: Vec<&str> = [(1, "Unified"), (2, "DynamicMembership")]
        .iter()
        .filter(|(bit, _)| traits & bit != 0)
        .map(|(_, t)| *t)
        .collect();
    json["groupTypes"] = types.into();
    if traits & 4 != 0 {
        json["isAssignableToRole"] = true.into();
    }
    if traits & 8 != 0 {
        json["mail"] = "ada@groups.example".into();
    }
    Thing { id, kind: EntityKind::Group, entity: true, name: name.to_owned(), json }
}

fn a_device(n: usize, name: &str, traits: u8) -> Thing {
    let id = format!("device-{n}");
    let json = json!({ "displayName": name, "deviceId": format!("D{n}"), "accountEnabled": traits & 1 != 0, "id": id });
    Thing { id, kind: EntityKind::Member, entity: true, name: name.to_owned(), json }
}

fn models() -> impl Strategy<Value = Model> {
    let some = || prop::collection::vec((any::<Index>(), any::<u8>(), any::<Index>()), 0..6);
    let edges = prop::collection::vec((any::<Index>(), any::<Index>()), 0..16);
    let states = prop::collection::vec(0..12_usize, 0..6);
    (some(), some(), some(), any::<bool>(), edges, states).prop_map(
        |(users, groups, devices, has_ghost, edges, states)| {
            let organization = Thing {
                id: TENANT.to_owned(),
                kind: EntityKind::Account,
                entity: true,
                name: "Contoso".to_owned(),
                json: json!({ "displayName": "Contoso" }),
            };
            let ghost = Thing {
                id: "ghost".into(),
                kind: EntityKind::User,
                entity: false,
                name: "ghost".into(),
                json: json!({}),
            };
            let mut things = vec![organization];
            things.extend(
                users
                    .iter()
                    .enumerate()
                    .map(|(n, (name, traits, mail))| a_user(n, NAMES[name.index(NAMES.len())], *traits, mail.index(3))),
            );
            things.extend(
                groups
                    .iter()
                    .enumerate()
                    .map(|(n, (name, traits, _))| a_group(n, NAMES[name.index(NAMES.len())], *traits)),
            );
            things.extend(
                devices
                    .iter()
                    .enumerate()
                    .map(|(n, (name, traits, _))| a_device(n, NAMES[name.index(NAMES.len())], *traits)),
            );
            if has_ghost && !groups.is_empty() {
                things.push(ghost);
            }
            things.sort_by_key(Thing::order);
            let group_at: Vec<usize> = (0..things.len()).filter(|at| things[*at].kind == EntityKind::Group).collect();
            let mut model = Model { things, ..Model::default() };
            if let Some(first) = group_at.first() {
                let far = |index: &Index| 1 + index.index(model.things.len() - 1);
                let mut pairs: Vec<(usize, usize)> =
                    edges.iter().map(|(near, to)| (*near.get(&group_at), far(to))).collect();
                // What is a device or could not be read is only there because a group has it.
                let bound = |thing: &Thing| !thing.entity || thing.kind == EntityKind::Member;
                pairs.extend((0..model.things.len()).filter(|at| bound(&model.things[*at])).map(|at| (*first, at)));
                pairs.sort_unstable();
                pairs.dedup();
                model.edges = pairs;
            } else {
                model.things.retain(|thing| thing.kind != EntityKind::Member);
            }
            for (state, at) in states.iter().zip(&group_at) {
                if let Some(state @ (State::Partial | State::Forbidden | State::Hidden)) = State::ALL.get(*state) {
                    model.states.insert(*at, *state);
                }
            }
            model
        },
    )
}

/// The model's directory in a store.
fn stored(model: &Model) -> Place {
    let place = Place::new();
    let of = |kind: EntityKind| {
        model
            .things
            .iter()
            .filter(move |thing| thing.kind == kind && thing.entity)
            .map(Thing::write)
            .collect::<Vec<_>>()
    };
    let mut pages: Vec<PageWrite> = whole(of(EntityKind::User), of(EntityKind::Group));
    for (at, thing) in model.things.iter().enumerate().filter(|(at, _)| model.is_group(*at)) {
        let far: Vec<(&str, &str)> =
            model.members(at).iter().map(|m| (model.things[*m].id.as_str(), model.things[*m].odata())).collect();
        pages.push(members(&thing.id, model.states.get(&at).copied().unwrap_or(State::Complete), &far));
    }
    pages.push(resolved(vec![], of(EntityKind::Member)));
    let mut writer = place.writer();
    let run = writer.begin_run(at(0), &RunPlan::default()).unwrap();
    for page in &pages {
        writer.commit(run, page).unwrap();
    }
    let is_whole = model.states.is_empty();
    writer.finish_run(run, &end(if is_whole { RunStatus::Complete } else { RunStatus::Partial }, 1)).unwrap();
    place
}

fn loaded(place: &Place) -> Run {
    Run::new(load(place.reader(), RunId(1), NAMING, &Stop::default()).unwrap())
}

fn endless() -> Patience {
    Patience::endless(Stop::default())
}

/// Every part of every list.
fn withins(model: &Model) -> Vec<Within> {
    let mut all = vec![Within::All, Within::MembersOf("nobody".into())];
    for thing in &model.things {
        let id = &thing.id;
        all.extend([
            Within::MembersOf(id.clone()),
            Within::GroupsOf(id.clone()),
            Within::AllMembersOf(id.clone()),
            Within::AllGroupsOf(id.clone()),
        ]);
    }
    all
}

fn sorts() -> impl Strategy<Value = Vec<Sort>> {
    let sort = (any::<Index>(), any::<bool>())
        .prop_map(|(column, descending)| Sort { column: *column.get(&SORTS), descending });
    prop::collection::vec(sort, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lists_are_those_of_the_model(
        model in models(),
        asked in prop::collection::vec((any::<Index>(), any::<Index>(), any::<Index>(), sorts(), 0..6_u64, 1..9_u64), 24),
    ) {
        let run = loaded(&stored(&model));
        let withins = withins(&model);
        for (list, within, filter, sort, offset, limit) in asked {
            let list = *list.get(&List::ALL);
            let of_edges: &[&str] = if list == List::Edges { &OF_EDGES } else { &[] };
            let filters: Vec<&str> = FILTERS.iter().chain(of_edges).copied()
                .filter(|filter| understood(&Query { filter: (*filter).into(), ..Query::of(list) }).1.is_none()).collect();
            let query = Query {
                within: within.get(&withins).clone(),
                filter: (*filter.get(&filters)).to_owned(),
                sort,
                columns: SORTS.to_vec(),
                offset,
                limit,
                whole: true,
                ..Query::of(list)
            };
            let mut want = model.rows(&query);
            let all = run.rows(&Query { offset: 0, limit: 1_000, ..query.clone() }, &endless()).unwrap();
            if query.filter.starts_with('~') && query.sort.is_empty() {
                // What fits best comes first, which the model does not know.
                let in_order = |rows: &[Row]| rows.iter().map(|row| format!("{row:?}")).collect::<BTreeSet<_>>();
                prop_assert_eq!(in_order(&all.rows), in_order(&want), "{:?}", query);
                want.clone_from(&all.rows);
            }
            prop_assert_eq!(&all.rows, &want, "{:?}", query);
            prop_assert_eq!((all.total, all.pending), (want.len() as u64, None));
            let window = run.rows(&query, &endless()).unwrap();
            let piece: Vec<Row> = want.into_iter().skip(offset as usize).take(limit as usize).collect();
            prop_assert_eq!((&window.rows, window.total), (&piece, all.total), "{:?}", query);
            for facet in run.facets(&query, &Stop::default()).unwrap() {
                prop_assert_eq!(facet.chosen, has(&query.filter, &facet.filter, Scope::from(list)));
                let narrowed = Query { filter: format!("{} {}", query.filter, facet.filter), ..query.clone() };
                prop_assert_eq!(facet.count, model.rows(&narrowed).len() as u64, "{:?} of {:?}", facet, query);
            }
        }
    }

    #[test]
    fn lists_are_those_of_the_store(model in models()) {
        let place = stored(&model);
        let (run, reader) = (loaded(&place), place.reader());
        for within in withins(&model) {
            if matches!(within, Within::AllMembersOf(_) | Within::AllGroupsOf(_)) {
                continue;
            }
            for list in List::ALL {
                let query = Query { within: within.clone(), limit: 1_000, ..Query::of(list) };
                let mut in_memory = run.rows(&query, &endless()).unwrap();
                // Told by memory only.
                in_memory.rows.iter_mut().for_each(|row| row.in_cycle = false);
                let mut stored = reader.rows(RunId(1), NAMING, &query).unwrap();
                if list == List::Edges && within == Within::All {
                    // The store has the members of a group in an order of its own there.
                    let key = |row: &Row| (row.edge.as_ref().map(|edge| edge.from_id.clone()), row.id.clone());
                    in_memory.rows.sort_by_key(key);
                    stored.rows.sort_by_key(key);
                }
                prop_assert_eq!(in_memory, stored, "{:?} {:?}", list, within);
            }
        }
    }
}

fn small() -> (Model, Place) {
    let mut things = vec![Thing {
        id: TENANT.to_owned(),
        kind: EntityKind::Account,
        entity: true,
        name: "Contoso".to_owned(),
        json: json!({ "displayName": "Contoso" }),
    }];
    things.extend(NAMES.iter().enumerate().map(|(n, name)| a_user(n, name, 16, 0)));
    things.push(a_group(1, "Golf", 0));
    things.sort_by_key(Thing::order);
    let group = things.iter().position(|thing| thing.id == "group-1").unwrap();
    let model = Model { edges: vec![(group, 1), (group, 2)], things, ..Model::default() };
    let place = stored(&model);
    (model, place)
}

fn explorer(place: &Place) -> Explorer {
    Explorer::new(place.path(), None, NAMING)
}

fn asked(explorer: &Explorer, question: Question) -> Answer {
    explorer.ask(RunId(1), question, &Stop::default()).unwrap()
}

#[test]
fn an_explorer_answers_as_the_run_in_memory() {
    let (model, place) = small();
    let explorer = explorer(&place);
    let query = Query { whole: true, filter: "ada".into(), columns: vec![Column::Name], ..Query::of(List::Users) };
    let Answer::Rows(rows) = asked(&explorer, Question::Rows(query.clone())) else { panic!("rows") };
    assert_eq!(rows.rows, model.rows(&query));
    let not = Query { filter: "typ:guest".into(), ..query };
    let Answer::Rows(rows) = asked(&explorer, Question::Rows(not)) else { panic!("rows") };
    assert_eq!((rows.total, rows.rows), (0, vec![]));
    assert!(rows.filter_problem.unwrap().contains("type:"));
    let Answer::Facets(facets) = asked(&explorer, Question::Facets(Query::of(List::Groups))) else { panic!("facets") };
    assert!(facets.iter().any(|facet| facet.filter == "type:security" && facet.count == 1), "{facets:?}");
    let error = explorer.ask(RunId(7), Question::Rows(Query::of(List::Users)), &Stop::default()).unwrap_err();
    assert!(matches!(error, ExploreError::Store(StoreError::NoSuchRun { .. })), "{error}");
}

#[test]
fn what_fits_best_comes_first() {
    let (_, place) = small();
    let run = loaded(&place);
    let names = |filter: &str| {
        let query = Query { filter: filter.to_owned(), ..Query::of(List::Users) };
        run.rows(&query, &endless()).unwrap().rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    assert_eq!(names("bob"), ["Ada Bob", "bob", "Bob\nBy"]);
    assert_eq!(names("~bob"), ["bob", "Bob\nBy", "Ada Bob"]);
    assert_eq!(names("~b~"), Vec::<String>::new());
}

#[test]
fn while_a_run_is_read_the_store_answers() {
    let (model, place) = small();
    let query = Query { filter: "ada typ:x".into(), columns: vec![Column::Name], ..Query::of(List::Users) };
    let rows = explorer(&place).first_rows(RunId(1), &query, &Stop::default()).unwrap();
    let plain = Query { filter: String::new(), ..query.clone() };
    let mut want = model.rows(&plain);
    want.iter_mut().for_each(|row| row.in_cycle = false);
    assert_eq!((rows.rows, rows.pending, rows.query), (want, Some(Pending::Loading), query));
    assert!(rows.filter_problem.is_some());
}

#[test]
fn what_nobody_waits_for_stops() {
    let (_, place) = small();
    let explorer = explorer(&place);
    let stop = Stop::default();
    stop.ask();
    let query = Query { whole: true, ..Query::of(List::Users) };
    for question in [
        Question::Rows(query.clone()),
        Question::Facets(query.clone()),
        Question::Copy(Whole::Rows(query.clone()), TextForm::Csv),
        Question::Export(Whole::Rows(query.clone()), TextForm::Csv),
    ] {
        let error = explorer.ask(RunId(1), question, &stop).unwrap_err();
        assert_eq!(error.problem().code.as_deref(), Some("cancelled"), "{error}");
    }
    // It is asked anew, and answered.
    asked(&explorer, Question::Rows(query));
}

#[test]
fn what_takes_too_long_is_given_as_far_as_it_got() {
    let (_, place) = small();
    let run = loaded(&place);
    let late = Patience::of(Stop::default(), Duration::ZERO);
    let query = Query { filter: "ada".into(), ..Query::of(List::Edges) };
    let rows = run.rows(&query, &late).unwrap();
    assert_eq!(rows.pending, Some(Pending::Filtering));
    let whole = run.rows(&query, &endless()).unwrap();
    assert!(whole.pending.is_none() && whole.total > rows.total);
    // What was found is kept.
    assert_eq!(run.rows(&query, &late).unwrap(), whole);
}

#[test]
fn a_list_as_text() {
    let (_, place) = small();
    let explorer = explorer(&place);
    let query = Query {
        filter: "!zoë !bob !émile".into(),
        columns: vec![Column::Name, Column::InGroups, Column::Created, Column::Mail],
        limit: 1,
        ..Query::of(List::Users)
    };
    let check = |form: TextForm, want: &str| {
        let Answer::Copied { text, rows } = asked(&explorer, Question::Copy(Whole::Rows(query.clone()), form)) else {
            panic!("text")
        };
        assert_eq!((text.as_str(), rows), (want, 3), "{form:?}");
    };
    let (time, json) = ("2019-01-01T00:00:00Z", |name: &str, groups: u8| {
        format!("{{\"created\":\"2019-01-01T00:00:00Z\",\"groups\":{groups},\"mail\":null,\"name\":\"{name}\"}}")
    });
    check(
        TextForm::Tsv,
        &format!("name\tin groups\tcreated\tmail\n'=Sum(A1)\t1\t{time}\t\nAda\t1\t{time}\t\nada\t0\t{time}\t\n"),
    );
    check(TextForm::Csv, &format!("name,in groups,created,mail\n'=Sum(A1),1,{time},\nAda,1,{time},\nada,0,{time},\n"));
    let lines = [json("=Sum(A1)", 1), json("Ada", 1), json("ada", 0)];
    check(TextForm::Ndjson, &format!("{}\n", lines.join("\n")));
    check(TextForm::Json, &format!("[\n{}\n]\n", lines.join(",\n")));
    let folder = tempfile::tempdir().unwrap();
    let run = loaded(&place);
    let listing = run.listing(&query, understood(&query).0, &endless()).unwrap();
    let export = |name: &str, form: TextForm, stop: &Stop| {
        rows::put_out(&run, &query, &listing, paper::To::File { folder: folder.path(), name }, form, stop)
    };
    for name in ["users.ndjson", "users-2.ndjson"] {
        let Ok(Answer::Exported { path, rows }) = export("users", TextForm::Ndjson, &Stop::default()) else {
            panic!("a file")
        };
        assert_eq!((Path::new(&path), rows), (folder.path().join(name).as_path(), 3));
        assert_eq!(std::fs::read_to_string(path).unwrap(), format!("{}\n", lines.join("\n")));
    }
    let stopped = Stop::default();
    stopped.ask();
    export("half", TextForm::Csv, &stopped).unwrap_err();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no half of a list is left");
}

#[test]
fn a_run_that_goes_on_is_a_snapshot() {
    let place = Place::new();
    let mut writer = place.writer();
    let run = writer.begin_run(at(0), &RunPlan::default()).unwrap();
    for page in [
        crate::store::tests::listed(
            crate::domain::completeness::Collection::Groups,
            State::Complete,
            vec![crate::store::tests::group("g1", "Golf"), crate::store::tests::group("g2", "Chess")],
        ),
        members("g1", State::Complete, &[("u1", USER), ("u2", USER), ("d1", DEVICE)]),
    ] {
        writer.commit(run, &page).unwrap();
    }
    let of = |list: List, within: Within| {
        let query = Query { within, whole: true, ..Query::of(list) };
        let Answer::Rows(rows) = asked(&explorer(&place), Question::Rows(query)) else { panic!("rows") };
        rows.rows
            .into_iter()
            .map(|row| (row.id, row.kind, row.state, row.edge.is_some_and(|edge| edge.mapped)))
            .collect::<Vec<_>>()
    };
    let (user, group, other) = (EntityKind::User, EntityKind::Group, EntityKind::Member);
    let id = |id: &str| id.to_owned();
    assert_eq!(
        of(List::Groups, Within::All),
        [(id("g2"), group, Some(State::Partial), false), (id("g1"), group, None, false)]
    );
    assert_eq!(of(List::Users, Within::All), []);
    assert_eq!(
        of(List::Edges, Within::MembersOf("g1".into())),
        [(id("d1"), other, None, false), (id("u1"), user, None, true), (id("u2"), user, None, true)]
    );
    assert_eq!(of(List::Groups, Within::GroupsOf("u2".into())), [(id("g1"), group, None, false)]);
}

#[test]
fn times_are_kept_to_the_millisecond() {
    let time: Timestamp = "2019-01-01T00:00:00Z".parse().unwrap();
    let (model, place) = small();
    let run = loaded(&place);
    let query = Query { columns: vec![Column::Created], ..Query::of(List::Users) };
    let rows = run.rows(&query, &endless()).unwrap().rows;
    assert_eq!(rows.len() + 2, model.things.len());
    assert!(rows.iter().all(|row| row.cells == [Cell::Time(time)]));
}
