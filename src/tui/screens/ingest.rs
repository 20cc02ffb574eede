//! The ingestion's screen: a pane a collection, what it costs, and what is happening.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect, Spacing},
    text::{Line, Span},
};

use super::{
    super::{
        Room,
        text::{ago, clock, fit, right, time, width},
        theme, widgets,
    },
    dashboard::{gap_advice, gap_lines},
};
use crate::{
    app::{
        Kind, Model, Sign,
        ingest::{Ingest, IngestPhase},
    },
    domain::{
        completeness::{Collection, RunStatus, State},
        ids::is_guid_shaped,
        problem::Problem,
        progress::{CollectionProgress, Level, LogLine, Phase},
        text::{counted, grouped},
    },
};

/// Gives back the furthest that the log, or what went wrong, can be scrolled.
pub fn draw(model: &Model, buf: &mut Buffer, area: Rect, room: Room) -> u16 {
    match (&model.ingest.phase, room) {
        (IngestPhase::Idle, _) => {
            idle(model, buf, area);
            0
        }
        // A failure needs more room than a line: without much of it, all there is.
        (IngestPhase::Failed(problem), Room::Medium | Room::Small | Room::Tiny) => failed(model, problem, buf, area),
        (_, Room::Full) => full(model, buf, area),
        (_, Room::Medium) => medium(model, buf, area),
        (_, Room::Small | Room::Tiny) => {
            small(model, buf, area);
            0
        }
    }
}

fn failed(model: &Model, problem: &Problem, buf: &mut Buffer, area: Rect) -> u16 {
    let inner = widgets::panel(buf, area, "What went wrong");
    let mut lines = widgets::problem(problem, inner.width, Sign::Failed);
    if problem.code.as_deref().is_some_and(|code| code == "no_secret" || code.starts_with("keyring")) {
        let text = "The client secret can be entered under Credentials: press 1.";
        lines.extend(widgets::wrapped(text, inner.width, 2, theme::STRONG));
    }
    widgets::scrolled(buf, inner, &lines, model.ingest.scrolled)
}

fn idle(model: &Model, buf: &mut Buffer, area: Rect) {
    let inner = widgets::panel(buf, area, "Read the directory");
    let mut lines = vec![Line::default()];
    match &model.overview.profile {
        None => lines.extend(widgets::wrapped(
            "There is no profile yet. Press Enter to enter the tenant's credentials first.",
            inner.width,
            0,
            theme::PLAIN,
        )),
        Some(profile) => {
            let text = format!("Press Enter to read {}.", profile.title());
            lines.extend(widgets::wrapped(&text, inner.width, 0, theme::STRONG));
            lines.push(Line::default());
            let text = "Account, users, groups and who is in which group. Nothing in the tenant is changed. You can \
                        browse from the first page on, and stop at any time: what has been read stays here.";
            lines.extend(widgets::wrapped(text, inner.width.min(84), 0, theme::PLAIN));
            if let Some(run) = model.overview.store.as_ref().and_then(|s| s.newest.as_ref()) {
                lines.push(Line::default());
                let when = ago(model.now, run.finished_at.unwrap_or(run.started_at));
                let text = format!("Last read {when} (run {}, {}).", run.id, run.status.as_str());
                lines.extend(widgets::wrapped(&text, inner.width, 0, theme::DIM));
                lines.extend(gap_lines(&run.gaps, inner.width, 5));
            }
        }
    }
    widgets::lines(buf, inner, &lines);
}

const TITLES: [(Collection, &str); 4] = [
    (Collection::Account, "Account"),
    (Collection::Users, "Users"),
    (Collection::Groups, "Groups"),
    (Collection::Memberships, "Memberships"),
];

fn full(model: &Model, buf: &mut Buffer, area: Rect) -> u16 {
    let [panes, middle, bottom] = Layout::vertical([Constraint::Length(8), Constraint::Length(7), Constraint::Min(5)])
        .spacing(Spacing::Overlap(1))
        .areas(area);
    let columns: [Rect; 4] = Layout::horizontal([Constraint::Fill(1); 4]).spacing(Spacing::Overlap(1)).areas(panes);
    for ((collection, title), place) in TITLES.into_iter().zip(columns) {
        let inner = widgets::panel(buf, place, title);
        widgets::lines(buf, inner, &pane(model, collection, inner.width, true));
    }
    let [quota, requests, result] =
        Layout::horizontal([Constraint::Fill(1); 3]).spacing(Spacing::Overlap(1)).areas(middle);
    let inner = widgets::panel(buf, quota, "Quota");
    widgets::lines(buf, inner, &quota_lines(&model.ingest));
    let inner = widgets::panel(buf, requests, "Requests");
    widgets::lines(buf, inner, &request_lines(&model.ingest, inner.width));
    let inner = widgets::panel(buf, result, "Run");
    widgets::lines(buf, inner, &run_lines(model));
    log(model, buf, bottom)
}

fn medium(model: &Model, buf: &mut Buffer, area: Rect) -> u16 {
    let [first, second, middle, bottom] =
        Layout::vertical([Constraint::Length(5), Constraint::Length(5), Constraint::Length(5), Constraint::Min(4)])
            .spacing(Spacing::Overlap(1))
            .areas(area);
    let two =
        |r: Rect| -> [Rect; 2] { Layout::horizontal([Constraint::Fill(1); 2]).spacing(Spacing::Overlap(1)).areas(r) };
    let places = [two(first), two(second)].concat();
    for ((collection, title), place) in TITLES.into_iter().zip(places) {
        let inner = widgets::panel(buf, place, title);
        widgets::lines(buf, inner, &pane(model, collection, inner.width, false));
    }
    let [requests, result] = two(middle);
    let inner = widgets::panel(buf, requests, "Requests and quota");
    let mut lines = request_lines(&model.ingest, inner.width);
    lines.truncate(2);
    let wire = &model.ingest.progress.wire;
    lines.push(Line::raw(match wire.throttled_seconds {
        s if s > 0.0 => format!("{} units/10 s · ↻ throttled {s:.1} s", grouped(wire.units_10s)),
        _ => format!("{} units/10 s · not throttled", grouped(wire.units_10s)),
    }));
    widgets::lines(buf, inner, &lines);
    let inner = widgets::panel(buf, result, "Run");
    widgets::lines(buf, inner, &run_lines(model));
    log(model, buf, bottom)
}

fn small(model: &Model, buf: &mut Buffer, area: Rect) {
    let mut lines = Vec::new();
    for (collection, title) in TITLES {
        let of = model.ingest.progress.of(collection);
        let left = format!(" {title}");
        let numbers = right(&numbers(of), usize::from(area.width).saturating_sub(left.len() + 4));
        lines.push(Line::from(vec![" ".into(), widgets::sign(sign(of)), Span::raw(left), Span::raw(numbers)]));
    }
    widgets::lines(buf, area, &lines);
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let below = Rect { y: inner.y + 4, height: inner.height.saturating_sub(4), ..inner };
    let mut lines = run_lines(model);
    match &model.ingest.phase {
        IngestPhase::Ended(run) if !run.gaps.is_empty() => {
            lines.truncate(1);
            lines.extend(gap_advice(&run.gaps, below.width, 1));
        }
        _ => {
            lines.extend(request_lines(&model.ingest, below.width).into_iter().take(2));
            lines.extend(quota_lines(&model.ingest).into_iter().skip(2));
        }
    }
    widgets::lines(buf, below, &lines);
}

fn sign(of: &CollectionProgress) -> Sign {
    match of.phase {
        Phase::Waiting => Sign::ToCome,
        Phase::Reading => Sign::Here,
        Phase::Ended(State::Complete | State::Gone) => Sign::Done,
        Phase::Ended(State::Partial | State::Hidden) => Sign::Incomplete,
        Phase::Ended(State::Forbidden) => Sign::Failed,
    }
}

/// `31,968 of 50,021   64 %`.
fn numbers(of: &CollectionProgress) -> String {
    match (of.phase, of.total) {
        (Phase::Waiting, None) => "waiting".to_owned(),
        (Phase::Reading | Phase::Waiting, Some(total)) => {
            let percent = of.done.saturating_mul(100).checked_div(total).unwrap_or(100);
            format!("{} of {}   {percent} %", grouped(of.done), grouped(total))
        }
        (Phase::Ended(State::Complete | State::Gone), _) | (Phase::Reading, None) => grouped(of.done),
        (Phase::Ended(state), Some(total)) => {
            format!("{} of {}   {}", grouped(of.done), grouped(total), state.as_str())
        }
        (Phase::Ended(state), None) => format!("{}   {}", grouped(of.done), state.as_str()),
    }
}

fn pane(model: &Model, collection: Collection, cells: u16, tall: bool) -> Vec<Line<'static>> {
    let progress = &model.ingest.progress;
    let of = progress.of(collection);
    let running = matches!(model.ingest.phase, IngestPhase::Running(_));
    let stands = match (running, sign(of)) {
        // Cut short in the middle.
        (false, Sign::Here) => Sign::Incomplete,
        (_, stands) => stands,
    };
    let numbers = match of.phase {
        Phase::Waiting if !running => "not read".to_owned(),
        _ => numbers(of),
    };
    let mut out = vec![widgets::signed(stands, numbers)];
    let rate = if of.seconds > 0.5 { of.done as f64 / of.seconds } else { 0.0 };
    match (of.phase, of.total) {
        // One object needs no bar: its name says more.
        _ if collection == Collection::Account => {
            let name = model.overview.profile.as_ref().map_or("", |p| p.title());
            out.push(Line::styled(fit(name, usize::from(cells)), theme::DIM));
        }
        (Phase::Reading, Some(total)) => out.push(widgets::bar(of.done, total, cells)),
        (Phase::Reading, None) => out.push(Line::styled("total not known", theme::DIM)),
        (Phase::Ended(_), Some(total)) => out.push(widgets::bar(of.done, total.max(of.done), cells)),
        _ => out.push(Line::default()),
    }
    let mut facts = Vec::new();
    if rate >= 1.0 && collection != Collection::Account {
        facts.push(format!("{}/s", grouped(rate as u64)));
    }
    if let (Phase::Reading, Some(total)) = (of.phase, of.total)
        && rate > 0.0
        && running
        && of.done < total
    {
        facts.push(format!("{} left", clock(total.saturating_sub(of.done) as f64 / rate)));
    }
    let elapsed = match of.phase {
        Phase::Waiting => String::new(),
        Phase::Reading if !running => format!("stopped after {}", clock(of.seconds)),
        Phase::Reading => format!("{} so far", clock(of.seconds)),
        Phase::Ended(_) => format!("in {}", clock(of.seconds)),
    };
    if !tall {
        facts.push(elapsed.clone());
    }
    out.push(Line::raw(fit(&facts.join("   "), usize::from(cells))));
    if tall {
        out.push(Line::raw(elapsed));
    }
    match collection {
        Collection::Account => {}
        Collection::Memberships => {
            out.push(Line::styled(format!("groups; {}", counted(progress.edges, "membership")), theme::DIM))
        }
        Collection::Users | Collection::Groups => {}
    }
    out
}

fn quota_lines(ingest: &Ingest) -> Vec<Line<'static>> {
    let wire = &ingest.progress.wire;
    let throttled = match wire.throttled_seconds {
        s if ingest.throttled && s > 0.0 => widgets::signed(Sign::Retrying, format!("throttled now; {s:.1} s in all")),
        s if s > 0.0 => widgets::signed(Sign::Retrying, format!("{s:.1} s lost to throttling")),
        _ => Line::styled("not throttled", theme::DIM),
    };
    vec![
        Line::raw(format!("{} units in the last 10 s", grouped(wire.units_10s))),
        Line::raw(format!("{} in all", counted(wire.resource_units, "resource unit"))),
        throttled,
    ]
}

fn request_lines(ingest: &Ingest, cells: u16) -> Vec<Line<'static>> {
    let wire = &ingest.progress.wire;
    let mut second = format!("{} refused · {} again", grouped(wire.refused), grouped(wire.retried));
    if wire.p95_ms > 0 {
        second.push_str(&format!(" · p95 {} ms", grouped(u64::from(wire.p95_ms))));
    }
    vec![
        Line::raw(format!("{} sent · {} in flight", grouped(wire.requests), wire.in_flight)),
        Line::raw(fit(&second, usize::from(cells))),
        Line::default(),
        Line::styled(widgets::pulse(ingest.pulse.iter().copied(), usize::from(cells)), theme::ACCENT),
    ]
}

fn run_lines(model: &Model) -> Vec<Line<'static>> {
    let ingest = &model.ingest;
    let mut out = Vec::new();
    match &ingest.phase {
        IngestPhase::Idle => {}
        IngestPhase::Running(_) => {
            let stopping = model.jobs.values().any(|j| j.kind == Kind::Collect && j.cancelled);
            out.push(match stopping {
                true => widgets::signed(Sign::Paused, "stopping; what is here is kept"),
                false => widgets::signed(Sign::Here, format!("reading for {}", clock(ingest.progress.seconds))),
            });
            out.push(match ingest.throttled {
                true => widgets::signed(Sign::Retrying, "Microsoft asked to wait: waiting"),
                false => Line::styled("Enter browses what is here.", theme::DIM),
            });
        }
        IngestPhase::Ended(run) => {
            let (sign, text) = match run.status {
                RunStatus::Complete => (Sign::Done, "complete"),
                RunStatus::Partial => (Sign::Incomplete, "done, with gaps"),
                RunStatus::Interrupted => (Sign::Incomplete, "cancelled, kept"),
                RunStatus::Scoped => (Sign::Incomplete, "a selection only"),
                RunStatus::Failed => (Sign::Failed, "failed, kept"),
                RunStatus::Running => (Sign::Here, "running"),
            };
            out.push(widgets::signed(sign, format!("{text}, after {}", clock(run.seconds))));
            out.push(Line::styled("Press Enter to browse.", theme::DIM));
            if !run.gaps.is_empty() {
                let text = format!("{}, named below", counted(run.gaps.len() as u64, "gap"));
                out.push(widgets::signed(Sign::Incomplete, text));
            }
        }
        IngestPhase::Failed(_) => {
            let text = format!("stopped, after {}", clock(ingest.progress.seconds));
            out.push(widgets::signed(Sign::Failed, text));
            if ingest.progress.edges + ingest.progress.collections.iter().map(|c| c.done).sum::<u64>() > 0 {
                out.push(Line::styled("What was read is kept.", theme::DIM));
            }
        }
    }
    out
}

fn log(model: &Model, buf: &mut Buffer, area: Rect) -> u16 {
    if let IngestPhase::Failed(problem) = &model.ingest.phase {
        return failed(model, problem, buf, area);
    }
    let inner = widgets::panel(buf, area, "What is happening");
    let room = usize::from(inner.width).saturating_sub(12);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for entry in &model.ingest.log {
        let mut spans = vec![Span::styled(format!("{}  ", time(entry.at, &model.zone)), theme::DIM)];
        match theme::level_sign(entry.level) {
            Some(sign) => spans.extend([widgets::sign(sign), " ".into()]),
            None => spans.push("  ".into()),
        }
        spans.push(Span::raw(fit(&said(entry), room)));
        lines.push(Line::from(spans));
    }
    // What is missing comes last, where it is seen.
    if let IngestPhase::Ended(run) = &model.ingest.phase {
        lines.extend(gap_advice(&run.gaps, inner.width, 10));
    }
    if lines.is_empty() {
        lines.push(Line::styled("nothing yet", theme::DIM));
    }
    let most = lines.len().saturating_sub(usize::from(inner.height));
    let from = most.saturating_sub(usize::from(model.ingest.scrolled));
    widgets::lines(buf, inner, &lines[from..]);
    if from > 0 && area.width > 40 {
        let text = format!(" ↑ {from} more ");
        let x = inner.right().saturating_sub(width(&text) as u16);
        buf.set_line(x, area.y, &Line::styled(text, theme::ACCENT), area.width);
    }
    u16::try_from(most).unwrap_or(u16::MAX)
}

/// A line of the log, with what matters at its beginning.
fn said(entry: &LogLine) -> String {
    let mut text = short_ids(entry.text.lines().next().unwrap_or_default());
    if let Some(problem) = &entry.problem
        && entry.level != Level::Retry
        && !entry.text.contains(&problem.summary)
    {
        text.push_str(&format!(": {}", problem.line()));
    }
    match text.split_once(": ") {
        // A path is long, and what happens to it stands behind it.
        Some((what, how)) if entry.level == Level::Retry => format!("{how} · {what}"),
        _ => text,
    }
}

/// With no more of each ID than tells it from others; the whole one is in the log file.
fn short_ids(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    let end = |word: &mut String, out: &mut String| {
        match is_guid_shaped(word) {
            true => out.extend(word.chars().take(8).chain(['…'])),
            false => out.push_str(word),
        }
        word.clear();
    };
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || c == '-' {
            word.push(c);
        } else {
            end(&mut word, &mut out);
            out.push(c);
        }
    }
    end(&mut word, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_by_their_beginning() {
        let check = |text: &str, want: &str| assert_eq!(short_ids(text), want);
        check("reading /users: 503, again in 1.4 s", "reading /users: 503, again in 1.4 s");
        check(
            "/groups/84841066-274d-4ec0-a5c1-276be684bdd3/members (request 7b12f9bb-2e0c-4be0-8d7f-5b6f2f4f1f00)",
            "/groups/84841066…/members (request 7b12f9bb…)",
        );
        check("84841066-274d-4ec0-a5c1", "84841066-274d-4ec0-a5c1");
    }
}
