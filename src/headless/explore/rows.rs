//! Lists of objects and edges: `list`, `members`, `groups`. Asked for window by window, and written as they come.

use serde_json::{Map, Value, json};

use super::{
    Look, Stop, a_kind, another_answer, runs,
    table::{Form, Table},
    understood,
};
use crate::{
    cli::{self, Common, Listed, RowArgs},
    domain::{
        column::{Cell, Column},
        explore::{Answer, Question},
        kind::EntityKind,
        lines::Head,
        problem::Problem,
        sheet,
        text::{counted, grouped, visible},
        view::{List, Query, Row, Rows, Within},
    },
    explore::named::Named,
    headless::output::{Exit, Output},
    jobs::JobError,
};

/// How many rows are asked for at once.
const WINDOW: u64 = 2_000;

pub fn list(common: &Common, args: &cli::List) -> Result<Exit, Stop> {
    let look = Look::open(common, args.rows.at)?;
    match args.what.rows() {
        Some(list) => {
            let asked = Asked { list, within: Within::All, usual: usual(list), heading: None };
            rows(&look, &asked, &args.rows)
        }
        None => {
            refuse_for_rows(args.what, &args.rows)?;
            match args.what {
                Listed::Problems => runs::problems(&look, &args.rows),
                _ => runs::runs(&look, &args.rows),
            }
        }
    }
}

/// Runs and problems are lists of their own kind, in one order.
fn refuse_for_rows(what: Listed, args: &RowArgs) -> Result<(), JobError> {
    let flag = match (args.sort.as_slice(), args.columns.as_slice()) {
        ([], []) => return Ok(()),
        ([], _) => "--columns",
        _ => "--sort",
    };
    let (what, order) = match what {
        Listed::Problems => ("problems", "What is worst comes first"),
        _ => ("runs", "The newest comes first"),
    };
    Err(JobError::Unfit(Box::new(
        Problem::new(format!("list {what} takes no {flag}")).code("usage").hint(format!(
            "{order}; --filter and --limit choose, and --csv and --json tell all that is known of each."
        )),
    )))
}

pub fn members(common: &Common, args: &cli::Members) -> Result<Exit, Stop> {
    let look = Look::open(common, args.rows.at)?;
    let group = look.find(&args.group, &[EntityKind::Group, EntityKind::Account])?;
    let (within, usual, what): (_, &[Column], _) = if args.effective {
        (Within::AllMembersOf(group.id.clone()), &DEEP, "Effective members")
    } else {
        (Within::MembersOf(group.id.clone()), &DIRECT, "Direct members")
    };
    let heading = heading((what, "of", ""), &group, &look)?;
    rows(&look, &Asked { list: List::Edges, within, usual, heading: Some(heading) }, &args.rows)
}

pub fn groups(common: &Common, args: &cli::Groups) -> Result<Exit, Stop> {
    let look = Look::open(common, args.rows.at)?;
    let object = look.find(&args.object, &EntityKind::ALL)?;
    let (within, usual, what): (_, &[Column], _) = if args.effective {
        (Within::AllGroupsOf(object.id.clone()), &DEEP_GROUPS, " is in, directly or over others")
    } else {
        (Within::GroupsOf(object.id.clone()), &GROUPS, " is directly in")
    };
    let heading = heading(("Groups", "that", what), &object, &look)?;
    rows(&look, &Asked { list: List::Groups, within, usual, heading: Some(heading) }, &args.rows)
}

const DIRECT: [Column; 4] = [Column::Name, Column::Second, Column::Kind, Column::Id];
const DEEP: [Column; 5] = [Column::Name, Column::Second, Column::Kind, Column::Depth, Column::Id];
const GROUPS: [Column; 5] = [Column::Name, Column::Second, Column::Kind, Column::Members, Column::Id];
const DEEP_GROUPS: [Column; 6] =
    [Column::Name, Column::Second, Column::Kind, Column::Members, Column::Depth, Column::Id];

/// What people see of a list if they choose no columns.
const fn usual(list: List) -> &'static [Column] {
    match list {
        List::Accounts => &[Column::Name, Column::Second, Column::Id],
        List::Users => &[Column::Name, Column::Second, Column::Kind, Column::InGroups, Column::Id],
        List::Groups => &[Column::Name, Column::Kind, Column::Members, Column::State, Column::InGroups, Column::Id],
        List::Members => &[Column::Name, Column::Second, Column::Kind, Column::InGroups, Column::Id],
        List::Edges => &[Column::From, Column::Name, Column::Second, Column::Kind, Column::Id],
    }
}

/// A list that is asked for.
struct Asked<'a> {
    list: List,
    within: Within,
    /// The columns for people.
    usual: &'a [Column],
    /// What stands above it, where it is about one object.
    heading: Option<String>,
}

/// `Effective members of Finance (a group, security), run 3 of 2026-11-23 05:10 UTC`, and whether all are known.
fn heading((what, of, is): (&str, &str, &str), object: &Named, look: &Look) -> Result<String, JobError> {
    let kind = match object.label.as_str() {
        "" => a_kind(object.kind).to_owned(),
        label => format!("{}, {}", a_kind(object.kind), visible(label)),
    };
    let mut words = format!("{what} {of} {} ({kind}){is}, {}", visible(&object.name), look.words());
    let Answer::Detail(detail) = look.ask(Question::Detail(object.id.clone()))? else { return Err(another_answer()) };
    if let Some(state) = detail.and_then(|detail| detail.state) {
        words.push_str(&format!("\nNot all members of it are known: {}", state.as_str()));
    }
    Ok(words)
}

fn rows(look: &Look, asked: &Asked<'_>, args: &RowArgs) -> Result<Exit, Stop> {
    let form = Form::of(args.csv, args.json);
    let columns = match (args.columns.as_slice(), form) {
        ([], Form::Text) => asked.usual.to_vec(),
        // A program picks what it needs.
        ([], Form::Csv | Form::Json) => all_columns(asked),
        (chosen, _) => chosen.to_vec(),
    };
    let mut query = Query {
        within: asked.within.clone(),
        filter: args.filter.clone(),
        sort: args.sort.clone(),
        columns: columns.clone(),
        whole: true,
        ..Query::of(asked.list)
    };
    understood(&args.filter, asked.list.into())?;
    let limit = args.limit.unwrap_or(u64::MAX);
    let mut table = Table::new(form, columns.iter().map(|column| head(*column)).collect());
    let (mut written, mut total) = (0, 0);
    loop {
        query.limit = WINDOW.min(limit - written);
        let window = window(look, &query)?;
        if written == 0 {
            total = window.total;
            if let Some(words) = &asked.heading {
                table.heading(words)?;
            }
        }
        let count = window.rows.len() as u64;
        for row in &window.rows {
            table.row(&cells(row, &columns, form), || object(row, &columns))?;
        }
        written += count;
        query.offset += count;
        if count == 0 || written >= limit || query.offset >= total {
            break;
        }
    }
    table.end()?;
    let output = Output::new(args.json);
    if form != Form::Json {
        output.say(match written == total {
            true => counted(total, "row"),
            false => format!("{} of {}", grouped(written), counted(total, "row")),
        });
    }
    Ok(look.end(&output, |finished| {
        finished.set("total", json!(total));
        finished.set("rows", json!(written));
    }))
}

fn window(look: &Look, query: &Query) -> Result<Rows, JobError> {
    let Answer::Rows(rows) = look.ask(Question::Rows(query.clone()))? else { return Err(another_answer()) };
    Ok(rows)
}

fn all_columns(asked: &Asked<'_>) -> Vec<Column> {
    let mut columns = asked.usual.to_vec();
    columns.extend(Column::of(asked.list).iter().filter(|column| !asked.usual.contains(column)));
    if matches!(asked.within, Within::All) {
        columns.retain(|column| *column != Column::Depth);
    }
    columns
}

fn head(column: Column) -> Head {
    Head { word: column.word(), title: column.title(), is_number: column.is_number() }
}

/// The cells of a row in the order of the columns. For people a group in a cycle says so beside its kind.
fn cells(row: &Row, columns: &[Column], form: Form) -> Vec<Cell> {
    let mut cells = row.cells.clone();
    cells.resize(columns.len(), Cell::Empty);
    if row.in_cycle
        && form == Form::Text
        && let Some(at) = columns.iter().position(|column| *column == Column::Kind)
        && let Cell::Text(kind) = &mut cells[at]
    {
        kind.push_str(", in a cycle");
    }
    cells
}

/// A row as programs get it.
fn object(row: &Row, columns: &[Column]) -> Value {
    let mut object: Map<String, Value> =
        columns.iter().zip(&row.cells).map(|(column, cell)| (column.word().to_owned(), sheet::value(cell))).collect();
    object.insert("event".to_owned(), json!("row"));
    object.insert("id".to_owned(), json!(row.id));
    object.insert("type".to_owned(), json!(row.kind));
    if row.kind == EntityKind::Group {
        object.insert("in_cycle".to_owned(), json!(row.in_cycle));
        object.insert("incomplete".to_owned(), json!(row.state));
    }
    if let Some(edge) = &row.edge {
        object.insert("from_id".to_owned(), json!(edge.from_id));
        object.insert("from".to_owned(), json!(edge.from_name));
        object.insert("edge".to_owned(), json!(edge.edge_type));
        object.insert("mapped".to_owned(), json!(edge.mapped));
    }
    Value::Object(object)
}
