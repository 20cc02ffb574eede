//! What the token's claims say: whose it is, what it allows, and what that means for a run.

use crate::{
    credentials::advice::Place,
    domain::{
        check::{Check, CheckId, Offer},
        ids::is_guid_shaped,
        permission::{DIRECTORY, Need, Permission, does_more_than_read, missing, table},
        problem::Problem,
    },
    graph::Claims,
};

const ID: CheckId = CheckId::Roles;

pub(super) fn check(claims: &Claims, place: &Place) -> Check {
    let check = match another_s(claims, place) {
        Some(problem) => return Check::failed(ID, problem),
        None => judged(&claims.roles, place),
    };
    Check { permissions: table(&claims.roles), ..check }
}

fn another_s(claims: &Claims, place: &Place) -> Option<Problem> {
    let other = |what: &str, have: &str, want: &str| {
        Problem::new(format!("the token is for {what} {have}, not {want}"))
            .code("other_token")
            .hint("Check the IDs, and what stands between you and the login.")
    };
    // A domain does not tell the tenant's ID.
    if let Some(tid) = &claims.tid
        && is_guid_shaped(&place.tenant)
        && !tid.eq_ignore_ascii_case(&place.tenant)
    {
        return Some(other("tenant", tid, &place.tenant));
    }
    let app = claims.appid.as_ref().filter(|app| !app.eq_ignore_ascii_case(place.client.as_str()))?;
    Some(other("app", app, place.client.as_str()))
}

fn judged(roles: &[String], place: &Place) -> Check {
    if roles.is_empty() {
        return Check::failed(
            ID,
            Problem::new("admin consent is missing: the token has no roles")
                .code("no_roles")
                .hint(
                    "In API permissions, add Directory.Read.All (Microsoft Graph, Application permissions), then choose \
                     Grant admin consent. A Privileged Role Administrator or Global Administrator may.",
                )
                .link(place.consent()),
        )
        .offering(Offer::AwaitConsent);
    }
    let names = |need: Need| missing(roles, need).map(Permission::names).collect::<Vec<_>>();
    let lost = |need: Need| missing(roles, need).map(|p| p.without).collect::<Vec<_>>().join("; ");
    let required = names(Need::Required);
    if !required.is_empty() {
        return Check::failed(
            ID,
            Problem::new(format!("the app lacks {}: {}", required.join(", "), lost(Need::Required)))
                .code("missing_roles")
                .hint(format!(
                    "In API permissions, add {} or {DIRECTORY} (Microsoft Graph, Application permissions), then choose \
                     Grant admin consent.",
                    required.join(", ")
                ))
                .link(place.permissions()),
        )
        .offering(Offer::AwaitConsent);
    }
    let writing: Vec<_> = roles.iter().filter(|r| does_more_than_read(r)).map(String::as_str).collect();
    if !writing.is_empty() {
        return Check::warning(ID, too_much(roles, &writing, place));
    }
    let poor = names(Need::Names);
    if !poor.is_empty() {
        return Check::warning(
            ID,
            Problem::new(lost(Need::Names))
                .code("missing_roles")
                .hint(format!(
                    "Edges are whole all the same. To have the names, add {} or {DIRECTORY} in API permissions, then \
                     grant consent.",
                    poor.join(", ")
                ))
                .link(place.permissions()),
        );
    }
    Check::ok(ID, roles.join(", "))
}

/// A token that can write. Where reading hangs on such a role, its place is to be taken first.
fn too_much(roles: &[String], writing: &[&str], place: &Place) -> Problem {
    let kept: Vec<_> = roles.iter().filter(|role| !writing.contains(&role.as_str())).cloned().collect();
    let leans = [Need::Required, Need::Names].into_iter().any(|need| {
        let now = missing(roles, need).count();
        missing(&kept, need).count() > now
    });
    let first = if leans { format!("Add {DIRECTORY}, then remove") } else { "Remove".to_owned() };
    Problem::new(format!("the app may do more than read: {}", writing.join(", ")))
        .code("write_roles")
        .hint(format!(
            "tenantry only reads. {first} {} in API permissions, and take the consent back in Enterprise applications, \
             Permissions.",
            writing.join(", ")
        ))
        .link(place.permissions())
}
