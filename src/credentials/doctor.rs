//! The doctor: runs every check in order, each telling what was found, or what is wrong and how to mend it. The wizard
//! and `tenantry doctor` run this one.
//!
//! It only reads. A check that cannot be made says so and says why; it is never taken for a good one.

use std::sync::Arc;

use serde_json::Value;

use super::{
    advice::{Place, explain, explain_at},
    shapes,
};
use crate::{
    domain::{
        check::{Check, CheckId},
        clock::Clock,
        cloud::Cloud,
        credential::Credential,
        ids::ClientId,
        origin::Origin,
        problem::Problem,
        progress::{Event, Reporter},
        secret::Secret,
        target::{Destination, Target},
    },
    graph::{Claims, GraphClient, GraphConfig, GraphError},
    jupiterone::{ErrorKind, Identity, JupiterOneClient, JupiterOneConfig, Patience},
    net::NetConfig,
};

/// What is checked: texts as typed.
#[derive(Clone)]
pub struct DoctorInput {
    pub tenant: String,
    pub client: String,
    pub credential: Option<Credential>,
    pub cloud: Cloud,
    pub login: Origin,
    pub graph: Origin,
    pub scope: String,
    pub net: NetConfig,
    /// `None`: put off.
    pub jupiterone: Option<(Target, Option<Secret>)>,
    pub clock: Arc<dyn Clock>,
}

/// Runs all checks of [`CheckId::ALL`] in order and reports each as it ends.
pub async fn doctor(input: DoctorInput, reporter: Arc<dyn Reporter>) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut add = |check: Check| {
        reporter.report(Event::Check(Box::new(check.clone())));
        checks.push(check);
    };
    match shapes(&input) {
        Err(problem) => {
            add(Check::failed(CheckId::Shapes, problem));
            skip(&mut add, &MICROSOFT, "IDs and secret are not in shape, so that nothing was sent");
        }
        Ok(shaped) => {
            add(Check::ok(CheckId::Shapes, "tenant, client and secret"));
            microsoft(&input, shaped, &reporter, &mut add).await;
        }
    }
    add(jupiterone(&input).await);
    checks
}

/// The checks that need a token, in order.
const MICROSOFT: [CheckId; 5] =
    [CheckId::Token, CheckId::Roles, CheckId::Organization, CheckId::Users, CheckId::Groups];

fn skip(add: &mut impl FnMut(Check), ids: &[CheckId], why: &str) {
    for id in ids {
        add(Check::cannot(*id, Problem::new(format!("not checked: {why}")).code("not_checked")));
    }
}

struct Shaped {
    tenant: String,
    client: ClientId,
    credential: Credential,
}

fn shapes(input: &DoctorInput) -> Result<Shaped, Problem> {
    let tenant = shapes::check_tenant(&input.tenant);
    let client = shapes::check_client(&input.client);
    let credential = match &input.credential {
        Some(credential) => shapes::check_credential(credential.clone()),
        None => Err(Problem::new("there is no client secret")
            .code("no_secret")
            .hint("Create one in Certificates & secrets, and paste its Value.")),
    };
    match (tenant, client, credential) {
        (Ok(tenant), Ok(client), Ok(credential)) => {
            shapes::check_together(&tenant, &client).map(|()| Shaped { tenant, client, credential })
        }
        (tenant, client, credential) => {
            let problems = [tenant.err(), client.err(), credential.err()];
            let mut problems = problems.into_iter().flatten();
            let mut first = problems.next().unwrap_or_default();
            // One check, one step at a time; what else is wrong is named all the same.
            let others: Vec<_> = problems.map(|p| p.summary).collect();
            if !others.is_empty() {
                first.message = Some(format!("also: {}", others.join("; ")));
            }
            Err(first)
        }
    }
}

async fn microsoft(input: &DoctorInput, shaped: Shaped, reporter: &Arc<dyn Reporter>, add: &mut impl FnMut(Check)) {
    let place = Place {
        cloud: input.cloud,
        login: input.login.clone(),
        tenant: shaped.tenant.clone(),
        client: shaped.client.clone(),
    };
    let config = GraphConfig {
        login: input.login.clone(),
        graph: input.graph.clone(),
        scope: input.scope.clone(),
        tenant: shaped.tenant.clone(),
        client: shaped.client.clone(),
        net: input.net.clone(),
        hold: crate::graph::Hold::default(),
        gentle: false,
    };
    let token = match GraphClient::new(config, shaped.credential, Arc::clone(&input.clock), Arc::clone(reporter)) {
        Ok(graph) => graph.token().await.map(|token| (graph.probing(), token)).map_err(|e| e.problem()),
        Err(problem) => Err(problem),
    };
    let (graph, token) = match token {
        Ok(both) => both,
        Err(problem) => {
            add(Check::failed(CheckId::Token, explain_at(problem, &place)));
            skip(add, &MICROSOFT[1..], "there is no token");
            return;
        }
    };
    let minutes = token.expires_at.duration_since(input.clock.now()).as_mins();
    let app = token.claims.as_ref().and_then(|c| c.app_name.clone());
    add(Check::ok(
        CheckId::Token,
        match app {
            Some(app) => format!("app {app}, for {minutes} minutes"),
            None => format!("for {minutes} minutes"),
        },
    ));
    add(match &token.claims {
        Some(claims) => roles(claims, &place),
        None => Check::cannot(
            CheckId::Roles,
            Problem::new("the token is opaque, so that its roles cannot be read")
                .code("opaque_token")
                .hint("This is no fault: the next checks show what the app may read."),
        ),
    });
    add(organization(&graph, &place).await);
    for (id, path, what) in [
        (CheckId::Users, "/v1.0/users?$top=1&$select=id", "users"),
        (CheckId::Groups, "/v1.0/groups?$top=1&$select=id", "groups"),
    ] {
        add(match graph.get(path).await {
            Ok(page) => match page["value"].as_array() {
                Some(list) if list.is_empty() => Check::ok(id, format!("allowed; there are no {what}")),
                Some(_) => Check::ok(id, "allowed"),
                None => Check::failed(id, not_a_list(what)),
            },
            Err(error) => refused(id, &error, &place),
        });
    }
}

/// A read that did not come off; one that the service is too busy for is no verdict.
fn refused(id: CheckId, error: &GraphError, place: &Place) -> Check {
    Check::failed(id, explain_at(error.problem(), place))
}

fn not_a_list(what: &str) -> Problem {
    Problem::new(format!("the answer for {what} is no list"))
        .code("unexpected_shape")
        .hint("Check that --graph-url is Microsoft Graph's.")
}

async fn organization(graph: &GraphClient, place: &Place) -> Check {
    let id = CheckId::Organization;
    let page = match graph.get("/v1.0/organization?$select=id,displayName,verifiedDomains").await {
        Ok(page) => page,
        Err(error) => return refused(id, &error, place),
    };
    let Some(organization) = page["value"].as_array().and_then(|list| list.first()) else {
        return Check::failed(id, not_a_list("the organization"));
    };
    let text = |value: &Value| value.as_str().filter(|t| !t.is_empty()).map(str::to_owned);
    let domain = organization["verifiedDomains"].as_array().and_then(|domains| {
        domains.iter().find(|d| d["isDefault"] == true).or_else(|| domains.first()).and_then(|d| text(&d["name"]))
    });
    let found = [text(&organization["displayName"]), domain].into_iter().flatten().collect::<Vec<_>>().join(" · ");
    Check::ok(id, if found.is_empty() { "allowed".to_owned() } else { found })
}

/// What this tool reads, each with the permissions any one of which is enough (`facts/graph.md` §8.2).
const NEEDED: [(&str, &[&str]); 3] = [
    ("Organization.Read.All", &["Organization.Read.All"]),
    ("User.Read.All", &["User.Read.All"]),
    ("GroupMember.Read.All", &["GroupMember.Read.All", "Group.Read.All"]),
];

/// What it reads of group members that are neither users nor groups; without it they have an id and nothing more.
const USEFUL: [(&str, &str); 3] = [
    ("OrgContact.Read.All", "contacts"),
    ("Device.Read.All", "devices"),
    ("Application.Read.All", "service principals"),
];

fn roles(claims: &Claims, place: &Place) -> Check {
    let id = CheckId::Roles;
    let other = |what: &str, have: &str, want: &str| {
        let summary = format!("the token is for {what} {have}, not {want}");
        Check::failed(
            id,
            Problem::new(summary).code("other_token").hint("Check the IDs, and what stands between you and the login."),
        )
    };
    if let Some(tid) = &claims.tid
        && crate::domain::ids::is_guid_shaped(&place.tenant)
        && !tid.eq_ignore_ascii_case(&place.tenant)
    {
        return other("tenant", tid, &place.tenant);
    }
    if let Some(app) = &claims.appid
        && !app.eq_ignore_ascii_case(place.client.as_str())
    {
        return other("app", app, place.client.as_str());
    }
    if claims.roles.is_empty() {
        return Check::failed(
            id,
            Problem::new("admin consent is missing: the token has no roles")
                .code("no_roles")
                .hint(
                    "In API permissions, add Directory.Read.All (Microsoft Graph, Application permissions), then choose \
                     Grant admin consent. A Privileged Role Administrator or Global Administrator may.",
                )
                .link(place.consent()),
        );
    }
    let has = |role: &str| claims.roles.iter().any(|r| r == role || *r == role.replace(".Read.", ".ReadWrite."));
    let all = has("Directory.Read.All");
    let missing: Vec<_> =
        NEEDED.iter().filter(|(_, any)| !all && !any.iter().any(|r| has(r))).map(|(name, _)| *name).collect();
    if !missing.is_empty() {
        return Check::failed(
            id,
            Problem::new(format!("the app lacks {}", missing.join(", ")))
                .code("missing_roles")
                .hint(
                    "In API permissions, add Directory.Read.All (Microsoft Graph, Application permissions), then choose \
                     Grant admin consent.",
                )
                .link(place.permissions()),
        );
    }
    let writing: Vec<_> = claims.roles.iter().filter(|r| writes(r)).map(String::as_str).collect();
    if !writing.is_empty() {
        return Check::warning(
            id,
            Problem::new(format!("the app may do more than read: {}", writing.join(", ")))
                .code("write_roles")
                .hint("tenantry only reads. Remove what it does not need in API permissions.")
                .link(place.permissions()),
        );
    }
    let poor: Vec<_> = USEFUL.iter().filter(|(role, _)| !all && !has(role)).collect();
    if !poor.is_empty() {
        let roles: Vec<_> = poor.iter().map(|(role, _)| *role).collect();
        let what: Vec<_> = poor.iter().map(|(_, what)| *what).collect();
        return Check::warning(
            id,
            Problem::new(format!("{} in groups will have no names", what.join(", ")))
                .code("missing_roles")
                .hint(format!(
                    "In API permissions, add {} or Directory.Read.All, then grant consent.",
                    roles.join(", ")
                ))
                .link(place.permissions()),
        );
    }
    Check::ok(id, claims.roles.join(", "))
}

/// Whether an app role lets its holder change something.
fn writes(role: &str) -> bool {
    role.contains("ReadWrite") || role.contains(".Write") || role.contains(".Manage") || role.ends_with(".Send")
}

async fn jupiterone(input: &DoctorInput) -> Check {
    let id = CheckId::JupiterOneKey;
    let Some((target, key)) = &input.jupiterone else {
        return Check::cannot(
            id,
            Problem::new("JupiterOne is put off: no account is configured")
                .code("put_off")
                .hint("Add it in the wizard when you want to upload."),
        );
    };
    let shapes = || {
        shapes::check_account(&target.account)?;
        if let Destination::Instance(instance) = &target.destination {
            shapes::check_instance(instance)?;
        }
        match key {
            Some(key) => shapes::check_key(key.expose()),
            None => Err(Problem::new(format!("there is no API key for JupiterOne account {}", target.account))
                .code("no_secret")
                .hint("Create one in the instance's API Keys, then add it in the wizard.")),
        }
    };
    let key = match shapes() {
        Ok(key) => key,
        Err(problem) => return Check::failed(id, problem),
    };
    let config = JupiterOneConfig {
        origin: target.origin.clone(),
        account: target.account.trim().to_owned(),
        net: input.net.clone(),
    };
    // A person waits for this.
    let patience = Patience { total: std::time::Duration::from_secs(10), attempt: std::time::Duration::from_secs(10) };
    let client = match JupiterOneClient::new(config, key) {
        Ok(client) => client.with_patience(patience),
        Err(problem) => return Check::failed(id, problem),
    };
    match client.identify(&target.destination).await {
        Ok(Identity::Account { id: account, .. })
            if account.as_ref().is_some_and(|a| !a.eq_ignore_ascii_case(target.account.trim())) =>
        {
            let theirs = account.unwrap_or_default();
            Check::failed(
                id,
                Problem::new(format!("the key belongs to account {theirs}, not {}", target.account))
                    .code("other_account")
                    .hint("Copy the account id from JupiterOne: Settings, Account Management."),
            )
        }
        Ok(Identity::Account { instance: Some(Err(problem)), .. }) => Check::failed(id, explain(problem)),
        Ok(Identity::Account { name, instance, .. }) => {
            let account = name.unwrap_or_else(|| target.account.clone());
            match instance {
                Some(Ok(instance)) if instance.is_managed_microsoft() => Check::failed(id, managed(&instance.name)),
                Some(Ok(instance)) => {
                    let kind = instance.definition.map(|d| format!(" ({d})")).unwrap_or_default();
                    Check::ok(id, format!("{account} / {}{kind}", instance.name))
                }
                _ => Check::ok(id, account),
            }
        }
        Ok(Identity::CannotRead(problem)) => Check::cannot(
            id,
            Problem {
                code: problem.code,
                status: problem.status,
                message: problem.message,
                ..Problem::new("the key may not read, so that it could not be checked").hint(
                    "This is no fault: an Integration API key may only upload. The first upload shows whether it works.",
                )
            },
        ),
        Err(error) => {
            let mut problem = error.problem();
            if error.kind() == ErrorKind::Unauthorized {
                problem.hint = Some(
                    "Check the account id and the region, or create a new key in the instance's API Keys.".to_owned(),
                );
            }
            Check::failed(id, explain(problem))
        }
    }
}

/// Why an instance of the managed integration is no target.
fn managed(name: &str) -> Problem {
    Problem::new(format!("the instance `{name}` is filled by JupiterOne's own Microsoft 365 integration"))
        .code("managed_instance")
        .hint(
            "An upload would delete its devices and policies. Create a custom instance: Integrations, Custom Definition, \
             Custom instance.",
        )
}

#[cfg(test)]
mod tests;
