//! A scripted engine, a fixed clock, and a UI without a terminal.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, future::BoxFuture};
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use ratatui::backend::TestBackend;
use tenantry::{
    app::{
        Model,
        views::{
            CredentialView, Fill, Fills, Form, FormCredential, JupiterOneForm, Kept, KeyWork, Mode, Overview,
            ProfileNews, ProfileRow, ProfileView, ProfileWork, Saved, SavedAs, StoreView, TrustValue, UploadEnd,
            UploadFailure, UploadOrder, UploadedView,
        },
    },
    domain::{
        check::{Check, CheckId, Offer},
        clock::Clock,
        cloud::Cloud,
        completeness::{Collection, Gap, GapScope, RunStatus, State},
        credential::{CertificateView, Thumbprint},
        explore::{Again, Answer, Question, TextForm, Whole},
        export::{ExportFormat, Exported},
        guard::Guard,
        ids::{RunId, is_guid_shaped},
        kind::EntityKind,
        live::LiveProgress,
        near::{Drawing, NearQuery},
        origin::Origin,
        permission,
        planned::PlannedQuery,
        preview::{Baseline, Cause, Changes, Preview, Why},
        problem::Problem,
        progress::{ConsentTry, Event, Fallback, IngestProgress, Level, LogLine, Phase, Reporter},
        reading::{How, RunKind},
        request::{Request, Service},
        secret::Secret,
        target::{Destination, Instance, Place, Target},
        upload::{JobFigures, LeftJob, UploadPhase, UploadProgress},
        validate::Finding,
        view::{EdgeEnds, List, Pending, Query, Row, Rows, RunInfo, Totals, Within},
    },
    driver::{Engine, Headful, Nowhere, Outside, UiOptions},
    jobs::Hold,
};
use tokio_util::sync::CancellationToken;
use url::Url;

pub const TENANT: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
pub const CLIENT: &str = "11112222-3333-4444-5555-666677778888";
pub const SECRET: &str = "Zx8Q~v7RkT2mWq9LpXs4NcYb6JdHfGu3e_h4Qz";
pub const WRONG_SECRET: &str = "Qy7R~b3NfV8cJz5KtDg1MwPs0LxAhEi4u_k2Lm";
pub const KEY: &str = "jX2vB9nT5qR8wL3yK6mD1sF4gH7zCpUoWn7pAaEx";

pub fn now() -> Timestamp {
    "2026-11-22T10:41:12Z".parse().unwrap()
}

pub struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        now()
    }
}

pub fn target() -> Target {
    Target {
        origin: Origin::parse("https://api.us.jupiterone.io").unwrap(),
        account: "acme".to_owned(),
        destination: Destination::Instance("5c3d2b1a-0000-4000-8000-00000000abcd".to_owned()),
    }
}

pub fn fills() -> Fills {
    let fill = |title: &str, secret: &str, expect: Option<&str>| Fill {
        title: title.to_owned(),
        tenant: TENANT.to_owned(),
        client: CLIENT.to_owned(),
        secret: Secret::new(secret),
        expect: expect.map(str::to_owned),
        jupiterone: Some(JupiterOneForm { target: target(), key: Some(Secret::new(KEY)) }),
    };
    Fills {
        right: fill("the demo tenant's own values", SECRET, None),
        wrong: vec![
            fill("another app's secret", WRONG_SECRET, Some("AADSTS7000215")),
            fill("the Secret ID instead of the Value", CLIENT, None),
            Fill { client: TENANT.to_owned(), ..fill("the tenant's ID for the app's", SECRET, Some("AADSTS700016")) },
        ],
    }
}

pub fn profile(organization: Option<&str>) -> ProfileView {
    ProfileView {
        name: "contoso".to_owned(),
        organization: organization.map(str::to_owned),
        tenant: "contoso.onmicrosoft.com".to_owned(),
        client: CLIENT.to_owned(),
        cloud: Cloud::Global,
        endpoints: None,
        target: Some(target()),
        names: Default::default(),
        credential: CredentialView::default(),
    }
}

/// What the engine is to do, and what it was asked.
#[derive(Default)]
pub struct Script {
    /// There is no keyring.
    pub keyless: bool,
    /// JupiterOne does not tell what the instance is called.
    pub unnamed: bool,
    /// An upload falls over with its end unknown.
    pub doubtful: bool,
    pub uploaded: bool,
    /// What earlier uploads left behind.
    pub left: Vec<LeftJob>,
    /// The target holds all of it already.
    pub settled: bool,
    /// In which forms everything was written.
    pub exports: Vec<ExportFormat>,
    /// The store cannot be read.
    pub broken: bool,
    pub orders: Vec<UploadOrder>,
    /// What speaks against an upload; else what the books say.
    pub guards: Option<Vec<Guard>>,
    /// What validation has to tell of the next preview.
    pub findings: Vec<Finding>,
    /// What the target is; else a custom instance.
    pub place: Option<Result<Place, Problem>>,
    /// JupiterOne is read, and that takes until somebody stops it.
    pub reading: bool,
    /// JupiterOne does not let the key read.
    pub unreadable: bool,
    /// What was asked for object by object.
    pub planned: Vec<PlannedQuery>,
    /// Of which targets that was asked.
    pub places: Vec<Target>,
    pub forms: Vec<Form>,
    /// As what a profile was saved last.
    pub saved: Option<SavedAs>,
    pub queries: Vec<Query>,
    /// What was asked to be around what, and drawn as what.
    pub around: Vec<NearQuery>,
    pub drawn: Vec<(NearQuery, Drawing)>,
    pub runs: Vec<RunInfo>,
    /// How runs were asked to read.
    pub hows: Vec<How>,
    /// What was asked to be read again by itself.
    pub again: Vec<Again>,
    /// The runs read what changed, and give up a shortcut.
    pub delta: bool,
    pub profile: Option<ProfileView>,
    /// Nobody has consented before the waiting ends.
    pub unconsented: bool,
    /// The cloud that the tenant lives in, if asked elsewhere.
    pub abroad: Option<Cloud>,
    /// The tenant's policy forbids secrets.
    pub no_secrets: bool,
    /// The instance is another integration's.
    pub foreign: bool,
    /// An administrator has consented.
    pub consented: bool,
    /// How keys were asked for.
    pub keys: Vec<KeyWork>,
    /// Files by name and text.
    pub written: Vec<(String, String)>,
    /// What was changed of the screens.
    pub kept: Vec<tenantry::app::settings::Settings>,
    /// See `super::profiles`.
    pub profiles: Vec<ProfileRow>,
    pub unconfirmed: Vec<TrustValue>,
    pub profile_work: Vec<ProfileWork>,
    /// No question is answered, but with this.
    pub mute: Option<Problem>,
    /// Rows come in two steps; the first says this.
    pub slow: Option<Pending>,
    /// Which runs were compared, the older first.
    pub compared: Vec<(RunId, RunId)>,
    /// Whole lists that were copied or written.
    pub taken: Vec<(Whole, TextForm)>,
}

#[derive(Default)]
pub struct Fake {
    pub script: Mutex<Script>,
    /// Comparing panics.
    pub clumsy: AtomicBool,
    /// Upload and collection wait until this is cancelled.
    pub patient: AtomicBool,
}

pub fn gaps() -> Vec<Gap> {
    let gap = |id: &str, name: &str, state, code: Option<&str>| Gap {
        scope: GapScope::Group,
        id: id.to_owned(),
        name: name.to_owned(),
        state,
        code: code.map(str::to_owned),
        request_id: None,
        accepted: false,
        stale_since: None,
    };
    vec![
        gap("g-hidden", "Secret Project X", State::Hidden, None),
        gap("g-refused", "Board", State::Forbidden, Some("Authorization_RequestDenied")),
    ]
}

pub fn run(id: i64, status: RunStatus) -> RunInfo {
    RunInfo {
        id: RunId(id),
        status,
        kind: RunKind::Full,
        started_at: "2026-11-22T10:20:00Z".parse().unwrap(),
        finished_at: (status != RunStatus::Running).then(|| "2026-11-22T10:20:19Z".parse().unwrap()),
        gaps: if status == RunStatus::Partial { gaps() } else { Vec::new() },
        requests: 311,
        resource_units: 8_134,
        seconds: 18.6,
        last_full: None,
        service_principals_as_of: None,
    }
}

/// Names as directories have them.
pub const NAMES: &[&str] = &[
    "Ada Lovelace",
    "Zoë Müller-Österreich",
    "李雷 Lei Li",
    "محمد علي",
    "👩\u{200d}🚀 Astro Naut",
    "evil\x1b[2J\x1b[31mred",
    "invoice\u{202e}fdp.exe",
    "A name that goes on and on, as names of shared mailboxes do, until nobody remembers how it began",
    "zero\u{200b}width",
    "tab\there",
];

pub fn row(list: List, n: u64) -> Row {
    let name = NAMES[n as usize % NAMES.len()];
    let name = if n < NAMES.len() as u64 { name.to_owned() } else { format!("{name} {n}") };
    let (kind, label, count) = match list {
        List::Accounts => (EntityKind::Account, "", None),
        List::Users => (EntityKind::User, if n % 3 == 1 { "guest" } else { "member" }, Some(n % 17)),
        List::Groups => {
            (EntityKind::Group, if n.is_multiple_of(2) { "Microsoft 365" } else { "security" }, Some(n * 1_117))
        }
        List::Members => (EntityKind::Member, "device", Some(1)),
        List::Edges => (EntityKind::User, "", None),
    };
    let edge = (list == List::Edges).then(|| EdgeEnds {
        from_id: "g-1".to_owned(),
        from_name: "Finance Team".to_owned(),
        edge_type: "active_directory_user_group_has_user".to_owned(),
        mapped: n % 5 == 4,
    });
    Row {
        id: match kind {
            EntityKind::Account => TENANT.to_owned(),
            EntityKind::Group => format!("g-{n}"),
            EntityKind::User | EntityKind::Member => format!("o-{n}"),
        },
        kind,
        second: format!("user{n}@contoso.onmicrosoft.com"),
        name,
        label: label.to_owned(),
        count,
        state: (kind == EntityKind::Group && n == 2).then_some(State::Hidden),
        edge,
        depth: None,
        in_cycle: false,
        cells: Vec::new(),
    }
}

fn certificate(subject: &str, cer_path: Option<&str>) -> CertificateView {
    CertificateView {
        thumbprint_sha1_hex: "77AB0C1D2E3F405162738495A6B7C8D9E0F10213".to_owned(),
        thumbprint: Thumbprint([7; 32]),
        not_before: now(),
        not_after: now() + jiff::SignedDuration::from_hours(24 * 365),
        subject: subject.to_owned(),
        certificate_base64: "MIIDazCCAlOgAwIBAgIUfakeFAKEfake".repeat(30),
        cer_path: cer_path.map(str::to_owned),
    }
}

fn totals() -> Totals {
    Totals { accounts: 1, users: 50_021, groups: 20_004, members: 4_532, edges: 403_854 }
}

impl Fake {
    pub fn rows(&self, query: Query) -> Rows {
        self.script.lock().unwrap().queries.push(query.clone());
        let (list, total) = match (&query.within, query.list) {
            (Within::MembersOf(id), _) if id == "g-2" => (List::Users, 0),
            (Within::MembersOf(_) | Within::AllMembersOf(_), _) => (List::Users, 18),
            (Within::GroupsOf(_) | Within::AllGroupsOf(_), _) => (List::Groups, 2),
            (Within::All, List::Accounts) => (List::Accounts, 1),
            (Within::All, list) => (list, 50_021),
        };
        let total = match query.filter.as_str() {
            "" => total,
            "nobody" => 0,
            _ => 12.min(total),
        };
        let reversed = query.sort.first().is_some_and(|sort| sort.descending);
        let rows = (query.offset..total.min(query.offset + query.limit))
            .map(|n| if reversed { total - 1 - n } else { n })
            .map(|n| Row { cells: query.columns.iter().map(|c| super::answers::cell(*c, n)).collect(), ..row(list, n) })
            .collect();
        Rows::new(query, total, rows)
    }
}

impl Engine for Fake {
    fn doctor(
        &self,
        form: Form,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<Vec<Check>, Problem>> {
        async move {
            let secret = match &form.credential {
                FormCredential::Secret(secret) => Some(secret.clone()),
                FormCredential::Stored | FormCredential::Key => None,
            };
            let jupiterone = form.jupiterone.is_some();
            let (abroad, forbidden, consented, foreign) = {
                let mut script = self.script.lock().unwrap();
                let abroad = script.abroad.filter(|home| *home != form.cloud);
                let forbidden = script.no_secrets && matches!(form.credential, FormCredential::Secret(_));
                script.forms.push(form);
                (abroad, forbidden, script.consented || !script.unconsented, script.foreign)
            };
            let bad = secret.is_some_and(|s| s.expose() != SECRET || is_guid_shaped(s.expose()));
            let mut all = vec![
                Check::ok(CheckId::Shapes, ""),
                Check::ok(CheckId::Clock, "within a second"),
                Check::ok(CheckId::Reach, "login and Graph, directly"),
            ];
            if let Some(home) = abroad {
                let problem = Problem::new("the tenant lives in another cloud").code("AADSTS90038");
                all.push(Check::failed(CheckId::Token, problem).offering(Offer::OtherCloud(home)));
            } else if forbidden {
                let problem = Problem::new("the tenant lets no app use a secret")
                    .code("AADSTS7000112")
                    .hint("Credential type not allowed as per assigned policy: take a certificate.");
                all.push(Check::failed(CheckId::Token, problem).offering(Offer::UseCertificate));
            } else if !consented {
                all.push(Check::ok(CheckId::Token, "for one hour"));
                let problem = Problem::new("the token has no roles: admin consent is missing")
                    .code("no_roles")
                    .hint("An administrator grants it: API permissions → Grant admin consent.");
                let mut check = Check::failed(CheckId::Roles, problem).offering(Offer::AwaitConsent);
                check.permissions = permission::table(&[]);
                all.push(check);
            } else if bad {
                let problem = Problem {
                    status: Some(401),
                    message: Some(
                        "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the \
                         client secret value, not the client secret ID, for a secret added to app '11112222-…'."
                            .to_owned(),
                    ),
                    trace_id: Some("03da4b8e-96cf-43a2-9df9-97a8e4d6a400".to_owned()),
                    request_id: Some("7b12f9bb-2e0c-4be0-8d7f-5b6f2f4f1f00".to_owned()),
                    ..Problem::new("the client secret was refused")
                        .code("AADSTS7000215")
                        .hint(
                            "Copy the column Value, not Secret ID. New secrets can take a minute to work: then try again.",
                        )
                        .link("https://login.microsoftonline.com/error?code=7000215")
                };
                all.push(Check::failed(CheckId::Token, problem));
            } else {
                all.push(Check::ok(CheckId::Token, "for one hour"));
                let mut roles = Check::ok(CheckId::Roles, "Directory.Read.All");
                roles.permissions = permission::table(&["Directory.Read.All".to_owned()]);
                all.push(roles);
                all.push(Check::ok(CheckId::Expiry, "2027-05-20"));
                all.push(Check::ok(CheckId::Organization, "Contoso"));
                all.push(Check::ok(CheckId::Users, ""));
                all.push(Check::ok(CheckId::Groups, ""));
                all.push(Check::ok(CheckId::Members, ""));
                if jupiterone && foreign {
                    all.push(Check::ok(CheckId::JupiterOneKey, "a user's key, which can read"));
                    let problem = Problem::new("nothing of this tenant is in the instance yet").code("instance_new");
                    let offer = Offer::ConfirmInstance {
                        name: "aws-production".to_owned(),
                        kind: Some("AWS".to_owned()),
                    };
                    all.push(Check::warning(CheckId::JupiterOneInstance, problem).offering(offer));
                } else if jupiterone {
                    let problem = Problem::new("an integration key cannot read the graph");
                    all.push(Check::cannot(CheckId::JupiterOneKey, problem));
                }
            }
            for check in &all {
                reporter.report(Event::Check(Box::new(check.clone())));
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_millis(200)) => {}
                    () = cancel.cancelled() => break,
                }
            }
            Ok(all)
        }
        .boxed()
    }

    fn consent(
        &self,
        _: Form,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<(), Problem>> {
        async move {
            let patience = if self.patient.load(Ordering::SeqCst) { 100 } else { 3 };
            for tries in 1..=patience {
                let in_seconds = |n| now() + jiff::SignedDuration::from_secs(n);
                let next_at = Some(in_seconds(15));
                reporter.report(Event::Consent(ConsentTry {
                    tries,
                    next_at,
                    until: in_seconds(1_800),
                    roles: Vec::new(),
                    problem: None,
                }));
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(15)) => {}
                    () = cancel.cancelled() => return Err(Problem::new("cancelled")),
                }
            }
            self.script.lock().unwrap().consented = true;
            Ok(())
        }
        .boxed()
    }

    fn key(&self, work: KeyWork) -> BoxFuture<'_, Result<CertificateView, Problem>> {
        async move {
            self.script.lock().unwrap().keys.push(work.clone());
            match work {
                KeyWork::Read { path, .. } if !path.ends_with(".pem") => {
                    Err(Problem::new(format!("{path} cannot be read: there is no such file")).code("no_such_file"))
                }
                KeyWork::Read { password: None, .. } => {
                    Err(Problem::new("the key is encrypted, and no password was given").code("certificate_password"))
                }
                KeyWork::Read { .. } => Ok(certificate("CN=contoso-reader", None)),
                KeyWork::Make { name } => Ok(certificate(
                    &format!("CN={name}"),
                    Some("/home/ada/.local/share/tenantry/certificates/tenantry-77AB.cer"),
                )),
            }
        }
        .boxed()
    }

    fn write(&self, name: String, text: String) -> BoxFuture<'_, Result<String, Problem>> {
        async move {
            let path = format!("/home/ada/.local/share/tenantry/scripts/{name}");
            self.script.lock().unwrap().written.push((name, text));
            Ok(path)
        }
        .boxed()
    }

    fn keep(&self, changed: tenantry::app::settings::Settings) -> BoxFuture<'_, Result<(), Problem>> {
        async move {
            self.script.lock().unwrap().kept.push(changed);
            Ok(())
        }
        .boxed()
    }

    fn save_profile(&self, form: Form) -> BoxFuture<'_, Result<Saved, Problem>> {
        async move {
            let mut script = self.script.lock().unwrap();
            script.saved = Some(form.profile);
            let mut profile = profile(Some("Contoso"));
            profile.target = form.jupiterone.map(|j| j.target);
            script.profile = Some(profile.clone());
            let kept = match script.keyless {
                false => Kept::Keyring("GNOME Keyring".to_owned()),
                true => Kept::Memory {
                    keyring: "Secret Service".to_owned(),
                    why: "no session bus: DBUS_SESSION_BUS_ADDRESS is not set".to_owned(),
                },
            };
            Ok(Saved { profile, kept })
        }
        .boxed()
    }

    fn profiles(&self, work: ProfileWork) -> BoxFuture<'_, Result<ProfileNews, Problem>> {
        self.about_profiles(work).boxed()
    }

    fn overview(&self) -> BoxFuture<'_, Result<Overview, Problem>> {
        async move {
            let script = self.script.lock().unwrap();
            if script.broken {
                let problem = Problem::new("the store is damaged: page 3 is missing").code("store_damaged");
                return Err(problem.hint("Move the file away, and read the directory anew."));
            }
            let finished = script.runs.iter().find(|r| r.status.is_finished()).cloned();
            let uploaded = script
                .uploaded
                .then(|| UploadedView { at: "2026-11-22T10:30:00Z".parse().unwrap(), in_doubt: script.doubtful });
            Ok(Overview {
                profile: script.profile.clone(),
                store: script.profile.is_some().then(|| StoreView {
                    temporary: false,
                    path: format!("~/.local/share/tenantry/tenants/{TENANT}.db"),
                    newest: script.runs.first().cloned(),
                    finished,
                    totals: if script.runs.is_empty() { Totals::default() } else { totals() },
                    held_by: None,
                    elsewhere: None,
                    uploaded,
                }),
            })
        }
        .boxed()
    }

    fn collect(
        &self,
        how: How,
        hold: Hold,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<RunInfo, Problem>> {
        async move {
            let (id, delta, cut_off) = {
                let mut script = self.script.lock().unwrap();
                script.hows.push(how);
                let cut_off = script.runs.first().is_some_and(|r| r.status == RunStatus::Interrupted);
                let resumes = cut_off && how != How::Anew;
                let id =
                    if resumes { script.runs.remove(0).id.0 } else { script.runs.first().map_or(0, |r| r.id.0) + 1 };
                script.runs.insert(0, run(id, RunStatus::Running));
                (id, script.delta, resumes)
            };
            let progress = |second| {
                let mut p = progress(second);
                if cut_off {
                    p.resumed_from = Some("2026-11-22T10:20:00Z".parse().unwrap());
                }
                if how == How::Everything {
                    p.because = Some("it was asked for".to_owned());
                }
                if delta {
                    changes(&mut p, second);
                }
                p
            };
            let line =
                |level, text: &str| Event::Log(LogLine { at: now(), level, text: text.to_owned(), problem: None });
            reporter.report(line(Level::Info, "a token for Contoso, valid for an hour"));
            for second in 0..9_u64 {
                reporter.report(Event::Ingest(Box::new(progress(second))));
                requests(second).for_each(|request| reporter.report(Event::Request(Box::new(request))));
                match second {
                    2 => reporter.report(line(Level::Retry, "503 for /users, again in 1.4 s (request 7c1a…)")),
                    5 => reporter.report(line(Level::Warning, "group \"Secret Project X\" hides its members")),
                    _ => {}
                }
                if hold.is_held() {
                    tokio::select! {
                        () = hold.over() => {}
                        () = cancel.cancelled() => {}
                    }
                }
                if second == 6 && self.patient.load(Ordering::SeqCst) {
                    cancel.cancelled().await;
                }
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    () = cancel.cancelled() => {
                        let ended = run(id, RunStatus::Interrupted);
                        self.script.lock().unwrap().runs[0] = ended.clone();
                        return Ok(ended);
                    }
                }
            }
            let mut last = progress(9);
            for of in &mut last.collections {
                (of.phase, of.done) = (Phase::Ended(State::Complete), of.total.unwrap_or(20_004));
            }
            last.of_mut(Collection::Memberships).phase = Phase::Ended(State::Partial);
            reporter.report(Event::Ingest(Box::new(last)));
            let ended = run(id, RunStatus::Partial);
            self.script.lock().unwrap().runs[0] = ended.clone();
            Ok(ended)
        }
        .boxed()
    }

    fn again(
        &self,
        again: Again,
        hold: Hold,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<RunInfo, Problem>> {
        self.script.lock().unwrap().again.push(again);
        self.collect(How::Changes, hold, reporter, cancel)
    }

    fn ask(&self, run: RunId, question: Question, _: CancellationToken) -> BoxFuture<'_, Result<Answer, Problem>> {
        self.answer(run, question).boxed()
    }

    fn preview(&self, of: Option<RunId>, _: CancellationToken) -> BoxFuture<'_, Result<Preview, Problem>> {
        async move {
            assert!(!self.clumsy.load(Ordering::SeqCst), "the comparison tripped");
            let script = self.script.lock().unwrap();
            let naming = script.profile.as_ref().map(|p| p.names.naming()).unwrap_or_default();
            if script.unnamed && naming.needs_instance() {
                let mut problem =
                    Problem::new(format!("the naming {naming} needs the name of the instance, and nobody told it"))
                        .code("instance_name")
                        .hint("Give it with --jupiterone-instance-name.");
                problem.message = Some("reading the instance: JupiterOne refused (403) FORBIDDEN".to_owned());
                return Err(problem);
            }
            let mut changes: std::collections::BTreeMap<String, Changes> =
                naming.all_types().map(|t| (t.to_owned(), Changes::default())).collect();
            let mut set = |kind: &str, create, change, delete, same| {
                changes.insert(kind.to_owned(), Changes { create, change, delete, same });
            };
            let known = script.uploaded;
            set("active_directory_account", u64::from(!known), 0, 0, u64::from(known));
            if script.settled {
                set("active_directory_user", 0, 0, 0, 50_021);
            } else if known {
                set("active_directory_user", 61, 207, 34, 49_753);
                set("active_directory_user_group_has_user", 1_204, 0, 7_988, 315_379);
            } else {
                set("active_directory_user", 50_021, 0, 0, 0);
                set("active_directory_user_group_has_user", 316_583, 0, 0, 0);
            }
            Ok(Preview {
                run: of.unwrap_or(script.runs[0].id),
                collected_at: "2026-11-22T10:20:19Z".parse().unwrap(),
                target: script.profile.as_ref().and_then(|p| p.target.clone()),
                naming,
                baseline: match (known, script.doubtful) {
                    (false, _) => Baseline::Unknown,
                    (true, true) => Baseline::InDoubt {
                        job_id: Some("b1946ac9-2f4d-4e0a-9d63-0d2f3a8f5b11".to_owned()),
                        since: "2026-11-15T09:12:00Z".parse().unwrap(),
                    },
                    (true, false) => Baseline::Known { uploaded_at: "2026-11-15T09:12:00Z".parse().unwrap() },
                },
                changes,
                partial_types: vec!["active_directory_user_group_has_group_member".to_owned()],
                gaps: gaps(),
                bytes: 12_400_000,
                requests: 41,
                left: script.left.clone(),
                expected_seconds: known.then_some(19.6),
                findings: script.findings.clone(),
                guards: script.guards.clone().unwrap_or_else(|| match known {
                    true => Vec::new(),
                    false => vec![Guard::FirstUpload],
                }),
                causes: match known {
                    true => vec![Cause {
                        name: "active_directory_user_group_has_user".to_owned(),
                        deletions: 950,
                        why: Why::Gone { of: "active_directory_user".to_owned(), many: 34 },
                    }],
                    false => Vec::new(),
                },
                digests: None,
            })
        }
        .boxed()
    }

    fn preview_live(
        &self,
        of: Option<RunId>,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<Preview, Problem>> {
        async move {
            let (reading, unreadable) = {
                let script = self.script.lock().unwrap();
                (script.reading, script.unreadable)
            };
            if unreadable {
                let problem =
                    Problem::new("what JupiterOne holds cannot be checked: it does not let this key read the graph");
                return Err(problem.code("cannot_read_graph").hint(
                    "An Integration API key may only upload. Give an account's or a person's API key for this.",
                ));
            }
            reporter.report(Event::Live(LiveProgress {
                entities: 12_500,
                relationships: 0,
                entities_total: Some(49_999),
                relationships_total: Some(322_163),
                requests: 29,
            }));
            if reading {
                cancel.cancelled().await;
                return Err(Problem::new("cancelled"));
            }
            let mut preview = self.preview(of, cancel).await?;
            preview.baseline = Baseline::Live {
                read_at: "2026-11-22T10:30:00Z".parse().unwrap(),
                requests: 874,
                apart: Some(if self.script.lock().unwrap().settled { 0 } else { 302 }),
            };
            Ok(preview)
        }
        .boxed()
    }

    fn keep_plan(&self, run: RunId) -> BoxFuture<'_, Result<String, Problem>> {
        async move { Ok(format!("/data/plans/contoso-run-{run}.json")) }.boxed()
    }

    fn place(&self, target: Target, _: CancellationToken) -> BoxFuture<'_, Result<Place, Problem>> {
        async move {
            let mut script = self.script.lock().unwrap();
            script.places.push(target);
            script.place.clone().unwrap_or_else(|| {
                Ok(Place::Custom(Instance {
                    id: "5c3d2b1a-0000-4000-8000-00000000abcd".to_owned(),
                    name: "m365-prod".to_owned(),
                    definition: Some("Custom".to_owned()),
                    integration_type: Some("custom".to_owned()),
                }))
            })
        }
        .boxed()
    }

    fn export(&self, format: ExportFormat, _: CancellationToken) -> BoxFuture<'_, Result<Exported, Problem>> {
        let path = format!("/home/ada/tenantry-run-3-{}", format.as_str());
        self.script.lock().unwrap().exports.push(format);
        async move { Ok(Exported { path, entities: 74_558, relationships: 403_854 }) }.boxed()
    }

    fn upload(
        &self,
        order: UploadOrder,
        reporter: Arc<dyn Reporter>,
        cancel: CancellationToken,
    ) -> BoxFuture<'_, Result<JobFigures, UploadFailure>> {
        async move {
            self.script.lock().unwrap().orders.push(order);
            let failure = |summary: &str, end| UploadFailure { problem: Problem::new(summary).code("cancelled"), end };
            for phase in [UploadPhase::Starting, UploadPhase::Entities, UploadPhase::Relationships] {
                reporter.report(Event::Upload(UploadProgress {
                    phase,
                    job_id: Some("b1946ac9-2f4d-4e0a-9d63-0d2f3a8f5b11".to_owned()),
                    entities_sent: if phase == UploadPhase::Relationships { 74_558 } else { 0 },
                    entities_total: 74_558,
                    relationships_sent: if phase == UploadPhase::Relationships { 120_000 } else { 0 },
                    relationships_total: 403_854,
                    batches: 17,
                    bytes: 8_200_000,
                    retries: 1,
                    seconds: 7.0,
                    sending_seconds: 7.0,
                    before: 0,
                    status: Some("AWAITING_UPLOADS".to_owned()),
                }));
                if phase == UploadPhase::Relationships && self.patient.load(Ordering::SeqCst) {
                    cancel.cancelled().await;
                }
                tokio::select! {
                    () = tokio::time::sleep(Duration::from_secs(1)) => {}
                    () = cancel.cancelled() => return Err(failure("the upload was cancelled", UploadEnd::Cancelled)),
                }
            }
            if self.script.lock().unwrap().doubtful {
                return Err(failure("JupiterOne did not answer to finalize", UploadEnd::InDoubt));
            }
            self.script.lock().unwrap().uploaded = true;
            Ok(JobFigures {
                id: "b1946ac9-2f4d-4e0a-9d63-0d2f3a8f5b11".to_owned(),
                status: "FINISHED".to_owned(),
                num_entities_uploaded: 74_558,
                num_entities_created: 61,
                num_entities_updated: 207,
                num_entities_deleted: 34,
                num_relationships_uploaded: 403_854,
                num_relationships_created: 1_204,
                num_relationships_deleted: 7_988,
                ..JobFigures::default()
            })
        }
        .boxed()
    }

    fn demo_consent(&self) -> BoxFuture<'_, Result<(), Problem>> {
        async {
            self.script.lock().unwrap().consented = true;
            Ok(())
        }
        .boxed()
    }

    fn demo_advance(&self) -> BoxFuture<'_, Result<(), Problem>> {
        async { Ok(()) }.boxed()
    }
}

fn progress(second: u64) -> IngestProgress {
    let mut p = IngestProgress { seconds: second as f64, ..IngestProgress::default() };
    let mut set = |c, phase, done, total| {
        let of = p.of_mut(c);
        (of.phase, of.done, of.total, of.seconds) = (phase, done, total, second as f64);
        of.rate = done as f64 / second.max(1) as f64;
    };
    set(Collection::Account, if second > 0 { Phase::Ended(State::Complete) } else { Phase::Reading }, 1, Some(1));
    set(Collection::Users, Phase::Reading, 4_100 * second, Some(50_021));
    set(
        Collection::Groups,
        if second > 4 { Phase::Ended(State::Complete) } else { Phase::Reading },
        20_004.min(5_001 * second),
        Some(20_004),
    );
    if second > 1 {
        set(Collection::Memberships, Phase::Reading, 2_000 * (second - 1), None);
    }
    p.edges = 30_000 * second;
    p.wire.requests = 40 * second + second * second;
    p.wire.refused = 2;
    p.wire.retried = 3;
    p.wire.in_flight = 8;
    p.wire.resource_units = 900 * second;
    p.kind = Some(RunKind::Full);
    p.rate = if second > 0 { 36_104.0 } else { 0.0 };
    p.eta_seconds = (second > 1).then_some(11.0 - second as f64);
    p.wire.units_10s = 6_212;
    p.wire.pace_10s = 6_400;
    p.wire.quota_10s = 8_000;
    if second > 4 {
        p.gaps = gaps();
    }
    p.wire.throttled_seconds = if second > 3 { 0.8 } else { 0.0 };
    p.wire.p95_ms = 212;
    p
}

/// Two requests of each second: a page of users, and a batch of members.
fn requests(second: u64) -> impl Iterator<Item = Request> {
    let page =
        "https://graph.microsoft.com/v1.0/users?$select=id,displayName,userPrincipalName&$top=999&$skiptoken=abc";
    let batch = "https://graph.microsoft.com/v1.0/$batch";
    [("GET", page, 212, 2), ("POST", batch, 1_480, 20)].into_iter().map(move |(method, url, ms, units)| {
        let at = now() + SignedDuration::from_secs(second.cast_signed());
        let mut request = Request::new(at, Service::Graph, method, &Url::parse(url).unwrap());
        (request.status, request.units, request.ms) = (Some(200), Some(units), ms);
        if second == 2 && method == "GET" {
            (request.status, request.units, request.again_in_ms) = (Some(503), None, Some(1_400));
            request.code = Some("serviceUnavailable".to_owned());
        }
        request.attempt = if second == 3 { 2 } else { 1 };
        request
    })
}

/// A run that reads what changed, without one of its shortcuts.
fn changes(p: &mut IngestProgress, second: u64) {
    p.kind = Some(RunKind::Delta);
    p.changes_since = Some("2026-11-22T08:02:00Z".parse().unwrap());
    p.last_full = Some("2026-11-19T08:02:00Z".parse().unwrap());
    p.because = Some("the last full read is younger than 7 days".to_owned());
    p.fallbacks = vec![Fallback {
        what: "members are read group by group".to_owned(),
        why: "400 Request_UnsupportedQuery".to_owned(),
    }];
    p.of_mut(Collection::Users).done = 12 * second;
    p.of_mut(Collection::Groups).done = second.min(4);
    p.rate = 14.0;
}

/// Events that come when a test sends them; it never ends.
pub type Quiet = futures::stream::Pending<Outside>;
pub type Ui = Headful<TestBackend, Quiet>;

/// A UI of this size on this engine, which may know a profile already.
pub fn ui(engine: &Arc<Fake>, mode: Mode, size: (u16, u16)) -> Ui {
    let options = UiOptions {
        mode,
        preferences: tenantry::app::settings::Preferences::default(),
        zone: TimeZone::UTC,
        vault: if mode == Mode::Demo { "memory (demo)".to_owned() } else { "GNOME Keyring".to_owned() },
        fills: (mode == Mode::Demo).then(fills),
        profile: engine.script.lock().unwrap().profile.clone(),
        clock: Arc::new(Still),
    };
    let engine: Arc<dyn Engine> = engine.clone();
    Headful::new(TestBackend::new(size.0, size.1), futures::stream::pending(), options, engine, Box::new(Nowhere))
        .unwrap()
}

/// Nothing runs any more, nor is anything being fetched.
pub fn quiet(model: &Model) -> bool {
    model.jobs.is_empty()
}

/// What is on the screen, without colours.
pub fn screen(ui: &Ui) -> String {
    text(ui.backend().buffer())
}

pub fn text(buffer: &ratatui::buffer::Buffer) -> String {
    let mut out = String::new();
    for line in buffer.content.chunks(usize::from(buffer.area.width)) {
        let mut skip = 0;
        let mut text = String::new();
        for cell in line {
            // The cell behind a wide character is not drawn.
            if skip > 0 {
                skip -= 1;
                continue;
            }
            text.push_str(cell.symbol());
            skip = unicode_width::UnicodeWidthStr::width(cell.symbol()).saturating_sub(1);
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}
