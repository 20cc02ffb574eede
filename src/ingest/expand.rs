//! The shortcut: the members of fifteen groups for the price of one request (`id in (…)` with `$expand=members`), twenty
//! of those in a batch; and everything that keeps it honest (facts: graph.md §2, §11, §15).
//!
//! `$expand` shows twenty members or so and marks nothing where there are more. Nothing is taken for whole that a cut
//! could have made: a list as long as the longest seen is read again by itself, at the end at the latest; an id that is
//! not answered is asked for alone; a random sample is compared with the lists themselves. Where the service refuses the
//! shortcut or answers it wrongly, the run goes on without, and says so.
//!
//! The number of the cap is nowhere relied on: only that it is the same for all groups. So an expansion that leaves out
//! members who are deleted and still listed is given up too, although nobody misses them: a list may have been cut before
//! they were left out, and looks whole then.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde::{Deserialize, de::IgnoredAny};

use super::{
    Stop, check, checkpoint,
    engine::{Engine, id_key},
    lists::Asked,
    members::{Before, GroupRef, Source, Todo},
    plan::{How, Step},
};
use crate::{
    domain::{
        completeness::{Collection, State},
        short_id::ShortId,
    },
    graph::{Batch, GraphError, MemberItem, Reply},
    store::{ListEnd, MemberRef, MembersWrite, PageWrite, StoreError, StoredGroup, Via, Writer},
};

/// The documented cap: a list so long is read whole at once, without waiting for what the longest will be.
const DOCUMENTED_CAP: u32 = 20;
/// Groups for which the shortcut and its sample cost less than their lists do.
pub(super) const WORTH_IT: usize = 20;
/// Groups that are compared.
pub(super) const SAMPLE: usize = 20;
/// With so many groups there is a comparison before the end, and with so many more a second one.
const WORTH_ANOTHER: u64 = 2_500;
/// Groups that are asked both ways again in one batch, three reads each.
const CONFIRMED_AT_ONCE: usize = Batch::MOST / 3;
/// Groups that are fetched from the store at once.
const WINDOW: usize = 5_000;
/// What was refused is tried again after so long.
pub(super) const REFUSED_FOR: Duration = Duration::from_secs(7 * 24 * 3600);

/// What this run knows of the shortcut.
#[derive(Default)]
pub(super) struct Expansion(Mutex<Known>);

#[derive(Default)]
struct Known {
    begun: bool,
    way: Way,
    /// The most members that one expansion showed.
    longest: u32,
    principals: Principals,
    /// Memberships that are in the store by expansion only.
    edges: u64,
    /// Whether this run took it at all.
    tried: bool,
    /// Whether all that is in the store by expansion has been made sure of. At first nobody knows: the run may be gone
    /// on with.
    settled: bool,
    drawn: Drawing,
    /// How often it was compared with the lists.
    checks: u32,
    /// Whether an earlier process took it in this run.
    resumed: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Way {
    #[default]
    Taken,
    /// The service does not do it. What it answered before holds.
    Refused,
    /// It was answered wrongly: what it gave is read again.
    Wrong,
}

/// Whether `$expand` shows service principals: the facts do not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Principals {
    #[default]
    Unknown,
    Shown,
    Hidden,
}

/// Some of all groups that were read by expansion, each as likely as any other.
#[derive(Default)]
struct Drawing {
    of: u64,
    state: u64,
    drawn: Vec<Drawn>,
}

/// A group, and what the expansion showed of it.
pub(super) struct Drawn {
    group: GroupRef,
    shown: Vec<MemberRef>,
}

impl Expansion {
    /// A group that the store has by expansion is read whole: so many memberships are taken back.
    pub fn taken_back(&self, members: u32) {
        let mut known = self.known();
        known.edges = known.edges.saturating_sub(u64::from(members));
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// What is kept of an answer, how many memberships that is, and whom it leaves to be read whole.
    fn sort(&mut self, groups: Vec<GroupRef>, mut shown: HashMap<u128, List>) -> (Todo, PageWrite, u64) {
        for list in shown.values() {
            self.longest = self.longest.max(list.members.len() as u32);
            if self.principals == Principals::Unknown && list.members.iter().any(is_service_principal) {
                self.principals = Principals::Shown;
            }
        }
        let (mut todo, mut page, mut edges) = (Todo::default(), PageWrite::default(), 0);
        for group in groups {
            let Some(list) = shown.remove(&id_key(group.id())) else {
                // Gone, perhaps; it is asked for alone before it counts as that.
                todo.whole.push_back(group);
                continue;
            };
            let members = list.members.len() as u32;
            if list.is_cut || members >= DOCUMENTED_CAP.max(self.longest) || self.way == Way::Wrong {
                todo.whole.push_back(group);
                continue;
            }
            edges += u64::from(members);
            self.drawn.offer(&group, &list.members);
            page.members.push(MembersWrite {
                group: group.id().to_owned(),
                members: list.members,
                end: Some(ListEnd::COMPLETE),
                reset: group.resets(),
                via: Via::Expansion(members),
            });
        }
        self.edges += edges;
        self.tried = true;
        self.settled &= page.members.is_empty();
        // Before that, those drawn would be the first ones only; and what is wrong costs little to be read again.
        todo.check = self.checks == 0 && self.drawn.of >= WORTH_ANOTHER;
        (todo, page, edges)
    }
}

/// One group of an expansion's answer.
#[derive(Deserialize, Default)]
#[serde(default)]
struct Shown {
    id: Box<str>,
    /// Missing where the service passed over `$expand` in silence.
    members: Option<Vec<MemberItem>>,
    /// Documented not to be there; if it is, there is more.
    #[serde(rename = "members@odata.nextLink")]
    more: Option<IgnoredAny>,
}

/// What an expansion says of one group.
struct List {
    members: Vec<MemberRef>,
    is_cut: bool,
}

impl Shown {
    /// The list, each member once; `None` if there is none to rely on.
    fn list(self) -> Option<List> {
        let mut members: Vec<MemberRef> = Vec::new();
        for item in self.members? {
            // What it is cannot be guessed: the list itself will say.
            if item.id.is_empty() || item.odata_type.is_empty() {
                return None;
            }
            if members.iter().all(|m| m.id != item.id) {
                members.push(Source::Members.member(item));
            }
        }
        Some(List { members, is_cut: self.more.is_some() })
    }
}

impl Engine {
    /// What earlier runs learned of it, before the first group.
    pub(super) async fn begin_shortcut(&self) -> Result<(), Stop> {
        if std::mem::replace(&mut self.expansion.known().begun, true) {
            return Ok(());
        }
        // Chance that is the same when the same run is looked at again; and what a run that is gone on with has seen.
        let (run, longest) = self.keeper.ask(|w, run| Ok((run.0, w.longest_expansion(run)?))).await?;
        let mut known = self.expansion.known();
        known.drawn.state = run.unsigned_abs();
        known.longest = known.longest.max(longest.unwrap_or_default());
        known.tried |= longest.is_some();
        known.resumed = longest.is_some();
        let learned = self.learned();
        // That they were shown another day is no proof for this one: a single one seen is.
        known.principals = match learned.expand_shows_service_principals {
            None | Some(true) => Principals::Unknown,
            Some(false) => Principals::Hidden,
        };
        let now = self.watch.now();
        if let Some(refused) = learned.expand_refused
            && now.duration_since(refused).unsigned_abs() < REFUSED_FOR
        {
            known.way = Way::Refused;
            drop(known);
            self.watch.fallback(ONE_BY_ONE, &format!("many at once came to no good on {}", refused.strftime("%F")));
        }
        Ok(())
    }

    /// Whether a group is of those that the shortcut is for. It proves nothing where membership is hidden.
    pub(super) fn takes_shortcut(&self, group: &GroupRef) -> bool {
        self.expansion.known().way == Way::Taken && (!group.is_hidden() || self.sees_hidden)
    }

    /// Whether the shortcut is taken for so many groups that wait.
    pub(super) fn is_shortcut_open(&self, waiting: usize, more_to_come: bool) -> bool {
        let known = self.expansion.known();
        known.way == Way::Taken && (known.tried || waiting >= WORTH_IT || more_to_come)
    }

    /// Some groups by one batch of expansions.
    pub(super) async fn expand(&self, groups: Vec<GroupRef>) -> Result<Todo, Stop> {
        let filters: Vec<&[GroupRef]> = groups.chunks(of_a_filter()).collect();
        let replies = self.ask(filters.iter().map(|f| get_of(f)).collect()).await;
        let mut shown: HashMap<u128, List> = HashMap::with_capacity(groups.len());
        let mut is_answered = false;
        for reply in replies {
            match self.lists_of(reply).await {
                Ok(lists) => {
                    is_answered = true;
                    shown.extend(lists);
                }
                // Whoever of them can be read is read alone.
                Err(error) => {
                    self.still_there(&error).await?;
                    self.shortcut_failed(&error);
                }
            }
        }
        // Fifteen that are all gone are less likely.
        if is_answered && shown.is_empty() && groups.len() >= of_a_filter() {
            self.shortcut_refused("it is answered without members".to_owned());
        }
        drop(filters);
        let (todo, page, edges) = self.expansion.known().sort(groups, shown);
        self.watch.edges(edges);
        self.watch.more(Collection::Memberships, page.members.len() as u64);
        self.keeper.keep(page).await?;
        Ok(todo)
    }

    /// What one filter's answer says, all its pages, by group.
    async fn lists_of(&self, reply: Result<Reply, GraphError>) -> Result<Vec<(u128, List)>, GraphError> {
        let (first, mut rest) = reply?.page_as::<Shown>(&self.client)?;
        let mut lists = Vec::with_capacity(first.objects.len());
        let mut seen: HashSet<u128> = HashSet::with_capacity(first.objects.len());
        let mut take = |objects: Vec<Shown>| {
            let mut news = false;
            for shown in objects {
                let id = id_key(&shown.id);
                news |= seen.insert(id);
                lists.extend(shown.list().map(|list| (id, list)));
            }
            news
        };
        take(first.objects);
        while let Some(page) = rest.next_as::<Shown>().await? {
            rest.brought(take(page.objects))?;
        }
        Ok(lists)
    }

    /// What a failed filter says of the shortcut: a refusal ends it, anything else is of these groups.
    fn shortcut_failed(&self, error: &GraphError) {
        if !error.is_unsupported() {
            return;
        }
        let status = error.status().map(|s| format!("{s} ")).unwrap_or_default();
        self.shortcut_refused(format!("{status}{}", error.code().unwrap_or("without a code")));
    }

    fn shortcut_refused(&self, why: String) {
        let mut known = self.expansion.known();
        if known.way == Way::Taken {
            known.way = Way::Refused;
            drop(known);
            self.give_up(why);
        }
    }

    fn give_up(&self, why: String) {
        let now = self.watch.now();
        self.learn(|learned| learned.expand_refused = Some(now));
        self.watch.fallback(ONE_BY_ONE, &why);
    }

    /// The groups to compare, if there is something to compare yet.
    pub(super) fn sample_due(&self) -> Option<Vec<Drawn>> {
        let mut known = self.expansion.known();
        if known.way == Way::Wrong || known.drawn.drawn.is_empty() {
            return None;
        }
        known.checks += 1;
        known.drawn.of = 0;
        Some(std::mem::take(&mut known.drawn.drawn))
    }

    /// Compares what the shortcut gave of some groups with what their lists say.
    pub(super) async fn check(&self, drawn: Vec<Drawn>) -> Result<Todo, Stop> {
        let longest = self.expansion.known().longest;
        // What may be cut is read whole anyway.
        let drawn: Vec<Drawn> = drawn.into_iter().filter(|d| (d.shown.len() as u32) < longest).collect();
        let mut todo = Todo::default();
        let mut doubtful: Vec<(Drawn, Verdict)> = Vec::new();
        let mut replies = self.ask_lists(&lists_of(drawn.iter())).await.into_iter();
        for one in drawn {
            let Some(real) = self.real_list(&one.group, &mut replies).await else {
                // Its own reading says what it is.
                todo.whole.push_back(one.again());
                continue;
            };
            match compare(&one.shown, &real, longest) {
                Verdict::Same => {}
                Verdict::MayBeCut => todo.whole.push_back(one.again()),
                verdict => doubtful.push((one, verdict)),
            }
        }
        // What would end the shortcut first.
        doubtful.sort_by_key(|(_, verdict)| *verdict != Verdict::Other);
        doubtful.truncate(CONFIRMED_AT_ONCE);
        let lists = lists_of(doubtful.iter().map(|(drawn, _)| drawn));
        let expansions = doubtful.iter().map(|(d, _)| get_of(std::slice::from_ref(&d.group))).collect();
        let (expansions, replies) = tokio::join!(self.ask(expansions), self.ask_lists(&lists));
        let (mut expansions, mut replies) = (expansions.into_iter(), replies.into_iter());
        for (one, first) in doubtful {
            let shown = match expansions.next() {
                Some(reply) => {
                    self.lists_of(reply).await.ok().and_then(|l| l.into_iter().find(|l| l.0 == id_key(one.group.id())))
                }
                None => None,
            };
            let real = self.real_list(&one.group, &mut replies).await;
            let verdict = match (shown, real) {
                (Some((_, shown)), Some(real)) if !shown.is_cut && (shown.members.len() as u32) < longest => {
                    compare(&shown.members, &real, longest)
                }
                // It is long by now.
                (Some(_), Some(_)) => Verdict::MayBeCut,
                // It cannot be asked any more, and what was seen stands.
                _ => first,
            };
            match verdict {
                Verdict::Same | Verdict::MayBeCut => {}
                Verdict::LacksPrincipals => self.expansion.known().principals = Principals::Hidden,
                Verdict::Other => {
                    let mut known = self.expansion.known();
                    if known.way != Way::Wrong {
                        known.way = Way::Wrong;
                        drop(known);
                        self.give_up(format!("\"{}\" was shown with other members than it has", one.group.name()));
                    }
                }
            }
            todo.whole.push_back(one.again());
        }
        Ok(todo)
    }

    /// A group's members by its own lists, from the next replies; `None` if they cannot be read, so that nothing can be
    /// said of anything else by them.
    async fn real_list(&self, group: &GroupRef, replies: &mut impl Iterator<Item = Asked>) -> Option<Real> {
        let mut real = Some(Real::default());
        for source in group.sources() {
            let list = self.ids_of(replies.next()?.reply).await;
            match (list, source) {
                (Ok(ids), Source::Members) => real.as_mut()?.members = ids,
                (Ok(ids), Source::ServicePrincipals) => {
                    if let Some(real) = &mut real {
                        real.principals = Some(ids);
                    }
                }
                (Err(error), Source::ServicePrincipals) if error.is_unsupported() => {}
                // All replies of this group are taken before it is left.
                (Err(_), _) => real = None,
            }
        }
        real
    }

    async fn ids_of(&self, reply: Result<Reply, GraphError>) -> Result<BTreeSet<String>, GraphError> {
        let (first, mut rest) = reply?.page_as::<MemberItem>(&self.client)?;
        let mut ids = BTreeSet::new();
        ids.extend(first.objects.into_iter().map(|item| item.id.to_string()));
        while let Some(page) = rest.next_as::<MemberItem>().await? {
            let known = ids.len();
            ids.extend(page.objects.into_iter().map(|item| item.id.to_string()));
            rest.brought(ids.len() > known)?;
        }
        Ok(ids)
    }

    /// Makes sure of every group that this run has by expansion only: none is left that may be cut, and none that may
    /// lack service principals. Does nothing where nothing was read by expansion.
    pub(super) async fn settle_members(&self) -> Result<(), Stop> {
        if std::mem::replace(&mut self.expansion.known().settled, true) {
            return Ok(());
        }
        let Some(stored) = self.keeper.ask(|w, run| w.longest_expansion(run)).await? else { return Ok(()) };
        let longest = {
            let mut known = self.expansion.known();
            known.longest = known.longest.max(stored);
            known.longest
        };
        if let Some(drawn) = self.last_sample(longest).await? {
            let todo = self.check(drawn).await?;
            self.drive(todo, None).await?;
        }
        if self.expansion.known().way == Way::Wrong {
            return self.read_all_again().await;
        }
        let as_long = self.expanded(longest).await?;
        self.drive(Todo::whole(as_long), None).await?;

        let principals = self.expansion.known().principals;
        if principals != Principals::Shown {
            let casts = self.expanded(0).await?.into_iter().filter(GroupRef::can_hold_service_principals).collect();
            self.drive(Todo { casts, ..Todo::default() }, None).await?;
        }
        let (way, principals) = {
            let known = self.expansion.known();
            (known.way, known.principals)
        };
        let shows = match principals {
            Principals::Unknown => None,
            Principals::Shown => Some(true),
            Principals::Hidden => Some(false),
        };
        self.learn(|learned| {
            learned.expand_shows_service_principals = shows.or(learned.expand_shows_service_principals);
            if way == Way::Taken {
                learned.expand_refused = None;
            }
        });
        Ok(())
    }

    /// What to compare at the end: some of the groups that came after the first comparison, if they are many; if there
    /// was none, because it was made before the run was cut off, or because there were few groups, then of all.
    async fn last_sample(&self, longest: u32) -> Result<Option<Vec<Drawn>>, Stop> {
        let (checks, drawn, seed, resumed) = {
            let known = self.expansion.known();
            (known.checks, known.drawn.of, known.drawn.state, known.resumed)
        };
        if checks > 0 && drawn < WORTH_ANOTHER {
            return Ok(None);
        }
        if drawn > 0 && !(checks == 0 && resumed) {
            return Ok(self.sample_due());
        }
        let draw = move |w: &mut Writer, run| -> Result<Vec<Drawn>, StoreError> {
            let mut drawn = Vec::new();
            for group in w.some_groups(run, SAMPLE, seed)? {
                let shown = w.members_of(run, &group.id)?;
                drawn.push(Drawn { group: GroupRef::of(&group.id, &group.raw), shown });
            }
            Ok(drawn)
        };
        let mut drawn = self.keeper.ask(draw).await?;
        drawn.retain(|d| (d.shown.len() as u32) < longest && (!d.group.is_hidden() || self.sees_hidden));
        self.expansion.known().checks += 1;
        Ok(Some(drawn))
    }

    /// The shortcut was answered wrongly: what it gave does not count.
    async fn read_all_again(&self) -> Result<(), Stop> {
        let groups = self.expanded(0).await?;
        let edges = std::mem::take(&mut self.expansion.known().edges);
        self.watch.edges_less(edges);
        let groups = groups.into_iter().map(|g| g.with(Before::Expanded(0)));
        self.drive(Todo::whole(groups), None).await
    }

    /// The groups that the store has by expansion only, with at least so many members each.
    async fn expanded(&self, at_least: u32) -> Result<Vec<GroupRef>, Stop> {
        let mut groups: Vec<GroupRef> = Vec::new();
        loop {
            // A window at a time, as each comes with all that its list said of it.
            let after = groups.last().map(|group| group.id().to_owned());
            let of = move |group: &StoredGroup| GroupRef::of(&group.id, &group.raw).with(Before::Expanded(at_least));
            let window = move |w: &mut Writer, run| -> Result<Vec<GroupRef>, StoreError> {
                Ok(w.expanded_after(run, at_least, after.as_deref(), WINDOW)?.iter().map(of).collect())
            };
            let more = self.keeper.ask(window).await?;
            if more.is_empty() {
                return Ok(groups);
            }
            groups.extend(more);
        }
    }

    /// The service principals of groups that are in the store by expansion.
    pub(super) async fn casts_of(&self, groups: Vec<GroupRef>) -> Result<Todo, Stop> {
        let lists: Vec<(Source, &GroupRef)> = groups.iter().map(|g| (Source::ServicePrincipals, g)).collect();
        let replies = self.ask_lists(&lists).await;
        let mut todo = Todo::default();
        let mut page = PageWrite::default();
        let mut holders: Vec<(GroupRef, BTreeSet<String>)> = Vec::new();
        for (group, reply) in groups.into_iter().zip(replies) {
            let end = match self.ids_of(reply.reply).await {
                Ok(ids) if ids.is_empty() => ListEnd::COMPLETE,
                Ok(ids) => {
                    holders.push((group, ids));
                    continue;
                }
                Err(error) if error.is_unsupported() => {
                    page.members.push(certain(&group, Vec::new(), self.cast_refused(&group, &error)));
                    continue;
                }
                // Its own list says whether it is.
                Err(error) if error.is_gone() => {
                    todo.whole.push_back(group);
                    continue;
                }
                Err(error) => {
                    self.still_there(&error).await?;
                    checkpoint::end_of_group(&error, true, group.is_hidden())
                }
            };
            if end.state != State::Complete {
                self.tell(&group, &end);
            }
            page.members.push(certain(&group, Vec::new(), end));
        }
        let ids: Vec<String> = holders.iter().map(|(group, _)| group.id().to_owned()).collect();
        let shown = match ids.is_empty() {
            true => Vec::new(),
            false => {
                let of = move |w: &mut Writer, run| ids.iter().map(|id| w.members_of(run, id)).collect();
                self.keeper.ask(of).await?
            }
        };
        for ((group, mut ids), shown) in holders.into_iter().zip(shown) {
            let shown: Vec<MemberRef> = shown;
            ids.retain(|id| {
                let id = ShortId::from(id.as_str());
                shown.iter().all(|member| member.id != id)
            });
            if ids.is_empty() {
                page.members.push(certain(&group, Vec::new(), ListEnd::COMPLETE));
                continue;
            }
            let mut known = self.expansion.known();
            known.principals = Principals::Hidden;
            let longest = known.longest as usize;
            drop(known);
            if shown.len() + ids.len() >= longest {
                // It may have been cut before they were left out.
                todo.whole.push_back(group.with(Before::Expanded(shown.len() as u32)));
                continue;
            }
            self.watch.edges(ids.len() as u64);
            let of_cast =
                |id: String| Source::ServicePrincipals.member(MemberItem { id: id.into(), ..MemberItem::default() });
            let members = ids.into_iter().map(of_cast).collect();
            page.members.push(certain(&group, members, ListEnd::COMPLETE));
        }
        self.keeper.keep(page).await?;
        Ok(todo)
    }
}

const ONE_BY_ONE: &str = "members are read group by group";

/// What is known of a group now is as good as its own list.
fn certain(group: &GroupRef, members: Vec<MemberRef>, end: ListEnd) -> MembersWrite {
    MembersWrite { group: group.id().to_owned(), members, end: Some(end), reset: false, via: Via::List }
}

/// What a group's own lists say.
#[derive(Default)]
struct Real {
    members: BTreeSet<String>,
    /// By the cast; `None` where there is none.
    principals: Option<BTreeSet<String>>,
}

/// What a comparison says of an expansion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Same,
    /// It lacks service principals, and nothing else.
    LacksPrincipals,
    /// What it left out may have been all that kept it from looking cut.
    MayBeCut,
    Other,
}

/// Compares what an expansion showed, which is shorter than the longest, with what is there.
fn compare(shown: &[MemberRef], real: &Real, longest: u32) -> Verdict {
    let seen: BTreeSet<String> = shown.iter().map(|m| m.id.to_string()).collect();
    let principals = real.principals.iter().flatten();
    let left_out = principals.filter(|id| !seen.contains(*id) && !real.members.contains(*id)).count();
    let lost = real.members.iter().any(|id| !seen.contains(id));
    let is_real = |m: &MemberRef| {
        real.members.contains(&m.id.to_string())
            || match &real.principals {
                Some(principals) => principals.contains(&m.id.to_string()),
                // Nobody can say whether it is there.
                None => is_service_principal(m),
            }
    };
    if !shown.iter().all(is_real) {
        Verdict::Other
    } else if lost {
        if left_out > 0 && shown.len() + left_out >= longest as usize { Verdict::MayBeCut } else { Verdict::Other }
    } else if left_out > 0 {
        Verdict::LacksPrincipals
    } else {
        Verdict::Same
    }
}

impl Drawn {
    /// To be read whole, in place of what the expansion gave.
    fn again(self) -> GroupRef {
        self.group.with(Before::Expanded(self.shown.len() as u32))
    }
}

impl Drawing {
    /// One more group: it takes a place by chance, so that all have the same chance in the end.
    fn offer(&mut self, group: &GroupRef, shown: &[MemberRef]) {
        self.of += 1;
        let at = if self.drawn.len() < SAMPLE { self.drawn.len() as u64 } else { self.random() % self.of };
        let drawn = || Drawn { group: group.clone(), shown: shown.to_vec() };
        match usize::try_from(at) {
            Ok(at) if at == self.drawn.len() => self.drawn.push(drawn()),
            Ok(at) if at < self.drawn.len() => self.drawn[at] = drawn(),
            _ => {}
        }
    }

    /// SplitMix64.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

fn is_service_principal(member: &MemberRef) -> bool {
    check::is_service_principal(&member.odata_type)
}

/// How many groups one filter takes.
pub(super) fn of_a_filter() -> usize {
    match Step::Expansion.how() {
        How::Ids(most) => most,
        _ => 1,
    }
}

/// All that some groups' own lists are.
fn lists_of<'a>(drawn: impl Iterator<Item = &'a Drawn>) -> Vec<(Source, &'a GroupRef)> {
    drawn.flat_map(|d| d.group.sources().iter().map(move |source| (*source, &d.group))).collect()
}

fn get_of(groups: &[GroupRef]) -> crate::graph::Get {
    Step::Expansion.get(&groups.iter().map(|g| g.id()).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests;
