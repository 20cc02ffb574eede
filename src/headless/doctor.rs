//! `tenantry doctor`: the wizard's checks, told as they come.

use serde_json::json;

use super::{
    output::{Exit, Finished, Output},
    session::Session,
};
use crate::{
    cli::{self, Common},
    domain::{
        check::{Check, CheckStatus, Offer},
        permission::Row,
        problem::Problem,
        text::{counted, visible},
    },
    files,
    jobs::{self, Context, JobError, Probed},
};

pub async fn run(common: &Common, args: &cli::Doctor, output: Output) -> Exit {
    match checks(common, args, &output).await {
        Ok((checks, probed)) => {
            if let Some(probed) = &probed {
                output.say("");
                probed.words.iter().for_each(|line| output.say(line));
                if let Some(path) = &args.report {
                    output.say(format!("the report, without personal data, is in {}", path.display()));
                }
            }
            finish(&checks, probed.as_ref(), &output)
        }
        Err(error) => output.fail(&error),
    }
}

type Found = (Vec<Check>, Option<Probed>);

async fn checks(common: &Common, args: &cli::Doctor, output: &Output) -> Result<Found, JobError> {
    let session = Session::open(common)?;
    session.settings.tenant()?;
    session.settings.client()?;
    let secrets = session.both().await?;
    let mut context = session.context(secrets, output);
    let mut checks = checked(&context).await?;
    if args.wait_consent
        && let Some(missing) = checks.iter().find(|c| c.offer == Some(Offer::AwaitConsent))
    {
        say_who_consents(missing, output);
        jobs::consent(&context).await?;
        output.say("\nconsent is given; checking again");
        checks = checked(&context).await?;
    }
    // What cannot be read cannot be probed.
    if !args.probe || has_failed(&checks) {
        return Ok((checks, None));
    }
    context.settings = jobs::settled(&context).await?;
    let probed = jobs::probe(&context).await?;
    if let Some(path) = &args.report {
        let mut text = serde_json::to_string_pretty(&probed.report).unwrap_or_default();
        text.push('\n');
        files::replace(path, &text).map_err(|e| {
            JobError::Failed(Box::new(Problem::new(format!("the report cannot be written to {}: {e}", path.display()))))
        })?;
    }
    Ok((checks, Some(probed)))
}

async fn checked(context: &Context) -> Result<Vec<Check>, JobError> {
    tokio::select! {
        biased;
        () = context.cancel.cancelled() => {
            Err(JobError::Interrupted(Box::new(Problem::new("the checks were interrupted").code("cancelled"))))
        }
        checks = jobs::doctor(context) => Ok(checks),
    }
}

fn say_who_consents(missing: &Check, output: &Output) {
    output.say("\nwaiting for consent, half an hour at most; Ctrl-C ends it");
    output.say("who may give it: a Privileged Role Administrator or Global Administrator");
    if let Some(link) = missing.problem.as_ref().and_then(|p| p.link.as_deref()) {
        output.say(format!("where: {}", visible(link)));
    }
}

fn has_failed(checks: &[Check]) -> bool {
    checks.iter().any(|c| c.status == CheckStatus::Failed)
}

/// Sums up what was told, and ends.
pub fn finish(checks: &[Check], probed: Option<&Probed>, output: &Output) -> Exit {
    let exit = if has_failed(checks) { Exit::Failed } else { Exit::Done };
    output.say("");
    output.say(summary(checks));
    let mut finished = Finished::new(if exit == Exit::Done { "complete" } else { "failed" });
    if let Some(probed) = probed {
        finished.set("probe", probed.report.clone());
    }
    finished.emit(output);
    exit
}

/// The end line: whether it works, and what to do first where it does not.
fn summary(checks: &[Check]) -> String {
    let count = |status| checks.iter().filter(|c| c.status == status).count() as u64;
    let warnings = match count(CheckStatus::Warning) {
        0 => String::new(),
        n => format!(", {}", counted(n, "warning")),
    };
    let first = checks.iter().find(|c| c.status == CheckStatus::Failed);
    match first.map(|c| (c, c.problem.as_ref().and_then(|p| p.hint.as_deref()))) {
        None if warnings.is_empty() => "This works.".to_owned(),
        None => format!("This works{warnings}."),
        Some((check, hint)) => {
            let failed = counted(count(CheckStatus::Failed), "check");
            let next = hint.map(|h| format!(" Next: {h}")).unwrap_or_default();
            format!("{failed} failed{warnings}, first \"{}\".{}", check.id.title(), visible(&next))
        }
    }
}

/// Tells one check, as soon as it is known.
pub fn tell(check: &Check, output: &Output) {
    let problem = check.problem.as_ref();
    output.emit(&json!({
        "event": "check",
        "id": check.id.as_str(),
        "status": check.status,
        "code": problem.and_then(|p| p.code.clone()),
        "hint": problem.and_then(|p| p.hint.clone()),
        "link": problem.and_then(|p| p.link.clone()),
        "found": check.found,
        "problem": problem,
        "offer": check.offer,
        "permissions": check.permissions,
    }));
    if !output.is_json() {
        let hint = problem.and_then(|p| p.hint.clone());
        let repeated = hint.is_some() && output.said_hint(hint);
        lines(check, repeated).iter().for_each(|line| output.say(line));
    }
}

/// What stands before a check's title.
const fn sign(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Ok => "ok",
        CheckStatus::Failed => "FAILED",
        CheckStatus::CannotCheck => "-",
        CheckStatus::Warning => "warning",
    }
}

/// Cells before a title, and before what was found.
const SIGN: usize = 9;
const TITLE: usize = 40;

/// Longer lines of our own words are broken; the service's are left as they are, to be copied.
const LINE: usize = 96;

/// `repeated`: the next step was said just before.
fn lines(check: &Check, repeated: bool) -> Vec<String> {
    let found = match (&check.problem, check.status) {
        // A check that was not made says why beside its title: there is nothing to mend.
        (Some(problem), CheckStatus::CannotCheck) => without_our_code(problem),
        _ => check.found.clone().unwrap_or_default(),
    };
    let head = format!("{:SIGN$}{:TITLE$}{}", sign(check.status), check.id.title(), visible(&found));
    let mut below = Vec::new();
    match (&check.problem, check.status) {
        (Some(problem), CheckStatus::CannotCheck) => {
            below.extend(problem.hint.iter().flat_map(|hint| broken(hint, LINE)))
        }
        (Some(problem), _) if repeated => {
            let told = Problem { hint: Some("as above".to_owned()), link: None, ..problem.clone() };
            below.extend(block(&told));
        }
        (Some(problem), _) => below.extend(block(problem)),
        (None, _) => {}
    }
    below.extend(table(&check.permissions));
    let below = below.iter().map(|line| format!("{:SIGN$}  {}", "", visible(line)));
    std::iter::once(head.trim_end().to_owned()).chain(below).collect()
}

/// What is said beside a title; a code that only programs need is left out.
fn without_our_code(problem: &Problem) -> String {
    let is_ours = problem.status.is_none() && problem.message.is_none();
    if is_ours { problem.summary.clone() } else { problem.line() }
}

/// The problem's own lines.
fn block(problem: &Problem) -> Vec<String> {
    let ours = |line: &&str| line.starts_with("next step: ") || **line == *problem.summary;
    problem
        .block()
        .lines()
        .flat_map(|line| if ours(&line) { broken(line, LINE) } else { vec![line.to_owned()] })
        .collect()
}

/// Broken between words, so that no line but one long word is longer than `cells`.
fn broken(text: &str, cells: usize) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match out.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= cells => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => out.push(format!("  {word}")),
            None => out.push(word.to_owned()),
        }
    }
    out
}

/// The table of permissions: each, who grants it, and what is lost without it.
fn table(rows: &[Row]) -> Vec<String> {
    if rows.is_empty() {
        return Vec::new();
    }
    let granted = |row: &Row| match &row.granted_by {
        Some(role) if *role == row.permission => "granted".to_owned(),
        Some(role) => format!("by {}", visible(role)),
        None => "no".to_owned(),
    };
    let width = |cells: &dyn Fn(&Row) -> usize, least: usize| rows.iter().map(cells).max().unwrap_or(0).max(least) + 2;
    let names = width(&|row| row.permission.chars().count(), 0);
    let grants = width(&|row| granted(row).chars().count(), 0);
    rows.iter()
        .map(|row| {
            let lost = if row.granted_by.is_some() { "" } else { row.without.as_str() };
            format!("{:names$}{:grants$}{lost}", row.permission, granted(row)).trim_end().to_owned()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{check::CheckId, permission};

    fn owned(roles: &[&str]) -> Vec<String> {
        roles.iter().map(|r| (*r).to_owned()).collect()
    }

    #[test]
    fn a_check_in_lines() {
        let check = |check: Check, want: &[&str]| assert_eq!(lines(&check, false), want);
        check(
            Check::ok(CheckId::Organization, "Contoso \u{202e}· contoso.com"),
            &["ok       organization can be read                Contoso ‹U+202E›· contoso.com"],
        );
        check(Check::ok(CheckId::Users, ""), &["ok       users can be read"]);
        let skipped = Problem::new("not checked: there is no token").code("not_checked");
        check(
            Check::cannot(CheckId::Users, skipped),
            &["-        users can be read                       not checked: there is no token"],
        );
        let problem = Problem {
            request_id: Some("c".to_owned()),
            trace_id: Some("t".to_owned()),
            at: "2026-11-23T17:00:00Z".parse().ok(),
            ..Problem::new("asking for a token was refused").code("AADSTS53003").hint("Ask.").link("https://x")
        };
        check(
            Check::failed(CheckId::Token, problem),
            &[
                "FAILED   Microsoft gives a token",
                "           asking for a token was refused",
                "           code: AADSTS53003",
                "           correlation id: c",
                "           trace id: t",
                "           time (UTC): 2026-11-23 17:00:00Z",
                "           next step: Ask.",
                "           link: https://x",
            ],
        );
    }

    #[test]
    fn what_was_said_is_not_said_twice_and_lines_are_broken() {
        let problem = Problem::new("reading was refused").code("x").hint("Ask an administrator.").link("https://x");
        let told = lines(&Check::failed(CheckId::Users, problem), true);
        assert_eq!(
            told[1..],
            ["           reading was refused", "           code: x", "           next step: as above"]
        );
        let cannot = Problem { status: Some(403), ..Problem::new("the key may not read") }
            .code("FORBIDDEN")
            .hint("This is no fault: an Integration API key may only upload. The first upload shows whether it works, and not before.");
        assert_eq!(
            lines(&Check::cannot(CheckId::JupiterOneKey, cannot), false),
            [
                "-        JupiterOne takes account and key        the key may not read (FORBIDDEN)",
                "           This is no fault: an Integration API key may only upload. The first upload shows whether it",
                "             works, and not before.",
            ]
        );
    }

    #[test]
    fn the_table_says_who_grants_and_what_is_lost() {
        let rows = permission::table(&owned(&["Directory.Read.All", "Member.Read.Hidden"]));
        let told = table(&rows);
        assert_eq!(told.len(), rows.len());
        assert_eq!(told[0], "Organization.Read.All  by Directory.Read.All");
        assert_eq!(told[6], "Member.Read.Hidden     granted");
        let lost = "no last sign-in, which is read only with --sign-in-activity";
        assert_eq!(told[7], format!("AuditLog.Read.All      no                     {lost}"));
    }

    #[test]
    fn the_end_says_what_is_next() {
        let ok = || Check::ok(CheckId::Shapes, "");
        let warning = || Check::warning(CheckId::Clock, Problem::new("late").hint("Set it."));
        let failed = || Check::failed(CheckId::Token, Problem::new("no").hint("Create a new secret."));
        assert_eq!(summary(&[ok()]), "This works.");
        assert_eq!(summary(&[ok(), warning()]), "This works, 1 warning.");
        assert_eq!(
            summary(&[ok(), warning(), failed()]),
            "1 check failed, 1 warning, first \"Microsoft gives a token\". Next: Create a new secret."
        );
    }
}
