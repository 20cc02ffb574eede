//! What requests cost, by their shape: as the service told (`x-ms-resource-unit`), else by the documented table.
//!
//! A shape is the path with its ids left out and the names of the query's options: `/v1.0/groups/{id}/members?$select&$top`.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use url::Url;

/// More shapes than a run has; whoever asks for others goes by the table.
const MOST_SHAPES: usize = 500;

#[derive(Default)]
pub(super) struct Prices(Mutex<BTreeMap<String, u64>>);

impl Prices {
    pub fn of(&self, url: &Url) -> u64 {
        self.lock().get(&shape(url)).copied().unwrap_or_else(|| documented_units(url))
    }

    /// A request was answered, and did cost so much.
    pub fn learn(&self, url: &Url, units: u64) {
        let mut prices = self.lock();
        let shape = shape(url);
        if prices.len() < MOST_SHAPES || prices.contains_key(&shape) {
            prices.insert(shape, units);
        }
    }

    pub fn all(&self) -> BTreeMap<String, u64> {
        self.lock().clone()
    }

    /// What was learned another day; what was learned since stays.
    pub fn add(&self, prices: &BTreeMap<String, u64>) {
        let mut known = self.lock();
        for (shape, units) in prices.iter().take(MOST_SHAPES) {
            // A price out of all proportion would stop the pace.
            known.entry(shape.clone()).or_insert((*units).min(1_000));
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `/v1.0/groups/{id}/members?$select&$top<20`: a small `$top` has a price of its own.
fn shape(url: &Url) -> String {
    let mut shape = String::with_capacity(80);
    for (place, segment) in url.path_segments().into_iter().flatten().enumerate() {
        shape.push('/');
        // Version, collection, id, list, cast or id.
        let is_id = place > 0 && place % 2 == 0 && !is_word(segment);
        shape.push_str(if is_id { "{id}" } else { segment });
    }
    let mut options: Vec<String> = url
        .query_pairs()
        .map(|(name, value)| match &*name {
            "$top" if is_small(&value) => "$top<20".to_owned(),
            name => name.to_owned(),
        })
        .collect();
    options.sort_unstable();
    options.dedup();
    if !options.is_empty() {
        shape.push('?');
        shape.push_str(&options.join("&"));
    }
    shape
}

/// What can stand in an id's place without being one.
fn is_word(segment: &str) -> bool {
    segment.starts_with('$')
        || segment.starts_with("microsoft.graph.")
        || segment.starts_with("delta")
        || segment == "getByIds"
}

fn is_small(top: &str) -> bool {
    top.parse::<u32>().is_ok_and(|top| top < 20)
}

/// What a request costs by the documented table (facts: graph.md §1.2), for answers without `x-ms-resource-unit`.
///
/// `$select` takes one off, `$expand` adds one, a `$top` below 20 takes one off; never below one.
fn documented_units(url: &Url) -> u64 {
    let segments: Vec<&str> = url.path_segments().into_iter().flatten().skip(1).collect();
    let base: i64 = match segments.as_slice() {
        ["users" | "applications"] => 2,
        ["subscribedSkus"] => 3,
        ["groups", _, "members", "$count"] => 1,
        ["groups", _, "members", ..] => 3,
        ["groups", _, "transitiveMembers", ..] => 5,
        // With `$select` documented as 2, not as one off.
        ["directoryObjects", "getByIds"] => 3,
        _ => 1,
    };
    let mut units = base;
    for (name, value) in url.query_pairs() {
        match &*name {
            "$select" => units -= 1,
            "$expand" => units += 1,
            "$top" if is_small(&value) => units -= 1,
            _ => {}
        }
    }
    units.max(1).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(path: &str) -> Url {
        Url::parse(&format!("https://graph.microsoft.com/v1.0{path}")).unwrap()
    }

    #[test]
    fn documented() {
        let check = |path: &str, want| {
            assert_eq!(documented_units(&url(path)), want, "{path}");
        };
        check("/users", 2);
        check("/users?$select=id&$top=999", 1);
        check("/users/x?$select=id", 1);
        check("/users/$count", 1);
        check("/groups?$select=id&$top=999", 1);
        check("/groups?$select=id&$expand=members($select=id)", 1);
        check("/groups/x/members", 3);
        check("/groups/x/members?$select=id&$top=999", 2);
        check("/groups/x/members?$select=id&$top=10", 1);
        check("/groups/x/members/microsoft.graph.servicePrincipal?$select=id&$count=true", 2);
        check("/directoryObjects/getByIds?$select=id", 2);
        check("/organization", 1);
        check("/devices?$filter=id%20in%20('x')", 1);
    }

    #[test]
    fn shapes() {
        let check = |path: &str, want: &str| assert_eq!(shape(&url(path)), format!("/v1.0{want}"), "{path}");
        check("/users?$top=999&$select=id", "/users?$select&$top");
        check("/users/$count", "/users/$count");
        check("/users/delta?$deltatoken=latest&$select=id", "/users/delta?$deltatoken&$select");
        check("/groups/02bd9fd6/members?$select=id&$top=999", "/groups/{id}/members?$select&$top");
        check("/groups/02bd9fd6/members?$select=id&$top=5", "/groups/{id}/members?$select&$top<20");
        check(
            "/groups/x/members/microsoft.graph.device?$count=true",
            "/groups/{id}/members/microsoft.graph.device?$count",
        );
        check("/groups/x/members/y", "/groups/{id}/members/{id}");
        check("/directoryObjects/getByIds?$select=id", "/directoryObjects/getByIds?$select");
        check("/directoryObjects/getByIds", "/directoryObjects/getByIds");
        check("/groups?$filter=id%20in%20('a')&$expand=members($select=id)", "/groups?$expand&$filter");
    }

    #[test]
    fn what_was_told_goes_before_what_is_documented() {
        let prices = Prices::default();
        let members = |id: &str| url(&format!("/groups/{id}/members?$select=id&$top=999"));
        assert_eq!(prices.of(&members("a")), 2);
        prices.learn(&members("a"), 5);
        assert_eq!(prices.of(&members("b")), 5);
        let another_day = Prices::default();
        another_day.learn(&url("/users"), 7);
        another_day.add(&prices.all());
        another_day.add(&BTreeMap::from([("/v1.0/users".to_owned(), 1)]));
        assert_eq!((another_day.of(&members("c")), another_day.of(&url("/users"))), (5, 7));
    }
}
