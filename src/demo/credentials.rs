//! The demo's credentials: app registrations with their secrets, tokens, and JupiterOne keys. All invented from the seed.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::seed::Seed;

/// An app registration.
#[derive(Debug, Clone)]
pub struct App {
    pub client_id: String,
    pub name: &'static str,
    pub secret: String,
    /// A secret of this app that has expired.
    pub expired_secret: String,
    pub roles: Vec<String>,
    pub state: AppState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppState {
    Usable,
    /// Its enterprise application is missing in the tenant.
    NoServicePrincipal,
    Disabled,
}

/// What every secret and key of the demo holds.
pub const MARK: &str = "8Q";

/// Text of a secret's shape: forty characters, `~` behind the fifth.
fn secret(seed: Seed, purpose: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    let mut draw = seed.draw(purpose, 0);
    let mut text: String = (0..39).map(|_| char::from(draw.pick(ALPHABET))).collect();
    text.replace_range(3..5, MARK);
    text.insert(5, '~');
    text
}

/// The app registrations of the tenant; the first is the one to use.
pub fn apps(seed: Seed, roles: &[String]) -> Vec<App> {
    let app = |place: u64, name, roles: Vec<String>, state| App {
        client_id: seed.guid("client", place),
        name,
        secret: secret(seed, &format!("secret {place}")),
        expired_secret: secret(seed, &format!("expired {place}")),
        roles,
        state,
    };
    vec![
        app(0, "Directory ingester", roles.to_vec(), AppState::Usable),
        app(1, "Forgotten app", Vec::new(), AppState::Usable),
        app(2, "Half-made app", Vec::new(), AppState::NoServicePrincipal),
        app(3, "Retired app", Vec::new(), AppState::Disabled),
    ]
}

/// The key of the integration instance, or of a person.
pub fn jupiterone_key(seed: Seed) -> String {
    format!("demo-{}", secret(seed, "jupiterone key").replace('~', "-"))
}

/// What a token stands for.
#[derive(Debug, Clone)]
pub struct Issued {
    pub roles: Vec<String>,
    /// Unix seconds.
    pub expires: i64,
}

/// The tokens given out so far.
#[derive(Debug, Default)]
pub struct Tokens(Mutex<HashMap<String, Issued>>);

/// How Graph likes a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    Good(Vec<String>),
    Expired,
    Unknown,
}

impl Tokens {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Issued>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn issue(&self, token: String, issued: Issued, now: i64) {
        let mut tokens = self.lock();
        if tokens.len() >= 10_000 {
            tokens.retain(|_, t| t.expires > now);
        }
        tokens.insert(token, issued);
    }

    pub fn judge(&self, token: &str, now: i64) -> Verdict {
        match self.lock().get(token) {
            None => Verdict::Unknown,
            Some(issued) if issued.expires <= now => Verdict::Expired,
            Some(issued) => Verdict::Good(issued.roles.clone()),
        }
    }

    pub fn knows(&self, token: &str) -> bool {
        self.lock().contains_key(token)
    }
}

/// What an app proved itself with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof {
    Secret,
    /// What its own key has signed, or a platform that it trusts.
    Assertion,
}

/// The token of the one platform that is trusted here (workload identity federation): always the same, never worn.
pub fn federated_token(seed: Seed) -> String {
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    let header = json!({ "alg": "RS256", "typ": "JWT", "kid": "demo-platform" });
    let claims = json!({
        "iss": "https://platform.demo.invalid", "sub": "system:serviceaccount:default:tenantry",
        "aud": "api://AzureADTokenExchange",
    });
    format!("{}.{}.{MARK}{}", part(&header), part(&claims), noise(seed, "federated", 0, 256))
}

/// Who a token is for, and until when.
pub struct Grant<'a> {
    pub tenant: &'a str,
    pub app: &'a App,
    pub proof: Proof,
    pub audience: &'a str,
    pub now: i64,
    pub expires: i64,
    /// Makes each token another text.
    pub serial: u64,
}

/// A token of a JWT's shape with the documented claims (facts/graph.md §8.1). Its signature is noise: clients must not
/// verify Graph's tokens, and Graph, here, knows them by heart.
pub fn jwt(seed: Seed, grant: &Grant<'_>) -> String {
    let principal = seed.guid("principal of client", seed.hash(&grant.app.client_id, 0));
    let mut claims = json!({
        "aud": grant.audience,
        "iss": format!("https://sts.windows.net/{}/", grant.tenant),
        "iat": grant.now, "nbf": grant.now, "exp": grant.expires,
        "app_displayname": grant.app.name,
        "appid": grant.app.client_id,
        "appidacr": match grant.proof { Proof::Secret => "1", Proof::Assertion => "2" },
        "idp": format!("https://sts.windows.net/{}/", grant.tenant),
        "idtyp": "app",
        "oid": principal, "sub": principal,
        "tenant_region_scope": "EU",
        "tid": grant.tenant,
        "uti": format!("{:016x}", seed.hash("uti", grant.serial)),
        "ver": "1.0",
    });
    if !grant.app.roles.is_empty() {
        claims["roles"] = json!(grant.app.roles);
    }
    let header = json!({
        "typ": "JWT", "nonce": format!("{:016x}", seed.hash("nonce", grant.serial)), "alg": "RS256",
        "x5t": "Mn_cVYcATf5Mp_demo", "kid": "Mn_cVYcATf5Mp_demo",
    });
    let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
    format!("{}.{}.{}", part(&header), part(&claims), noise(seed, "signature", grant.serial, 256))
}

/// A token that says nothing to anybody but Graph.
pub fn opaque(seed: Seed, serial: u64) -> String {
    format!("EwB{}", noise(seed, "opaque", serial, 300))
}

fn noise(seed: Seed, purpose: &str, serial: u64, bytes: usize) -> String {
    let mut draw = seed.draw(purpose, serial);
    let noise: Vec<u8> = (0..bytes).map(|_| draw.next() as u8).collect();
    URL_SAFE_NO_PAD.encode(noise)
}
