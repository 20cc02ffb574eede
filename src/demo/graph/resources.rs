//! The routes of Graph: which resource a path names, and what it answers.

use axum::http::Method;
use serde_json::{Value, json};

use super::{
    super::{
        answer::Answer,
        scenario::{ExpandServed, Hidden, Route, What},
        seed::{Kind, Ref},
        tenant::Tenant,
        world::{Asked, World},
    },
    Caller, Refusal, cost,
    filter::Filter,
    is_version, only,
    page::{Page, Trouble, page},
    page_fault,
    query::{Expand, Options, ids_of},
    select::{self, View},
};
use crate::domain::ids::is_guid_shaped;

/// The short name of a kind's type.
pub fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::User | Kind::Ghost => "user",
        Kind::Group => "group",
        Kind::Contact => "orgContact",
        Kind::Device => "device",
        Kind::ServicePrincipal => "servicePrincipal",
        Kind::Agent => "agentIdentity",
    }
}

/// A collection's segment, the kind of its objects, and its name in `$metadata#`.
const COLLECTIONS: &[(&str, Kind)] = &[
    ("users", Kind::User),
    ("groups", Kind::Group),
    ("contacts", Kind::Contact),
    ("devices", Kind::Device),
    ("servicePrincipals", Kind::ServicePrincipal),
];

fn collection(segment: &str) -> Option<(&'static str, Kind)> {
    COLLECTIONS.iter().copied().find(|(name, _)| name.eq_ignore_ascii_case(segment))
}

/// What a path asks for, behind its version.
pub enum Asks<'a> {
    Organization(Option<&'a str>),
    List(&'static str, Kind),
    Count(Kind),
    Delta(&'static str, Kind),
    Object(&'static str, Kind, &'a str),
    Members {
        group: &'a str,
        cast: Option<&'a str>,
        count: bool,
    },
    ByIds,
    DirectoryObject(&'a str),
    /// App registrations: only by `$filter=appId eq '…'`.
    Applications,
    Unknown(&'a str),
}

fn asks<'a>(asked: &'a Asked<'_>) -> Asks<'a> {
    let segments: Vec<&str> = asked.segments.iter().map(String::as_str).collect();
    let Some((_, rest)) = segments.split_first().filter(|(version, _)| is_version(version)) else {
        return Asks::Unknown(segments.first().copied().unwrap_or_default());
    };
    let is = |segment: &str, name: &str| segment.eq_ignore_ascii_case(name);
    let cast = |segment: &'a str| {
        let (start, short) = segment.split_at_checked(16)?;
        is(start, "microsoft.graph.").then_some(short)
    };
    match *rest {
        [organization] if is(organization, "organization") => Asks::Organization(None),
        [organization, id] if is(organization, "organization") => Asks::Organization(Some(id)),
        [objects, by_ids]
            if is(objects, "directoryObjects")
                && (is(by_ids, "getByIds") || is(by_ids, "microsoft.graph.getByIds")) =>
        {
            Asks::ByIds
        }
        [objects, id] if is(objects, "directoryObjects") => Asks::DirectoryObject(id),
        [applications] if is(applications, "applications") => Asks::Applications,
        [name] => collection(name).map_or(Asks::Unknown(name), |(name, kind)| Asks::List(name, kind)),
        [name, count] if is(count, "$count") => {
            collection(name).map_or(Asks::Unknown(name), |(_, kind)| Asks::Count(kind))
        }
        [name, delta] if is_delta(delta) => {
            collection(name).map_or(Asks::Unknown(name), |(name, kind)| Asks::Delta(name, kind))
        }
        [name, id] => collection(name).map_or(Asks::Unknown(name), |(name, kind)| Asks::Object(name, kind, id)),
        [groups, group, members, ref more @ ..] if is(groups, "groups") && is(members, "members") => match *more {
            [] => Asks::Members { group, cast: None, count: false },
            [count] if is(count, "$count") => Asks::Members { group, cast: None, count: true },
            [name] if cast(name).is_some() => Asks::Members { group, cast: cast(name), count: false },
            [name, count] if cast(name).is_some() && is(count, "$count") => {
                Asks::Members { group, cast: cast(name), count: true }
            }
            [name, ..] => Asks::Unknown(name),
        },
        [.., last] => Asks::Unknown(last),
        [] => Asks::Unknown(""),
    }
}

fn is_delta(segment: &str) -> bool {
    ["delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()"]
        .iter()
        .any(|d| segment.eq_ignore_ascii_case(d))
}

/// A request that was read: what it asks for, and how.
pub struct Request<'a> {
    pub asks: Asks<'a>,
    options: Result<Options, Refusal>,
}

impl<'a> Request<'a> {
    pub fn read(asked: &'a Asked<'_>) -> Self {
        let asks = asks(asked);
        let options = if matches!(asks, Asks::Delta(..)) { Options::of_delta(asked) } else { Options::read(asked) };
        Self { asks, options }
    }

    /// What it costs, be it carried out or not, in resource units.
    pub fn price(&self) -> u32 {
        let Ok(options) = &self.options else { return cost::OTHER };
        match self.asks {
            Asks::List(_, Kind::User) => cost::of(cost::USERS, options),
            Asks::Members { count: false, .. } => cost::of(cost::MEMBERS, options),
            // The documentation names this one price, whatever the general rule would give.
            Asks::ByIds if options.select.is_some() => cost::BY_IDS_SELECT,
            Asks::ByIds => cost::of(cost::BY_IDS, options),
            _ => cost::of(cost::OTHER, options),
        }
    }

    /// Whether it asks when users signed in, which has a limit of its own.
    pub fn asks_sign_ins(&self) -> bool {
        matches!(self.asks, Asks::List(_, Kind::User) | Asks::Object(_, Kind::User, _))
            && self.options.as_ref().is_ok_and(Options::names_sign_in)
    }
}

/// The route, for faults.
pub fn route(asks: &Asks<'_>) -> Route {
    match asks {
        Asks::Organization(_) => Route::Organization,
        Asks::List(_, kind) => match kind {
            Kind::User => Route::Users,
            Kind::Group => Route::Groups,
            Kind::Contact => Route::Contacts,
            Kind::Device => Route::Devices,
            _ => Route::ServicePrincipals,
        },
        Asks::Delta(_, kind) => match kind {
            Kind::User => Route::UsersDelta,
            Kind::Group => Route::GroupsDelta,
            Kind::Contact => Route::ContactsDelta,
            Kind::Device => Route::DevicesDelta,
            _ => Route::ServicePrincipalsDelta,
        },
        Asks::Count(_) | Asks::Members { count: true, .. } => Route::Count,
        Asks::Object(_, Kind::User, _) => Route::User,
        Asks::Object(_, Kind::Group, _) => Route::Group,
        Asks::Object(..) | Asks::Applications | Asks::Unknown(_) => Route::Other,
        Asks::Members { .. } => Route::Members,
        Asks::ByIds => Route::ByIds,
        Asks::DirectoryObject(_) => Route::DirectoryObject,
    }
}

/// What one request is answered with.
pub struct Handler<'a> {
    pub world: &'a World,
    pub tenant: &'a Tenant,
    pub caller: &'a Caller,
    pub asked: &'a Asked<'a>,
    pub options: Options,
    /// A fault of pages.
    pub fault: Option<&'a What>,
    /// Any fault.
    pub whole_fault: Option<&'a What>,
    /// It was asked before, and failed; the scenario lets that matter.
    pub retried: bool,
}

pub fn answer<'a>(
    world: &'a World,
    caller: &'a Caller,
    asked: &'a Asked<'a>,
    request: Request<'a>,
    fault: Option<&'a What>,
    retried: bool,
) -> Result<Answer, Refusal> {
    let Request { asks, options } = request;
    let method = if matches!(asks, Asks::ByIds) { Method::POST } else { Method::GET };
    if let Asks::Unknown(segment) = asks {
        let words = format!("Resource not found for the segment '{segment}'.");
        return Err(Refusal(400, "BadRequest", words));
    }
    only(&asked.method, &method)?;
    if matches!(asks, Asks::Applications) {
        return applications(world, caller, asked);
    }
    let tenant = world.tenant();
    let options = options?;
    let handler = Handler {
        world,
        tenant: &tenant,
        caller,
        asked,
        options,
        fault: page_fault(fault),
        whole_fault: fault,
        retried,
    };
    match asks {
        Asks::Organization(id) => handler.organization(id),
        Asks::List(name, kind) => handler.list(name, kind),
        Asks::Count(kind) => {
            handler.may_read(kind)?;
            handler.counted(handler.total(kind), cost::OTHER)
        }
        Asks::Delta(name, kind) => handler.delta(name, kind),
        Asks::Object(name, kind, id) => handler.one(name, kind, id),
        Asks::Members { group, cast, count } => handler.members(group, cast, count),
        Asks::ByIds => handler.by_ids(),
        Asks::DirectoryObject(id) => handler.directory_object(id),
        Asks::Applications | Asks::Unknown(_) => Err(Refusal::not_found("")),
    }
}

/// An app's own registration with its secrets' ends: `hint` is the first three characters of each, as Microsoft documents
/// the resource passwordCredential.
fn applications(world: &World, caller: &Caller, asked: &Asked<'_>) -> Result<Answer, Refusal> {
    if !caller.reads(Kind::ServicePrincipal) {
        return Err(Refusal::denied());
    }
    let filter = url::form_urlencoded::parse(asked.query().as_bytes()).find(|(name, _)| name == "$filter");
    let wanted = filter.as_ref().and_then(|(_, text)| text.strip_prefix("appId eq '")?.strip_suffix('\''));
    let Some(wanted) = wanted else { return Err(Refusal::unsupported("The demo filters applications by appId.")) };
    let credential = |place: u64, secret: &str, days: i64| {
        let end = world.now() + jiff::SignedDuration::from_hours(24 * days);
        json!({
            "keyId": world.seed.guid("secret id", place), "displayName": "ingester", "secretText": null,
            "hint": secret.chars().take(3).collect::<String>(), "endDateTime": end.to_string(),
        })
    };
    let found = world.apps.iter().filter(|app| app.client_id.eq_ignore_ascii_case(wanted)).map(|app| {
        json!({
            "id": world.seed.guid("registration", world.seed.hash(&app.client_id, 0)),
            "passwordCredentials": [credential(1, &app.expired_secret, -30), credential(0, &app.secret, 180)],
        })
    });
    Ok(Answer::json(200, json!({ "value": found.collect::<Vec<_>>() })))
}

impl Handler<'_> {
    /// The object with this id, unless it is a group that the scenario lets vanish once it was listed.
    fn find(&self, id: &str) -> Option<Ref> {
        let vanishes = |group: u32, every: u32| every > 0 && group % every == every - 1;
        let gone = |object: &Ref| {
            object.kind == Kind::Group && self.world.scenario.vanishing_every.is_some_and(|n| vanishes(object.index, n))
        };
        self.tenant.find(id).filter(|object| !gone(object))
    }

    pub fn may_read(&self, kind: Kind) -> Result<(), Refusal> {
        if self.caller.reads(kind) { Ok(()) } else { Err(Refusal::denied()) }
    }

    fn context(&self, of: &str) -> String {
        let version = self.asked.segments.first().map_or("v1.0", String::as_str);
        let names = match &self.options.select {
            Some(names) => format!("({})", names.join(",")),
            None => String::new(),
        };
        format!("{}/{version}/$metadata#{of}{names}", self.world.graph)
    }

    /// How many objects of a kind the totals say there are.
    fn total(&self, kind: Kind) -> u32 {
        let drifted = i64::from(self.tenant.count(kind)) + self.world.scenario.count_drift;
        u32::try_from(drifted.max(0)).unwrap_or(u32::MAX)
    }

    /// The envelope of a list, and in it what `write` makes of each item; it gives the number of objects, expanded ones
    /// too, for they take their time. Text, not trees: this is where nearly all of the server's work is.
    fn listed<T>(
        &self,
        context: &str,
        page: Page<T>,
        total: impl Fn() -> u32,
        base: u32,
        write: impl Fn(&mut String, &T) -> u32,
    ) -> Answer {
        let mut out = String::with_capacity(256 + page.items.len() * 100);
        let quoted = |text: String| Value::String(text).to_string();
        out.push_str("{\"@odata.context\":");
        out.push_str(&quoted(self.context(context)));
        if self.options.count && page.is_first {
            out.push_str(",\"@odata.count\":");
            out.push_str(&total().to_string());
        }
        if let Some(link) = page.next_link {
            out.push_str(",\"@odata.nextLink\":");
            out.push_str(&quoted(link));
        }
        out.push_str(",\"value\":[");
        let mut count = 0;
        for (n, item) in page.items.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            count += write(&mut out, item);
        }
        out.push_str("]}");
        self.priced(Answer::raw(200, out).objects(count), base)
    }

    /// A page; its link is good unless something is the matter.
    fn page<T, I: Iterator<Item = (T, u64)>>(&self, from: impl Fn(u64) -> I) -> Result<Page<T>, Refusal> {
        let trouble = Trouble { fault: self.fault, retried: self.retried };
        page(self.world, &self.options, self.asked.path(), trouble, from)
    }

    fn priced(&self, mut answer: Answer, base: u32) -> Answer {
        answer.units = cost::of(base, &self.options);
        answer
    }

    /// A bare number; only with `ConsistencyLevel: eventual` (facts/graph.md §5).
    fn counted(&self, count: u32, base: u32) -> Result<Answer, Refusal> {
        if !self.options.eventual {
            return Err(Refusal::bad("$count is not currently supported."));
        }
        Ok(self.priced(Answer::text(200, "text/plain", count.to_string()), base))
    }

    fn organization(&self, id: Option<&str>) -> Result<Answer, Refusal> {
        if !self.caller.reads_organization() {
            return Err(Refusal::denied());
        }
        let mut whole = self.tenant.organization();
        if let Some(names) = &self.options.select {
            whole.retain(|name, _| name == "id" || names.iter().any(|n| n.eq_ignore_ascii_case(name)));
        }
        match id {
            None => {
                let page = Page { items: vec![Value::Object(whole)], next_link: None, is_first: true };
                Ok(self.listed("organization", page, || 1, cost::OTHER, write_value))
            }
            Some(id) if id.eq_ignore_ascii_case(&self.tenant.id()) => {
                whole.insert("@odata.context".to_owned(), json!(self.context("organization") + "/$entity"));
                Ok(self.priced(Answer::json(200, Value::Object(whole)).objects(1), cost::OTHER))
            }
            Some(id) => Err(Refusal::not_found(id)),
        }
    }

    fn list(mut self, name: &'static str, kind: Kind) -> Result<Answer, Refusal> {
        self.may_read(kind)?;
        let tenant = self.tenant;
        if let Some(names) = self.options.select.take() {
            self.options.select = Some(select::check(tenant, self.caller, kind, &names)?);
        }
        self.may_expand(kind)?;
        let view = View { caller: self.caller, select: self.options.select.as_deref(), typed: false };
        let write = |out: &mut String, object: &Ref| {
            view.write(tenant, *object, out);
            let Some(expand) = &self.options.expand else { return 1 };
            // Into the object, at its end.
            out.pop();
            1 + self.write_expanded(object.index, expand, out)
        };
        let base = if kind == Kind::User { cost::USERS } else { cost::OTHER };
        let there = |index: u32| Some(Ref { kind, index }).filter(|o| tenant.is_there(*o));
        let by_id = self.options.filter.as_deref().is_some_and(|f| f.trim_start().starts_with("id "));
        if let Some(filter) = self.options.filter.as_deref().filter(|_| !by_id) {
            if self.world.scenario.filtered_chains_expire && !self.options.count && self.options.skiptoken.is_some() {
                return Err(Refusal::expired_page());
            }
            let filter = Filter::read(filter, type_name(kind), self.options.count)?;
            let from = |place: u64| {
                let start = u32::try_from(place).unwrap_or(u32::MAX);
                let fits = |o: &Ref| filter.fits(tenant, *o);
                (start..tenant.end(kind)).filter_map(&there).filter(fits).map(|o| (o, u64::from(o.index) + 1))
            };
            let page = self.page(from)?;
            return Ok(self.listed(name, page, || u32::try_from(from(0).count()).unwrap_or(u32::MAX), base, write));
        }
        if let Some(filter) = &self.options.filter {
            // Ids that nobody answers for are silently left out.
            let ids = ids_of(filter, type_name(kind))?;
            // One asked for alone is always answered.
            let omits =
                self.world.scenario.expand_omits_every.filter(|_| self.options.expand.is_some() && ids.len() > 1);
            let found: Vec<Ref> = ids
                .iter()
                .filter_map(|id| self.find(id))
                .filter(|o| o.kind == kind && omits.is_none_or(|n| n == 0 || o.index % n != n - 1))
                .collect();
            let total = found.len() as u32;
            let from = |place: u64| {
                let at = |(n, object): (usize, &Ref)| (*object, n as u64 + 1);
                found.iter().enumerate().map(at).skip(usize::try_from(place).unwrap_or(usize::MAX))
            };
            let page = self.page(from)?;
            return Ok(self.listed(name, page, || total, base, write));
        }
        let from = |place: u64| {
            let start = u32::try_from(place).unwrap_or(u32::MAX);
            (start..tenant.end(kind)).filter_map(&there).map(|o| (o, u64::from(o.index) + 1))
        };
        let page = self.page(from)?;
        Ok(self.listed(name, page, || self.total(kind), base, write))
    }

    /// Whether `$expand` is served at all, in this scenario, of this kind.
    fn may_expand(&self, kind: Kind) -> Result<(), Refusal> {
        if self.options.expand.is_none() {
            return Ok(());
        }
        let refused = || Err(Refusal::unsupported("Expand is not supported on this resource."));
        match self.world.scenario.expand {
            _ if kind != Kind::Group => refused(),
            ExpandServed::Refused => refused(),
            ExpandServed::InBatchRefused if self.asked.in_batch => refused(),
            ExpandServed::NotImplemented => Err(Refusal(501, "NotImplemented", "Not Implemented".to_owned())),
            ExpandServed::Yes | ExpandServed::InBatchRefused => Ok(()),
        }
    }

    /// The members that `$expand` shows of a group: twenty at most, as a rule, and not marked where there are more.
    fn expanded(&self, group: u32) -> Vec<Ref> {
        let scenario = &self.world.scenario;
        let cap = scenario.expand_cap as usize;
        let shown = |member: &Ref| member.kind != Kind::ServicePrincipal || scenario.expand_shows_service_principals;
        let all = self.tenant.members(group, 0).map(|(member, _)| member);
        let mut members: Vec<Ref> = if scenario.expand_cuts_first {
            all.take(cap).filter(shown).collect()
        } else {
            all.filter(shown).take(cap).collect()
        };
        if scenario.expand_loses_members.is_some_and(|n| n > 0 && group % n == n - 1) && members.len() < cap {
            members.truncate(members.len() * 4 / 5);
        }
        members
    }

    /// `,"members":[…]}`, and how many. A group whose members the app must not see has none, or no such property.
    fn write_expanded(&self, group: u32, expand: &Expand, out: &mut String) -> u32 {
        let sees = self.sees_members_of(group);
        if !sees && self.world.scenario.hidden == Hidden::Forbidden {
            out.push('}');
            return 0;
        }
        let view = View { caller: self.caller, select: expand.select.as_deref(), typed: true };
        let members = if sees { self.expanded(group) } else { Vec::new() };
        out.push_str(",\"members\":[");
        for (n, member) in members.iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            view.write(self.tenant, *member, out);
        }
        out.push_str("]}");
        members.len() as u32
    }

    fn one(mut self, name: &str, kind: Kind, id: &str) -> Result<Answer, Refusal> {
        self.may_read(kind)?;
        let found = if is_guid_shaped(id) {
            self.find(id).filter(|o| o.kind == kind)
        } else if kind == Kind::User {
            self.tenant.find_upn(id)
        } else {
            return Err(Refusal::bad(format!("Invalid object identifier '{id}'.")));
        };
        let object = found.ok_or_else(|| Refusal::not_found(id))?;
        if let Some(names) = self.options.select.take() {
            self.options.select = Some(select::check(self.tenant, self.caller, kind, &names)?);
        }
        let view = View { caller: self.caller, select: self.options.select.as_deref(), typed: false };
        self.may_expand(kind)?;
        let mut out = String::new();
        view.write(self.tenant, object, &mut out);
        out.pop();
        out.push_str(",\"@odata.context\":");
        out.push_str(&Value::String(self.context(name) + "/$entity").to_string());
        let mut count = 1;
        match &self.options.expand {
            Some(expand) => count += self.write_expanded(object.index, expand, &mut out),
            None => out.push('}'),
        }
        Ok(self.priced(Answer::raw(200, out).objects(count), cost::OTHER))
    }

    /// Whether the caller sees who is in a group, as far as hidden membership goes.
    pub fn sees_members_of(&self, group: u32) -> bool {
        self.caller.reads_hidden() || !self.tenant.is_hidden(group)
    }

    fn members(&self, id: &str, cast: Option<&str>, count: bool) -> Result<Answer, Refusal> {
        self.may_read(Kind::Group)?;
        if !is_guid_shaped(id) {
            return Err(Refusal::bad(format!("Invalid object identifier '{id}'.")));
        }
        let tenant = self.tenant;
        let group = self.find(id).filter(|o| o.kind == Kind::Group).ok_or_else(|| Refusal::not_found(id))?.index;
        let wanted = cast.map(|name| cast_kinds(name, tenant, group)).transpose()?;
        let beta = self.asked.segments.first().is_some_and(|v| v == "beta");
        let mut hidden = false;
        if !self.sees_members_of(group) {
            match self.world.scenario.hidden {
                Hidden::Forbidden => return Err(Refusal::denied()),
                Hidden::Empty => hidden = true,
            }
        }
        let listed = |member: Ref| match &wanted {
            Some(kinds) => kinds.contains(&member.kind),
            // v1.0 does not list service principals, though it counts them (facts/graph.md §11).
            None => beta || count || member.kind != Kind::ServicePrincipal,
        };
        let from = |place: u64| tenant.members(group, place).filter(|(member, _)| !hidden && listed(*member));
        let total = || u32::try_from(from(0).count()).unwrap_or(u32::MAX);
        if count {
            return self.counted(total(), cost::OTHER);
        }
        if let Some(filter) = &self.options.filter {
            ids_of(filter, "DirectoryObject")?;
            return Err(Refusal::unsupported(
                "The specified filter to the reference property query is currently not supported.",
            ));
        }
        // Items of a cast may lack their type: the reader has it from the request.
        let view = View { caller: self.caller, select: self.options.select.as_deref(), typed: wanted.is_none() };
        let page = self.page(from)?;
        let context = match cast {
            None => "directoryObjects",
            Some(name) => cast_context(name),
        };
        let with_principals = || {
            let all = tenant
                .members(group, 0)
                .filter(|(m, _)| !hidden && wanted.as_ref().is_none_or(|k| k.contains(&m.kind)));
            u32::try_from(all.count()).unwrap_or(u32::MAX)
        };
        let write = |out: &mut String, member: &Ref| {
            view.write(tenant, *member, out);
            1
        };
        Ok(self.listed(context, page, with_principals, cost::MEMBERS, write))
    }

    fn by_ids(&self) -> Result<Answer, Refusal> {
        if !self.caller.reads_directory() {
            return Err(Refusal::denied());
        }
        let body: Value = serde_json::from_slice(self.asked.body)
            .map_err(|_| Refusal(400, "BadRequest", "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.".to_owned()))?;
        let Some(ids) = body.get("ids").and_then(Value::as_array) else {
            return Err(Refusal::bad("Missing required parameter 'ids'."));
        };
        if ids.len() > 1000 {
            return Err(Refusal::bad("Number of included identifiers cannot exceed '1000'."));
        }
        let types: Option<Vec<&str>> = body
            .get("types")
            .and_then(Value::as_array)
            .filter(|t| !t.is_empty())
            .map(|types| types.iter().filter_map(Value::as_str).collect());
        let mut found = Vec::new();
        for id in ids {
            let Some(id) = id.as_str().filter(|id| is_guid_shaped(id)) else {
                return Err(Refusal::bad(format!("Invalid GUID:{}", id.as_str().unwrap_or_default())));
            };
            let Some(object) = self.find(id) else { continue };
            let is =
                |t: &&str| t.eq_ignore_ascii_case("directoryObject") || t.eq_ignore_ascii_case(type_name(object.kind));
            let wanted = types.as_ref().is_none_or(|types| types.iter().any(is));
            let omitted = self.world.scenario.by_ids_omits_every.is_some_and(|n| n > 0 && object.index % n == n - 1);
            if wanted && !omitted && !found.contains(&object) {
                found.push(object);
            }
        }
        let view = View { caller: self.caller, select: self.options.select.as_deref(), typed: true };
        let items = found
            .into_iter()
            .map(|object| {
                let mut shown = view.object(self.tenant, object);
                if let (true, Value::Object(shown)) = (self.world.scenario.by_ids_lacks_properties, &mut shown) {
                    for lacking in ["isManaged", "isCompliant", "companyName", "servicePrincipalType", "trustType"] {
                        shown.remove(lacking);
                    }
                }
                shown
            })
            .collect();
        let page = Page { items, next_link: None, is_first: true };
        let mut answer = self.listed("directoryObjects", page, || 0, cost::BY_IDS, write_value);
        if self.options.select.is_some() {
            answer.units = cost::BY_IDS_SELECT;
        }
        Ok(answer)
    }

    fn directory_object(&self, id: &str) -> Result<Answer, Refusal> {
        if !is_guid_shaped(id) {
            return Err(Refusal::bad(format!("Invalid object identifier '{id}'.")));
        }
        let object = self.find(id).ok_or_else(|| Refusal::not_found(id))?;
        self.may_read(object.kind)?;
        let view = View { caller: self.caller, select: self.options.select.as_deref(), typed: true };
        let mut shown = view.object(self.tenant, object);
        shown["@odata.context"] = json!(self.context("directoryObjects") + "/$entity");
        Ok(self.priced(Answer::json(200, shown).objects(1), cost::OTHER))
    }
}

fn write_value(out: &mut String, value: &Value) -> u32 {
    out.push_str(&value.to_string());
    1
}

/// The kinds that a cast lists; refused where the group cannot hold them.
fn cast_kinds(name: &str, tenant: &Tenant, group: u32) -> Result<Vec<Kind>, Refusal> {
    let kinds = match name.to_ascii_lowercase().as_str() {
        "user" => vec![Kind::User, Kind::Ghost],
        "group" => vec![Kind::Group],
        "orgcontact" => vec![Kind::Contact],
        "device" => vec![Kind::Device],
        "serviceprincipal" => vec![Kind::ServicePrincipal],
        _ => {
            let words = format!("Invalid type cast 'microsoft.graph.{name}' for the navigation property 'members'.");
            return Err(Refusal::unsupported(words));
        }
    };
    if tenant.group_kind(group).holds_users_only() && kinds[0] != Kind::User {
        let words = format!("The type cast 'microsoft.graph.{name}' is not supported for members of a unified group.");
        return Err(Refusal::unsupported(words));
    }
    Ok(kinds)
}

fn cast_context(name: &str) -> &'static str {
    match name.to_ascii_lowercase().as_str() {
        "user" => "users",
        "group" => "groups",
        "orgcontact" => "contacts",
        "device" => "devices",
        _ => "servicePrincipals",
    }
}
