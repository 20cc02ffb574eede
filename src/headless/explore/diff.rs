//! `tenantry diff`: what came, went or changed between two runs.

use serde_json::{Value, json};

use super::{
    Look, Stop, another_answer, fields_words, run_words,
    table::{Form, Table},
    understood,
};
use crate::{
    cli::{self, At, Common, DiffOnly},
    domain::{
        column::Cell,
        explore::{Answer, Change, DiffPart, DiffQuery, DiffRow, DiffRows, Question},
        filter::Scope,
        ids::RunId,
        lines::{Head, Lined},
        problem::Problem,
        text::{counted, grouped},
        view::RunInfo,
    },
    headless::output::{Exit, Output},
    jobs::{self, JobError},
};

/// How many rows are asked for at once.
const WINDOW: u64 = 2_000;

pub fn diff(common: &Common, args: &cli::Diff) -> Result<Exit, Stop> {
    let look = Look::open(common, At::default())?;
    let all = jobs::runs(&look.settings)?;
    let (since, until) = pair(&all, &args.runs).map_err(|problem| JobError::Unfit(Box::new(problem)))?;
    let look = Look { run: until, ..look };
    understood(&args.filter, Scope::Changes)?;
    let limit = args.limit.unwrap_or(u64::MAX);
    let mut query = DiffQuery {
        only: args.only.map(|only| match only {
            DiffOnly::Objects => DiffPart::Objects,
            DiffOnly::Memberships => DiffPart::Memberships,
        }),
        filter: args.filter.clone(),
        offset: 0,
        limit: 0,
    };
    let form = Form::of(args.csv, args.output.json);
    // What spreadsheets get, the program's lists write too; people read the change with its sign.
    let (heads, cells): (_, fn(&DiffRow) -> Vec<Cell>) = match form {
        Form::Csv => (DiffRow::HEADS.to_vec(), Lined::cells),
        Form::Text | Form::Json => (heads(), cells),
    };
    let mut table = Table::new(form, heads);
    let mut written = 0;
    let rows = loop {
        query.limit = WINDOW.min(limit - written);
        let rows = window(&look, since.id, &query)?;
        if written == 0 {
            table.heading(&heading(&rows, &since, &look.run))?;
        }
        for row in &rows.rows {
            table.row(&cells(row), || object(row))?;
        }
        let count = rows.rows.len() as u64;
        written += count;
        query.offset += count;
        if count == 0 || written >= limit || query.offset >= rows.total {
            break rows;
        }
    };
    table.end()?;
    let output = Output::new(args.output.json);
    if form != Form::Json {
        output.say(match written == rows.total {
            true => counted(written, "difference"),
            false => format!("{} of {}", grouped(written), counted(rows.total, "difference")),
        });
    }
    let exit = look.end(&output, |finished| {
        finished.set("since", json!(since.id));
        finished.set("totals", json!(rows.totals));
        finished.set("total", json!(rows.total));
        finished.set("rows", json!(written));
    });
    // What the earlier run lacked may look as if it had come.
    let lacked = super::lacks(&since);
    lacked.iter().for_each(|line| output.say(line));
    Ok(if lacked.is_empty() { exit } else { exit.or(Exit::Gaps) })
}

/// The two runs that are compared, the earlier first.
fn pair(all: &[RunInfo], asked: &[RunId]) -> Result<(RunInfo, RunInfo), Problem> {
    let mut finished = all.iter().filter(|run| run.status.is_finished()).map(|run| run.id);
    let ids = match asked {
        [one, two, ..] => [*one, *two],
        [one] => match finished.next() {
            Some(newest) => [*one, newest],
            None => return Err(too_few()),
        },
        [] => match (finished.next(), finished.next()) {
            (Some(newest), Some(before)) => [before, newest],
            _ => return Err(too_few()),
        },
    };
    let run = |id: RunId| {
        all.iter().find(|run| run.id == id).cloned().ok_or_else(|| {
            Problem::new(format!("the store holds no run {id}"))
                .code("no_such_run")
                .hint("tenantry list runs tells which it holds. Older ones are forgotten (collect --keep).")
        })
    };
    let (one, two) = (run(ids[0])?, run(ids[1])?);
    if one.id == two.id {
        return Err(Problem::new(format!("{} does not differ from itself", run_words(&one)))
            .code("usage")
            .hint("Name another run; tenantry list runs tells which there are."));
    }
    Ok(if one.id < two.id { (one, two) } else { (two, one) })
}

fn too_few() -> Problem {
    Problem::new("there are no two finished runs to compare")
        .code("no_run")
        .hint("Run `tenantry collect` again, and let it finish.")
}

fn window(look: &Look, since: RunId, query: &DiffQuery) -> Result<DiffRows, JobError> {
    let Answer::Diff(rows) = look.ask(Question::Diff { since, query: query.clone() })? else {
        return Err(another_answer());
    };
    Ok(*rows)
}

fn heading(rows: &DiffRows, since: &RunInfo, until: &RunInfo) -> String {
    let mut lines = vec![format!("From {} to {}", run_words(since), run_words(until)), String::new()];
    lines.push(format!("{:<48} {:>9} {:>9} {:>9}", "", "came", "changed", "went"));
    for (name, [came, changed, went]) in rows.totals.iter().filter(|(_, counts)| counts.iter().any(|n| *n > 0)) {
        lines.push(format!("{name:<48} {came:>9} {changed:>9} {went:>9}"));
    }
    if rows.totals.values().flatten().all(|n| *n == 0) {
        lines.push("Nothing is different.".to_owned());
    }
    lines.join("\n")
}

fn heads() -> Vec<Head> {
    ["change", "from", "name", "login", "kind", "id", "what"]
        .map(|word| Head { word, title: if word == "what" { "what is different" } else { word }, is_number: false })
        .to_vec()
}

fn cells(row: &DiffRow) -> Vec<Cell> {
    let from = row.edge.as_ref().map_or(Cell::Empty, |edge| Cell::Text(edge.from_name.clone()));
    vec![
        Cell::Text(sign(row.change).to_owned()),
        from,
        Cell::Text(row.name.clone()),
        Cell::Text(row.second.clone()),
        Cell::Text(row.label.clone()),
        Cell::Text(row.id.clone()),
        Cell::Text(fields_words(&row.fields)),
    ]
}

const fn sign(change: Change) -> &'static str {
    match change {
        Change::Came => "+ came",
        Change::Changed => "~ changed",
        Change::Went => "- went",
    }
}

/// A difference as programs get it, with the words that rows of lists have.
fn object(row: &DiffRow) -> Value {
    let mut object = json!({
        "event": "object",
        "change": row.change,
        "id": row.id,
        "type": row.kind,
        "name": row.name,
        "login": row.second,
        "kind": row.label,
        "fields": row.fields,
    });
    if let Some(edge) = &row.edge {
        object["event"] = json!("membership");
        object["from_id"] = json!(edge.from_id);
        object["from"] = json!(edge.from_name);
        object["edge"] = json!(edge.edge_type);
        object["mapped"] = json!(edge.mapped);
    }
    object
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::{completeness::RunStatus, explore::FieldChange, kind::EntityKind, reading::RunKind};

    fn run(id: i64, status: RunStatus) -> RunInfo {
        RunInfo {
            id: RunId(id),
            status,
            kind: RunKind::Full,
            started_at: Timestamp::UNIX_EPOCH,
            finished_at: None,
            gaps: Vec::new(),
            requests: 0,
            resource_units: 0,
            seconds: 0.0,
            last_full: None,
            service_principals_as_of: None,
        }
    }

    #[test]
    fn two_runs_are_chosen() {
        let all = [
            run(5, RunStatus::Running),
            run(4, RunStatus::Partial),
            run(3, RunStatus::Interrupted),
            run(2, RunStatus::Complete),
            run(1, RunStatus::Complete),
        ];
        let check = |all: &[RunInfo], asked: &[i64], want: Result<(i64, i64), &str>| {
            let asked: Vec<_> = asked.iter().copied().map(RunId).collect();
            let got = pair(all, &asked).map(|(one, two)| (one.id.0, two.id.0)).map_err(|p| p.code.unwrap());
            assert_eq!(got, want.map_err(str::to_owned), "{asked:?}");
        };
        check(&all, &[], Ok((2, 4)));
        check(&all, &[1], Ok((1, 4)));
        check(&all, &[1, 2], Ok((1, 2)));
        check(&all, &[5, 3], Ok((3, 5)));
        check(&all, &[4], Err("usage"));
        check(&all, &[7], Err("no_such_run"));
        check(&all[..2], &[], Err("no_run"));
        check(&all[..1], &[5], Err("no_run"));
    }

    #[test]
    fn a_change_says_what_is_different() {
        let row = DiffRow {
            change: Change::Changed,
            id: "u1".to_owned(),
            kind: EntityKind::User,
            name: "Ada".to_owned(),
            second: "ada@x".to_owned(),
            label: "member".to_owned(),
            edge: None,
            fields: vec![FieldChange {
                field: "jobTitle".to_owned(),
                before: Value::Null,
                now: json!("Chief\u{202e}"),
            }],
        };
        let cells: Vec<_> = cells(&row).iter().map(super::super::table::words).collect();
        assert_eq!(cells.join("|"), "~ changed||Ada|ada@x|member|u1|Job title: nothing → Chief‹U+202E›");
        assert_eq!((&object(&row)["event"], &object(&row)["change"]), (&json!("object"), &json!("changed")));
    }
}
