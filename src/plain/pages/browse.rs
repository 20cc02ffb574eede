//! The browser: a page of a list's rows, an object with what its face says, the ways into a group. What a row holds is
//! told by its cells, so that any list is said alike.

use super::{
    super::{
        choices,
        page::{Part, Rows},
        words::{Lines, spoken},
    },
    items,
};
use crate::{
    app::{
        Model, Step,
        browse::{self, Asked, Face, Item, Pane, Shape, Shows, columns::Layout, copy},
    },
    domain::{
        lineage,
        near::tree,
        text::{counted, grouped},
        view::Pending,
    },
};

pub fn part(model: &Model) -> Part {
    let browse = &model.browse;
    let trail: Vec<&str> = std::iter::once(&browse.root().title)
        .chain(browse.trail.iter().map(|v| &v.title))
        .map(String::as_str)
        .collect();
    let face = browse.open().map(|open| format!(", {}", open.face.title())).unwrap_or_default();
    let mut part = Part::titled(format!("Step 3 of 5, {}: {}{face}", Step::Browse.title(), trail.join(", then ")));
    if browse.run.is_none() {
        part.lines.say("TO DO: nothing has been read yet. Read the directory first.");
        model.trouble.iter().for_each(|problem| part.lines.failed(problem));
        return part;
    }
    if let Some(banner) = browse::banner(model) {
        part.lines.say(format!("INCOMPLETE: {banner}"));
    }
    let view = browse.view();
    if let Some(problem) = view.problem.as_deref().or(browse.problem.as_deref()) {
        part.lines.failed(problem);
    }
    match &view.shows {
        Shows::Object(open) => object(model, open.face, &mut part.lines),
        Shows::Why(reasons) => why(reasons, &mut part),
        Shows::Near(around) => near(around, &mut part),
        Shows::One(item, _) => match &**item {
            Item::Finding(finding) => items::finding_in_full(finding, &mut part.lines),
            Item::Request(_, request) => items::request_in_full(request, &model.zone, &mut part.lines),
            item => copy::cells(model, item).into_iter().for_each(|(name, value)| part.lines.fact(name, value)),
        },
        _ => list(model, &mut part),
    }
    part
}

fn list(model: &Model, part: &mut Part) {
    let view = model.browse.view();
    let window = &view.window;
    if let Shows::Pick(pick) = &view.shows {
        part.lines.say(pick.title());
    }
    if !view.filter_text().is_empty() {
        part.lines.fact("Filter", view.filter_text());
    }
    if let Some(complaint) = &view.complaint {
        part.lines.say(format!("FAILED: {complaint}"));
    }
    match view.pending {
        Some(Pending::Loading) => {
            part.lines.say("The directory is being loaded; rows are by name, and not filtered yet.")
        }
        Some(Pending::Sorting) => part.lines.say("Sorting; rows are in the order of before."),
        Some(Pending::Filtering) => part.lines.say("Filtering; there may be more rows."),
        None => {}
    }
    if model.browse.filtering {
        part.field = Some(match &view.shows {
            Shows::Pick(_) => "Type words to find it, or choose its number.".to_owned(),
            _ => "Type what the rows are to hold.".to_owned(),
        });
    }
    let Some(total) = window.total else { return part.lines.say("One moment: reading rows.") };
    if total == 0 {
        return part.lines.say(match &view.shows {
            _ if !view.filter_text().is_empty() => "No rows that the filter leaves.",
            Shows::Changes(_) => "No rows: nothing is different, or there is no earlier run to compare with.",
            _ => "No rows.",
        });
    }
    let first = window.top;
    let items = (first..total).take(usize::try_from(browse::page(model)).unwrap_or(20)).map_while(|n| window.row(n));
    part.rows = items.map(|item| row(model, item)).collect();
    part.kind = Rows::List { first };
    let last = first + part.rows.len() as u64;
    match &view.shows {
        Shows::Requests(_) => part.lines.say(items::REQUESTS),
        Shows::Problems => part.lines.say(items::PROBLEMS),
        _ => {}
    }
    // What can be done with a row hangs on the row: of a list of objects, and of one of problems, all is named.
    let here: Vec<&str> =
        choices::all(model).iter().filter(|c| choices::is_of_a_row(c.action)).map(|c| c.word).collect();
    let words: &[&str] = match &view.shows {
        Shows::Pick(_) => &[],
        Shows::Problems => &["read-again", "copy"],
        Shows::Requests(_) | Shows::Planned(_) => &["copy"],
        Shows::Runs => &["requests", "compare", "copy"],
        _ if here.iter().any(|word| ["members", "groups"].contains(word)) => &["members", "groups", "why", "copy"],
        _ => &[],
    };
    if let [first, ..] = words {
        let example = if words.contains(&"groups") { "groups" } else { first };
        part.lines.say(format!(
            "A row's number opens it. With a word behind the number: {}. Such as 1 {example}.",
            words.join(", ")
        ));
    }
    part.about_rows = Some(format!("Rows {} to {} of {}:", grouped(first + 1), grouped(last), grouped(total)));
}

/// `Ada Lovelace, ada@contoso.com, member, in groups 4`.
fn row(model: &Model, item: &Item) -> String {
    match item {
        Item::Finding(finding) => return items::finding(finding),
        Item::Request(number, request) => {
            return format!("request {}: {}", grouped(*number), items::request(request, &model.zone));
        }
        _ => {}
    }
    let mut out = Vec::new();
    for (name, value) in copy::cells(model, item) {
        // What says itself needs no label.
        let bare = matches!(
            name,
            "will" | "name" | "login or mail" | "kind" | "change" | "what" | "about" | "means" | "status"
        );
        if !value.is_empty() {
            out.push(if bare { value } else { format!("{name} {value}") });
        }
    }
    if let Item::Row(row) = item {
        if let Some(state) = row.state {
            out.push(format!("INCOMPLETE: members {}", state.as_str()));
        }
        if row.in_cycle {
            out.push("in a cycle".to_owned());
        }
        // A list whose columns do not hold it says how deep it is all the same.
        let told = Layout::of(&model.browse.view().shows).map(|layout| model.browse.columns(layout));
        if let Some(depth) =
            row.depth.filter(|_| !told.unwrap_or_default().contains(&crate::domain::column::Column::Depth))
        {
            out.push(format!("depth {depth}"));
        }
    }
    out.join(", ")
}

fn object(model: &Model, face: Face, lines: &mut Lines) {
    let others: Vec<&str> = Face::ALL.into_iter().filter(|other| *other != face).map(Face::title).collect();
    lines.say(format!("This is its page {}; next-page leads to {}.", face.title(), others.join(", ")));
    let open = model.browse.open();
    let failed = open.and_then(|open| {
        let edges = open.up.problem().or(open.down.problem()).or(open.account.problem());
        match face {
            Face::History => open.history.problem(),
            Face::Upload => edges,
            Face::Properties | Face::Graph => None,
        }
    });
    if let Some(problem) = failed {
        return lines.failed(problem);
    }
    match &model.browse.detail {
        Pane::Missing(_) => lines.say("FAILED: this run does not hold it."),
        Pane::Ready(detail) => {
            lines.fact("Members", members(detail.members, detail.state.map(|state| state.as_str())));
            lines.fact("Directly in groups", grouped(detail.groups));
        }
        _ => {}
    }
    match browse::object_text(model) {
        Some(text) => text.lines().for_each(|line| lines.say(line)),
        None => lines.say("One moment: reading it."),
    }
}

fn members(count: u64, state: Option<&str>) -> String {
    match (count, state) {
        (0, None) => String::new(),
        (count, None) => format!("{} directly", grouped(count)),
        (count, Some(state)) => format!("{} directly; INCOMPLETE: {state}", grouped(count)),
    }
}

fn near(around: &browse::Around, part: &mut Part) {
    if let Some(problem) = around.found.problem() {
        return part.lines.failed(problem);
    }
    let Some(laid) = around.laid() else { return part.lines.say("One moment: looking around.") };
    part.lines.say(format!("{}: {}.", around.of.name, laid.near.summary()));
    if around.has_sides() {
        part.lines.say(format!("Shown: {}; next-page shows another.", around.sides.title().to_lowercase()));
    }
    laid.near
        .left_out()
        .iter()
        .chain(laid.near.uncertain().iter())
        .for_each(|note| part.lines.say(format!("INCOMPLETE: {note}")));
    part.about_rows = Some("As a tree, from the object outwards:".to_owned());
    let row = |n: usize| {
        let line = &laid.lines[n];
        let name = match line.what {
            tree::What::Object { step, .. } => laid.near.steps.get(step as usize).map(|step| {
                let about = lineage::about(step);
                if about.is_empty() { step.name.clone() } else { format!("{}, {about}", step.name) }
            }),
            // Three dots are for the eye.
            what => tree::title(&laid.near, what).map(|title| title.trim_start_matches("… ").to_owned()),
        };
        let behind = match around.folded.contains(&n) {
            true => format!("{} folded", counted(line.under as u64, "line")),
            false => tree::behind(line),
        };
        let behind = if behind.is_empty() { behind } else { format!(", {behind}") };
        format!("level {}: {}{behind}", line.branch.depth, name.unwrap_or_default())
    };
    part.rows = around.shown().into_iter().map(row).collect();
    part.kind = Rows::Moves { first: 0 };
}

fn why(reasons: &browse::Reasons, part: &mut Part) {
    if let Some(problem) = reasons.found.problem() {
        return part.lines.failed(problem);
    }
    let Some(why) = reasons.why() else { return part.lines.say("One moment: looking for ways.") };
    part.lines.say(lineage::verdict(why));
    let shown = match reasons.shape {
        Shape::Tree => "All shortest ways, from the group down:".to_owned(),
        Shape::Way(n) => format!("Way {} of {}, from the group down:", n + 1, lineage::digits(&why.count)),
    };
    for step in &why.unknown {
        part.lines.say(format!(
            "INCOMPLETE: not all members are known of {}; it may be in the group through it as well.",
            step.name
        ));
    }
    match reasons.cut() {
        Some(Asked::Ready(cut)) => {
            let ends =
                reasons.edge().map(|(_, from, to)| format!("Without the edge from {} to {}", from.name, to.name));
            let lost = cut.before.saturating_sub(cut.after);
            part.lines.say(format!(
                "{}: the group has {} effective members instead of {}; {} would be in it no more.",
                ends.unwrap_or_default(),
                grouped(cut.after),
                grouped(cut.before),
                grouped(lost)
            ));
            if reasons.lost.is_some() {
                cut.lost.iter().for_each(|step| part.lines.fact("In it no more", &step.name));
            }
        }
        Some(Asked::Failed(problem)) => part.lines.failed(problem),
        _ => {}
    }
    part.about_rows = Some(spoken(&shown));
    part.rows = reasons
        .lines()
        .iter()
        .filter_map(|branch| {
            let step = why.steps.get(branch.step as usize)?;
            let again = if branch.again { ", as above" } else { "" };
            let about = lineage::about(step);
            let about = if about.is_empty() { String::new() } else { format!(", {about}") };
            Some(format!("level {}: {}{about}{again}", branch.depth, step.name))
        })
        .collect();
    part.kind = Rows::Moves { first: 0 };
}
