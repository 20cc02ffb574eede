//! The login service: tokens for an app's own secret, for what its key has signed, or for a platform's token (client
//! credentials), and the documented refusals.
//!
//! Codes, statuses and words: facts/graph.md §7 and §13.1. Knows no users.

use axum::http::Method;
use serde_json::json;

use super::{
    answer::Answer,
    assertion,
    credentials::{self, AppState, Grant, Issued, Proof},
    faults,
    record::Service,
    scenario::{Follows, Route},
    world::{Asked, World},
};
use crate::domain::{cloud::Cloud, ids::is_guid_shaped, origin::Origin};

/// A refusal: AADSTS number, HTTP status, `error`, the words behind the number.
pub struct Refusal(pub u32, pub u16, pub &'static str, pub String);

/// `POST /{tenant}/oauth2/v2.0/token`.
pub fn answer(world: &World, asked: &Asked<'_>) -> Answer {
    let correlation = asked
        .header("client-request-id")
        .filter(|id| is_guid_shaped(id))
        .map_or_else(|| world.fresh_guid("correlation"), str::to_owned);
    let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
    let [tenant, "oauth2", "v2.0", "token"] = segments[..] else {
        return Answer::text(
            404,
            "text/html; charset=utf-8",
            "<html><body>404 - File or directory not found.</body></html>",
        );
    };
    match token(world, asked, tenant) {
        Ok(answer) => answer,
        Err(refusal) => refuse(world, refusal, &correlation),
    }
    .header("cache-control", "no-store, no-cache")
    .header("pragma", "no-cache")
    .header("x-ms-request-id", world.fresh_guid("login request"))
    .header("x-ms-ests-server", "2.1.19568.3 - WEULR1 ProdSlices")
    .header("p3p", "CP=\"DSP CUR OTPi IND OTRi ONL FIN\"")
}

fn refuse(world: &World, refusal: Refusal, correlation: &str) -> Answer {
    let Refusal(code, status, error, words) = refusal;
    let trace = world.fresh_guid("trace");
    let timestamp = world.now().strftime("%Y-%m-%d %H:%M:%SZ").to_string();
    // Both line ends were recorded: the older answers break lines, the newer ones do not.
    let space = if matches!(code, 90002 | 7_000_215) { "\r\n" } else { " " };
    let body = json!({
        "error": error,
        "error_description": format!(
            "AADSTS{code}: {words}{space}Trace ID: {trace}{space}Correlation ID: {correlation}{space}Timestamp: {timestamp}"
        ),
        "error_codes": [code],
        "timestamp": timestamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("{}/error?code={code}", Cloud::Global.login()),
    });
    Answer::json(status, body).header("content-type", "application/json; charset=utf-8")
}

fn token(world: &World, asked: &Asked<'_>, tenant: &str) -> Result<Answer, Refusal> {
    if asked.method != Method::POST {
        let words = format!("The endpoint only accepts POST requests. Received a {} request.", asked.method);
        return Err(Refusal(900_561, 400, "invalid_request", words));
    }
    let directory = world.tenant();
    check_tenant(tenant, &directory)?;
    let form: Vec<(String, String)> = url::form_urlencoded::parse(asked.body).into_owned().collect();
    let field = |name: &str| form.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str()).filter(|v| !v.is_empty());
    let needed = |name: &str| {
        field(name).ok_or_else(|| {
            let words = format!("The request body must contain the following parameter: '{name}'.");
            Refusal(900_144, 400, "invalid_request", words)
        })
    };
    if !asked.body.is_empty() && !form.iter().any(|(_, v)| !v.is_empty()) {
        let words = "The request body is malformed or the request is invalid.".to_owned();
        return Err(Refusal(9_002_313, 400, "invalid_request", words));
    }
    let grant = needed("grant_type")?;
    if grant != "client_credentials" {
        let words = format!("The app requested an unsupported grant type '{grant}'.");
        return Err(Refusal(70003, 400, "unsupported_grant_type", words));
    }
    let client = needed("client_id")?;
    let audience = check_scope(world, needed("scope")?)?;
    let app = world.apps.iter().find(|a| a.client_id.eq_ignore_ascii_case(client.trim())).ok_or_else(|| {
        let words = format!(
            "Application with identifier '{client}' was not found in the directory '{}'. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the \
             tenant. You may have sent your authentication request to the wrong tenant.",
            directory.display_name()
        );
        Refusal(700_016, 400, "unauthorized_client", words)
    })?;
    let proof = match (field("client_secret"), field("client_assertion")) {
        (Some(secret), _) => check_secret(app, secret).map(|()| Proof::Secret)?,
        (None, Some(assertion)) => {
            check_assertion(world, app, assertion, field("client_assertion_type")).map(|()| Proof::Assertion)?
        }
        (None, None) => {
            let words = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
            return Err(Refusal(7_000_218, 401, "invalid_client", words.to_owned()));
        }
    };
    match app.state {
        AppState::Usable => {}
        AppState::NoServicePrincipal => {
            let words = format!(
                "The client application {} is missing service principal in the tenant {}. See instructions here: \
                 https://go.microsoft.com/fwlink/?linkid=2225119",
                app.client_id,
                directory.id()
            );
            return Err(Refusal(7_000_229, 401, "invalid_client", words));
        }
        AppState::Disabled => {
            let words = format!("Application '{}'({}) is disabled.", app.client_id, app.name);
            return Err(Refusal(7_000_112, 401, "unauthorized_client", words));
        }
    }
    // Without consent a token is given all the same, and has no roles (facts/graph.md §8.1).
    let app = &match app.client_id == world.apps[0].client_id && !world.is_consented() {
        true => credentials::App { roles: Vec::new(), ..app.clone() },
        false if app.roles.is_empty() => credentials::App { roles: world.roles_since_consent(), ..app.clone() },
        false => app.clone(),
    };
    let now = world.now().as_second();
    // The service says one second less than the token lives.
    let expires = now + world.scenario.token_lifetime_s;
    let serial = world.serial();
    // A clock that is off shows in the claims; how long the token really lives does not change.
    let skew = world.scenario.token_skew_s;
    let (now_there, until) = (now + skew, expires + skew);
    let grant =
        Grant { tenant: &directory.id(), app, proof, audience: &audience, now: now_there, expires: until, serial };
    let token = if world.scenario.opaque_token {
        credentials::opaque(world.seed, serial)
    } else {
        credentials::jwt(world.seed, &grant)
    };
    world.tokens.issue(token.clone(), Issued { roles: app.roles.clone(), expires }, now);
    let lifetime = (world.scenario.token_lifetime_s - 1).max(0);
    let body = json!({
        "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token,
    });
    Ok(Answer::json(200, body).header("content-type", "application/json; charset=utf-8"))
}

fn check_tenant(tenant: &str, directory: &super::tenant::Tenant) -> Result<(), Refusal> {
    let refuse = |code, words| Err(Refusal(code, 400, "invalid_request", words));
    if tenant.eq_ignore_ascii_case(&directory.id()) || directory.has_domain(tenant) {
        return Ok(());
    }
    match tenant.to_ascii_lowercase().as_str() {
        "common" | "consumers" => {
            let words = "The grant type is not supported over the /common or /consumers endpoints. Please use the \
                         /organizations or tenant-specific endpoint.";
            return refuse(9_001_023, words.to_owned());
        }
        "organizations" => {
            let words = "No tenant-identifying information found in either the request or implied by any provided \
                         credentials.";
            return refuse(50059, words.to_owned());
        }
        "00000000-0000-0000-0000-000000000000" => {
            return refuse(
                900_021,
                format!(
                    "Requested tenant identifier '{tenant}' is not valid. Tenant identifiers may not be an empty GUID."
                ),
            );
        }
        _ => {}
    }
    let label = |l: &str| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !tenant.split('.').all(label) {
        let words =
            format!("Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.");
        return refuse(900_023, words);
    }
    let words = format!(
        "Tenant '{tenant}' not found. This may happen if there are no active subscriptions for the tenant. Check to make \
         sure you have the correct tenant ID. Check with your subscription administrator."
    );
    refuse(90002, words)
}

/// The audience of a token for this scope.
fn check_scope(world: &World, scope: &str) -> Result<String, Refusal> {
    let scope = scope.trim();
    if scope.contains(char::is_whitespace) {
        let words = format!(
            "The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope '{scope}' is not valid."
        );
        return Err(Refusal(70011, 400, "invalid_scope", words));
    }
    let Some(resource) = scope.strip_suffix("/.default") else {
        let words = format!(
            "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with \
             /.default suffixed to the resource identifier (application ID URI)."
        );
        return Err(Refusal(1_002_012, 400, "invalid_scope", words));
    };
    let graph = Cloud::Global.graph();
    // Tests put the demo behind hosts of the domain that is reserved for them.
    let is_ours = |host: &str| host.ends_with(".test");
    let named = Origin::parse(resource).is_ok_and(|origin| is_ours(&origin.host()));
    if named || resource.trim_end_matches('/').eq_ignore_ascii_case(graph.as_str()) {
        Ok(graph.as_str().to_owned())
    } else {
        let words = format!(
            "The resource principal named {resource} was not found in the tenant named {}. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the \
             tenant. You might have sent your authentication request to the wrong tenant.",
            world.tenant().display_name()
        );
        Err(Refusal(500_011, 400, "invalid_resource", words))
    }
}

fn check_secret(app: &credentials::App, secret: &str) -> Result<(), Refusal> {
    let refuse = |code, words| Err(Refusal(code, 401, "invalid_client", words));
    if secret == app.secret {
        return Ok(());
    }
    if secret == app.expired_secret {
        let words = format!(
            "The provided client secret keys for app '{}' are expired. Visit the Azure portal to create new keys for your \
             app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: \
             https://aka.ms/certCreds.",
            app.client_id
        );
        return refuse(7_000_222, words);
    }
    let words = format!(
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the \
         client secret ID, for a secret added to app '{}'.",
        app.client_id
    );
    refuse(7_000_215, words)
}

fn check_assertion(world: &World, app: &credentials::App, assertion: &str, form: Option<&str>) -> Result<(), Refusal> {
    if form != Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") {
        let words = "The request body must contain the following parameter: 'client_assertion_type'.".to_owned();
        return Err(Refusal(900_144, 400, "invalid_request", words));
    }
    // One platform is trusted, for the first app alone, and its token is always the same.
    if assertion == world.federated_token && app.client_id == world.apps[0].client_id {
        return Ok(());
    }
    let directory = world.tenant();
    let names = std::iter::once(directory.id()).chain(directory.domains());
    let skew = jiff::SignedDuration::from_secs(world.scenario.date_skew_s);
    let asked = assertion::Asked {
        app,
        audiences: names.map(|name| world.login.join(&format!("/{name}/oauth2/v2.0/token")).to_string()).collect(),
        now: world.now() + skew,
    };
    assertion::check(&world.certificates(), &asked, assertion)
}

/// As [`answer`], with the scenario's faults, and the name of the one that hit.
pub fn serve(world: &World, asked: &Asked<'_>) -> (Answer, Option<&'static str>) {
    let Some(what) = world.scenario.fault(Route::Token, Follows::Nothing) else { return (answer(world, asked), None) };
    let answer = faults::instead(world, Service::Login, &what, asked).unwrap_or_else(|| answer(world, asked));
    (faults::spoil(answer, &what), Some(what.name()))
}
