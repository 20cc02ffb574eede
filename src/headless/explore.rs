//! `tenantry list`, `show`, `members`, `groups`, `why`, `tree`, `diff`: what the browser answers, as text for a ticket, as CSV and
//! as JSON lines. Makes no request, and needs no secret.
//!
//! What was asked for goes to standard output; what is to be known of it (that the run is not whole) to standard error,
//! and into the last JSON line.

mod diff;
mod object;
mod rows;
mod runs;
mod table;
mod tree;
mod why;

use std::io;

use serde_json::{Value, json};

use super::{
    output::{Exit, Finished, Output, day, incomplete},
    session::Session,
};
use crate::{
    cli::{self, At, Common},
    domain::{
        completeness::RunStatus,
        explore::{Answer, FieldChange, Question},
        filter::{Filter, Scope, parse},
        kind::EntityKind,
        naming::Naming,
        portrait::label,
        problem::Problem,
        text::{counted, visible},
        view::RunInfo,
    },
    explore::{
        Explorer,
        named::{Meant, Named, named},
        stop,
    },
    jobs::{self, JobError},
    profile::{Settings, TenantRef},
    store::Reader,
};

pub fn list(common: &Common, args: &cli::List) -> Exit {
    ended(rows::list(common, args), args.rows.json)
}

pub fn show(common: &Common, args: &cli::Show) -> Exit {
    ended(object::show(common, args), args.output.json)
}

pub fn members(common: &Common, args: &cli::Members) -> Exit {
    ended(rows::members(common, args), args.rows.json)
}

pub fn groups(common: &Common, args: &cli::Groups) -> Exit {
    ended(rows::groups(common, args), args.rows.json)
}

pub fn why(common: &Common, args: &cli::Why) -> Exit {
    ended(why::why(common, args), args.output.json)
}

pub fn tree(common: &Common, args: &cli::Tree) -> Exit {
    ended(tree::tree(common, args), args.output.json)
}

pub fn diff(common: &Common, args: &cli::Diff) -> Exit {
    ended(diff::diff(common, args), args.output.json)
}

fn ended(result: Result<Exit, Stop>, json: bool) -> Exit {
    match result {
        Ok(exit) => exit,
        Err(Stop::Job(error)) => Output::new(json).fail(&error),
        // Whoever reads has seen enough: `tenantry list users | head`.
        Err(Stop::Gone) => Exit::Done,
    }
}

/// Why a command ends early.
enum Stop {
    Job(JobError),
    /// Nobody reads standard output any more.
    Gone,
}

impl From<JobError> for Stop {
    fn from(error: JobError) -> Self {
        Self::Job(error)
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Gone,
            _ => Self::Job(JobError::Failed(Box::new(
                Problem::new(format!("standard output cannot be written: {error}"))
                    .hint("Is there room where it goes?"),
            ))),
        }
    }
}

/// A run that is looked at.
struct Look {
    settings: Settings,
    explorer: Explorer,
    reader: Reader,
    run: RunInfo,
}

impl Look {
    fn open(common: &Common, at: At) -> Result<Self, JobError> {
        let mut settings = Session::open(common)?.settings;
        settings.run = at.run;
        let run = jobs::looked_at(&settings)?;
        let tenant = settings.tenant.as_ref().and_then(TenantRef::id).cloned();
        let explorer = Explorer::new(settings.store()?.clone(), tenant, settings.names_so_far());
        Ok(Self { reader: jobs::open(&settings)?, explorer, settings, run })
    }

    fn ask(&self, question: Question) -> Result<Answer, JobError> {
        self.explorer
            .ask(self.run.id, question, &stop::Stop::default())
            .map_err(|error| JobError::Failed(Box::new(error.problem())))
    }

    /// The one object that a text means, of one of these kinds.
    fn find(&self, text: &str, kinds: &[EntityKind]) -> Result<Named, JobError> {
        let meant = named(&self.reader, self.run.id, text)?;
        one(meant, text, kinds, &self.run).map_err(|problem| JobError::Unfit(Box::new(problem)))
    }

    fn naming(&self) -> Naming {
        self.settings.naming()
    }

    /// `run 3 of 2026-11-23 05:10 UTC`.
    fn words(&self) -> String {
        run_words(&self.run)
    }

    /// The end of a command: the last JSON line, and what the run lacks in words.
    fn end(&self, output: &Output, extra: impl FnOnce(&mut Finished)) -> Exit {
        let mut finished = Finished::new(self.run.status.as_str());
        finished.set("run", json!(self.run.id));
        finished.set("incomplete", json!(incomplete(&self.run.gaps)));
        extra(&mut finished);
        finished.emit(output);
        let lacks = lacks(&self.run);
        for line in &lacks {
            output.say(line);
        }
        if lacks.is_empty() { Exit::Done } else { Exit::Gaps }
    }
}

fn run_words(run: &RunInfo) -> String {
    format!("run {} of {}", run.id, day(run.started_at))
}

fn capital(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// What a run does not hold, in words; nothing where it is whole, or lacks only what the profile accepts.
fn lacks(run: &RunInfo) -> Vec<String> {
    let mut lines = Vec::new();
    let words = run_words(run);
    match run.status {
        RunStatus::Complete | RunStatus::Partial => {}
        RunStatus::Running => lines.push(format!("incomplete: {words} is still being read")),
        RunStatus::Interrupted | RunStatus::Failed => {
            lines.push(format!("incomplete: {words} never finished: what it did not come to is missing"));
        }
        RunStatus::Scoped => {
            lines.push(format!("incomplete: {words} is a selection: the rest of the tenant is not in it"))
        }
    }
    if run.open_gaps() > 0 {
        lines.push(format!(
            "incomplete: {words} has {} that nobody accepted; tenantry list problems tells them",
            counted(run.open_gaps(), "gap")
        ));
    }
    lines
}

/// The one that is meant, or why it is none.
fn one(meant: Meant, text: &str, kinds: &[EntityKind], run: &RunInfo) -> Result<Named, Problem> {
    let asked = visible(text.trim()).into_owned();
    match meant {
        Meant::One(one) if kinds.contains(&one.kind) => Ok(one),
        Meant::One(one) => {
            Err(Problem::new(format!("{} is {}, and has no members", visible(&one.name), a_kind(one.kind)))
                .code("no_group")
                .hint("tenantry groups lists the groups that something is in."))
        }
        Meant::Several(all) => {
            let (mut fit, others): (Vec<Named>, Vec<Named>) =
                all.into_iter().partition(|one| kinds.contains(&one.kind));
            match (fit.len(), fit.pop()) {
                (1, Some(one)) => Ok(one),
                (0, _) => Err(ambiguous(&asked, &others)),
                (_, last) => {
                    fit.extend(last);
                    Err(ambiguous(&asked, &fit))
                }
            }
        }
        Meant::Nothing(similar) => {
            let mut problem = Problem::new(format!("nothing is called {asked} in {}", run_words(run)))
                .code("no_such_object")
                .hint("Give an object ID, a login name, a mail address or the whole name; tenantry list … --filter finds them.");
            if !similar.is_empty() {
                problem.message = Some(format!("These contain it:\n{}", candidates(&similar)));
            }
            Err(problem)
        }
    }
}

fn ambiguous(asked: &str, all: &[Named]) -> Problem {
    let mut problem = Problem::new(format!("{} are called {asked}", counted(all.len() as u64, "object")))
        .code("ambiguous")
        .hint("Name the one that is meant by its object ID, which stands last.");
    problem.message = Some(candidates(all));
    problem
}

/// How many candidates are told.
const TOLD: usize = 20;

fn candidates(all: &[Named]) -> String {
    let mut lines: Vec<String> = all
        .iter()
        .take(TOLD)
        .map(|one| {
            [a_kind(one.kind), one.name.as_str(), one.second.as_str(), one.label.as_str(), one.id.as_str()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join("  ")
        })
        .collect();
    if all.len() > TOLD {
        lines.push(format!("and {} more", all.len() - TOLD));
    }
    lines.join("\n")
}

const fn a_kind(kind: EntityKind) -> &'static str {
    match kind {
        EntityKind::Account => "the account",
        EntityKind::User => "a user",
        EntityKind::Group => "a group",
        EntityKind::Member => "a group member",
    }
}

/// What is different, each field with what it was and what it is: `Department: Sales → Finance; Enabled: true → false`.
fn fields_words(fields: &[FieldChange]) -> String {
    let words = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => visible(text).into_owned(),
        other => visible(&other.to_string()).into_owned(),
    };
    let one = |field: &FieldChange| {
        format!("{}: {} → {}", visible(&label(&field.field)), words(&field.before), words(&field.now))
    };
    fields.iter().map(one).collect::<Vec<_>>().join("; ")
}

/// A filter, if all of it is understood. On a screen what is wrong is said while somebody types; a script would take the
/// wrong rows for the right ones.
fn understood(text: &str, scope: Scope) -> Result<Filter, JobError> {
    let (filter, complaints) = parse(text, scope);
    if complaints.is_empty() {
        return Ok(filter);
    }
    let wrong: Vec<_> = complaints.iter().map(|complaint| visible(&complaint.wrong)).collect();
    Err(JobError::Unfit(Box::new(
        Problem::new(format!("the filter is not understood: {}", wrong.join("; ")))
            .code("filter")
            .hint("Quotes make text of it: --filter '\"type:x\"'."),
    )))
}

/// An answer to another question: cannot be, and is no reason to panic.
fn another_answer() -> JobError {
    JobError::Failed(Box::new(
        Problem::new("the store answered another question").hint("This is a bug: please report it."),
    ))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::{
        completeness::{Gap, GapScope, State},
        ids::RunId,
        reading::RunKind,
    };

    fn run(status: RunStatus, gaps: &[bool]) -> RunInfo {
        let gap = |accepted: &bool| Gap {
            scope: GapScope::Group,
            id: "g".to_owned(),
            name: "G".to_owned(),
            state: State::Hidden,
            code: None,
            request_id: None,
            accepted: *accepted,
            stale_since: None,
        };
        RunInfo {
            id: RunId(3),
            status,
            kind: RunKind::Full,
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: None,
            gaps: gaps.iter().map(gap).collect(),
            requests: 0,
            resource_units: 0,
            seconds: 0.0,
            last_full: None,
            service_principals_as_of: None,
        }
    }

    #[test]
    fn what_is_not_whole_is_said() {
        let check = |status, gaps: &[bool], want: &[&str]| {
            let lines = lacks(&run(status, gaps));
            assert_eq!(lines.len(), want.len(), "{lines:?}");
            assert!(lines.iter().zip(want).all(|(line, words)| line.contains(words)), "{lines:?}");
        };
        check(RunStatus::Complete, &[], &[]);
        check(RunStatus::Partial, &[true], &[]);
        check(RunStatus::Partial, &[true, false], &["1 gap that nobody accepted"]);
        check(RunStatus::Running, &[], &["still being read"]);
        check(RunStatus::Interrupted, &[false, false], &["never finished", "2 gaps"]);
        check(RunStatus::Scoped, &[], &["selection"]);
    }

    #[test]
    fn what_a_filter_cannot_mean_is_refused_and_not_searched_for() {
        let check = |text: &str, scope, want: Result<usize, &str>| match (understood(text, scope), want) {
            (Ok(filter), Ok(terms)) => assert_eq!(filter.terms.len(), terms),
            (Err(JobError::Unfit(problem)), Err(words)) => {
                assert_eq!(problem.summary, format!("the filter is not understood: {words}"));
                assert!(!problem.summary.contains("searched"), "{}", problem.summary);
            }
            (got, want) => panic!("{text}: {got:?} is not {want:?}"),
        };
        check("ada type:guest", Scope::Users, Ok(2));
        check("typ:guest x", Scope::Users, Err("no field is called typ: is type: meant?"));
        check("partial", Scope::Runs, Ok(1));
        check("members:>5", Scope::Runs, Err("members: says nothing about runs: no row has it."));
        check("severity:failed board", Scope::Problems, Ok(2));
    }

    #[test]
    fn one_object_is_meant_or_none() {
        let named = |kind, id: &str| Named {
            id: id.to_owned(),
            kind,
            name: "Fin\x1bance".to_owned(),
            second: String::new(),
            label: "security".to_owned(),
        };
        let (user, group) = (|| named(EntityKind::User, "u1"), |id| named(EntityKind::Group, id));
        let check = |meant: Meant, kinds: &[EntityKind], want: Result<&str, (&str, &[&str])>| {
            let got = one(meant, "Finance", kinds, &run(RunStatus::Complete, &[]));
            match (got, want) {
                (Ok(one), Ok(id)) => assert_eq!(one.id, id),
                (Err(problem), Err((code, parts))) => {
                    assert_eq!(problem.code.as_deref(), Some(code));
                    let text = format!("{} {}", problem.summary, problem.message.unwrap_or_default());
                    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
                }
                (got, want) => panic!("{got:?} is not {want:?}"),
            }
        };
        let groups = &[EntityKind::Group, EntityKind::Account];
        check(Meant::One(group("g1")), groups, Ok("g1"));
        check(Meant::One(user()), groups, Err(("no_group", &["is a user"])));
        check(Meant::Several(vec![user(), group("g1")]), groups, Ok("g1"));
        check(
            Meant::Several(vec![user(), group("g1")]),
            &EntityKind::ALL,
            Err(("ambiguous", &["u1", "g1", "2 objects"])),
        );
        check(Meant::Several(vec![user(), user()]), groups, Err(("ambiguous", &["2 objects"])));
        check(
            Meant::Several(vec![user(), group("g1"), group("g2")]),
            groups,
            Err(("ambiguous", &["g1", "g2", "2 obj"])),
        );
        check(Meant::Nothing(vec![group("g9")]), groups, Err(("no_such_object", &["run 3", "contain it", "g9"])));
        check(Meant::Nothing(Vec::new()), groups, Err(("no_such_object", &["nothing is called Finance"])));
    }
}
