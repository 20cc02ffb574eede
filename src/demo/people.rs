//! Users: ordinary people with ordinary properties, and specimens of every awkward kind among them.
//!
//! Specimens are strewn evenly over the tenant, so that even a small one has them, and no page of a list is tame.

use serde_json::{Map, Value, json};

use super::{
    change::UserChange,
    names::{COMPANIES, DEPARTMENTS, GIVEN, OFFICES, SCRIPTS, SURNAMES, TITLES},
    seed::{Kind, Ref, Seed},
    tenant::time,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Specimen {
    NoDisplayName,
    NothingButUpn,
    Guest,
    GuestPending,
    GuestWithoutType,
    Disabled,
    /// No type, no state: neither active nor inactive is known.
    NoFlags,
    Display(&'static str),
    LongName,
    Script(usize),
    /// A user principal name that starts with this text.
    Upn(&'static str),
    Mail(&'static str),
    AgentUser,
    NoCreation,
    Namesake,
    BusinessPhones,
    LongUpn,
    LongTitle,
    OnPremises,
    /// An account that a program logs in with; see [`loners`].
    Service(&'static str),
}

use Specimen as S;

const SPECIMENS: &[Specimen] = &[
    S::NoDisplayName,
    S::NothingButUpn,
    S::Guest,
    S::GuestPending,
    S::GuestWithoutType,
    S::Disabled,
    S::AgentUser,
    S::LongName,
    S::Display("👩🏽‍💻 Robin 🏳️‍🌈 ✈️"),
    S::Display("Rob\u{7}in \u{1b}[31mRed\u{1b}[0m\tTab\r\nLine\u{1}One\u{85}\u{9b}1m"),
    S::Display("Invoice\u{202e}fdp.exe\u{202c}\u{2066}\u{2069}"),
    S::Display("Ze\u{200b}ro\u{200d}\u{feff}Wi\u{ad}dth"),
    S::Display("Z̷̢̛͈̙̄͋a̴̡̛͓͑l̸̰̈́g̶̢̋ơ̴̭"),
    S::Display("=HYPERLINK(\"http://evil.example\",\"click\")"),
    S::Display("<script>alert('x')</script> & \"quotes\" \\ back"),
    S::Display("   "),
    S::Display(""),
    S::Display("Robert'); DROP TABLE users;--"),
    S::Display("%s%n{}{0}${jndi:ldap://x}"),
    S::Display("84841066-274d-4ec0-a5c1-276be684bdd3"),
    S::Script(3),
    S::Script(9),
    S::Script(22),
    S::Upn("0"),
    S::Upn("_"),
    S::Upn("-"),
    S::Upn("'"),
    S::Upn("!"),
    S::Upn("#"),
    S::Upn("^"),
    S::Upn("~"),
    S::Upn("UPPER.Case"),
    S::Upn("$ys"),
    S::Upn("%41+b&c=d"),
    S::Mail("jürgen.müller@contoso.example"),
    S::Mail("no@email"),
    S::Mail(""),
    S::Mail("o'neil+tag@sub.contoso.example"),
    S::NoFlags,
    S::NoCreation,
    S::Namesake,
    S::Namesake,
    S::BusinessPhones,
    S::LongUpn,
    S::LongTitle,
    S::OnPremises,
];

/// The accounts of programs, which belong to nothing.
const SERVICES: &[&str] = &["svc-backup", "svc-scanner", "svc-reporting", "svc-telephony", "svc-migration"];

/// How many of the last users are in no group: one in a hundred, and never more than a few.
pub fn loners(users: u32) -> u32 {
    (users / 100).min(SERVICES.len() as u32)
}

/// A guest among the specimens, as far as there are so many users.
pub fn guest(users: u32) -> Option<u32> {
    place_of(S::Guest, users)
}

/// How far apart specimens stand among so many users.
fn stride(users: u32) -> u32 {
    (users / (SPECIMENS.len() as u32 + 1)).max(2)
}

fn specimen(users: u32, index: u32) -> Option<Specimen> {
    if let Some(place) = index.checked_sub(users - loners(users)).filter(|_| index < users) {
        return SERVICES.get(place as usize).map(|name| S::Service(name));
    }
    let behind_first = index.checked_sub(1).filter(|_| index < users)?;
    (behind_first % stride(users) == 0)
        .then(|| SPECIMENS.get((behind_first / stride(users)) as usize).copied())
        .flatten()
}

/// The user whom `/users` lists as `#microsoft.graph.agentUser`.
pub fn agent_user(users: u32) -> Option<u32> {
    place_of(S::AgentUser, users)
}

fn place_of(wanted: Specimen, users: u32) -> Option<u32> {
    let place = SPECIMENS.iter().position(|s| *s == wanted)? as u32;
    Some(1 + place * stride(users)).filter(|index| *index < users)
}

/// Names as they are shown, and the login's part before `@`.
fn names(seed: Seed, index: u32) -> (String, String, String) {
    let mut draw = seed.draw("name", u64::from(index));
    // A script name every so often; the login carries the index where the words alone would not be unique.
    if draw.percent(6) {
        let (given, surname, login) = draw.pick(SCRIPTS);
        return (given.to_owned(), surname.to_owned(), format!("{login}{index}"));
    }
    let combinations = (GIVEN.len() * SURNAMES.len()) as u64;
    // 7919 is a prime that divides neither list's length, so that neighbours differ and none repeats.
    let place = (u64::from(index) * 7919 + seed.hash("names", 0) % combinations) % combinations;
    let round = u64::from(index) / combinations;
    let given = GIVEN[(place % GIVEN.len() as u64) as usize];
    let surname = SURNAMES[(place / GIVEN.len() as u64) as usize];
    let suffix = if round == 0 { String::new() } else { round.to_string() };
    (given.0.to_owned(), surname.0.to_owned(), format!("{}.{}{suffix}", given.1, surname.1))
}

/// The user principal name, which no two users share.
pub fn upn(seed: Seed, users: u32, index: u32, domain: (&str, &str)) -> String {
    let (_, _, login) = names(seed, index);
    let (domain, initial) = domain;
    let guest = |login: &str| {
        let company = seed.draw("guest", u64::from(index)).pick(COMPANIES);
        format!("{login}_{}.example#EXT#@{initial}", host(company))
    };
    match specimen(users, index) {
        Some(S::Guest | S::GuestPending | S::GuestWithoutType) => guest(&login),
        Some(S::Service(name)) => format!("{name}@{domain}"),
        Some(S::Upn(start)) => format!("{start}{login}@{domain}"),
        Some(S::LongUpn) => {
            format!("{:.<64}@{domain}", format!("{login}.{}", "x".repeat(60)).chars().take(64).collect::<String>())
        }
        None if is_guest(seed, index) => guest(&login),
        _ => format!("{login}@{domain}"),
    }
}

/// Ordinary guests, beside the specimens.
fn is_guest(seed: Seed, index: u32) -> bool {
    seed.draw("is guest", u64::from(index)).percent(6)
}

fn host(company: &str) -> String {
    company.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Every property of a user that a client may select and the demo has values for.
const PROPERTIES: &[&str] = &[
    "id",
    "deletedDateTime",
    "accountEnabled",
    "ageGroup",
    "businessPhones",
    "city",
    "companyName",
    "country",
    "createdDateTime",
    "creationType",
    "department",
    "displayName",
    "employeeId",
    "employeeType",
    "externalUserState",
    "externalUserStateChangeDateTime",
    "givenName",
    "jobTitle",
    "mail",
    "mailNickname",
    "mobilePhone",
    "officeLocation",
    "onPremisesDistinguishedName",
    "onPremisesDomainName",
    "onPremisesImmutableId",
    "onPremisesLastSyncDateTime",
    "onPremisesSamAccountName",
    "onPremisesSecurityIdentifier",
    "onPremisesSyncEnabled",
    "onPremisesUserPrincipalName",
    "otherMails",
    "passwordPolicies",
    "postalCode",
    "preferredLanguage",
    "proxyAddresses",
    "state",
    "streetAddress",
    "surname",
    "usageLocation",
    "userPrincipalName",
    "userType",
];

/// A user, known well enough that each property is told when it is asked for, and no other is worked out.
pub struct Person<'a> {
    seed: Seed,
    index: u32,
    domain: &'a str,
    given: String,
    surname: String,
    login: String,
    upn: String,
    mail: Option<String>,
    guest: bool,
    synced: bool,
    office: (&'static str, &'static str, &'static str, &'static str),
    place: (u32, u32),
    phones: (u32, u32),
    title: &'static str,
    department: &'static str,
    has: Has,
    /// What a specimen or a step made different.
    special: Map<String, Value>,
}

/// Which properties have a value.
#[allow(clippy::struct_excessive_bools, reason = "so many draws, one for each property")]
struct Has {
    enabled: bool,
    phones: bool,
    city: bool,
    company: bool,
    country: bool,
    department: bool,
    employee: bool,
    title: bool,
    mobile: bool,
    office: bool,
    language: bool,
    usage: bool,
}

impl<'a> Person<'a> {
    pub fn new(seed: Seed, users: u32, index: u32, change: UserChange, domains: (&'a str, &'a str)) -> Self {
        let mut draw = seed.draw("user", u64::from(index));
        let specimen = specimen(users, index);
        let (domain, initial) = domains;
        let (given, surname, login) = names(seed, index);
        let upn = upn(seed, users, index, domains);
        let office = draw.pick(OFFICES);
        let guest = matches!(specimen, Some(S::Guest | S::GuestPending | S::GuestWithoutType))
            || specimen.is_none() && is_guest(seed, index);
        let mail = if guest {
            upn.split_once("#EXT#").map(|(local, _)| match local.rsplit_once('_') {
                Some((name, host)) => format!("{name}@{host}"),
                None => local.to_owned(),
            })
        } else {
            // One in twenty has no mailbox.
            (!draw.percent(5)).then(|| format!("{login}@{domain}"))
        };
        let place = (draw.below(40) + 1, draw.below(4000) + 100);
        let phones = (draw.below(10_000), draw.below(10_000));
        let title = draw.pick(TITLES);
        let department = draw.pick(DEPARTMENTS);
        let synced = draw.percent(15) && !guest && specimen.is_none() || specimen == Some(S::OnPremises);
        let has = Has {
            enabled: !draw.percent(3),
            phones: draw.percent(60) && !guest,
            city: draw.percent(80),
            company: guest || draw.percent(30),
            country: draw.percent(80),
            department: !guest && draw.percent(90),
            employee: !guest && draw.percent(70),
            title: !guest && draw.percent(90),
            mobile: draw.percent(50),
            office: draw.percent(80),
            language: draw.percent(60),
            usage: draw.percent(90),
        };
        let special = object_of(special(specimen, &login, initial));
        let mut person = Self {
            seed,
            index,
            domain,
            given,
            surname,
            login,
            upn,
            mail,
            guest,
            synced,
            office,
            place,
            phones,
            title,
            department,
            has,
            special,
        };
        person.change(change);
        person
    }

    fn change(&mut self, change: UserChange) {
        if let Some(step) = change.renamed {
            let draw = &mut self.seed.draw("renamed", u64::from(self.index) << 16 | u64::from(step));
            let (surname, _) = draw.pick(SURNAMES);
            let given = &self.given;
            let display = format!("{given} {surname}");
            let more = json!({ "surname": surname, "givenName": given, "displayName": display });
            self.special.extend(object_of(more));
        }
        if let Some(step) = change.moved {
            let mut draw = self.seed.draw("moved", u64::from(self.index) << 16 | u64::from(step));
            let more = json!({ "department": draw.pick(DEPARTMENTS), "jobTitle": draw.pick(TITLES) });
            self.special.extend(object_of(more));
        }
        if change.disabled {
            self.special.insert("accountEnabled".to_owned(), json!(false));
        }
    }

    /// The value of a property; `None` where no user of the demo has one.
    pub fn property(&self, name: &str) -> Option<Value> {
        if !self.special.is_empty()
            && let Some(value) = self.special.get(name)
        {
            return Some(value.clone());
        }
        let text = |has: bool, text: &str| if has { Value::from(text) } else { Value::Null };
        let created = || time(self.seed, "user created", self.index);
        let (city, country, language, prefix) = self.office;
        let synced = |value: &dyn Fn() -> String| if self.synced { Value::from(value()) } else { Value::Null };
        Some(match name {
            "id" => Value::from(self.seed.id(Ref { kind: Kind::User, index: self.index })),
            "accountEnabled" => Value::from(self.has.enabled),
            "businessPhones" if self.has.phones => json!([format!("{prefix} {:04}", self.phones.0)]),
            "businessPhones" => json!([]),
            "city" => text(self.has.city, city),
            "companyName" if self.guest => Value::from(self.seed.draw("guest", u64::from(self.index)).pick(COMPANIES)),
            "companyName" => text(self.has.company, "Contoso"),
            "country" => text(self.has.country, country),
            "createdDateTime" => Value::from(created()),
            "creationType" => text(self.guest, "Invitation"),
            "department" => text(self.has.department, self.department),
            "displayName" => Value::from(format!("{} {}", self.given, self.surname)),
            "employeeId" if self.has.employee => Value::from(format!("E{:06}", self.index + 1000)),
            "employeeType" => text(!self.guest, "Employee"),
            "externalUserState" => text(self.guest, "Accepted"),
            "externalUserStateChangeDateTime" if self.guest => Value::from(created()),
            "givenName" => Value::from(self.given.as_str()),
            "jobTitle" => text(self.has.title, self.title),
            "mail" => self.mail.as_deref().map_or(Value::Null, Value::from),
            "mailNickname" => Value::from(self.login.as_str()),
            "mobilePhone" if self.has.mobile => Value::from(format!("{prefix} {:04}", self.phones.1)),
            "officeLocation" if self.has.office => Value::from(format!("{}/{}", self.place.0, self.place.1)),
            "onPremisesSyncEnabled" if self.synced => Value::from(true),
            "onPremisesSamAccountName" => synced(&|| self.login.clone()),
            "onPremisesDomainName" => synced(&|| format!("corp.{}", self.domain)),
            "onPremisesUserPrincipalName" => synced(&|| self.upn.clone()),
            "onPremisesDistinguishedName" => {
                synced(&|| format!("CN={} {},OU=People,DC=corp,DC=contoso,DC=example", self.given, self.surname))
            }
            "onPremisesImmutableId" => {
                synced(&|| format!("{:022x}==", self.seed.hash("immutable", u64::from(self.index))))
            }
            "onPremisesLastSyncDateTime" => synced(&|| "2026-11-20T04:05:06Z".to_owned()),
            "onPremisesSecurityIdentifier" => {
                synced(&|| format!("S-1-5-21-1004336348-1177238915-682003330-{}", self.index + 1100))
            }
            "otherMails" if self.guest => json!([self.mail]),
            "otherMails" => json!([]),
            "preferredLanguage" => text(self.has.language, language),
            "proxyAddresses" => self.mail.as_ref().map_or(json!([]), |m| json!([format!("SMTP:{m}")])),
            "surname" => Value::from(self.surname.as_str()),
            "usageLocation" => text(self.has.usage, country),
            "userPrincipalName" => Value::from(self.upn.as_str()),
            "userType" => Value::from(if self.guest { "Guest" } else { "Member" }),
            known if PROPERTIES.contains(&known) => Value::Null,
            _ => return None,
        })
    }

    /// The user as Graph knows it, every property that a client may select.
    pub fn object(&self) -> Map<String, Value> {
        let named = |name: &&str| Some(((*name).to_owned(), self.property(name)?));
        let mut object: Map<String, Value> = PROPERTIES.iter().filter_map(named).collect();
        object.extend(self.special.clone());
        object
    }
}

/// What makes a specimen one.
fn special(specimen: Option<Specimen>, login: &str, initial: &str) -> Value {
    match specimen {
        None | Some(S::Guest | S::OnPremises) => Value::Null,
        Some(S::NoDisplayName) => json!({ "displayName": null }),
        Some(S::NothingButUpn) => json!({
            "displayName": null, "givenName": null, "surname": null, "mail": null, "jobTitle": null, "department": null,
            "mobilePhone": null, "officeLocation": null, "preferredLanguage": null, "businessPhones": [], "companyName": null,
            "employeeId": null, "usageLocation": null, "userType": null, "proxyAddresses": [], "mailNickname": null,
        }),
        Some(S::GuestPending) => json!({
            "externalUserState": "PendingAcceptance", "mail": null, "proxyAddresses": [], "givenName": null, "surname": null,
        }),
        Some(S::GuestWithoutType) => json!({ "userType": null, "externalUserState": null }),
        Some(S::Disabled) => json!({ "accountEnabled": false }),
        Some(S::NoFlags) => json!({ "accountEnabled": null, "userType": null }),
        Some(S::Display(name)) => json!({ "displayName": name, "givenName": name, "surname": null }),
        Some(S::LongName) => json!({
            "displayName": format!("{}{}", "長".repeat(100), "Long ".repeat(32)).chars().take(256).collect::<String>(),
            "surname": "L".repeat(64), "givenName": "l".repeat(64),
        }),
        Some(S::Script(place)) => {
            let (given, surname, _) = SCRIPTS[place % SCRIPTS.len()];
            json!({ "displayName": format!("{surname} {given}"), "givenName": given, "surname": surname })
        }
        Some(S::Mail(mail)) => json!({ "mail": mail }),
        Some(S::AgentUser) => json!({
            "@odata.type": "#microsoft.graph.agentUser", "displayName": "Expense Agent", "givenName": null, "surname": null,
            "jobTitle": null, "mobilePhone": null, "businessPhones": [], "mail": null,
        }),
        Some(S::NoCreation) => json!({ "createdDateTime": null }),
        Some(S::Namesake) => json!({ "displayName": "Alex Smit", "givenName": "Alex", "surname": "Smit" }),
        Some(S::BusinessPhones) => json!({ "businessPhones": ["+1 425 555 0100", "+1 425 555 0101", "ext. 7", ""] }),
        Some(S::LongTitle) => json!({
            "jobTitle": "Senior Vice President of ".repeat(5), "department": "研究開発 / R&D; \"Lab\"\n2",
            "officeLocation": "\u{202e}18/2111",
        }),
        Some(S::Service(name)) => json!({
            "displayName": name, "givenName": null, "surname": null, "mail": null, "mailNickname": name, "jobTitle": null,
            "department": null, "mobilePhone": null, "officeLocation": null, "businessPhones": [], "employeeId": null,
            "employeeType": null, "proxyAddresses": [], "accountEnabled": true, "passwordPolicies": "DisablePasswordExpiration",
        }),
        Some(S::Upn(_) | S::LongUpn) => json!({ "mail": format!("{login}@{initial}") }),
    }
}

fn object_of(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_users_share_a_name_to_log_in_with() {
        for users in [0u32, 1, 10, 200, 30_000] {
            let domains = ("contoso.example", "contoso.onmicrosoft.com");
            let all: HashSet<String> = (0..users + 5).map(|u| upn(Seed(1), users, u, domains).to_lowercase()).collect();
            assert_eq!(all.len() as u32, users + 5);
            assert!(all.iter().all(|upn| upn.contains('@')));
        }
    }

    #[test]
    fn every_specimen_is_there_from_a_hundred_users_on() {
        for users in [100u32, 101, 2000, 500_000] {
            let there: Vec<Specimen> = (0..users - loners(users)).filter_map(|u| specimen(users, u)).collect();
            assert_eq!(there, SPECIMENS, "{users}");
            let loners: Vec<Specimen> = (users - loners(users)..users).filter_map(|u| specimen(users, u)).collect();
            assert!(!loners.is_empty() && loners.iter().all(|s| matches!(s, S::Service(_))), "{loners:?}");
        }
        assert_eq!(specimen(0, 0), None);
    }
}
