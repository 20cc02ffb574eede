//! The script: what it does, who runs it where, and its text.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    super::super::{
        Room,
        text::{width, wrap},
        theme, widgets,
    },
    field::{certificate, shell_title},
    pages,
};
use crate::{
    app::{
        Model, Sign, command,
        form::Proof,
        views::Mode,
        wizard::{KeyPhase, texts},
    },
    domain::registration::Shell,
};

/// Gives back the furthest that the script can be scrolled.
pub fn draw(model: &Model, buf: &mut Buffer, inner: Rect, room: Room) -> u16 {
    let wizard = &model.wizard;
    let cells = inner.width;
    let Some(script) = texts::script(wizard) else {
        let lines = match (&wizard.keys.phase, wizard.keys.problem(Proof::Made)) {
            (_, Some(problem)) => widgets::problem(problem, cells, Sign::Failed),
            (KeyPhase::Working(_), _) => widgets::wrapped("Making a key and its certificate …", cells, 0, theme::DIM),
            _ => widgets::wrapped("Press Enter to make the key.", cells, 0, theme::PLAIN),
        };
        return pages(model, buf, inner, &lines, 0);
    };
    // One text with its head, so that on a small terminal the script has all rows once one pages to it.
    let mut lines = head(model, cells, room);
    let shell = wizard.fields.shell;
    let title = format!("── {}, {} lines ", shell_title(shell), script.lines().count());
    let rest = usize::from(cells).saturating_sub(width(&title));
    lines.push(Line::styled(format!("{title}{}", "─".repeat(rest)), theme::STRONG));
    lines.extend(script.lines().flat_map(|line| code(line, cells)));
    pages(model, buf, inner, &lines, 0)
}

/// A line of the script, whole: what has no room goes on below, moved in. Comments stand back.
fn code(line: &str, cells: u16) -> Vec<Line<'static>> {
    let text = line.trim_start();
    let style = if text.starts_with('#') { theme::DIM } else { theme::PLAIN };
    let indent = (line.len() - text.len()).min(usize::from(cells / 3));
    let more = if text.starts_with('#') { "# " } else { "  " };
    let lines = wrap(text, usize::from(cells).saturating_sub(indent + 2)).into_iter().enumerate();
    lines
        .map(|(n, part)| Line::styled(format!("{}{}{part}", " ".repeat(indent), if n == 0 { "" } else { more }), style))
        .collect()
}

fn head(model: &Model, cells: u16, room: Room) -> Vec<Line<'static>> {
    let wizard = &model.wizard;
    let mut out = Vec::new();
    if room == Room::Full
        && let Some(view) = wizard.keys.view(Proof::Made)
    {
        out.extend(certificate(model, view, cells, room));
        out.push(Line::default());
    }
    let place = match wizard.fields.shell {
        Shell::AzureCli => "where az is, after az login; or in Azure Cloud Shell (Bash)",
        Shell::PowerShell => "in PowerShell with the module Microsoft.Graph.Authentication; it asks you to sign in",
    };
    let mut step = |sign: &'static str, text: &str| {
        for (n, line) in widgets::wrapped(text, cells, 2, theme::PLAIN).into_iter().enumerate() {
            let lead = if n == 0 { Span::styled(sign, theme::ACCENT) } else { " ".into() };
            let mut spans = vec![lead, " ".into()];
            spans.extend(line.spans.into_iter().skip(1));
            out.push(Line::from(spans));
        }
    };
    match room {
        Room::Small => step(
            "1",
            &command::with_keys(
                model,
                "{copy-script} copies the script, {write-script} writes it to a file: run it as an administrator.",
            ),
        ),
        _ => step("1", &format!("Copy the script, and run it {place}.")),
    }
    let who = "As Privileged Role Administrator or Global Administrator it also gives consent; as anybody who may \
               register apps it does the rest, and consent is asked for later.";
    step("2", who);
    step("3", "Take the line that it prints at its end, and go on.");
    if model.mode == Mode::Demo {
        let demo = "This is a demo: there is no Azure to run it in. Go on; {fill-in} stands in for the line.";
        out.extend(widgets::wrapped(&command::with_keys(model, demo), cells, 0, theme::ACCENT));
    }
    if let Some(path) = &wizard.written {
        let run = wizard.fields.shell.run_line(path);
        out.extend(widgets::signed_text(Sign::Done, &format!("Written. Run it by: {run}"), cells));
    }
    if room != Room::Small {
        out.push(Line::default());
    }
    out
}
