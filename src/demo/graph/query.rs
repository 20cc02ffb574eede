//! The query options of a request: read, checked, and carried into the nextLink.

use super::{super::world::Asked, Refusal};

/// Query options as far as the demo serves them. What it does not know it ignores, as Graph does (facts: "might fail
/// silently").
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub top: Option<u32>,
    pub select: Option<Vec<String>>,
    pub expand: Option<Expand>,
    pub filter: Option<String>,
    /// `$count=true` with `ConsistencyLevel: eventual`; without the header it is ignored.
    pub count: bool,
    pub eventual: bool,
    pub skiptoken: Option<String>,
    /// Of a delta query; without text for a round from the beginning.
    pub deltatoken: Option<String>,
    /// The options as they came, without the page token: what the nextLink repeats.
    pub carried: String,
}

/// `$expand=members`, with the properties that it selects.
#[derive(Debug, Clone, Default)]
pub struct Expand {
    pub select: Option<Vec<String>>,
}

impl Options {
    /// Whether `$select` names when users signed in.
    pub fn names_sign_in(&self) -> bool {
        let sign_in = |names: &Vec<String>| names.iter().any(|n| n.eq_ignore_ascii_case("signInActivity"));
        self.select.as_ref().is_some_and(sign_in)
            || self.filter.as_deref().is_some_and(|f| f.to_ascii_lowercase().contains("signinactivity"))
    }

    /// As of a delta query: `$top`, `$expand` and `$count` are not supported there, and ignored (facts/graph.md §3.1).
    pub fn of_delta(asked: &Asked<'_>) -> Result<Self, Refusal> {
        Self::read_without(asked, &["$top", "$expand", "$count"])
    }

    pub fn read(asked: &Asked<'_>) -> Result<Self, Refusal> {
        Self::read_without(asked, &[])
    }

    fn read_without(asked: &Asked<'_>, ignored: &[&str]) -> Result<Self, Refusal> {
        let eventual = asked.header("consistencylevel").is_some_and(|v| v.trim().eq_ignore_ascii_case("eventual"));
        let mut options = Self { eventual, ..Self::default() };
        let mut carried = Vec::new();
        for raw in asked.query().split('&').filter(|p| !p.is_empty()) {
            let Some((name, value)) = url::form_urlencoded::parse(raw.as_bytes()).next() else { continue };
            if name != "$skiptoken" {
                carried.push(raw);
            }
            match name.as_ref() {
                name if ignored.contains(&name) => {}
                name if name.eq_ignore_ascii_case("$deltatoken") => options.deltatoken = Some(value.into_owned()),
                "$top" => options.top = Some(top(&value)?),
                "$select" => options.select = Some(list(&value)),
                "$expand" => options.expand = Some(expand(&value)?),
                "$filter" => options.filter = Some(value.into_owned()),
                "$count" => options.count = eventual && value.eq_ignore_ascii_case("true"),
                "$skiptoken" => options.skiptoken = Some(value.into_owned()),
                "$skip" => return Err(Refusal::unsupported("'$skip' is not supported by the service.")),
                "$orderby" => return Err(Refusal::unsupported("Sorting not supported for current query.")),
                "$search" => {
                    return Err(Refusal::unsupported(
                        "Request with $search query parameter only works through MSGraph with a special request header: \
                         'ConsistencyLevel: eventual'",
                    ));
                }
                _ => {}
            }
        }
        options.carried = carried.join("&");
        if options.expand.is_some() && options.count {
            return Err(Refusal::unsupported("$expand is not supported with advanced query parameters."));
        }
        Ok(options)
    }
}

fn top(value: &str) -> Result<u32, Refusal> {
    let number: i64 = value.trim().parse().map_err(|_| {
        Refusal(
            400,
            "BadRequest",
            format!("Invalid value '{value}' for $top query option found. The $top query option requires a non-negative integer value."),
        )
    })?;
    match u32::try_from(number) {
        Ok(top @ 1..=999) => Ok(top),
        _ => Err(Refusal::unsupported(format!(
            "Invalid page size specified: '{number}'. Must be between 1 and 999 inclusive."
        ))),
    }
}

fn list(value: &str) -> Vec<String> {
    value.split(',').map(|n| n.trim().to_owned()).filter(|n| !n.is_empty()).collect()
}

fn expand(value: &str) -> Result<Expand, Refusal> {
    let value = value.trim();
    if value == "members" {
        return Ok(Expand::default());
    }
    value
        .strip_prefix("members($select=")
        .and_then(|rest| rest.strip_suffix(')'))
        .map(|names| Expand { select: Some(list(names)) })
        .ok_or_else(|| Refusal::unsupported(format!("Expand '{value}' is not supported.")))
}

/// The ids of `id in ('…','…')` or `id eq '…'`; at most fifteen without advanced query parameters.
pub fn ids_of(filter: &str, resource: &str) -> Result<Vec<String>, Refusal> {
    let invalid = || {
        let property = filter.split_whitespace().next().unwrap_or_default();
        Refusal::unsupported(format!(
            "Unsupported or invalid query filter clause specified for property '{property}' of resource '{resource}'."
        ))
    };
    let quoted = |text: &str| -> Option<String> {
        let inner = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
        (!inner.contains('\'')).then(|| inner.to_owned())
    };
    let rest = filter.trim().strip_prefix("id").ok_or_else(invalid)?;
    if let Some(id) = rest.strip_prefix(" eq ") {
        let ids: Option<Vec<String>> = std::iter::once(quoted(id.split(" or ").next().unwrap_or_default()))
            .chain(id.split(" or ").skip(1).map(|clause| quoted(clause.trim().strip_prefix("id eq ")?)))
            .collect();
        return bounded(ids.ok_or_else(invalid)?);
    }
    let inside = rest
        .trim_start()
        .strip_prefix("in")
        .and_then(|r| r.trim().strip_prefix('('))
        .and_then(|r| r.strip_suffix(')'))
        .ok_or_else(invalid)?;
    let ids: Option<Vec<String>> = inside.split(',').map(quoted).collect();
    bounded(ids.ok_or_else(invalid)?)
}

fn bounded(ids: Vec<String>) -> Result<Vec<String>, Refusal> {
    if ids.len() > 15 {
        return Err(Refusal::unsupported(format!(
            "Too many child clauses specified in search filter expression containing 'OR' operators: {}. Max allowed: 15",
            ids.len()
        )));
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        let check = |filter: &str, want: Option<usize>| {
            assert_eq!(ids_of(filter, "User").ok().map(|ids| ids.len()), want, "{filter}");
        };
        check("id in ('a','b', 'c')", Some(3));
        check("id in('a')", Some(1));
        check("id eq 'a'", Some(1));
        check("id eq 'a' or id eq 'b'", Some(2));
        check("id in ()", None);
        check("id in ('a'", None);
        check("id in (a)", None);
        check("id in ('a'') or 1 eq 1", None);
        check("displayName eq 'a'", None);
        check("", None);
        let many = |n: usize| format!("id in ({})", vec!["'a'"; n].join(","));
        check(&many(15), Some(15));
        check(&many(16), None);
    }
}
