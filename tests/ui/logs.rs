//! A request log as the scripted engine tells it: a batch that was answered in part, a refusal that was tried again, no
//! answer at all, and addresses that no service would have sent.

use tenantry::domain::{
    filter::{self, Scope},
    request::{Item, LogInfo, Pick, Request, RequestQuery, RequestRows, Service, Sums},
};
use url::Url;

use super::fake::now;

/// What a query's window shows; filters are those of the program.
pub fn answer(query: RequestQuery) -> RequestRows {
    let (filter, complaints) = filter::parse(&query.filter, Scope::Requests);
    let all: Vec<(u64, Request)> = all().into_iter().rev().filter(|(_, request)| filter.matches(request)).collect();
    let total = all.len() as u64;
    let (offset, limit) = (query.offset as usize, query.limit as usize);
    let log = LogInfo {
        name: "2026-11-22T102000Z-collect-4711".to_owned(),
        of: "collect".to_owned(),
        pid: 4_711,
        began: "2026-11-22T10:20:00Z".parse().unwrap(),
        ended: Some("2026-11-22T10:20:19Z".parse().unwrap()),
        run: match query.log {
            Pick::Run(run) => Some(run),
            _ => None,
        },
        sums: Sums { requests: total, ..Sums::default() },
    };
    RequestRows {
        rows: all.into_iter().skip(offset).take(limit).collect(),
        total,
        logs: vec![log.clone()],
        log: Some(log),
        filter_problem: complaints.into_iter().next().map(|complaint| complaint.words),
        query,
    }
}

fn all() -> Vec<(u64, Request)> {
    let request = |n: u64, method: &str, url: &str| {
        let at = now() - jiff::SignedDuration::from_secs(90 - n as i64);
        let service = if url.contains("login") { Service::Login } else { Service::Graph };
        let url: Url = url.parse().unwrap();
        Request {
            status: Some(200),
            ms: 40 + n as u32 * 7,
            units: Some(2),
            bytes: 4_096,
            ..Request::new(at, service, method, &url)
        }
    };
    let graph = |path: &str| format!("https://graph.microsoft.com/v1.0/{path}");
    let mut all = vec![
        request(1, "POST", "https://login.microsoftonline.com/contoso.onmicrosoft.com/oauth2/v2.0/token"),
        request(2, "GET", &graph("users?$select=id,displayName,userPrincipalName&$top=999")),
        request(3, "GET", &graph("groups?$expand=members($select=id)&$skiptoken=RFNwdAIAAQAAABhHcm91cF8")),
        request(4, "POST", &graph("$batch")),
        request(5, "GET", &graph("groups/g-7/members?$select=id")),
        request(6, "GET", &graph("users?$filter=startswith(displayName,'%E2%80%AEevil')")),
    ];
    all[2].status = Some(429);
    all[2].code = Some("TooManyRequests".to_owned());
    all[2].again_in_ms = Some(1_400);
    all[2].headers.insert("retry-after".to_owned(), "1".to_owned());
    let item = |n: u64, status: u16| Item {
        id: n.to_string(),
        path: format!("/groups/g-{n}/members"),
        query: "$select=id".to_owned(),
        status: Some(status),
        code: (status != 200).then(|| "Request_ResourceNotFound".to_owned()),
        units: Some(2),
        request_id: Some(format!("7c1a0000-0000-4000-8000-{n:012}")),
        retry_after: None,
        attempt: 1,
    };
    all[3].items = vec![item(1, 200), item(2, 404), item(3, 200)];
    all[3].asked_with.insert("x-ms-throttle-priority".to_owned(), "low".to_owned());
    all[4].status = Some(403);
    all[4].code = Some("Authorization_RequestDenied".to_owned());
    all[4].request_id = Some("7b12f9bb-2e0c-4be0-8d7f-5b6f2f4f1f00".to_owned());
    all[4].client_request_id = Some("0c5b1c9e-8d66-4d0b-b7a5-3f3a4d2f9a10".to_owned());
    all[5].status = None;
    all[5].code = Some("timeout".to_owned());
    all[5].attempt = 3;
    all[5].units = None;
    (1..).zip(all).collect()
}
