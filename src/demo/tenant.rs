//! The tenant: everything that the directory of the demo holds at one step, computed when it is asked for.
//!
//! Knows nothing of HTTP, pages or permissions. Two ways lead from here to a reader: the Graph handlers, and
//! [`super::truth`], which tests take for the truth about the first.

use serde_json::{Map, Value, json};

use super::{
    change::{Change, Deleted, GroupChange, OtherChange},
    groups::{self, Base, GroupKind, Roster},
    names::{APPS, COMPANIES, DEPARTMENTS, GIVEN, SURNAMES, SYSTEMS, TITLES},
    people::{self, Person},
    seed::{Ids, Kind, Ref, Seed},
};

/// How many soft-deleted users there are whom groups still list.
pub const GHOSTS: u32 = 5;
/// How many members of an unknown type there are.
pub const AGENTS: u32 = 3;

/// An organizational contact for every fifty users, and never fewer than ten.
pub const fn contacts_of(users: u32) -> u32 {
    if users / 50 < 10 { 10 } else { users / 50 }
}

pub const fn devices_of(users: u32) -> u32 {
    if users / 3 < 40 { 40 } else { users / 3 }
}

pub const fn principals_of(users: u32) -> u32 {
    if users / 100 < 20 { 20 } else { users / 100 }
}

/// A time of creation between 2016 and 2026, on a whole second as most are.
pub fn time(seed: Seed, purpose: &str, index: u32) -> String {
    let second = 1_451_606_400 + (seed.hash(purpose, u64::from(index)) % 315_000_000) as i64;
    jiff::Timestamp::from_second(second).unwrap_or_default().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A directory of a given size, after a number of steps.
#[derive(Debug, Clone)]
pub struct Tenant {
    pub seed: Seed,
    pub ids: Ids,
    /// The user whom `/users` lists as `#microsoft.graph.agentUser`.
    agent_user: Option<u32>,
    users: u32,
    base: Base,
    pub change: Change,
    domain: String,
    initial_domain: String,
}

const ORGANIZATIONS: &[&str] =
    &["Contoso", "Fabrikam", "Northwind Traders", "Adventure Works", "Tailspin Toys", "Woodgrove", "Litware"];

impl Tenant {
    /// The tenant of `seed` that began with so many users and groups, after `steps` steps.
    pub fn new(base: Base, steps: u32) -> Self {
        let seed = base.seed.0;
        let host: String = Self::name_of(seed).chars().filter(char::is_ascii_alphanumeric).collect();
        let host = host.to_lowercase();
        Self {
            seed: base.seed,
            ids: Ids::of(base.seed),
            agent_user: people::agent_user(base.users),
            users: base.users,
            base,
            change: Change::after(base, steps),
            domain: format!("{host}.example"),
            initial_domain: format!("{host}.onmicrosoft.com"),
        }
    }

    /// The same tenant after so many steps in all.
    #[must_use]
    pub fn after(&self, steps: u32) -> Self {
        Self { change: Change::after(self.base, steps), ..self.clone() }
    }

    /// The same tenant, one step later.
    #[must_use]
    pub fn next(&self) -> Self {
        let mut next = self.clone();
        next.change.step(self.base);
        next
    }

    fn name_of(seed: u64) -> &'static str {
        ORGANIZATIONS[(seed.wrapping_sub(1) % ORGANIZATIONS.len() as u64) as usize]
    }

    pub fn steps(&self) -> u32 {
        self.change.steps
    }

    pub fn id(&self) -> String {
        self.seed.guid("tenant", 0)
    }

    pub fn display_name(&self) -> &'static str {
        Self::name_of(self.seed.0)
    }

    /// Whether `name` is one of the verified domains; case does not matter.
    pub fn has_domain(&self, name: &str) -> bool {
        self.domains().iter().any(|d| d.eq_ignore_ascii_case(name))
    }

    /// The verified domains.
    pub fn domains(&self) -> [String; 3] {
        [self.initial_domain.clone(), self.domain.clone(), format!("mail.{}", self.domain)]
    }

    fn both_domains(&self) -> (&str, &str) {
        (&self.domain, &self.initial_domain)
    }

    pub fn organization(&self) -> Map<String, Value> {
        let [initial, main, mail] = self.domains();
        let domain = |name: String, is_default: bool, is_initial: bool| {
            json!({ "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": is_default, "isInitial": is_initial,
                    "name": name, "type": "Managed" })
        };
        let used = u64::from(self.users) + u64::from(self.base.groups) + u64::from(contacts_of(self.users));
        let organization = json!({
            "id": self.id(),
            "deletedDateTime": null,
            "assignedPlans": [{ "assignedDateTime": "2019-09-04T17:04:05Z", "capabilityStatus": "Enabled",
                "service": "exchange", "servicePlanId": "113feb6c-3fe4-4440-bddc-54d774bf0318" }],
            "businessPhones": ["425-555-0100"],
            "city": null,
            "country": null,
            "countryLetterCode": "NL",
            "createdDateTime": "2019-09-04T16:59:36Z",
            "defaultUsageLocation": null,
            "directorySizeQuota": { "used": used, "total": used.max(50_000).next_multiple_of(50_000) },
            "displayName": self.display_name(),
            "isMultipleDataLocationsForServicesEnabled": null,
            "marketingNotificationEmails": [],
            "onPremisesLastSyncDateTime": "2026-11-20T04:05:06Z",
            "onPremisesSyncEnabled": true,
            "partnerTenantType": null,
            "postalCode": null,
            "preferredLanguage": "en",
            "privacyProfile": null,
            "provisionedPlans": [],
            "securityComplianceNotificationMails": [],
            "securityComplianceNotificationPhones": [],
            "state": null,
            "street": null,
            "technicalNotificationMails": [format!("admin@{main}")],
            "tenantType": "AAD",
            "verifiedDomains": [domain(initial, false, true), domain(main, true, false), domain(mail, false, false)],
        });
        object(organization)
    }

    // --- what there is -------------------------------------------------------------------------------------------

    /// One above the highest index that objects of this kind ever had; some below it may be gone.
    pub fn end(&self, kind: Kind) -> u32 {
        match kind {
            Kind::User => self.users + self.change.new_users,
            Kind::Group => self.base.groups + self.change.new_groups,
            Kind::Contact => contacts_of(self.users),
            Kind::Device => devices_of(self.users),
            Kind::ServicePrincipal => principals_of(self.users),
            Kind::Agent => AGENTS,
            Kind::Ghost => GHOSTS,
        }
    }

    /// Whether the directory answers for the object.
    pub fn is_there(&self, object: Ref) -> bool {
        object.index < self.end(object.kind)
            && match object.kind {
                Kind::User => self.change.deleted(object.index).is_none(),
                Kind::Group => !self.change.group_is_deleted(object.index),
                Kind::Ghost => false,
                Kind::Agent => true,
                Kind::Contact | Kind::Device | Kind::ServicePrincipal => !self.change.other_is_deleted(object),
            }
    }

    /// How an object that is not there went; `None` for what is there, and for what never was.
    pub fn deleted(&self, object: Ref) -> Option<Deleted> {
        match object.kind {
            Kind::User => self.change.deleted(object.index),
            Kind::Group => self.change.groups.get(&object.index).and_then(|c| c.deleted),
            Kind::Ghost => Some(Deleted::Soft),
            _ => self.change.other_is_deleted(object).then_some(Deleted::Purged),
        }
    }

    /// How many objects of a kind there are.
    pub fn count(&self, kind: Kind) -> u32 {
        let gone = match kind {
            Kind::User => self.change.deleted_users().count(),
            Kind::Group => self.change.groups.values().filter(|c| c.deleted.is_some()).count(),
            Kind::Ghost => GHOSTS as usize,
            _ => self.change.others.iter().filter(|(o, c)| o.kind == kind && c.deleted).count(),
        };
        self.end(kind) - gone as u32
    }

    /// The objects of a kind that a step after `from` touched; groups also by their memberships, where asked for.
    pub fn touched(&self, kind: Kind, from: u32, links: bool) -> Vec<Ref> {
        let change = &self.change;
        match kind {
            Kind::User => {
                change.users.iter().filter(|(_, c)| c.touched > from).map(|(i, _)| Ref { kind, index: *i }).collect()
            }
            Kind::Group => change
                .groups
                .iter()
                .filter(|(_, c)| c.touched > from || links && c.links.values().any(|step| *step > from))
                .map(|(i, _)| Ref { kind, index: *i })
                .collect(),
            _ => change.others.iter().filter(|(o, c)| o.kind == kind && c.touched > from).map(|(o, _)| *o).collect(),
        }
    }

    pub fn id_of(&self, object: Ref) -> String {
        self.ids.id(object).to_string()
    }

    /// The object with this id, if the directory answers for it.
    pub fn find(&self, id: &str) -> Option<Ref> {
        self.ids.object(id).filter(|o| self.is_there(*o))
    }

    /// The user with this user principal name. Looks at every user: for single requests only.
    pub fn find_upn(&self, upn: &str) -> Option<Ref> {
        (0..self.end(Kind::User))
            .map(|index| Ref { kind: Kind::User, index })
            .filter(|user| self.is_there(*user))
            .find(|user| people::upn(self.seed, self.users, user.index, self.both_domains()).eq_ignore_ascii_case(upn))
    }

    pub fn odata_type(&self, object: Ref) -> &'static str {
        match object.kind {
            Kind::User if Some(object.index) == self.agent_user => "#microsoft.graph.agentUser",
            Kind::User => "#microsoft.graph.user",
            Kind::Ghost => "#microsoft.graph.user",
            Kind::Group => "#microsoft.graph.group",
            Kind::Contact => "#microsoft.graph.orgContact",
            Kind::Device => "#microsoft.graph.device",
            Kind::ServicePrincipal => "#microsoft.graph.servicePrincipal",
            Kind::Agent => "#microsoft.graph.agentIdentity",
        }
    }

    /// The object, every property that a client may select.
    pub fn object(&self, this: Ref) -> Map<String, Value> {
        let Ref { kind, index } = this;
        match kind {
            Kind::User => self.person(index).object(),
            Kind::Group => {
                let renamed = self.change.groups.get(&index).and_then(|c| c.renamed);
                groups::object(self.seed, index, renamed, self.both_domains())
            }
            Kind::Contact => self.contact(index),
            Kind::Device => self.device(index),
            Kind::ServicePrincipal => self.principal(index),
            Kind::Agent => object(json!({
                "id": self.id_of(this), "deletedDateTime": null, "displayName": format!("Agent {}", index + 1),
                "createdDateTime": time(self.seed, "agent", index),
            })),
            Kind::Ghost => object(json!({
                "id": self.id_of(this), "displayName": format!("Former Colleague {}", index + 1), "givenName": "Former",
                "surname": format!("Colleague {}", index + 1), "businessPhones": [], "jobTitle": null, "mail": null,
                "mobilePhone": null, "officeLocation": null, "preferredLanguage": null,
                "userPrincipalName": format!("former{index}@{}", self.domain),
            })),
        }
    }

    pub fn upn(&self, user: u32) -> String {
        people::upn(self.seed, self.users, user, self.both_domains())
    }

    /// When a user last signed in; one in five never did.
    pub fn sign_in(&self, user: u32) -> Option<Value> {
        let mut draw = self.seed.draw("sign in", u64::from(user));
        if draw.percent(20) {
            return None;
        }
        let request = |n: u64| self.seed.guid("sign in request", u64::from(user) << 2 | n);
        let silent = draw.percent(70);
        Some(json!({
            "lastSignInDateTime": time(self.seed, "signed in", user),
            "lastSignInRequestId": request(0),
            "lastNonInteractiveSignInDateTime": silent.then(|| time(self.seed, "signed in silently", user)),
            "lastNonInteractiveSignInRequestId": if silent { request(1) } else { String::new() },
            "lastSuccessfulSignInDateTime": time(self.seed, "signed in", user),
            "lastSuccessfulSignInRequestId": request(0),
        }))
    }

    /// A user, property by property.
    pub fn person(&self, index: u32) -> Person<'_> {
        let change = self.change.users.get(&index).copied().unwrap_or_default();
        Person::new(self.seed, self.users, index, change, self.both_domains())
    }

    fn contact(&self, index: u32) -> Map<String, Value> {
        let mut draw = self.seed.draw("contact", u64::from(index));
        let (given, login) = draw.pick(GIVEN);
        let (surname, surname_login) = draw.pick(SURNAMES);
        let company = draw.pick(COMPANIES);
        let host: String =
            company.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        let mail = format!("{login}.{surname_login}@{host}.example");
        let mut contact = json!({
            "id": self.id_of(Ref { kind: Kind::Contact, index }),
            "deletedDateTime": null,
            "addresses": [],
            "companyName": company,
            "department": draw.pick(DEPARTMENTS),
            "displayName": format!("{given} {surname} ({company})"),
            "givenName": given,
            "jobTitle": draw.pick(TITLES),
            "mail": mail,
            "mailNickname": format!("{login}{index}"),
            "onPremisesLastSyncDateTime": null,
            "onPremisesProvisioningErrors": [],
            "onPremisesSyncEnabled": null,
            "phones": [],
            "proxyAddresses": [format!("SMTP:{mail}")],
            "serviceProvisioningErrors": [],
            "surname": surname,
        });
        match index {
            1 => contact["displayName"] = Value::Null,
            2 => {
                for field in ["displayName", "givenName", "surname", "companyName", "jobTitle", "department"] {
                    contact[field] = Value::Null;
                }
            }
            3 => contact["mail"] = json!("partner desk@fabrikam"),
            4 => contact["displayName"] = json!("Партнёрский отдел 🤝\u{202e}"),
            _ => {}
        }
        let change = self.other(Kind::Contact, index);
        if let Some(step) = change.changed {
            contact["displayName"] = json!(format!("{given} {surname} (renamed {step})"));
        }
        if change.disabled {
            contact["jobTitle"] = Value::Null;
        }
        object(contact)
    }

    fn device(&self, index: u32) -> Map<String, Value> {
        let mut draw = self.seed.draw("device", u64::from(index));
        let (system, version, name) = draw.pick(SYSTEMS);
        let managed = draw.percent(70);
        let mut device = json!({
            "id": self.id_of(Ref { kind: Kind::Device, index }),
            "deletedDateTime": null,
            "accountEnabled": !draw.percent(5),
            "approximateLastSignInDateTime": time(self.seed, "device seen", index),
            "createdDateTime": time(self.seed, "device", index),
            "deviceId": self.seed.guid("device id", u64::from(index)),
            "deviceOwnership": if managed { json!("Company") } else { Value::Null },
            "displayName": format!("{name}-{:05X}", draw.below(0xf_ffff)),
            "isCompliant": if managed { json!(draw.percent(85)) } else { Value::Null },
            "isManaged": if managed { json!(true) } else { Value::Null },
            "manufacturer": null,
            "model": null,
            "onPremisesSyncEnabled": null,
            "operatingSystem": system,
            "operatingSystemVersion": version,
            "profileType": "RegisteredDevice",
            "registrationDateTime": time(self.seed, "device", index),
            "trustType": draw.pick(&["AzureAd", "ServerAd", "Workplace"]),
        });
        match index {
            1 => device["displayName"] = Value::Null,
            2 => {
                for field in ["operatingSystem", "operatingSystemVersion", "trustType", "isManaged", "isCompliant"] {
                    device[field] = Value::Null;
                }
            }
            _ => {}
        }
        let change = self.other(Kind::Device, index);
        if change.disabled {
            device["accountEnabled"] = json!(false);
        }
        if let Some(step) = change.changed {
            device["displayName"] = json!(format!("{name}-{step}"));
            device["isCompliant"] = json!(step % 2 == 0);
            device["isManaged"] = json!(true);
            device["operatingSystemVersion"] = json!(format!("{version}.{step}"));
        }
        object(device)
    }

    fn principal(&self, index: u32) -> Map<String, Value> {
        let mut draw = self.seed.draw("principal", u64::from(index));
        let change = self.other(Kind::ServicePrincipal, index);
        let app = draw.pick(APPS);
        let name = match change.changed {
            Some(step) => json!(format!("{app} {} (renamed {step})", index + 1)),
            None if index == 1 => Value::Null,
            None => json!(format!("{app} {}", index + 1)),
        };
        object(json!({
            "id": self.id_of(Ref { kind: Kind::ServicePrincipal, index }),
            "deletedDateTime": null,
            "accountEnabled": !draw.percent(4) && !change.disabled,
            "appDisplayName": name,
            "appId": self.seed.guid("app id", u64::from(index)),
            "appOwnerOrganizationId": self.id(),
            "appRoleAssignmentRequired": false,
            "createdDateTime": time(self.seed, "principal", index),
            "description": null,
            "displayName": name,
            "homepage": null,
            "servicePrincipalNames": [self.seed.guid("app id", u64::from(index))],
            "servicePrincipalType": draw.pick(&["Application", "Application", "ManagedIdentity", "Legacy"]),
            "signInAudience": "AzureADMyOrg",
            "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
        }))
    }

    fn other(&self, kind: Kind, index: u32) -> OtherChange {
        self.change.others.get(&Ref { kind, index }).copied().unwrap_or_default()
    }

    // --- memberships ---------------------------------------------------------------------------------------------

    pub fn group_kind(&self, group: u32) -> GroupKind {
        groups::kind(self.seed, group)
    }

    pub fn is_hidden(&self, group: u32) -> bool {
        groups::is_hidden(group)
    }

    /// The members of a group, ghosts among them, from a place in its list on, each with the place behind it.
    ///
    /// Places are stable: a member that a step removes leaves a gap, so that a page token holds over a step.
    pub fn members(&self, group: u32, from: u64) -> Members<'_> {
        Members { tenant: self, group, change: self.change.groups.get(&group), roster: self.roster(group), next: from }
    }

    fn roster(&self, group: u32) -> Roster {
        groups::roster(self.base, group)
    }

    /// Whether the list of a group's members shows one.
    pub fn holds(&self, group: u32, member: Ref) -> bool {
        self.is_listed(member) && self.change.names(self.base, &self.roster(group), group, member)
    }

    /// Whether a list of members shows it.
    fn is_listed(&self, member: Ref) -> bool {
        match member.kind {
            Kind::User => self.change.deleted(member.index) != Some(Deleted::Purged),
            Kind::Ghost => true,
            _ => self.is_there(member),
        }
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

/// See [`Tenant::members`].
pub struct Members<'a> {
    tenant: &'a Tenant,
    group: u32,
    change: Option<&'a GroupChange>,
    roster: Roster,
    next: u64,
}

impl Members<'_> {
    /// One above the highest place.
    pub fn end(&self) -> u64 {
        let newcomers = if self.group == 0 { u64::from(self.tenant.change.new_users) } else { 0 };
        let added = self.change.map_or(0, |c| c.added.len() as u64);
        u64::from(self.roster.len()) + newcomers + added
    }

    fn at(&self, place: u64) -> Option<Option<Ref>> {
        let tenant = self.tenant;
        let base = u64::from(self.roster.len());
        let change = self.change;
        let shown = |member: Ref| {
            let removed = change.is_some_and(|c| c.removed.contains(&member));
            (!removed && tenant.is_listed(member)).then_some(member)
        };
        if let Some(member) = u32::try_from(place).ok().and_then(|p| self.roster.at(p)).filter(|_| place < base) {
            return Some(shown(member));
        }
        let behind = place.checked_sub(base)?;
        // Everybody's group has those who came later, too.
        let newcomers = if self.group == 0 { u64::from(tenant.change.new_users) } else { 0 };
        if behind < newcomers {
            return Some(shown(Ref { kind: Kind::User, index: tenant.users + behind as u32 }));
        }
        let added = change.map_or(&[][..], |c| &c.added);
        added.get(usize::try_from(behind - newcomers).ok()?).map(|member| shown(*member))
    }
}

impl Iterator for Members<'_> {
    type Item = (Ref, u64);

    fn next(&mut self) -> Option<(Ref, u64)> {
        loop {
            let shown = self.at(self.next)?;
            self.next += 1;
            if let Some(member) = shown {
                return Some((member, self.next));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn tenant(seed: u64, users: u32, groups: u32, steps: u32) -> Tenant {
        Tenant::new(Base { seed: Seed(seed), users, groups, large_percent: 10 }, steps)
    }

    fn members(tenant: &Tenant, group: u32) -> Vec<Ref> {
        tenant.members(group, 0).map(|(member, _)| member).collect()
    }

    #[test]
    fn sizes_kinds_and_nesting_are_as_asked_for() {
        let tenant = tenant(1, 10_000, 2_000, 0);
        let (mut large, mut unified, mut nested) = (0, 0, 0);
        for group in 0..2_000 {
            let all = members(&tenant, group);
            assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len(), "{group} lists nobody twice");
            large += usize::from(all.len() > 20);
            nested += usize::from(all.iter().any(|m| m.kind == Kind::Group));
            if tenant.group_kind(group).holds_users_only() {
                unified += 1;
                assert!(all.iter().all(|m| m.kind == Kind::User), "{group}");
            }
        }
        assert_eq!(members(&tenant, 0).len(), 9_995);
        assert!((180..=250).contains(&large), "{large}");
        assert!((920..=1080).contains(&unified), "{unified}");
        assert!((40..=90).contains(&nested), "{nested}");
        for size in [0, 1, 19, 20, 21, 99, 100, 101, 998, 999, 1000, 2500] {
            assert!((0..60).any(|g| members(&tenant, g).len() == size), "{size}");
        }
    }

    #[test]
    fn the_figures_tenant_is_as_described() {
        // Ten in a hundred above twenty members, half Microsoft 365, one group of everybody, three in a hundred nested.
        for (large_percent, wanted) in [(10, 9..=13), (30, 28..=33)] {
            let tenant = Tenant::new(Base { seed: Seed(1), users: 10_000, groups: 2_000, large_percent }, 0);
            let share = |fits: &dyn Fn(u32) -> bool| (0..2_000).filter(|g| fits(*g)).count() as f64 / 20.0;
            let large = share(&|g| tenant.roster(g).len() > 20).round() as u32;
            assert!(wanted.contains(&large), "{large}");
            let unified = share(&|g| tenant.group_kind(g).holds_users_only());
            assert!((47.0..=53.0).contains(&unified), "{unified}");
            let everybody = share(&|g| tenant.roster(g).len() == 9_995);
            assert!((everybody - 0.05).abs() < 1e-9, "{everybody}");
            let nested = share(&|g| tenant.members(g, 0).any(|(m, _)| m.kind == Kind::Group));
            assert!((2.0..=4.5).contains(&nested), "{nested}");
        }
    }

    #[test]
    fn a_large_tenant_has_as_many_memberships_as_real_ones_have() {
        let tenant = tenant(1, 500_000, 150_000, 0);
        // Every tenth group stands for ten: the sum of a sample, and everybody's group.
        let sample: u64 = (100..150_000).step_by(10).map(|g| u64::from(tenant.roster(g).len())).sum();
        let all = sample * 10 + 500_000;
        assert!((3_000_000..6_000_000).contains(&all), "{all}");
    }

    #[test]
    fn any_size_and_any_step_is_a_tenant() {
        for (users, groups) in [(0, 0), (1, 0), (0, 1), (1, 1), (3, 2), (40, 70), (500_000, 150_000)] {
            for steps in [0, 1, 7] {
                let tenant = tenant(9, users, groups, steps);
                for kind in [Kind::User, Kind::Group, Kind::Contact, Kind::Device, Kind::ServicePrincipal] {
                    let end = tenant.end(kind);
                    for index in (0..end.min(60)).chain(end.saturating_sub(4)..end) {
                        let object = Ref { kind, index };
                        let json = tenant.object(object);
                        assert_eq!(json["id"], json!(tenant.id_of(object)));
                        if kind == Kind::Group {
                            let all: Vec<Ref> = tenant.members(index, 0).take(3_000).map(|(m, _)| m).collect();
                            assert_eq!(all.len(), all.iter().collect::<BTreeSet<_>>().len());
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn steps_change_what_they_say_and_nothing_else() {
        let (before, after) = (tenant(1, 300, 80, 0), tenant(1, 300, 80, 1));
        let ids = |t: &Tenant, kind| -> BTreeSet<String> {
            (0..t.end(kind)).map(|index| Ref { kind, index }).filter(|o| t.is_there(*o)).map(|o| t.id_of(o)).collect()
        };
        let users = (ids(&before, Kind::User), ids(&after, Kind::User));
        assert_eq!(users.1.difference(&users.0).count(), 3);
        assert_eq!(users.0.difference(&users.1).count(), 2);
        assert_eq!(before.count(Kind::User) as usize, users.0.len());
        assert_eq!(after.count(Kind::User) as usize, users.1.len());
        let groups = (ids(&before, Kind::Group), ids(&after, Kind::Group));
        assert_eq!(groups.1.difference(&groups.0).count(), 1);
        assert_eq!(groups.0.difference(&groups.1).count(), 1);
        assert_eq!(after.count(Kind::Group) as usize, groups.1.len());
        let changed = (0..300)
            .map(|index| Ref { kind: Kind::User, index })
            .filter(|u| after.is_there(*u) && before.object(*u) != after.object(*u))
            .count();
        assert!((3..=7).contains(&changed), "{changed}");
        // The same, however one gets there.
        let again = tenant(1, 300, 80, 0).next();
        assert_eq!(ids(&again, Kind::User), users.1);
        for group in 0..81 {
            assert_eq!(members(&again, group), members(&after, group));
        }
    }

    #[test]
    fn a_few_belong_to_nothing_and_a_guest_sits_where_roles_are_given() {
        for seed in [0, 1, 5, 77] {
            for (users, alone) in [(60, 0), (100, 1), (499, 4), (2_000, 5)] {
                let tenant = tenant(seed, users, 120, 0);
                let held: BTreeSet<Ref> = (0..120).flat_map(|group| members(&tenant, group)).collect();
                let outside = (0..users).map(|index| Ref { kind: Kind::User, index }).filter(|u| !held.contains(u));
                let names: Vec<Value> = outside.map(|user| tenant.object(user)["userPrincipalName"].clone()).collect();
                assert_eq!(names.len(), alone, "{names:?}");
                assert!(names.iter().all(|upn| upn.as_str().is_some_and(|upn| upn.starts_with("svc-"))), "{names:?}");
                let for_roles: Vec<u32> = (0..120)
                    .filter(|index| {
                        tenant.object(Ref { kind: Kind::Group, index: *index })["isAssignableToRole"] == true
                    })
                    .collect();
                let guests = for_roles
                    .iter()
                    .flat_map(|group| members(&tenant, *group))
                    .filter(|member| member.kind == Kind::User && tenant.object(*member)["userType"] == "Guest");
                assert!(guests.count() > 0, "seed {seed}, {users} users");
            }
        }
    }

    #[test]
    fn some_member_is_a_ghost_whom_nobody_answers_for() {
        let tenant = tenant(1, 300, 80, 0);
        let ghosts: Vec<Ref> = (0..80).flat_map(|g| members(&tenant, g)).filter(|m| !tenant.is_there(*m)).collect();
        assert_eq!(ghosts.len(), 3);
        assert!(ghosts.iter().all(|g| tenant.find(&tenant.id_of(*g)).is_none()));
        let types: BTreeSet<&str> = (0..80).flat_map(|g| members(&tenant, g)).map(|m| tenant.odata_type(m)).collect();
        assert_eq!(types.len(), 7, "{types:?}");
    }
}
