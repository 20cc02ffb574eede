//! The tenant at a glance: totals with how they grew, what users and groups have in common, how large groups are and how
//! deep they lie in one another.

use ratatui::text::{Line, Span};

use super::{
    super::super::{
        text::{fit, pad, right, width},
        theme, widgets,
    },
    Row,
};
use crate::{
    app::{
        Model, Sign,
        browse::Asked,
        dashboard::{Entry, Part, Section, Spot},
    },
    domain::{explore::Growth, text::grouped, view::List},
};

/// A part with its head; the steps are drawn by themselves.
pub fn rows(model: &Model, section: &Section, here: &Spot, cells: usize) -> Vec<Row> {
    let mut out: Vec<Row> = vec![(None, Line::default()), (None, head(model, section.part, cells))];
    let most = match section.part {
        // Shares of all of them; elsewhere the longest bar is the largest number.
        Part::Users => total(model, List::Users),
        Part::Groups => total(model, List::Groups),
        _ => section.entries.iter().map(|entry| entry.count).max().unwrap_or(0),
    };
    let title = |entry: &Entry| match (section.part, cells < 40) {
        (Part::Sizes | Part::Depths, true) => entry.title.replace(" to ", "–").replace(" and more", "+"),
        _ => entry.title.clone(),
    };
    let longest = section.entries.iter().map(|entry| width(&title(entry))).max().unwrap_or(0);
    let digits = section.entries.iter().map(|entry| width(&grouped(entry.count))).max().unwrap_or(0).max(6);
    let columns = Columns {
        name: match section.part {
            // Where there is little room, names say more there than bars.
            Part::Largest if cells < 40 => cells.saturating_sub(digits + BEFORE - 1),
            // A bar of a few cells says enough of a name that is long.
            _ => longest.max(14).min(cells.saturating_sub(digits + BEFORE + 4)),
        },
        number: digits,
        most,
        cells,
    };
    for entry in &section.entries {
        let chosen = entry.spot == *here;
        let line = match section.part {
            Part::Totals => totals(model, entry, chosen, cells),
            _ => bar(&title(entry), entry.count, chosen, columns),
        };
        out.push((Some(entry.spot.clone()), line));
    }
    out
}

fn head(model: &Model, part: Part, cells: usize) -> Line<'static> {
    let title = match part {
        Part::Steps => "",
        Part::Totals => "What is here",
        Part::Users => "Users",
        Part::Groups => "Groups",
        Part::Sizes => "Groups by direct members",
        Part::Depths => "Groups by levels below",
        Part::Largest => "Largest groups",
    };
    let mut spans = vec![Span::styled(fit(title, cells), theme::STRONG)];
    if part == Part::Totals
        && let Some(growth) = growth(model)
    {
        let text = format!("   over {} runs, and since run {}", growth.len(), growth[growth.len() - 2].run);
        spans.push(Span::styled(fit(&text, cells.saturating_sub(title.len())), theme::DIM));
    }
    Line::from(spans)
}

/// Of at least two runs.
fn growth(model: &Model) -> Option<&[Growth]> {
    model.dashboard.glance.ready().map(|glance| glance.growth.as_slice()).filter(|growth| growth.len() > 1)
}

fn total(model: &Model, list: List) -> u64 {
    let totals = model.overview.store.as_ref().map(|store| &store.totals);
    totals.map_or(0, |totals| match list {
        List::Accounts => totals.accounts,
        List::Users => totals.users,
        List::Groups => totals.groups,
        List::Members => totals.members,
        List::Edges => totals.edges,
    })
}

fn mark(chosen: bool) -> Span<'static> {
    Span::styled(if chosen { "▸ " } else { "  " }, theme::ACCENT)
}

/// A total, with its way over the runs and what is new since the one before.
fn totals(model: &Model, entry: &Entry, chosen: bool, cells: usize) -> Line<'static> {
    let style = if chosen { theme::STRONG } else { theme::PLAIN };
    let mut spans = vec![
        mark(chosen),
        Span::styled(pad(&entry.title, 14), style),
        Span::styled(right(&grouped(entry.count), 11), style),
    ];
    let of = |growth: &Growth| match entry.spot {
        Spot::List(_, List::Users, _) => Some(growth.users),
        Spot::List(_, List::Groups, _) => Some(growth.groups),
        Spot::List(_, List::Members, _) => Some(growth.members),
        Spot::List(_, List::Edges, _) => Some(growth.edges),
        _ => None,
    };
    let values: Vec<u64> = growth(model).into_iter().flatten().filter_map(of).collect();
    if let [.., before, now] = values[..] {
        let room = cells.saturating_sub(27 + 12).min(24);
        spans.push(Span::styled(format!("  {}", spark(&values, room)), theme::ACCENT));
        let news = match now.abs_diff(before) {
            0 => "=".to_owned(),
            n if now > before => format!("+{}", grouped(n)),
            n => format!("−{}", grouped(n)),
        };
        spans.push(Span::styled(format!("  {news}"), theme::DIM));
    }
    Line::from(spans)
}

/// The newest values as little columns, from the least of them to the most.
fn spark(values: &[u64], cells: usize) -> String {
    const COLUMNS: [char; 7] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇'];
    let values = &values[values.len().saturating_sub(cells)..];
    let (least, most) = (values.iter().min().copied().unwrap_or(0), values.iter().max().copied().unwrap_or(0));
    let column = |value: &u64| match most - least {
        0 => COLUMNS[3],
        range => COLUMNS[(u128::from(value - least) * 6 / u128::from(range)) as usize],
    };
    values.iter().map(column).collect()
}

/// The mark, and the spaces between the columns.
const BEFORE: usize = 4;

#[derive(Debug, Clone, Copy)]
struct Columns {
    name: usize,
    number: usize,
    /// What fills the room for a bar.
    most: u64,
    cells: usize,
}

/// A name, a number, and how much of all that is.
fn bar(title: &str, count: u64, chosen: bool, columns: Columns) -> Line<'static> {
    let style = if chosen { theme::STRONG } else { theme::PLAIN };
    let room = columns.cells.saturating_sub(columns.name + columns.number + BEFORE).min(30);
    Line::from(vec![
        mark(chosen),
        Span::styled(pad(title, columns.name), style),
        " ".into(),
        Span::styled(right(&grouped(count), columns.number), style),
        " ".into(),
        Span::styled(eighths(count, columns.most, room), theme::ACCENT),
    ])
}

/// A bar in steps of an eighth of a cell; whatever there is of it can be seen.
fn eighths(count: u64, most: u64, cells: usize) -> String {
    const PARTS: [&str; 7] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"];
    if count == 0 || most == 0 {
        return String::new();
    }
    let all = (u128::from(count.min(most)) * cells as u128 * 8).div_ceil(u128::from(most)) as usize;
    let part = (all % 8).checked_sub(1).map_or("", |n| PARTS[n]);
    format!("{}{part}", "█".repeat(all / 8))
}

/// What stands in for a glance that is not there; empty if it is, or if there is nothing to be looked at.
pub fn waiting(model: &Model, cells: u16) -> Vec<Line<'static>> {
    match &model.dashboard.glance {
        Asked::Not | Asked::Ready(_) => Vec::new(),
        Asked::Waiting(_) => vec![Line::default(), Line::styled("looking at the directory …", theme::DIM)],
        Asked::Failed(problem) => {
            let mut out = vec![Line::default()];
            out.extend(widgets::problem(problem, cells, Sign::NeedsYou));
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_seen_from_the_least_to_the_most() {
        let check = |values: &[u64], cells, want: &str| assert_eq!(spark(values, cells), want, "{values:?}");
        check(&[], 5, "");
        check(&[7, 7], 5, "▄▄");
        check(&[50_000, 50_010, 50_060], 5, "▁▂▇");
        check(&[1, 2, 3, 4], 2, "▁▇");
        check(&[0, u64::MAX], 5, "▁▇");
    }

    #[test]
    fn whatever_there_is_has_a_bar() {
        let check = |count, most, want: &str| assert_eq!(eighths(count, most, 4), want, "{count} of {most}");
        check(0, 100, "");
        check(1, 50_000, "▏");
        check(50, 100, "██");
        check(51, 100, "██▏");
        check(100, 100, "████");
        check(u64::MAX, u64::MAX, "████");
        check(200, 100, "████");
        check(0, 0, "");
        check(1, 0, "");
    }
}
