//! Pages and their tokens: opaque, bound to the request that they continue, never to be made up.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{
    super::{scenario::What, seed::Seed, world::World},
    Refusal,
    query::Options,
};

/// A page of something that can be gone through from any place on.
pub struct Page<T> {
    pub items: Vec<T>,
    pub next_link: Option<String>,
    pub is_first: bool,
}

/// Set in the place of a token that came from a request which was asked again: it leads nowhere.
const DEAD: u64 = 1 << 63;

/// What is the matter with a page.
#[derive(Debug, Clone, Copy)]
pub struct Trouble<'a> {
    pub fault: Option<&'a What>,
    /// It was asked again after it had failed, and its link dies of that.
    pub retried: bool,
}

/// What limits a page: the default of 100, `$top`, the scenario, and 100 where something is expanded.
fn size(world: &World, options: &Options) -> usize {
    let asked = options.top.unwrap_or(100);
    let limit = world.scenario.page_limit.unwrap_or(999).max(1);
    let expanded = if options.expand.is_some() { 100 } else { 999 };
    // Facts, §2: 500 where sign-ins are asked for.
    let signed_in = if options.names_sign_in() { 500 } else { 999 };
    asked.min(limit).min(expanded).min(signed_in) as usize
}

/// Cuts the page that `options` ask for out of what `from` gives: things with the place behind each, from a place on.
pub fn page<T, I: Iterator<Item = (T, u64)>>(
    world: &World,
    options: &Options,
    path: &str,
    trouble: Trouble<'_>,
    from: impl Fn(u64) -> I,
) -> Result<Page<T>, Refusal> {
    let Trouble { fault, retried } = trouble;
    let scope = format!("{path}?{}", options.carried);
    let start = match &options.skiptoken {
        None => 0,
        Some(token) => open(world.seed, &scope, token).ok_or_else(|| Refusal::bad("The page token is not valid."))?,
    };
    if start & DEAD != 0 {
        return Err(Refusal::lost_page());
    }
    let dead = if retried { DEAD } else { 0 };
    let link = |place: u64, nonce: u64| link(world, &scope, place | dead, nonce);
    let is_first = options.skiptoken.is_none();
    if fault == Some(&What::EmptyPage) {
        return Ok(Page { items: Vec::new(), next_link: Some(link(start, world.serial())), is_first });
    }
    // Objects of the page before: a few places back, where there is a page before.
    let begin = if fault == Some(&What::Duplicates) { start.saturating_sub(3) } else { start };
    let mut rest = from(begin).peekable();
    let (mut items, mut end) = (Vec::new(), begin);
    while items.len() < size(world, options) {
        let Some((item, behind)) = rest.next() else { break };
        items.push(item);
        end = behind;
    }
    let more = rest.peek().is_some();
    let next_link = match fault {
        Some(What::EvilNextLink) if more => {
            let link = link(end, world.serial());
            Some(link.replacen(world.graph.as_str(), "https://graph.microsoft.com.evil.example", 1))
        }
        // The same text each time, so that only somebody who remembers sees it.
        Some(What::LoopNextLink) => Some(link(start, 0)),
        _ => more.then(|| link(end, world.serial())),
    };
    Ok(Page { items, next_link, is_first })
}

/// The absolute URL of the next page; it repeats the request's own options.
fn link(world: &World, scope: &str, place: u64, nonce: u64) -> String {
    let token = seal(world.seed, scope, place, nonce);
    let joint = if scope.ends_with('?') { "" } else { "&" };
    format!("{}{scope}{joint}$skiptoken={token}", world.graph)
}

fn seal(seed: Seed, scope: &str, place: u64, nonce: u64) -> String {
    let hidden = place ^ seed.hash("page place", nonce);
    let proof = proof(seed, scope, place, nonce);
    let mut bytes = b"DSpt\x02\x00\x01\x00\x00\x00".to_vec();
    for part in [nonce ^ seed.hash("page nonce", 0), hidden, proof, proof.rotate_left(17) ^ hidden] {
        bytes.extend(part.to_be_bytes());
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

fn open(seed: Seed, scope: &str, token: &str) -> Option<u64> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let part = |n: usize| bytes.get(10 + n * 8..18 + n * 8)?.try_into().ok().map(u64::from_be_bytes);
    let nonce = part(0)? ^ seed.hash("page nonce", 0);
    let place = part(1)? ^ seed.hash("page place", nonce);
    (part(2)? == proof(seed, scope, place, nonce) && bytes.len() == 42).then_some(place)
}

fn proof(seed: Seed, scope: &str, place: u64, nonce: u64) -> u64 {
    seed.hash(scope, place ^ nonce.rotate_left(32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_hold_for_their_own_request_only() {
        let token = seal(Seed(1), "/v1.0/users?$top=5", 5, 7);
        assert!(token.starts_with("RFNwd"));
        assert_eq!(open(Seed(1), "/v1.0/users?$top=5", &token), Some(5));
        assert_eq!(open(Seed(1), "/v1.0/users?$top=6", &token), None);
        assert_eq!(open(Seed(2), "/v1.0/users?$top=5", &token), None);
        for bad in ["", "x", "%%%", &token[1..], &format!("{token}AA"), &token.replace('A', "B")] {
            assert_eq!(open(Seed(1), "/v1.0/users?$top=5", bad), None, "{bad}");
        }
    }
}
