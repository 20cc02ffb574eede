//! Runs the plan: the organization, then users, groups and members at once, then the members that no list named.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, oneshot};

use super::{Stop, checkpoint, expand::Expansion, keep::Keeper, members::GroupRef, plan::Step, watch::Watch};
use crate::{
    domain::{
        completeness::{Collection, State},
        ids::TenantId,
        kind::EntityKind,
        progress::Level,
        reading::Learned,
        text,
    },
    graph::{Again, Batch, Get, GraphClient, GraphError, Reply, TokenInfo},
    store::{ListEnd, ObjectWrite, PageWrite},
};

/// How long a list that is read already waits for its total.
const PATIENCE_FOR_TOTALS: Duration = Duration::from_secs(2);

/// The reading side of one run.
pub(super) struct Engine {
    pub client: GraphClient,
    pub keeper: Keeper,
    pub watch: Arc<Watch>,
    tenant: TenantId,
    /// Whether the token says that it may see into groups of hidden membership. An opaque one says nothing, and then an
    /// empty list of such a group proves nothing either.
    pub sees_hidden: bool,
    batches_refused: AtomicBool,
    pub casts_refused: AtomicBool,
    /// What is known of the shortcut for members.
    pub expansion: Expansion,
    /// What earlier runs learned of the tenant, and this one.
    pub learned: Mutex<Learned>,
}

impl Engine {
    pub fn new(client: GraphClient, tenant: TenantId, token: &TokenInfo, keeper: Keeper, watch: Arc<Watch>) -> Self {
        let roles = token.claims.as_ref().map(|c| c.roles.as_slice()).unwrap_or_default();
        Self {
            client,
            keeper,
            watch,
            tenant,
            sees_hidden: roles.iter().any(|r| r == "Member.Read.Hidden"),
            batches_refused: AtomicBool::new(false),
            casts_refused: AtomicBool::new(false),
            expansion: Expansion::default(),
            learned: Mutex::default(),
        }
    }

    pub fn learned(&self) -> Learned {
        self.learned.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn learn(&self, learn: impl FnOnce(&mut Learned)) {
        learn(&mut self.learned.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub async fn run(&self) -> Result<(), Stop> {
        // First, and alone: nothing of another tenant may get into the store.
        Box::pin(self.account()).await?;
        let (send, receive) = mpsc::unbounded_channel();
        let total_of_users = self.total(Step::UserTotal, &[Collection::Users]);
        let total_of_groups = self.total(Step::GroupTotal, &[Collection::Groups, Collection::Memberships]);
        let (users, groups, ()) = tokio::try_join!(
            Box::pin(beside(self.users(), total_of_users)),
            // The sender goes with the chain, which tells the members that no more groups come.
            Box::pin(beside(self.groups(send), total_of_groups)),
            Box::pin(self.members(receive)),
        )?;
        let unknown = Box::pin(self.resolve(users.state == State::Complete, groups.state == State::Complete)).await?;
        let done = self.watch.done_of(Collection::Memberships);
        self.end(Collection::Memberships, done, checkpoint::end_of_memberships(&groups, unknown)).await
    }

    async fn account(&self) -> Result<(), Stop> {
        let collection = Collection::Account;
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
        self.end(collection, found, end).await
    }

    async fn users(&self) -> Result<ListEnd, Stop> {
        self.list(Collection::Users, EntityKind::User, Step::Users, |_, _| {}).await
    }

    async fn groups(&self, found: mpsc::UnboundedSender<GroupRef>) -> Result<ListEnd, Stop> {
        self.watch.begin(Collection::Memberships);
        let end = self
            .list(Collection::Groups, EntityKind::Group, Step::Groups, |raw, id| {
                // The members' side ends only after this one.
                found.send(GroupRef::of(id, raw)).ok();
            })
            .await?;
        self.watch.total(Collection::Memberships, self.watch.done_of(Collection::Groups));
        Ok(end)
    }

    /// A chain of pages into the store. `each` sees every object once, with its id.
    async fn list(
        &self,
        collection: Collection,
        kind: EntityKind,
        step: Step,
        mut each: impl FnMut(&RawValue, &str),
    ) -> Result<ListEnd, Stop> {
        self.watch.begin(collection);
        let default_type = if kind == EntityKind::Group { "#microsoft.graph.group" } else { "#microsoft.graph.user" };
        // Sixteen bytes an id, so that duplicates over pages and restarts are counted once.
        let mut seen: HashSet<u128> = HashSet::new();
        let mut pages_read = 0;
        let mut nameless = 0_u64;
        let mut pages = self.client.pages(step.get(&[]));
        let mut end = loop {
            match pages.next().await {
                Ok(Some(page)) => {
                    pages_read += 1;
                    if page.again == Again::Chain {
                        nameless = 0;
                    }
                    let mut objects = Vec::with_capacity(page.objects.len());
                    for raw in page.objects {
                        let Some(head) = Head::of(&raw) else {
                            nameless += 1;
                            continue;
                        };
                        if seen.insert(id_key(&head.id)) {
                            each(&raw, &head.id);
                        }
                        objects.push(head.object(kind, default_type, raw));
                    }
                    let done = seen.len() as u64;
                    self.watch.done(collection, done);
                    let total = self.watch.total_of(collection);
                    let checkpoint = checkpoint::reached(collection, page.next_link, done, total);
                    self.keeper
                        .keep(PageWrite { objects, checkpoint: Some(checkpoint), ..PageWrite::default() })
                        .await?;
                }
                Ok(None) => break ListEnd::COMPLETE,
                Err(error) => {
                    self.warn(collection.as_str(), &error);
                    break checkpoint::end_of(&error, pages_read > 0);
                }
            }
        };
        if nameless > 0 && end.state == State::Complete {
            let reason = format!("{} without an id", text::counted(nameless, "object"));
            self.watch.log(Level::Warning, format!("{}: {reason}", collection.as_str()), None);
            end = ListEnd {
                state: State::Partial,
                code: Some("no_id".to_owned()),
                request_id: None,
                reason: Some(reason),
            };
        }
        self.end(collection, seen.len() as u64, end.clone()).await?;
        Ok(end)
    }

    async fn total(&self, step: Step, of: &[Collection]) {
        match self.client.count(step.get(&[]).path()).await {
            Some(total) => of.iter().for_each(|c| self.watch.total(*c, total)),
            None => self.watch.log(
                Level::Info,
                format!("the service does not tell how many {} there are", of[0].as_str()),
                None,
            ),
        }
    }

    async fn end(&self, collection: Collection, done: u64, end: ListEnd) -> Result<(), Stop> {
        self.watch.ended(collection, &end);
        if end.state == State::Complete {
            let told = match collection {
                Collection::Account => "the account is read".to_owned(),
                Collection::Users => format!("{} read", text::counted(done, "user")),
                Collection::Groups => format!("{} read", text::counted(done, "group")),
                Collection::Memberships => format!("the members of {} read", text::counted(done, "group")),
            };
            self.watch.log(Level::Info, told, None);
        }
        let checkpoint = Some(checkpoint::ended(collection, done, end));
        self.keeper.keep(PageWrite { checkpoint, ..PageWrite::default() }).await
    }

    fn warn(&self, what: &str, error: &GraphError) {
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

/// What every object says of itself.
#[derive(Deserialize)]
pub(super) struct Head {
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

/// An id in sixteen bytes: a GUID as it is, any other text by its hash.
pub(super) fn id_key(id: &str) -> u128 {
    uuid::Uuid::try_parse(id).map(|u| u.as_u128()).unwrap_or_else(|_| {
        let hash = Sha256::digest(id.as_bytes());
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        u128::from_be_bytes(half)
    })
}

/// Whether an object came with nothing but its id and type: the app may not read its kind (facts: graph.md §8.3).
pub(super) fn is_bare(raw: &RawValue) -> bool {
    let Ok(Value::Object(fields)) = serde_json::from_str(raw.get()) else { return true };
    let says_nothing = |v: &Value| v.is_null() || v.as_array().is_some_and(Vec::is_empty);
    fields.iter().all(|(name, value)| name == "id" || name.starts_with('@') || says_nothing(value))
}
