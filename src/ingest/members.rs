//! The members of groups, as the groups arrive: many at once by the shortcut ([`expand`](super::expand)), and whole, in
//! batches and by nextLinks, where that will not do.
//!
//! v1.0's list of members leaves service principals out, so that every group that can hold them is asked for those too
//! (facts: graph.md §11). Microsoft 365 groups hold users only.

use std::collections::{HashSet, VecDeque};

use futures::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use tokio::sync::mpsc;

use super::{
    Stop, checkpoint,
    engine::{Engine, short_key},
    expand::{WORTH_IT, of_a_filter},
    lists::{Asked, Form},
    plan::Step,
};
use crate::{
    domain::{
        completeness::{CASTS_REFUSED, Collection, State},
        progress::Level,
        text,
    },
    graph::{Again, Batch, GraphError, MemberItem, Page, Pages},
    store::{ListEnd, MemberRef, MembersWrite, PageWrite, Resolution, Via},
};

/// Batches and long lists under way at once.
pub(super) const AT_ONCE: usize = 10;
/// While groups still come, a batch is made as small as this for the sake of an early answer.
const FEWEST_READS: usize = 2;
/// Lines about single groups; the rest is in the run's gaps.
const MOST_LINES: usize = 50;
/// How often the lists of one group may begin again from nothing.
const MOST_RESETS: u32 = 5;
pub(super) const SERVICE_PRINCIPAL: &str = "#microsoft.graph.servicePrincipal";

/// What is kept of a group until its members are read.
#[derive(Debug, Clone)]
pub(super) struct GroupRef {
    id: Box<str>,
    name: Box<str>,
    /// Its membership is hidden from apps without `Member.Read.Hidden`.
    hidden: bool,
    /// A Microsoft 365 group.
    unified: bool,
    before: Before,
    /// Its list was not found once, although the group itself was.
    was_lost: bool,
}

/// What this run may have written of a group's list before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    /// Some of it, by a run that was cut off; or what an earlier run had.
    Some,
    /// All that an expansion showed, so many members; the group is counted.
    Expanded(u32),
}

impl GroupRef {
    pub fn of(id: &str, raw: &RawValue) -> Self {
        #[derive(Deserialize, Default)]
        #[serde(default, rename_all = "camelCase")]
        struct Fields {
            display_name: Value,
            visibility: Value,
            group_types: Value,
        }
        let fields: Fields = serde_json::from_str(raw.get()).unwrap_or_default();
        let types = fields.group_types.as_array().map(Vec::as_slice).unwrap_or_default();
        Self {
            id: id.into(),
            name: fields.display_name.as_str().unwrap_or(id).into(),
            hidden: fields.visibility == "HiddenMembership",
            unified: types.iter().any(|t| t == "Unified"),
            before: Before::Nothing,
            was_lost: false,
        }
    }

    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether its list says nothing to an app without `Member.Read.Hidden`.
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }

    /// Microsoft 365 groups hold users only.
    pub fn can_hold_service_principals(&self) -> bool {
        !self.unified
    }

    /// With what the store has of its list, which what is read now takes the place of.
    #[must_use]
    pub fn with(self, before: Before) -> Self {
        Self { before, ..self }
    }

    /// Whether the store's list of it begins again.
    pub fn resets(&self) -> bool {
        self.before != Before::Nothing
    }

    /// Which lists make its members whole.
    pub(super) fn sources(&self) -> &'static [Source] {
        match self.unified {
            true => &[Source::Members],
            false => &[Source::Members, Source::ServicePrincipals],
        }
    }
}

/// Which of a group's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Members,
    ServicePrincipals,
}

impl Source {
    pub(super) fn step(self) -> Step {
        match self {
            Self::Members => Step::Members,
            Self::ServicePrincipals => Step::ServicePrincipalMembers,
        }
    }

    /// A member as this list names it. A cast's items may not say what they are.
    pub(super) fn member(self, item: MemberItem) -> MemberRef {
        let is_cast = item.odata_type.is_empty() && self == Self::ServicePrincipals;
        let odata_type = if is_cast { SERVICE_PRINCIPAL.into() } else { item.odata_type };
        MemberRef { id: item.id, odata_type }
    }
}

/// One group on its way.
pub(super) struct Reading {
    group: GroupRef,
    /// Not written yet.
    found: Vec<MemberRef>,
    seen: HashSet<u128>,
    /// Whether any list answered at all.
    began: bool,
    /// Whether the next slice takes the place of all before.
    reset: bool,
    resets: u32,
    /// Why it is not whole.
    end: Option<ListEnd>,
    /// How it ends, if nothing else is missing, as the service does not tell its service principals.
    refused: Option<ListEnd>,
    /// In which forms its lists were asked for.
    forms: Vec<(Source, Form)>,
    rest: Vec<(Source, Pages)>,
}

/// What is still to be done about groups.
#[derive(Default)]
pub(super) struct Todo {
    /// For the shortcut.
    pub short: VecDeque<GroupRef>,
    /// For their own lists.
    pub whole: VecDeque<GroupRef>,
    /// Only for their service principals: the rest of them is here.
    pub casts: VecDeque<GroupRef>,
    /// Lists that go on.
    pub long: VecDeque<Reading>,
    /// Whether the shortcut is to be compared with the lists.
    pub check: bool,
}

pub(super) type Job<'a> = BoxFuture<'a, Result<Todo, Stop>>;

impl Engine {
    /// Reads the members of every group that comes, until no more come, and makes sure of them.
    pub(super) async fn members(&self, groups: mpsc::UnboundedReceiver<GroupRef>) -> Result<(), Stop> {
        self.begin_shortcut().await?;
        self.drive(Todo::default(), Some(groups)).await?;
        self.settle_members().await
    }

    /// The members of groups that are known already.
    pub(super) async fn members_of(&self, groups: Vec<GroupRef>) -> Result<(), Stop> {
        let (send, receive) = mpsc::unbounded_channel();
        for group in groups {
            // The receiver is right here.
            send.send(group).ok();
        }
        drop(send);
        self.members(receive).await
    }

    /// Does all there is to do, and what comes of it.
    pub(super) async fn drive(
        &self,
        mut todo: Todo,
        mut groups: Option<mpsc::UnboundedReceiver<GroupRef>>,
    ) -> Result<(), Stop> {
        let mut running: FuturesUnordered<Job<'_>> = FuturesUnordered::new();
        // Beside other chains there are long lists to be found early; the rest is done in as few requests as it takes.
        let fewest = if groups.as_ref().is_some_and(|g| !g.is_closed()) { FEWEST_READS } else { Batch::MOST };
        loop {
            // What has come is taken before it is decided how much a batch takes.
            while let Some(group) = groups.as_mut().and_then(|g| g.try_recv().ok()) {
                self.sort_in(group, &mut todo);
            }
            while running.len() < AT_ONCE {
                let more_to_come = groups.is_some();
                let Some(job) = self.next_job(&mut todo, AT_ONCE - running.len(), fewest, more_to_come) else { break };
                running.push(job);
            }
            tokio::select! {
                Some(left) = running.next(), if !running.is_empty() => todo.add(left?),
                group = next_of(&mut groups), if groups.is_some() => match group {
                    Some(group) => self.sort_in(group, &mut todo),
                    None => groups = None,
                },
                else => return Ok(()),
            }
        }
    }

    fn sort_in(&self, group: GroupRef, todo: &mut Todo) {
        if self.takes_shortcut(&group) { &mut todo.short } else { &mut todo.whole }.push_back(group);
    }

    /// What to begin next, if there is a place free: what is long first, then what may turn out to be.
    ///
    /// What waits is spread over the free places, so that the first answers are small and come early.
    fn next_job(&self, todo: &mut Todo, free: usize, fewest: usize, more_to_come: bool) -> Option<Job<'_>> {
        let share = |waiting: usize| waiting.div_ceil(free.max(1)).clamp(fewest, Batch::MOST);
        if !self.is_shortcut_open(todo.short.len(), more_to_come) {
            todo.whole.extend(todo.short.drain(..));
        }
        if let Some(reading) = todo.long.pop_front() {
            return Some(Box::pin(self.rest_of(reading)));
        }
        if std::mem::take(&mut todo.check)
            && let Some(drawn) = self.sample_due()
        {
            return Some(Box::pin(self.check(drawn)));
        }
        if !todo.whole.is_empty() {
            let reads: usize = todo.whole.iter().take(Batch::MOST * free).map(|g| g.sources().len()).sum();
            let groups = take_reads(&mut todo.whole, share(reads));
            return Some(Box::pin(self.batch_of(groups)));
        }
        if !todo.casts.is_empty() {
            let reads = share(todo.casts.len()).min(todo.casts.len());
            let groups = todo.casts.drain(..reads).collect();
            return Some(Box::pin(self.casts_of(groups)));
        }
        if more_to_come && todo.short.len() < WORTH_IT {
            return None;
        }
        let most = of_a_filter();
        // A filter that is not full costs as much as one that is.
        let filters = if more_to_come { todo.short.len() / most } else { todo.short.len().div_ceil(most) };
        if filters == 0 {
            return None;
        }
        let groups = (share(filters) * most).min(todo.short.len());
        Some(Box::pin(self.expand(todo.short.drain(..groups).collect())))
    }

    /// The first pages of as many groups as fit into a batch.
    async fn batch_of(&self, groups: Vec<GroupRef>) -> Result<Todo, Stop> {
        let lists: Vec<(Source, &GroupRef)> =
            groups.iter().flat_map(|group| group.sources().iter().map(move |source| (*source, group))).collect();
        let mut replies = self.ask_lists(&lists).await.into_iter();
        let mut page = PageWrite::default();
        let mut todo = Todo::default();
        let mut lost = Vec::new();
        for group in groups {
            let sources = group.sources();
            let mut reading = Reading::new(group);
            self.uncount(&reading.group);
            for (source, Asked { form, reply }) in sources.iter().zip(replies.by_ref()) {
                reading.forms.push((*source, form));
                match reply.and_then(|reply| reply.page_as::<MemberItem>(&self.client)) {
                    Ok((first, rest)) => {
                        let goes_on = first.next_link.is_some();
                        reading.take(first, *source);
                        if goes_on {
                            reading.rest.push((*source, rest));
                        }
                    }
                    Err(error) => {
                        self.still_there(&error).await?;
                        self.failed(&mut reading, *source, &error);
                    }
                }
            }
            if reading.is_gone() {
                lost.push(reading);
            } else if reading.rest.is_empty() {
                self.finish(&mut reading, &mut page);
            } else {
                page.members.extend(self.slice(&mut reading));
                todo.long.push_back(reading);
            }
        }
        self.doubt(&mut lost, &mut todo).await?;
        for reading in &mut lost {
            self.finish(reading, &mut page);
        }
        self.keeper.keep(page).await?;
        Ok(todo)
    }

    /// Groups that were listed and whose lists are not found: each is asked for itself before it counts as gone. One that
    /// was made just now may not be known everywhere yet, and no change would tell that it was there all the time.
    async fn doubt(&self, lost: &mut Vec<Reading>, todo: &mut Todo) -> Result<(), Stop> {
        let replies = self.ask(lost.iter().map(|r| Step::MissingGroup.get(&[&r.group.id])).collect()).await;
        for (mut reading, reply) in std::mem::take(lost).into_iter().zip(replies) {
            match reply {
                Err(error) if error.is_gone() => lost.push(reading),
                Ok(_) if !reading.group.was_lost => {
                    let before = match reading.group.before {
                        Before::Expanded(_) => Before::Expanded(0),
                        Before::Nothing | Before::Some => Before::Some,
                    };
                    todo.whole.push_back(GroupRef { was_lost: true, before, ..reading.group });
                }
                other => {
                    if let Err(error) = &other {
                        self.still_there(error).await?;
                    }
                    if let Some(end) = &mut reading.end {
                        end.state = State::Partial;
                    }
                    lost.push(reading);
                }
            }
        }
        Ok(())
    }

    /// The rest of one group's lists, page by page.
    async fn rest_of(&self, mut reading: Reading) -> Result<Todo, Stop> {
        let mut rest: VecDeque<(Source, Pages)> = std::mem::take(&mut reading.rest).into();
        while let Some((source, mut pages)) = rest.pop_front() {
            // The other list may have named them all.
            let mut of_cast: HashSet<u128> = HashSet::new();
            loop {
                match pages.next_as::<MemberItem>().await {
                    // Both lists begin again: what was written of either is not told apart in the store.
                    Ok(Some(page)) if page.again == Again::Chain && reading.resets < MOST_RESETS => {
                        self.watch.edges_less(reading.seen.len() as u64);
                        reading.begin_again();
                        let chain = |(source, form): &(Source, Form)| {
                            (*source, self.client.pages(source.get(&reading.group, *form)))
                        };
                        rest = reading.forms.iter().map(chain).collect();
                        break;
                    }
                    Ok(Some(page)) => {
                        let known = reading.seen.len();
                        let mut news = false;
                        if source == Source::ServicePrincipals {
                            page.objects.iter().for_each(|item| news |= of_cast.insert(short_key(&item.id)));
                        }
                        reading.take(page, source);
                        news |= reading.seen.len() > known;
                        if let Err(error) = pages.brought(news) {
                            self.failed(&mut reading, source, &error);
                            break;
                        }
                        if let Some(slice) = self.slice(&mut reading) {
                            self.keeper.keep(PageWrite { members: vec![slice], ..PageWrite::default() }).await?;
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        self.still_there(&error).await?;
                        self.failed(&mut reading, source, &error);
                        break;
                    }
                }
            }
        }
        let (mut page, mut todo) = (PageWrite::default(), Todo::default());
        let mut ended = vec![reading];
        if ended[0].is_gone() {
            self.doubt(&mut ended, &mut todo).await?;
        }
        for reading in &mut ended {
            self.finish(reading, &mut page);
        }
        self.keeper.keep(page).await?;
        Ok(todo)
    }

    fn failed(&self, reading: &mut Reading, source: Source, error: &GraphError) {
        if source == Source::ServicePrincipals && error.is_unsupported() {
            reading.refused = Some(self.cast_refused(&reading.group, error));
            return;
        }
        let end = checkpoint::end_of_group(error, reading.began, reading.group.hidden);
        // That it is gone outweighs whatever else was said of it.
        if reading.end.is_none() || end.state == State::Gone {
            reading.end = Some(end);
        }
    }

    /// What was found since the last slice.
    fn slice(&self, reading: &mut Reading) -> Option<MembersWrite> {
        if reading.found.is_empty() && !reading.reset {
            return None;
        }
        let members = std::mem::take(&mut reading.found);
        self.watch.edges(members.len() as u64);
        Some(MembersWrite {
            group: reading.group.id.to_string(),
            members,
            end: None,
            reset: std::mem::take(&mut reading.reset),
            via: Via::List,
        })
    }

    /// The end of a group's lists, onto a page.
    fn finish(&self, reading: &mut Reading, page: &mut PageWrite) {
        let members = std::mem::take(&mut reading.found);
        self.watch.edges(members.len() as u64);
        if !matches!(reading.group.before, Before::Expanded(_)) {
            self.watch.one_more(Collection::Memberships);
        }
        let group = &reading.group;
        let end = reading.end.take().or_else(|| reading.refused.take()).unwrap_or_else(|| {
            if group.hidden && reading.seen.is_empty() && !self.sees_hidden {
                ListEnd {
                    state: State::Hidden,
                    code: Some("hidden_membership".to_owned()),
                    request_id: None,
                    reason: Some("its list is empty, and the app has no Member.Read.Hidden".to_owned()),
                }
            } else {
                ListEnd::COMPLETE
            }
        });
        // What a refused cast means is known at the end of the run.
        if end.state != State::Complete && end.code.as_deref() != Some(CASTS_REFUSED) {
            self.tell(group, &end);
        }
        if end.state == State::Gone {
            // Other groups may still name it as a member.
            page.resolutions.push(Resolution::Gone { id: reading.group.id.to_string() });
        }
        page.members.push(MembersWrite {
            group: reading.group.id.to_string(),
            members,
            end: Some(end),
            reset: std::mem::take(&mut reading.reset),
            via: Via::List,
        });
    }

    pub(super) fn tell(&self, group: &GroupRef, end: &ListEnd) {
        let told = self.watch.group_gap(&group.id, &group.name, end);
        if told > MOST_LINES {
            return;
        }
        let state = match end.state {
            State::Gone => "gone",
            State::Hidden => "its members are hidden",
            State::Forbidden => "its members may not be read",
            State::Complete | State::Partial => "its members were not read to the end",
        };
        let code = end.code.as_deref().map(|c| format!(" ({c})")).unwrap_or_default();
        let request = end.request_id.as_deref().map(|id| format!(" (request {id})")).unwrap_or_default();
        let level = if end.state == State::Gone { Level::Info } else { Level::Warning };
        self.watch.log(level, format!("group \"{}\": {state}{code}{request}", group.name()), None);
    }

    /// What an expansion gave of a group does not count any more: its own list does.
    fn uncount(&self, group: &GroupRef) {
        if let Before::Expanded(members) = group.before {
            self.expansion.taken_back(members);
            self.watch.edges_less(u64::from(members));
        }
    }
}

impl Todo {
    pub fn whole(groups: impl IntoIterator<Item = GroupRef>) -> Self {
        Self { whole: groups.into_iter().collect(), ..Self::default() }
    }

    fn add(&mut self, more: Self) {
        self.short.extend(more.short);
        self.whole.extend(more.whole);
        self.casts.extend(more.casts);
        self.long.extend(more.long);
        self.check |= more.check;
    }
}

impl GroupRef {
    /// Its name, fit to be shown.
    pub fn name(&self) -> std::borrow::Cow<'_, str> {
        text::visible(&self.name)
    }
}

impl Reading {
    fn new(group: GroupRef) -> Self {
        let reset = group.resets();
        Self {
            group,
            found: Vec::new(),
            seen: HashSet::new(),
            began: false,
            reset,
            resets: 0,
            end: None,
            refused: None,
            forms: Vec::new(),
            rest: Vec::new(),
        }
    }

    fn is_gone(&self) -> bool {
        self.end.as_ref().is_some_and(|end| end.state == State::Gone)
    }

    fn begin_again(&mut self) {
        self.found.clear();
        self.seen.clear();
        self.end = None;
        self.refused = None;
        self.reset = true;
        self.resets += 1;
    }

    fn take(&mut self, page: Page<MemberItem>, source: Source) {
        self.began = true;
        for item in page.objects {
            if item.id.is_empty() {
                self.end.get_or_insert_with(|| ListEnd {
                    state: State::Partial,
                    code: Some("no_id".to_owned()),
                    request_id: None,
                    reason: Some("a member without an id".to_owned()),
                });
            } else if self.seen.insert(short_key(&item.id)) {
                self.found.push(source.member(item));
            }
        }
    }
}

async fn next_of(groups: &mut Option<mpsc::UnboundedReceiver<GroupRef>>) -> Option<GroupRef> {
    match groups {
        Some(groups) => groups.recv().await,
        None => None,
    }
}

/// As many groups as so many reads are enough for; one at least.
fn take_reads(waiting: &mut VecDeque<GroupRef>, most: usize) -> Vec<GroupRef> {
    let mut batch = Vec::new();
    let mut reads = 0;
    while waiting.front().is_some_and(|g| batch.is_empty() || reads + g.sources().len() <= most) {
        let Some(group) = waiting.pop_front() else { break };
        reads += group.sources().len();
        batch.push(group);
    }
    batch
}
