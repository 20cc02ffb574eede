//! The doctor: runs every check in order, each telling what was found, or what is wrong and how to mend it. The wizard
//! and `tenantry doctor` run this one.
//!
//! It only reads. A check that cannot be made says so and says why; it is never taken for a good one.

mod expiry;
mod jupiterone;
mod microsoft;
mod reach;
mod roles;

use std::sync::Arc;

use jiff::Timestamp;

use super::{advice::Place, shapes};
use crate::{
    domain::{
        check::{Check, CheckId, CheckStatus},
        clock::Clock,
        cloud::Cloud,
        credential::Credential,
        ids::ClientId,
        naming::Naming,
        origin::Origin,
        problem::Problem,
        progress::{Event, Reporter},
        secret::Secret,
        target::Target,
    },
    graph::{GraphConfig, Hold},
    net::NetConfig,
};

/// What is checked: texts as typed.
#[derive(Clone)]
pub struct DoctorInput {
    pub tenant: String,
    pub client: String,
    pub credential: Option<Credential>,
    /// When the credential ends, as a person noted it; what a certificate or the directory says counts for more.
    pub credential_expires: Option<Timestamp>,
    pub cloud: Cloud,
    pub login: Origin,
    pub graph: Origin,
    pub scope: String,
    pub net: NetConfig,
    /// `None`: put off.
    pub jupiterone: Option<JupiterOneInput>,
    pub clock: Arc<dyn Clock>,
}

/// The JupiterOne side of it.
#[derive(Clone)]
pub struct JupiterOneInput {
    /// Under which names the target gets the tenant.
    pub naming: Naming,
    pub target: Target,
    pub key: Option<Secret>,
    pub seen: Seen,
}

/// Whether it is known that the target is meant for this tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// This tenant has been uploaded there before.
    Ours,
    Never,
}

/// Runs all checks of [`CheckId::ALL`] in order and reports each as it ends.
pub async fn doctor(input: DoctorInput, reporter: Arc<dyn Reporter>) -> Vec<Check> {
    let mut sheet = Sheet { checks: Vec::new(), reporter: Arc::clone(&reporter), clock: Arc::clone(&input.clock) };
    let shaped = shapes(&input);
    match &shaped {
        Ok(shaped) => sheet.add(Check::ok(CheckId::Shapes, shaped.words())),
        Err(problem) => sheet.add(Check::failed(CheckId::Shapes, problem.clone())),
    }
    let reached = reach::all(&input, shaped.is_ok()).await;
    sheet.add(reach::clock(&reached));
    sheet.add(reach::check(&reached));
    match &shaped {
        Ok(shaped) => match reached.unreachable_login() {
            None => microsoft::checks(&input, shaped, &reporter, &mut sheet).await,
            Some(host) => sheet.skip(&MICROSOFT, &format!("{host} cannot be reached")),
        },
        Err(_) => sheet.skip(&MICROSOFT, "IDs and credential are not in shape, so that nothing was sent"),
    }
    jupiterone::checks(&input, &reached, &mut sheet).await;
    sheet.checks
}

/// The checks that need Microsoft, in order.
const MICROSOFT: [CheckId; 7] = [
    CheckId::Token,
    CheckId::Roles,
    CheckId::Expiry,
    CheckId::Organization,
    CheckId::Users,
    CheckId::Groups,
    CheckId::Members,
];

/// What is found, told as it comes.
struct Sheet {
    checks: Vec<Check>,
    reporter: Arc<dyn Reporter>,
    clock: Arc<dyn Clock>,
}

impl Sheet {
    fn add(&mut self, mut check: Check) {
        // Sign-in logs are searched by time.
        if let (CheckStatus::Failed, Some(problem)) = (check.status, &mut check.problem) {
            problem.at.get_or_insert_with(|| self.clock.now());
            problem.hint.get_or_insert_with(|| {
                "No advice is known for this. Try again; if it lasts, send these lines to whoever runs the service."
                    .to_owned()
            });
        }
        self.reporter.report(Event::Check(Box::new(check.clone())));
        self.checks.push(check);
    }

    fn skip(&mut self, ids: &[CheckId], why: &str) {
        ids.iter().for_each(|id| self.add(not_checked(*id, why)));
    }
}

fn not_checked(id: CheckId, why: &str) -> Check {
    Check::cannot(id, Problem::new(format!("not checked: {why}")).code("not_checked"))
}

/// What may be sent.
struct Shaped {
    tenant: String,
    client: ClientId,
    credential: Credential,
}

impl Shaped {
    fn words(&self) -> &'static str {
        match self.credential {
            Credential::Secret(_) => "tenant, client and secret",
            Credential::Key(_) => "tenant, client and certificate",
            Credential::Federated(_) => "tenant, client and federated token",
        }
    }

    fn place(&self, input: &DoctorInput) -> Place {
        Place {
            cloud: input.cloud,
            login: input.login.clone(),
            tenant: self.tenant.clone(),
            client: self.client.clone(),
        }
    }

    fn config(&self, input: &DoctorInput) -> GraphConfig {
        GraphConfig {
            login: input.login.clone(),
            graph: input.graph.clone(),
            scope: input.scope.clone(),
            tenant: self.tenant.clone(),
            client: self.client.clone(),
            net: input.net.clone(),
            hold: Hold::default(),
            gentle: false,
        }
    }
}

fn shapes(input: &DoctorInput) -> Result<Shaped, Problem> {
    let tenant = shapes::check_tenant(&input.tenant);
    let client = shapes::check_client(&input.client);
    let credential = match &input.credential {
        Some(credential) => shapes::check_credential(credential.clone()),
        None => Err(Problem::new("there is no client secret and no certificate").code("no_secret").hint(
            "Create a secret in Certificates & secrets, and paste its Value. If the portal refuses (Credential type \
             not allowed as per assigned policy), use a certificate.",
        )),
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

#[cfg(test)]
mod tests;
