//! A delta run equals a full read, object by object and edge by edge: a directory that changes at random is read in full,
//! by changes, gently, in part, cut off and gone on with; and beside it, into another store, in full each time.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::{
    oracle::{View, view},
    *,
};
use crate::domain::reading::RunKind;

/// Users, then groups, then devices.
const USERS: std::ops::Range<usize> = 0..4;
const GROUPS: std::ops::Range<usize> = 4..7;
const DEVICES: std::ops::Range<usize> = 7..9;
/// Groups name it, and nobody may look at it.
const FOREIGN: usize = 3;

fn id(n: usize) -> String {
    format!("id-{n}")
}

fn number(id: &str) -> usize {
    id.strip_prefix("id-").unwrap().parse().unwrap()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Life {
    #[default]
    Never,
    Live,
    /// In the recycle bin: groups go on listing it. Of a device: nobody finds it for a while.
    Deleted,
}

/// A directory, and when what of it changed last.
#[derive(Debug, Clone, Default)]
struct Directory {
    now: u64,
    lives: BTreeMap<usize, Life>,
    names: BTreeMap<usize, u32>,
    lists: BTreeSet<(usize, usize)>,
    objects_changed: BTreeMap<usize, u64>,
    lists_changed: BTreeMap<(usize, usize), u64>,
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Rename(usize),
    /// Made or restored.
    Live(usize),
    Delete(usize),
    /// Nothing is left of it, in groups neither.
    Purge(usize),
    Join(usize, usize),
    Leave(usize, usize),
}

impl Directory {
    fn life(&self, n: usize) -> Life {
        if n == FOREIGN { Life::Live } else { self.lives.get(&n).copied().unwrap_or_default() }
    }

    fn is_live(&self, n: usize) -> bool {
        self.life(n) == Life::Live
    }

    fn apply(&mut self, change: Change) {
        self.now += 1;
        match change {
            Change::Rename(n) if self.is_live(n) => {
                *self.names.entry(n).or_default() += 1;
                self.objects_changed.insert(n, self.now);
            }
            Change::Live(n) if n != FOREIGN => {
                self.lives.insert(n, Life::Live);
                self.objects_changed.insert(n, self.now);
            }
            Change::Delete(n) if n != FOREIGN && self.is_live(n) => {
                self.lives.insert(n, Life::Deleted);
                self.objects_changed.insert(n, self.now);
            }
            Change::Purge(n) if n != FOREIGN && self.life(n) != Life::Never => {
                self.lives.insert(n, Life::Never);
                self.objects_changed.insert(n, self.now);
                let ties: Vec<_> = self.lists.iter().filter(|(g, m)| *g == n || *m == n).copied().collect();
                for tie in ties {
                    self.lists.remove(&tie);
                    self.lists_changed.insert(tie, self.now);
                }
            }
            Change::Join(g, m) if self.is_live(g) && self.is_live(m) && g != m => {
                self.lists.insert((g, m));
                self.lists_changed.insert((g, m), self.now);
            }
            Change::Leave(g, m) if self.is_live(g) && self.lists.remove(&(g, m)) => {
                self.lists_changed.insert((g, m), self.now);
            }
            _ => {}
        }
    }

    fn object(&self, n: usize) -> ObjectWrite {
        let name = json!({ "displayName": format!("name {}", self.names.get(&n).copied().unwrap_or_default()) });
        match n {
            n if USERS.contains(&n) => object(EntityKind::User, &id(n), USER, name),
            n if GROUPS.contains(&n) => object(EntityKind::Group, &id(n), GROUP, name),
            _ => object(EntityKind::Member, &id(n), DEVICE, name),
        }
    }

    /// As a delta query tells it: nulls left out, another order, and what lists never say.
    fn changed_object(&self, n: usize) -> ObjectWrite {
        let mut told = self.object(n);
        let text = told.raw.get().replacen('{', r#"{"@odata.context":"c","members@delta":[{"id":"x"}],"#, 1);
        told.raw = serde_json::value::RawValue::from_string(text).unwrap();
        told
    }

    fn member(n: usize) -> MemberRef {
        let odata_type = match n {
            n if USERS.contains(&n) => USER,
            n if GROUPS.contains(&n) => GROUP,
            _ => DEVICE,
        };
        MemberRef { id: id(n).into(), odata_type: odata_type.into() }
    }

    fn list(&self, group: usize) -> Vec<MemberRef> {
        self.lists.iter().filter(|(g, _)| *g == group).map(|(_, m)| Self::member(*m)).collect()
    }

    fn objects_since(&self, of: std::ops::Range<usize>, since: u64) -> Vec<PageWrite> {
        let changed = of.filter(|n| *n != FOREIGN && self.objects_changed.get(n).is_some_and(|at| *at > since));
        changed
            .map(|n| match self.is_live(n) {
                true => resolved(vec![], vec![self.changed_object(n)]),
                false => resolved(vec![Resolution::Gone { id: id(n) }], vec![]),
            })
            .collect()
    }

    /// What the delta query of groups tells of members, a page each.
    fn lists_since(&self, since: u64, forbidden: &BTreeSet<usize>) -> Vec<PageWrite> {
        let mut pages = Vec::new();
        for ((g, m), _) in self.lists_changed.iter().filter(|(_, at)| **at > since) {
            if !self.is_live(*g) || forbidden.contains(g) {
                continue;
            }
            let mut change = MembersChange { group: id(*g), added: vec![], removed: vec![] };
            match self.lists.contains(&(*g, *m)) {
                true => change.added.push(Self::member(*m)),
                false => change.removed.push(id(*m)),
            }
            // A group that lists change of is told of itself as well.
            let objects = vec![self.changed_object(*g)];
            pages.push(PageWrite { objects, changes: vec![change], ..PageWrite::default() });
        }
        pages
    }

    fn groups_since(&self, since: u64, forbidden: &BTreeSet<usize>) -> Vec<PageWrite> {
        let mut pages = self.objects_since(GROUPS, since);
        pages.extend(self.lists_since(since, forbidden));
        pages
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    Full,
    Gentle,
    /// If there are links for it, else in full.
    Delta,
    Scoped,
    /// Begun, cut off, and not gone on with.
    Abandoned,
}

#[derive(Debug, Clone)]
struct Step {
    changes: Vec<Change>,
    how: How,
    /// While a full run reads.
    meanwhile: Vec<Change>,
    /// Full runs only: groups that may not be read from here on, and whether users may be.
    forbidden: BTreeSet<usize>,
    users: State,
    /// After so many pages the process dies, and the run is gone on with.
    cut: Option<usize>,
    twice: bool,
    slice: usize,
    prune: Option<usize>,
}

fn change() -> impl Strategy<Value = Change> {
    let any = || 0..DEVICES.end;
    prop_oneof![
        1 => any().prop_map(Change::Rename),
        3 => any().prop_map(Change::Live),
        3 => any().prop_map(Change::Delete),
        1 => any().prop_map(Change::Purge),
        2 => (GROUPS, any()).prop_map(|(g, m)| Change::Join(g, m)),
        2 => (GROUPS, any()).prop_map(|(g, m)| Change::Leave(g, m)),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let how = prop_oneof![
        2 => Just(How::Full), 1 => Just(How::Gentle), 6 => Just(How::Delta), 1 => Just(How::Scoped), 1 => Just(How::Abandoned)
    ];
    (
        prop::collection::vec(change(), 0..6),
        how,
        prop::collection::vec(change(), 0..4),
        prop_oneof![3 => Just(BTreeSet::new()), 1 => prop::collection::btree_set(GROUPS, 0..2)],
        prop_oneof![8 => Just(State::Complete), 1 => Just(State::Forbidden)],
        prop::option::of(0_usize..20),
        any::<bool>(),
        1_usize..4,
        prop::option::weighted(0.3, 1_usize..4),
    )
        .prop_map(|(changes, how, meanwhile, forbidden, users, cut, twice, slice, prune)| Step {
            changes,
            how,
            meanwhile,
            forbidden,
            users,
            cut,
            twice,
            slice,
            prune,
        })
}

/// The process that reads has died.
struct Cut;

/// Reads the directory into one store, as a client would.
struct Client<'a> {
    writer: &'a mut Writer,
    directory: &'a mut Directory,
    run: RunId,
    step: &'a Step,
    forbidden: &'a BTreeSet<usize>,
    /// So many pages are left until the process dies.
    left: Option<usize>,
}

impl Client<'_> {
    fn keep(&mut self, page: &PageWrite) -> Result<(), Cut> {
        if self.left == Some(0) {
            return Err(Cut);
        }
        self.left = self.left.map(|n| n - 1);
        self.writer.commit(self.run, page).unwrap();
        if self.step.twice {
            self.writer.commit(self.run, page).unwrap();
        }
        Ok(())
    }

    fn end(&mut self, collection: Collection, state: State, delta: bool) -> Result<(), Cut> {
        let mut page = listed(collection, state, vec![]);
        page.checkpoint.as_mut().unwrap().delta = delta;
        self.keep(&page)
    }

    /// A chain of pages of a list, from where it was left off.
    fn chain(
        &mut self,
        collection: Collection,
        of: std::ops::Range<usize>,
        before: Option<&Checkpoint>,
    ) -> Result<(), Cut> {
        if before.is_some_and(|b| b.end.is_some()) {
            return Ok(());
        }
        let mut at = before.and_then(|b| b.next_link.as_ref()?.parse().ok()).unwrap_or(of.start);
        while at < of.end {
            let to = (at + self.step.slice).min(of.end);
            let objects: Vec<_> = (at..to)
                .filter(|n| *n != FOREIGN && self.directory.is_live(*n))
                .map(|n| self.directory.object(n))
                .collect();
            let mut page = listed(collection, State::Complete, objects);
            let checkpoint = page.checkpoint.as_mut().unwrap();
            (checkpoint.next_link, checkpoint.end) = (Some(to.to_string()), None);
            self.keep(&page)?;
            at = to;
        }
        self.end(collection, State::Complete, false)
    }

    fn read_lists(&mut self) -> Result<(), Cut> {
        for group in self.writer.groups_to_read(self.run).unwrap() {
            let n = number(&group.id);
            let mut lists = Vec::new();
            let end = match self.directory.is_live(n) {
                true if self.forbidden.contains(&n) => State::Forbidden,
                true => State::Complete,
                false => State::Gone,
            };
            let members = if end == State::Complete { self.directory.list(n) } else { Vec::new() };
            for slice in members.chunks(self.step.slice) {
                lists.push(MembersWrite { group: id(n), members: slice.to_vec(), ..MembersWrite::default() });
            }
            if lists.is_empty() {
                lists.push(MembersWrite { group: id(n), ..MembersWrite::default() });
            }
            lists[0].reset = true;
            let whole_at_once = lists.len() == 1 && end == State::Complete;
            let last = lists.last_mut().unwrap();
            last.end = Some(ended(end));
            if whole_at_once {
                last.via = Via::Expansion(u32::try_from(members.len()).unwrap());
            }
            for list in lists {
                self.keep(&PageWrite { members: vec![list], ..PageWrite::default() })?;
            }
        }
        Ok(())
    }

    /// Looks up whom no list named, and reads again where that brought somebody back.
    fn resolve(&mut self) -> Result<(), Cut> {
        for _ in 0..4 {
            let unresolved = self.writer.unresolved(self.run).unwrap();
            if unresolved.is_empty() {
                return Ok(());
            }
            for asked in unresolved {
                let n = number(&asked.id);
                let page = match self.directory.is_live(n) {
                    _ if n == FOREIGN => {
                        resolved(vec![Resolution::Unreadable { id: asked.id, odata_type: USER.into() }], vec![])
                    }
                    true => resolved(vec![], vec![self.directory.object(n)]),
                    false => resolved(vec![Resolution::Gone { id: asked.id }], vec![]),
                };
                self.keep(&page)?;
            }
            self.read_lists()?;
        }
        panic!("look-ups do not come to an end");
    }

    fn links(&mut self, of: &[Collection], at: u64) -> Result<(), Cut> {
        let link = |collection: &Collection| DeltaLink { collection: *collection, link: at.to_string() };
        self.keep(&PageWrite { links: of.iter().map(link).collect(), ..PageWrite::default() })
    }

    fn account(&mut self) -> Result<(), Cut> {
        self.keep(&listed(Collection::Account, State::Complete, vec![account()]))
    }

    fn full(&mut self, left: Option<&Leftover>, meanwhile: &[Change]) -> Result<(), Cut> {
        let before = |c: Collection| left.and_then(|l| l.checkpoints.iter().find(|at| at.collection == c));
        let mut since = left.and_then(|l| l.links.get(&Collection::Groups)?.parse().ok());
        if since.is_none() {
            let now = self.directory.now;
            self.links(&[Collection::Users, Collection::Groups], now)?;
            since = Some(now);
        }
        self.account()?;
        if self.step.users == State::Complete {
            self.chain(Collection::Users, USERS, before(Collection::Users))?;
        } else {
            self.end(Collection::Users, self.step.users, false)?;
        }
        self.chain(Collection::Groups, GROUPS, before(Collection::Groups))?;
        self.read_lists()?;
        for change in meanwhile {
            // A group that is restored while it is read is told apart by nobody.
            if !matches!(change, Change::Live(n) if GROUPS.contains(n)) {
                self.directory.apply(*change);
            }
        }
        let now = self.directory.now;
        let since = since.unwrap_or(0);
        let mut pages = self.directory.groups_since(since, self.forbidden);
        if self.step.users == State::Complete {
            pages.extend(self.directory.objects_since(USERS, since));
        }
        for page in pages {
            self.keep(&page)?;
        }
        self.links(&[Collection::Users, Collection::Groups], now)?;
        self.read_lists()?;
        self.resolve()?;
        self.end(Collection::Memberships, State::Complete, false)
    }

    fn gentle(&mut self) -> Result<(), Cut> {
        self.account()?;
        let now = self.directory.now;
        for page in self.directory.objects_since(USERS, 0) {
            self.keep(&page)?;
        }
        self.end(Collection::Users, State::Complete, false)?;
        for page in self.directory.groups_since(0, self.forbidden) {
            self.keep(&page)?;
        }
        for group in self.forbidden {
            if self.directory.is_live(*group) {
                self.keep(&members(&id(*group), State::Forbidden, &[]))?;
            }
        }
        self.writer.end_open_lists(self.run, &ListEnd::COMPLETE).unwrap();
        self.end(Collection::Groups, State::Complete, false)?;
        self.links(&[Collection::Users, Collection::Groups], now)?;
        self.resolve()?;
        self.end(Collection::Memberships, State::Complete, false)
    }

    fn delta(&mut self, left: Option<&Leftover>, since: &BTreeMap<Collection, String>) -> Result<(), Cut> {
        let is_over =
            |c: Collection| left.is_some_and(|l| l.checkpoints.iter().any(|at| at.collection == c && at.end.is_some()));
        self.account()?;
        for (collection, of) in [(Collection::Users, USERS), (Collection::Groups, GROUPS)] {
            if is_over(collection) {
                continue;
            }
            let (now, since) = (self.directory.now, since[&collection].parse().unwrap());
            let mut pages = self.directory.objects_since(of, since);
            if collection == Collection::Groups {
                pages.extend(self.directory.lists_since(since, self.forbidden));
            }
            for mut page in pages {
                page.checkpoint = Some(Checkpoint {
                    collection,
                    next_link: Some("next".into()),
                    done: 0,
                    total: None,
                    end: None,
                    delta: true,
                });
                self.keep(&page)?;
            }
            let mut last = listed(collection, State::Complete, vec![]);
            last.checkpoint.as_mut().unwrap().delta = true;
            last.links = vec![DeltaLink { collection, link: now.to_string() }];
            self.keep(&last)?;
        }
        self.read_lists()?;
        self.resolve()?;
        self.read_lists()?;
        self.end(Collection::Memberships, State::Complete, true)
    }

    fn scoped(&mut self) -> Result<(), Cut> {
        self.account()?;
        let objects = [0, 4, 5].into_iter().filter(|n| self.directory.is_live(*n)).map(|n| self.directory.object(n));
        let objects = objects.collect();
        self.keep(&PageWrite { objects, ..PageWrite::default() })?;
        self.read_lists()?;
        self.resolve()
    }
}

struct World {
    place: Place,
    /// In full each time.
    beside: Place,
    directory: Directory,
    forbidden: BTreeSet<usize>,
    told: Vec<(RunId, View)>,
}

impl World {
    fn live_through(&mut self, step: &Step, seconds: i64) {
        for change in &step.changes {
            self.directory.apply(*change);
        }
        let mut writer = self.place.writer();
        let ground = writer.delta_ground().unwrap();
        let kind = match step.how {
            How::Delta if ground.links.len() == 2 => RunKind::Delta,
            How::Full | How::Delta | How::Abandoned => RunKind::Full,
            How::Gentle => RunKind::Gentle,
            How::Scoped => RunKind::Scoped,
        };
        let mut step = step.clone();
        match kind {
            // What changes do not tell is told by the next full read.
            RunKind::Delta | RunKind::Gentle | RunKind::Scoped => step.users = State::Complete,
            RunKind::Full => {}
        }
        if matches!(kind, RunKind::Full | RunKind::Gentle) && step.how != How::Abandoned {
            self.forbidden = step.forbidden.clone();
        } else if kind == RunKind::Delta {
            // What may be read again is asked for; what may not be read any more is told by the next full read.
            self.forbidden.retain(|group| step.forbidden.contains(group));
        }
        let (step, forbidden) = (&step, self.forbidden.clone());
        let run = writer.begin_run(at(seconds), &RunPlan { kind, plan: "p".into() }).unwrap();
        let mut cut = step.cut;
        let mut left: Option<Leftover> = None;
        let before = self.directory.now;
        loop {
            // What the first attempt did not come to, the second does; what it saw happen does not happen again, as what
            // was looked up before it was cut off is not looked up twice.
            let meanwhile = if self.directory.now == before { &step.meanwhile[..] } else { &[] };
            let mut client = Client {
                writer: &mut writer,
                directory: &mut self.directory,
                run,
                step,
                forbidden: &forbidden,
                left: cut,
            };
            let out = match kind {
                RunKind::Full => client.full(left.as_ref(), meanwhile),
                RunKind::Gentle => client.gentle(),
                RunKind::Delta => client.delta(left.as_ref(), &ground.links),
                RunKind::Scoped => client.scoped(),
            };
            if out.is_ok() {
                break;
            }
            drop(writer);
            self.all_stand();
            writer = self.place.writer();
            if step.how == How::Abandoned || kind == RunKind::Scoped {
                assert_eq!(writer.leftover().unwrap().is_some(), kind != RunKind::Scoped);
                return;
            }
            left = writer.leftover().unwrap();
            assert_eq!(left.as_ref().unwrap().kind, kind);
            writer.resume_run(run).unwrap();
            cut = None;
        }
        let status = if step.how == How::Abandoned { RunStatus::Interrupted } else { RunStatus::Complete };
        let info = writer.finish_run(run, &end(status, seconds + 1)).unwrap();
        if !info.status.is_finished() {
            return self.all_stand();
        }
        let found = view(&self.place.reader(), &info);
        assert_eq!(found, self.read_beside(step, &forbidden, seconds), "run {run}, {kind:?}");
        self.told.push((run, found));
        if let Some(keep) = step.prune {
            writer.prune(keep).unwrap();
            let kept = self.told.len().saturating_sub(keep);
            self.told.drain(..kept);
        }
        self.all_stand();
    }

    fn read_beside(&mut self, step: &Step, forbidden: &BTreeSet<usize>, seconds: i64) -> View {
        let mut writer = self.beside.writer();
        let run = writer.begin_run(at(seconds), &RunPlan::default()).unwrap();
        let mut client =
            Client { writer: &mut writer, directory: &mut self.directory, run, step, forbidden, left: None };
        assert!(client.full(None, &[]).is_ok());
        let info = writer.finish_run(run, &end(RunStatus::Complete, seconds + 1)).unwrap();
        view(&self.beside.reader(), &info)
    }

    /// What finished runs told they tell still.
    fn all_stand(&self) {
        let reader = self.place.reader();
        for (run, told) in &self.told {
            assert_eq!(view(&reader, &reader.run(*run).unwrap()), *told, "run {run}");
        }
        assert_eq!(reader.newest_finished().unwrap().map(|r| r.id), self.told.last().map(|(run, _)| *run));
    }
}

fn live_through(steps: &[Step]) {
    let mut world = World {
        place: Place::new(),
        beside: Place::new(),
        directory: Directory::default(),
        forbidden: BTreeSet::new(),
        told: Vec::new(),
    };
    for n in 0..DEVICES.end {
        world.directory.apply(Change::Live(n));
    }
    // Everybody is everywhere at first: so whatever happens to somebody happens to groups.
    for (g, m) in GROUPS.flat_map(|g| (0..DEVICES.end).map(move |m| (g, m))) {
        world.directory.apply(Change::Join(g, m));
    }
    for (n, step) in steps.iter().enumerate() {
        world.live_through(step, 100 * i64::try_from(n).unwrap() + 10);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_delta_run_equals_a_full_read(steps in prop::collection::vec(step(), 2..8)) {
        live_through(&steps);
    }
}
