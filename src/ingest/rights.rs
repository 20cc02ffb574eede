//! What an app may not read, by the roles that its token names: told before it is missed.
//!
//! Only told: what the service does with each request is what counts, and an opaque token says nothing.

use crate::{
    domain::permission::{self, Need},
    graph::TokenInfo,
};

/// One line for each kind of thing that the app may not read. None for an app without any role: nobody has consented
/// yet, and each refusal says so. What only some tenants have, or a run is asked for, is told where it is met.
pub(super) fn missing(token: &TokenInfo) -> Vec<String> {
    let Some(claims) = &token.claims else { return Vec::new() };
    if claims.roles.is_empty() {
        return Vec::new();
    }
    let lacks = |need| permission::missing(&claims.roles, need);
    lacks(Need::Required)
        .chain(lacks(Need::Names))
        .map(|p| format!("the app may not read {}: it has no {}", p.reads, p.names()))
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
        check(&["Directory.ReadWrite.All"], &[]);
        check(
            &["User.Read.All", "GroupMember.Read.All", "Organization.Read.All"],
            &["contacts", "devices", "service principals"],
        );
        check(
            &["Device.Read.All", "OrgContact.Read.All", "Application.Read.All"],
            &["organization", "no User.Read.All", "no GroupMember.Read.All or Group.Read.All"],
        );
        assert!(missing(&TokenInfo { expires_at: jiff::Timestamp::UNIX_EPOCH, claims: None }).is_empty());
    }
}
