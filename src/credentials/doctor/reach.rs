//! Whether the services answer at all, and what their clocks say. No credential is sent.

use std::time::Duration;

use futures::future::join_all;

use super::{DoctorInput, not_checked};
use crate::{
    credentials::advice::explain,
    domain::{
        check::{Check, CheckId},
        origin::Origin,
        problem::Problem,
        text::counted,
    },
    net,
};

/// A person waits.
const PATIENCE: Duration = Duration::from_secs(20);
/// A service refuses a certificate's assertion that is some minutes off (`facts/graph.md` §7.1); a difference of this
/// many seconds is worth a word, and less may be the network's.
const SKEW: i64 = 120;

/// The services that were asked, in the order of their use.
pub(super) struct Reached(Vec<(Service, Origin, Result<Answer, Problem>)>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Login,
    Graph,
    JupiterOne,
}

struct Answer {
    reached: net::Reached,
    /// Seconds that this computer is ahead.
    skew: Option<i64>,
}

impl Reached {
    fn failure(&self, service: Service) -> Option<&Origin> {
        self.0.iter().find(|(s, _, answer)| *s == service && answer.is_err()).map(|(_, origin, _)| origin)
    }

    /// The host of the login service, if it did not answer.
    pub fn unreachable_login(&self) -> Option<String> {
        self.failure(Service::Login).map(Origin::host)
    }

    /// The host of JupiterOne, if it did not answer.
    pub fn unreachable_jupiterone(&self) -> Option<String> {
        self.failure(Service::JupiterOne).map(Origin::host)
    }
}

/// Asks every service that will be used, all at once. Microsoft's are left alone where nothing may be sent to them.
pub(super) async fn all(input: &DoctorInput, microsoft: bool) -> Reached {
    let ours = [(Service::Login, &input.login), (Service::Graph, &input.graph)];
    let theirs = input.jupiterone.as_ref().map(|j| (Service::JupiterOne, &j.target.origin));
    let asked = ours.into_iter().filter(|_| microsoft).chain(theirs);
    let answers = asked.map(async |(service, origin)| (service, origin.clone(), ask(input, origin).await));
    Reached(join_all(answers).await)
}

async fn ask(input: &DoctorInput, origin: &Origin) -> Result<Answer, Problem> {
    let reached = tokio::time::timeout(PATIENCE, net::reach(&input.net, origin))
        .await
        .map_err(|_| net::too_slow("reaching the service", origin, PATIENCE))??;
    Ok(Answer { skew: reached.skew_seconds(input.clock.now()), reached })
}

pub(super) fn check(reached: &Reached) -> Check {
    let id = CheckId::Reach;
    if reached.0.is_empty() {
        return not_checked(id, "there is nothing to be sent anywhere");
    }
    let mut failures = reached.0.iter().filter_map(|(_, origin, answer)| Some((origin, answer.as_ref().err()?)));
    if let Some((_, first)) = failures.next() {
        let mut problem = explain(first.clone());
        // Often all fail for one reason; where not, none is left out.
        let others: Vec<_> = failures.map(|(_, other)| format!("also: {}", other.line())).collect();
        if !others.is_empty() {
            let own = problem.message.take().into_iter();
            problem.message = Some(own.chain(others).collect::<Vec<_>>().join("\n"));
        }
        return Check::failed(id, problem);
    }
    let mut hosts: Vec<_> = reached.0.iter().map(|(_, origin, _)| origin.host()).collect();
    hosts.dedup();
    let answers = reached.0.iter().filter_map(|(_, _, answer)| answer.as_ref().ok());
    let mut ways: Vec<_> = answers.filter_map(|answer| way(&answer.reached)).collect();
    ways.dedup();
    Check::ok(id, [hosts.join(", ")].into_iter().chain(ways).collect::<Vec<_>>().join("; "))
}

/// What stands between, where anything does: a certificate's issuer tells who reads along.
fn way(reached: &net::Reached) -> Option<String> {
    let proxy = reached.via_proxy.as_ref()?;
    let signed_in = reached.signed_in.iter().map(|with| format!(" with {with}"));
    let issuer = reached.issuer.iter().map(|issuer| format!(", certificate by {issuer}"));
    Some(std::iter::once(format!("through the proxy {proxy}")).chain(signed_in).chain(issuer).collect())
}

pub(super) fn clock(reached: &Reached) -> Check {
    let id = CheckId::Clock;
    let mut skews = reached.0.iter().filter_map(|(_, origin, answer)| Some((origin, answer.as_ref().ok()?.skew?)));
    let Some((origin, seconds)) = skews.next() else {
        return not_checked(id, "no service told the time");
    };
    let apart = words(seconds.unsigned_abs());
    let host = origin.host();
    if seconds.abs() <= SKEW {
        return Check::ok(id, format!("{apart} from {host}'s"));
    }
    let side = if seconds > 0 { "ahead of" } else { "behind" };
    Check::warning(
        id,
        Problem::new(format!("this computer's clock is {apart} {side} {host}'s")).code("clock_skew").hint(
            "Let the system set its time (NTP), then check again. A certificate's sign-in is refused when the clock \
                 is minutes off (AADSTS700024).",
        ),
    )
}

/// `8 s`, `12 minutes`, `3 hours`.
fn words(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => counted(seconds / 60, "minute"),
        7_200..=172_799 => counted(seconds / 3_600, "hour"),
        _ => counted(seconds / 86_400, "day"),
    }
}
