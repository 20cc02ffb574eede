//! How a collection reads: decided from what was asked, what an interrupted run left, and what earlier runs learned.
//!
//! Pure, so that it can be told beforehand and tested as a table. It asks nothing and changes nothing.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};

use super::{
    amend::{self, Amend, Kept},
    plan::Step,
};
use crate::{
    domain::{
        completeness::Collection,
        ids::RunId,
        reading::{Ask, Learned, RunKind},
        text,
    },
    store::{Checkpoint, DeltaGround, Leftover},
};

/// A run that was cut off longer ago is dropped: the directory has moved on, and page tokens are worn out.
const RESUMABLE: SignedDuration = SignedDuration::from_hours(24);
/// How long a tenant that refused delta queries is not asked for them.
const REFUSAL_HOLDS: SignedDuration = SignedDuration::from_hours(7 * 24);
/// So many runs in a row with totals that differ cause a full read.
pub(super) const MOST_DRIFTS: u32 = 2;

/// What the decision is made of.
pub struct Grounds<'a> {
    pub ask: &'a Ask,
    /// The [`fingerprint`] of what would be read.
    pub plan: &'a str,
    pub leftover: Option<&'a Leftover>,
    pub ground: &'a DeltaGround,
    pub learned: &'a Learned,
    pub now: Timestamp,
}

/// How a collection is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Method {
    /// By its list, whole; members group by group.
    List,
    /// By what changed since this link was given.
    Changes(String),
    /// By a delta chain from its beginning.
    Gentle,
    /// Not at all: it is as it was.
    AsItWas(Box<Kept>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub kind: RunKind,
    /// Why this kind and no other: a clause.
    pub because: String,
    /// The interrupted run that it goes on with.
    pub resume: Option<RunId>,
    /// The interrupted run that is dropped, and why: a clause.
    pub dropped: Option<(RunId, String)>,
    pub users: Method,
    pub groups: Method,
    /// What is read again, where nothing else is.
    pub amend: Option<Amend>,
}

/// A selection would throw away what an interrupted run has read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("run {run} was interrupted and can be gone on with; reading a selection would drop it")]
pub struct Unfinished {
    pub run: RunId,
}

/// What is asked for, in a few characters: links and checkpoints of another plan, or of another service, are of no use.
pub fn fingerprint(origin: &str) -> String {
    let mut hash = Sha256::new();
    for part in [origin, &Step::UserChanges.select(), &Step::GroupChanges.select()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Decides.
///
/// # Errors
///
/// When a selection is asked for while an interrupted run can be gone on with.
pub fn decide(grounds: &Grounds<'_>) -> Result<Decision, Unfinished> {
    let Grounds { ask, leftover, .. } = grounds;
    let (kept, dropped) = match leftover {
        Some(left) => match why_dropped(grounds, left) {
            None => (Some(*left), None),
            Some(why) => (None, Some((left.run, why))),
        },
        None => (None, None),
    };
    if ask.scope.is_some() {
        return match kept {
            Some(left) => Err(Unfinished { run: left.run }),
            None => Ok(Decision { dropped, ..everything(RunKind::Scoped, "a selection was asked for", Method::List) }),
        };
    }
    if let Some(left) = kept {
        return Ok(resumed(grounds, left));
    }
    Ok(Decision { dropped, ..anew(grounds) })
}

fn everything(kind: RunKind, because: impl Into<String>, method: Method) -> Decision {
    Decision {
        kind,
        because: because.into(),
        resume: None,
        dropped: None,
        users: method.clone(),
        groups: method,
        amend: None,
    }
}

impl Decision {
    /// Everything, because changes turned out not to do.
    pub fn full(because: impl Into<String>) -> Self {
        everything(RunKind::Full, because, Method::List)
    }
}

/// Why an interrupted run is not gone on with.
pub(super) fn why_dropped(grounds: &Grounds<'_>, left: &Leftover) -> Option<String> {
    let Grounds { ask, plan, now, .. } = grounds;
    if ask.fresh {
        Some("asked for".to_owned())
    } else if left.kind == RunKind::Scoped {
        Some("it was a selection".to_owned())
    } else if amend::is_marked(&left.plan) {
        Some("it read something again, and is asked for anew".to_owned())
    } else if left.plan != *plan {
        Some("it read other fields, or from another service".to_owned())
    } else if now.duration_since(left.last_at) > RESUMABLE {
        Some(format!("its last page is of {}", day(left.last_at)))
    } else if left.kind == RunKind::Delta && (ask.full || ask.gentle) {
        Some("it read changes only, and everything is asked for".to_owned())
    } else if left.kind == RunKind::Delta && !method_of(grounds, left, Collection::Groups).is_changes() {
        Some("the link that it read changes from is gone".to_owned())
    } else {
        None
    }
}

fn resumed(grounds: &Grounds<'_>, left: &Leftover) -> Decision {
    let (users, groups) = match left.kind {
        RunKind::Delta => (method_of(grounds, left, Collection::Users), method_of(grounds, left, Collection::Groups)),
        RunKind::Gentle => (gentle_of(grounds, left, Collection::Users), gentle_of(grounds, left, Collection::Groups)),
        RunKind::Full | RunKind::Scoped => (Method::List, Method::List),
    };
    Decision {
        kind: left.kind,
        because: format!("run {} was interrupted on {} and is gone on with", left.run, day(left.last_at)),
        resume: Some(left.run),
        dropped: None,
        users,
        groups,
        amend: None,
    }
}

pub(super) fn checkpoint_of(left: &Leftover, collection: Collection) -> Option<&Checkpoint> {
    left.checkpoints.iter().find(|c| c.collection == collection)
}

/// How an interrupted delta run was reading a collection.
fn method_of(grounds: &Grounds<'_>, left: &Leftover, collection: Collection) -> Method {
    match (checkpoint_of(left, collection), grounds.ground.links.get(&collection)) {
        (Some(at), _) if !at.delta => Method::List,
        (_, Some(link)) => Method::Changes(link.clone()),
        _ => Method::List,
    }
}

/// How an interrupted gentle run was reading a collection: by delta, unless that was refused to it.
fn gentle_of(grounds: &Grounds<'_>, left: &Leftover, collection: Collection) -> Method {
    let by_list = checkpoint_of(left, collection)
        .and_then(|at| at.next_link.as_deref())
        .is_some_and(|link| !link.contains("/delta"));
    if by_list || refused(grounds).is_some() { Method::List } else { Method::Gentle }
}

fn anew(grounds: &Grounds<'_>) -> Decision {
    let Grounds { ask, ground, .. } = grounds;
    if ask.gentle {
        let (method, because) = match refused(grounds) {
            Some(at) => (Method::List, format!("asked for, and without delta queries, refused on {}", day(at))),
            None => (Method::Gentle, "asked for".to_owned()),
        };
        return everything(RunKind::Gentle, because, method);
    }
    if let Some(why) = why_full(grounds) {
        return everything(RunKind::Full, why, Method::List);
    }
    let Some(groups) = ground.links.get(&Collection::Groups).cloned() else {
        return everything(RunKind::Full, "the run before left no link to changes", Method::List);
    };
    let (users, because) = match ground.links.get(&Collection::Users).cloned() {
        Some(link) => (Method::Changes(link), "what changed since the run before is enough"),
        None => (Method::List, "changes of groups are enough; of users the run before left no link"),
    };
    Decision { users, ..everything(RunKind::Delta, because, Method::Changes(groups)) }
}

fn why_full(grounds: &Grounds<'_>) -> Option<String> {
    let Grounds { ask, plan, ground, learned, now, .. } = grounds;
    if ask.full {
        return Some("asked for".to_owned());
    }
    let Some(last_full) = ground.last_full else { return Some("nothing was read in full before".to_owned()) };
    if now.duration_since(last_full) >= signed(ask.full_every) {
        return Some(format!("the last full read is of {}", day(last_full)));
    }
    if let Some(at) = refused(grounds) {
        return Some(format!("delta queries were refused on {}", day(at)));
    }
    if learned.drifted >= MOST_DRIFTS {
        let runs = text::counted(u64::from(learned.drifted), "run");
        return Some(format!("the service's totals differed from what is held, {runs} in a row"));
    }
    if !ground.links.contains_key(&Collection::Groups) {
        return Some("the run before left no link to changes".to_owned());
    }
    (amend::unmarked(&ground.plan) != *plan).then(|| "other fields are read now, or from another service".to_owned())
}

/// When delta queries were refused, if that still counts.
fn refused(grounds: &Grounds<'_>) -> Option<Timestamp> {
    grounds.learned.delta_refused.filter(|at| grounds.now.duration_since(*at) < REFUSAL_HOLDS)
}

fn signed(time: Duration) -> SignedDuration {
    SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX)
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

impl Method {
    pub fn is_changes(&self) -> bool {
        matches!(self, Self::Changes(_))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{
        domain::reading::Scope,
        store::{ListEnd, Spent},
    };

    const NOW: &str = "2026-11-22T10:00:00Z";

    struct Case {
        ask: Ask,
        leftover: Option<Leftover>,
        ground: DeltaGround,
        learned: Learned,
    }

    fn hours_ago(hours: i64) -> Timestamp {
        NOW.parse::<Timestamp>().unwrap() - SignedDuration::from_hours(hours)
    }

    fn links(of: &[Collection]) -> BTreeMap<Collection, String> {
        of.iter().map(|c| (*c, format!("https://graph/{}/delta", c.as_str()))).collect()
    }

    fn left(kind: RunKind, hours: i64) -> Leftover {
        Leftover {
            run: RunId(7),
            kind,
            plan: "p".to_owned(),
            started_at: hours_ago(hours + 1),
            last_at: hours_ago(hours),
            checkpoints: Vec::new(),
            links: BTreeMap::new(),
            spent: Spent::default(),
        }
    }

    /// A tenant with a good full read of two days ago, and links to both.
    fn settled() -> Case {
        Case {
            ask: Ask::default(),
            leftover: None,
            ground: DeltaGround {
                links: links(&[Collection::Users, Collection::Groups]),
                plan: "p".to_owned(),
                last_full: Some(hours_ago(48)),
                run: Some(RunId(3)),
                gaps: Vec::new(),
            },
            learned: Learned::default(),
        }
    }

    fn decided(change: impl FnOnce(&mut Case)) -> Result<Decision, Unfinished> {
        let mut case = settled();
        change(&mut case);
        decide(&Grounds {
            ask: &case.ask,
            plan: "p",
            leftover: case.leftover.as_ref(),
            ground: &case.ground,
            learned: &case.learned,
            now: NOW.parse().unwrap(),
        })
    }

    fn short(method: &Method) -> &'static str {
        match method {
            Method::List => "list",
            Method::Changes(_) => "changes",
            Method::Gentle => "gentle",
            Method::AsItWas(_) => "as it was",
        }
    }

    #[test]
    fn every_case() {
        /// Kind, users, groups, resumed, a word of the reason, a word of why a run was dropped.
        type Want = (RunKind, &'static str, &'static str, bool, &'static str, &'static str);
        let check = |change: fn(&mut Case), want: Want| {
            let got = decided(change).unwrap();
            let dropped = got.dropped.as_ref().map(|(_, why)| why.as_str()).unwrap_or_default();
            assert_eq!(
                (got.kind, short(&got.users), short(&got.groups), got.resume.is_some()),
                (want.0, want.1, want.2, want.3),
                "{got:?}"
            );
            assert!(got.because.contains(want.4), "{} lacks {}", got.because, want.4);
            assert!(
                dropped.contains(want.5) && (dropped.is_empty() == want.5.is_empty()),
                "{dropped} lacks {}",
                want.5
            );
        };
        use RunKind::*;
        check(|_| {}, (Delta, "changes", "changes", false, "enough", ""));
        check(|c| c.ground = DeltaGround::default(), (Full, "list", "list", false, "nothing was read", ""));
        check(|c| c.ask.full = true, (Full, "list", "list", false, "asked for", ""));
        check(|c| c.ground.last_full = Some(hours_ago(7 * 24)), (Full, "list", "list", false, "last full read", ""));
        check(|c| c.ask.full_every = Duration::ZERO, (Full, "list", "list", false, "last full read", ""));
        check(|c| c.ask.full_every = Duration::MAX, (Delta, "changes", "changes", false, "enough", ""));
        check(|c| c.learned.drifted = 1, (Delta, "changes", "changes", false, "enough", ""));
        check(|c| c.learned.drifted = 2, (Full, "list", "list", false, "2 runs in a row", ""));
        check(|c| c.learned.delta_refused = Some(hours_ago(1)), (Full, "list", "list", false, "refused on 2026", ""));
        check(|c| c.learned.delta_refused = Some(hours_ago(168)), (Delta, "changes", "changes", false, "enough", ""));
        check(|c| c.ground.plan = "q".to_owned(), (Full, "list", "list", false, "other fields", ""));
        check(|c| c.ground.links.clear(), (Full, "list", "list", false, "no link", ""));
        check(|c| c.ground.links = links(&[Collection::Groups]), (Delta, "list", "changes", false, "of users", ""));
        check(|c| c.ground.links = links(&[Collection::Users]), (Full, "list", "list", false, "no link", ""));
        check(|c| c.ask.gentle = true, (Gentle, "gentle", "gentle", false, "asked for", ""));
        check(
            |c| {
                c.ask.gentle = true;
                c.learned.delta_refused = Some(hours_ago(1));
            },
            (Gentle, "list", "list", false, "without delta", ""),
        );
        check(|c| c.ask.scope = Some(Scope::Sample(5)), (Scoped, "list", "list", false, "selection", ""));

        check(|c| c.leftover = Some(left(Full, 1)), (Full, "list", "list", true, "run 7 was interrupted", ""));
        check(|c| c.leftover = Some(left(Full, 24)), (Full, "list", "list", true, "gone on with", ""));
        check(|c| c.leftover = Some(left(Full, 25)), (Delta, "changes", "changes", false, "enough", "last page"));
        check(|c| c.leftover = Some(left(Scoped, 1)), (Delta, "changes", "changes", false, "enough", "selection"));
        check(
            |c| c.leftover = Some(Leftover { plan: "q".to_owned(), ..left(Full, 1) }),
            (Delta, "changes", "changes", false, "enough", "other fields"),
        );
        check(
            |c| {
                c.leftover = Some(left(Full, 1));
                c.ask.fresh = true;
            },
            (Delta, "changes", "changes", false, "enough", "asked for"),
        );
        check(|c| c.leftover = Some(left(Delta, 1)), (Delta, "changes", "changes", true, "gone on with", ""));
        check(
            |c| {
                c.leftover = Some(left(Delta, 1));
                c.ask.full = true;
            },
            (Full, "list", "list", false, "asked for", "changes only"),
        );
        check(
            |c| {
                c.leftover = Some(left(Delta, 1));
                c.ground.links.clear();
            },
            (Full, "list", "list", false, "no link", "is gone"),
        );
        // Of users it had begun to read the list.
        check(
            |c| {
                let at = Checkpoint {
                    collection: Collection::Users,
                    next_link: None,
                    done: 9,
                    total: None,
                    end: Some(ListEnd::COMPLETE),
                    delta: false,
                };
                c.leftover = Some(Leftover { checkpoints: vec![at], ..left(Delta, 1) });
            },
            (Delta, "list", "changes", true, "gone on with", ""),
        );
        // What reads everything goes on, whether --full was asked for or not.
        check(
            |c| {
                c.leftover = Some(left(Full, 1));
                c.ask.full = true;
            },
            (Full, "list", "list", true, "gone on with", ""),
        );
        check(|c| c.leftover = Some(left(Gentle, 1)), (Gentle, "gentle", "gentle", true, "gone on with", ""));
    }

    #[test]
    fn a_selection_drops_no_work() {
        let refused = |kind, hours, fresh| {
            decided(|c| {
                c.ask.scope = Some(Scope::Sample(5));
                c.ask.fresh = fresh;
                c.leftover = Some(left(kind, hours));
            })
        };
        assert_eq!(refused(RunKind::Full, 1, false).unwrap_err(), Unfinished { run: RunId(7) });
        for (kind, hours, fresh) in [(RunKind::Full, 30, false), (RunKind::Full, 1, true), (RunKind::Scoped, 1, false)]
        {
            let decision = refused(kind, hours, fresh).unwrap();
            assert_eq!(
                (decision.kind, decision.dropped.is_some()),
                (RunKind::Scoped, true),
                "{kind:?} {hours} {fresh}"
            );
        }
    }

    #[test]
    fn a_fingerprint_tells_services_apart() {
        let one = fingerprint("https://graph.microsoft.com");
        assert_eq!(one, fingerprint("https://graph.microsoft.com"));
        assert_ne!(one, fingerprint("https://graph.microsoft.us"));
        assert_eq!(one.len(), 16);
    }
}
