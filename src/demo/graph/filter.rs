//! `$filter`: the clauses that lists of the directory take, and which of them are advanced queries.
//!
//! Ids are a matter of [`super::query::ids_of`]; here are the others (facts/graph.md §2, §5). Comparisons ignore case,
//! as the directory does; what an object lacks matches nothing.

use serde_json::Value;

use super::{
    super::{
        seed::{Kind, Ref},
        tenant::Tenant,
    },
    Refusal,
};

/// Properties that can be filtered by.
const FILTERED: &[&str] = &[
    "userPrincipalName",
    "displayName",
    "mail",
    "mailNickname",
    "userType",
    "accountEnabled",
    "securityEnabled",
    "mailEnabled",
];

/// A filter that was read.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// Property, test, value in lower case.
    Is(&'static str, Test, String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Test {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    StartsWith,
    EndsWith,
}

impl Test {
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "eq" => Self::Equal,
            "ne" => Self::NotEqual,
            "lt" => Self::Less,
            "le" => Self::LessOrEqual,
            "gt" => Self::Greater,
            "ge" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    /// Its name, where it is an advanced query.
    const fn advanced(self) -> Option<&'static str> {
        match self {
            Self::Equal | Self::StartsWith => None,
            Self::NotEqual => Some("ne"),
            Self::Less => Some("lt"),
            Self::LessOrEqual => Some("le"),
            Self::Greater => Some("gt"),
            Self::GreaterOrEqual => Some("ge"),
            Self::EndsWith => Some("endswith"),
        }
    }
}

impl Filter {
    /// Reads a filter; `advanced` is whether the request carries the advanced query parameters.
    pub fn read(text: &str, resource: &str, advanced: bool) -> Result<Self, Refusal> {
        let mut words = Words { rest: text };
        let filter = words.any().filter(|_| words.rest.trim().is_empty()).ok_or_else(|| {
            let property = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            Refusal::unsupported(format!(
                "Unsupported or invalid query filter clause specified for property '{property}' of resource '{resource}'."
            ))
        })?;
        match filter.advanced().filter(|_| !advanced) {
            Some(operator) => Err(Refusal::unsupported(format!(
                "Operator '{operator}' is not supported because the required parameters might be missing. Try adding \
                 $count=true query parameter and ConsistencyLevel:eventual header. Refer to \
                 https://aka.ms/graph-docs/advanced-queries for more information"
            ))),
            None => Ok(filter),
        }
    }

    fn advanced(&self) -> Option<&'static str> {
        match self {
            Self::And(all) | Self::Or(all) => all.iter().find_map(Self::advanced),
            Self::Not(_) => Some("not"),
            Self::Is(_, test, _) => test.advanced(),
        }
    }

    pub fn fits(&self, tenant: &Tenant, object: Ref) -> bool {
        match self {
            Self::And(all) => all.iter().all(|f| f.fits(tenant, object)),
            Self::Or(all) => all.iter().any(|f| f.fits(tenant, object)),
            Self::Not(filter) => !filter.fits(tenant, object),
            Self::Is(property, test, wanted) => {
                let value = match *property {
                    // By far the most frequent: no object need be computed.
                    "userPrincipalName" if object.kind == Kind::User => Some(tenant.upn(object.index)),
                    name => match tenant.object(object).remove(name) {
                        Some(Value::String(text)) => Some(text),
                        Some(Value::Bool(flag)) => Some(flag.to_string()),
                        _ => None,
                    },
                };
                let Some(value) = value.map(|v| v.to_lowercase()) else { return *test == Test::NotEqual };
                match test {
                    Test::Equal => value == *wanted,
                    Test::NotEqual => value != *wanted,
                    Test::Less => value < *wanted,
                    Test::LessOrEqual => value <= *wanted,
                    Test::Greater => value > *wanted,
                    Test::GreaterOrEqual => value >= *wanted,
                    Test::StartsWith => value.starts_with(wanted.as_str()),
                    Test::EndsWith => value.ends_with(wanted.as_str()),
                }
            }
        }
    }
}

/// What is left to read.
struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn any(&mut self) -> Option<Filter> {
        let mut all = vec![self.all()?];
        while self.word("or ") {
            all.push(self.all()?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Filter::Or(all) })
    }

    fn all(&mut self) -> Option<Filter> {
        let mut all = vec![self.one()?];
        while self.word("and ") {
            all.push(self.one()?);
        }
        Some(if all.len() == 1 { all.remove(0) } else { Filter::And(all) })
    }

    fn one(&mut self) -> Option<Filter> {
        if self.word("not(") || self.word("not (") {
            let inner = self.any()?;
            return self.word(")").then(|| Filter::Not(Box::new(inner)));
        }
        if self.word("not ") {
            return Some(Filter::Not(Box::new(self.one()?)));
        }
        if self.word("(") {
            let inner = self.any()?;
            return self.word(")").then_some(inner);
        }
        for (name, test) in [("startswith(", Test::StartsWith), ("endswith(", Test::EndsWith)] {
            if self.word(name) {
                let property = self.property()?;
                let value = self.word(",").then(|| self.value())??;
                return self.word(")").then_some(Filter::Is(property, test, value));
            }
        }
        let property = self.property()?;
        let (test, rest) = self.rest.trim_start().split_once(' ')?;
        let test = Test::named(test)?;
        self.rest = rest;
        Some(Filter::Is(property, test, self.value()?))
    }

    fn property(&mut self) -> Option<&'static str> {
        let text = self.rest.trim_start();
        let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
        let property = FILTERED.iter().find(|p| p.eq_ignore_ascii_case(&text[..end]))?;
        self.rest = &text[end..];
        Some(property)
    }

    /// A text in quotes, in which two quotes are one, or a truth value.
    fn value(&mut self) -> Option<String> {
        for flag in ["true", "false"] {
            if self.word(flag) {
                return Some(flag.to_owned());
            }
        }
        let text = self.rest.trim_start().strip_prefix('\'')?;
        let mut value = String::new();
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == '\'' && chars.next_if(|(_, next)| *next == '\'').is_none() {
                self.rest = &text[at + 1..];
                return Some(value.to_lowercase());
            }
            value.push(c);
        }
        None
    }

    /// Whether this comes next, whatever its case; then it is read.
    fn word(&mut self, word: &str) -> bool {
        let text = self.rest.trim_start();
        let found = text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        if found {
            self.rest = &text[word.len()..];
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_clauses_are_taken_and_advanced_ones_need_their_parameters() {
        let check = |text: &str, plain: bool, advanced: bool| {
            assert_eq!(Filter::read(text, "User", false).is_ok(), plain, "{text}");
            assert_eq!(Filter::read(text, "User", true).is_ok(), advanced, "{text}");
        };
        check("startswith(userPrincipalName,'a')", true, true);
        check("startsWith(displayName, 'o''neil')", true, true);
        check("displayName eq 'a' or mail eq 'b'", true, true);
        check("securityEnabled eq true", true, true);
        check("(accountEnabled eq false) and startswith(mail,'é')", true, true);
        check("not(startswith(userPrincipalName,'a') or startswith(userPrincipalName,'b'))", false, true);
        check("NOT startswith(mail,'a')", false, true);
        check("userPrincipalName ge 'm' and userPrincipalName lt 'n'", false, true);
        check("endswith(mail,'x')", false, true);
        check("userType ne 'Guest'", false, true);
        for bad in [
            "",
            "city eq 'x'",
            "displayName",
            "displayName eq",
            "displayName eq 'a",
            "startswith(mail,'a'",
            "mail eq 'a' mail",
            "é",
        ] {
            check(bad, false, false);
        }
    }
}
