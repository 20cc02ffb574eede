//! The checks that Microsoft answers: a token, what it says, and one small read of each kind.

use std::sync::Arc;

use serde_json::Value;

use super::{DoctorInput, MICROSOFT, Shaped, Sheet, expiry, not_checked, roles};
use crate::{
    credentials::advice::{Place, explain_at, offer},
    domain::{
        check::{Check, CheckId},
        problem::Problem,
        progress::Reporter,
    },
    graph::{GraphClient, GraphError, TokenInfo, segment},
};

pub(super) async fn checks(input: &DoctorInput, shaped: &Shaped, reporter: &Arc<dyn Reporter>, sheet: &mut Sheet) {
    let place = shaped.place(input);
    let client = GraphClient::new(
        shaped.config(input),
        shaped.credential.clone(),
        Arc::clone(&input.clock),
        Arc::clone(reporter),
    );
    let token = match client {
        Ok(graph) => graph.token().await.map(|token| (graph.probing(), token)).map_err(|e| e.problem()),
        Err(problem) => Err(problem),
    };
    let (graph, token) = match token {
        Ok(both) => both,
        Err(problem) => {
            let offer = offer(&problem, input.cloud);
            sheet.add(Check::failed(CheckId::Token, explain_at(problem, &place)).offering(offer));
            for id in &MICROSOFT[1..] {
                // A credential's end is known without a token, and may be why there is none.
                let known = (*id == CheckId::Expiry).then(|| expiry::without_a_token(input, shaped, &place)).flatten();
                sheet.add(known.unwrap_or_else(|| not_checked(*id, "there is no token")));
            }
            return;
        }
    };
    sheet.add(given(&token, input));
    sheet.add(match &token.claims {
        Some(claims) => roles::check(claims, &place),
        None => Check::cannot(
            CheckId::Roles,
            Problem::new("the token is opaque, so that its roles cannot be read")
                .code("opaque_token")
                .hint("This is no fault: the next checks show what the app may read."),
        ),
    });
    sheet.add(expiry::check(input, shaped, &graph, &place).await);
    sheet.add(organization(&graph, &place).await);
    sheet.add(match graph.get("/v1.0/users?$top=1&$select=id").await {
        Ok(page) => listed(CheckId::Users, &page, "users"),
        Err(error) => refused(CheckId::Users, &error, &place),
    });
    match graph.get("/v1.0/groups?$top=10&$select=id,visibility").await {
        Ok(page) => {
            sheet.add(listed(CheckId::Groups, &page, "groups"));
            sheet.add(members(&graph, &page, &place).await);
        }
        Err(error) => {
            sheet.add(refused(CheckId::Groups, &error, &place));
            sheet.add(not_checked(CheckId::Members, "groups cannot be read"));
        }
    }
}

fn given(token: &TokenInfo, input: &DoctorInput) -> Check {
    let minutes = token.expires_at.duration_since(input.clock.now()).as_mins();
    let app = token.claims.as_ref().and_then(|c| c.app_name.clone());
    Check::ok(
        CheckId::Token,
        match app {
            Some(app) => format!("app {app}, for {minutes} minutes"),
            None => format!("for {minutes} minutes"),
        },
    )
}

/// A read that did not come off; one that the service is too busy for is no verdict.
fn refused(id: CheckId, error: &GraphError, place: &Place) -> Check {
    Check::failed(id, explain_at(error.problem(), place))
}

fn listed(id: CheckId, page: &Value, what: &str) -> Check {
    match page["value"].as_array() {
        Some(list) if list.is_empty() => Check::ok(id, format!("allowed; there are no {what}")),
        Some(_) => Check::ok(id, "allowed"),
        None => Check::failed(id, not_a_list(what)),
    }
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

/// One group's members, as a collection asks for them: with their IDs and kinds. A group of hidden membership would say
/// nothing about the others.
async fn members(graph: &GraphClient, groups: &Value, place: &Place) -> Check {
    let id = CheckId::Members;
    let groups = groups["value"].as_array().map(Vec::as_slice).unwrap_or_default();
    let open = groups.iter().find(|g| g["visibility"] != "HiddenMembership");
    let Some(group) = open.and_then(|g| g["id"].as_str()) else {
        return match groups.is_empty() {
            true => Check::ok(id, "there are no groups"),
            false => not_checked(id, "the first groups are all of hidden membership"),
        };
    };
    let page = match graph.get(&format!("/v1.0/groups/{}/members?$select=id&$top=5", segment(group))).await {
        Ok(page) => page,
        // It was deleted between the two requests.
        Err(error) if error.is_gone() => return not_checked(id, "the group that was looked at has just been deleted"),
        Err(error) => return refused(id, &error, place),
    };
    let Some(list) = page["value"].as_array() else { return Check::failed(id, not_a_list("members")) };
    let is_whole = |member: &Value| member["id"].is_string() && member["@odata.type"].is_string();
    if !list.iter().all(is_whole) {
        return Check::failed(
            id,
            Problem::new("members come without ID or kind (@odata.type), so that nobody could be told apart")
                .code("unexpected_shape")
                .hint(
                    "Check that --graph-url is Microsoft Graph's, and that no gateway before it changes the header Accept \
                     or the answers.",
                ),
        );
    }
    Check::ok(id, if list.is_empty() { "allowed; the first group has none" } else { "allowed" })
}
