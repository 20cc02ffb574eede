//! The dashboard: what there is, the step that comes next, and the tenant at a glance. Where there is room in three
//! columns, else in one that follows the cursor.

mod glance;

use std::collections::BTreeSet;

use ratatui::{
    layout::{Constraint, Layout, Rect, Spacing},
    text::{Line, Span},
};

use super::super::{
    Room,
    page::Page,
    text::{ago, clock, fit, when, wrap},
    theme, widgets,
};
use crate::{
    app::{
        Model, Sign, Step, command,
        dashboard::{Part, Spot, chosen, sections, spots},
        ingest::IngestPhase,
        pointer::Target,
        upload::UploadState,
    },
    domain::{
        completeness::{Gap, GapScope, RunStatus, State},
        text::{counted, grouped},
        view::RunInfo,
    },
};

/// A line, with what it opens.
type Row = (Option<Spot>, Line<'static>);

pub fn draw(model: &Model, buf: &mut Page<'_>, area: Rect, room: Room) -> u16 {
    let Some(profile) = &model.overview.profile else { return 0 };
    let here = chosen(model);
    let all = sections(model);
    let of = |parts: &[Part], cells: u16| -> Vec<Row> {
        let parts = all.iter().filter(|section| parts.contains(&section.part));
        parts.flat_map(|section| glance::rows(model, section, &here, usize::from(cells))).collect()
    };
    let (left, right) = match room {
        Room::Full => {
            let [left, right] = Layout::horizontal([Constraint::Min(50), Constraint::Length(64)])
                .spacing(Spacing::Overlap(1))
                .areas(area);
            (left, Some(right))
        }
        _ => (area, None),
    };
    let inner = match room {
        Room::Small => Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area },
        _ => widgets::panel(buf, left, profile.title()),
    };
    let blank = || (None, Line::default());
    let mut rows: Vec<Row> = Vec::new();
    if room != Room::Small {
        rows.extend(facts(model, inner.width, room).into_iter().map(|line| (None, line)));
        rows.push(blank());
    }
    rows.extend(steps(model, &here, inner.width));
    match &model.trouble {
        Some(problem) => {
            if room == Room::Small {
                rows.clear();
            }
            rows.push(blank());
            rows.extend(widgets::problem(problem, inner.width, Sign::Failed).into_iter().map(|line| (None, line)));
        }
        None => {
            let gaps = match room {
                Room::Full => gap_advice(gaps(model), inner.width, 6),
                Room::Small => Vec::new(),
                // What mends them needs more room than there is.
                _ => gap_pointer(model, gaps(model), inner.width),
            };
            if !gaps.is_empty() && room == Room::Full {
                rows.push(blank());
            }
            rows.extend(gaps.into_iter().map(|line| (None, line)));
            rows.extend(of(&[Part::Totals], inner.width));
        }
    }
    let waits = glance::waiting(model, inner.width);
    let Some(right) = right else {
        let rest = [Part::Users, Part::Groups, Part::Sizes, Part::Depths, Part::Largest];
        rows.extend(of(&rest, inner.width));
        rows.extend(waits.into_iter().map(|line| (None, line)));
        column(model, buf, inner, &rows, &here);
        return 0;
    };
    column(model, buf, inner, &rows, &here);
    let inner = widgets::panel(buf, right, "At a glance");
    if !waits.is_empty() || all.len() <= 2 {
        let nothing = widgets::wrapped("Nothing has been read yet.", inner.width, 0, theme::DIM);
        widgets::lines(buf, inner, if waits.is_empty() { &nothing } else { &waits });
        return 0;
    }
    let [one, other] = Layout::horizontal([Constraint::Fill(1), Constraint::Fill(1)]).spacing(2).areas(inner);
    column(model, buf, one, &of(&[Part::Users, Part::Groups], one.width), &here);
    column(model, buf, other, &of(&[Part::Sizes, Part::Depths, Part::Largest], other.width), &here);
    0
}

/// Rows that follow the cursor where there are more of them than lines.
fn column(model: &Model, buf: &mut Page<'_>, area: Rect, rows: &[Row], here: &Spot) {
    // Air between parts, not above the first.
    let rows = match rows {
        [(None, line), rest @ ..] if line.width() == 0 => rest,
        rows => rows,
    };
    let height = usize::from(area.height);
    let at = rows.iter().position(|(spot, _)| spot.as_ref() == Some(here)).unwrap_or(0);
    let most = rows.len().saturating_sub(height.max(1));
    // What stands above the first of the lines that open something is shown as long as it can be.
    let top = if at + 1 < height { 0 } else { at.saturating_sub(height / 2).min(most) };
    let lines: Vec<Line<'_>> = rows.iter().map(|(_, line)| line.clone()).collect();
    let top_line = u16::try_from(top).unwrap_or(u16::MAX);
    match Room::of(model.size.0, model.size.1) {
        Room::Small => widgets::scrolled_bare(buf, area, &lines, top_line),
        _ => widgets::scrolled(buf, area, &lines, top_line),
    };
    buf.spot(area, Target::Main);
    let all = spots(model);
    for ((spot, _), y) in rows.iter().skip(top).zip(area.top()..area.bottom()) {
        if let Some(place) = spot.as_ref().and_then(|spot| all.iter().position(|one| one == spot)) {
            buf.spot(Rect { y, height: 1, ..area }, Target::Row(place as u64));
        }
    }
}

fn steps(model: &Model, here: &Spot, cells: u16) -> Vec<Row> {
    let row = |step: Step| {
        let chosen = *here == Spot::Step(step);
        let text = format!("{:<12} ", step.title());
        let what = fit(&says(model, step), usize::from(cells).saturating_sub(19));
        let line = Line::from(vec![
            Span::styled(if chosen { "▸ " } else { "  " }, theme::ACCENT),
            widgets::sign(model.sign(step)),
            Span::styled(format!(" {} ", step as usize + 1), theme::DIM),
            Span::styled(text, if chosen { theme::STRONG } else { theme::PLAIN }),
            Span::styled(what, if chosen { theme::PLAIN } else { theme::DIM }),
        ]);
        (Some(Spot::Step(step)), line)
    };
    Step::ALL.into_iter().map(row).collect()
}

fn gaps(model: &Model) -> &[Gap] {
    model.shown().map_or(&[], |run| &run.gaps)
}

/// What is not complete, a line each; what the profile accepts is only counted.
pub fn gap_lines(gaps: &[Gap], cells: u16, most: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    let (accepted, news): (Vec<&Gap>, Vec<&Gap>) = gaps.iter().partition(|gap| gap.accepted);
    for gap in news.iter().take(most) {
        let code = gap.code.as_deref().map(|c| format!(" ({c})")).unwrap_or_default();
        let since = if gap.is_carried_forward() { ", as last known" } else { "" };
        // The state first: a long name would push it off the line.
        let text = format!("{}: {}{code}{since}", gap.state.as_str(), gap.name);
        out.push(widgets::signed(Sign::Incomplete, fit(&text, usize::from(cells).saturating_sub(2))));
    }
    if news.len() > most {
        out.push(Line::styled(format!("  and {} more", grouped((news.len() - most) as u64)), theme::DIM));
    }
    if !accepted.is_empty() {
        let text = format!("  {} that the profile accepts", counted(accepted.len() as u64, "gap"));
        out.push(Line::styled(fit(&text, usize::from(cells)), theme::DIM));
    }
    out
}

/// What is not complete, and once for each kind of gap what to do about it.
pub fn gap_advice(gaps: &[Gap], cells: u16, most: usize) -> Vec<Line<'static>> {
    let mut out = gap_lines(gaps, cells, most);
    let steps: BTreeSet<&str> = gaps.iter().filter(|g| !g.accepted).filter_map(next_step).collect();
    for step in steps {
        out.extend(widgets::wrapped(step, cells, 2, theme::PLAIN));
    }
    out
}

/// The first gaps, and where it stands what to do about them.
fn gap_pointer(model: &Model, gaps: &[Gap], cells: u16) -> Vec<Line<'static>> {
    let mut out = gap_lines(gaps, cells, 2);
    if gaps.iter().any(|gap| !gap.accepted) {
        let text = command::with_keys(model, "  What to do about them: Ingest ({ingest}).");
        out.push(Line::styled(fit(&text, usize::from(cells)), theme::DIM));
    }
    out
}

/// What mends a gap.
const fn next_step(gap: &Gap) -> Option<&'static str> {
    match gap.state {
        State::Complete | State::Gone => None,
        State::Forbidden if matches!(gap.scope, GapScope::Kind) => {
            Some("Kinds of members: the app may not read their properties. Add the permission, or accept the gap.")
        }
        State::Partial if matches!(gap.scope, GapScope::Kind) => {
            Some("Service principals: the service does not tell who is in groups. Read again, or accept the gap.")
        }
        State::Forbidden => {
            Some("Forbidden: check the permissions and their consent under Credentials (1), then read again.")
        }
        State::Hidden => {
            Some("Hidden: only apps with Member.Read.Hidden see these members. Add it, consent, and read again.")
        }
        State::Partial if matches!(gap.scope, GapScope::Collection) && gap.code.is_none() => None,
        State::Partial => Some("Partial: it was not read to its end. Read again."),
    }
}

/// Whose directory this is, and where it goes. Where there is little room a line each, and not where the file is.
fn facts(model: &Model, cells: u16, room: Room) -> Vec<Line<'static>> {
    let Some(profile) = &model.overview.profile else { return Vec::new() };
    let mut out = Vec::new();
    let mut fact = |name: &str, value: &str| {
        let left = usize::from(cells).saturating_sub(13);
        let value = if room == Room::Full { value.to_owned() } else { fit(value, left) };
        for (n, line) in wrap(&value, left).into_iter().enumerate() {
            let name = if n == 0 { name } else { "" };
            out.push(Line::from(vec![Span::styled(format!("{name:<12} "), theme::DIM), Span::raw(line)]));
        }
    };
    fact("Tenant", &format!("{}   {}", profile.tenant, profile.cloud.title()));
    match &profile.target {
        Some(target) => fact("Target", &target.to_string()),
        None => fact("Target", "none yet: JupiterOne can be connected under Credentials"),
    }
    if let Some(store) = &model.overview.store {
        match store.temporary {
            true => fact("Store", "temporary: it goes when you quit"),
            false if room == Room::Full => fact("Store", &store.path),
            false => {}
        }
        if let Some(run) = store.finished.as_ref().filter(|_| room == Room::Full) {
            let when = ago(model.now, run.last_at());
            let full = full_read(model, run.last_full).map(|text| format!("; {text}")).unwrap_or_default();
            fact("Read", &format!("run {}, {when}{full}", run.id));
        }
        if let Some(pid) = store.held_by {
            fact("", &format!("process {pid} is writing to it; you can browse meanwhile"));
        }
    }
    out
}

/// Of a run that was cut off, and that Enter goes on with.
pub fn cut_off(model: &Model, run: &RunInfo) -> String {
    format!("cut off: ↵ goes on with run {} of {}", run.id, when(run.started_at, model.now, &model.zone))
}

/// How old the last full read is, where that is known.
pub fn full_read(model: &Model, last_full: Option<jiff::Timestamp>) -> Option<String> {
    last_full.map(|at| format!("last full read {}", ago(model.now, at)))
}

/// A step's state in words.
fn says(model: &Model, step: Step) -> String {
    let store = model.overview.store.as_ref();
    let totals = store.map(|s| &s.totals);
    match step {
        Step::Credentials => "change or check them".to_owned(),
        Step::Ingest => match (&model.ingest.phase, model.shown()) {
            (IngestPhase::Running(_), _) if model.ingest.held => "paused".to_owned(),
            (IngestPhase::Running(_), _) => "reading the directory now".to_owned(),
            _ if model.cut_off().is_some() => model.cut_off().map(|run| cut_off(model, run)).unwrap_or_default(),
            (_, None) if model.trouble.is_some() => "the store here cannot be read".to_owned(),
            (_, None) => "read the directory for the first time".to_owned(),
            (_, Some(run)) => {
                let when = ago(model.now, run.last_at());
                let how = match run.status {
                    RunStatus::Running => "being read".to_owned(),
                    RunStatus::Complete => "complete".to_owned(),
                    RunStatus::Partial if run.open_gaps() == 0 => "complete but for accepted gaps".to_owned(),
                    RunStatus::Partial => counted(run.open_gaps(), "gap"),
                    RunStatus::Failed => "failed".to_owned(),
                    RunStatus::Interrupted => "cut off before its end".to_owned(),
                    RunStatus::Scoped => "a selection only".to_owned(),
                };
                format!("run {}, {when}, {how}, in {}", run.id, clock(run.seconds))
            }
        },
        Step::Browse => match totals {
            Some(t) if t.users + t.groups > 0 => {
                format!("{} · {} · {}", counted(t.users, "user"), counted(t.groups, "group"), counted(t.edges, "edge"))
            }
            _ => "nothing read yet".to_owned(),
        },
        Step::Preview if store.is_some_and(|s| s.finished.is_some()) => {
            "what an upload would change; sends nothing".to_owned()
        }
        Step::Preview => "after a finished run".to_owned(),
        Step::Upload => match (&model.upload.phase, store.and_then(|s| s.uploaded)) {
            (UploadState::Running(_), _) => "uploading now".to_owned(),
            (_, Some(uploaded)) if uploaded.in_doubt => {
                format!("in doubt ({}): the next upload settles it", ago(model.now, uploaded.at))
            }
            (_, Some(uploaded)) => format!("uploaded {}", ago(model.now, uploaded.at)),
            (_, None) => "never yet to this target".to_owned(),
        },
    }
}
