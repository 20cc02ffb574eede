//! The access token: asked for once however many wait for it, and renewed before it ends.
//!
//! Client credentials: by secret, by a key's signature, or by a platform's own token. The token is opaque here: its claims are decoded without checking the signature, for
//! help texts only, and may not be there at all. Its end is told by the wall clock, so that a laptop that slept over it
//! notices.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::{
    GraphConfig, assertion, decode,
    error::{ErrorKind, GraphError},
};
use crate::{
    domain::{
        clock::Clock,
        credential::Credential,
        ids::ClientId,
        origin::Origin,
        problem::Problem,
        progress::{Event, Reporter},
        request::{Request, Service},
        secret::Secret,
    },
    net,
};

const WHAT: &str = "asking for a token";
/// Attempts at the login service for one need of a token: a person may be waiting.
const ATTEMPTS: u32 = 3;
/// No wish of the login service makes us wait longer.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// What is known of the token in use; never the token itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenInfo {
    pub expires_at: Timestamp,
    /// `None`: the token is no JWT, so that nothing can be said about its roles.
    pub claims: Option<Claims>,
}

/// The claims that help to say what is wrong (facts: graph.md §8.1). Not verified: for help texts only.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    pub tid: Option<String>,
    pub appid: Option<String>,
    /// Empty without admin consent: the token is issued all the same.
    pub roles: Vec<String>,
    pub app_name: Option<String>,
}

pub(super) struct Tokens {
    http: reqwest::Client,
    login: Origin,
    tenant: String,
    client: ClientId,
    scope: String,
    credential: Credential,
    clock: Arc<dyn Clock>,
    reporter: Arc<dyn Reporter>,
    /// How many times the login service was asked, with whatever end.
    asked: AtomicU64,
    cell: Mutex<Cell>,
}

#[derive(Default)]
struct Cell {
    held: Option<Held>,
    failed: Option<GraphError>,
}

#[derive(Clone)]
pub(super) struct Held {
    pub secret: Secret,
    pub info: TokenInfo,
    /// Tells one token from the next, without comparing them.
    pub generation: u64,
    renew_at: Timestamp,
}

impl Tokens {
    pub fn new(
        config: &GraphConfig,
        credential: Credential,
        clock: Arc<dyn Clock>,
        reporter: Arc<dyn Reporter>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            http: net::client(&config.net, &config.login)?,
            login: config.login.clone(),
            tenant: config.tenant.clone(),
            client: config.client.clone(),
            scope: config.scope.clone(),
            credential,
            clock,
            reporter,
            asked: AtomicU64::new(0),
            cell: Mutex::default(),
        })
    }

    /// A token that is good by the clock, and is not the one of generation `refused`, which Graph did not accept.
    pub async fn held(&self, refused: Option<u64>) -> Result<Held, GraphError> {
        let before = self.asked.load(Ordering::Acquire);
        let mut cell = self.cell.lock().await;
        if let Some(held) = &cell.held
            && Some(held.generation) != refused
            && self.clock.now() < held.renew_at
        {
            return Ok(held.clone());
        }
        // Whoever waited while another asked in vain gets that answer, and does not ask again.
        if self.asked.load(Ordering::Acquire) != before
            && let Some(error) = &cell.failed
        {
            return Err(error.clone());
        }
        let asked = self.ask().await;
        let generation = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        match asked {
            Ok((secret, life, claims)) => {
                let now = self.clock.now();
                let held = Held {
                    secret,
                    info: TokenInfo { expires_at: now + life, claims },
                    generation,
                    renew_at: now + life * 4 / 5,
                };
                cell.held = Some(held.clone());
                cell.failed = None;
                Ok(held)
            }
            Err(error) => {
                // The login service is in trouble, but the token is still good: it will do a little longer.
                if let Some(held) = &mut cell.held
                    && Some(held.generation) != refused
                    && error.is_transient()
                    && self.clock.now() < held.info.expires_at
                {
                    held.renew_at = self.clock.now() + SignedDuration::from_secs(30);
                    return Ok(held.clone());
                }
                cell.failed = Some(error.clone());
                Err(error)
            }
        }
    }

    /// Asks once for a token that nobody has had yet, and keeps it for nobody; with a refusal comes how long the service
    /// wants to be left alone.
    pub async fn once(&self) -> Result<TokenInfo, (GraphError, Option<Duration>)> {
        let (_, life, claims) = self.ask_once(1).await?;
        Ok(TokenInfo { expires_at: self.clock.now() + life, claims })
    }

    /// Asks, and asks again where the login service or the network is in trouble.
    async fn ask(&self) -> Result<(Secret, SignedDuration, Option<Claims>), GraphError> {
        let mut attempt = 1;
        loop {
            let (error, asked_for) = match self.ask_once(attempt).await {
                Ok(token) => return Ok(token),
                Err(failed) => failed,
            };
            if !error.is_transient() || error.is_lasting() || attempt == ATTEMPTS {
                return Err(error);
            }
            let wait = asked_for.unwrap_or(Duration::from_millis(500) * attempt);
            tokio::time::sleep(wait.min(LONGEST_WAIT)).await;
            attempt += 1;
        }
    }

    /// For one request: an assertion is good for no other.
    async fn proof(&self, endpoint: &str) -> Result<Proof, Problem> {
        Ok(match &self.credential {
            Credential::Secret(secret) => Proof::Secret(secret.clone()),
            Credential::Key(key) => Proof::Assertion(assertion::signed(key, &self.client, endpoint, self.clock.now())?),
            Credential::Federated(path) => Proof::Assertion(assertion::of_platform(path).await?),
        })
    }

    async fn ask_once(
        &self,
        attempt: u32,
    ) -> Result<(Secret, SignedDuration, Option<Claims>), (GraphError, Option<Duration>)> {
        let url = self.login.join(&format!("/{}/oauth2/v2.0/token", super::segment(&self.tenant)));
        let mut record = Request::new(self.clock.now(), Service::Login, "POST", &url);
        record.attempt = attempt;
        record.client_request_id = Some(uuid::Uuid::new_v4().to_string());
        let began = Instant::now();
        let asked = self.send(url, &mut record).await;
        record.ms = began.elapsed().as_millis().try_into().unwrap_or(u32::MAX);
        if let Err((error, wait)) = &asked {
            record.code = error.code().map(str::to_owned);
            record.request_id = record.request_id.or_else(|| error.request_id().map(str::to_owned));
            record.again_in_ms = wait.map(|wait| wait.as_millis().try_into().unwrap_or(u64::MAX));
        }
        self.reporter.report(Event::Request(Box::new(record)));
        asked
    }

    async fn send(
        &self,
        url: Url,
        record: &mut Request,
    ) -> Result<(Secret, SignedDuration, Option<Claims>), (GraphError, Option<Duration>)> {
        let network = |e: reqwest::Error| (GraphError::network(net::problem_of(&e, WHAT, &self.login)), None);
        let here = |problem| (GraphError::new(ErrorKind::Login, problem), None);
        let proof = self.proof(url.as_str()).await.map_err(here)?;
        // `form` encodes once, which is what secrets with `+` and `~` need.
        let mut form = vec![("client_id", self.client.as_str()), ("scope", &self.scope)];
        match &proof {
            Proof::Secret(secret) => form.push(("client_secret", secret.expose())),
            Proof::Assertion(assertion) => {
                form.push(("client_assertion_type", assertion::TYPE));
                form.push(("client_assertion", assertion.expose()));
            }
        }
        form.push(("grant_type", "client_credentials"));
        let request = self
            .http
            .post(url)
            .header("client-request-id", record.client_request_id.as_deref().unwrap_or_default())
            .form(&form);
        let answer = request.send().await.map_err(network)?;
        let status = answer.status().as_u16();
        record.status = Some(status);
        record.heard(answer.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))));
        let header = |name: &str| answer.headers().get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let wait = header("retry-after")
            .and_then(|text| net::retry_after(&text, header("date").as_deref(), Some(self.clock.now())));
        record.request_id = header("x-ms-request-id");
        let body = answer.bytes().await.map_err(network)?;
        record.bytes = body.len() as u64;
        if status != 200 {
            return Err((GraphError::login(WHAT, status, &body), wait));
        }
        let answer: Answer = decode::json(&body).map_err(|why| match why {
            decode::Undecodable::Cut(why) => (GraphError::not_json(WHAT, status, &why, None), None),
            // The reason is not repeated: it might quote the token.
            decode::Undecodable::Shape(_) => (GraphError::shape(WHAT, "no access_token in it", None), None),
        })?;
        let claims = claims(&answer.access_token);
        let life = SignedDuration::from_secs(answer.expires_in.seconds().clamp(1, 7 * 86_400));
        Ok((Secret::new(answer.access_token), life, claims))
    }
}

/// What is sent to prove who asks.
enum Proof {
    Secret(Secret),
    Assertion(Secret),
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    expires_in: ExpiresIn,
}

/// Seconds: a number here, a text at older endpoints.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum ExpiresIn {
    Number(i64),
    Text(String),
    #[default]
    Missing,
}

impl ExpiresIn {
    fn seconds(&self) -> i64 {
        match self {
            Self::Number(seconds) => *seconds,
            Self::Text(text) => text.trim().parse().unwrap_or(3600),
            Self::Missing => 3600,
        }
    }
}

/// The claims of a JWT; `None` for anything else.
fn claims(token: &str) -> Option<Claims> {
    let mut parts = token.split('.');
    let (_, payload, _) = (parts.next()?, parts.next()?, parts.next()?);
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let payload: Map<String, Value> = serde_json::from_slice(&payload).ok()?;
    let text = |name: &str| payload.get(name).and_then(Value::as_str).map(str::to_owned);
    let roles = payload.get("roles").and_then(Value::as_array).into_iter().flatten();
    Some(Claims {
        tid: text("tid"),
        appid: text("appid").or_else(|| text("azp")),
        roles: roles.filter_map(Value::as_str).map(str::to_owned).collect(),
        app_name: text("app_displayname"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::{
            credential::{ClientKey, Thumbprint},
            secret::SecretBytes,
        },
        graph::{
            GraphClient,
            stub::{Stub, TestClock, jwt},
        },
    };
    use serde_json::json;

    #[test]
    fn claims_are_read_where_there_are_some() {
        let token = jwt(&json!({ "tid": "t", "appid": "a", "roles": ["Directory.Read.All"], "app_displayname": "n" }));
        let want = Claims {
            tid: Some("t".into()),
            appid: Some("a".into()),
            roles: vec!["Directory.Read.All".into()],
            app_name: Some("n".into()),
        };
        assert_eq!(claims(&token), Some(want));
        assert_eq!(claims(&jwt(&json!({ "azp": "a" }))), Some(Claims { appid: Some("a".into()), ..Claims::default() }));
        for opaque in ["", "opaque", "a.b.c", "a.b", "!!.!!.!!", "W10.W10.W10"] {
            assert_eq!(claims(opaque), None, "{opaque}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn one_token_for_all_until_four_fifths_of_its_life() {
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let client = stub.client(&clock);
        let (a, b, c) = tokio::join!(client.token(), client.token(), client.token());
        let info = a.unwrap();
        assert_eq!((Ok(&info), Ok(&info)), (b.as_ref(), c.as_ref()));
        assert_eq!(stub.tokens_asked(), 1);
        assert_eq!(info.expires_at, "2026-11-22T10:59:59Z".parse().unwrap());
        assert_eq!(info.claims.unwrap().roles, ["Directory.Read.All"]);
        assert_eq!(
            stub.last_form(),
            [
                ("client_id", "535fb089-9ff3-47b6-9bfb-4f1264799865"),
                ("scope", "https://graph.microsoft.com/.default"),
                ("client_secret", "se+cr~et.& ö"),
                ("grant_type", "client_credentials"),
            ]
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
        );

        clock.advance(2_879);
        client.token().await.unwrap();
        assert_eq!(stub.tokens_asked(), 1, "still young");
        clock.advance(1);
        client.token().await.unwrap();
        assert_eq!(stub.tokens_asked(), 2, "four fifths are over");
        // A laptop that slept: no time has passed for tokio, but it has for the calendar.
        clock.advance(86_400);
        client.token().await.unwrap();
        assert_eq!(stub.tokens_asked(), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn a_login_in_trouble_is_asked_again_and_a_refusal_is_not() {
        let unavailable = (503, "<html></html>".to_owned());
        let transient = (400, json!({ "error": "invalid_request", "error_codes": [90033] }).to_string());
        let refusal = (401, json!({ "error": "invalid_client", "error_codes": [7_000_215] }).to_string());
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let check = async |answers: &[&(u16, String)], code: Option<&str>, asked| {
            let stub = Stub::start().await;
            stub.login_answers(answers.iter().map(|a| (*a).clone()));
            let client = stub.client(&clock);
            // Three who wait get the same answer, and ask once.
            let (a, b, c) = tokio::join!(client.token(), client.token(), client.token());
            for got in [a, b, c] {
                assert_eq!(got.as_ref().err().and_then(GraphError::code), code);
            }
            assert_eq!(stub.tokens_asked(), asked);
        };
        check(&[&unavailable, &transient], None, 3).await;
        check(&[&refusal], Some("AADSTS7000215"), 1).await;
        check(&[&unavailable, &transient, &unavailable], Some("http_503"), 3).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_key_signs_anew_for_each_try() {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let key = ClientKey {
            key: SecretBytes::new(pair.serialize_der()),
            thumbprint: Thumbprint([1; 32]),
            expires: Some("2026-11-22T12:00:00Z".parse().unwrap()),
        };
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let client = GraphClient::new(
            stub.config(),
            Credential::Key(key),
            Arc::new(clock.clone()),
            Arc::new(crate::domain::progress::Silent),
        )
        .unwrap();
        let field = |name: &str| stub.last_form().into_iter().find(|(n, _)| n == name).map(|(_, value)| value);
        stub.login_answers([(503, String::new())]);
        client.token().await.unwrap();
        assert_eq!(stub.tokens_asked(), 2);
        let names: Vec<String> = stub.last_form().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["client_id", "scope", "client_assertion_type", "client_assertion", "grant_type"]);
        assert_eq!(field("client_assertion_type").as_deref(), Some(assertion::TYPE));
        let first = field("client_assertion").unwrap();
        clock.advance(3_000);
        client.token().await.unwrap();
        assert_ne!(field("client_assertion").unwrap(), first);
        // Once the certificate has ended nothing is sent, and nothing is tried again.
        clock.advance(7_200);
        let error = client.token().await.unwrap_err();
        assert_eq!((error.code(), stub.tokens_asked()), (Some("certificate_expired"), 3));
    }

    #[tokio::test(start_paused = true)]
    async fn a_platforms_token_is_sent_as_it_is_now() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let stub = Stub::start().await;
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let federated = Credential::Federated(path.clone());
        let reporter = Arc::new(crate::domain::progress::Silent);
        let client = GraphClient::new(stub.config(), federated, Arc::new(clock.clone()), reporter).unwrap();
        let error = client.token().await.unwrap_err();
        assert_eq!((error.code(), stub.tokens_asked()), (Some("federated_token"), 0));
        for token in ["a.b.c", "d.e.f"] {
            std::fs::write(&path, format!("{token}\n")).unwrap();
            client.token().await.unwrap();
            let form = stub.last_form();
            assert!(form.contains(&("client_assertion".to_owned(), token.to_owned())), "{form:?}");
            clock.advance(3_000);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_old_token_does_while_the_login_is_in_trouble() {
        let clock = TestClock::new("2026-11-22T10:00:00Z");
        let stub = Stub::start().await;
        let client = stub.client(&clock);
        let first = client.token().await.unwrap();
        clock.advance(3_000);
        stub.login_answers(vec![(503, String::new()); 6]);
        assert_eq!(client.token().await.unwrap(), first, "not at its end yet");
        clock.advance(600);
        assert_eq!(client.token().await.unwrap_err().status(), Some(503), "at its end");
        assert_eq!(stub.tokens_asked(), 7);
    }
}
