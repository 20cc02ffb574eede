//! When the credential ends: as its certificate says, as the directory says where the app may read that, or as a person
//! noted it.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

use super::{DoctorInput, Shaped};
use crate::{
    credentials::advice::Place,
    domain::{
        check::{Check, CheckId},
        credential::{Credential, Expiry},
        problem::Problem,
        secret::Secret,
    },
    graph::GraphClient,
};

const ID: CheckId = CheckId::Expiry;

pub(super) async fn check(input: &DoctorInput, shaped: &Shaped, graph: &GraphClient, place: &Place) -> Check {
    let read = match &shaped.credential {
        Credential::Federated(_) => return Check::ok(ID, "a federated token, renewed by its platform"),
        Credential::Key(key) => key.expires,
        Credential::Secret(secret) => of_secret(graph, place, secret).await,
    };
    match read.or(input.credential_expires) {
        Some(end) => {
            let check = judged(end, input, shaped, place);
            // A token has just been given: what was noted is not the end.
            match check.problem {
                Some(problem) if check.status == crate::domain::check::CheckStatus::Failed => {
                    Check::warning(ID, problem)
                }
                _ => check,
            }
        }
        None => Check::cannot(
            ID,
            Problem::new("when the secret ends is not known: the app may not read its own registration")
                .code("expiry_unknown")
                .hint(
                    "This is no fault. Certificates & secrets shows it in the column Expires: note it in the profile as \
                     secret_expires, to be warned in time.",
                )
                .link(place.secrets()),
        ),
    }
}

/// What is known of the end without asking anybody.
pub(super) fn without_a_token(input: &DoctorInput, shaped: &Shaped, place: &Place) -> Option<Check> {
    let end = match &shaped.credential {
        Credential::Key(key) => key.expires.or(input.credential_expires),
        Credential::Secret(_) => input.credential_expires,
        Credential::Federated(_) => None,
    };
    end.map(|end| judged(end, input, shaped, place))
}

fn judged(end: Timestamp, input: &DoctorInput, shaped: &Shaped, place: &Place) -> Check {
    let (what, hint) = match &shaped.credential {
        Credential::Key(_) => (
            "certificate",
            "Make a new key and certificate, and upload the new .cer in Certificates & secrets before the old one ends: \
             both work side by side.",
        ),
        _ => (
            "secret",
            "Create a new secret in Certificates & secrets, and store its Value here before the old one ends: both work \
             side by side.",
        ),
    };
    let day = end.to_zoned(TimeZone::UTC).date();
    let expiry = Expiry::of(end, input.clock.now());
    let problem = |words: String, code: &str| {
        Problem::new(format!("the {what} {words} ({day})")).code(code).hint(hint).link(place.secrets())
    };
    match (expiry, expiry.words()) {
        (Expiry::Ended, Some(words)) => Check::failed(ID, problem(words, "credential_ended")),
        (_, Some(words)) => Check::warning(ID, problem(words, "credential_ends_soon")),
        (_, None) => Check::ok(ID, format!("the {what} lasts until {day}")),
    }
}

/// The end of a secret, from the app's own registration; `None` where it may not be read, or does not tell which of
/// several is ours. The directory shows the first three characters of each secret, as `hint`.
async fn of_secret(graph: &GraphClient, place: &Place, secret: &Secret) -> Option<Timestamp> {
    let path = format!("/v1.0/applications?$filter=appId%20eq%20'{}'&$select=id,passwordCredentials", place.client);
    let answer = graph.get(&path).await.ok()?;
    let all = answer["value"][0]["passwordCredentials"].as_array()?;
    let is_ours = |credential: &&Value| {
        credential["hint"].as_str().is_some_and(|hint| hint.chars().count() >= 3 && secret.expose().starts_with(hint))
    };
    let hinted: Vec<_> = all.iter().filter(is_ours).collect();
    let ours = match (&hinted[..], &all[..]) {
        ([one], _) => one,
        // A token was given for it, and there is no other.
        ([], [only]) if only["hint"].is_null() => only,
        _ => return None,
    };
    ours["endDateTime"].as_str()?.parse().ok()
}
