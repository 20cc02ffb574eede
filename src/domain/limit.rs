//! How many deletions of one `_type` an upload may make before somebody has to say that they are meant.

use std::{collections::BTreeMap, str::FromStr};

use serde::{Deserialize, Serialize};

use super::preview::Changes;

/// Where deletions begin to need a word: per `_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "String")]
pub enum MaxDeletions {
    /// Of entities max(10, min(500, 10 %)), of relationships max(500, 2 %).
    #[default]
    Usual,
    /// This many.
    Most(u64),
    /// So much of what the target is believed to hold of the type.
    Percent(u8),
}

/// What a limit is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Objects {
    Entities,
    Relationships,
}

impl Objects {
    /// Relationships are named by what they tie, in every naming.
    pub fn of_type(name: &str) -> Self {
        if name.contains("_has_") { Self::Relationships } else { Self::Entities }
    }
}

impl MaxDeletions {
    /// How many may go of `held`, which the target is believed to hold.
    pub fn limit(self, of: Objects, held: u64) -> u64 {
        let percent = |p: u64| u64::try_from(u128::from(held) * u128::from(p) / 100).unwrap_or(u64::MAX);
        match (self, of) {
            (Self::Most(most), _) => most,
            (Self::Percent(p), _) => percent(p.into()),
            (Self::Usual, Objects::Entities) => percent(10).clamp(10, 500),
            (Self::Usual, Objects::Relationships) => percent(2).max(500),
        }
    }
}

/// A `_type` of which more would be deleted than its limit allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excess {
    #[serde(rename = "type")]
    pub name: String,
    pub delete: u64,
    pub limit: u64,
}

/// All types of which more would be deleted than may be.
pub fn excesses(max: MaxDeletions, changes: &BTreeMap<String, Changes>) -> Vec<Excess> {
    let over = changes.iter().filter_map(|(name, c)| {
        // What is new there now was not there before.
        let limit = max.limit(Objects::of_type(name), c.change + c.same + c.delete);
        (c.delete > limit).then(|| Excess { name: name.clone(), delete: c.delete, limit })
    });
    over.collect()
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Text(String),
}

impl TryFrom<Written> for MaxDeletions {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        match written {
            Written::Number(most) => Ok(Self::Most(most)),
            Written::Text(text) => text.parse(),
        }
    }
}

impl FromStr for MaxDeletions {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let limit = match text.strip_suffix('%') {
            Some(percent) => percent.trim_end().parse().ok().filter(|p| *p <= 100).map(Self::Percent),
            None => text.parse().ok().map(Self::Most),
        };
        limit.ok_or_else(|| "give a number of deletions, or a share such as 5% (0% to 100%)".to_owned())
    }
}

impl From<MaxDeletions> for String {
    fn from(limit: MaxDeletions) -> Self {
        limit.to_string()
    }
}

impl std::fmt::Display for MaxDeletions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Usual => f.write_str("usual"),
            Self::Most(most) => most.fmt(f),
            Self::Percent(percent) => write!(f, "{percent}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits() {
        use Objects::{Entities, Relationships};
        let check = |max: MaxDeletions, of: Objects, held: u64, want: u64| {
            assert_eq!(max.limit(of, held), want, "{max} of {held} {of:?}");
        };
        for (held, want) in [(0, 10), (99, 10), (100, 10), (109, 10), (110, 11), (5_000, 500), (50_000, 500)] {
            check(MaxDeletions::Usual, Entities, held, want);
        }
        for (held, want) in [(0, 500), (25_000, 500), (25_049, 500), (25_050, 501), (323_367, 6_467)] {
            check(MaxDeletions::Usual, Relationships, held, want);
        }
        check(MaxDeletions::Most(0), Entities, 1_000, 0);
        check(MaxDeletions::Most(7), Relationships, 1_000_000, 7);
        check(MaxDeletions::Percent(0), Entities, 1_000, 0);
        check(MaxDeletions::Percent(3), Entities, 199, 5);
        check(MaxDeletions::Percent(100), Relationships, u64::MAX, u64::MAX);
    }

    #[test]
    fn what_is_above_its_limit() {
        let check = |max: MaxDeletions, name: &str, changes: Changes, want: Option<u64>| {
            let all = BTreeMap::from([(name.to_owned(), changes)]);
            let got = excesses(max, &all);
            assert_eq!(got.iter().map(|e| e.limit).next(), want, "{max} {name} {changes:?}");
            assert!(got.iter().all(|e| e.delete == changes.delete && e.name == name));
        };
        let of = |create, change, delete, same| Changes { create, change, delete, same };
        let (user, member) = ("active_directory_user", "active_directory_user_group_has_user");
        check(MaxDeletions::Usual, user, of(0, 0, 10, 0), None);
        check(MaxDeletions::Usual, user, of(0, 0, 11, 0), Some(10));
        // Ten in a hundred of what is there: what comes does not count.
        check(MaxDeletions::Usual, user, of(1_000, 100, 20, 79), Some(19));
        check(MaxDeletions::Usual, user, of(1_000, 100, 20, 80), None);
        check(MaxDeletions::Usual, member, of(1_204, 0, 7_988, 315_379), Some(6_467));
        check(MaxDeletions::Usual, member, of(0, 0, 500, 0), None);
        check(MaxDeletions::Usual, "azure_group_has_member", of(0, 0, 501, 0), Some(500));
        check(MaxDeletions::Most(0), user, of(0, 0, 1, 9), Some(0));
        check(MaxDeletions::Most(0), user, of(5, 5, 0, 9), None);
        check(MaxDeletions::Percent(100), user, of(0, 0, 9, 0), None);
    }

    #[test]
    fn how_limits_are_written() {
        let check = |text: &str, want: Option<MaxDeletions>| {
            assert_eq!(text.parse::<MaxDeletions>().ok(), want, "{text}");
            if let Some(want) = want {
                assert_eq!(want.to_string().parse(), Ok(want));
            }
        };
        check("0", Some(MaxDeletions::Most(0)));
        check(" 7000 ", Some(MaxDeletions::Most(7_000)));
        check("5%", Some(MaxDeletions::Percent(5)));
        check("100 %", Some(MaxDeletions::Percent(100)));
        for bad in ["", "%", "101%", "-1", "1.5%", "all", "5 percent"] {
            check(bad, None);
        }
        let read = |text: &str| serde_json::from_str::<MaxDeletions>(text).ok();
        assert_eq!(read("12"), Some(MaxDeletions::Most(12)));
        assert_eq!(read("\"2%\""), Some(MaxDeletions::Percent(2)));
        assert_eq!(read("\"many\""), None);
    }
}
