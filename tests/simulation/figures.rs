//! The preview's figures against those of the job that follows, over random histories of what is read and of how uploads
//! end: stores are written page by page, uploads are the real ones, and the demo's DIFF decides what became of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::ControlFlow,
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json, value::to_raw_value};
use tenantry::{
    domain::{
        clock::Clock,
        completeness::{Collection, RunStatus, State},
        guard::Leave,
        ids::{RunId, TenantId},
        kind::EntityKind,
        naming::Naming,
        preview::{Baseline, Changes, Preview},
        progress::{Event, Reporter},
        upload::{Encoding, Leftover, Manner, Source, UploadPhase},
        validate::Checker,
    },
    jobs::{self, JobError, PlannedObjects, Ready, UploadEnded},
    profile::Settings,
    store::{
        Checkpoint, ListEnd, MemberRef, MembersWrite, ObjectWrite, PageWrite, Reader, Resolution, RunEnd, RunPlan,
        SentEntity, Writer,
    },
};
use tokio_util::sync::CancellationToken;

use crate::{
    stage::{Stage, Told},
    uploads::{held, is_job_of},
};

/// What is read, and what is done with it.
#[derive(Debug, Clone)]
struct Step {
    /// Which users, under which of three names; the sixth has an id that is no key.
    users: Vec<(usize, usize)>,
    users_state: State,
    groups: Vec<(usize, usize)>,
    groups_state: State,
    /// Of each group: five users, the odd one, two groups, a device, and a user whom no list has.
    members: [(State, Vec<usize>); 3],
    /// What became of the user whom no list has.
    stranger: Stranger,
    /// Whether the names are others from here on.
    renames: bool,
    /// Which of the runs before is sent in place of this one.
    undoes: Option<usize>,
    gzip: bool,
    end: End,
}

#[derive(Debug, Clone, Copy)]
enum Stranger {
    Untold,
    Gone,
    Unreadable,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nothing is uploaded.
    Nothing,
    Finished,
    /// Cancelled before it began.
    Never,
    /// Cancelled in this phase: the job is aborted.
    Aborted(UploadPhase),
    /// Applied, and nobody heard of it.
    Lost,
    /// Finalize was asked for and never arrived, and its job cannot be looked at.
    NeverArrived,
}

fn step() -> impl Strategy<Value = Step> {
    let state = || prop_oneof![6 => Just(State::Complete), 1 => Just(State::Partial), 1 => Just(State::Forbidden)];
    let list_state = prop_oneof![
        6 => Just(State::Complete), 1 => Just(State::Partial), 1 => Just(State::Hidden), 1 => Just(State::Gone)
    ];
    let list = move || (list_state.clone(), prop::collection::vec(0_usize..10, 0..6));
    let end = prop_oneof![
        2 => Just(End::Nothing),
        8 => Just(End::Finished),
        1 => Just(End::Never),
        1 => Just(End::Aborted(UploadPhase::Entities)),
        1 => Just(End::Aborted(UploadPhase::Relationships)),
        1 => Just(End::Lost),
        1 => Just(End::NeverArrived)
    ];
    let users = prop::collection::vec((0_usize..6, 0_usize..3), 0..6);
    let groups = prop::collection::vec((0_usize..3, 0_usize..2), 0..4);
    let stranger = prop_oneof![Just(Stranger::Untold), Just(Stranger::Gone), Just(Stranger::Unreadable)];
    let how = (prop::bool::weighted(0.1), prop::option::weighted(0.15, 0_usize..5), any::<bool>(), end);
    ((users, state()), (groups, state()), [list(), list(), list()], stranger, how).prop_map(
        |((users, users_state), (groups, groups_state), members, stranger, (renames, undoes, gzip, end))| Step {
            users,
            users_state,
            groups,
            groups_state,
            members,
            stranger,
            renames,
            undoes,
            gzip,
            end,
        },
    )
}

const USER: &str = "#microsoft.graph.user";
const GROUP: &str = "#microsoft.graph.group";
const DEVICE: &str = "#microsoft.graph.device";
const STRANGER: &str = "u9-0000000";

fn user_id(n: usize) -> String {
    if n == 5 { "odd".to_owned() } else { format!("u{n}-0000000") }
}

fn object(kind: EntityKind, id: &str, odata_type: &str, mut json: Value) -> ObjectWrite {
    json["id"] = id.into();
    ObjectWrite { kind, id: id.to_owned(), odata_type: odata_type.to_owned(), raw: to_raw_value(&json).unwrap() }
}

fn listed(collection: Collection, state: State, objects: Vec<ObjectWrite>) -> PageWrite {
    let checkpoint = Checkpoint {
        collection,
        next_link: None,
        done: objects.len() as u64,
        total: None,
        end: Some(ListEnd { state, ..ListEnd::COMPLETE }),
        delta: false,
    };
    PageWrite { objects, checkpoint: Some(checkpoint), ..PageWrite::default() }
}

impl Step {
    fn pages(&self, tenant: &str) -> Vec<PageWrite> {
        let once = |all: &[(usize, usize)]| all.iter().copied().collect::<BTreeMap<usize, usize>>();
        let name = |n: usize| ["Ada", "Bob King", "Carl"][n];
        let users = once(&self.users).into_iter().map(|(n, named)| {
            let id = user_id(n);
            let json = json!({ "displayName": name(named), "userPrincipalName": format!("{id}@contoso.com") });
            object(EntityKind::User, &id, "", json)
        });
        let groups: Vec<usize> = once(&self.groups).into_keys().collect();
        let objects = once(&self.groups).into_iter().map(|(n, named)| {
            let name = ["Golf", "Chess"][named];
            object(EntityKind::Group, &format!("g{n}-0000000"), "", json!({ "displayName": name }))
        });
        let device = object(EntityKind::Member, "d0-0000000", DEVICE, json!({ "displayName": "Laptop" }));
        let account = object(EntityKind::Account, tenant, "", json!({ "displayName": "Contoso" }));
        let resolutions = match self.stranger {
            Stranger::Untold => vec![],
            Stranger::Gone => vec![Resolution::Gone { id: STRANGER.to_owned() }],
            Stranger::Unreadable => {
                vec![Resolution::Unreadable { id: STRANGER.to_owned(), odata_type: USER.to_owned() }]
            }
        };
        let mut pages = vec![
            listed(Collection::Account, State::Complete, vec![account]),
            listed(Collection::Users, self.users_state, users.collect()),
            listed(Collection::Groups, self.groups_state, objects.collect()),
            listed(Collection::Memberships, State::Complete, vec![]),
        ];
        for (n, (state, list)) in self.members.iter().enumerate().filter(|(n, _)| groups.contains(n)) {
            let members: BTreeMap<String, &'static str> = list
                .iter()
                .map(|m| match m {
                    9 => (STRANGER.to_owned(), USER),
                    8 => ("d0-0000000".to_owned(), DEVICE),
                    6 | 7 => (format!("g{}-0000000", m - 6), GROUP),
                    m => (user_id(*m), USER),
                })
                .collect();
            let write = MembersWrite {
                group: format!("g{n}-0000000"),
                members: members
                    .iter()
                    .map(|(id, kind)| MemberRef { id: id.as_str().into(), odata_type: (*kind).into() })
                    .collect(),
                end: Some(ListEnd { state: *state, ..ListEnd::COMPLETE }),
                ..MembersWrite::default()
            };
            pages.push(PageWrite { members: vec![write], ..PageWrite::default() });
        }
        pages.push(PageWrite { objects: vec![device], resolutions, ..PageWrite::default() });
        pages
    }
}

struct History {
    stage: Stage,
    tenant: TenantId,
    naming: Naming,
    runs: Vec<RunId>,
    /// Whether what is believed is what is there: not after an end that nobody knew, until a job without exemptions ends it.
    is_exact: bool,
    /// How many jobs did exactly what was foretold.
    confirmed: usize,
}

/// By `_type`: what came, changed and went between two looks at the target.
fn differences(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> BTreeMap<String, [u64; 3]> {
    let name = |line: &str| serde_json::from_str::<Value>(line).unwrap()["_type"].as_str().unwrap().to_owned();
    let mut all: BTreeMap<String, [u64; 3]> = BTreeMap::new();
    for (key, line) in after {
        match before.get(key) {
            None => all.entry(name(line)).or_default()[0] += 1,
            Some(had) if had != line => all.entry(name(line)).or_default()[1] += 1,
            Some(_) => {}
        }
    }
    for line in before.iter().filter(|(key, _)| !after.contains_key(*key)).map(|(_, line)| line) {
        all.entry(name(line)).or_default()[2] += 1;
    }
    all
}

fn foretold(preview: &Preview) -> BTreeMap<String, [u64; 3]> {
    let figures = |c: &Changes| [c.create, c.change, c.delete];
    let all = preview.changes.iter().map(|(name, c)| (name.clone(), figures(c)));
    all.filter(|(_, figures)| *figures != [0; 3]).collect()
}

impl History {
    async fn new(naming: Naming) -> Self {
        let stage = Stage::new("gzip", 1, 1).await;
        let tenant = TenantId::parse(&stage.demo.tenant_id.to_string()).unwrap();
        Self { stage, tenant, naming, runs: Vec::new(), is_exact: true, confirmed: 0 }
    }

    fn settings(&self, run: Option<RunId>) -> Settings {
        Settings { naming: self.naming, instance_name: Some("Ours".to_owned()), run, ..self.stage.settings() }
    }

    fn now(&self) -> Timestamp {
        self.stage.clock.now() + SignedDuration::from_secs(100 * self.runs.len() as i64)
    }

    fn writer(&self) -> Writer {
        Writer::open(self.settings(None).store().unwrap(), &self.tenant, self.now()).unwrap()
    }

    fn reader(&self) -> Reader {
        jobs::open(&self.settings(None)).unwrap()
    }

    fn read(&mut self, step: &Step) {
        let mut writer = self.writer();
        let run = writer.begin_run(self.now(), &RunPlan::default()).unwrap();
        for page in step.pages(self.tenant.as_str()) {
            writer.commit(run, &page).unwrap();
        }
        let end = RunEnd {
            status: RunStatus::Complete,
            finished_at: self.now() + SignedDuration::from_secs(1),
            requests: 1,
            resource_units: 1,
            seconds: 1.0,
        };
        writer.finish_run(run, &end).unwrap();
        self.runs.push(run);
    }

    async fn upload(&self, settings: &Settings, gzip: bool, end: End) -> Result<(), JobError> {
        let ready = jobs::prepare_upload(settings)?;
        let encoding = if gzip { Encoding::Gzip } else { Encoding::Plain };
        // Small, so that there are several bodies.
        let manner = Manner { leftover: Leftover::Abort, encoding, source: Source::External, body: Some(900) };
        let ready = Ready { leave: Leave::of(&ready.preview.guards), manner, ..ready };
        let cancel = CancellationToken::new();
        let mut context = self.stage.context(&Told::default(), &cancel);
        context.settings = settings.clone();
        if end == End::Never {
            cancel.cancel();
        }
        context.reporter = Arc::new(move |event: Event| {
            if let Event::Upload(progress) = &event {
                let is_lost = end == End::Lost && progress.status.as_deref().is_some_and(|s| s.starts_with("FINALIZ"));
                if is_lost || end == End::Aborted(progress.phase) {
                    cancel.cancel();
                }
            }
        }) as Arc<dyn Reporter>;
        let before = held(&self.stage);
        let preview = ready.preview.clone();
        let figures = jobs::upload(&context, ready).await?;
        if self.is_exact && matches!(preview.baseline, Baseline::Known { .. }) {
            is_job_of(&figures, &preview, "the job");
            assert_eq!(differences(&before, &held(&self.stage)), foretold(&preview), "by types");
        }
        Ok(())
    }

    /// As a process that was killed when finalize was on its way, and a job that nobody can look at.
    fn never_arrived(&self, settings: &Settings, preview: &Preview) {
        let (reader, mut writer, names) = (self.reader(), self.writer(), settings.names().unwrap());
        let target = settings.target().unwrap();
        let now = self.now();
        let upload = writer.begin_upload(&target, self.naming, preview.run, now, &preview.partial_types).unwrap();
        let (mut checker, mut entities, mut edges) = (Checker::new(&names, &self.tenant), Vec::new(), Vec::new());
        reader
            .for_each_entity(preview.run, &names, &mut |entity| {
                entities.extend(checker.entity(entity).map(|sent| SentEntity::of(&sent.entity, &sent.text)));
                ControlFlow::Continue(())
            })
            .unwrap();
        reader
            .for_each_edge(preview.run, &names, &mut |edge| {
                let bytes = edge.text(self.naming).len();
                if checker.edge(&edge, bytes) {
                    edges.push(edge);
                }
                ControlFlow::Continue(())
            })
            .unwrap();
        writer.note_entities(upload, &entities).unwrap();
        writer.note_edges(upload, &edges).unwrap();
        writer.upload_job(upload, "00000000-0000-4000-8000-000000000000").unwrap();
        writer.upload_in_doubt(upload).unwrap();
    }

    async fn live(&mut self, step: &Step) {
        self.read(step);
        if step.renames {
            let other = Naming::ALL.into_iter().find(|naming| *naming != self.naming);
            self.naming = other.unwrap();
        }
        let run = step.undoes.map(|back| self.runs[self.runs.len() - 1 - back.min(self.runs.len() - 1)]);
        let settings = self.settings(run);
        let preview = jobs::preview(&settings).unwrap();
        self.is_told_object_by_object(&settings, &preview);
        let before = held(&self.stage);
        let is_known = matches!(preview.baseline, Baseline::Known { .. });
        match step.end {
            End::Nothing => {}
            End::NeverArrived => {
                self.never_arrived(&settings, &preview);
                self.is_exact = false;
            }
            End::Finished => {
                self.upload(&settings, step.gzip, End::Finished).await.unwrap();
                self.confirmed += usize::from(self.is_exact && is_known);
                if !self.is_exact || !is_known {
                    self.is_foretold_in_bounds(&preview, &before);
                }
                self.is_exact |= preview.partial_types.is_empty();
                let again = jobs::preview(&settings).unwrap();
                assert!(matches!(again.baseline, Baseline::Known { .. }), "{:?}", again.baseline);
                assert!(again.changes.values().all(Changes::is_nothing), "{:?}", again.changes);
            }
            end @ (End::Never | End::Aborted(_)) => {
                let error = self.upload(&settings, step.gzip, end).await;
                // Where nothing is to be sent of a kind its phase begins all the same.
                assert!(error.is_err(), "{end:?}");
                assert_eq!(held(&self.stage), before);
                if self.is_exact {
                    let after = jobs::preview(&settings).unwrap();
                    assert_eq!((after.baseline, after.changes), (preview.baseline, preview.changes));
                }
            }
            End::Lost => {
                let Err(JobError::Upload(error)) = self.upload(&settings, step.gzip, End::Lost).await else {
                    panic!("its end was not heard of")
                };
                assert_eq!(jobs::end_of(&error), UploadEnded::InDoubt);
                self.is_exact = false;
                let after = jobs::preview(&settings).unwrap();
                assert!(matches!(after.baseline, Baseline::InDoubt { .. }), "{:?}", after.baseline);
            }
        }
    }

    /// Where it is not certain what is there: no deletion comes as a surprise, and nothing is called the same that is not.
    fn is_foretold_in_bounds(&self, preview: &Preview, before: &BTreeMap<String, String>) {
        // Of which type it is that may be there under two names is not certain either.
        let real = differences(before, &held(&self.stage));
        for edges in [false, true] {
            let sum = |all: &BTreeMap<String, [u64; 3]>| {
                let of = all.iter().filter(|(name, _)| name.contains("_has_") == edges);
                of.fold([0; 3], |sum, (_, figures)| std::array::from_fn(|n| sum[n] + figures[n]))
            };
            let ([created, changed, deleted], told) = (sum(&real), sum(&foretold(preview)));
            if !matches!(preview.baseline, Baseline::Unknown) {
                assert!(told[2] >= deleted, "{deleted} went, and {told:?} was told");
            }
            assert!(told[0] + told[1] >= created + changed, "{created} came, {changed} changed, and {told:?} was told");
        }
    }

    fn is_told_object_by_object(&self, settings: &Settings, preview: &Preview) {
        let mut objects = PlannedObjects::find(settings, None).unwrap();
        let mut told: BTreeMap<String, [u64; 3]> = BTreeMap::new();
        let mut seen = BTreeSet::new();
        let query = tenantry::domain::planned::PlannedQuery { limit: u64::MAX, ..Default::default() };
        objects
            .each(&query, &|| false, &mut |row| {
                let from = row.from.as_ref().map(|from| from.id.clone());
                assert!(seen.insert((row.object_type.clone(), from, row.end.id.clone())), "{row:?} twice");
                told.entry(row.object_type).or_default()[row.deed as usize] += 1;
            })
            .unwrap();
        assert_eq!(told, foretold(preview));
    }
}

fn live_through(naming: Naming, steps: &[Step]) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let mut history = History::new(naming).await;
        for step in steps {
            history.live(step).await;
        }
        history.confirmed
    })
}

/// More where `TENANTRY_CASES` says so.
fn cases() -> u32 {
    std::env::var("TENANTRY_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(12)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), max_shrink_iters: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn jobs_do_what_was_foretold(naming in prop::sample::select(&Naming::ALL[..]), steps in prop::collection::vec(step(), 5..9)) {
        let confirmed = live_through(naming, &steps);
        println!("{confirmed} jobs did exactly what was foretold");
    }
}
