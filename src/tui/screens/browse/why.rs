//! Why something is in a group: the ways as a tree or one by one, and what the selected edge is worth.
//!
//! ```text
//! ┌ Why is Ada in Finance? ───────────────────┬ Without this edge ───┐
//! │ the answer in words                       │ Budget → Ada         │
//! │ Tree │ Way                                │ she stays in it      │
//! │ Finance                                   │ 4,532 → 4,530        │
//! │ ├ ∞ Budget   security, in a cycle         │ lost: …              │
//! │ │ └ Ada                                   │                      │
//! │ what is not known                         │                      │
//! └───────────────────────────────────────────┴──────────────────────┘
//! ```
//!
//! Where there is no pane beside it, the edge has a few lines below.

use ratatui::{
    layout::{Constraint, Layout, Rect, Spacing},
    text::{Line, Span},
};

use super::super::super::{
    Room,
    page::Page,
    text::{fit, pad, width},
    theme, widgets,
};
use crate::{
    app::{
        Model, Sign,
        browse::{Asked, Reasons, Shape, Shows},
        command,
        list::top_for,
        pointer::Target,
    },
    domain::{
        completeness::State,
        explore::{Cut, Step, Why},
        kind::EntityKind,
        lineage::{self, Branch, digits},
        text::{counted, grouped},
    },
};

/// Gives back the furthest that the page of those who would be lost can be scrolled.
pub fn draw(reasons: &Reasons, beside: u16, buf: &mut Page<'_>, area: Rect, room: Room) -> u16 {
    let title = format!("Why is {} in {}?", reasons.ends.member.name, reasons.ends.group.name);
    let (at, side) = match room {
        Room::Full => {
            let [at, side] = Layout::horizontal([Constraint::Min(60), Constraint::Length(42)])
                .spacing(Spacing::Overlap(1))
                .areas(area);
            (at, Some(side))
        }
        _ => (area, None),
    };
    let inner = match room {
        Room::Small => Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area },
        _ => widgets::panel(buf, at, &title),
    };
    if let Some(side) = side {
        buf.spot(side, Target::Side);
        let inner = widgets::panel(buf, side, "Without this edge");
        let reach = widgets::scrolled(buf, inner, &edge_lines(reasons, inner.width), beside);
        buf.beside(reach);
    }
    if let Some(scroll) = reasons.lost {
        let lines = lost_lines(reasons, inner.width);
        return match room {
            Room::Small => widgets::scrolled_bare(buf, inner, &lines, scroll),
            _ => widgets::scrolled(buf, inner, &lines, scroll),
        };
    }
    let Some(why) = reasons.why() else {
        let lines = match &reasons.found {
            Asked::Failed(problem) => widgets::problem(problem, inner.width, Sign::Failed),
            _ => vec![Line::styled("looking for the ways … esc goes back", theme::DIM)],
        };
        widgets::lines(buf, inner, &lines);
        return 0;
    };
    let head = head(reasons, why, inner.width, room);
    let foot = match (side, room) {
        (Some(_), _) => unknown(why, inner.width, 3),
        (None, Room::Small) => small_edge(reasons, inner.width),
        (None, _) => {
            let mut foot = unknown(why, inner.width, 1);
            foot.extend(edge_lines(reasons, inner.width).into_iter().take(5));
            foot
        }
    };
    widgets::lines(buf, inner, &head);
    let above = u16::try_from(head.len()).unwrap_or(u16::MAX).min(inner.height);
    let below = u16::try_from(foot.len()).unwrap_or(u16::MAX).min(inner.height - above);
    let tree = Rect { y: inner.y + above, height: inner.height - above - below, ..inner };
    ways(reasons, why, buf, tree);
    widgets::lines(buf, Rect { y: tree.bottom(), height: below, ..inner }, &foot);
    0
}

fn head(reasons: &Reasons, why: &Why, cells: u16, room: Room) -> Vec<Line<'static>> {
    let sign = if why.length.is_some() { Sign::Done } else { Sign::ToCome };
    let mut out = widgets::signed_text(sign, &lineage::verdict(why), cells);
    if room == Room::Small {
        out.truncate(2);
    }
    if why.length.is_some() {
        let tree = matches!(reasons.shape, Shape::Tree);
        let here = |is: bool| if is { theme::TITLE.underlined() } else { theme::PLAIN };
        let mut spans = vec![
            Span::styled("Tree", here(tree)),
            Span::styled(" │ ", theme::DIM),
            Span::styled("One way", here(!tree)),
        ];
        if let Shape::Way(number) = reasons.shape {
            let listed = why.ways.len() as u64;
            let first = if digits(&why.count) == grouped(listed) {
                String::new()
            } else {
                format!(" (the first {} can be stepped through)", grouped(listed))
            };
            let text = format!("   {} of {}{first}", number + 1, digits(&why.count));
            spans.push(Span::raw(text));
        }
        if room != Room::Small {
            out.push(Line::default());
        }
        out.push(Line::from(spans));
    }
    out
}

/// The lines around the cursor.
fn ways(reasons: &Reasons, why: &Why, buf: &mut Page<'_>, area: Rect) {
    if why.length.is_none() {
        return;
    }
    let lines = reasons.lines();
    let rows = u64::from(area.height);
    // The cursor stays in the middle where it can: what is above and below an edge belongs to it.
    let middle = (reasons.cursor as u64).saturating_sub(rows / 2);
    let most = (lines.len() as u64).saturating_sub(rows);
    let top = top_for(reasons.cursor as u64, middle.min(most), rows) as usize;
    for (n, y) in (top..lines.len()).zip(area.top()..area.bottom()) {
        let line = branch(&lines[n], why, usize::from(area.width), n == reasons.cursor);
        buf.set_line(area.x, y, &line, area.width);
        buf.spot(Rect { y, height: 1, ..area }, Target::Row(n as u64));
    }
}

fn branch(branch: &Branch, why: &Why, cells: usize, here: bool) -> Line<'static> {
    let Some(step) = why.steps.get(branch.step as usize) else { return Line::default() };
    let again = if branch.again { "  as above" } else { "" };
    laid(branch, &format!("{}{}", marks(step), step.name), &lineage::about(step), again, cells, here)
}

/// A line of a tree: what is behind the name stays, and what it is about goes first where there is no room.
pub(super) fn laid(branch: &Branch, name: &str, about: &str, behind: &str, cells: usize, here: bool) -> Line<'static> {
    let mut rails = branch.rails();
    if width(&rails) > cells / 2 {
        // Too deep to be moved in so far: the depth as a number, and the end of the rails.
        let keep: String = rails.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
        rails = format!("{:>3} … {keep}", branch.depth);
    }
    let room = cells.saturating_sub(width(&rails));
    let name = fit(name, room.saturating_sub(width(behind)));
    let left = room.saturating_sub(width(&name) + width(behind));
    let about = if left > 6 && !about.is_empty() { fit(&format!("  {about}"), left) } else { String::new() };
    if here {
        return Line::styled(pad(&format!("{rails}{name}{behind}{about}"), cells), theme::SELECTED);
    }
    Line::from(vec![
        Span::styled(rails, theme::DIM),
        Span::raw(name),
        Span::styled(behind.to_owned(), theme::ACCENT),
        Span::styled(about, theme::DIM),
    ])
}

/// Signs before a step's name.
pub(super) fn marks(step: &Step) -> String {
    let state = match step.state {
        None | Some(State::Complete) => "",
        Some(State::Forbidden) => "✗ ",
        Some(State::Partial | State::Hidden | State::Gone) => "◐ ",
    };
    format!("{}{state}", if step.in_cycle { format!("{} ", theme::CYCLE) } else { String::new() })
}

/// The groups whose members are not all known.
fn unknown(why: &Why, cells: u16, most: usize) -> Vec<Line<'static>> {
    if why.unknown.is_empty() {
        return Vec::new();
    }
    let mut out = vec![Line::default()];
    let names: Vec<String> = why.unknown.iter().map(|s| format!("{} ({})", s.name, lineage::about(s))).collect();
    let text =
        format!("Not all members are known of these; it may be in it through them as well: {}", names.join("; "));
    let lines = widgets::signed_text(Sign::Incomplete, &text, cells);
    let cut = lines.len() > most + 1;
    out.extend(lines.into_iter().take(most + 1));
    if cut && let Some(last) = out.last_mut() {
        last.push_span(Span::styled(" …", theme::DIM));
    }
    out
}

/// What the selected edge is worth.
fn edge_lines(reasons: &Reasons, cells: u16) -> Vec<Line<'static>> {
    let Some((_, from, to)) = reasons.edge() else {
        let text = match reasons.why() {
            Some(why) if why.length.is_some() => "Select an edge below the group.",
            _ => "",
        };
        return widgets::wrapped(text, cells, 0, theme::DIM);
    };
    let half = usize::from(cells.saturating_sub(3)) / 2;
    let mut out = vec![Line::from(vec![
        Span::raw(fit(&from.name, half.max(6))),
        Span::styled(" → ", theme::ACCENT),
        Span::raw(fit(&to.name, half.max(6))),
    ])];
    match reasons.cut() {
        None | Some(Asked::Not | Asked::Waiting(_)) => out.push(Line::styled("working it out …", theme::DIM)),
        Some(Asked::Failed(problem)) => out.extend(widgets::problem(problem, cells, Sign::Failed)),
        Some(Asked::Ready(cut)) => {
            out.extend(cut_lines(reasons, cut, cells));
            if !cut.lost.is_empty() {
                out.push(Line::styled("they would be in it no more:", theme::DIM));
                out.extend(cut.lost.iter().map(|step| lost(step, usize::from(cells))));
            }
        }
    }
    out
}

fn cut_lines(reasons: &Reasons, cut: &Cut, cells: u16) -> Vec<Line<'static>> {
    let (group, member) = (&reasons.ends.group.name, &reasons.ends.member.name);
    let (sign, text) = match cut.length {
        Some(1) => (Sign::Done, format!("{member} is still in {group}, directly.")),
        Some(edges) => {
            let between = counted(u64::from(edges).saturating_sub(1), "group");
            (Sign::Done, format!("{member} is still in {group}, through {between}."))
        }
        None => (Sign::NeedsYou, format!("{member} is in {group} no more.")),
    };
    let mut out = widgets::signed_text(sign, &text, cells);
    out.push(Line::raw(fit(&figures(cut), usize::from(cells))));
    out
}

fn figures(cut: &Cut) -> String {
    match cut.before.saturating_sub(cut.after) {
        0 => format!("all {} stay", counted(cut.before, "effective member")),
        lost => format!("effective members {} → {}, −{}", grouped(cut.before), grouped(cut.after), grouped(lost)),
    }
}

fn lost(step: &Step, cells: usize) -> Line<'static> {
    let about = lineage::about(step);
    let kind = match step.kind {
        _ if !about.is_empty() => about,
        EntityKind::Group => "group".to_owned(),
        EntityKind::User => "user".to_owned(),
        EntityKind::Account | EntityKind::Member => "group member".to_owned(),
    };
    let name = fit(&step.name, cells.saturating_sub(width(&kind) + 6).max(8));
    Line::from(vec![Span::styled("− ", theme::BAD), Span::raw(name), Span::styled(format!("  {kind}"), theme::DIM)])
}

/// The page of those who would be lost.
fn lost_lines(reasons: &Reasons, cells: u16) -> Vec<Line<'static>> {
    let mut out = vec![Line::styled("Without this edge", theme::STRONG)];
    out.extend(edge_lines(reasons, cells));
    if let Some(Asked::Ready(cut)) = reasons.cut() {
        let more = cut.before.saturating_sub(cut.after).saturating_sub(cut.lost.len() as u64);
        if more > 0 {
            out.push(Line::styled(format!("and {} more", grouped(more)), theme::DIM));
        }
    }
    out
}

/// The same in two lines.
fn small_edge(reasons: &Reasons, cells: u16) -> Vec<Line<'static>> {
    match reasons.cut() {
        Some(Asked::Ready(cut)) => {
            let (sign, text) = match cut.length {
                Some(_) => (Sign::Done, "still in it without this edge"),
                None => (Sign::NeedsYou, "in it no more without this edge"),
            };
            vec![
                widgets::signed(sign, fit(text, usize::from(cells).saturating_sub(2))),
                Line::raw(fit(&figures(cut), usize::from(cells))),
            ]
        }
        Some(Asked::Failed(problem)) => vec![widgets::signed(Sign::Failed, fit(&problem.line(), usize::from(cells)))],
        _ => Vec::new(),
    }
}

/// For the pane beside a list of members: one way, and how many there are.
pub fn brief(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let brief = &model.browse.brief;
    let (Shows::MembersOf(_) | Shows::AllMembersOf(_), Some((_, member))) = (&model.browse.view().shows, &brief.of)
    else {
        return Vec::new();
    };
    // Of the row before, as long as this one's is not here.
    if model.browse.subject().is_none_or(|(id, ..)| id != *member) {
        return Vec::new();
    }
    let mut out = vec![Line::default()];
    match &brief.found {
        Asked::Not | Asked::Waiting(_) => out.push(Line::styled("why is it in here? …", theme::DIM)),
        Asked::Failed(problem) => {
            out.push(Line::styled("why is it in here?", theme::DIM));
            out.extend(widgets::wrapped(&problem.line(), cells, 2, theme::DIM));
        }
        Asked::Ready(found) => {
            let why = &found.why;
            let group = why.steps.first().map(|step| step.name.as_str()).unwrap_or_default();
            out.push(Line::styled(fit(&format!("── why in {group}? ──"), usize::from(cells)), theme::DIM));
            if why.length.is_none() {
                out.extend(widgets::wrapped(&lineage::verdict(why), cells, 0, theme::PLAIN));
            }
            let lines = lineage::way(why, 0);
            // The ends of a long way say most.
            let (first, last) = if lines.len() > 8 { (4, lines.len() - 3) } else { (lines.len(), lines.len()) };
            out.extend(lines[..first].iter().map(|line| branch(line, why, usize::from(cells), false)));
            if first < last {
                let text = format!("  … {}", counted((last - first) as u64, "group"));
                out.push(Line::styled(text, theme::DIM));
                out.extend(lines[last..].iter().map(|line| branch(line, why, usize::from(cells), false)));
            }
            let more = match (why.count.as_str(), why.has_longer) {
                ("0" | "1", false) => None,
                ("0" | "1", true) => Some("there are longer ways too: {why} shows them".to_owned()),
                (count, _) => Some(format!("one of {} shortest ways: {{why}} shows all", digits(count))),
            };
            let more = more.map(|text| command::with_keys(model, &text));
            out.extend(more.map(|text| Line::styled(fit(&text, usize::from(cells)), theme::ACCENT)));
        }
    }
    out
}
