//! Waiting until an administrator has consented: a new token again and again, until its roles are enough.
//!
//! Seldom on purpose: the login service punishes who asks too often (AADSTS50196). It decides by `error` and status alone,
//! never by a number: whatever is refused slows the waiting down, and only a row of refusals ends it.

use std::{sync::Arc, time::Duration};

use jiff::SignedDuration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::advice::{Place, explain_at};
use crate::{
    domain::{
        clock::Clock,
        permission::is_enough,
        problem::Problem,
        progress::{ConsentTry, Event, Reporter},
    },
    graph::{GraphClient, GraphError},
};

/// Between looks: at first, and after each a third more.
const FIRST: Duration = Duration::from_secs(15);
const LONGEST: Duration = Duration::from_secs(60);
/// After refusals: as long at least, and after each twice as long.
const SLOWEST: Duration = Duration::from_secs(300);
/// Nobody waits longer.
const PATIENCE: Duration = Duration::from_secs(30 * 60);
/// So many refusals in a row are the end: by then a new secret or service principal has spread (`facts/graph.md` §7.3),
/// and a client that was too quick has been left in peace.
const REFUSALS: u32 = 5;

/// How waiting ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The roles that the token has now.
    Given(Vec<String>),
    Cancelled,
    TooLong(Problem),
    Refused(Problem),
}

/// What one look found.
enum Look {
    Enough(Vec<String>),
    /// These are not enough.
    NotYet(Vec<String>),
    /// The network, or a service in trouble.
    Trouble(Problem, Option<Duration>),
    Refused(Problem, Option<Duration>),
}

/// Looks until the roles are enough, and reports each look. Each has a client of its own, so that nothing which was
/// given before the consent is used after it.
pub async fn wait(
    client: impl Fn() -> Result<GraphClient, Problem>,
    place: &Place,
    clock: &dyn Clock,
    reporter: &Arc<dyn Reporter>,
    cancel: &CancellationToken,
) -> Ended {
    let end = Instant::now() + PATIENCE;
    let until = after(clock, PATIENCE);
    let (mut pause, mut refusals) = (FIRST, 0);
    let mut told = ConsentTry { tries: 0, next_at: None, until, roles: Vec::new(), problem: None };
    loop {
        told.next_at = None;
        reporter.report(Event::Consent(told.clone()));
        let look = tokio::select! {
            biased;
            () = cancel.cancelled() => return Ended::Cancelled,
            look = look(&client) => look,
        };
        told.tries += 1;
        told.problem = None;
        let wait = match look {
            Look::Enough(roles) => return Ended::Given(roles),
            Look::NotYet(roles) => {
                told.roles = roles;
                refusals = 0;
                let now = pause.min(LONGEST);
                pause = now * 4 / 3;
                now
            }
            Look::Trouble(problem, asked_for) => {
                told.problem = Some(Box::new(explain_at(problem, place)));
                pause = (pause * 4 / 3).min(LONGEST);
                pause.max(asked_for.unwrap_or_default())
            }
            Look::Refused(problem, asked_for) => {
                let problem = explain_at(problem, place);
                refusals += 1;
                if refusals == REFUSALS {
                    return Ended::Refused(problem);
                }
                told.problem = Some(Box::new(problem));
                pause = (LONGEST * 2_u32.pow(refusals - 1)).min(SLOWEST);
                pause.max(asked_for.unwrap_or_default())
            }
        };
        if Instant::now() + wait >= end {
            return Ended::TooLong(too_long(&told, place));
        }
        told.next_at = Some(after(clock, wait));
        reporter.report(Event::Consent(told.clone()));
        tokio::select! {
            () = cancel.cancelled() => return Ended::Cancelled,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn after(clock: &dyn Clock, wait: Duration) -> jiff::Timestamp {
    clock.now() + SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX)
}

async fn look(client: impl Fn() -> Result<GraphClient, Problem>) -> Look {
    let client = match client() {
        Ok(client) => client,
        Err(problem) => return Look::Refused(problem, None),
    };
    match client.new_token().await {
        Ok(token) => match token.claims {
            Some(claims) if is_enough(&claims.roles) => Look::Enough(claims.roles),
            Some(claims) => Look::NotYet(claims.roles),
            // Nobody but Graph can read this one.
            None => opaque(&client).await,
        },
        Err((error, asked_for)) if error.is_transient() => Look::Trouble(error.problem(), asked_for),
        Err((error, asked_for)) => Look::Refused(error.problem(), asked_for),
    }
}

/// Asks Graph what the token does not say.
async fn opaque(client: &GraphClient) -> Look {
    let refused = |e: GraphError| match e.is_forbidden() {
        true => Look::NotYet(Vec::new()),
        false if e.is_transient() => Look::Trouble(e.problem(), None),
        false => Look::Refused(e.problem(), None),
    };
    for path in ["/v1.0/organization?$select=id", "/v1.0/users?$top=1&$select=id", "/v1.0/groups?$top=1&$select=id"] {
        if let Err(error) = client.probing().get(path).await {
            return refused(error);
        }
    }
    Look::Enough(Vec::new())
}

fn too_long(told: &ConsentTry, place: &Place) -> Problem {
    let problem = match &told.problem {
        Some(problem) => Problem { hint: None, link: None, ..(**problem).clone() },
        None => Problem::default(),
    };
    Problem {
        summary: format!("nobody has consented within {} minutes ({} looks)", PATIENCE.as_secs() / 60, told.tries),
        code: Some("consent_timeout".to_owned()),
        ..problem
    }
    .hint(
        "Send the link to a Privileged Role Administrator or Global Administrator, or ask them to choose Grant admin \
         consent in API permissions; then look again.",
    )
    .link(place.consent())
}

#[cfg(test)]
mod tests;
