//! Requests as text for others: to be sent again by hand, or for whoever is asked for help.

use std::{collections::HashMap, fmt::Write as _};

use super::{Item, LogInfo, Request, Service};
use crate::domain::{ids, text};

/// A command that sends it again, with `$TOKEN` in the place of the token.
pub fn curl(request: &Request) -> String {
    let (query, cut) = sendable(&request.query);
    let url = format!("{}{}{}{query}", request.origin, request.path, if query.is_empty() { "" } else { "?" });
    let mut lines = Vec::new();
    if cut {
        lines.push("# The page token is not kept: this asks for the first page.".to_owned());
    }
    lines.push(format!("curl --silent --show-error --include --request {} {}", request.method, quoted(&url)));
    let mut part = |words: String| lines.push(format!("  {words}"));
    match request.service {
        Service::Login => {
            for (name, value) in [
                ("client_id", "$CLIENT_ID"),
                ("scope", "$SCOPE"),
                ("client_secret", "$CLIENT_SECRET"),
                ("grant_type", "client_credentials"),
            ] {
                part(format!("--data-urlencode \"{name}={value}\""));
            }
        }
        Service::Graph | Service::JupiterOne => {
            part("--header \"Authorization: Bearer $TOKEN\"".to_owned());
            if request.service == Service::JupiterOne {
                part("--header \"JupiterOne-Account: $JUPITERONE_ACCOUNT\"".to_owned());
            }
            part("--header 'Accept: application/json'".to_owned());
            for (name, value) in &request.asked_with {
                part(format!("--header {}", quoted(&format!("{name}: {value}"))));
            }
            if !request.items.is_empty() {
                part("--header 'Content-Type: application/json'".to_owned());
                part(format!("--data {}", quoted(&body_of(&request.items))));
            } else if request.method != "GET" {
                part("--header 'Content-Type: application/json'".to_owned());
                part("--data @body.json".to_owned());
            }
        }
    }
    let commented = usize::from(cut);
    let (comment, command) = lines.split_at(commented);
    let command = command.join(" \\\n");
    comment.iter().map(|line| format!("{line}\n")).collect::<String>() + &command + "\n"
}

/// The batch that asks for the same; their answers' pages are their first.
fn body_of(items: &[Item]) -> String {
    let requests: Vec<serde_json::Value> = items
        .iter()
        .map(|item| {
            let (query, _) = sendable(&item.query);
            let url = if query.is_empty() { item.path.clone() } else { format!("{}?{query}", item.path) };
            serde_json::json!({ "id": item.id, "method": "GET", "url": url })
        })
        .collect();
    serde_json::json!({ "requests": requests }).to_string()
}

/// A query as it can be sent, and whether something had to be left out of it.
fn sendable(query: &str) -> (String, bool) {
    let kept: Vec<&str> = query.split('&').filter(|part| !part.ends_with("=…")).collect();
    let cut = kept.len() < query.split('&').count();
    (kept.join("&").replace(' ', "%20").replace('\'', "%27"), cut)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// What somebody needs who is to look for these requests in a service's own logs. With `names`, people, things and
/// addresses go by pseudonyms; what tells a request from others stays as it is.
pub fn support(log: Option<&LogInfo>, requests: &[Request], mut names: Option<&mut Names>) -> String {
    let mut out = format!("tenantry {}", env!("CARGO_PKG_VERSION"));
    if let Some(log) = log {
        let run = log.run.map(|run| format!(" of run {run}")).unwrap_or_default();
        let _ = write!(out, ", requests{run} ({}), begun {}", text::visible(&log.of), log.began);
    }
    out.push('\n');
    if names.is_some() {
        out.push_str("Names, addresses and ids are replaced; the same one is the same everywhere in this text.\n");
    }
    for request in requests {
        block(&mut out, request, &mut names);
    }
    out
}

fn block(out: &mut String, request: &Request, names: &mut Option<&mut Names>) {
    let mut told = |service: Service, path: &str, query: &str| match names {
        Some(names) => super::joined(&names.path(service, path), &names.text(query)),
        None => super::joined(path, query),
    };
    let show = |text: &str| text::visible(text).into_owned();
    let mut line = |words: String| {
        out.push_str(&words);
        out.push('\n');
    };
    let target = told(request.service, &request.path, &request.query);
    line(format!("\n{} {}{}", show(&request.method), show(&request.origin), show(&target)));
    line(format!("  sent:              {}", request.at));
    let code = request.code.as_deref().map(|code| format!(" {}", show(code))).unwrap_or_default();
    let status = request.status.map_or_else(|| "none".to_owned(), |status| status.to_string());
    line(format!("  answer:            {status}{code}, after {} ms", request.ms));
    let mut known = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            line(format!("  {:<18} {}", format!("{name}:"), show(&value)));
        }
    };
    known("request-id", request.request_id.clone());
    known("client-request-id", request.client_request_id.clone());
    known("attempt", (request.attempt > 1).then(|| request.attempt.to_string()));
    known("sent again after", request.again_in_ms.map(|ms| format!("{ms} ms")));
    known("resource units", request.units.map(|units| units.to_string()));
    for (name, value) in request.asked_with.iter().chain(&request.headers) {
        if !matches!(name.as_str(), "request-id" | "client-request-id") {
            known(name, Some(value.clone()));
        }
    }
    if !request.items.is_empty() {
        line(format!("  batch of {}:", request.items.len()));
    }
    for item in &request.items {
        let status = item.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
        let more = [
            item.code.clone(),
            item.request_id.as_ref().map(|id| format!("request {id}")),
            item.retry_after.as_ref().map(|after| format!("Retry-After {after}")),
            (item.attempt > 1).then(|| format!("attempt {}", item.attempt)),
        ];
        let more: String = more.into_iter().flatten().map(|word| format!(" · {}", show(&word))).collect();
        line(format!("    {status:>3} {}{more}", show(&told(request.service, &item.path, &item.query))));
    }
}

/// Pseudonyms for what is of somebody or something: the same for the same, in the order in which they are met.
#[derive(Debug, Clone, Default)]
pub struct Names {
    known: HashMap<(&'static str, String), usize>,
}

/// Behind these in a path is the id, or the login, of somebody or something.
const OWNERS: [&str; 10] = [
    "users",
    "groups",
    "directoryobjects",
    "serviceprincipals",
    "devices",
    "contacts",
    "applications",
    "organization",
    "members",
    "owners",
];

impl Names {
    fn of(&mut self, what: &'static str, name: &str) -> String {
        let next = self.known.keys().filter(|(kind, _)| *kind == what).count() + 1;
        let number = self.known.entry((what, name.to_lowercase())).or_insert(next);
        format!("{what}-{number}")
    }

    /// A path, segment by segment.
    pub fn path(&mut self, service: Service, path: &str) -> String {
        let mut before = String::new();
        let mut out = Vec::new();
        for (place, segment) in path.split('/').enumerate() {
            let lower = segment.to_ascii_lowercase();
            let is_word = segment.is_empty() || segment.starts_with('$') || lower.starts_with("microsoft.graph.");
            let owned =
                OWNERS.contains(&before.as_str()) && !is_word && !matches!(lower.as_str(), "delta" | "getbyids");
            let shown = match service {
                Service::Login if place == 1 => self.of("tenant", segment),
                // Its ids are those of jobs, which are what somebody would look for.
                Service::JupiterOne => segment.to_owned(),
                _ if owned => self.of("id", segment),
                _ => self.text(segment),
            };
            out.push(shown);
            before = lower;
        }
        out.join("/")
    }

    /// Any text: ids, addresses, and what stands in single quotes.
    pub fn text(&mut self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(behind) = rest.strip_prefix('\'') {
                let end = end_of_quote(behind);
                let inside = &behind[..end];
                out.push('\'');
                if !inside.is_empty() {
                    let what = if ids::is_guid_shaped(inside) { "id" } else { "text" };
                    out.push_str(&self.of(what, inside));
                }
                rest = &behind[end..];
                if let Some(behind) = rest.strip_prefix('\'') {
                    out.push('\'');
                    rest = behind;
                }
                continue;
            }
            let end = rest.find(is_border).unwrap_or(rest.len());
            if end == 0 {
                let border = rest.chars().next().map_or(1, char::len_utf8);
                out.push_str(&rest[..border]);
                rest = &rest[border..];
                continue;
            }
            let word = &rest[..end];
            if ids::is_guid_shaped(word) {
                out.push_str(&self.of("id", word));
            } else if word.contains('@') && !word.starts_with('@') || word.contains("%40") {
                out.push_str(&self.of("address", word));
            } else {
                out.push_str(word);
            }
            rest = &rest[end..];
        }
        out
    }
}

/// Where the text in quotes ends; two quotes are one of it.
fn end_of_quote(text: &str) -> usize {
    let mut from = 0;
    while let Some(at) = text[from..].find('\'').map(|at| from + at) {
        if !text[at + 1..].starts_with('\'') {
            return at;
        }
        from = at + 2;
    }
    text.len()
}

fn is_border(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\'' | '"' | '(' | ')' | ',' | '&' | '=' | '/' | ';' | ':')
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use url::Url;

    use super::*;

    const ADA: &str = "6e7b768e-07e2-4810-8459-485f84f8f204";
    const BOB: &str = "87d349ed-44d7-43e1-9a83-5f2406dee5bd";

    fn request(service: Service, method: &str, url: &str) -> Request {
        Request::new("2026-11-22T10:00:00Z".parse::<Timestamp>().unwrap(), service, method, &Url::parse(url).unwrap())
    }

    #[test]
    fn pseudonyms_are_stable_and_cover_people() {
        let check = |steps: &[(&str, &str)]| {
            let mut names = Names::default();
            for (text, want) in steps {
                let got = match text.strip_prefix('/') {
                    Some(_) => names.path(Service::Graph, text),
                    None => names.text(text),
                };
                assert_eq!(got, *want, "{text}");
            }
        };
        let ada = format!("/v1.0/users/{ADA}");
        let bob = format!("/v1.0/groups/{BOB}/members");
        let both = format!("$filter=id in ('{}','{BOB}')", ADA.to_uppercase());
        check(&[
            (&ada, "/v1.0/users/id-1"),
            (&bob, "/v1.0/groups/id-2/members"),
            (&both, "$filter=id in ('id-1','id-2')"),
        ]);
        check(&[
            ("/v1.0/users/ada@contoso.com/memberOf", "/v1.0/users/id-1/memberOf"),
            ("/v1.0/users/ada%40contoso.com", "/v1.0/users/id-2"),
            ("/v1.0/users/delta", "/v1.0/users/delta"),
            ("/v1.0/users/$count", "/v1.0/users/$count"),
            (
                "/v1.0/groups/x/members/microsoft.graph.servicePrincipal",
                "/v1.0/groups/id-3/members/microsoft.graph.servicePrincipal",
            ),
            ("/v1.0/directoryObjects/getByIds", "/v1.0/directoryObjects/getByIds"),
        ]);
        check(&[
            ("$filter=displayName eq 'O''Brien'", "$filter=displayName eq 'text-1'"),
            ("$filter=startswith(mail,'ada@')", "$filter=startswith(mail,'text-2')"),
            ("$filter=mail eq ada@contoso.com", "$filter=mail eq address-1"),
            ("$filter=displayName eq 'never closed", "$filter=displayName eq 'text-3"),
            ("$filter=displayName eq 'o''brien'", "$filter=displayName eq 'text-1'"),
            ("$select=id,displayName&$top=999", "$select=id,displayName&$top=999"),
            ("$filter=a eq ''", "$filter=a eq ''"),
        ]);
        let mut names = Names::default();
        assert_eq!(names.path(Service::Login, "/contoso.com/oauth2/v2.0/token"), "/tenant-1/oauth2/v2.0/token");
        let job = format!("/persister/synchronization/jobs/{ADA}/entities");
        assert_eq!(names.path(Service::JupiterOne, &job), job);
    }

    #[test]
    fn a_command_sends_it_again() {
        let mut get = request(
            Service::Graph,
            "GET",
            "https://graph.microsoft.com/v1.0/users?$filter=displayName%20eq%20'a'&$skiptoken=RFNwdAIAAQ",
        );
        get.asked_with.insert("ConsistencyLevel".to_owned(), "eventual".to_owned());
        assert_eq!(
            curl(&get),
            "# The page token is not kept: this asks for the first page.\n\
             curl --silent --show-error --include --request GET 'https://graph.microsoft.com/v1.0/users?$filter=displayName%20eq%20%27a%27' \\\n  \
             --header \"Authorization: Bearer $TOKEN\" \\\n  \
             --header 'Accept: application/json' \\\n  \
             --header 'ConsistencyLevel: eventual'\n"
        );
        let mut batch = request(Service::Graph, "POST", "https://graph.microsoft.com/v1.0/$batch");
        batch.items = vec![Item {
            id: "0".to_owned(),
            path: "/groups/a/members".to_owned(),
            query: "$select=id&$filter=a eq 'b'".to_owned(),
            status: Some(200),
            code: None,
            units: None,
            request_id: None,
            retry_after: None,
            attempt: 1,
        }];
        let command = curl(&batch);
        assert!(command.contains(r#"--data '{"requests":[{"id":"0","method":"GET","url":"/groups/a/members?$select=id&$filter=a%20eq%20%27b%27"}]}'"#), "{command}");
        let login = curl(&request(Service::Login, "POST", "https://login.microsoftonline.com/t/oauth2/v2.0/token"));
        assert!(login.contains("client_secret=$CLIENT_SECRET") && !login.contains("Bearer"), "{login}");
        let upload = curl(&request(Service::JupiterOne, "POST", "https://api.us.jupiterone.io/persister/x/entities"));
        assert!(
            upload.contains("JupiterOne-Account: $JUPITERONE_ACCOUNT") && upload.contains("@body.json"),
            "{upload}"
        );
    }

    #[test]
    fn a_support_block_names_requests_and_nobody() {
        let mut batch = request(Service::Graph, "POST", "https://graph.microsoft.com/v1.0/$batch");
        batch.status = Some(200);
        batch.ms = 340;
        batch.units = Some(3);
        batch.request_id = Some("93b6f17e-0000-0000-0000-000000000001".to_owned());
        batch.heard([("x-ms-ags-diagnostic", "West Europe"), ("date", "Sun, 22 Nov 2026 10:00:00 GMT")]);
        batch.items = vec![Item {
            id: "0".to_owned(),
            path: format!("/groups/{ADA}/members"),
            query: "$select=id".to_owned(),
            status: Some(403),
            code: Some("Authorization_RequestDenied".to_owned()),
            units: None,
            request_id: Some("aaaa".to_owned()),
            retry_after: None,
            attempt: 2,
        }];
        let mut names = Names::default();
        let text = support(None, &[batch.clone()], Some(&mut names));
        assert_eq!(
            text,
            format!(
                "tenantry {}\n\
                 Names, addresses and ids are replaced; the same one is the same everywhere in this text.\n\
                 \n\
                 POST https://graph.microsoft.com/v1.0/$batch\n  \
                 sent:              2026-11-22T10:00:00Z\n  \
                 answer:            200, after 340 ms\n  \
                 request-id:        93b6f17e-0000-0000-0000-000000000001\n  \
                 resource units:    3\n  \
                 date:              Sun, 22 Nov 2026 10:00:00 GMT\n  \
                 x-ms-ags-diagnostic: West Europe\n  \
                 batch of 1:\n    \
                 403 /groups/id-1/members?$select=id · Authorization_RequestDenied · request aaaa · attempt 2\n",
                env!("CARGO_PKG_VERSION")
            )
        );
        assert!(support(None, &[batch], None).contains(ADA));
    }
}
