//! What a request costs in resource units (facts/graph.md §1.2).

use super::query::Options;

/// Base costs of the paths that the documentation lists; any other is 1.
pub const USERS: u32 = 2;
pub const MEMBERS: u32 = 3;
pub const BY_IDS: u32 = 5;
/// What the documentation names for `getByIds` with `$select`.
pub const BY_IDS_SELECT: u32 = 2;
pub const OTHER: u32 = 1;

/// The base, less one for `$select`, one more for `$expand`, less one for `$top` below 20, never below 1.
pub fn of(base: u32, options: &Options) -> u32 {
    let minus = u32::from(options.select.is_some()) + u32::from(options.top.is_some_and(|t| t < 20));
    (base + u32::from(options.expand.is_some())).saturating_sub(minus).max(1)
}
