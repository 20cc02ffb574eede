//! The members of groups, as the groups arrive: in batches, and long lists by their nextLinks.
//!
//! v1.0's list of members leaves service principals out, so that every group that can hold them is asked for those too
//! (facts: graph.md §11). Microsoft 365 groups hold users only.

use std::{
    collections::{HashSet, VecDeque},
    sync::atomic::Ordering,
};

use futures::{StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use tokio::sync::mpsc;

use super::{
    Stop, checkpoint,
    engine::{Engine, Head, id_key},
    plan::Step,
};
use crate::{
    domain::{
        completeness::{Collection, State},
        progress::Level,
        text,
    },
    graph::{Batch, GraphError, Page, Pages},
    store::{ListEnd, MemberRef, MembersWrite, PageWrite, Resolution, Via},
};

/// Batches and long lists under way at once.
const AT_ONCE: usize = 8;
/// Lines about single groups; the rest is in the run's gaps.
const MOST_LINES: usize = 50;

/// What is kept of a group until its members are read.
#[derive(Debug, Clone)]
pub(super) struct GroupRef {
    id: Box<str>,
    name: Box<str>,
    /// Its membership is hidden from apps without `Member.Read.Hidden`.
    hidden: bool,
    /// A Microsoft 365 group.
    unified: bool,
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

    /// How many reads it needs in a batch.
    fn reads(&self) -> usize {
        if self.unified { 1 } else { 2 }
    }
}

/// Which of a group's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Members,
    ServicePrincipals,
}

impl Source {
    fn step(self) -> Step {
        match self {
            Self::Members => Step::Members,
            Self::ServicePrincipals => Step::ServicePrincipalMembers,
        }
    }

    /// What its items are that do not say so: a cast's may not.
    fn odata_type(self) -> &'static str {
        match self {
            Self::Members => "",
            Self::ServicePrincipals => "#microsoft.graph.servicePrincipal",
        }
    }
}

/// One group on its way.
struct Reading {
    group: GroupRef,
    /// Not written yet.
    found: Vec<MemberRef>,
    seen: HashSet<u128>,
    /// Whether any list answered at all.
    began: bool,
    /// Why it is not whole.
    end: Option<ListEnd>,
    rest: Vec<(Source, Pages)>,
}

type Job<'a> = BoxFuture<'a, Result<Vec<Reading>, Stop>>;

impl Engine {
    /// Reads the members of every group that comes, until no more come.
    pub(super) async fn members(&self, mut groups: mpsc::UnboundedReceiver<GroupRef>) -> Result<(), Stop> {
        let mut waiting: VecDeque<GroupRef> = VecDeque::new();
        let mut long: VecDeque<Reading> = VecDeque::new();
        let mut running: FuturesUnordered<Job<'_>> = FuturesUnordered::new();
        let mut more_to_come = true;
        loop {
            // What has come is taken before it is decided whether a batch is full.
            while let Ok(group) = groups.try_recv() {
                waiting.push_back(group);
            }
            while running.len() < AT_ONCE {
                if let Some(reading) = long.pop_front() {
                    running.push(Box::pin(self.rest_of(reading)));
                } else if waiting.len() >= Batch::MOST || !waiting.is_empty() && (!more_to_come || running.is_empty()) {
                    running.push(Box::pin(self.batch_of(take_batch(&mut waiting))));
                } else {
                    break;
                }
            }
            tokio::select! {
                Some(read) = running.next(), if !running.is_empty() => long.extend(read?),
                group = groups.recv(), if more_to_come => match group {
                    Some(group) => waiting.push_back(group),
                    None => more_to_come = false,
                },
                else => return Ok(()),
            }
        }
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

    /// The first pages of as many groups as fit into a batch. Returns those whose lists go on.
    async fn batch_of(&self, groups: Vec<GroupRef>) -> Result<Vec<Reading>, Stop> {
        let sources = |group: &GroupRef| match group.unified {
            true => &[Source::Members][..],
            false => &[Source::Members, Source::ServicePrincipals][..],
        };
        let gets = groups.iter().flat_map(|g| sources(g).iter().map(|s| s.step().get(&[&*g.id]))).collect();
        let mut replies = self.ask(gets).await.into_iter();
        let mut page = PageWrite::default();
        let mut long = Vec::new();
        for group in groups {
            let sources = sources(&group);
            let mut reading = Reading::new(group);
            for (source, reply) in sources.iter().zip(&mut replies) {
                match reply.and_then(|reply| reply.page(&self.client)) {
                    Ok((first, rest)) => {
                        let goes_on = first.next_link.is_some();
                        reading.take(first, *source);
                        if goes_on {
                            reading.rest.push((*source, rest));
                        }
                    }
                    Err(error) => self.failed(&mut reading, *source, &error),
                }
            }
            if reading.rest.is_empty() {
                self.finish(&mut reading, &mut page);
            } else {
                page.members.extend(self.slice(&mut reading));
                long.push(reading);
            }
        }
        self.keeper.keep(page).await?;
        Ok(long)
    }

    /// The rest of one group's lists, page by page.
    async fn rest_of(&self, mut reading: Reading) -> Result<Vec<Reading>, Stop> {
        for (source, mut pages) in std::mem::take(&mut reading.rest) {
            loop {
                match pages.next().await {
                    Ok(Some(page)) => {
                        reading.take(page, source);
                        if let Some(slice) = self.slice(&mut reading) {
                            self.keeper.keep(PageWrite { members: vec![slice], ..PageWrite::default() }).await?;
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        self.failed(&mut reading, source, &error);
                        break;
                    }
                }
            }
        }
        let mut page = PageWrite::default();
        self.finish(&mut reading, &mut page);
        self.keeper.keep(page).await?;
        Ok(Vec::new())
    }

    fn failed(&self, reading: &mut Reading, source: Source, error: &GraphError) {
        if source == Source::ServicePrincipals && error.is_unsupported() {
            // A group of this kind cannot hold any (facts: graph.md §5).
            if !self.casts_refused.swap(true, Ordering::Relaxed) {
                let problem = error.problem();
                let line =
                    format!("service principals of \"{}\" were not asked for: {}", reading.name(), problem.line());
                self.watch.log(Level::Warning, line, Some(problem));
            }
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
        let members = std::mem::take(&mut reading.found);
        self.watch.edges(members.len() as u64);
        (!members.is_empty()).then(|| MembersWrite {
            group: reading.group.id.to_string(),
            members,
            end: None,
            reset: false,
            via: Via::List,
        })
    }

    /// The end of a group's lists, onto a page.
    fn finish(&self, reading: &mut Reading, page: &mut PageWrite) {
        let members = std::mem::take(&mut reading.found);
        self.watch.edges(members.len() as u64);
        self.watch.one_more(Collection::Memberships);
        let group = &reading.group;
        let end = reading.end.take().unwrap_or_else(|| {
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
        if end.state != State::Complete {
            self.tell(reading, &end);
        }
        if end.state == State::Gone {
            // Other groups may still name it as a member.
            page.resolutions.push(Resolution::Gone { id: reading.group.id.to_string() });
        }
        page.members.push(MembersWrite {
            group: reading.group.id.to_string(),
            members,
            end: Some(end),
            reset: false,
            via: Via::List,
        });
    }

    fn tell(&self, reading: &Reading, end: &ListEnd) {
        let told = self.watch.group_gap(&reading.group.id, &reading.group.name, end);
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
        self.watch.log(level, format!("group \"{}\": {state}{code}{request}", reading.name()), None);
    }
}

impl Reading {
    fn new(group: GroupRef) -> Self {
        Self { group, found: Vec::new(), seen: HashSet::new(), began: false, end: None, rest: Vec::new() }
    }

    fn take(&mut self, page: Page, source: Source) {
        self.began = true;
        for raw in page.objects {
            let Some(head) = Head::of(&raw) else {
                self.end.get_or_insert_with(|| ListEnd {
                    state: State::Partial,
                    code: Some("no_id".to_owned()),
                    request_id: None,
                    reason: Some("a member without an id".to_owned()),
                });
                continue;
            };
            if self.seen.insert(id_key(&head.id)) {
                let odata_type = head.odata_type.unwrap_or_else(|| source.odata_type().to_owned());
                self.found.push(MemberRef { id: head.id, odata_type });
            }
        }
    }

    /// Its name, fit to be shown.
    fn name(&self) -> std::borrow::Cow<'_, str> {
        text::visible(&self.group.name)
    }
}

/// As many groups as fit into one batch.
fn take_batch(waiting: &mut VecDeque<GroupRef>) -> Vec<GroupRef> {
    let mut batch = Vec::new();
    let mut reads = 0;
    while waiting.front().is_some_and(|g| reads + g.reads() <= Batch::MOST) {
        let Some(group) = waiting.pop_front() else { break };
        reads += group.reads();
        batch.push(group);
    }
    batch
}
