//! Runs what was decided: account, users, groups and members at once, then what changed meanwhile, then the members that
//! no list named.

use std::{
    collections::{BTreeMap, HashSet},
    num::NonZeroU64,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};

use super::{
    Stop, checkpoint,
    decide::{Decision, Method, checkpoint_of},
    expand::Expansion,
    keep::Keeper,
    lists::Lists,
    members::{Before, GroupRef},
    plan::Step,
    rights,
    watch::Watch,
};
use crate::{
    domain::{
        completeness::{Collection, State},
        ids::{TenantId, canonical_id},
        kind::EntityKind,
        progress::Level,
        reading::{Learned, RunKind, Scope},
        short_id::ShortId,
        text,
    },
    graph::{Again, Batch, Get, GraphClient, GraphError, Reply, TokenInfo, documented_quota},
    store::{Checkpoint, Leftover, ListEnd, ObjectWrite, PageWrite, Writer},
};

/// How long a list that is read already waits for its total.
const PATIENCE_FOR_TOTALS: Duration = Duration::from_secs(2);

/// How often what look-ups brought to light leads to more of them. Each time takes somebody who comes back to the directory
/// meanwhile; what is open then is a gap.
const MOST_SETTLINGS: usize = 20;

/// What an engine is made of.
pub(super) struct Setting<'a> {
    pub client: GraphClient,
    pub tenant: TenantId,
    pub scope: Option<Scope>,
    /// Resource units in ten seconds that were asked for.
    pub quota: Option<NonZeroU64>,
    pub token: &'a TokenInfo,
    pub decision: Decision,
    pub leftover: Option<Leftover>,
    pub learned: Arc<Mutex<Learned>>,
    pub keeper: Keeper,
    pub watch: Arc<Watch>,
}

/// The reading side of one run.
pub(super) struct Engine {
    pub client: GraphClient,
    pub keeper: Keeper,
    pub watch: Arc<Watch>,
    pub decision: Decision,
    tenant: TenantId,
    scope: Option<Scope>,
    quota: Option<NonZeroU64>,
    /// What the run that this one goes on with had reached.
    left: Option<Leftover>,
    /// Whether the token itself says that it is of the tenant that was meant.
    tenant_proven: bool,
    /// Whether the token says that it may see into groups of hidden membership. An opaque one says nothing, and then an
    /// empty list of such a group proves nothing either.
    pub sees_hidden: bool,
    batches_refused: AtomicBool,
    pub casts_refused: AtomicBool,
    /// What is known of the shortcut for members.
    pub expansion: Expansion,
    /// In which forms lists of members are served.
    pub lists: Lists,
    learned: Arc<Mutex<Learned>>,
    /// Where what changes during a full run is read from at its end.
    links: Mutex<BTreeMap<Collection, String>>,
    /// What `$count` told.
    counts: Mutex<BTreeMap<Collection, u64>>,
    /// Groups whose lists stay as they are, whatever they lack.
    left_alone: Mutex<HashSet<u128>>,
    /// What the app may not read, by its token.
    missing_rights: Vec<String>,
}

/// How a collection was read.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub end: ListEnd,
    /// By its changes: what they did not name is as it was.
    pub delta: bool,
    /// Groups whose members changed.
    pub changed: Vec<GroupRef>,
}

impl Engine {
    pub fn new(setting: Setting<'_>) -> Self {
        let Setting { client, tenant, scope, quota, token, decision, leftover, learned, keeper, watch } = setting;
        let roles = token.claims.as_ref().map(|c| c.roles.as_slice()).unwrap_or_default();
        let tid = token.claims.as_ref().and_then(|c| c.tid.as_deref());
        Self {
            tenant_proven: tid.is_some_and(|tid| tid.eq_ignore_ascii_case(tenant.as_str())),
            sees_hidden: roles.iter().any(|r| r == "Member.Read.Hidden"),
            links: Mutex::new(leftover.as_ref().map(|l| l.links.clone()).unwrap_or_default()),
            counts: Mutex::default(),
            left_alone: Mutex::default(),
            missing_rights: rights::missing(token),
            batches_refused: AtomicBool::new(false),
            casts_refused: AtomicBool::new(false),
            left: leftover,
            client,
            keeper,
            watch,
            decision,
            tenant,
            scope,
            quota,
            learned,
            expansion: Expansion::default(),
            lists: Lists::default(),
        }
    }

    pub async fn run(&self) -> Result<(), Stop> {
        if let Some(quota) = self.known_quota() {
            self.client.set_quota(quota);
        }
        self.client.set_prices(&self.learned().prices);
        for line in &self.missing_rights {
            self.watch.log(Level::Warning, line.clone(), None);
        }
        if self.tenant_proven {
            tokio::try_join!(Box::pin(self.account()), Box::pin(self.directory()))?;
            return Ok(());
        }
        // First, and alone: nothing of another tenant may get into the store.
        Box::pin(self.account()).await?;
        Box::pin(self.directory()).await
    }

    async fn directory(&self) -> Result<(), Stop> {
        if let Some(scope) = &self.scope {
            return Box::pin(self.selection(scope)).await;
        }
        if let Some(amend) = &self.decision.amend {
            return Box::pin(self.amend(amend)).await;
        }
        let (send, receive) = mpsc::unbounded_channel();
        let users = Box::pin(beside(self.users(), self.total(Step::UserTotal, &[Collection::Users])));
        let totals_of_groups = self.total(Step::GroupTotal, &[Collection::Groups, Collection::Memberships]);
        // The sender goes with the chain, which tells the members that no more groups come.
        let groups = Box::pin(beside(self.groups(send), totals_of_groups));
        let members = Box::pin(self.members(receive));
        let (users, groups) = if self.decision.kind == RunKind::Gentle {
            let users = users.await?;
            let (groups, ()) = tokio::try_join!(groups, members)?;
            (users, groups)
        } else {
            let (users, groups, ()) = tokio::try_join!(users, groups, members)?;
            (users, groups)
        };
        if self.decision.kind == RunKind::Full {
            Box::pin(self.catch_up(&users, &groups)).await?;
        }
        if self.decision.groups == Method::Gentle {
            Box::pin(self.end_of_gentle_groups(&groups)).await?;
        }
        if self.decision.kind == RunKind::Delta {
            Box::pin(self.look_for_lost_groups()).await?;
        }
        // Groups that only changes named, and those whose lists have to be read whole.
        let late = self.groups_to_read().await?;
        Box::pin(self.members_of(late)).await?;
        let whole = |read: &Read| read.end.state == State::Complete;
        let unknown = Box::pin(self.settle(whole(&users), whole(&groups))).await?;
        let unknown = unknown.or(Box::pin(self.prove(&users, &groups)).await?);
        let end = checkpoint::end_of_memberships(&groups.end, unknown);
        Box::pin(self.end_memberships(end, groups.delta)).await
    }

    /// Members that no list named, and lists that have to be read again for what was found; until nothing is new.
    pub async fn settle(&self, users_complete: bool, groups_complete: bool) -> Result<Option<ListEnd>, Stop> {
        let mut unknown = None;
        for _ in 0..MOST_SETTLINGS {
            let resolved = Box::pin(self.resolve(users_complete, groups_complete)).await?;
            unknown = unknown.or(resolved.unknown);
            // Whoever turns out to be there after all was left out of the lists that name them, or has a list itself.
            let late = self.groups_to_read().await?;
            if late.is_empty() && !resolved.found_groups {
                break;
            }
            Box::pin(self.members_of(late)).await?;
        }
        Ok(unknown)
    }

    /// No change tells that a group is there after all which the run before took for gone. One that is not found again is
    /// not looked for any more.
    pub async fn look_for_lost_groups(&self) -> Result<(), Stop> {
        let lost = self.keeper.ask(Writer::lost_groups).await?;
        let replies = self.ask(lost.iter().map(|id| Step::MissingGroup.get(&[id])).collect()).await;
        let mut page = PageWrite::default();
        for (id, reply) in lost.into_iter().zip(replies) {
            match object_of(reply) {
                Ok((head, raw)) if head.id == id && !is_bare(&raw) => {
                    page.objects.push(head.object(EntityKind::Group, default_type(EntityKind::Group), raw));
                }
                _ => {}
            }
        }
        self.keeper.keep(page).await
    }

    pub async fn groups_to_read(&self) -> Result<Vec<GroupRef>, Stop> {
        let stored = self.keeper.ask(Writer::groups_to_read).await?;
        let alone = lock(&self.left_alone);
        let asked = stored.iter().filter(|group| alone.is_empty() || !alone.contains(&id_key(&group.id)));
        Ok(asked.map(|group| GroupRef::of(&group.id, &group.raw).with(Before::Some)).collect())
    }

    /// These groups are not read, although the run before lacks their lists.
    pub fn leave_alone(&self, groups: HashSet<u128>) {
        *lock(&self.left_alone) = groups;
    }

    /// What earlier runs and this one know of the tenant.
    pub fn learned(&self) -> Learned {
        lock(&self.learned).clone()
    }

    /// What was asked for, else what earlier runs learned, in units in ten seconds.
    fn known_quota(&self) -> Option<u64> {
        self.quota.map(NonZeroU64::get).or(self.learned().quota_10s)
    }

    pub fn learn(&self, change: impl FnOnce(&mut Learned)) {
        change(&mut lock(&self.learned));
    }

    /// Looks whether anything is answered at all, after a request has failed in a way that others would fail too.
    ///
    /// # Errors
    ///
    /// When nothing is: the run ends there, to be gone on with on a better day, and nothing counts as left out.
    pub async fn still_there(&self, error: &GraphError) -> Result<(), Stop> {
        if error.is_of_all()
            && let Err(again) = self.client.probing().get("/v1.0/organization?$select=id").await
            && again.is_of_all()
        {
            return Err(Stop::NoService(again));
        }
        Ok(())
    }

    /// The checkpoint that the run which this one goes on with had of a collection.
    pub fn left_at(&self, collection: Collection) -> Option<&Checkpoint> {
        checkpoint_of(self.left.as_ref()?, collection)
    }

    /// Whether the run which this one goes on with had read a collection to its good end.
    fn is_read(&self, collection: Collection) -> Option<&Checkpoint> {
        self.left_at(collection).filter(|at| at.end.as_ref().is_some_and(|end| end.state == State::Complete))
    }

    pub fn link(&self, collection: Collection) -> Option<String> {
        lock(&self.links).get(&collection).cloned()
    }

    pub fn set_link(&self, collection: Collection, link: String) {
        lock(&self.links).insert(collection, link);
    }

    pub fn count_of(&self, collection: Collection) -> Option<u64> {
        lock(&self.counts).get(&collection).copied()
    }

    async fn account(&self) -> Result<(), Stop> {
        let collection = Collection::Account;
        if self.tenant_proven && self.is_read(collection).is_some() {
            self.watch.base(collection, 1, Some(1));
            self.watch.ended(collection, &ListEnd::COMPLETE);
            return Ok(());
        }
        self.watch.begin(collection);
        self.watch.total(collection, 1);
        let mut found = 0;
        let mut pages = self.client.pages(Step::Organization.get(&[]));
        let end = loop {
            match pages.next().await {
                Ok(Some(page)) => {
                    let mut objects = Vec::new();
                    for raw in page.objects {
                        let Some(head) = Head::of(&raw) else { continue };
                        if !head.id.eq_ignore_ascii_case(self.tenant.as_str()) {
                            return Err(Stop::OtherTenant(head.id));
                        }
                        found += 1;
                        objects.push(head.object(EntityKind::Account, "#microsoft.graph.organization", raw));
                    }
                    self.watch.done(collection, found);
                    self.keeper.keep(PageWrite { objects, ..PageWrite::default() }).await?;
                    // There is one organization.
                    if let Err(error) = pages.brought(false) {
                        self.warn("the account", &error);
                        break checkpoint::end_of(&error, found > 0);
                    }
                }
                Ok(None) if found > 0 => break ListEnd::COMPLETE,
                Ok(None) => {
                    break ListEnd {
                        state: State::Partial,
                        code: Some("no_organization".to_owned()),
                        request_id: None,
                        reason: Some("the service names no organization".to_owned()),
                    };
                }
                // Neither is the first request answered nor will any other be: that is no gap in what was read.
                Err(error) if found == 0 && error.is_of_all() => return Err(Stop::NoService(error)),
                Err(error) => {
                    self.warn("the account", &error);
                    break checkpoint::end_of(&error, found > 0);
                }
            }
        };
        self.end(collection, found, end, false).await
    }

    pub async fn users(&self) -> Result<Read, Stop> {
        let collection = Collection::Users;
        match &self.decision.users {
            Method::List => {}
            Method::Changes(link) => return Box::pin(self.changes(collection, link)).await,
            Method::AsItWas(kept) => return self.kept(collection, kept).await,
            Method::Gentle => {
                if let Some(read) = Box::pin(self.chain(collection)).await? {
                    return Ok(read);
                }
            }
        }
        if let Some(read) = self.as_it_was(collection) {
            return Ok(read);
        }
        self.take_link(collection).await?;
        let end = self.list(collection, EntityKind::User, Step::Users, |_, _, _| {}).await?;
        Ok(Read { end, delta: false, changed: Vec::new() })
    }

    pub async fn groups(&self, found: mpsc::UnboundedSender<GroupRef>) -> Result<Read, Stop> {
        let collection = Collection::Groups;
        self.watch.begin(Collection::Memberships);
        match &self.decision.groups {
            Method::List => {}
            Method::Changes(link) => return Box::pin(self.changes(collection, link)).await,
            Method::AsItWas(kept) => return self.kept(collection, kept).await,
            Method::Gentle => {
                if let Some(read) = Box::pin(self.chain(collection)).await? {
                    return Ok(read);
                }
            }
        }
        let mut sent: HashSet<u128> = HashSet::new();
        // A chain of changes that was refused on its way has left slices.
        let before = if self.decision.kind == RunKind::Gentle { Before::Some } else { Before::Nothing };
        let mut give = |group: GroupRef| {
            if sent.insert(id_key(group.id())) {
                // The members' side ends only after this one.
                found.send(group).ok();
            }
        };
        let resumed = self.left_at(collection).is_some();
        if resumed {
            let waiting = self.groups_to_read().await?;
            let listed = self.left_at(collection).map_or(0, |at| at.done);
            let read = listed.saturating_sub(waiting.len() as u64);
            self.watch.base(Collection::Memberships, read, None);
            waiting.into_iter().for_each(&mut give);
        }
        let read = match self.as_it_was(collection) {
            Some(read) => read,
            None => {
                self.take_link(collection).await?;
                // A chain that begins again shows groups whose members an earlier process has read: what is left is
                // asked of the store then.
                let mut unsure = false;
                let end = self
                    .list(collection, EntityKind::Group, Step::Groups, |raw, id, begun_again| {
                        if resumed && begun_again {
                            unsure = true;
                        } else {
                            give(GroupRef::of(id, raw).with(before));
                        }
                    })
                    .await?;
                if unsure {
                    self.groups_to_read().await?.into_iter().for_each(&mut give);
                }
                Read { end, delta: false, changed: Vec::new() }
            }
        };
        self.watch.total(Collection::Memberships, self.watch.done_of(collection));
        Ok(read)
    }

    /// A collection that was read to its end before the run was cut off.
    pub fn as_it_was(&self, collection: Collection) -> Option<Read> {
        let at = self.is_read(collection)?;
        self.watch.base(collection, at.done, Some(at.done));
        self.watch.ended(collection, &ListEnd::COMPLETE);
        Some(Read { end: ListEnd::COMPLETE, delta: at.delta, changed: Vec::new() })
    }

    /// A chain of pages into the store. `each` sees every object once, with its id, and whether the chain has begun
    /// again from its first page by then.
    pub async fn list(
        &self,
        collection: Collection,
        kind: EntityKind,
        step: Step,
        mut each: impl FnMut(&RawValue, &str, bool),
    ) -> Result<ListEnd, Stop> {
        self.watch.begin(collection);
        let default_type = default_type(kind);
        // Sixteen bytes an id, so that duplicates over pages and restarts are counted once.
        let mut seen: HashSet<u128> = HashSet::new();
        let mut pages = self.client.pages(step.get(&[]));
        // What an earlier process had read of it, where the chain goes on behind that.
        let mut before = 0;
        let left = self.left_at(collection).filter(|at| at.end.is_none());
        if let Some(at) = left
            && at.next_link.is_some()
        {
            pages = pages.resumed(at.next_link.clone());
            before = at.done;
            self.watch.base(collection, at.done, at.total);
        }
        let mut pages_read = 0;
        let mut nameless = 0_u64;
        let mut begun_again = false;
        let mut end = loop {
            match pages.next().await {
                Ok(Some(page)) => {
                    pages_read += 1;
                    if page.again == Again::Chain {
                        (nameless, before, begun_again) = (0, 0, true);
                    }
                    let known = seen.len();
                    let mut objects = Vec::with_capacity(page.objects.len());
                    for raw in page.objects {
                        let Some(head) = Head::of(&raw) else {
                            nameless += 1;
                            continue;
                        };
                        if seen.insert(id_key(&head.id)) {
                            each(&raw, &head.id, begun_again);
                        }
                        objects.push(head.object(kind, default_type, raw));
                    }
                    let done = before + seen.len() as u64;
                    self.watch.done(collection, done);
                    let total = self.watch.total_of(collection);
                    let checkpoint = checkpoint::reached(collection, page.next_link, done, total, false);
                    self.keeper
                        .keep(PageWrite { objects, checkpoint: Some(checkpoint), ..PageWrite::default() })
                        .await?;
                    if let Err(error) = pages.brought(seen.len() > known) {
                        self.warn(collection.as_str(), &error);
                        break checkpoint::end_of(&error, true);
                    }
                }
                Ok(None) => break ListEnd::COMPLETE,
                Err(error) => {
                    self.still_there(&error).await?;
                    self.warn(collection.as_str(), &error);
                    break checkpoint::end_of(&error, pages_read > 0 || before > 0);
                }
            }
        };
        if nameless > 0 && end.state == State::Complete {
            end = self.nameless(collection, nameless);
        }
        self.end(collection, before + seen.len() as u64, end.clone(), false).await?;
        Ok(end)
    }

    /// How a list ends in which there were objects without an id.
    pub fn nameless(&self, collection: Collection, many: u64) -> ListEnd {
        let reason = format!("{} without an id", text::counted(many, "object"));
        self.watch.log(Level::Warning, format!("{}: {reason}", collection.as_str()), None);
        ListEnd { state: State::Partial, code: Some("no_id".to_owned()), request_id: None, reason: Some(reason) }
    }

    async fn total(&self, step: Step, of: &[Collection]) {
        match self.client.count(step.get(&[]).path()).await {
            Some(total) => {
                of.iter().for_each(|c| self.watch.total(*c, total));
                lock(&self.counts).insert(of[0], total);
                if of[0] == Collection::Users && self.known_quota().is_none() {
                    self.client.set_quota(documented_quota(total));
                }
            }
            None => self.watch.log(
                Level::Info,
                format!("the service does not tell how many {} there are", of[0].as_str()),
                None,
            ),
        }
    }

    pub async fn end(&self, collection: Collection, done: u64, end: ListEnd, delta: bool) -> Result<(), Stop> {
        self.end_with(collection, done, end, delta, PageWrite::default()).await
    }

    /// Ends a collection, in the same transaction as what is on a page.
    pub async fn end_with(
        &self,
        collection: Collection,
        done: u64,
        end: ListEnd,
        delta: bool,
        page: PageWrite,
    ) -> Result<(), Stop> {
        self.watch.ended(collection, &end);
        if end.state == State::Complete && !delta {
            let told = match collection {
                Collection::Account => "the account is read".to_owned(),
                Collection::Users => format!("{} read", text::counted(done, "user")),
                Collection::Groups => format!("{} read", text::counted(done, "group")),
                Collection::Memberships => format!("the members of {} read", text::counted(done, "group")),
            };
            self.watch.log(Level::Info, told, None);
        }
        let checkpoint = Some(checkpoint::ended(collection, done, end, delta));
        self.keeper.keep(PageWrite { checkpoint, ..page }).await
    }

    pub fn warn(&self, what: &str, error: &GraphError) {
        let problem = error.problem();
        self.watch.log(Level::Warning, format!("{what}: {}", problem.line()), Some(problem));
    }

    /// Many reads at once, in batches; in single requests where the service takes no batches.
    pub async fn ask(&self, gets: Vec<Get>) -> Vec<Result<Reply, GraphError>> {
        let mut replies = Vec::with_capacity(gets.len());
        for batch in Batch::split(gets) {
            if !self.batches_refused.load(Ordering::Relaxed) {
                match self.client.batch(&batch).await {
                    Ok(answered) => {
                        replies.extend(answered);
                        continue;
                    }
                    Err(error) if error.is_without_batches() => {
                        if !self.batches_refused.swap(true, Ordering::Relaxed) {
                            self.watch
                                .fallback("requests are sent one by one, not in batches", &error.problem().line());
                        }
                    }
                    Err(error) => {
                        replies.extend(batch.gets().iter().map(|_| Err(error.clone())));
                        continue;
                    }
                }
            }
            for get in batch.gets() {
                replies.push(self.client.reply(get).await);
            }
        }
        replies
    }
}

/// Does `work`, and something beside it that nobody waits for long when the work is done.
async fn beside<T>(work: impl Future<Output = T>, nice_to_have: impl Future<Output = ()>) -> T {
    let (done, finished) = oneshot::channel();
    let work = async {
        let out = work.await;
        // Nobody listens any more when the other is through already.
        done.send(()).ok();
        out
    };
    let nice_to_have = async {
        let too_late = async {
            finished.await.ok();
            tokio::time::sleep(PATIENCE_FOR_TOTALS).await;
        };
        tokio::select! {
            () = nice_to_have => {}
            () = too_late => {}
        }
    };
    tokio::join!(work, nice_to_have).0
}

pub(super) fn default_type(kind: EntityKind) -> &'static str {
    if kind == EntityKind::Group { "#microsoft.graph.group" } else { "#microsoft.graph.user" }
}

pub(super) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What every object says of itself.
#[derive(Deserialize)]
pub(super) struct Head {
    #[serde(deserialize_with = "canonical_id")]
    pub id: String,
    #[serde(rename = "@odata.type")]
    pub odata_type: Option<String>,
}

impl Head {
    /// `None` where there is no id: such an object cannot be kept.
    pub fn of(raw: &RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok().filter(|head: &Self| !head.id.is_empty())
    }

    pub fn object(self, kind: EntityKind, default_type: &str, raw: Box<RawValue>) -> ObjectWrite {
        let odata_type = self.odata_type.unwrap_or_else(|| default_type.to_owned());
        ObjectWrite { kind, id: self.id, odata_type, raw }
    }
}

/// One object that was asked for by itself.
pub(super) fn object_of(reply: Result<Reply, GraphError>) -> Result<(Head, Box<RawValue>), GraphError> {
    let reply = reply?;
    let head = reply.json::<Head>()?;
    Ok((head, reply.raw().to_owned()))
}

/// An id in sixteen bytes: a GUID as it is, any other text by its hash.
pub(super) fn id_key(id: &str) -> u128 {
    uuid::Uuid::try_parse(id).map(|u| u.as_u128()).unwrap_or_else(|_| {
        let hash = Sha256::digest(id.as_bytes());
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        u128::from_be_bytes(half)
    })
}

/// The same of an id in few bytes.
pub(super) fn short_key(id: &ShortId) -> u128 {
    id.guid().map_or_else(|| id_key(&id.to_string()), u128::from_be_bytes)
}

/// Whether an object came with nothing but its id and type: the app may not read its kind (facts: graph.md §8.3).
pub(super) fn is_bare(raw: &RawValue) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_str(raw.get()) else { return true };
    let says_nothing = |v: &Value| v.is_null() || v.as_array().is_some_and(Vec::is_empty);
    fields.iter().all(|(name, value)| name == "id" || name.starts_with('@') || says_nothing(value))
}
