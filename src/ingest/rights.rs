//! What an app may not read, by the roles that its token names: told before it is missed.
//!
//! Only told: what the service does with each request is what counts, and an opaque token says nothing.

use crate::graph::TokenInfo;

/// What is missed without any of these roles (facts: graph.md §8.2).
const NEEDED: &[(&[&str], &str)] = &[
    (&["Organization.Read.All"], "the organization"),
    (&["User.Read.All"], "users"),
    (&["Group.Read.All", "GroupMember.Read.All"], "groups and their members"),
    (&["OrgContact.Read.All"], "names of contacts"),
    (&["Device.Read.All"], "names and states of devices"),
    (&["Application.Read.All"], "names and states of service principals"),
];

/// One line for each kind of thing that the app may not read. None for an app without any role: nobody has consented
/// yet, and each refusal says so.
pub(super) fn missing(token: &TokenInfo) -> Vec<String> {
    let Some(claims) = &token.claims else { return Vec::new() };
    let has = |role: &str| claims.roles.iter().any(|r| r == role);
    if claims.roles.is_empty() || has("Directory.Read.All") {
        return Vec::new();
    }
    NEEDED
        .iter()
        .filter(|(roles, _)| !roles.iter().any(|role| has(role)))
        .map(|(roles, what)| format!("the app may not read {what}: it has no {}", roles.join(" or ")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Claims;

    #[test]
    fn roles() {
        let check = |roles: &[&str], want: &[&str]| {
            let claims = Claims { roles: roles.iter().map(|r| (*r).to_owned()).collect(), ..Claims::default() };
            let token = TokenInfo { expires_at: jiff::Timestamp::UNIX_EPOCH, claims: Some(claims) };
            let told = missing(&token);
            assert_eq!(told.len(), want.len(), "{told:?}");
            for (line, word) in told.iter().zip(want) {
                assert!(line.contains(word), "{line} lacks {word}");
            }
        };
        check(&[], &[]);
        check(&["Directory.Read.All"], &[]);
        check(
            &["User.Read.All", "GroupMember.Read.All", "Organization.Read.All"],
            &["contacts", "devices", "service principals"],
        );
        check(
            &["Device.Read.All", "OrgContact.Read.All", "Application.Read.All"],
            &["organization", "no User.Read.All", "no Group.Read.All or GroupMember.Read.All"],
        );
        assert!(missing(&TokenInfo { expires_at: jiff::Timestamp::UNIX_EPOCH, claims: None }).is_empty());
    }
}
