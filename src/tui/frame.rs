//! What stands around every screen: the top line, the rail of steps, the news, the line of keys.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    Room,
    page::Page,
    text::{fit, width},
    theme, widgets,
};
use crate::{
    app::{
        Focus, Model, Place, Sign, Step,
        command::{self, Action},
        pointer::Target,
        views::Mode,
    },
    domain::credential::{CredentialKind, Expiry},
};

/// Draws all around, and gives back the room for the work.
pub fn around(model: &Model, buf: &mut Page<'_>, area: Rect, room: Room) -> Rect {
    top(model, buf, Rect { height: 1, ..area });
    rail(model, buf, Rect { y: area.y + 1, height: 1, ..area });
    let last = Rect { y: area.bottom() - 1, height: 1, ..area };
    // Where there is room, news have a line of their own; else they stand in for the keys until the next key.
    let news = match (&model.notice, room) {
        (Some(_), Room::Small) => Some(last),
        (Some(_), _) => Some(Rect { y: last.y - 1, ..last }),
        (None, _) => None,
    };
    if news != Some(last) {
        keys(model, buf, last);
    }
    if let (Some(line), Some(text)) = (news, &model.notice) {
        let text = fit(text, usize::from(line.width.saturating_sub(2)));
        buf.set_line(line.x + 1, line.y, &Line::styled(text, theme::ACCENT), line.width);
    }
    let below = if room == Room::Small { 1 } else { 2 };
    Rect { y: area.y + 2, height: area.height.saturating_sub(2 + below), ..area }
}

/// Where it matters: that the credential is about to end, and the next step. Gives back the room that is left.
pub fn ending(model: &Model, buf: &mut Buffer, area: Rect, room: Room) -> Rect {
    let matters = matches!(model.place, Place::Dashboard | Place::Ingest | Place::Preview | Place::Upload);
    let Some((credential, expiry)) = model.ending().filter(|_| matters) else { return area };
    let sign = if expiry == Expiry::Ended { Sign::Failed } else { Sign::NeedsYou };
    let (kind, words) = (credential.kind.words(), expiry.words().unwrap_or_default());
    let renew = command::named(model, "renew");
    let text = match (room, credential.kind) {
        (Room::Small | Room::Tiny, CredentialKind::Command) => format!("{kind} {words}"),
        (Room::Small | Room::Tiny, _) => format!("{kind} {words}: {renew}"),
        (_, CredentialKind::Command) => {
            let name = model.overview.profile.as_ref().map_or("", |profile| profile.name.as_str());
            format!(
                "The {kind} {words}. Make a new one, keep it where the command finds it, then tenantry profile edit \
                 {name} --secret-expires DATE."
            )
        }
        (_, _) if expiry == Expiry::Ended => {
            format!("The {kind} {words}: nothing can be read before there is a new one. {renew} makes it.")
        }
        (_, _) => format!("The {kind} {words}. {renew} makes a new one; the old one works until then."),
    };
    let width = area.width.saturating_sub(2);
    let mut lines = widgets::signed_text(sign, &text, width);
    lines.truncate(if room == Room::Small { 1 } else { 3 });
    let height = u16::try_from(lines.len()).unwrap_or(1).min(area.height);
    widgets::lines(buf, Rect { x: area.x + 1, width, height, ..area }, &lines);
    Rect { y: area.y + height, height: area.height - height, ..area }
}

/// One sentence, where nothing else has room.
pub fn tiny(buf: &mut Buffer, area: Rect) {
    let words = "tenantry needs more room: 40 x 12 or more. ^C leaves.";
    let lines = widgets::wrapped(words, area.width, 0, theme::PLAIN);
    widgets::lines(buf, area, &lines);
}

fn top(model: &Model, buf: &mut Page<'_>, area: Rect) {
    let in_field = model.focus() != Focus::Commands;
    let help = model.keys.of("help").iter().find(|key| !in_field || !key.is_for_fields());
    let help = help.map_or_else(String::new, |key| format!("{} help", command::shown(model, *key)));
    let (cloud, mode) = match (&model.overview.profile, model.mode) {
        (_, Mode::Demo) => ("", "demo tenant"),
        (Some(profile), Mode::Real) if model.place != Place::Wizard => (profile.cloud.title(), ""),
        _ => (model.wizard.fields.hosts.title(), ""),
    };
    let right = match area.width {
        ..60 => help.clone(),
        _ => format!("{cloud}{mode}   {help}"),
    };
    let right_width = width(&right) as u16;
    let mut left = vec![Span::styled(" tenantry", theme::TITLE), "   ".into()];
    let used: usize = left.iter().map(|s| width(&s.content)).sum();
    let cells = usize::from(area.width.saturating_sub(right_width + 3)).saturating_sub(used);
    left.push(Span::raw(fit(&where_we_are(model, cells), cells)));
    buf.set_line(area.x, area.y, &Line::from(left), area.width);
    let x = area.right().saturating_sub(right_width + 1);
    buf.set_line(x, area.y, &Line::styled(right, theme::DIM), right_width);
    let help_width = width(&help) as u16;
    let x = area.right().saturating_sub(help_width + 1);
    buf.spot(Rect { x, width: help_width, ..area }, Target::Do(Action::Help));
}

fn where_we_are(model: &Model, cells: usize) -> String {
    if model.place == Place::Profiles {
        return "profiles".to_owned();
    }
    let is_new = model.place == Place::Wizard && model.wizard.fields.profile.is_none();
    let Some(profile) = model.overview.profile.as_ref().filter(|_| !is_new) else { return "new profile".to_owned() };
    let title = profile.title();
    let target = profile.target.as_ref().map(|t| format!(" → JupiterOne {}", t.account));
    let whole = match model.place {
        Place::Preview | Place::Upload => format!("{title}{}", target.unwrap_or_default()),
        _ if title != profile.tenant => format!("{title} · {}", profile.tenant),
        _ => title.to_owned(),
    };
    // Half an ID names nobody.
    if width(&whole) <= cells { whole } else { title.to_owned() }
}

fn rail(model: &Model, buf: &mut Page<'_>, area: Rect) {
    let here =
        |step: Step| model.place.step() == Some(step) || (model.place == Place::Dashboard && model.chosen() == step);
    let between = match area.width {
        ..58 => None,
        58..70 => Some(" ─ "),
        _ => Some(" ─── "),
    };
    let mut x = area.x + 1;
    let mut put = |buf: &mut Page<'_>, spans: Vec<Span<'_>>| {
        let cells = spans.iter().map(|span| width(&span.content)).sum::<usize>() as u16;
        let at = Rect { x, width: cells, ..area };
        buf.set_line(x, area.y, &Line::from(spans), area.right().saturating_sub(x));
        x += cells;
        at
    };
    for step in Step::ALL {
        let sign = widgets::sign(model.sign(step));
        let style = if here(step) { theme::STRONG } else { theme::DIM };
        let title = Span::styled(step.title(), style);
        let at = match between {
            Some(between) => {
                if step != Step::Credentials {
                    put(buf, vec![Span::styled(between, theme::DIM)]);
                }
                put(buf, vec![sign, " ".into(), title])
            }
            // Signs for all, a name for the one that is here.
            None if here(step) => put(buf, vec![sign, " ".into(), title, "  ".into()]),
            None => put(buf, vec![sign, " ".into()]),
        };
        buf.spot(at, Target::Do(Action::Go(step)));
    }
}

/// A command's label in as few words as tell it from its neighbours.
fn brief(label: &'static str) -> &'static str {
    BRIEF.iter().find(|(long, _)| *long == label).map_or(label, |(_, short)| short)
}

/// Labels of the wizard, where there is the most to be pressed; the help has the rest.
const BRIEF: [(&str, &str); 18] = [
    ("next field", "next"),
    ("continue", "next"),
    ("look now", "look"),
    ("fill in", "fill"),
    ("fill in wrongly", "wrong"),
    ("check now", "check"),
    ("check again", "again"),
    ("copy link", "link"),
    ("copy the message", "message"),
    ("copy the script", "copy"),
    ("write it to a file", "write"),
    ("the other script", "other"),
    ("go on anyway", "anyway"),
    ("switch the cloud", "switch"),
    ("take a certificate", "certificate"),
    ("stop waiting", "stop"),
    ("yes, this instance", "yes"),
    ("no, another", "no"),
];

fn keys(model: &Model, buf: &mut Page<'_>, area: Rect) {
    let secrets = match model.place {
        Place::Wizard if model.overlays.is_empty() && area.width >= 100 => format!("secrets: {} ", model.vault),
        _ => String::new(),
    };
    let room = usize::from(area.width).saturating_sub(width(&secrets) + 2);
    let offers = command::offers(model);
    let quits = offers.iter().any(|offer| offer.command.action == Action::Quit && !offer.keys.is_empty());
    let mut hints: Vec<Hint> = Vec::new();
    for offer in &offers {
        let command = offer.command;
        // Where `q` quits there is no need to name the other way out.
        if command.label.is_empty() || (command.action == Action::Leave && quits) {
            continue;
        }
        let Some(key) = offer.keys.first() else { continue };
        if !hints.iter().any(|hint| hint.label == command.label) {
            hints.push(Hint { action: command.action, key: command::shown(model, *key), label: command.label });
        }
    }
    // Where not all fits, shorter words may, from the end; what still does not goes from the end, but for what comes next,
    // the way back, and the way to all the rest.
    let cells = |hints: &[Hint]| hints.iter().map(Hint::cells).sum::<usize>();
    for n in (0..hints.len()).rev() {
        if cells(&hints) > room + 3 {
            hints[n].label = brief(hints[n].label);
        }
    }
    let mut seen = Vec::new();
    hints.retain(|hint| {
        let is_first = !seen.contains(&hint.label);
        seen.push(hint.label);
        is_first
    });
    while cells(&hints) > room + 3 {
        match hints.iter().rposition(|hint| !hint.is_kept()) {
            Some(place) => drop(hints.remove(place)),
            None => break,
        }
    }
    let mut x = area.x + 1;
    for hint in hints {
        let cells = (hint.cells() - 3) as u16;
        let line = Line::from(vec![Span::styled(hint.key, theme::ACCENT), " ".into(), Span::raw(hint.label)]);
        buf.set_line(x, area.y, &line, area.right().saturating_sub(x));
        buf.spot(Rect { x, width: cells, ..area }, Target::Do(hint.action));
        x += cells + 3;
    }
    if !secrets.is_empty() {
        let x = area.right().saturating_sub(width(&secrets) as u16);
        buf.set_line(x, area.y, &Line::styled(secrets, theme::DIM), area.width);
    }
}

/// A key and what it does.
struct Hint {
    action: Action,
    key: String,
    label: &'static str,
}

impl Hint {
    /// With the gap behind it.
    fn cells(&self) -> usize {
        width(&self.key) + width(self.label) + 4
    }

    const fn is_kept(&self) -> bool {
        matches!(self.action, Action::Continue | Action::Back | Action::Yes | Action::No | Action::Palette)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shortened_is_a_label() {
        for (long, short) in BRIEF {
            assert!(command::COMMANDS.iter().any(|c| c.label == long), "{long}");
            assert!(width(short) < width(long), "{long}");
        }
    }
}
