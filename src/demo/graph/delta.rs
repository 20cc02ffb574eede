//! Delta queries (facts/graph.md §3): rounds over what was touched since a step, in pages of the server's choosing.
//!
//! A token holds where its round stands, the options of its first request included; the server remembers nothing. What
//! clients must be ready for happens in every tenant: tombstones and removed links in the initial round, a large group
//! scattered over pages that are not neighbours, groups told again without members, properties left out that were
//! never set.

use std::{collections::BTreeSet, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::{
    super::{
        answer::Answer,
        change::Deleted,
        scenario::{DeltaExpiry, What},
        seed::{Kind, Ref, Seed},
        tenant::{GHOSTS, Tenant},
    },
    Refusal, error,
    resources::Handler,
    select::{self, View},
};

/// Objects and links on a page at most.
const OBJECTS: usize = 200;
const LINKS: usize = 500;
/// Links of a group where it is told first; the others follow later.
const FIRST: usize = 100;
/// Objects of `$filter` at most.
const FILTERED: usize = 50;
/// Set in the page of a link that came from a request which was asked again: it leads nowhere.
const DEAD: u64 = 1 << 63;
/// Tombstones of objects that no client ever saw, at the beginning of an initial round.
const INVENTED: u32 = 3;

/// A round, as its tokens carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Round {
    /// What was touched up to this step is known to the client; nothing is, in an initial round.
    from: Option<u32>,
    /// The tenant is told as it was after this step.
    to: u32,
    select: Option<Vec<String>>,
    /// The objects of `$filter`.
    only: Option<Vec<Ref>>,
    /// When the token was given out, in Unix seconds.
    issued: i64,
}

/// Where a round stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Cursor {
    page: u64,
    /// The next object to be told.
    ahead: u64,
    /// The object whose further links come next, and the place among its links; 0 is behind the first slice.
    behind: u64,
    place: u64,
}

/// An object's turn in a round.
enum Turn {
    There(Ref),
    Gone(String, Deleted),
    /// No object has this place.
    None,
}

impl Handler<'_> {
    pub fn delta(&self, name: &'static str, kind: Kind) -> Result<Answer, Refusal> {
        if !self.world.scenario.delta {
            return Err(Refusal::bad("This query is not supported in this tenant."));
        }
        self.may_read(kind)?;
        let options = &self.options;
        if options.skiptoken.is_some() && (options.select.is_some() || options.deltatoken.is_some()) {
            return Err(Refusal::unsupported("Query options are not supported together with '$skiptoken'."));
        }
        let now = self.world.tenant().steps();
        let (round, cursor) = match (&options.skiptoken, options.deltatoken.as_deref()) {
            (Some(token), _) => self
                .open(name, token)
                .and_then(|text| read(&text))
                .and_then(|(round, cursor)| Some((round, cursor?)))
                .ok_or_else(|| Refusal::bad("The page token is not valid."))?,
            (None, None | Some("")) => (self.first(kind, now)?, Cursor::default()),
            (None, Some(token)) if token.eq_ignore_ascii_case("latest") => {
                let link = self.delta_link(name, &self.first(kind, now)?);
                return Ok(self.delta_page(name, true, Vec::new(), 0, ("@odata.deltaLink", link)));
            }
            (None, Some(token)) => {
                let (round, _) = self
                    .open(name, token)
                    .and_then(|text| read(&text))
                    .filter(|(_, cursor)| cursor.is_none())
                    .ok_or_else(|| Refusal::bad("The delta token is not valid."))?;
                if let Some(What::DeltaExpired { form }) = self.whole_fault {
                    return self.expired(name, &round, *form);
                }
                if self.world.now().as_second() - round.issued > self.world.scenario.delta_lifetime_s {
                    return self.expired(name, &round, self.world.scenario.delta_expiry);
                }
                (Round { from: Some(round.to), to: now, ..round }, Cursor::default())
            }
        };
        if cursor.page & DEAD != 0 {
            return Err(Refusal::lost_page());
        }
        let tenant = self.world.tenant_at(round.to);
        let is_first = options.skiptoken.is_none() && options.deltatoken.as_deref().unwrap_or_default().is_empty();
        if self.fault == Some(&What::EmptyPage) {
            let link = self.next_link(name, &round, cursor, self.world.serial());
            return Ok(self.delta_page(name, is_first, Vec::new(), 0, ("@odata.nextLink", link)));
        }
        let mut pager = Pager::new(self, &tenant, &round, kind, cursor);
        if self.fault == Some(&What::Duplicates) {
            pager.cursor.ahead = pager.cursor.ahead.saturating_sub(3);
        }
        pager.fill();
        let link = match (self.fault, pager.is_done()) {
            (Some(What::LoopNextLink), _) => ("@odata.nextLink", self.next_link(name, &round, cursor, 0)),
            (_, true) => ("@odata.deltaLink", self.delta_link(name, &round)),
            (Some(What::EvilNextLink), false) => {
                let link = self.next_link(name, &round, pager.cursor, self.world.serial());
                let link = link.replacen(self.world.graph.as_str(), "https://graph.microsoft.com.evil.example", 1);
                ("@odata.nextLink", link)
            }
            _ => ("@odata.nextLink", self.next_link(name, &round, pager.cursor, self.world.serial())),
        };
        let (page, links) = (std::mem::take(&mut pager.page), pager.links);
        drop(pager);
        let answer = self.delta_page(name, is_first, page, links, link);
        Ok(if self.minimal() { answer.header("preference-applied", "return=minimal") } else { answer })
    }

    fn minimal(&self) -> bool {
        self.asked.header("prefer").is_some_and(|p| p.replace(' ', "").to_ascii_lowercase().contains("return=minimal"))
    }

    /// The round that a request without a token begins.
    fn first(&self, kind: Kind, now: u32) -> Result<Round, Refusal> {
        let relations = |name: &String| match kind {
            Kind::Group => ["members", "owners"].iter().any(|r| r.eq_ignore_ascii_case(name)),
            Kind::User => name.eq_ignore_ascii_case("manager"),
            _ => false,
        };
        let select = match &self.options.select {
            None => None,
            Some(names) => {
                if kind == Kind::User && names.iter().any(|n| n.eq_ignore_ascii_case("signInActivity")) {
                    return Err(Refusal::unsupported("The property 'signInActivity' is not supported by delta query."));
                }
                let (related, own): (Vec<String>, Vec<String>) = names.iter().cloned().partition(relations);
                let mut names = select::check(self.tenant, self.caller, kind, &own)?;
                names.extend(related.iter().map(|n| n.to_ascii_lowercase()));
                Some(names)
            }
        };
        let only = self.options.filter.as_deref().map(|filter| self.filtered(filter, kind)).transpose()?;
        Ok(Round { from: None, to: now, select, only, issued: self.world.now().as_second() })
    }

    /// The objects of `id eq '…' or id eq '…'`, deleted ones too.
    fn filtered(&self, filter: &str, kind: Kind) -> Result<Vec<Ref>, Refusal> {
        let id = |clause: &str| -> Option<String> {
            let quoted = clause.trim().strip_prefix("id")?.trim_start().strip_prefix("eq")?.trim();
            Some(quoted.strip_prefix('\'')?.strip_suffix('\'')?.to_owned())
        };
        let ids: Option<Vec<String>> = filter.split(" or ").map(id).collect();
        let ids = ids.ok_or_else(|| Refusal::unsupported("Only 'id eq' filters are supported by delta query."))?;
        if ids.len() > FILTERED {
            return Err(Refusal::unsupported(format!(
                "Too many objects in the filter of a delta query: {}. Max allowed: {FILTERED}",
                ids.len()
            )));
        }
        Ok(ids.iter().filter_map(|id| self.world.seed.object(id)).filter(|o| o.kind == kind).collect())
    }

    /// The refusal of a token that is too old (facts/graph.md §3.4, §13.9).
    fn expired(&self, name: &str, round: &Round, form: DeltaExpiry) -> Result<Answer, Refusal> {
        match form {
            DeltaExpiry::NotFound => Err(Refusal(
                400,
                "syncStateNotFound",
                "The sync state generation is not found. The delta token is expired and data must be synchronized again."
                    .to_owned(),
            )),
            DeltaExpiry::Older => Err(Refusal::unsupported("DeltaLink older than 30 days is not supported.")),
            DeltaExpiry::Gone => {
                let words = "The delta token is no longer valid, and the app must reset the sync state.";
                let mut location = format!("{}{}?$deltatoken=", self.world.graph, self.delta_path(name));
                if let Some(names) = &round.select {
                    location = format!("{location}&$select={}", names.join(","));
                }
                Ok(error(self.world, self.asked, 410, "resyncRequired", words).header("location", location))
            }
        }
    }

    fn delta_page(
        &self,
        name: &str,
        is_first: bool,
        page: Vec<Value>,
        links: usize,
        (link_name, link): (&str, String),
    ) -> Answer {
        let version = self.asked.segments.first().map_or("v1.0", String::as_str);
        let is_related = |n: &&String| !["members", "owners", "manager"].contains(&n.to_ascii_lowercase().as_str());
        let names = match &self.options.select {
            Some(names) if is_first => {
                format!("({})", names.iter().filter(is_related).cloned().collect::<Vec<_>>().join(","))
            }
            _ => String::new(),
        };
        let count = u32::try_from(page.len() + links).unwrap_or(u32::MAX);
        let mut body = Map::new();
        body.insert(
            "@odata.context".to_owned(),
            json!(format!("{}/{version}/$metadata#{name}{names}", self.world.graph)),
        );
        body.insert(link_name.to_owned(), json!(link));
        body.insert("value".to_owned(), Value::Array(page));
        let mut answer = Answer::json(200, Value::Object(body)).objects(count);
        answer.units = 1;
        answer
    }

    fn delta_path(&self, name: &str) -> String {
        format!("/{}/{name}/delta", self.asked.segments.first().map_or("v1.0", String::as_str))
    }

    fn open(&self, name: &str, token: &str) -> Option<String> {
        open(self.world.seed, &self.delta_path(name), token)
    }

    fn next_link(&self, name: &str, round: &Round, mut cursor: Cursor, nonce: u64) -> String {
        if self.retried {
            cursor.page |= DEAD;
        }
        let path = self.delta_path(name);
        let token = seal(self.world.seed, &path, &write(round, Some(cursor)), nonce);
        format!("{}{path}?$skiptoken={token}", self.world.graph)
    }

    /// The link of a round's end: what was touched after the step that the round told is told by the next.
    fn delta_link(&self, name: &str, round: &Round) -> String {
        let path = self.delta_path(name);
        let round = Round { issued: self.world.now().as_second(), ..round.clone() };
        let token = seal(self.world.seed, &path, &write(&round, None), self.world.serial());
        format!("{}{path}?$deltatoken={token}", self.world.graph)
    }
}

/// Cuts pages out of a round.
struct Pager<'a> {
    handler: &'a Handler<'a>,
    tenant: &'a Tenant,
    round: &'a Round,
    kind: Kind,
    /// What is told, where that is not simply everything.
    listed: Option<Vec<Ref>>,
    with_members: bool,
    view: View<'a>,
    /// The tenant that the client knows, where only changed properties are to be told.
    before: Option<Arc<Tenant>>,
    cursor: Cursor,
    page: Vec<Value>,
    links: usize,
    most: usize,
}

impl<'a> Pager<'a> {
    fn new(handler: &'a Handler<'a>, tenant: &'a Tenant, round: &'a Round, kind: Kind, cursor: Cursor) -> Self {
        let names_members = round.select.as_ref().is_none_or(|names| names.iter().any(|n| n == "members"));
        let with_members = kind == Kind::Group && names_members;
        let mut listed = round.only.clone();
        if let Some(from) = round.from {
            let from = since(from, handler.world.scenario.delta_replays);
            let mut touched = tenant.touched(kind, from, with_members);
            if let Some(only) = &round.only {
                touched.retain(|o| only.contains(o));
            }
            listed = Some(touched);
        }
        let view = View { caller: handler.caller, select: round.select.as_deref(), typed: false };
        let limit = handler.world.scenario.page_limit.map_or(OBJECTS, |n| n.max(1) as usize);
        let most = limit.min(OBJECTS);
        Self {
            handler,
            tenant,
            round,
            kind,
            listed,
            with_members,
            view,
            before: round.from.filter(|_| handler.minimal()).map(|from| handler.world.tenant_at(from)),
            cursor,
            page: Vec::new(),
            links: 0,
            most,
        }
    }

    /// The step after which touches are new; `None` in an initial round.
    fn from(&self) -> Option<u32> {
        self.round.from.map(|from| since(from, self.handler.world.scenario.delta_replays))
    }

    fn total(&self) -> u64 {
        match &self.listed {
            Some(listed) => listed.len() as u64,
            None => u64::from(self.tombstones()) + u64::from(self.tenant.end(self.kind)),
        }
    }

    fn tombstones(&self) -> u32 {
        if self.kind == Kind::User { INVENTED + GHOSTS } else { INVENTED }
    }

    fn turn(&self, place: u64) -> Turn {
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let object = match &self.listed {
            Some(listed) => match listed.get(place as usize) {
                Some(object) => *object,
                None => return Turn::None,
            },
            None => match place.checked_sub(self.tombstones()) {
                Some(index) => Ref { kind: self.kind, index },
                None if place < INVENTED => {
                    let id = self.tenant.seed.guid("tombstone", u64::from(place) << 8 | self.kind as u64);
                    return Turn::Gone(id, Deleted::Purged);
                }
                None => Ref { kind: Kind::Ghost, index: place - INVENTED },
            },
        };
        if self.tenant.is_there(object) {
            return Turn::There(object);
        }
        match self.tenant.deleted(object) {
            Some(how) => Turn::Gone(self.tenant.id_of(object), how),
            None => Turn::None,
        }
    }

    fn is_done(&self) -> bool {
        self.cursor.ahead >= self.total() && self.cursor.behind >= self.total()
    }

    fn fill(&mut self) {
        let was_ahead = self.cursor.ahead;
        let total = self.total();
        // A few groups are told again, with nothing new, now and then.
        if self.with_members && self.cursor.page % 3 == 1 && was_ahead >= 2 {
            self.again(was_ahead - 2);
        }
        while self.cursor.ahead < total && self.page.len() < self.most && self.links + FIRST <= LINKS {
            let turn = self.turn(self.cursor.ahead);
            self.cursor.ahead += 1;
            match turn {
                Turn::There(object) => {
                    let slice: Vec<Value> = self.links_of(object, 0).take(FIRST).map(|(link, _)| link).collect();
                    self.push(object, slice);
                }
                Turn::Gone(id, how) => {
                    let reason = if how == Deleted::Soft { "changed" } else { "deleted" };
                    self.page.push(json!({ "id": id, "@removed": { "reason": reason } }));
                }
                Turn::None => {}
            }
        }
        if !self.with_members {
            self.cursor.behind = self.cursor.ahead;
        } else if self.cursor.page > 1 && (self.cursor.page.is_multiple_of(2) || was_ahead >= total) {
            self.follow_up(was_ahead);
        }
        if self.with_members && self.cursor.ahead >= total {
            self.skip_short(total);
        }
        self.cursor.page += 1;
    }

    /// Tells the group at a place again, without members.
    fn again(&mut self, place: u64) {
        if let Turn::There(object) = self.turn(place) {
            self.push(object, Vec::new());
        }
    }

    /// Further slices of groups that were told before this page.
    fn follow_up(&mut self, told: u64) {
        while self.links < LINKS && self.page.len() < self.most {
            self.skip_short(told);
            if self.cursor.behind >= told {
                return;
            }
            let Turn::There(group) = self.turn(self.cursor.behind) else { return };
            let room = LINKS - self.links;
            let mut rest = self.links_of(group, self.cursor.place).peekable();
            let mut slice = Vec::new();
            let mut end = self.cursor.place;
            while slice.len() < room {
                let Some((link, behind)) = rest.next() else { break };
                slice.push(link);
                end = behind;
            }
            let more = rest.peek().is_some();
            drop(rest);
            self.push(group, slice);
            if more {
                self.cursor.place = end;
            } else {
                (self.cursor.behind, self.cursor.place) = (self.cursor.behind + 1, 0);
            }
        }
    }

    /// Goes on to the next object, of those before `end`, that has links beyond its first slice.
    fn skip_short(&mut self, end: u64) {
        while self.cursor.place == 0 && self.cursor.behind < end {
            if let Turn::There(group) = self.turn(self.cursor.behind) {
                let mut links = self.links_of(group, 0).skip(FIRST - 1);
                if let (Some((_, behind)), Some(_)) = (links.next(), links.next()) {
                    drop(links);
                    self.cursor.place = behind;
                    return;
                }
            }
            self.cursor.behind += 1;
        }
    }

    fn push(&mut self, object: Ref, slice: Vec<Value>) {
        let mut shown = match self.view.object(self.tenant, object) {
            Value::Object(shown) => shown,
            _ => Map::new(),
        };
        let before = self.before.as_deref().filter(|tenant| tenant.is_there(object));
        if let Some(before) = before {
            let old = self.view.object(before, object);
            shown.retain(|name, value| name == "id" || old.get(name) != Some(value));
        } else {
            // What was never set is not there at all.
            shown.retain(|_, value| !value.is_null());
        }
        if !slice.is_empty() {
            self.links += slice.len();
            shown.insert("members@delta".to_owned(), Value::Array(slice));
        }
        self.page.push(Value::Object(shown));
    }

    /// The links of a group that the round tells, from a place on, each with the place behind it.
    fn links_of(&self, object: Ref, place: u64) -> Box<dyn Iterator<Item = (Value, u64)> + '_> {
        let group = object.index;
        if !self.with_members || !self.handler.sees_members_of(group) {
            return Box::new(std::iter::empty());
        }
        let tenant = self.tenant;
        let principals = self.handler.world.scenario.delta_shows_service_principals;
        let shown = move |member: &Ref| principals || member.kind != Kind::ServicePrincipal;
        let link = move |member: Ref, is_there: bool| {
            let mut link = json!({ "@odata.type": tenant.odata_type(member), "id": tenant.id_of(member) });
            if !is_there {
                link["@removed"] = json!({ "reason": "deleted" });
            }
            link
        };
        let change = tenant.change.groups.get(&group);
        let is_new = |from: u32| change.is_some_and(|c| c.appeared > from);
        let touched = move |from: u32| {
            change.into_iter().flat_map(|c| &c.links).filter(move |(_, step)| **step > from).map(|(member, _)| *member)
        };
        if let Some(from) = self.from().filter(|from| !is_new(*from)) {
            let all: Vec<Ref> = touched(from).filter(shown).collect();
            let numbered = (1..).zip(all).skip(usize::try_from(place).unwrap_or(usize::MAX));
            return Box::new(numbered.map(move |(behind, m)| (link(m, tenant.holds(group, m)), behind)));
        }
        let members = tenant.members(group, place);
        let end = members.end();
        // Links that are gone are told even to those who never knew them.
        let mut gone: BTreeSet<Ref> = touched(0).filter(|m| !tenant.holds(group, *m)).collect();
        let users = tenant.end(Kind::User);
        if self.round.from.is_none() && group % 7 == 3 && users > 0 {
            let index = (tenant.seed.hash("former member", u64::from(group)) % u64::from(users)) as u32;
            gone.extend(Some(Ref { kind: Kind::User, index }).filter(|m| !tenant.holds(group, *m)));
        }
        let skipped = usize::try_from(place.saturating_sub(end)).unwrap_or(usize::MAX);
        let gone = (end + 1..).zip(gone).skip(skipped).filter(move |(_, m)| shown(m));
        let there = members.filter(move |(m, _)| shown(m)).map(move |(m, behind)| (link(m, true), behind));
        Box::new(there.chain(gone.map(move |(behind, m)| (link(m, false), behind))))
    }
}

/// The step after which touches are told: one earlier, where rounds overlap.
const fn since(from: u32, replays: bool) -> u32 {
    if replays { from.saturating_sub(1) } else { from }
}

fn write(round: &Round, cursor: Option<Cursor>) -> String {
    let number = |n: u32| n.to_string();
    let place = cursor.map(|c| format!("{}.{}.{}.{}", c.page, c.ahead, c.behind, c.place)).unwrap_or_default();
    let only = round.only.as_ref().map(|all| {
        let all: Vec<String> = all.iter().map(|o| format!("{}.{}", o.kind as u8, o.index)).collect();
        format!("={}", all.join(","))
    });
    [
        round.from.map(number).unwrap_or_default(),
        number(round.to),
        round.issued.to_string(),
        place,
        round.select.as_ref().map(|names| format!("={}", names.join(","))).unwrap_or_default(),
        only.unwrap_or_default(),
    ]
    .join("|")
}

fn read(text: &str) -> Option<(Round, Option<Cursor>)> {
    let parts: Vec<&str> = text.split('|').collect();
    let [from, to, issued, place, select, only] = parts[..] else { return None };
    let listed = |text: &str| -> Option<Vec<String>> {
        let list = text.strip_prefix('=')?;
        Some(list.split(',').filter(|n| !n.is_empty()).map(str::to_owned).collect())
    };
    let object = |text: &String| {
        let (kind, index) = text.split_once('.')?;
        let (kind, index): (u8, u32) = (kind.parse().ok()?, index.parse().ok()?);
        let kind =
            *[Kind::User, Kind::Group, Kind::Contact, Kind::Device, Kind::ServicePrincipal].get(usize::from(kind))?;
        Some(Ref { kind, index })
    };
    let round = Round {
        from: if from.is_empty() { None } else { Some(from.parse().ok()?) },
        to: to.parse().ok()?,
        select: listed(select),
        only: listed(only).map(|all| all.iter().filter_map(object).collect()),
        issued: issued.parse().ok()?,
    };
    let numbers: Vec<u64> = place.split('.').filter_map(|n| n.parse().ok()).collect();
    let cursor = match numbers[..] {
        [page, ahead, behind, place] => Some(Cursor { page, ahead, behind, place }),
        _ => None,
    };
    Some((round, cursor))
}

fn seal(seed: Seed, path: &str, text: &str, nonce: u64) -> String {
    let mut bytes = Vec::with_capacity(text.len() + 16);
    bytes.extend((nonce ^ seed.hash("delta nonce", 0)).to_be_bytes());
    bytes.extend(seed.hash(&format!("{path}?{text}"), nonce).to_be_bytes());
    bytes.extend(veil(seed, nonce, text.as_bytes()));
    URL_SAFE_NO_PAD.encode(bytes)
}

fn open(seed: Seed, path: &str, token: &str) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let part = |n: usize| bytes.get(n * 8..n * 8 + 8)?.try_into().ok().map(u64::from_be_bytes);
    let nonce = part(0)? ^ seed.hash("delta nonce", 0);
    let text = String::from_utf8(veil(seed, nonce, bytes.get(16..)?)).ok()?;
    (part(1)? == seed.hash(&format!("{path}?{text}"), nonce)).then_some(text)
}

/// Makes text look like noise, and noise like text again.
fn veil(seed: Seed, nonce: u64, bytes: &[u8]) -> Vec<u8> {
    let mut draw = seed.draw("delta veil", nonce);
    bytes.iter().map(|byte| byte ^ draw.next() as u8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_carry_their_round_and_hold_for_their_path_only() {
        let users = vec![Ref { kind: Kind::User, index: 7 }, Ref { kind: Kind::Group, index: 0 }];
        let cursor = Cursor { page: 1, ahead: 2, behind: 3, place: 4 };
        for (select, only, cursor) in [
            (None, None, None),
            (Some(vec!["id".to_owned(), "members".to_owned()]), Some(users), Some(cursor)),
            (Some(Vec::new()), Some(Vec::new()), None),
        ] {
            for from in [None, Some(3)] {
                let round = Round { from, to: 9, select: select.clone(), only: only.clone(), issued: -5 };
                let token = seal(Seed(1), "/v1.0/users/delta", &write(&round, cursor), 77);
                let opened = open(Seed(1), "/v1.0/users/delta", &token).and_then(|text| read(&text));
                assert_eq!(opened, Some((round, cursor)));
                assert_eq!(open(Seed(1), "/v1.0/groups/delta", &token), None);
                assert_eq!(open(Seed(2), "/v1.0/users/delta", &token), None);
                assert_eq!(open(Seed(1), "/v1.0/users/delta", &token[1..]), None);
            }
        }
        assert_eq!(open(Seed(1), "/v1.0/users/delta", ""), None);
    }
}
