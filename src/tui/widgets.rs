//! The few widgets that the screens share. Each draws into a buffer and keeps nothing.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::{Modifier, Style},
    symbols::merge::MergeStrategy,
    text::{Line, Span},
    widgets::{Block, Widget},
};

use super::{
    text::{fit, pad, width, wrap},
    theme,
};
use crate::{
    app::{Sign, field::TextField},
    domain::problem::Problem,
};

/// A box with a title; gives back what is inside, with a cell of air at the left and right.
pub fn panel(buf: &mut Buffer, area: Rect, title: &str) -> Rect {
    if area.width < 4 || area.height < 3 {
        return area;
    }
    let title = fit(title, usize::from(area.width.saturating_sub(4)));
    let mut block = Block::bordered().merge_borders(MergeStrategy::Exact).border_style(theme::DIM);
    if !title.is_empty() {
        block = block.title(Line::from(vec![
            " ".into(),
            Span::styled(title, theme::STRONG.fg(ratatui::style::Color::Reset)),
            " ".into(),
        ]));
    }
    let inner = block.inner(area);
    block.render(area, buf);
    Rect { x: inner.x + 1, width: inner.width.saturating_sub(2), ..inner }
}

/// Lines from the top, as many as there is room for.
pub fn lines(buf: &mut Buffer, area: Rect, lines: &[Line<'_>]) {
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        buf.set_line(area.x, y, line, area.width);
    }
}

/// Lines from `from` on, as far as they go; the border below says how many do not fit. Gives back the furthest that
/// they can be scrolled.
pub fn scrolled(buf: &mut Buffer, area: Rect, all: &[Line<'_>], from: u16) -> u16 {
    let rows = usize::from(area.height);
    let most = all.len().saturating_sub(rows.max(1));
    let from = usize::from(from).min(most);
    lines(buf, area, &all[from..]);
    let more = all.len().saturating_sub(from + rows);
    if more > 0 && area.width > 14 && area.bottom() < buf.area.bottom() {
        let text = format!(" ↓ {more} more ");
        let x = area.right().saturating_sub(width(&text) as u16);
        buf.set_line(x, area.bottom(), &Line::styled(text, theme::ACCENT), area.width);
    }
    u16::try_from(most).unwrap_or(u16::MAX)
}

/// As [`scrolled`] where there is no border: the end of the last line says that there is more.
pub fn scrolled_bare(buf: &mut Buffer, area: Rect, all: &[Line<'_>], from: u16) -> u16 {
    let rows = usize::from(area.height);
    let most = all.len().saturating_sub(rows.max(1));
    let from = usize::from(from).min(most);
    lines(buf, area, &all[from..]);
    let more = all.len().saturating_sub(from + rows);
    if more > 0 && area.width > 14 && area.height > 0 {
        // What it stands over is cut visibly: half a number is another number.
        let over = all.get(from + rows - 1).map_or(0, Line::width);
        let text = format!(" ↓ {more}");
        let cut = over + width(&text) > usize::from(area.width);
        let text = if cut { format!("…{text}") } else { text };
        let x = area.right().saturating_sub(width(&text) as u16);
        buf.set_line(x, area.bottom() - 1, &Line::styled(text, theme::ACCENT), area.width);
    }
    u16::try_from(most).unwrap_or(u16::MAX)
}

/// A sign and its style as a span.
pub fn sign(which: Sign) -> Span<'static> {
    let (shape, style) = theme::sign(which);
    Span::styled(shape, style)
}

/// A sign, a space, a text.
pub fn signed(which: Sign, text: impl Into<String>) -> Line<'static> {
    Line::from(vec![sign(which), " ".into(), Span::raw(text.into())])
}

/// Text in lines of `cells`, all of one style, moved in by `indent`.
pub fn wrapped(text: &str, cells: u16, indent: usize, style: Style) -> Vec<Line<'static>> {
    wrap(text, usize::from(cells).saturating_sub(indent))
        .into_iter()
        .map(|line| Line::from(vec![" ".repeat(indent).into(), Span::styled(line, style)]))
        .collect()
}

/// `███████░░░░`, of this many cells.
pub fn bar(done: u64, total: u64, cells: u16) -> Line<'static> {
    let cells = usize::from(cells);
    let full = if total == 0 { cells } else { (done.min(total) as u128 * cells as u128 / total as u128) as usize };
    Line::from(vec![Span::styled("█".repeat(full), theme::ACCENT), Span::styled("░".repeat(cells - full), theme::DIM)])
}

/// The newest values as a row of little columns.
pub fn pulse(values: impl ExactSizeIterator<Item = u64>, cells: usize) -> String {
    const COLUMNS: [&str; 7] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇"];
    let skip = values.len().saturating_sub(cells);
    let values: Vec<u64> = values.skip(skip).collect();
    let most = values.iter().copied().max().unwrap_or(0).max(1);
    values.iter().map(|v| COLUMNS[(v * 6 / most) as usize]).collect()
}

/// A text field's value in `cells`, with the cursor as a cell turned around; the text moves so that the cursor is seen.
pub fn field(field: &TextField, placeholder: &str, focused: bool, cells: usize) -> Vec<Span<'static>> {
    if !focused {
        return if field.text().is_empty() {
            vec![Span::styled(fit(placeholder, cells), theme::DIM)]
        } else {
            vec![Span::raw(fit(field.text(), cells))]
        };
    }
    if field.text().is_empty() {
        return hint(placeholder, cells).into();
    }
    let (before, after) = field.halves();
    let before: String = tail(before, cells.saturating_sub(1));
    let room = cells.saturating_sub(width(&before));
    let after = pad(after, room.max(1));
    let mut graphemes = unicode_segmentation::UnicodeSegmentation::graphemes(after.as_str(), true);
    let under = graphemes.next().unwrap_or(" ").to_owned();
    let rest = graphemes.as_str().trim_end().to_owned();
    vec![Span::raw(before), cursor(&under), Span::raw(rest)]
}

/// What an empty field in focus asks for: the cursor is on its first letter, so that it stays where it was.
pub fn hint(placeholder: &str, cells: usize) -> [Span<'static>; 2] {
    let shown = fit(placeholder, cells);
    let mut graphemes = unicode_segmentation::UnicodeSegmentation::graphemes(shown.as_str(), true);
    let under = graphemes.next().unwrap_or(" ").to_owned();
    [cursor(&under), Span::styled(graphemes.as_str().to_owned(), theme::DIM)]
}

/// The cursor, on this grapheme.
pub fn cursor(on: &str) -> Span<'static> {
    Span::styled(on.to_owned(), Style::new().add_modifier(Modifier::REVERSED))
}

/// The last `cells` of a text; where it is cut it begins with `…`.
fn tail(text: &str, cells: usize) -> String {
    let text = crate::domain::text::visible(text);
    if width(&text) <= cells {
        return text.into_owned();
    }
    let cells = cells.saturating_sub(1);
    let mut kept: Vec<&str> = Vec::new();
    let mut used = 0;
    for grapheme in unicode_segmentation::UnicodeSegmentation::graphemes(text.as_ref(), true).rev() {
        used += width(grapheme);
        if used > cells {
            break;
        }
        kept.push(grapheme);
    }
    kept.push("…");
    kept.into_iter().rev().collect()
}

/// A sign and wrapped text behind it.
pub fn signed_text(which: Sign, text: &str, cells: u16) -> Vec<Line<'static>> {
    wrap(text, usize::from(cells).saturating_sub(2))
        .into_iter()
        .enumerate()
        .map(|(n, line)| Line::from(vec![if n == 0 { sign(which) } else { " ".into() }, " ".into(), Span::raw(line)]))
        .collect()
}

/// What went wrong: the next step first, then the service's own words and numbers.
pub fn problem(problem: &Problem, cells: u16, sign: Sign) -> Vec<Line<'static>> {
    let (shape, style) = theme::sign(sign);
    let mut out = Vec::new();
    for (n, line) in wrap(&problem.summary, usize::from(cells).saturating_sub(2)).into_iter().enumerate() {
        let lead = if n == 0 { format!("{shape} ") } else { "  ".to_owned() };
        out.push(Line::from(vec![Span::styled(lead, style), Span::styled(line, theme::STRONG)]));
    }
    if let Some(hint) = &problem.hint {
        out.extend(wrapped(hint, cells, 2, theme::PLAIN));
    }
    out.push(Line::default());
    let mut facts = |name: &str, value: Option<&str>, most: usize| {
        let Some(value) = value else { return };
        let room = usize::from(cells).saturating_sub(16).max(10);
        let all = wrap(value, room);
        let cut = all.len() > most;
        for (n, mut line) in all.into_iter().take(most).enumerate() {
            let name = if n == 0 { name } else { "" };
            if cut && n + 1 == most {
                line = fit(&format!("{line} …"), room);
            }
            out.push(Line::from(vec![Span::styled(format!("  {name:<13} "), theme::DIM), Span::raw(line)]));
        }
    };
    let code = match (&problem.code, problem.status) {
        (Some(code), Some(status)) => Some(format!("{code}   HTTP {status}")),
        (Some(code), None) => Some(code.clone()),
        (None, status) => status.map(|s| format!("HTTP {s}")),
    };
    facts("code", code.as_deref(), 1);
    facts("trace", problem.trace_id.as_deref(), 1);
    facts(problem.id_name(), problem.request_id.as_deref(), 1);
    facts("it said", problem.message.as_deref(), 4);
    // A link that is cut leads nowhere.
    facts("read on", problem.link.as_deref(), usize::MAX);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::key::Key;

    #[test]
    fn bars_are_as_long_as_they_should() {
        let check = |done, total, want: &str| assert_eq!(bar(done, total, 10).to_string(), want);
        check(0, 10, "░░░░░░░░░░");
        check(5, 10, "█████░░░░░");
        check(20, 10, "██████████");
        check(0, 0, "██████████");
        check(u64::MAX, u64::MAX, "██████████");
    }

    #[test]
    fn the_cursor_is_always_seen() {
        let text =
            |f: &TextField, cells| field(f, "", true, cells).iter().map(|s| s.content.clone()).collect::<String>();
        let mut f = TextField::of("abcdefghij");
        assert_eq!(text(&f, 5).trim_end(), "…hij");
        f.edit(Key::parse("home").unwrap());
        assert_eq!(text(&f, 5), "abcd…");
        for cells in 0..20 {
            assert!(width(&text(&f, cells)) <= cells.max(1));
        }
        assert_eq!(pulse([0, 3, 6].into_iter(), 10), "▁▄▇");
    }
}
