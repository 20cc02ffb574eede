//! How a run reads the directory: what was asked for, what was chosen, and what earlier runs learned of the tenant.

use std::{collections::BTreeMap, fmt, num::NonZeroU64, str::FromStr, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{completeness::Collection, explore::Again, ids::is_guid_shaped};

/// How a run reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Everything, as fast as the quota allows.
    #[default]
    Full,
    /// Everything, with the least load: delta chains from their beginning.
    Gentle,
    /// What changed since the run before.
    Delta,
    /// A selection; never the ground for a deletion.
    Scoped,
}

impl RunKind {
    pub const ALL: [Self; 4] = [Self::Full, Self::Gentle, Self::Delta, Self::Scoped];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Gentle => "gentle",
            Self::Delta => "delta",
            Self::Scoped => "scoped",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|k| k.as_str() == text)
    }
}

/// What a person asks of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// Drop an interrupted run instead of going on with it.
    pub fresh: bool,
    /// Read everything, although changes would do.
    pub full: bool,
    /// How old the last full read may be before the next run reads everything.
    pub full_every: Duration,
    /// The least load instead of the least time.
    pub gentle: bool,
    /// Only a part, for a look.
    pub scope: Option<Scope>,
    /// Also read when users last signed in: a slow pass beside the run, which never waits for it.
    pub sign_ins: bool,
    /// How many finished runs stay in the store.
    pub keep: usize,
    /// Resource units in ten seconds to count on, whatever the tenant's size and earlier runs say.
    pub quota: Option<NonZeroU64>,
    /// Read only these anew, and have everything else as it was.
    pub again: Vec<Again>,
}

impl Ask {
    /// How many runs stay unless something else is asked for.
    pub const KEEP: usize = 10;
    /// Seven days: as long as a delta token is documented to live (facts: graph.md §3.4).
    pub const FULL_EVERY: Duration = Duration::from_secs(7 * 24 * 3600);
}

impl Default for Ask {
    fn default() -> Self {
        Self {
            fresh: false,
            full: false,
            full_every: Self::FULL_EVERY,
            gentle: false,
            scope: None,
            sign_ins: false,
            keep: Self::KEEP,
            quota: None,
            again: Vec::new(),
        }
    }
}

/// How old something may be, as people write it: `7d`, `12h`, `90m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Age(pub Duration);

/// Why a text is no age.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no length of time: write a number and m, h, d or w, such as 12h or 7d")]
pub struct AgeError(String);

/// Units by their letters, in seconds; the longest first.
const UNITS: [(char, u64); 4] = [('w', 7 * 86_400), ('d', 86_400), ('h', 3_600), ('m', 60)];

impl FromStr for Age {
    type Err = AgeError;

    fn from_str(text: &str) -> Result<Self, AgeError> {
        let wrong = || AgeError(text.to_owned());
        let text = text.trim();
        let unit = text.chars().next_back().ok_or_else(wrong)?;
        let seconds = UNITS.iter().find(|(letter, _)| *letter == unit).map(|(_, s)| *s).ok_or_else(wrong)?;
        let digits = text[..text.len() - unit.len_utf8()].trim();
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong());
        }
        let all = digits.parse::<u64>().ok().and_then(|n| n.checked_mul(seconds)).ok_or_else(wrong)?;
        Ok(Self(Duration::from_secs(all)))
    }
}

impl fmt::Display for Age {
    /// In the longest unit but weeks that it is a multiple of; what is less than a minute is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.0.as_secs();
        let (letter, unit) = UNITS[1..].iter().find(|(_, u)| all.is_multiple_of(*u)).unwrap_or(&('m', 60));
        write!(f, "{}{letter}", all / unit)
    }
}

impl TryFrom<String> for Age {
    type Error = AgeError;

    fn try_from(text: String) -> Result<Self, AgeError> {
        text.parse()
    }
}

impl From<Age> for String {
    fn from(age: Age) -> Self {
        age.to_string()
    }
}

/// How a person who watches wants the next run to read; what else is asked for is the profile's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum How {
    /// What changed; everything where that is not known. Goes on with an interrupted run.
    #[default]
    Changes,
    /// Everything.
    Everything,
    /// With the least load.
    Gently,
    /// Drops an interrupted run instead of going on with it.
    Anew,
}

impl How {
    pub const ALL: [Self; 4] = [Self::Changes, Self::Everything, Self::Gently, Self::Anew];

    /// What is asked, on the ground of what the profile asks.
    #[must_use]
    pub fn on(self, ground: Ask) -> Ask {
        match self {
            Self::Changes => ground,
            Self::Everything => Ask { full: true, ..ground },
            Self::Gently => Ask { gentle: true, ..ground },
            Self::Anew => Ask { fresh: true, ..ground },
        }
    }
}

/// A part of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    Groups(Vec<GroupPick>),
    /// So many groups and so many users, as the service lists them.
    Sample(u32),
}

/// Which groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupPick {
    Id(String),
    Name(String),
    /// An OData filter, as it is.
    Filter(String),
}

/// Properties of a group with which a filter may begin.
const FILTERED: [&str; 15] = [
    "id",
    "displayname",
    "description",
    "mail",
    "mailenabled",
    "mailnickname",
    "securityenabled",
    "visibility",
    "classification",
    "createddatetime",
    "reneweddatetime",
    "expirationdatetime",
    "membershiprule",
    "isassignabletorole",
    "onpremisessyncenabled",
];

impl GroupPick {
    /// A GUID is an id; what has an operator or a function of OData in it is a filter; anything else is a name.
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let lower = text.to_ascii_lowercase();
        let operators = [" eq ", " ne ", " in ", " ge ", " le ", " gt ", " lt "];
        let functions = ["startswith(", "endswith(", "contains(", "not ", "not("];
        // A filter that is not finished is none of a group's name either: the service says what is wrong with it.
        let mut words = lower.split_whitespace();
        let begun = words.next().is_some_and(|word| FILTERED.contains(&word))
            && match words.next() {
                Some("in") => words.next().is_none_or(|word| word.starts_with('(')),
                Some(word) => operators.iter().any(|o| o.trim() == word),
                None => false,
            };
        let named = text.contains('\'') || [" true", " false", " null"].iter().any(|value| lower.contains(value));
        let said = operators.iter().any(|o| lower.contains(o)) || functions.iter().any(|f| lower.starts_with(f));
        let called = functions.iter().any(|f| f.ends_with('(') && lower.starts_with(f));
        if is_guid_shaped(text) {
            Self::Id(text.to_owned())
        } else if begun || called || (named && said) {
            Self::Filter(text.to_owned())
        } else {
            Self::Name(text.to_owned())
        }
    }
}

/// What runs and probes found out about a tenant, and later runs use. Everything in it may be missing, and is found out
/// again then.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Learned {
    /// Whether `$expand=members` shows service principals.
    pub expand_shows_service_principals: Option<bool>,
    /// Whether `members@delta` does.
    pub delta_shows_service_principals: Option<bool>,
    /// When the service refused `id in (…)` with `$expand`, or was seen to answer it wrongly.
    pub expand_refused: Option<Timestamp>,
    /// When it refused delta queries, or was seen to answer them wrongly.
    pub delta_refused: Option<Timestamp>,
    /// Resource units by shape of request, as `x-ms-resource-unit` told.
    pub prices: BTreeMap<String, u64>,
    /// Resource units in ten seconds above which the service was seen to slow down.
    pub quota_10s: Option<u64>,
    /// Where the pass over sign-ins goes on another day; `None` at its beginning.
    pub sign_ins_link: Option<String>,
    /// Runs in a row whose `$count` differed too much.
    pub drifted: u32,
    /// By how much `$count` told more than a full read found, where that is too much: it will do so again.
    pub settled_drift: BTreeMap<Collection, i64>,
}

/// What a collection would do, before it does it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub kind: RunKind,
    /// Why this kind and no other.
    pub because: String,
    /// The run that would be gone on with.
    pub resumes: Option<super::ids::RunId>,
    pub steps: Vec<ExplainedStep>,
    pub requests: u64,
    pub resource_units: u64,
    /// Resource units in ten seconds that the pace aims at.
    pub pace_10s: u64,
    pub seconds: f64,
}

/// One kind of read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExplainedStep {
    /// "users", "members of groups" …
    pub what: String,
    /// The request, ids as `{id}`.
    pub request: String,
    /// Expected; items of a batch are not counted apart.
    pub requests: u64,
    pub resource_units: u64,
    pub why: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_and_written() {
        let check = |text: &str, seconds: u64, shown: &str| {
            let age: Age = text.parse().unwrap();
            assert_eq!((age.0.as_secs(), age.to_string().as_str()), (seconds, shown), "{text}");
            assert_eq!(shown.parse(), Ok(age));
        };
        check("7d", 604_800, "7d");
        check(" 12h ", 43_200, "12h");
        check("90m", 5_400, "90m");
        check("1 w", 604_800, "7d");
        check("48h", 172_800, "2d");
        check("0d", 0, "0d");
        for text in ["", "d", "7", "7y", "-1d", "1.5d", "99999999999999999999d", "12345678901234567w", "7ü"] {
            assert!(text.parse::<Age>().is_err(), "{text}");
        }
    }

    #[test]
    fn picks() {
        let check = |text: &str, want: GroupPick| assert_eq!(GroupPick::parse(text), want, "{text}");
        let id = "c2f798fd-f95d-4623-8824-63aec21fffff";
        check(id, GroupPick::Id(id.to_owned()));
        check(" Finance ", GroupPick::Name("Finance".to_owned()));
        check("Sales in Europe", GroupPick::Name("Sales in Europe".to_owned()));
        check("Children's eq Team", GroupPick::Filter("Children's eq Team".to_owned()));
        check("startswith(displayName,'sg-')", GroupPick::Filter("startswith(displayName,'sg-')".to_owned()));
        check("displayName eq", GroupPick::Filter("displayName eq".to_owned()));
        check("mail ne contoso", GroupPick::Filter("mail ne contoso".to_owned()));
        check("startsWith(displayName", GroupPick::Filter("startsWith(displayName".to_owned()));
        check("Mail in Europe and others", GroupPick::Name("Mail in Europe and others".to_owned()));
        check("Not eq at all", GroupPick::Name("Not eq at all".to_owned()));
        check("securityEnabled eq true", GroupPick::Filter("securityEnabled eq true".to_owned()));
    }
}
