//! `tenantry list runs` and `list problems`.

use serde_json::{Value, json};

use super::{
    Look, Stop, another_answer,
    table::{Form, Head, Table},
    understood,
};
use crate::{
    cli::RowArgs,
    domain::{
        column::Cell,
        explore::{Answer, Finding, Question, Severity},
        filter::Scope,
        text::{counted, grouped, visible},
        view::RunInfo,
    },
    headless::output::{Exit, Output},
    jobs,
};

const fn text(word: &'static str, title: &'static str) -> Head {
    Head { word, title, is_number: false }
}

const fn number(word: &'static str, title: &'static str) -> Head {
    Head { word, title, is_number: true }
}

pub fn runs(look: &Look, args: &RowArgs) -> Result<Exit, Stop> {
    let Answer::Runs(mut all) = look.ask(Question::Runs)? else { return Err(another_answer().into()) };
    let filter = understood(&args.filter, Scope::Runs)?;
    all.retain(|run| filter.matches(run));
    all.iter_mut().for_each(|run| jobs::accepted_here(run, &look.settings));
    let heads = vec![
        number("run", "run"),
        text("started_at", "began"),
        text("finished_at", "ended"),
        text("kind", "reads"),
        text("status", "status"),
        number("gaps", "gaps"),
        number("requests", "requests"),
        number("resource_units", "units"),
    ];
    let row = |run: &RunInfo| {
        vec![
            Cell::Number(run.id.0.unsigned_abs()),
            Cell::Time(run.started_at),
            run.finished_at.map_or(Cell::Empty, Cell::Time),
            Cell::Text(run.kind.as_str().to_owned()),
            Cell::Text(run.status.as_str().to_owned()),
            Cell::Number(run.open_gaps()),
            Cell::Number(run.requests),
            Cell::Number(run.resource_units),
        ]
    };
    write(look, args, heads, &all, row, |run| named("run", json!(run)))
}

pub fn problems(look: &Look, args: &RowArgs) -> Result<Exit, Stop> {
    let filter = understood(&args.filter, Scope::Problems)?;
    let mut all = jobs::problems(&look.settings, look.run.id)?;
    all.retain(|finding| filter.matches(finding));
    if Form::of(args.csv, args.json) == Form::Text {
        return in_words(look, args, &all);
    }
    let heads = ["severity", "about", "id", "what", "means", "next", "code", "request_id"].map(|word| text(word, word));
    let row = |finding: &Finding| {
        let some = |text: &Option<String>| text.clone().map_or(Cell::Empty, Cell::Text);
        vec![
            Cell::Text(severity(finding.severity).to_owned()),
            Cell::Text(finding.about.clone()),
            some(&finding.id),
            Cell::Text(finding.what.clone()),
            Cell::Text(finding.means.clone()),
            Cell::Text(finding.next.clone()),
            some(&finding.code),
            some(&finding.request_id),
        ]
    };
    write(look, args, heads.to_vec(), &all, row, |finding| named("problem", json!(finding)))
}

/// Sentences do not fit into columns: each problem is a paragraph.
fn in_words(look: &Look, args: &RowArgs, all: &[Finding]) -> Result<Exit, Stop> {
    let mut table = Table::new(Form::Text, Vec::new());
    let limit = args.limit.unwrap_or(u64::MAX);
    for (_, finding) in (0..limit).zip(all) {
        table.heading(&paragraph(finding))?;
    }
    table.end()?;
    Ok(end(look, args, all.len() as u64))
}

fn paragraph(finding: &Finding) -> String {
    let mut lines = vec![format!("{}: {}", severity(finding.severity), visible(&finding.about))];
    for (word, words) in [("", &finding.what), ("means: ", &finding.means), ("next:  ", &finding.next)] {
        if !words.is_empty() {
            lines.push(format!("  {word}{}", visible(words)));
        }
    }
    lines.join("\n")
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Degraded => "degraded",
        Severity::Accepted => "accepted",
        Severity::Incomplete => "incomplete",
        Severity::Failed => "failed",
    }
}

fn write<T>(
    look: &Look,
    args: &RowArgs,
    heads: Vec<Head>,
    all: &[T],
    cells: impl Fn(&T) -> Vec<Cell>,
    object: impl Fn(&T) -> Value,
) -> Result<Exit, Stop> {
    let mut table = Table::new(Form::of(args.csv, args.json), heads);
    for (_, one) in (0..args.limit.unwrap_or(u64::MAX)).zip(all) {
        table.row(&cells(one), || object(one))?;
    }
    table.end()?;
    Ok(end(look, args, all.len() as u64))
}

fn end(look: &Look, args: &RowArgs, total: u64) -> Exit {
    let output = Output::new(args.json);
    let rows = total.min(args.limit.unwrap_or(u64::MAX));
    if !args.json {
        output.say(match rows == total {
            true => counted(total, "row"),
            false => format!("{} of {}", grouped(rows), counted(total, "row")),
        });
    }
    look.end(&output, |finished| {
        finished.set("total", json!(total));
        finished.set("rows", json!(rows));
    })
}

/// An object that says what it is.
fn named(event: &str, mut object: Value) -> Value {
    object["event"] = json!(event);
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_a_paragraph() {
        let finding = Finding {
            severity: Severity::Incomplete,
            about: "the members of Fin\x1bance".to_owned(),
            id: None,
            what: "403 Authorization_RequestDenied, request 7c1a".to_owned(),
            means: "its last known members are kept".to_owned(),
            next: String::new(),
            code: None,
            request_id: None,
            again: None,
        };
        assert_eq!(
            paragraph(&finding),
            "incomplete: the members of Fin␛ance\n  403 Authorization_RequestDenied, request 7c1a\n  \
             means: its last known members are kept"
        );
    }
}
