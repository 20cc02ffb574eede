//! The doctor against a login, a Graph and a JupiterOne that answer as each case wants.

use std::{collections::HashMap, sync::Mutex};

use axum::{
    Router,
    extract::{Request, State},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;

use super::*;
use crate::{
    domain::{check::CheckStatus, clock::SystemClock},
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
            cloud: Cloud::Global,
            login: origin.clone(),
            graph: origin.clone(),
            scope: Cloud::Global.scope(),
            net: NetConfig::default(),
            jupiterone: Some((target, Some(stub::key()))),
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
        bench.on("groups", 200, json!({ "value": [] }));
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
            assert!(check.status != CheckStatus::Failed || check.problem.as_ref().unwrap().hint.is_some(), "{check:?}");
        }
        assert!(!format!("{checks:?}").contains("hunter2"));
        checks
    }

    /// The outcome of one check: its status and the code of its problem.
    async fn outcome(&self, id: CheckId) -> (CheckStatus, Option<String>) {
        let check = self.run().await.into_iter().find(|c| c.id == id).unwrap();
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
        found,
        [
            Some("tenant, client and secret"),
            Some("app JupiterOne, for 59 minutes"),
            Some("Directory.Read.All"),
            Some("Contoso · contoso.com"),
            Some("allowed"),
            Some("allowed; there are no groups"),
            None,
        ]
    );
    // An Integration API key may not read: no fault.
    assert_eq!(checks[6].status, CheckStatus::CannotCheck);
    let asked = bench.asked.lock().unwrap();
    assert_eq!(asked[0], format!("/{TENANT}/oauth2/v2.0/token"));
    assert!(asked[2].starts_with("/v1.0/users?$top=1"), "{asked:?}");
    assert_eq!(bench.jupiterone.story(), ["POST graphql"], "nothing that writes");
}

#[tokio::test(start_paused = true)]
async fn wrong_shapes_are_not_sent() {
    async fn check(change: fn(&mut DoctorInput), code: &str) {
        let mut bench = Bench::new().await;
        change(&mut bench.input);
        assert_eq!(bench.outcome(CheckId::Shapes).await, failed(code));
        assert_eq!(bench.outcome(CheckId::Groups).await, cannot("not_checked"));
        assert!(bench.asked.lock().unwrap().is_empty(), "{code}");
        assert_eq!(bench.jupiterone.count("POST graphql"), 2, "JupiterOne is checked all the same");
    }
    check(|input| input.tenant = "Contoso Ltd".to_owned(), "tenant_shape").await;
    check(|input| input.client = "my app".to_owned(), "client_shape").await;
    check(|input| input.client = TENANT.to_owned(), "same_id").await;
    check(|input| input.credential = Some(Secret::new(CLIENT).into()), "secret_id_not_value").await;
    check(|input| input.credential = None, "no_secret").await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_says_where_to_click() {
    async fn check(number: u64, status: u16, link: &str) {
        let bench = Bench::new().await;
        let text = format!("AADSTS{number}: words.\r\nTrace ID: t");
        let body = json!({ "error": "invalid_client", "error_description": text, "error_codes": [number],
            "trace_id": "t", "correlation_id": "c" });
        bench.on("token", status, body);
        let checks = bench.run().await;
        let problem = checks[1].problem.clone().unwrap();
        assert_eq!(problem.code.as_deref(), Some(format!("AADSTS{number}").as_str()));
        assert_eq!((problem.trace_id.as_deref(), problem.request_id.as_deref()), (Some("t"), Some("c")));
        assert!(problem.link.as_deref().unwrap().contains(link), "{problem:?}");
        assert!(checks[2..6].iter().all(|c| c.status == CheckStatus::CannotCheck));
    }
    check(7_000_215, 401, &format!("Credentials/appId/{CLIENT}")).await;
    check(7_000_222, 401, &format!("Credentials/appId/{CLIENT}")).await;
    check(700_016, 400, &format!("Overview/appId/{CLIENT}")).await;
    check(90_002, 400, &format!("Overview/appId/{CLIENT}")).await;
    check(53_003, 400, "https://login.microsoftonline.com/error?code=53003").await;
}

#[tokio::test(start_paused = true)]
async fn roles_in_the_token() {
    async fn check(roles: &[&str], want: (CheckStatus, Option<String>)) {
        let bench = Bench::new().await;
        bench.roles(roles);
        assert_eq!(bench.outcome(CheckId::Roles).await, want, "{roles:?}");
    }
    check(&["Directory.Read.All"], OK).await;
    check(&["Directory.Read.All", "Member.Read.Hidden"], OK).await;
    check(&[], failed("no_roles")).await;
    check(&["Mail.Read"], failed("missing_roles")).await;
    check(&["User.Read.All", "GroupMember.Read.All"], failed("missing_roles")).await;
    let least = ["User.Read.All", "GroupMember.Read.All", "Organization.Read.All"];
    check(&least, warning("missing_roles")).await;
    check(&["User.Read.All", "Group.Read.All", "Organization.Read.All"], warning("missing_roles")).await;
    let members = ["Device.Read.All", "OrgContact.Read.All", "Application.Read.All"];
    check(&[least, members].concat(), OK).await;
    check(&["Directory.ReadWrite.All"], warning("write_roles")).await;
    check(&["Directory.Read.All", "Mail.Send"], warning("write_roles")).await;
}

#[tokio::test(start_paused = true)]
async fn missing_consent_links_to_the_prompt() {
    let bench = Bench::new().await;
    bench.roles(&[]);
    let link = bench.run().await[2].problem.clone().unwrap().link.unwrap();
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
    for (id, what) in [(CheckId::Organization, "organization"), (CheckId::Users, "users"), (CheckId::Groups, "groups")]
    {
        let bench = Bench::new().await;
        bench.on(what, 403, denied());
        let check = bench.run().await.into_iter().find(|c| c.id == id).unwrap();
        let problem = check.problem.unwrap();
        assert_eq!(problem.code.as_deref(), Some("Authorization_RequestDenied"));
        assert_eq!(problem.request_id.as_deref(), Some("r-1"));
        assert!(problem.link.unwrap().contains("CallAnAPI"));
        bench.on(what, 200, json!({ "odd": true }));
        assert_eq!(bench.outcome(id).await, failed("unexpected_shape"));
    }
}

#[tokio::test(start_paused = true)]
async fn jupiterone_as_far_as_the_key_can_tell() {
    async fn check(change: fn(&mut DoctorInput), replies: Vec<Reply>, want: (CheckStatus, Option<String>)) {
        let mut bench = Bench::new().await;
        change(&mut bench.input);
        bench.jupiterone.on("POST graphql", replies);
        assert_eq!(bench.outcome(CheckId::JupiterOneKey).await, want);
    }
    let say = |value: Value| Reply::Say(200, vec![], value.to_string());
    let account = |id: &str| say(json!({ "data": { "iamGetAccount": { "accountId": id, "accountName": "Acme" } } }));
    let instance = |kind: &str| {
        say(json!({ "data": { "integrationInstance": { "id": INSTANCE, "name": "m365",
            "integrationDefinition": { "name": kind, "integrationType": kind } } } }))
    };
    let ours = || account(stub::ACCOUNT);
    let same = |_: &mut DoctorInput| {};
    check(same, vec![ours(), instance("custom")], OK).await;
    check(same, vec![ours(), instance("microsoft-365")], failed("managed_instance")).await;
    let none = say(json!({ "data": { "integrationInstance": null } }));
    check(same, vec![ours(), none], failed("SYNC_JOB_INVALID_INTEGRATION_INSTANCE")).await;
    check(same, vec![account("other"), instance("custom")], failed("other_account")).await;
    check(same, vec![Reply::Pass], cannot("FORBIDDEN")).await;
    check(same, vec![Reply::error(401, "UNAUTHORIZED", "no")], failed("UNAUTHORIZED")).await;
    check(same, vec![Reply::Hang; 3], failed("timeout")).await;
    check(|input| input.jupiterone = None, vec![], cannot("put_off")).await;
    check(|input| input.jupiterone.as_mut().unwrap().1 = None, vec![], failed("no_secret")).await;
    let wrong = |input: &mut DoctorInput| {
        input.jupiterone.as_mut().unwrap().0.destination = Destination::Instance("prod".to_owned());
    };
    check(wrong, vec![], failed("instance_shape")).await;
}
