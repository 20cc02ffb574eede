//! The doctor against a login, a Graph and a JupiterOne that answer as each case wants.

use std::{collections::HashMap, sync::Mutex};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::{
    domain::{
        check::Offer,
        clock::SystemClock,
        credential::{ClientKey, Thumbprint},
        permission::Need,
        secret::SecretBytes,
        target::{Destination, Target},
    },
    graph::stub::TestClock,
    jupiterone::stub::{self, Reply, Stub},
};

const TENANT: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
const CLIENT: &str = "535fb089-9ff3-47b6-9bfb-4f1264799865";
const SECRET: &str = "Xyz8Q~hunter2hunter2hunter2hunter2hunter";
const INSTANCE: &str = "11111111-2222-4333-8444-555555555555";

type Answers = Arc<Mutex<HashMap<String, (u16, Value)>>>;

/// Login and Graph: the last segment of a path decides.
struct Bench {
    origin: Origin,
    answers: Answers,
    asked: Arc<Mutex<Vec<String>>>,
    jupiterone: Stub,
    input: DoctorInput,
}

impl Bench {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let (answers, asked) = (Answers::default(), Arc::<Mutex<Vec<String>>>::default());
        let state = (Arc::clone(&answers), Arc::clone(&asked));
        let router = Router::new().fallback(answer).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let jupiterone = Stub::start().await;
        let target = Target {
            origin: jupiterone.origin.clone(),
            account: stub::ACCOUNT.to_owned(),
            destination: Destination::Instance(INSTANCE.to_owned()),
        };
        let input = DoctorInput {
            tenant: format!(" {TENANT} "),
            client: CLIENT.to_owned(),
            credential: Some(Credential::Secret(Secret::new(format!("{SECRET}\n")))),
            credential_expires: None,
            cloud: Cloud::Global,
            login: origin.clone(),
            graph: origin.clone(),
            scope: Cloud::Global.scope(&Cloud::Global.graph()),
            net: NetConfig::default(),
            jupiterone: Some(JupiterOneInput {
                naming: Naming::ActiveDirectory,
                target,
                key: Some(stub::key()),
                seen: Seen::Ours,
            }),
            clock: Arc::new(SystemClock),
        };
        let bench = Self { origin, answers, asked, jupiterone, input };
        bench.roles(&["Directory.Read.All"]);
        let domains = json!([{ "name": "contoso.onmicrosoft.com", "isDefault": false }, { "name": "contoso.com", "isDefault": true }]);
        bench.on(
            "organization",
            200,
            json!({ "value": [{ "id": TENANT, "displayName": "Contoso", "verifiedDomains": domains }] }),
        );
        bench.on("users", 200, json!({ "value": [{ "id": "u" }] }));
        let hidden = json!({ "id": "h", "visibility": "HiddenMembership" });
        bench.on("groups", 200, json!({ "value": [hidden, { "id": "g", "visibility": null }] }));
        bench.on("members", 200, json!({ "value": [{ "@odata.type": "#microsoft.graph.user", "id": "u" }] }));
        bench
    }

    fn on(&self, what: &str, status: u16, body: Value) {
        self.answers.lock().unwrap().insert(what.to_owned(), (status, body));
    }

    fn token(&self, token: &str) {
        self.on("token", 200, json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": token }));
    }

    fn claims(&self, claims: &Value) {
        let part = |v: &Value| URL_SAFE_NO_PAD.encode(v.to_string());
        self.token(&format!("{}.{}.c2ln", part(&json!({ "alg": "none" })), part(claims)));
    }

    fn roles(&self, roles: &[&str]) {
        self.claims(&json!({ "tid": TENANT, "appid": CLIENT, "roles": roles, "app_displayname": "JupiterOne" }));
    }

    /// Runs the doctor; what it returns is what it reported, and in the order of [`CheckId::ALL`].
    async fn run(&self) -> Vec<Check> {
        let reported = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&reported);
        let reporter = move |event| {
            if let Event::Check(check) = event {
                sink.lock().unwrap().push(*check);
            }
        };
        let checks = doctor(self.input.clone(), Arc::new(reporter)).await;
        assert_eq!(*reported.lock().unwrap(), checks);
        assert_eq!(checks.iter().map(|c| c.id).collect::<Vec<_>>(), CheckId::ALL);
        for check in &checks {
            assert_eq!(check.status == CheckStatus::Ok, check.problem.is_none(), "{check:?}");
            if let (CheckStatus::Failed | CheckStatus::Warning, Some(problem)) = (check.status, &check.problem) {
                assert!(problem.hint.is_some(), "{check:?}");
                assert!(
                    check.status == CheckStatus::Warning || problem.block().contains("time (UTC): 20"),
                    "{check:?}"
                );
            }
        }
        assert!(!format!("{checks:?}").contains("hunter2"));
        checks
    }

    async fn one(&self, id: CheckId) -> Check {
        self.run().await.into_iter().find(|c| c.id == id).unwrap()
    }

    /// The outcome of one check: its status and the code of its problem.
    async fn outcome(&self, id: CheckId) -> (CheckStatus, Option<String>) {
        let check = self.one(id).await;
        (check.status, check.problem.and_then(|p| p.code))
    }
}

async fn answer(State((answers, asked)): State<(Answers, Arc<Mutex<Vec<String>>>)>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    asked.lock().unwrap().push(request.uri().to_string());
    let what = path.rsplit('/').next().unwrap_or_default();
    let (status, body) = answers.lock().unwrap().get(what).cloned().unwrap_or((404, json!({})));
    Response::builder().status(status).body(body.to_string().into()).unwrap()
}

fn failed(code: &str) -> (CheckStatus, Option<String>) {
    (CheckStatus::Failed, Some(code.to_owned()))
}

fn cannot(code: &str) -> (CheckStatus, Option<String>) {
    (CheckStatus::CannotCheck, Some(code.to_owned()))
}

fn warning(code: &str) -> (CheckStatus, Option<String>) {
    (CheckStatus::Warning, Some(code.to_owned()))
}

const OK: (CheckStatus, Option<String>) = (CheckStatus::Ok, None);

#[tokio::test(start_paused = true)]
async fn all_is_well() {
    let bench = Bench::new().await;
    let checks = bench.run().await;
    let found: Vec<_> = checks.iter().map(|c| c.found.as_deref()).collect();
    assert_eq!(
        found[..10],
        [
            Some("tenant, client and secret"),
            Some("0 s from 127.0.0.1's"),
            Some("127.0.0.1"),
            Some("app JupiterOne, for 59 minutes"),
            Some("Directory.Read.All"),
            None,
            Some("Contoso · contoso.com"),
            Some("allowed"),
            Some("allowed"),
            Some("allowed"),
        ]
    );
    // Neither the end of a secret that nobody noted, nor what an Integration API key may not read, is a fault.
    for at in [5, 10, 11, 12] {
        assert_eq!(checks[at].status, CheckStatus::CannotCheck, "{:?}", checks[at]);
        assert!(checks[at].problem.as_ref().unwrap().hint.as_deref().unwrap().starts_with("This is no fault"));
    }
    let asked = bench.asked.lock().unwrap();
    assert_eq!(asked[..2], ["/", "/"], "the login service and Graph, without a credential");
    assert_eq!(asked[2], format!("/{TENANT}/oauth2/v2.0/token"));
    assert!(asked[5].starts_with("/v1.0/users?$top=1"), "{asked:?}");
    assert_eq!(asked[7], "/v1.0/groups/g/members?$select=id&$top=5", "not the hidden one");
    assert_eq!(bench.jupiterone.count("POST graphql"), 1);
    assert_eq!(bench.jupiterone.story().len(), 2, "nothing that writes");
}

#[tokio::test(start_paused = true)]
async fn wrong_shapes_are_not_sent() {
    async fn check(change: fn(&mut DoctorInput), code: &str, next: &str) {
        let mut bench = Bench::new().await;
        change(&mut bench.input);
        let shapes = bench.one(CheckId::Shapes).await;
        assert_eq!(
            (shapes.status, shapes.problem.as_ref().unwrap().code.as_deref()),
            (CheckStatus::Failed, Some(code))
        );
        assert!(shapes.problem.unwrap().hint.unwrap().contains(next), "{code}");
        assert_eq!(bench.outcome(CheckId::Groups).await, cannot("not_checked"));
        assert!(bench.asked.lock().unwrap().is_empty(), "{code}");
        assert_eq!(bench.jupiterone.count("POST graphql"), 2, "JupiterOne is checked all the same");
    }
    check(|input| input.tenant = "Contoso Ltd".to_owned(), "tenant_shape", "contoso.onmicrosoft.com").await;
    check(|input| input.client = "my app".to_owned(), "client_shape", "Application (client) ID").await;
    check(|input| input.client = TENANT.to_owned(), "same_id", "Overview").await;
    check(|input| input.credential = Some(Secret::new(CLIENT).into()), "secret_id_not_value", "Value").await;
    check(|input| input.credential = None, "no_secret", "use a certificate").await;
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_is_named_once() {
    let closed = || {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        Origin::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap()
    };
    let mut bench = Bench::new().await;
    bench.input.login = closed();
    let checks = bench.run().await;
    let reach = &checks[2];
    assert_eq!((reach.id, reach.status), (CheckId::Reach, CheckStatus::Failed));
    assert!(reach.problem.as_ref().unwrap().summary.contains("127.0.0.1"), "{reach:?}");
    assert_eq!(checks[1].status, CheckStatus::Ok, "Graph tells the time as well");
    assert!(checks[3..10].iter().all(|c| c.problem.as_ref().unwrap().code.as_deref() == Some("not_checked")));
    assert_eq!(checks[10].id, CheckId::JupiterOneKey);
    assert_ne!(checks[10].problem.as_ref().unwrap().code.as_deref(), Some("not_checked"), "it has its own way");

    let mut bench = Bench::new().await;
    bench.input.jupiterone.as_mut().unwrap().target.origin = closed();
    bench.input.graph = closed();
    let checks = bench.run().await;
    let message = checks[2].problem.as_ref().unwrap().message.clone().unwrap();
    assert!(message.contains("also: "), "{message}");
    assert_eq!(checks[3].status, CheckStatus::Ok, "the login service is there");
    assert!(checks[10..].iter().all(|c| c.problem.as_ref().unwrap().code.as_deref() == Some("not_checked")));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_off() {
    async fn check(seconds: i64, want: Option<&str>) {
        let mut bench = Bench::new().await;
        let clock = TestClock::new(&(Timestamp::now() + jiff::SignedDuration::from_secs(seconds)).to_string());
        bench.input.clock = Arc::new(clock);
        let check = bench.one(CheckId::Clock).await;
        match want {
            None => assert_eq!(check.status, CheckStatus::Ok, "{check:?}"),
            Some(words) => {
                assert_eq!(check.status, CheckStatus::Warning);
                let problem = check.problem.unwrap();
                assert!(problem.summary.contains(words), "{problem:?}");
                assert!(problem.hint.unwrap().contains("set its time"));
            }
        }
    }
    check(0, None).await;
    check(-100, None).await;
    check(605, Some("10 minutes ahead of 127.0.0.1's")).await;
    check(-3 * 3_600, Some("hours behind")).await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_says_where_to_click() {
    async fn check(number: u64, status: u16, link: &str, offer: Option<Offer>) {
        let bench = Bench::new().await;
        let text = format!("AADSTS{number}: words of microsoftonline.us.\r\nTrace ID: t");
        let body = json!({ "error": "invalid_client", "error_description": text, "error_codes": [number],
            "trace_id": "t", "correlation_id": "c", "timestamp": "2026-11-22 10:00:00Z" });
        bench.on("token", status, body);
        let checks = bench.run().await;
        let problem = checks[3].problem.clone().unwrap();
        assert_eq!(problem.code.as_deref(), Some(format!("AADSTS{number}").as_str()));
        assert_eq!(problem.message.as_deref(), Some(text.as_str()), "verbatim");
        assert_eq!((problem.trace_id.as_deref(), problem.request_id.as_deref()), (Some("t"), Some("c")));
        let block = problem.block();
        for part in ["correlation id: c", "trace id: t", "time (UTC): 2026-11-22 10:00:00Z", "next step: "] {
            assert!(block.contains(part), "{block}");
        }
        assert!(problem.link.as_deref().unwrap().contains(link), "{problem:?}");
        assert_eq!(checks[3].offer, offer, "{number}");
        assert!(checks[4..10].iter().all(|c| c.status == CheckStatus::CannotCheck));
    }
    check(7_000_215, 401, &format!("Credentials/appId/{CLIENT}"), None).await;
    check(7_000_222, 401, &format!("Credentials/appId/{CLIENT}"), None).await;
    check(700_016, 400, &format!("Overview/appId/{CLIENT}"), None).await;
    check(90_002, 400, &format!("Overview/appId/{CLIENT}"), None).await;
    check(53_003, 400, "https://login.microsoftonline.com/error?code=53003", None).await;
    check(90_038, 400, "error?code=90038", Some(Offer::OtherCloud(Cloud::UsGov))).await;
    check(7_000_229, 401, "adminconsent", Some(Offer::AwaitConsent)).await;
    check(123_456, 400, "https://login.microsoftonline.com/error?code=123456", None).await;
}

#[tokio::test(start_paused = true)]
async fn roles_in_the_token() {
    async fn check(roles: &[&str], want: (CheckStatus, Option<String>), next: &str) {
        let bench = Bench::new().await;
        bench.roles(roles);
        let check = bench.one(CheckId::Roles).await;
        let problem = check.problem.unwrap_or_default();
        assert_eq!((check.status, problem.code.clone()), want, "{roles:?}");
        assert_eq!(check.permissions.len(), crate::domain::permission::LEAST.len());
        assert!(problem.hint.unwrap_or_default().contains(next), "{roles:?}: {next}");
        let awaits = check.status == CheckStatus::Failed;
        assert_eq!(check.offer, awaits.then_some(Offer::AwaitConsent));
    }
    check(&["Directory.Read.All"], OK, "").await;
    check(&["Directory.Read.All", "Member.Read.Hidden"], OK, "").await;
    check(&[], failed("no_roles"), "Grant admin consent. A Privileged Role Administrator").await;
    check(&["Mail.Read"], failed("missing_roles"), "User.Read.All").await;
    check(&["User.Read.All", "GroupMember.Read.All"], failed("missing_roles"), "add Organization.Read.All or Dir")
        .await;
    let least = ["User.Read.All", "GroupMember.Read.All", "Organization.Read.All"];
    check(&least, warning("missing_roles"), "Edges are whole").await;
    check(&["User.Read.All", "Group.Read.All", "Organization.Read.All"], warning("missing_roles"), "Device").await;
    let members = ["Device.Read.All", "OrgContact.Read.All", "Application.Read.All"];
    check(&[least, members].concat(), OK, "").await;
    check(&["Directory.ReadWrite.All"], warning("write_roles"), "Add Directory.Read.All, then remove Directory.Rea")
        .await;
    check(&["Directory.Read.All", "Mail.Send"], warning("write_roles"), "tenantry only reads. Remove Mail.Send").await;
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_is_said_before_it_is_missed() {
    let bench = Bench::new().await;
    bench.roles(&["User.Read.All", "GroupMember.Read.All", "Organization.Read.All", "Device.Read.All"]);
    let check = bench.one(CheckId::Roles).await;
    let summary = check.problem.unwrap().summary;
    assert!(summary.contains("contacts in groups") && summary.contains("service principals"), "{summary}");
    assert!(!summary.contains("devices") && !summary.contains("hidden"), "{summary}");
    let missing: Vec<_> = check.permissions.iter().filter(|row| row.granted_by.is_none()).collect();
    assert_eq!(missing.iter().filter(|row| row.need == Need::Extra).count(), 2, "told in the table only");
}

#[tokio::test(start_paused = true)]
async fn missing_consent_links_to_the_prompt() {
    let bench = Bench::new().await;
    bench.roles(&[]);
    let link = bench.one(CheckId::Roles).await.problem.unwrap().link.unwrap();
    assert_eq!(link, format!("{}/{TENANT}/adminconsent?client_id={CLIENT}", bench.origin));
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_another_s_or_opaque() {
    let bench = Bench::new().await;
    bench.claims(&json!({ "tid": CLIENT, "appid": CLIENT, "roles": ["Directory.Read.All"] }));
    assert_eq!(bench.outcome(CheckId::Roles).await, failed("other_token"));
    bench.claims(&json!({ "tid": TENANT.to_uppercase(), "appid": TENANT, "roles": ["Directory.Read.All"] }));
    assert_eq!(bench.outcome(CheckId::Roles).await, failed("other_token"));
    bench.token("opaque");
    assert_eq!(bench.outcome(CheckId::Roles).await, cannot("opaque_token"));
    assert_eq!(bench.outcome(CheckId::Groups).await, OK, "and goes on");

    let mut bench = Bench::new().await;
    bench.input.tenant = "contoso.onmicrosoft.com".to_owned();
    assert_eq!(bench.outcome(CheckId::Roles).await, OK, "a domain does not tell the tenant's ID");
}

#[tokio::test(start_paused = true)]
async fn what_graph_refuses() {
    let denied = || {
        json!({ "error": { "code": "Authorization_RequestDenied", "message": "Insufficient privileges",
            "innerError": { "request-id": "r-1" } } })
    };
    for (id, what) in [
        (CheckId::Organization, "organization"),
        (CheckId::Users, "users"),
        (CheckId::Groups, "groups"),
        (CheckId::Members, "members"),
    ] {
        let bench = Bench::new().await;
        bench.on(what, 403, denied());
        let problem = bench.one(id).await.problem.unwrap();
        assert_eq!(problem.code.as_deref(), Some("Authorization_RequestDenied"));
        assert_eq!(problem.request_id.as_deref(), Some("r-1"));
        assert!(problem.link.unwrap().contains("CallAnAPI"));
        bench.on(what, 200, json!({ "odd": true }));
        assert_eq!(bench.outcome(id).await, failed("unexpected_shape"));
    }
    let bench = Bench::new().await;
    let challenge = "Continuous access evaluation resulted in claims challenge with result: InteractionRequired";
    bench.on("users", 401, json!({ "error": { "code": "InvalidAuthenticationToken", "message": challenge } }));
    let problem = bench.one(CheckId::Users).await.problem.unwrap();
    assert_eq!(problem.code.as_deref(), Some("InvalidAuthenticationToken"), "verbatim");
    assert!(problem.hint.unwrap().contains("Service principal sign-ins"));
}

#[tokio::test(start_paused = true)]
async fn members_of_one_group() {
    async fn check(groups: Value, members: (u16, Value), want: (CheckStatus, Option<String>)) {
        let bench = Bench::new().await;
        bench.on("groups", 200, json!({ "value": groups }));
        bench.on("members", members.0, members.1);
        assert_eq!(bench.outcome(CheckId::Members).await, want);
    }
    let one = || json!([{ "id": "g" }]);
    check(json!([]), (500, json!({})), OK).await;
    check(one(), (200, json!({ "value": [] })), OK).await;
    check(one(), (200, json!({ "value": [{ "id": "u" }] })), failed("unexpected_shape")).await;
    check(json!([{ "id": "h", "visibility": "HiddenMembership" }]), (200, json!({})), cannot("not_checked")).await;
    let gone = json!({ "error": { "code": "Request_ResourceNotFound", "message": "gone" } });
    check(one(), (404, gone), cannot("not_checked")).await;
}

/// So many days from now; a little more, for the time that a test takes.
fn in_days(days: i64) -> Timestamp {
    Timestamp::now() + jiff::SignedDuration::from_hours(24 * days) + jiff::SignedDuration::from_mins(10)
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_credential() {
    async fn check(change: impl FnOnce(&mut Bench), want: CheckStatus, words: &str) {
        let mut bench = Bench::new().await;
        change(&mut bench);
        let check = bench.one(CheckId::Expiry).await;
        let told = check.found.or(check.problem.as_ref().map(|p| p.summary.clone())).unwrap();
        assert_eq!(check.status, want, "{told}");
        assert!(told.contains(words), "{told}");
        if want == CheckStatus::Warning {
            let problem = check.problem.unwrap();
            assert!(problem.hint.unwrap().contains("both work side by side"));
            assert!(problem.link.unwrap().contains("Credentials"));
        }
    }
    let noted = |days: i64| move |bench: &mut Bench| bench.input.credential_expires = Some(in_days(days));
    check(|_| {}, CheckStatus::CannotCheck, "not known").await;
    check(noted(200), CheckStatus::Ok, "the secret lasts until 20").await;
    check(noted(29), CheckStatus::Warning, "the secret ends in 29 days").await;
    check(noted(6), CheckStatus::Warning, "the secret ends in 6 days").await;
    // A token was given: what was noted is wrong.
    check(noted(-1), CheckStatus::Warning, "the secret has ended").await;
    check(
        |bench| {
            noted(-1)(bench);
            bench.on("token", 401, json!({ "error": "invalid_client", "error_codes": [7_000_222] }));
        },
        CheckStatus::Failed,
        "the secret has ended",
    )
    .await;

    let registered = |credentials: Value| {
        move |bench: &mut Bench| {
            noted(200)(bench);
            bench.on("applications", 200, json!({ "value": [{ "id": "a", "passwordCredentials": credentials }] }));
        }
    };
    let end = |days: i64, hint: Option<&str>| json!({ "hint": hint, "endDateTime": in_days(days).to_string() });
    // What the directory says counts for more than what was noted, where it tells which secret is ours.
    check(registered(json!([end(90, Some("Abc")), end(5, Some("Xyz"))])), CheckStatus::Warning, "in 5 days").await;
    check(registered(json!([end(5, None)])), CheckStatus::Warning, "in 5 days").await;
    check(registered(json!([end(5, Some("Xyz")), end(90, Some("Xyz"))])), CheckStatus::Ok, "lasts until").await;
    check(registered(json!([end(5, Some(""))])), CheckStatus::Ok, "lasts until").await;

    // A certificate knows its own end, token or not.
    let mut bench = Bench::new().await;
    let key = |days| ClientKey {
        key: SecretBytes::new(b"no key".to_vec()),
        thumbprint: Thumbprint([1; 32]),
        expires: Some(in_days(days)),
    };
    for (days, status, words) in [
        (100, CheckStatus::Ok, "the certificate lasts until"),
        (3, CheckStatus::Warning, "the certificate ends in 3 days"),
        (-3, CheckStatus::Failed, "the certificate has ended"),
    ] {
        bench.input.credential = Some(Credential::Key(key(days)));
        let shaped = shapes(&bench.input).unwrap();
        let check = expiry::without_a_token(&bench.input, &shaped, &shaped.place(&bench.input)).unwrap();
        assert_eq!(check.status, status);
        assert!(check.found.or(check.problem.map(|p| p.summary)).unwrap().contains(words));
    }
}

#[tokio::test(start_paused = true)]
async fn jupiterone_as_far_as_the_key_can_tell() {
    type Outcome = (CheckStatus, Option<String>);
    async fn check(change: fn(&mut JupiterOneInput), replies: Vec<Reply>, want: [Outcome; 3]) -> Vec<Check> {
        let mut bench = Bench::new().await;
        change(bench.input.jupiterone.as_mut().unwrap());
        bench.jupiterone.on("POST graphql", replies);
        let checks = bench.run().await.split_off(10);
        let got = [0, 1, 2].map(|n| (checks[n].status, checks[n].problem.as_ref().and_then(|p| p.code.clone())));
        assert_eq!(got, want);
        assert!(bench.jupiterone.story().iter().all(|what| !what.contains("start")), "nothing that writes");
        checks
    }
    let say = |value: Value| Reply::Say(200, vec![], value.to_string());
    let account = |id: &str| say(json!({ "data": { "iamGetAccount": { "accountId": id, "accountName": "Acme" } } }));
    let instance = |kind: &str| {
        say(json!({ "data": { "integrationInstance": { "id": INSTANCE, "name": "m365",
            "integrationDefinition": { "name": kind, "integrationType": kind } } } }))
    };
    let holds = |many: u64| say(json!({ "data": { "queryV1": { "type": "table", "data": [{ "many": many }] } } }));
    let ours = || account(stub::ACCOUNT);
    let same = |_: &mut JupiterOneInput| {};
    let unchecked = || cannot("not_checked");

    check(same, vec![ours(), instance("custom"), holds(0)], [OK, OK, OK]).await;
    check(same, vec![ours(), instance("microsoft-365"), holds(0)], [OK, failed("managed_instance"), OK]).await;
    let none = say(json!({ "data": { "integrationInstance": null } }));
    let unknown = failed("SYNC_JOB_INVALID_INTEGRATION_INSTANCE");
    check(same, vec![ours(), none, holds(0)], [OK, unknown, OK]).await;
    check(same, vec![account("other")], [failed("other_account"), unchecked(), unchecked()]).await;
    check(same, vec![Reply::Pass], [cannot("FORBIDDEN"), cannot("FORBIDDEN"), cannot("FORBIDDEN")]).await;
    let wrong_key = Reply::error(401, "UNAUTHORIZED", "no");
    check(same, vec![wrong_key], [failed("UNAUTHORIZED"), unchecked(), unchecked()]).await;
    check(same, vec![Reply::Hang; 3], [failed("timeout"), unchecked(), unchecked()]).await;
    check(|j| j.key = None, vec![], [failed("no_secret"), unchecked(), unchecked()]).await;
    let misspelt = |j: &mut JupiterOneInput| j.target.destination = Destination::Instance("prod".to_owned());
    check(misspelt, vec![], [failed("instance_shape"), unchecked(), unchecked()]).await;
    let scope = |j: &mut JupiterOneInput| j.target.destination = Destination::Scope("s".to_owned());
    check(scope, vec![ours(), holds(0)], [OK, OK, OK]).await;

    // An instance that this tenant never filled: its name and type are shown, and somebody is asked.
    let new = |j: &mut JupiterOneInput| j.seen = Seen::Never;
    check(new, vec![ours(), instance("okta"), holds(0)], [OK, failed("managed_instance"), OK]).await;
    let custom = instance("custom_hr");
    let checks = check(new, vec![ours(), custom, holds(0)], [OK, warning("instance_unconfirmed"), OK]).await;
    assert_eq!(checks[1].found.as_deref(), Some("`m365` of type custom_hr"));
    let offer = Offer::ConfirmInstance { name: "m365".to_owned(), kind: Some("custom_hr".to_owned()) };
    assert_eq!(checks[1].offer, Some(offer));

    let checks = check(same, vec![ours(), instance("custom"), holds(1_204)], [OK, OK, warning("people_twice")]).await;
    // Under the reference's own names they may be what went there from here.
    let named = |j: &mut JupiterOneInput| j.naming = Naming::GraphMicrosoft365;
    let own = check(named, vec![ours(), instance("custom"), holds(1_204)], [OK, OK, OK]).await;
    assert!(own[2].found.as_deref().unwrap().contains("1,204 azure_user"), "{:?}", own[2]);
    let first = |j: &mut JupiterOneInput| (j.naming, j.seen) = (Naming::GraphMicrosoft365, Seen::Never);
    let never = vec![ours(), instance("custom"), holds(1_204)];
    let told = check(first, never, [OK, warning("instance_unconfirmed"), warning("people_twice")]).await;
    assert!(told[2].problem.clone().unwrap().hint.unwrap().contains("both times"), "{:?}", told[2]);
    let problem = checks[2].problem.clone().unwrap();
    assert!(problem.summary.contains("1,204 azure_user"), "{problem:?}");
    assert!(problem.hint.unwrap().contains("exist twice, as azure_user and as active_directory_user"));
    let odd = say(json!({ "data": { "queryV1": { "type": "list", "data": [] } } }));
    check(same, vec![ours(), instance("custom"), odd], [OK, OK, cannot("unexpected_shape")]).await;

    let mut bench = Bench::new().await;
    bench.input.jupiterone = None;
    assert_eq!(bench.outcome(CheckId::JupiterOnePeople).await, cannot("put_off"));
}
