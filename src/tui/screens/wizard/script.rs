//! The script: what it does, who runs it where, and its text.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::{
    super::super::{Room, text::fit, theme, widgets},
    field::{certificate, shell_title},
};
use crate::{
    app::{
        Model, Sign,
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
        return widgets::scrolled(buf, inner, &lines, 0);
    };
    let head = head(model, cells, room);
    widgets::lines(buf, inner, &head);
    let used = u16::try_from(head.len()).unwrap_or(u16::MAX);
    if inner.height < used + 4 {
        return 0;
    }
    let below = Rect { y: inner.y + used, height: inner.height - used, ..inner };
    let shell = wizard.fields.shell;
    let title = format!("{}, {} lines", shell_title(shell), script.lines().count());
    let text = widgets::panel(buf, below, &title);
    let lines: Vec<Line<'static>> = script.lines().map(|line| code(line, text.width)).collect();
    widgets::scrolled(buf, text, &lines, wizard.scroll)
}

/// Comments stand back.
fn code(line: &str, cells: u16) -> Line<'static> {
    let style = if line.trim_start().starts_with('#') { theme::DIM } else { theme::PLAIN };
    Line::styled(fit(line, usize::from(cells)), style)
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
        Room::Small => step("1", "y copies the script, w writes it to a file: run it as an administrator."),
        _ => step("1", &format!("Copy the script, and run it {place}.")),
    }
    if room != Room::Small {
        let who = "As Privileged Role Administrator or Global Administrator it also gives consent; as anybody who may \
                   register apps it does the rest, and consent is asked for later.";
        step("2", who);
    }
    step(if room == Room::Small { "2" } else { "3" }, "Take the line that it prints at its end, and go on.");
    if model.mode == Mode::Demo && room != Room::Small {
        let demo = "This is a demo: there is no Azure to run it in. Go on; F2 stands in for the line.";
        out.extend(widgets::wrapped(demo, cells, 0, theme::ACCENT));
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
