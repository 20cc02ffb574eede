//! Random histories of a tenant against a model made of sets: whatever is read, refused, cut off or killed, the view of
//! every finished run is what the rules say, and stays so.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::domain::{
    completeness::GapScope,
    view::{List, Query, Within},
};

const IDS: usize = 8;

fn id(n: usize) -> String {
    format!("id-{n}")
}

/// What an id is in the tenant while a run reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nature {
    User,
    Group,
    Device,
    Absent,
}

impl Nature {
    fn kind(self) -> Option<EntityKind> {
        match self {
            Self::User => Some(EntityKind::User),
            Self::Group => Some(EntityKind::Group),
            Self::Device => Some(EntityKind::Member),
            Self::Absent => None,
        }
    }

    /// The type under which memberships name it. What is absent is a ghost of a user.
    fn odata(self) -> &'static str {
        match self {
            Self::User | Self::Absent => USER,
            Self::Group => GROUP,
            Self::Device => DEVICE,
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum LookUp {
    Silent,
    Truth,
    Gone,
    Unreadable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Whole,
    Failed,
    Interrupted,
    /// The process dies after so many pages.
    Killed(usize),
}

/// One run: the tenant as it is, and how reading it went.
#[derive(Debug, Clone)]
struct Plan {
    natures: Vec<Nature>,
    names: Vec<usize>,
    /// Which ids their list names.
    listed: Vec<bool>,
    account: State,
    users: State,
    groups: State,
    memberships: Option<State>,
    lists: Vec<(Option<State>, Vec<usize>)>,
    look_ups: Vec<LookUp>,
    ending: Ending,
    twice: bool,
    /// An id that a page also calls a mere member, whatever its list says.
    demoted: usize,
    rotate: usize,
    slice: usize,
}

fn plan() -> impl Strategy<Value = Plan> {
    // Most ids are most of the time what they were before.
    let nature = |n: usize| {
        let base = [
            Nature::User,
            Nature::User,
            Nature::User,
            Nature::Group,
            Nature::Group,
            Nature::Group,
            Nature::Device,
            Nature::Device,
        ][n];
        prop_oneof![
            8 => Just(base), 1 => Just(Nature::Absent), 1 => Just(Nature::User), 1 => Just(Nature::Group), 1 => Just(Nature::Device)
        ]
    };
    let natures: Vec<_> = (0..IDS).map(nature).collect();
    let state = || prop_oneof![5 => Just(State::Complete), 1 => Just(State::Partial), 1 => Just(State::Forbidden)];
    let list = (
        prop_oneof![
            5 => Just(Some(State::Complete)), 1 => Just(Some(State::Partial)), 1 => Just(Some(State::Hidden)),
            1 => Just(Some(State::Gone)), 1 => Just(None)
        ],
        prop::collection::vec(0..IDS, 0..6),
    );
    let look_up = prop_oneof![
        4 => Just(LookUp::Truth), 1 => Just(LookUp::Silent), 1 => Just(LookUp::Gone), 1 => Just(LookUp::Unreadable)
    ];
    let ending = prop_oneof![
        6 => Just(Ending::Whole), 1 => Just(Ending::Failed), 1 => Just(Ending::Interrupted), 2 => (0_usize..12).prop_map(Ending::Killed)
    ];
    (
        (natures, prop::collection::vec(0_usize..4, IDS), prop::collection::vec(prop::bool::weighted(0.85), IDS)),
        (
            state(),
            state(),
            state(),
            prop_oneof![4 => Just(Some(State::Complete)), 1 => Just(Some(State::Partial)), 1 => Just(None)],
        ),
        prop::collection::vec(list, IDS),
        prop::collection::vec(look_up, IDS),
        ending,
        (any::<bool>(), 0..IDS, 0_usize..20, 1_usize..4),
    )
        .prop_map(
            |(
                (natures, names, listed),
                (account, users, groups, memberships),
                lists,
                look_ups,
                ending,
                (twice, demoted, rotate, slice),
            )| Plan {
                natures,
                names,
                listed,
                account,
                users,
                groups,
                memberships,
                lists,
                look_ups,
                ending,
                twice,
                demoted,
                rotate,
                slice,
            },
        )
}

const NAMES: [&str; 4] = ["Ada", "bob", "Émile", "ZOË 龍"];

impl Plan {
    fn object(&self, n: usize) -> Option<ObjectWrite> {
        let kind = self.natures[n].kind()?;
        let odata = if kind == EntityKind::Member { DEVICE } else { "" };
        Some(object(kind, &id(n), odata, json!({ "displayName": NAMES[self.names[n]] })))
    }

    fn of_kind(&self, kind: EntityKind, state: State) -> Vec<ObjectWrite> {
        (0..IDS)
            .filter(|n| self.natures[*n].kind() == Some(kind) && self.listed[*n] && state != State::Forbidden)
            .filter_map(|n| self.object(n))
            .collect()
    }

    /// The groups whose members are asked for.
    fn asked(&self) -> impl Iterator<Item = (usize, State, &[usize])> {
        (0..IDS).filter_map(|n| {
            let (state, members) = &self.lists[n];
            let members: &[usize] = if matches!(state, Some(State::Hidden | State::Gone)) { &[] } else { members };
            (self.natures[n] == Nature::Group).then_some((n, (*state)?, members))
        })
    }

    fn pages(&self) -> Vec<PageWrite> {
        let mut pages = vec![
            listed(
                Collection::Account,
                self.account,
                if self.account == State::Complete { vec![account()] } else { Vec::new() },
            ),
            listed(Collection::Users, self.users, self.of_kind(EntityKind::User, self.users)),
            listed(Collection::Groups, self.groups, self.of_kind(EntityKind::Group, self.groups)),
        ];
        if let Some(state) = self.memberships {
            pages.push(listed(Collection::Memberships, state, Vec::new()));
        }
        for (group, state, members) in self.asked() {
            let slices: Vec<&[usize]> = members.chunks(self.slice).collect();
            for (n, slice) in slices.iter().enumerate() {
                let members = slice
                    .iter()
                    .map(|m| MemberRef { id: id(*m).into(), odata_type: self.natures[*m].odata().into() })
                    .collect();
                let end = (n + 1 == slices.len()).then(|| ended(state));
                let list = MembersWrite { group: id(group), members, end, ..MembersWrite::default() };
                pages.push(PageWrite { members: vec![list], ..PageWrite::default() });
            }
            if slices.is_empty() {
                let list = MembersWrite { group: id(group), end: Some(ended(state)), ..MembersWrite::default() };
                pages.push(PageWrite { members: vec![list], ..PageWrite::default() });
            }
        }
        if self.natures[self.demoted] != Nature::Absent && self.listed_and_read(self.demoted) {
            let demoted = object(EntityKind::Member, &id(self.demoted), DEVICE, json!({ "displayName": "mere" }));
            pages.push(resolved(vec![], vec![demoted]));
        }
        let by = self.rotate % pages.len();
        pages.rotate_left(by);
        pages
    }

    fn listed_and_read(&self, n: usize) -> bool {
        let state = match self.natures[n] {
            Nature::User => self.users,
            Nature::Group => self.groups,
            Nature::Device | Nature::Absent => return false,
        };
        self.listed[n] && state != State::Forbidden
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Thing {
    kind: EntityKind,
    name: String,
}

const ACCOUNT: usize = IDS;

/// The model: what a finished run holds, and what it must remember for the next one.
#[derive(Debug, Clone, Default)]
struct Model {
    things: BTreeMap<usize, Thing>,
    /// Known to exist and not readable.
    ghosts: BTreeMap<usize, EntityKind>,
    edges: BTreeSet<(usize, usize)>,
    whole_groups: BTreeMap<usize, i64>,
    whole: BTreeMap<Collection, i64>,
    gaps: Vec<(String, State, Option<i64>)>,
}

/// What a run brought, as the rules of the model see it.
struct Brought<'a> {
    before: &'a Model,
    plan: &'a Plan,
    fresh: BTreeMap<usize, Thing>,
    named: BTreeSet<(usize, usize)>,
    lists: BTreeMap<usize, State>,
    gone: BTreeSet<usize>,
    unreadable: BTreeSet<usize>,
}

impl<'a> Brought<'a> {
    fn new(before: &'a Model, plan: &'a Plan) -> Self {
        let mut fresh = BTreeMap::new();
        for n in (0..IDS).filter(|n| plan.listed_and_read(*n)) {
            let kind = plan.natures[n].kind().unwrap();
            fresh.insert(n, Thing { kind, name: NAMES[plan.names[n]].to_owned() });
        }
        if plan.account == State::Complete {
            fresh.insert(ACCOUNT, Thing { kind: EntityKind::Account, name: "Contoso".to_owned() });
        }
        let mut brought = Self {
            before,
            plan,
            fresh,
            named: BTreeSet::new(),
            lists: BTreeMap::new(),
            gone: BTreeSet::new(),
            unreadable: BTreeSet::new(),
        };
        for (group, state, members) in plan.asked() {
            brought.lists.insert(group, state);
            brought.named.extend(members.iter().map(|m| (group, *m)));
        }
        brought
    }

    fn thing(&self, n: usize) -> Option<&Thing> {
        self.fresh.get(&n).or_else(|| self.before.things.get(&n))
    }

    fn is_ghost(&self, n: usize) -> bool {
        self.before.ghosts.contains_key(&n) && !self.fresh.contains_key(&n)
    }

    /// Whether what was there is there no more.
    fn is_over(&self, n: usize) -> bool {
        if self.gone.contains(&n) {
            return true;
        }
        let Some(thing) = self.thing(n).filter(|_| !self.is_ghost(n)) else {
            return self.before.ghosts.get(&n) == Some(&EntityKind::Group) && self.lists.get(&n) == Some(&State::Gone);
        };
        let list = match thing.kind {
            EntityKind::Account => self.plan.account,
            EntityKind::User => self.plan.users,
            EntityKind::Group if self.lists.get(&n) == Some(&State::Gone) => return true,
            EntityKind::Group => self.plan.groups,
            EntityKind::Member => return false,
        };
        list == State::Complete && !self.fresh.contains_key(&n)
    }

    fn is_group(&self, n: usize) -> bool {
        !self.is_ghost(n) && self.thing(n).is_some_and(|t| t.kind == EntityKind::Group) && !self.is_over(n)
    }

    /// Edges whose group still has them, and whether this run named them.
    fn listed_edges(&self) -> Vec<(usize, usize, bool)> {
        let all: BTreeSet<_> = self.before.edges.union(&self.named).copied().collect();
        all.into_iter()
            .map(|(g, m)| (g, m, self.named.contains(&(g, m))))
            .filter(|(g, _, seen)| self.is_group(*g) && (*seen || self.lists.get(g) != Some(&State::Complete)))
            .collect()
    }

    fn wanted(&self) -> BTreeSet<usize> {
        let members = self.listed_edges().into_iter().map(|(_, m, _)| m);
        members
            .filter(|m| {
                let answered = self.fresh.contains_key(m) || self.gone.contains(m) || self.unreadable.contains(m);
                !answered
                    && match self.thing(*m) {
                        None => true,
                        Some(_) if self.is_ghost(*m) => true,
                        Some(thing) if thing.kind == EntityKind::Member => true,
                        Some(_) => self.is_over(*m),
                    }
            })
            .collect()
    }

    fn answer(&mut self, n: usize) -> PageWrite {
        match self.plan.look_ups[n] {
            LookUp::Silent => PageWrite::default(),
            LookUp::Truth if self.plan.natures[n] != Nature::Absent => {
                let kind = self.plan.natures[n].kind().unwrap();
                self.fresh.insert(n, Thing { kind, name: NAMES[self.plan.names[n]].to_owned() });
                resolved(vec![], self.plan.object(n).into_iter().collect())
            }
            LookUp::Truth | LookUp::Gone => {
                self.gone.insert(n);
                resolved(vec![Resolution::Gone { id: id(n) }], vec![])
            }
            LookUp::Unreadable => {
                self.unreadable.insert(n);
                let odata_type = self.plan.natures[n].odata().to_owned();
                resolved(vec![Resolution::Unreadable { id: id(n), odata_type }], vec![])
            }
        }
    }

    fn end(self, at: i64) -> Model {
        let mut after = Model { whole: self.before.whole.clone(), ..Model::default() };
        for n in 0..=ACCOUNT {
            if self.is_over(n) {
            } else if self.is_ghost(n) {
                after.ghosts.insert(n, self.before.ghosts[&n]);
            } else if let Some(thing) = self.thing(n) {
                after.things.insert(n, thing.clone());
            }
        }
        for (g, m, seen) in self.listed_edges() {
            let had = self.is_ghost(m) || self.thing(m).is_some();
            if self.gone.contains(&m) || had && self.is_over(m) && !seen && !self.unreadable.contains(&m) {
                continue;
            }
            after.edges.insert((g, m));
            if !after.things.contains_key(&m) && !after.ghosts.contains_key(&m) {
                match self.plan.natures[m].odata() {
                    DEVICE => drop(after.things.insert(m, Thing { kind: EntityKind::Member, name: id(m) })),
                    GROUP => drop(after.ghosts.insert(m, EntityKind::Group)),
                    _ => drop(after.ghosts.insert(m, EntityKind::User)),
                }
            }
        }
        let named: BTreeSet<usize> = after.edges.iter().map(|(_, m)| *m).collect();
        after.things.retain(|n, thing| thing.kind != EntityKind::Member || named.contains(n));
        after.ghosts.retain(|n, _| named.contains(n));
        self.gaps(&mut after);
        for (collection, state) in self.states() {
            if state == Some(State::Complete) {
                after.whole.insert(collection, at);
            }
        }
        let groups = after.things.iter().filter(|(_, t)| t.kind == EntityKind::Group).map(|(n, _)| *n);
        for n in groups.collect::<Vec<_>>() {
            if self.lists.get(&n) == Some(&State::Complete) {
                after.whole_groups.insert(n, at);
            } else if let Some(at) = self.before.whole_groups.get(&n) {
                after.whole_groups.insert(n, *at);
            }
        }
        after
    }

    fn states(&self) -> [(Collection, Option<State>); 4] {
        [
            (Collection::Account, Some(self.plan.account)),
            (Collection::Users, Some(self.plan.users)),
            (Collection::Groups, Some(self.plan.groups)),
            (Collection::Memberships, self.plan.memberships),
        ]
    }

    fn gaps(&self, after: &mut Model) {
        for (collection, state) in &self.states()[..3] {
            if let Some(state) = state.filter(|s| *s != State::Complete) {
                after.gaps.push((collection.as_str().to_owned(), state, self.before.whole.get(collection).copied()));
            }
        }
        let groups: Vec<usize> =
            after.things.iter().filter(|(_, t)| t.kind == EntityKind::Group).map(|(n, _)| *n).collect();
        let mut of_groups = Vec::new();
        let mut unasked = Vec::new();
        for n in groups {
            let since = self.before.whole_groups.get(&n).copied();
            match self.lists.get(&n) {
                None => unasked.push(since),
                Some(State::Complete) => {}
                Some(state) => of_groups.push((id(n), *state, since)),
            }
        }
        let told = self.plan.memberships.filter(|s| *s != State::Complete);
        if !unasked.is_empty() {
            let since = unasked.iter().copied().collect::<Option<Vec<_>>>().and_then(|all| all.into_iter().min());
            after.gaps.push(("memberships".to_owned(), told.unwrap_or(State::Partial), since));
        } else if let Some(state) = told {
            after.gaps.push(("memberships".to_owned(), state, None));
        }
        after.gaps.extend(of_groups);
        after.gaps.sort();
    }
}

/// Entities, edges, and gaps with the second since which they are stale.
pub(super) type View = (Vec<String>, Vec<String>, Vec<(String, State, Option<i64>)>);

/// A run as the store tells it, in the model's words.
pub(super) fn view(reader: &Reader, info: &RunInfo) -> View {
    let edges = {
        let mut all = Vec::new();
        reader
            .for_each_edge(info.id, NAMING, &mut |e| {
                all.push(format!("{:?} {}>{} {}", e.kind, e.from, e.to, e.mapped));
                ControlFlow::Continue(())
            })
            .unwrap();
        all.sort();
        all
    };
    let mut gaps: Vec<_> = info
        .gaps
        .iter()
        // Whose names could not be read is there all the same; what is said of it is tested by itself.
        .filter(|g| g.scope != GapScope::Kind)
        .map(|g| {
            assert_eq!(g.scope == GapScope::Group, g.id.starts_with("id-"));
            (g.id.clone(), g.state, g.stale_since.map(|t| t.as_second() - 1_800_000_000))
        })
        .collect();
    gaps.sort();
    (entities(reader, info.id), edges, gaps)
}

fn expected(model: &Model) -> View {
    let key = |n: usize| if n == ACCOUNT { ACCOUNT_KEY.to_owned() } else { id(n) };
    let mut entities: Vec<String> =
        model.things.iter().map(|(n, t)| format!("{:?} {} {}", t.kind, key(*n), t.name)).collect();
    entities.sort();
    let mut edges = Vec::new();
    for (n, thing) in &model.things {
        if model.things.contains_key(&ACCOUNT) && matches!(thing.kind, EntityKind::User | EntityKind::Group) {
            edges.push(format!("Account{:?} {}>{} false", thing.kind, ACCOUNT_KEY, key(*n)));
        }
    }
    for (g, m) in &model.edges {
        let kind = model.things.get(m).map_or_else(|| model.ghosts[m], |t| t.kind);
        edges.push(format!("Group{kind:?} {}>{} {}", key(*g), key(*m), model.ghosts.contains_key(m)));
    }
    edges.sort();
    (entities, edges, model.gaps.clone())
}

/// The lists and counts agree with the streams.
fn check_lists(reader: &Reader, run: RunId, model: &Model) {
    let counts = reader.counts(run, NAMING).unwrap();
    let (entities, edges, _) = expected(model);
    assert_eq!(counts.values().sum::<u64>() as usize, entities.len() + edges.len());
    let totals = reader.totals(run).unwrap();
    assert_eq!(totals.edges as usize, edges.len());
    let ask = |list: List, within: Within| {
        let query = Query { within, limit: 1000, ..Query::of(list) };
        let rows = reader.rows(run, NAMING, &query).unwrap();
        assert_eq!(rows.total as usize, rows.rows.len(), "{query:?}");
        rows.rows
    };
    for (list, kind, total) in [
        (List::Users, EntityKind::User, totals.users),
        (List::Groups, EntityKind::Group, totals.groups),
        (List::Members, EntityKind::Member, totals.members),
    ] {
        let found: Vec<_> = ask(list, Within::All).into_iter().map(|r| (r.name.to_lowercase(), r.id)).collect();
        let mut want: Vec<_> =
            model.things.iter().filter(|(_, t)| t.kind == kind).map(|(n, t)| (t.name.to_lowercase(), id(*n))).collect();
        want.sort();
        assert_eq!(found, want);
        assert_eq!(total as usize, want.len());
    }
    assert_eq!(ask(List::Edges, Within::All).len(), edges.len());
    for n in 0..IDS {
        let ids = |list, within| -> BTreeSet<String> { ask(list, within).into_iter().map(|r| r.id).collect() };
        let members: BTreeSet<String> = model.edges.iter().filter(|(g, _)| *g == n).map(|(_, m)| id(*m)).collect();
        let groups: BTreeSet<String> = model.edges.iter().filter(|(_, m)| *m == n).map(|(g, _)| id(*g)).collect();
        assert_eq!(ids(List::Edges, Within::MembersOf(id(n))), members);
        assert_eq!(ids(List::Edges, Within::GroupsOf(id(n))), groups);
        assert_eq!(ids(List::Groups, Within::GroupsOf(id(n))), groups);
        if let Some(detail) = reader.detail(run, NAMING, &id(n)).unwrap() {
            assert_eq!((detail.members as usize, detail.groups as usize), (members.len(), groups.len()));
            assert_eq!(detail.entity.is_null(), model.ghosts.contains_key(&n));
        } else {
            assert!(!model.things.contains_key(&n) && !model.ghosts.contains_key(&n));
        }
    }
}

fn live_through(plans: &[Plan]) {
    let place = Place::new();
    let mut writer = place.writer();
    let reader = place.reader();
    let mut model = Model::default();
    let mut finished: Vec<(RunInfo, Model)> = Vec::new();
    let all_stand = |finished: &[(RunInfo, Model)]| {
        for (info, model) in finished {
            assert_eq!(view(&reader, info), expected(model), "run {}", info.id);
        }
        assert_eq!(reader.newest_finished().unwrap().as_ref(), finished.last().map(|(info, _)| info));
    };
    for (n, plan) in plans.iter().enumerate() {
        let seconds = 100 * i64::try_from(n).unwrap();
        let run = writer.begin_run(at(seconds), &RunPlan::default()).unwrap();
        let mut brought = Brought::new(&model, plan);
        let pages = plan.pages();
        let killed = match plan.ending {
            Ending::Killed(after) if after < pages.len() => Some(after),
            _ => None,
        };
        for page in pages.iter().take(killed.unwrap_or(pages.len())) {
            writer.commit(run, page).unwrap();
            if plan.twice {
                writer.commit(run, page).unwrap();
            }
        }
        all_stand(&finished);
        if killed.is_some() {
            drop(writer);
            all_stand(&finished);
            writer = place.writer();
            continue;
        }
        let unresolved = writer.unresolved(run).unwrap();
        let wanted = brought.wanted();
        assert_eq!(
            unresolved.iter().map(|u| u.id.clone()).collect::<BTreeSet<_>>(),
            wanted.iter().map(|n| id(*n)).collect()
        );
        for n in wanted {
            writer.commit(run, &brought.answer(n)).unwrap();
        }
        let status = match plan.ending {
            Ending::Failed => RunStatus::Failed,
            Ending::Interrupted => RunStatus::Interrupted,
            Ending::Whole | Ending::Killed(_) => RunStatus::Complete,
        };
        let info = writer.finish_run(run, &end(status, seconds + 1)).unwrap();
        if status == RunStatus::Complete {
            model = brought.end(seconds + 1);
            assert_eq!(info.status == RunStatus::Complete, info.gaps.is_empty());
            finished.push((info, model.clone()));
            check_lists(&reader, run, &model);
        }
        all_stand(&finished);
    }
    let runs = |finished: &[(RunInfo, Model)]| finished.iter().map(|(info, _)| info.id).collect::<Vec<_>>();
    differ::check_all(&reader, &runs(&finished));
    writer.prune(2).unwrap();
    let first = finished.len().saturating_sub(2);
    all_stand(&finished[first..]);
    differ::check_all(&reader, &runs(&finished[first..]));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_is_told_as_the_rules_say(plans in prop::collection::vec(plan(), 1..7)) {
        live_through(&plans);
    }
}
