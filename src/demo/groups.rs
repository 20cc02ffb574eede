//! Groups: which kinds there are, how they look, and who is in them.
//!
//! The first groups are specimens, one of each awkward case that facts/graph.md names; the others are drawn: half of
//! all groups Microsoft 365, one in ten above twenty members, three in a hundred nested.

use serde_json::{Map, Value, json};

use super::{
    names::{DEPARTMENTS, OFFICES, TOPICS},
    people,
    seed::{Draw, Kind, Ref, Seed, Span},
    tenant::{AGENTS, GHOSTS, contacts_of, devices_of, principals_of, time},
};

/// How a group appears on the wire (facts/graph.md §11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKind {
    Microsoft365,
    Security,
    MailSecurity,
    Distribution,
}

impl GroupKind {
    /// A Microsoft 365 group holds users and nothing else.
    pub const fn holds_users_only(self) -> bool {
        matches!(self, Self::Microsoft365)
    }
}

/// What the group with a low index is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Specimen {
    Everybody,
    Empty(GroupKind),
    Sized(u32, GroupKind),
    /// Contains the group so many places further on, or back.
    Nests(i32),
    SelfNested,
    Dynamic,
    DynamicPaused,
    Hidden(u32),
    RoleAssignable,
    WithContacts(GroupKind),
    DevicesOnly,
    PrincipalsOnly,
    Mixed,
    UnknownTypes,
    WithGhosts,
    Nameless,
    LongName,
    EmojiName,
    ControlName,
    LongDescription,
    Classified,
    OnPremises,
    /// Twenty members in all, one of them a service principal.
    TwentyWithPrincipal,
    /// Twenty users and a service principal.
    TwentyAndPrincipal,
    Namesake,
    NestsMicrosoft365,
    Team,
}

use GroupKind::{Distribution, MailSecurity, Microsoft365, Security};
use Specimen as S;

const SPECIMENS: &[Specimen] = &[
    S::Everybody,
    S::Empty(Security),
    S::Sized(21, Microsoft365),
    S::Mixed,
    S::SelfNested,
    S::Nests(1), // 5 ⊃ 6 ⊃ 7 ⊃ 5: a cycle
    S::Nests(1),
    S::Nests(-2),
    S::Hidden(12),
    S::Dynamic,
    S::PrincipalsOnly,
    S::UnknownTypes,
    S::WithGhosts,
    S::WithContacts(Distribution),
    S::DevicesOnly,
    S::Nameless,
    S::EmojiName,
    S::ControlName,
    S::LongName,
    S::RoleAssignable,
    S::Empty(Microsoft365),
    S::Sized(1, Security),
    S::Sized(19, Security),
    S::Sized(20, Microsoft365),
    S::Sized(20, Security),
    S::TwentyWithPrincipal,
    S::TwentyAndPrincipal,
    S::Sized(99, Security),
    S::Sized(100, Microsoft365),
    S::Sized(101, Security),
    S::Sized(998, Security),
    S::Sized(999, Microsoft365),
    S::Sized(1000, Security),
    S::Sized(2500, Security),
    S::Nests(1), // a chain of four
    S::Nests(1),
    S::Nests(1),
    S::NestsMicrosoft365,
    S::DynamicPaused,
    S::Hidden(30),
    S::WithContacts(MailSecurity),
    S::LongDescription,
    S::Classified,
    S::OnPremises,
    S::Namesake,
    S::Namesake,
    S::Team,
];

fn specimen(index: u32) -> Option<Specimen> {
    SPECIMENS.get(index as usize).copied()
}

pub fn kind(seed: Seed, index: u32) -> GroupKind {
    match specimen(index) {
        Some(S::Empty(kind) | S::Sized(_, kind) | S::WithContacts(kind)) => kind,
        Some(S::Dynamic | S::DynamicPaused | S::Hidden(_) | S::Team | S::EmojiName | S::LongDescription) => {
            Microsoft365
        }
        Some(_) => Security,
        None => match seed.draw("group kind", u64::from(index)).below(100) {
            0..50 => Microsoft365,
            50..85 => Security,
            85..93 => MailSecurity,
            _ => Distribution,
        },
    }
}

pub fn is_hidden(index: u32) -> bool {
    matches!(specimen(index), Some(S::Hidden(_)))
}

/// Who is in a group before any step changed it: a few runs of numbers, not a list.
#[derive(Debug, Clone, Default)]
pub struct Roster {
    groups: Vec<u32>,
    others: Vec<(Kind, Span)>,
    users: Span,
}

impl Roster {
    pub fn len(&self) -> u32 {
        self.groups.len() as u32 + self.others.iter().map(|(_, s)| s.len).sum::<u32>() + self.users.len
    }

    pub fn at(&self, position: u32) -> Option<Ref> {
        let mut rest = position;
        if let Some(group) = self.groups.get(rest as usize) {
            return Some(Ref { kind: Kind::Group, index: *group });
        }
        rest -= self.groups.len() as u32;
        for (kind, span) in &self.others {
            if let Some(index) = span.at(rest) {
                return Some(Ref { kind: *kind, index });
            }
            rest -= span.len;
        }
        self.users.at(rest).map(|index| Ref { kind: Kind::User, index })
    }

    pub fn contains(&self, member: Ref) -> bool {
        match member.kind {
            Kind::User => self.users.contains(member.index),
            Kind::Group => self.groups.contains(&member.index),
            kind => self.others.iter().any(|(k, span)| *k == kind && span.contains(member.index)),
        }
    }
}

/// What a tenant is before any step.
#[derive(Debug, Clone, Copy)]
pub struct Base {
    pub seed: Seed,
    pub users: u32,
    pub groups: u32,
    /// So many of a hundred ordinary groups have more than twenty members.
    pub large_percent: u32,
}

/// The roster of a group in a tenant that began so.
pub fn roster(base: Base, index: u32) -> Roster {
    let Base { seed, users, groups, .. } = base;
    let mut draw = seed.draw("roster", u64::from(index));
    let mut roster = Roster::default();
    let social = users - people::loners(users);
    let some_users = |draw: &mut Draw, len: u32| Span::scattered(social, len, draw);
    let some = |kind: Kind, len: u32, draw: &mut Draw| {
        let of = match kind {
            Kind::Contact => contacts_of(users),
            Kind::Device => devices_of(users),
            Kind::ServicePrincipal => principals_of(users),
            Kind::Agent => AGENTS,
            Kind::Ghost => GHOSTS,
            Kind::User | Kind::Group => 0,
        };
        (kind, Span::scattered(of, len, draw))
    };
    let at = |offset: i32| index.checked_add_signed(offset).filter(|g| *g < groups);
    match specimen(index) {
        Some(S::Everybody) => roster.users = Span::all(social),
        Some(S::Empty(_)) => {}
        Some(S::Sized(len, _)) => roster.users = some_users(&mut draw, len),
        Some(S::Nests(offset)) => {
            roster.groups.extend(at(offset));
            roster.users = some_users(&mut draw, 5);
        }
        Some(S::SelfNested) => {
            roster.groups.push(index);
            roster.users = some_users(&mut draw, 3);
        }
        Some(S::NestsMicrosoft365) => {
            roster.groups.extend([2, 20, 28].into_iter().filter(|g| *g < groups));
            roster.users = some_users(&mut draw, 2);
        }
        Some(S::Hidden(len)) => roster.users = some_users(&mut draw, len),
        Some(S::WithContacts(_)) => {
            roster.groups.extend(at(1));
            roster.others.push(some(Kind::Contact, 6, &mut draw));
            roster.users = some_users(&mut draw, 9);
        }
        Some(S::DevicesOnly) => roster.others.push(some(Kind::Device, 25, &mut draw)),
        Some(S::PrincipalsOnly) => roster.others.push(some(Kind::ServicePrincipal, 7, &mut draw)),
        Some(S::Mixed) => {
            roster.groups.extend(at(1));
            for (kind, len) in [(Kind::Contact, 2), (Kind::Device, 3), (Kind::ServicePrincipal, 2)] {
                roster.others.push(some(kind, len, &mut draw));
            }
            roster.users = some_users(&mut draw, 4);
        }
        Some(S::UnknownTypes) => {
            roster.others.push(some(Kind::Agent, AGENTS, &mut draw));
            // The user of a new kind, whom `/users` lists: the list decides that this is a user.
            roster.users = people::agent_user(users).map_or_else(Span::default, |u| Span::one(users, u));
        }
        Some(S::WithGhosts) => {
            roster.others.push(some(Kind::Ghost, 3, &mut draw));
            roster.users = some_users(&mut draw, 8);
        }
        Some(S::TwentyWithPrincipal) => {
            roster.others.push(some(Kind::ServicePrincipal, 1, &mut draw));
            roster.users = some_users(&mut draw, 19);
        }
        Some(S::TwentyAndPrincipal) => {
            roster.others.push(some(Kind::ServicePrincipal, 1, &mut draw));
            roster.users = some_users(&mut draw, 20);
        }
        Some(S::RoleAssignable) => {
            let len = draw.below(15) + 2;
            let some = some_users(&mut draw, len);
            // One of them a guest, of whom one would like to know.
            roster.users = people::guest(users).map_or(some, |guest| some.begun_with(guest));
        }
        Some(_) => {
            let len = draw.below(15) + 2;
            roster.users = some_users(&mut draw, len);
        }
        None => ordinary(base, index, &mut draw, &mut roster, some),
    }
    roster
}

fn ordinary(
    base: Base,
    index: u32,
    draw: &mut Draw,
    roster: &mut Roster,
    some: impl Fn(Kind, u32, &mut Draw) -> (Kind, Span),
) {
    let Base { seed, users, groups, large_percent } = base;
    let kind = kind(seed, index);
    let large = draw.percent(large_percent);
    let len = if large {
        // A long tail: most large groups are small ones among the large, and a few are giants.
        let most = if draw.percent(2) { 4_000 } else { 600 };
        let most = most.min(users / 4).max(1);
        let (a, b, c) = (draw.below(most), draw.below(most), draw.below(most));
        21 + a.min(b).min(c)
    } else if draw.percent(6) {
        0
    } else {
        1 + draw.below(20).min(draw.below(20))
    };
    if !kind.holds_users_only() {
        // Only the other half can nest: six in a hundred of these are three in a hundred of all.
        if draw.percent(6) {
            let nested = 1 + draw.below(3);
            roster.groups.extend((0..nested).map(|_| draw.below(groups.max(1))).filter(|g| *g < groups));
            roster.groups.sort_unstable();
            roster.groups.dedup();
        }
        if draw.percent(4) {
            let other = if matches!(kind, Distribution) {
                Kind::Contact
            } else {
                draw.pick(&[Kind::Device, Kind::ServicePrincipal, Kind::Contact])
            };
            let count = 1 + draw.below(6);
            roster.others.push(some(other, count, draw));
        }
    }
    // "Above twenty" counts everybody.
    let taken = roster.len();
    let len = if large { len } else { len.saturating_sub(taken) };
    roster.users = Span::scattered(users - people::loners(users), len, draw);
}

/// The group as Graph knows it, every property that a client may select.
pub fn object(seed: Seed, index: u32, renamed: Option<u32>, domain: (&str, &str)) -> Map<String, Value> {
    let mut draw = seed.draw("group", u64::from(index));
    let kind = kind(seed, index);
    let (domain, initial) = domain;
    let specimen = specimen(index);
    let topic = draw.pick(TOPICS);
    let department = draw.pick(DEPARTMENTS);
    let office = draw.pick(OFFICES).0;
    let nickname = format!("{}-{index}", slug(topic));
    let mail_enabled = kind != Security;
    let mail = mail_enabled.then(|| format!("{nickname}@{domain}"));
    let created = time(seed, "group created", index);
    let unified = kind == Microsoft365;
    let dynamic = matches!(specimen, Some(S::Everybody | S::Dynamic | S::DynamicPaused));

    let mut name = match draw.below(if kind == Security { 3 } else { 2 }) {
        0 => format!("{topic} {office}"),
        1 => format!("{department} – {topic}"),
        _ => format!("sg-{}-{}", slug(department), slug(topic)),
    };
    if index as usize >= SPECIMENS.len() + TOPICS.len() * DEPARTMENTS.len() || draw.percent(40) {
        name = format!("{name} {index}");
    }
    let mut group = json!({
        "id": seed.id(Ref { kind: Kind::Group, index }),
        "deletedDateTime": null,
        "classification": null,
        "createdDateTime": created,
        "creationOptions": [],
        "description": if draw.percent(70) { json!(format!("{topic} of {department} in {office}")) } else { Value::Null },
        "expirationDateTime": null,
        "groupTypes": match (unified, dynamic) {
            (true, true) => json!(["Unified", "DynamicMembership"]),
            (true, false) => json!(["Unified"]),
            (false, true) => json!(["DynamicMembership"]),
            (false, false) => json!([]),
        },
        "isAssignableToRole": null,
        "mail": mail,
        "mailEnabled": mail_enabled,
        "mailNickname": nickname,
        "membershipRule": null,
        "membershipRuleProcessingState": null,
        "onPremisesDomainName": null,
        "onPremisesLastSyncDateTime": null,
        "onPremisesNetBiosName": null,
        "onPremisesProvisioningErrors": [],
        "onPremisesSamAccountName": null,
        "onPremisesSecurityIdentifier": null,
        "onPremisesSyncEnabled": null,
        "preferredDataLocation": null,
        "preferredLanguage": null,
        "proxyAddresses": mail.as_ref().map_or(json!([]), |m| json!([format!("SMTP:{m}"), format!("smtp:{nickname}@{initial}")])),
        "renewedDateTime": created,
        "resourceBehaviorOptions": [],
        "resourceProvisioningOptions": [],
        "securityEnabled": matches!(kind, Security | MailSecurity),
        "securityIdentifier": format!("S-1-12-1-{}-{}-{}-{index}", draw.next() >> 32, draw.next() >> 32, draw.next() >> 32),
        "serviceProvisioningErrors": [],
        "theme": null,
        "uniqueName": null,
        "visibility": if unified { json!(draw.pick(&["Public", "Private"])) } else { Value::Null },
    });
    let set = |group: &mut Value, more: Value| {
        if let (Value::Object(group), Value::Object(more)) = (group, more) {
            group.extend(more);
        }
    };
    match specimen {
        Some(S::Everybody) => {
            name = "All Company".to_owned();
            set(
                &mut group,
                json!({
                    "description": "This is the default group for everyone in the network",
                    "membershipRule": "(user.objectId -ne null) and (user.userPrincipalName -notStartsWith \"svc-\")",
                    "membershipRuleProcessingState": "On",
                }),
            );
        }
        Some(S::Dynamic | S::DynamicPaused) => {
            let state = if specimen == Some(S::Dynamic) { "On" } else { "Paused" };
            name = format!("{department} (dynamic, {})", state.to_lowercase());
            set(
                &mut group,
                json!({
                    "membershipRule": format!("(user.department -eq \"{department}\") and (user.accountEnabled -eq true)"),
                    "membershipRuleProcessingState": state,
                }),
            );
        }
        Some(S::Hidden(_)) => {
            name = format!("Confidential {topic} {index}");
            set(&mut group, json!({ "visibility": "HiddenMembership" }));
        }
        Some(S::RoleAssignable) => {
            name = "Helpdesk Administrators".to_owned();
            set(&mut group, json!({ "isAssignableToRole": true, "visibility": "Private" }));
        }
        Some(S::LongName) => name = "Ä".repeat(128) + &"x".repeat(128),
        Some(S::EmojiName) => name = "🏌️‍♀️ Golf 👨‍👩‍👧‍👦 🇳🇱 ✨".to_owned(),
        Some(S::ControlName) => name = "Sales\u{202e}nimda\u{202c}\u{200b}\u{1b}[31m\u{7}\tTeam\r\nTwo".to_owned(),
        Some(S::LongDescription) => {
            set(&mut group, json!({ "description": "A \"long\" story,\n=1+1;\t<b>&amp;</b> \\ ".repeat(32) }));
        }
        Some(S::Classified) => {
            set(
                &mut group,
                json!({
                    "classification": "Confidential", "expirationDateTime": "2027-03-01T00:00:00Z",
                    "renewedDateTime": "2026-09-02T11:00:00.1234567Z",
                }),
            );
        }
        Some(S::OnPremises) => {
            set(
                &mut group,
                json!({
                    "onPremisesSyncEnabled": true, "onPremisesSamAccountName": nickname,
                    "onPremisesDomainName": format!("corp.{domain}"), "onPremisesNetBiosName": "CORP",
                    "onPremisesLastSyncDateTime": "2026-11-20T04:05:06Z",
                    "onPremisesSecurityIdentifier": "S-1-5-21-1004336348-1177238915-682003330-512",
                }),
            );
        }
        Some(S::Namesake) => name = "Printers".to_owned(),
        Some(S::Team) => {
            set(
                &mut group,
                json!({
                    "resourceProvisioningOptions": ["Team"], "creationOptions": ["Team", "ExchangeProvisioningFlags:3552"],
                    "resourceBehaviorOptions": ["HideGroupInOutlook", "WelcomeEmailDisabled"], "theme": "Teal",
                }),
            );
        }
        _ => {}
    }
    if let Some(step) = renamed {
        name = format!("{topic} {office} (renamed {step})");
    }
    let name = if specimen == Some(S::Nameless) && renamed.is_none() { Value::Null } else { json!(name) };
    set(&mut group, json!({ "displayName": name }));
    match group {
        Value::Object(group) => group,
        _ => Map::new(),
    }
}

fn slug(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect()
}
