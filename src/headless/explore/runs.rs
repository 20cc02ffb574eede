//! `tenantry list runs` and `list problems`.

use serde_json::{Value, json};

use super::{
    Look, Stop, another_answer,
    table::{Form, Table},
    understood,
};
use crate::{
    cli::RowArgs,
    domain::{
        explore::{Answer, Finding, Question},
        filter::Scope,
        lines::Lined,
        text::{counted, grouped, visible},
    },
    headless::output::{Exit, Output},
    jobs,
};

pub fn runs(look: &Look, args: &RowArgs) -> Result<Exit, Stop> {
    let Answer::Runs(mut all) = look.ask(Question::Runs)? else { return Err(another_answer().into()) };
    let filter = understood(&args.filter, Scope::Runs)?;
    all.retain(|run| filter.matches(run));
    all.iter_mut().for_each(|run| jobs::accepted_here(run, &look.settings));
    write(look, args, &all, |run| named("run", json!(run)))
}

pub fn problems(look: &Look, args: &RowArgs) -> Result<Exit, Stop> {
    let filter = understood(&args.filter, Scope::Problems)?;
    let mut all = jobs::problems(&look.settings, look.run.id)?;
    all.retain(|finding| filter.matches(finding));
    if Form::of(args.csv, args.json) == Form::Text {
        return in_words(look, args, &all);
    }
    write(look, args, &all, |finding| named("problem", json!(finding)))
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
    let mut lines = vec![format!("{}: {}", finding.severity.as_str(), visible(&finding.about))];
    for (word, words) in [("", &finding.what), ("means: ", &finding.means), ("next:  ", &finding.next)] {
        if !words.is_empty() {
            lines.push(format!("  {word}{}", visible(words)));
        }
    }
    lines.join("\n")
}

fn write<T: Lined>(look: &Look, args: &RowArgs, all: &[T], object: impl Fn(&T) -> Value) -> Result<Exit, Stop> {
    let mut table = Table::new(Form::of(args.csv, args.json), T::HEADS.to_vec());
    for (_, one) in (0..args.limit.unwrap_or(u64::MAX)).zip(all) {
        table.row(&one.cells(), || object(one))?;
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
    use crate::domain::explore::Severity;

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
