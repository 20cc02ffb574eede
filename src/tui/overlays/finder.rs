//! The palette and the help: commands found by typing.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    style::Style,
    text::{Line, Span},
    widgets::{Clear, Widget},
};

use super::{
    super::{
        page::Page,
        text::{fit, pad, width, wrap},
        theme, widgets,
    },
    inner_width,
};
use crate::{
    app::{
        Model, Sign,
        command::{self, Group},
        finder::{Entry, Finder},
        pointer::Target,
    },
    domain::text::counted,
};

/// Cells of a word, where words stand to the left.
const WORDS: usize = 18;

/// A line, and which of what is found it shows.
struct Shown {
    line: Line<'static>,
    entry: Option<usize>,
}

pub fn palette(model: &Model, finder: &Finder, page: &mut Page<'_>, area: Rect) {
    let cells = inner_width(area, 76);
    let found = finder.found();
    let lines = found.iter().enumerate().map(|(n, entry)| {
        let chosen = n == finder.chosen;
        let keys = keys(model, entry);
        let room = usize::from(cells).saturating_sub(width(&keys) + 2);
        let command = entry.command();
        let said = if room > WORDS + 24 { fit(command.help, room - WORDS) } else { String::new() };
        let word = pad(command.word, if said.is_empty() { room } else { WORDS });
        let style = |style| if chosen { theme::SELECTED } else { style };
        let gap = " ".repeat(usize::from(cells).saturating_sub(width(&word) + width(&said) + width(&keys)));
        let spans = vec![
            Span::styled(word, style(theme::STRONG)),
            Span::styled(said, style(theme::PLAIN)),
            Span::styled(gap, style(theme::PLAIN)),
            Span::styled(keys, style(theme::ACCENT)),
        ];
        Shown { line: Line::from(spans), entry: Some(n) }
    });
    let lines = lines.collect();
    let most = finder.entries.len();
    draw(finder, "Commands", lines, most, page, area, cells);
}

pub fn help(model: &Model, finder: &Finder, page: &mut Page<'_>, area: Rect) {
    let cells = inner_width(area, 76);
    let mut lines: Vec<Shown> = Vec::new();
    let plain = |line| Shown { line, entry: None };
    let searching = !finder.field.text().trim().is_empty();
    if finder.over_field && !searching {
        let words = "A field has the focus: letters are text. Tab, Up and Down move; Esc or Ctrl-G goes back.";
        lines.extend(widgets::wrapped(words, cells, 0, theme::DIM).into_iter().map(plain));
    }
    let mut chapter: Option<Group> = None;
    for (n, entry) in finder.found().into_iter().enumerate() {
        let command = entry.command();
        if chapter.replace(command.group) != Some(command.group) {
            if !lines.is_empty() {
                lines.push(plain(Line::default()));
            }
            lines.push(plain(Line::styled(command.group.title(), theme::STRONG)));
        }
        let chosen = n == finder.chosen;
        let style = |style: Style| match (chosen, entry.here) {
            (true, _) => theme::SELECTED,
            (false, true) => style,
            (false, false) => theme::DIM,
        };
        // Cells of the keys, which stand to the left.
        let left = if cells < 50 { 12 } else { 18 };
        let room = usize::from(cells).saturating_sub(left);
        for (row, said) in wrap(command.help, room).into_iter().enumerate() {
            let keys = if row == 0 { keys(model, entry) } else { String::new() };
            let keys = Span::styled(format!("{} ", pad(&keys, left - 1)), style(theme::ACCENT));
            let line = Line::from(vec![keys, Span::styled(pad(&said, room), style(theme::PLAIN))]);
            lines.push(Shown { line, entry: Some(n) });
        }
    }
    if !searching {
        lines.push(plain(Line::default()));
        lines.extend(legend().into_iter().map(plain));
    }
    draw(finder, "Keys", lines, usize::from(area.height), page, area, cells);
}

fn keys(model: &Model, entry: &Entry) -> String {
    entry.keys.iter().map(|key| command::shown(model, *key)).collect::<Vec<_>>().join(" ")
}

fn legend() -> Vec<Line<'static>> {
    let legend = [
        (Sign::Done, "done"),
        (Sign::Here, "here"),
        (Sign::ToCome, "to come"),
        (Sign::NeedsYou, "needs you"),
        (Sign::Failed, "failed"),
        (Sign::Incomplete, "incomplete"),
        (Sign::Retrying, "retrying"),
        (Sign::Paused, "standing"),
    ];
    let four = |four: &[(Sign, &str)]| {
        let spans = four
            .iter()
            .flat_map(|(s, text)| [widgets::sign(*s), Span::styled(pad(&format!(" {text}"), 13), theme::DIM)]);
        Line::from(spans.collect::<Vec<_>>())
    };
    legend.chunks(4).map(four).collect()
}

/// A box that stays where it is while somebody types: as high as `most` lines need.
fn draw(finder: &Finder, title: &str, lines: Vec<Shown>, most: usize, page: &mut Page<'_>, area: Rect, cells: u16) {
    let wished = u16::try_from(most.max(lines.len().min(most))).unwrap_or(u16::MAX).saturating_add(3);
    // Where news have a line of their own, they are seen.
    let around = if area.height < 18 { 2 } else { 4 };
    let height = wished.min(area.height.saturating_sub(around)).max(4).min(area.height);
    let outer = (cells + 4).min(area.width);
    let place =
        Rect { x: area.x + (area.width - outer) / 2, y: area.y + (area.height - height) / 2, width: outer, height };
    let buf: &mut Buffer = page;
    Clear.render(place, buf);
    let inner = widgets::panel(buf, place, title);
    let found = finder.found().len();
    let count = counted(found as u64, "command");
    let mut input = vec![Span::styled("▸ ", theme::ACCENT)];
    let room = usize::from(inner.width).saturating_sub(width(&count) + 4);
    input.extend(widgets::field(&finder.field, "type to search", true, room));
    buf.set_line(inner.x, inner.y, &Line::from(input), inner.width);
    let x = inner.right().saturating_sub(width(&count) as u16);
    buf.set_line(x, inner.y, &Line::styled(count, theme::DIM), inner.width);
    let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
    if found == 0 {
        let words = "No command is called so. Backspace takes a letter back, Esc closes.";
        return widgets::lines(buf, body, &widgets::wrapped(words, body.width, 0, theme::DIM));
    }
    // What is chosen stands in the middle, where there is more than fits.
    let rows = usize::from(body.height).max(1);
    let at = lines.iter().position(|line| line.entry == Some(finder.chosen)).unwrap_or(0);
    let last = lines.len().saturating_sub(rows);
    let top = if finder.chosen + 1 == found { last } else { at.saturating_sub(rows / 2).min(last) };
    page.spot(place, Target::Main);
    for (shown, y) in lines.iter().skip(top).zip(body.top()..body.bottom()) {
        page.set_line(body.x, y, &shown.line, body.width);
        if let Some(entry) = shown.entry {
            page.spot(Rect { y, height: 1, ..body }, Target::Row(entry as u64));
        }
    }
    let more = lines.len().saturating_sub(top + rows);
    if more > 0 && body.width > 14 {
        let text = format!(" ↓ {more} more ");
        let x = body.right().saturating_sub(width(&text) as u16);
        page.set_line(x, body.bottom(), &Line::styled(text, theme::ACCENT), body.width);
    }
}
