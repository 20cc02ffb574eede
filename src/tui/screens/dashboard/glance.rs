//! The tenant at a glance: totals with how they grew, what users and groups have in common, how large groups are and how
//! deep they lie in one another.

use ratatui::text::{Line, Span};

use super::{
    super::super::{
        text::{fit, pad, right},
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
    let mut out: Vec<Row> = Vec::new();
    if section.part != Part::Users || cells > 40 {
        out.push((None, Line::default()));
    }
    out.push((None, head(model, section.part, cells)));
    let most = match section.part {
        // Shares of all of them; elsewhere the longest bar is the largest number.
        Part::Users => total(model, List::Users),
        Part::Groups => total(model, List::Groups),
        _ => section.entries.iter().map(|entry| entry.count).max().unwrap_or(0),
    };
    let name = match section.part {
        Part::Largest => cells.saturating_sub(12),
        _ => section.entries.iter().map(|entry| entry.title.chars().count()).max().unwrap_or(0).max(14),
    };
    for entry in &section.entries {
        let chosen = entry.spot == *here;
        let line = match section.part {
            Part::Totals => totals(model, entry, chosen, cells),
            _ => bar(entry, chosen, name.min(cells.saturating_sub(12)), most, cells),
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
        Spot::List(List::Users, _) => Some(growth.users),
        Spot::List(List::Groups, _) => Some(growth.groups),
        Spot::List(List::Members, _) => Some(growth.members),
        Spot::List(List::Edges, _) => Some(growth.edges),
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

/// A name, a number, and how much of all that is.
fn bar(entry: &Entry, chosen: bool, name: usize, most: u64, cells: usize) -> Line<'static> {
    let style = if chosen { theme::STRONG } else { theme::PLAIN };
    let room = cells.saturating_sub(name + 2 + 8 + 1).min(30);
    let full = match (entry.count, most) {
        (0, _) | (_, 0) => 0,
        // Whatever there is of it can be seen.
        (count, most) => ((u128::from(count.min(most)) * room as u128).div_ceil(u128::from(most))) as usize,
    };
    Line::from(vec![
        mark(chosen),
        Span::styled(pad(&entry.title, name), style),
        Span::styled(right(&grouped(entry.count), 8), style),
        " ".into(),
        Span::styled("█".repeat(full), theme::ACCENT),
    ])
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
        let check = |count, most, want: usize| {
            let entry = Entry { title: "x".to_owned(), count, spot: Spot::List(List::Users, String::new()) };
            let line = bar(&entry, false, 14, most, 35);
            assert_eq!(line.spans[4].content.chars().count(), want, "{count} of {most}");
        };
        check(0, 100, 0);
        check(1, 50_000, 1);
        check(100, 100, 10);
        check(u64::MAX, u64::MAX, 10);
        check(0, 0, 0);
    }
}
