//! What is not as it should be about a run, in words: everything incomplete, refused, repeated or degraded; what it means
//! for the data and for an upload, and what to do. Every face says it with these words.

use jiff::Timestamp;

use super::{
    completeness::{CASTS_REFUSED, Collection, Excluded, Gap, GapScope, RunStatus, State, partial_types},
    explore::{Again, Finding, Severity},
    naming::Naming,
    reading::{Learned, RunKind},
    request::LogInfo,
    text::{counted, grouped},
    view::RunInfo,
};

/// What [`Again::Collection`] calls members that are neither users nor groups.
pub const OTHERS: &str = "others";

/// What is known of a run.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// With its gaps marked as the profile accepts them.
    pub run: &'a RunInfo,
    pub learned: &'a Learned,
    /// The log of its requests, where it is kept.
    pub log: Option<&'a LogInfo>,
    pub naming: Naming,
}

/// What is not as it should be, the worst first.
pub fn findings(evidence: Evidence<'_>) -> Vec<Finding> {
    let Evidence { run, learned, log, naming } = evidence;
    let mut all: Vec<Finding> = of_status(run).into_iter().collect();
    all.extend(run.gaps.iter().map(|gap| of_gap(gap, naming)));
    all.extend(log.into_iter().flat_map(of_log));
    all.extend(of_learned(learned));
    all.extend(run.service_principals_as_of.map(of_service_principals));
    // Stable: collections come before groups, and these by name.
    all.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    all
}

fn finding(severity: Severity, about: impl Into<String>, what: impl Into<String>) -> Finding {
    Finding {
        severity,
        about: about.into(),
        id: None,
        what: what.into(),
        means: String::new(),
        next: String::new(),
        code: None,
        request_id: None,
        again: None,
    }
}

fn of_status(run: &RunInfo) -> Option<Finding> {
    let about = format!("run {}", run.id);
    let found = |severity, what: &str, means: &str, next: &str| {
        Some(Finding { means: means.to_owned(), next: next.to_owned(), ..finding(severity, about.clone(), what) })
    };
    let never = "It is there to be looked at. Previews, exports and uploads use the newest finished run.";
    match run.status {
        RunStatus::Complete | RunStatus::Partial => None,
        RunStatus::Running => found(
            Severity::Incomplete,
            "It is still being read.",
            never,
            "Let it finish. If nothing reads any more, `tenantry collect` goes on with it.",
        ),
        RunStatus::Interrupted => found(
            Severity::Failed,
            "It was cut off before its end.",
            never,
            "Collect again within a day: that goes on where this one stopped.",
        ),
        RunStatus::Failed => found(
            Severity::Failed,
            "It failed before its end.",
            never,
            "See the request log for what was refused, mend that, and collect again: that goes on where this one stopped.",
        ),
        RunStatus::Scoped => found(
            Severity::Incomplete,
            "It read a selection only.",
            never,
            "Collect without a selection to have everything.",
        ),
    }
}

fn of_gap(gap: &Gap, naming: Naming) -> Finding {
    let (about, id) = match gap.scope {
        GapScope::Group => (format!("the members of {}", gap.name), Some(gap.id.clone())),
        GapScope::Kind => (gap.name.clone(), None),
        GapScope::Collection => (
            match Collection::parse(&gap.id) {
                Some(Collection::Account) => "the account".to_owned(),
                Some(Collection::Memberships) => "the members of groups".to_owned(),
                _ => gap.name.clone(),
            },
            None,
        ),
    };
    let severity = if gap.accepted { Severity::Accepted } else { Severity::Incomplete };
    let mut means = meaning(gap, naming);
    if gap.accepted {
        means.push_str(" The profile accepts this gap.");
    }
    Finding {
        severity,
        about,
        id,
        what: happened(gap),
        means,
        next: next_step(gap).to_owned(),
        code: gap.code.clone(),
        request_id: gap.request_id.clone(),
        again: again(gap),
    }
}

/// What happened, as a sentence with the service's code and request id.
fn happened(gap: &Gap) -> String {
    let what = match (gap.scope, gap.state) {
        (_, State::Complete) => "Nothing is missing",
        (_, State::Gone) => "It was listed, and was gone when its members were asked for",
        (GapScope::Kind, State::Forbidden) => "Their properties may not be read; that they are members is known",
        (GapScope::Kind, _) => "The service does not tell which of them are in groups",
        (_, State::Forbidden) => "Reading was refused",
        (_, State::Hidden) => "Its membership is hidden from this app",
        (_, State::Partial) if gap.code.as_deref() == Some("not_read") => "Not everything was asked for",
        (_, State::Partial) => "It was not read to its end",
    };
    let code = gap.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
    let request = gap.request_id.as_deref().map(|id| format!(", request {id}")).unwrap_or_default();
    format!("{what}{code}{request}.")
}

fn meaning(gap: &Gap, naming: Naming) -> String {
    if gap.state.is_whole() {
        return "Nothing is missing from the data.".to_owned();
    }
    if let Some(since) = gap.stale_since {
        return format!(
            "What was known on {} stays in its place. An upload sends that, and deletes nothing that is new since.",
            day(since)
        );
    }
    if gap.scope == GapScope::Kind && gap.state == State::Forbidden {
        return "They are known by their ids alone. An upload sends them so, and no edge is missing.".to_owned();
    }
    let types: Vec<String> =
        partial_types(naming, std::slice::from_ref(gap), &Excluded::default()).into_iter().collect();
    let lists = match gap.scope {
        GapScope::Group => "It is not known to be empty.",
        _ => "What was not read is not known to be none.",
    };
    format!("{lists} An upload sends what was read, and deletes nothing of {}.", types.join(", "))
}

/// The next step for a gap, as a sentence.
pub const fn next_step(gap: &Gap) -> &'static str {
    match (gap.scope, gap.state) {
        (_, State::Complete | State::Gone) => "Nothing has to be done.",
        (GapScope::Kind, State::Forbidden) => {
            "Add the permission to read this kind, let an administrator consent, and read again; or accept the gap."
        }
        (GapScope::Kind, _) => "Read the members of all groups again another day, or accept the gap.",
        (_, State::Forbidden) => {
            "Check the app's permissions and their consent under Credentials, then read again; or accept the gap."
        }
        (_, State::Hidden) => {
            "Only apps with Member.Read.Hidden see these members. Add it, consent, and read again; or accept the gap."
        }
        (_, State::Partial) => "Read again.",
    }
}

fn again(gap: &Gap) -> Option<Again> {
    match (gap.scope, gap.state) {
        (_, State::Complete | State::Gone) => None,
        (GapScope::Group, _) => Some(Again::Group(gap.id.clone())),
        (GapScope::Collection, _) => Some(Again::Collection(gap.id.clone())),
        (GapScope::Kind, State::Forbidden) => Some(Again::Collection(OTHERS.to_owned())),
        (GapScope::Kind, _) if matches!(gap.code.as_deref(), Some(CASTS_REFUSED)) => {
            Some(Again::Collection(Collection::Memberships.as_str().to_owned()))
        }
        (GapScope::Kind, _) => Some(Again::Collection(OTHERS.to_owned())),
    }
}

fn of_log(log: &LogInfo) -> Vec<Finding> {
    let mut out = Vec::new();
    let sums = &log.sums;
    let still = sums.stood_still_ms as f64 / 1_000.0;
    if sums.throttled > 0 || still >= 1.0 {
        out.push(Finding {
            means: "Nothing is missing from the data: what was refused was asked for again. The run took longer.".to_owned(),
            next: "If others feel it, read with the least load (`tenantry collect --gentle`), or at quieter hours.".to_owned(),
            code: Some("429".to_owned()),
            ..finding(
                Severity::Degraded,
                "throttling",
                format!(
                    "{} refused as too many (429), and nothing was sent for {still:.1} s in all because the service had \
                     asked to wait.",
                    counted(sums.throttled, "request"),
                ),
            )
        });
    }
    if sums.failed > 0 {
        out.push(Finding {
            means: "What failed for good is among the gaps; everything else was answered at another try.".to_owned(),
            next: "See the request log: `status:>=400` in its filter, or `tenantry requests --filter 'status:>=400'`."
                .to_owned(),
            ..finding(
                Severity::Degraded,
                "requests",
                format!(
                    "Of {}, {} not answered with what was asked for, and {} sent again.",
                    counted(sums.requests, "request"),
                    were(sums.failed),
                    were(sums.repeated),
                ),
            )
        });
    }
    if sums.dropped > 0 {
        out.push(Finding {
            means: "Nothing is missing from the data; only the log is not whole.".to_owned(),
            next: "Nothing has to be done: requests in which there was something to be seen are kept first.".to_owned(),
            ..finding(
                Severity::Degraded,
                "the request log",
                format!("It has no room for {} of {}.", grouped(sums.dropped), counted(sums.requests, "request")),
            )
        });
    }
    out
}

fn were(n: u64) -> String {
    if n == 1 { "1 was".to_owned() } else { format!("{} were", grouped(n)) }
}

fn of_learned(learned: &Learned) -> Vec<Finding> {
    let mut out = Vec::new();
    let mut add = |about: &str, what: String, means: &str, next: &str| {
        out.push(Finding {
            means: means.to_owned(),
            next: next.to_owned(),
            ..finding(Severity::Degraded, about, what)
        });
    };
    const WEEK: &str = "Nothing has to be done: it is tried again a week after that day.";
    if let Some(at) = learned.expand_refused {
        add(
            "the shortcut for members",
            format!(
                "On {} the service refused to show the members of many groups in one answer, or did so wrongly.",
                day(at)
            ),
            "Nothing is missing from the data: members are read group by group, in more requests.",
            WEEK,
        );
    }
    if let Some(at) = learned.delta_refused {
        add(
            "changes",
            format!("On {} the service refused to tell what changed, or did so wrongly.", day(at)),
            "Nothing is missing from the data: every run reads everything, and takes longer.",
            WEEK,
        );
    }
    if learned.drifted > 0 {
        add(
            "totals",
            format!(
                "The service's own totals differed from what is held, {} in a row.",
                counted(learned.drifted.into(), "run")
            ),
            "The totals come late at times, and then nothing is missing. Else something changed that no change told of.",
            "Nothing has to be done: if it goes on, a run reads everything by itself.",
        );
    }
    if let Some(quota) = learned.quota_10s {
        add(
            "the quota",
            format!("The service slowed down above {} resource units in ten seconds.", grouped(quota)),
            "Nothing is missing from the data: runs keep below that, and take longer.",
            "Nothing has to be done: after a full read that nothing slows down, more is tried.",
        );
    }
    out
}

fn of_service_principals(at: Timestamp) -> Finding {
    Finding {
        means: format!("Which service principals are in groups is as of {}; an upload sends that.", day(at)),
        next: "Read everything (`tenantry collect --full`) to have them as of today.".to_owned(),
        again: Some(Again::Collection(Collection::Memberships.as_str().to_owned())),
        ..finding(
            Severity::Degraded,
            "service principals in groups",
            "What the service tells of changes leaves them out.",
        )
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// What reading again would do, for people: "the members of group 6e7b…", "users".
pub fn again_words(again: &Again) -> String {
    match again {
        Again::Group(id) => format!("the members of group {id}"),
        Again::Collection(name) => match (Collection::parse(name), name.as_str()) {
            (Some(Collection::Account), _) => "the account".to_owned(),
            (Some(Collection::Groups), _) => "the list of groups".to_owned(),
            (Some(Collection::Users), _) => "the list of users".to_owned(),
            (Some(Collection::Memberships), _) => "the members of all groups".to_owned(),
            (None, OTHERS) => "members that are neither users nor groups".to_owned(),
            (None, other) => other.to_owned(),
        },
    }
}

/// Reads what [`Again`] is written as: `group:<id>`, `users`, `groups`, `memberships`, `account`, `others`.
///
/// # Errors
///
/// In words for people.
pub fn parse_again(text: &str) -> Result<Again, String> {
    let text = text.trim();
    if let Some(id) = text.strip_prefix("group:").map(str::trim).filter(|id| !id.is_empty()) {
        return Ok(Again::Group(super::ids::canonical(id).into_owned()));
    }
    let name = if text == "members" { Collection::Memberships.as_str() } else { text };
    match Collection::parse(name) {
        Some(collection) => Ok(Again::Collection(collection.as_str().to_owned())),
        None if name == OTHERS => Ok(Again::Collection(OTHERS.to_owned())),
        None => Err(format!(
            "`{text}` cannot be read again by itself: say group:<id>, users, groups, memberships (the members of all \
             groups), others (members that are neither users nor groups) or account"
        )),
    }
}

/// Whether a run of this kind and state can be built on.
pub const fn can_be_amended(run: &RunInfo) -> bool {
    run.status.is_finished() && !matches!(run.kind, RunKind::Scoped)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{ids::RunId, request::Sums};

    fn run() -> RunInfo {
        RunInfo {
            id: RunId(7),
            status: RunStatus::Partial,
            kind: RunKind::Full,
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: Some(Timestamp::UNIX_EPOCH),
            gaps: Vec::new(),
            requests: 0,
            resource_units: 0,
            seconds: 0.0,
            last_full: None,
            service_principals_as_of: None,
        }
    }

    fn gap(scope: GapScope, id: &str, state: State, code: &str) -> Gap {
        Gap {
            scope,
            id: id.to_owned(),
            name: format!("<{id}>"),
            state,
            code: Some(code.to_owned()),
            request_id: Some("r-1".to_owned()),
            accepted: false,
            stale_since: None,
        }
    }

    fn found(run: &RunInfo, learned: &Learned, log: Option<&LogInfo>) -> Vec<Finding> {
        findings(Evidence { run, learned, log, naming: Naming::ActiveDirectory })
    }

    #[test]
    fn a_good_run_has_none() {
        assert_eq!(found(&RunInfo { status: RunStatus::Complete, ..run() }, &Learned::default(), None), []);
    }

    #[test]
    fn every_gap_says_what_it_is_what_it_means_and_what_to_do() {
        let check = |gap: Gap, severity, about: &str, what: &str, means: &str, next: &str, again: Option<Again>| {
            let all = found(&RunInfo { gaps: vec![gap], ..run() }, &Learned::default(), None);
            let [one] = all.as_slice() else { panic!("{all:?}") };
            assert_eq!((one.severity, one.about.as_str(), &one.again), (severity, about, &again), "{one:?}");
            for (text, part) in [(&one.what, what), (&one.means, means), (&one.next, next)] {
                assert!(text.contains(part), "{text} lacks {part}");
                assert!(text.ends_with('.'), "{text}");
            }
            assert_eq!(one.request_id.as_deref(), Some("r-1"));
        };
        use Severity::*;
        let collection = |name: &str| Some(Again::Collection(name.to_owned()));
        let group = || Some(Again::Group("g".to_owned()));
        check(
            gap(GapScope::Group, "g", State::Forbidden, "Authorization_RequestDenied"),
            Incomplete,
            "the members of <g>",
            "refused (Authorization_RequestDenied), request r-1.",
            "deletes nothing of active_directory_group_member",
            "consent",
            group(),
        );
        check(
            gap(GapScope::Group, "g", State::Hidden, "hidden_membership"),
            Incomplete,
            "the members of <g>",
            "hidden",
            "not known to be empty",
            "Member.Read.Hidden",
            group(),
        );
        let stale =
            Gap { stale_since: Some(Timestamp::UNIX_EPOCH), ..gap(GapScope::Group, "g", State::Partial, "timeout") };
        check(stale, Incomplete, "the members of <g>", "(timeout)", "known on 1970-01-01", "Read again.", group());
        let accepted = Gap { accepted: true, ..gap(GapScope::Group, "g", State::Hidden, "hidden_membership") };
        check(accepted, Accepted, "the members of <g>", "hidden", "accepts this gap.", "Member.Read.Hidden", group());
        check(
            gap(GapScope::Collection, "users", State::Forbidden, "Authorization_RequestDenied"),
            Incomplete,
            "<users>",
            "refused",
            "deletes nothing of active_directory_account_has_user, active_directory_user",
            "consent",
            collection("users"),
        );
        check(
            gap(GapScope::Collection, "memberships", State::Partial, "not_read"),
            Incomplete,
            "the members of groups",
            "Not everything was asked for",
            "active_directory_user_group_has_user",
            "Read again.",
            collection("memberships"),
        );
        check(
            gap(GapScope::Kind, "device", State::Forbidden, "kind_not_readable"),
            Incomplete,
            "<device>",
            "may not be read",
            "by their ids alone",
            "permission",
            collection(OTHERS),
        );
        check(
            gap(GapScope::Kind, "servicePrincipal", State::Partial, CASTS_REFUSED),
            Incomplete,
            "<servicePrincipal>",
            "does not tell",
            "active_directory_group_member",
            "accept the gap",
            collection("memberships"),
        );
    }

    #[test]
    fn the_worst_comes_first_and_what_was_learned_last() {
        let accepted = Gap { accepted: true, ..gap(GapScope::Group, "a", State::Hidden, "x") };
        let open = gap(GapScope::Group, "b", State::Forbidden, "x");
        let at = Some(Timestamp::UNIX_EPOCH);
        let learned =
            Learned { expand_refused: at, delta_refused: at, drifted: 2, quota_10s: Some(900), ..Learned::default() };
        let log = LogInfo {
            name: "n".to_owned(),
            of: "collect".to_owned(),
            pid: 1,
            began: Timestamp::UNIX_EPOCH,
            ended: None,
            run: Some(RunId(7)),
            sums: Sums {
                requests: 100,
                throttled: 3,
                failed: 1,
                repeated: 4,
                stood_still_ms: 62_500,
                dropped: 9,
                ..Sums::default()
            },
        };
        let run = RunInfo {
            status: RunStatus::Interrupted,
            gaps: vec![accepted, open],
            service_principals_as_of: at,
            ..run()
        };
        let all = found(&run, &learned, Some(&log));
        let abouts: Vec<(&str, Severity)> = all.iter().map(|f| (f.about.as_str(), f.severity)).collect();
        use Severity::*;
        assert_eq!(
            abouts,
            [
                ("run 7", Failed),
                ("the members of <b>", Incomplete),
                ("the members of <a>", Accepted),
                ("throttling", Degraded),
                ("requests", Degraded),
                ("the request log", Degraded),
                ("the shortcut for members", Degraded),
                ("changes", Degraded),
                ("totals", Degraded),
                ("the quota", Degraded),
                ("service principals in groups", Degraded),
            ]
        );
        assert!(
            all.iter().all(|f| f.means.ends_with('.') && f.next.ends_with('.') && f.what.ends_with('.')),
            "{all:?}"
        );
        let words = |about: &str| all.iter().find(|f| f.about == about).unwrap().what.clone();
        assert_eq!(
            words("throttling"),
            "3 requests refused as too many (429), and nothing was sent for 62.5 s in all because the service had asked to wait."
        );
        assert_eq!(
            words("requests"),
            "Of 100 requests, 1 was not answered with what was asked for, and 4 were sent again."
        );
    }

    #[test]
    fn what_is_to_be_read_again_is_written_in_one_word() {
        let check = |text: &str, want: Option<Again>| assert_eq!(parse_again(text).ok(), want, "{text}");
        let collection = |name: &str| Some(Again::Collection(name.to_owned()));
        check("users", collection("users"));
        check(" groups ", collection("groups"));
        check("members", collection("memberships"));
        check("memberships", collection("memberships"));
        check("others", collection("others"));
        check("account", collection("account"));
        check(
            "group:6E7B768E-07E2-4810-8459-485F84F8F204",
            Some(Again::Group("6e7b768e-07e2-4810-8459-485f84f8f204".to_owned())),
        );
        check("group:", None);
        check("everything", None);
        for again in ["users", "groups", "memberships", "others", "account", "group:x"] {
            assert_ne!(again_words(&parse_again(again).unwrap()), again);
        }
    }
}
