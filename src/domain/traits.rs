//! What is said of an object in one word each: guest, dynamic, no mail. One table, from which filters take their words,
//! facets their titles and lists their labels. What a run makes of an object (in a cycle, empty) is none of them.

use serde_json::{Map, Value};

use super::kind::{EntityKind, short_odata_type};

/// One thing that is so of an object, or is not. Where nothing is known, it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trait {
    /// A user who is no guest.
    MemberUser,
    Guest,
    Enabled,
    Disabled,
    NoMail,
    /// It comes from a directory on premises.
    Synced,
    /// A guest who did not accept yet.
    Invited,
    /// Every group is one of the next four.
    Security,
    MailSecurity,
    Distribution,
    Microsoft365,
    /// Members are chosen by a rule.
    Dynamic,
    RoleAssignable,
    Public,
    Private,
    HiddenMembership,
    Contact,
    Device,
    ServicePrincipal,
}

/// For people, then a filter's field and value.
type Words = (&'static str, &'static str, &'static str);

impl Trait {
    /// The place of each is its bit in stores: new ones go to the end.
    pub const ALL: [Self; 19] = [
        Self::MemberUser,
        Self::Guest,
        Self::Enabled,
        Self::Disabled,
        Self::NoMail,
        Self::Synced,
        Self::Invited,
        Self::Security,
        Self::MailSecurity,
        Self::Distribution,
        Self::Microsoft365,
        Self::Dynamic,
        Self::RoleAssignable,
        Self::Public,
        Self::Private,
        Self::HiddenMembership,
        Self::Contact,
        Self::Device,
        Self::ServicePrincipal,
    ];

    /// Those that an object of this kind can have, in the order in which facets show them.
    pub const fn of(kind: EntityKind) -> &'static [Self] {
        match kind {
            EntityKind::Account => &[Self::Synced],
            EntityKind::User => &[
                Self::MemberUser,
                Self::Guest,
                Self::Invited,
                Self::Enabled,
                Self::Disabled,
                Self::NoMail,
                Self::Synced,
            ],
            EntityKind::Group => &[
                Self::Security,
                Self::MailSecurity,
                Self::Distribution,
                Self::Microsoft365,
                Self::Dynamic,
                Self::RoleAssignable,
                Self::Public,
                Self::Private,
                Self::HiddenMembership,
                Self::NoMail,
                Self::Synced,
            ],
            EntityKind::Member => {
                &[Self::Contact, Self::Device, Self::ServicePrincipal, Self::Enabled, Self::Disabled, Self::NoMail]
            }
        }
    }

    const fn words(self) -> Words {
        match self {
            Self::MemberUser => ("no guests", "type", "member"),
            Self::Guest => ("guests", "type", "guest"),
            Self::Enabled => ("enabled", "enabled", "true"),
            Self::Disabled => ("disabled", "enabled", "false"),
            Self::NoMail => ("no mail", "mail", "none"),
            Self::Synced => ("synced", "synced", "true"),
            Self::Invited => ("invited, not accepted", "is", "invited"),
            Self::Security => ("security", "type", "security"),
            Self::MailSecurity => ("mail security", "type", "mailsecurity"),
            Self::Distribution => ("distribution", "type", "distribution"),
            Self::Microsoft365 => ("Microsoft 365", "type", "microsoft365"),
            Self::Dynamic => ("dynamic", "dynamic", "true"),
            Self::RoleAssignable => ("assignable to roles", "role", "true"),
            Self::Public => ("public", "visibility", "public"),
            Self::Private => ("private", "visibility", "private"),
            Self::HiddenMembership => ("hidden membership", "visibility", "hidden"),
            Self::Contact => ("contacts", "type", "contact"),
            Self::Device => ("devices", "type", "device"),
            Self::ServicePrincipal => ("service principals", "type", "serviceprincipal"),
        }
    }

    /// For people, of those that have it.
    pub const fn title(self) -> &'static str {
        self.words().0
    }

    /// The field of a filter that asks for it, and the value that does.
    pub const fn filter(self) -> (&'static str, &'static str) {
        let (_, field, value) = self.words();
        (field, value)
    }

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// All that is so of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Traits(u32);

impl Traits {
    /// Of an object as Graph sent it. `odata_type`: as a membership named it; matters for group members only.
    pub fn of(kind: EntityKind, odata_type: &str, raw: &Map<String, Value>) -> Self {
        let flag = |field: &str| raw.get(field).and_then(Value::as_bool);
        let text = |field: &str| raw.get(field).and_then(Value::as_str).map_or("", str::trim);
        let mut all = Self::default();
        let mut add = |one: Trait, is_so: bool| {
            if is_so {
                all = all.with(one);
            }
        };
        add(Trait::Synced, flag("onPremisesSyncEnabled") == Some(true));
        // What could not be read is known by its id and type alone.
        let is_known = raw.keys().any(|field| field != "id");
        let (mut has_mail, mut has_switch) = (is_known, true);
        match kind {
            EntityKind::User | EntityKind::Group if !is_known => {}
            EntityKind::Account => (has_mail, has_switch) = (false, false),
            EntityKind::User => {
                let is_guest = text("userType") == "Guest";
                add(Trait::Guest, is_guest);
                add(Trait::MemberUser, !is_guest);
                add(Trait::Invited, text("externalUserState") == "PendingAcceptance");
            }
            EntityKind::Group => {
                has_switch = false;
                let is_of = |kind: &str| {
                    raw.get("groupTypes").and_then(Value::as_array).is_some_and(|types| types.iter().any(|t| t == kind))
                };
                let by_mail = (flag("mailEnabled") == Some(true), flag("securityEnabled") == Some(true));
                let base = match (is_of("Unified"), by_mail) {
                    (true, _) => Trait::Microsoft365,
                    (false, (true, true)) => Trait::MailSecurity,
                    (false, (true, false)) => Trait::Distribution,
                    (false, (false, _)) => Trait::Security,
                };
                add(base, true);
                add(Trait::Dynamic, is_of("DynamicMembership"));
                add(Trait::RoleAssignable, flag("isAssignableToRole") == Some(true));
                let visibility = text("visibility");
                for (word, one) in [
                    ("Public", Trait::Public),
                    ("Private", Trait::Private),
                    ("HiddenMembership", Trait::HiddenMembership),
                ] {
                    add(one, visibility.eq_ignore_ascii_case(word));
                }
            }
            EntityKind::Member => {
                let odata_type = short_odata_type(odata_type);
                let is_contact = odata_type == "orgContact";
                has_mail &= is_contact;
                add(Trait::Contact, is_contact);
                add(Trait::Device, odata_type == "device");
                add(Trait::ServicePrincipal, odata_type == "servicePrincipal");
            }
        }
        add(Trait::NoMail, has_mail && text("mail").is_empty());
        add(Trait::Enabled, has_switch && flag("accountEnabled") == Some(true));
        add(Trait::Disabled, has_switch && flag("accountEnabled") == Some(false));
        all
    }

    pub const fn has(self, one: Trait) -> bool {
        self.0 & one.bit() != 0
    }

    #[must_use]
    pub const fn with(self, one: Trait) -> Self {
        Self(self.0 | one.bit())
    }

    /// Whether it has all of them.
    pub const fn has_all(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    pub fn iter(self) -> impl Iterator<Item = Trait> {
        Trait::ALL.into_iter().filter(move |one| self.has(*one))
    }

    /// As stores keep them.
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The other way. What a newer program knows and this one does not is kept, and says nothing.
    pub const fn from_bits(bits: u32) -> Self {
        Self(bits)
    }
}

impl FromIterator<Trait> for Traits {
    fn from_iter<I: IntoIterator<Item = Trait>>(all: I) -> Self {
        all.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::filter::{Scope, parse};

    #[test]
    fn what_is_so_of_an_object() {
        let check = |kind: EntityKind, odata_type: &str, json: Value, want: &[Trait]| {
            let traits = Traits::of(kind, odata_type, json.as_object().unwrap());
            assert_eq!(traits, want.iter().copied().collect(), "{json}: {:?}", traits.iter().collect::<Vec<_>>());
            assert!(traits.iter().all(|one| Trait::of(kind).contains(&one)), "{json}");
            assert_eq!(Traits::from_bits(traits.bits()), traits);
        };
        let user = EntityKind::User;
        check(user, "", json!({ "displayName": "Ada" }), &[Trait::MemberUser, Trait::NoMail]);
        check(
            user,
            "",
            json!({ "userType": "Guest", "externalUserState": "PendingAcceptance", "mail": "a@x", "accountEnabled": true,
                    "onPremisesSyncEnabled": true, "groupTypes": ["Unified"] }),
            &[Trait::Guest, Trait::Invited, Trait::Enabled, Trait::Synced],
        );
        check(
            user,
            "",
            json!({ "userType": 5, "mail": " ", "accountEnabled": false, "onPremisesSyncEnabled": "yes" }),
            &[Trait::MemberUser, Trait::NoMail, Trait::Disabled],
        );
        let group = EntityKind::Group;
        check(group, "", json!({ "mail": "a@x", "accountEnabled": true }), &[Trait::Security]);
        check(
            group,
            "",
            json!({ "mailEnabled": true, "securityEnabled": true, "visibility": null, "mail": "a@x" }),
            &[Trait::MailSecurity],
        );
        check(group, "", json!({ "mailEnabled": true, "mail": "a@x" }), &[Trait::Distribution]);
        check(
            group,
            "",
            json!({ "groupTypes": ["Unified", "DynamicMembership"], "securityEnabled": true, "visibility": "Hiddenmembership",
                    "isAssignableToRole": true }),
            &[Trait::Microsoft365, Trait::Dynamic, Trait::HiddenMembership, Trait::RoleAssignable, Trait::NoMail],
        );
        check(group, "", json!({ "visibility": "Private" }), &[Trait::Security, Trait::Private, Trait::NoMail]);
        let member = EntityKind::Member;
        check(member, "#microsoft.graph.orgContact", json!({ "mail": null }), &[Trait::Contact, Trait::NoMail]);
        check(member, "#microsoft.graph.device", json!({ "accountEnabled": false }), &[Trait::Device, Trait::Disabled]);
        check(member, "servicePrincipal", json!({ "mail": "" }), &[Trait::ServicePrincipal]);
        check(member, "#microsoft.graph.agentThing", json!({}), &[]);
        let id = json!({ "id": "1" });
        check(user, "", id.clone(), &[]);
        check(group, "", id.clone(), &[]);
        check(member, "#microsoft.graph.orgContact", id, &[Trait::Contact]);
        check(EntityKind::Account, "", json!({ "mail": "", "accountEnabled": true }), &[]);
    }

    #[test]
    fn each_has_a_bit_a_title_and_a_filter_of_its_own() {
        let mut bits = 0_u32;
        for (at, one) in Trait::ALL.into_iter().enumerate() {
            assert_eq!(one.bit(), 1 << at, "{one:?} is not in its place");
            bits |= one.bit();
            let same = |other: &Trait| other.filter() == one.filter() || other.title() == one.title();
            assert_eq!(Trait::ALL.iter().filter(|other| same(other)).count(), 1, "{one:?}");
            assert!(EntityKind::ALL.into_iter().any(|kind| Trait::of(kind).contains(&one)), "{one:?} is of no kind");
        }
        assert_eq!(bits.count_ones() as usize, Trait::ALL.len());
    }

    #[test]
    fn every_filter_is_one_of_the_language() {
        for (kind, scope) in
            [(EntityKind::User, Scope::Users), (EntityKind::Group, Scope::Groups), (EntityKind::Member, Scope::Members)]
        {
            for one in Trait::of(kind) {
                let (field, value) = one.filter();
                let (filter, complaints) = parse(&format!("{field}:{value}"), scope);
                assert_eq!((filter.terms.len(), complaints), (1, Vec::new()), "{one:?} of {scope:?}");
            }
        }
    }
}
