//! The ingestion's screen: a pane a collection, what it costs, and what is happening.

use ratatui::{
    buffer::Buffer,
    layout::{Constraint, Layout, Rect, Spacing},
    text::{Line, Span},
};

use super::{
    super::{
        Room,
        page::Page,
        text::{ago, clock, fit, right, time, when, width},
        theme, widgets,
    },
    browse::requests,
    dashboard::{full_read, gap_advice, gap_lines},
};
use crate::{
    app::{
        Kind, Model, Sign, command,
        ingest::{self, Ingest, IngestPhase},
    },
    domain::{
        completeness::{Collection, Gap, RunStatus, State},
        ids::is_guid_shaped,
        problem::Problem,
        progress::{CollectionProgress, Level, LogLine, Phase},
        reading::RunKind,
        text::{counted, grouped},
    },
};

/// Gives back the furthest that the log, or what went wrong, can be scrolled.
pub fn draw(model: &Model, buf: &mut Page<'_>, area: Rect, room: Room) -> u16 {
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
        Some(_) if ingest::is_elsewhere(model) => lines.extend(elsewhere(model, inner.width)),
        Some(profile) => {
            let text = match (model.cut_off(), model.finished()) {
                (Some(run), _) => format!(
                    "Run {} of {} was cut off before its end. Press Enter to go on with it, {} to drop it and begin anew.",
                    run.id,
                    when(run.started_at, model.now, &model.zone),
                    command::named(model, "drop-run")
                ),
                (None, Some(_)) => format!("Press Enter to read what changed in {}.", profile.title()),
                (None, None) => format!("Press Enter to read {}.", profile.title()),
            };
            match model.cut_off() {
                Some(_) => lines.extend(widgets::signed_text(Sign::Incomplete, &text, inner.width)),
                None => lines.extend(widgets::wrapped(&text, inner.width, 0, theme::STRONG)),
            }
            lines.push(Line::default());
            let text = "Account, users, groups and who is in which group. Nothing in the tenant is changed. You can \
                        browse from the first page on, and stop at any time: what has been read stays here.";
            lines.extend(widgets::wrapped(text, inner.width.min(84), 0, theme::PLAIN));
            lines.extend(before(model, inner.width));
        }
    }
    widgets::lines(buf, inner, &lines);
}

/// What another process is doing with this store, and how far it has come.
fn elsewhere(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let Some(store) = &model.overview.store else { return Vec::new() };
    let process = store.held_by.map_or_else(|| "Another process".to_owned(), |pid| format!("Process {pid}"));
    let (since, run) = match &store.elsewhere {
        Some(beside) => (beside.since, beside.run.as_ref()),
        None => (None, None),
    };
    let since = since.map(|at| format!(" since {}", when(at, model.now, &model.zone))).unwrap_or_default();
    let text = match run {
        Some(run) => format!("{process} is reading this tenant{since}: run {}.", run.id),
        None => format!("{process} is writing to this store{since}."),
    };
    let mut lines = widgets::signed_text(Sign::Here, &text, cells);
    for at in store.elsewhere.iter().flat_map(|beside| &beside.reached) {
        let of = at.total.map(|total| format!(" of {}", grouped(total))).unwrap_or_default();
        let (sign, text) = match at.ended {
            Some(state) if state.is_whole() => (Sign::Done, grouped(at.done)),
            Some(state) => (Sign::Incomplete, format!("{}, {}", grouped(at.done), state.as_str())),
            None => (Sign::Here, format!("{}{of}", grouped(at.done))),
        };
        lines.extend(widgets::signed_text(sign, &format!("{:<12} {text}", at.collection.as_str()), cells));
    }
    lines.push(Line::default());
    let text = match &store.finished {
        Some(finished) => format!(
            "Nothing can be read here meanwhile. Press Enter to browse run {} of {}, the last that finished.",
            finished.id,
            when(finished.started_at, model.now, &model.zone)
        ),
        None => "Nothing can be read here meanwhile. No run has finished yet: what is there so far can be browsed."
            .to_owned(),
    };
    lines.extend(widgets::wrapped(&text, cells.min(84), 0, theme::PLAIN));
    lines
}

/// What was read before, how long ago that is, and what it lacks.
fn before(model: &Model, cells: u16) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    let store = model.overview.store.as_ref();
    let finished = store.and_then(|s| s.finished.as_ref());
    if let Some(run) = finished {
        let full = full_read(model, run.last_full).map(|text| format!(" {}.", capital(&text))).unwrap_or_default();
        let text =
            format!("Last read {} (run {}, {}).{full}", ago(model.now, run.last_at()), run.id, run.status.as_str());
        lines.push(Line::default());
        lines.extend(widgets::wrapped(&text, cells, 0, theme::DIM));
        lines.extend(gap_lines(&run.gaps, cells, 5));
    }
    // What is newer and not finished is told apart.
    let newest = store.and_then(|s| s.newest.as_ref()).filter(|run| finished.map(|f| f.id) != Some(run.id));
    let text = newest.and_then(|run| {
        let at = when(run.started_at, model.now, &model.zone);
        match run.status {
            RunStatus::Scoped => Some(format!("Run {} of {at} read a selection only; it is never uploaded.", run.id)),
            RunStatus::Interrupted | RunStatus::Failed if model.cut_off().is_none() => {
                Some(format!("Run {} of {at} was cut off too long ago to be gone on with.", run.id))
            }
            _ => None,
        }
    });
    if let Some(text) = text {
        lines.push(Line::default());
        lines.extend(widgets::wrapped(&text, cells, 0, theme::DIM));
    }
    lines
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|c| c.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

const TITLES: [(Collection, &str); 4] = [
    (Collection::Account, "Account"),
    (Collection::Users, "Users"),
    (Collection::Groups, "Groups"),
    (Collection::Memberships, "Memberships, by group"),
];

fn full(model: &Model, buf: &mut Buffer, area: Rect) -> u16 {
    let [panes, middle, bottom] = Layout::vertical([Constraint::Length(7), Constraint::Length(9), Constraint::Min(5)])
        .spacing(Spacing::Overlap(1))
        .areas(area);
    let columns: [Rect; 4] = Layout::horizontal([Constraint::Fill(1); 4]).spacing(Spacing::Overlap(1)).areas(panes);
    for ((collection, title), place) in TITLES.into_iter().zip(columns) {
        let inner = widgets::panel(buf, place, title);
        widgets::lines(buf, inner, &pane(model, collection, inner.width, true));
    }
    let [run, quota, requests] =
        Layout::horizontal([Constraint::Fill(1); 3]).spacing(Spacing::Overlap(1)).areas(middle);
    let inner = widgets::panel(buf, run, "Run");
    widgets::lines(buf, inner, &run_lines(model, inner.width, 7));
    let inner = widgets::panel(buf, quota, "Quota");
    widgets::lines(buf, inner, &quota_lines(&model.ingest, inner.width));
    let inner = widgets::panel(buf, requests, "Requests");
    widgets::lines(buf, inner, &request_lines(&model.ingest, inner.width));
    let (bottom, requests) = with_requests(model, bottom);
    let reach = happening(model, buf, bottom);
    last_requests(model, buf, requests);
    reach
}

/// What is happening, and beside it what is missing.
fn happening(model: &Model, buf: &mut Buffer, bottom: Rect) -> u16 {
    let missing = missing_lines(model, 44, 12);
    if missing.is_empty() || matches!(model.ingest.phase, IngestPhase::Failed(_)) {
        return log(model, buf, bottom, 0);
    }
    let [happens, lacks] =
        Layout::horizontal([Constraint::Min(60), Constraint::Length(48)]).spacing(Spacing::Overlap(1)).areas(bottom);
    let inner = widgets::panel(buf, lacks, "What is missing, and why");
    widgets::lines(buf, inner, &missing);
    log(model, buf, happens, 0)
}

fn medium(model: &Model, buf: &mut Buffer, area: Rect) -> u16 {
    let [first, second, middle, bottom] =
        Layout::vertical([Constraint::Length(5), Constraint::Length(5), Constraint::Length(6), Constraint::Min(4)])
            .spacing(Spacing::Overlap(1))
            .areas(area);
    let two =
        |r: Rect| -> [Rect; 2] { Layout::horizontal([Constraint::Fill(1); 2]).spacing(Spacing::Overlap(1)).areas(r) };
    let places = [two(first), two(second)].concat();
    for ((collection, title), place) in TITLES.into_iter().zip(places) {
        let inner = widgets::panel(buf, place, title);
        widgets::lines(buf, inner, &pane(model, collection, inner.width, false));
    }
    let [run, costs] = two(middle);
    let inner = widgets::panel(buf, run, "Run");
    widgets::lines(buf, inner, &run_lines(model, inner.width, 4));
    let inner = widgets::panel(buf, costs, "Quota and requests");
    let [of_quota, _, paced, .., throttled] = quota_lines(&model.ingest, inner.width);
    let [sent, refused, ..] = request_lines(&model.ingest, inner.width);
    // What the pace says stands in the place of what was refused as soon as nothing was.
    let wire = &model.ingest.progress.wire;
    let third = if wire.refused + wire.retried > 0 { refused } else { paced };
    widgets::lines(buf, inner, &[of_quota, throttled, sent, third]);
    let (bottom, requests) = with_requests(model, bottom);
    let reach = log(model, buf, bottom, 3);
    last_requests(model, buf, requests);
    reach
}

/// Of fewer lines neither what is happening nor the requests would show anything but their last word.
const LOG_WITH_REQUESTS: u16 = 14;
/// Frame, heads, and two of them.
const FEWEST_REQUESTS: u16 = 5;

/// Room for the last requests at the foot, and what is left above: half of it, and at least what tells what is missing or
/// went wrong.
fn with_requests(model: &Model, area: Rect) -> (Rect, Option<Rect>) {
    let needs = match model.ingest.phase {
        IngestPhase::Failed(_) => 12,
        _ => missing_lines(model, 44, 12).len(),
    };
    let above = (area.height / 2 + 1).max(u16::try_from(needs).unwrap_or(u16::MAX).saturating_add(2));
    let below = (area.height + 1).saturating_sub(above);
    if area.height < LOG_WITH_REQUESTS || below < FEWEST_REQUESTS || model.ingest.requests.is_empty() {
        return (area, None);
    }
    let pane = Rect { y: area.y + above - 1, height: below, ..area };
    (Rect { height: above, ..area }, Some(pane))
}

fn last_requests(model: &Model, buf: &mut Buffer, pane: Option<Rect>) {
    if let Some(pane) = pane {
        let inner = widgets::panel(buf, pane, "Last requests");
        requests::last(model, buf, inner);
    }
}

fn small(model: &Model, buf: &mut Buffer, area: Rect) {
    let mut lines = Vec::new();
    for (collection, title) in TITLES {
        let of = model.ingest.progress.of(collection);
        // Beside its numbers there is only room for its name.
        let left = format!(" {}", title.split(',').next().unwrap_or_default());
        let numbers = right(&numbers(model, collection, of), usize::from(area.width).saturating_sub(left.len() + 4));
        lines.push(Line::from(vec![" ".into(), widgets::sign(stands(model, of)), Span::raw(left), Span::raw(numbers)]));
    }
    widgets::lines(buf, area, &lines);
    let inner = Rect { x: area.x + 1, width: area.width.saturating_sub(2), ..area };
    let below = Rect { y: inner.y + 4, height: inner.height.saturating_sub(4), ..inner };
    let mut lines = run_lines(model, below.width, 2);
    match &model.ingest.phase {
        IngestPhase::Ended(run) if !run.gaps.is_empty() => {
            lines.truncate(1);
            lines.extend(gap_advice(&run.gaps, below.width, 1));
        }
        _ => {
            let [of_quota, .., throttled] = quota_lines(&model.ingest, below.width);
            lines.extend([of_quota, throttled]);
            let progress = &model.ingest.progress;
            let (gaps, lost) = (gaps(model).len() as u64, progress.fallbacks.len() as u64);
            let [sent, ..] = request_lines(&model.ingest, below.width);
            lines.push(match (gaps, lost) {
                (0, 0) => sent,
                (gaps, 0) => widgets::signed(Sign::Incomplete, counted(gaps, "gap")),
                (gaps, lost) => {
                    let text = format!("{} · {}", counted(gaps, "gap"), counted(lost, "fallback"));
                    widgets::signed(Sign::Incomplete, text)
                }
            });
        }
    }
    widgets::lines(buf, below, &lines);
}

/// What the run lacks so far, or at its end.
fn gaps(model: &Model) -> &[Gap] {
    match &model.ingest.phase {
        IngestPhase::Ended(run) => &run.gaps,
        _ => &model.ingest.progress.gaps,
    }
}

/// The shortcuts that are not taken, and the gaps, each with its reason; at its end with what mends them.
fn missing_lines(model: &Model, cells: u16, most: usize) -> Vec<Line<'static>> {
    let mut out = Vec::new();
    for fallback in &model.ingest.progress.fallbacks {
        out.extend(widgets::signed_text(Sign::Retrying, &format!("{}: {}", fallback.what, fallback.why), cells));
    }
    out.extend(match &model.ingest.phase {
        IngestPhase::Ended(run) => gap_advice(&run.gaps, cells, most),
        _ => gap_lines(&model.ingest.progress.gaps, cells, most),
    });
    out
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

/// Its sign, with what holds it up or has cut it short in the middle.
fn stands(model: &Model, of: &CollectionProgress) -> Sign {
    match (matches!(model.ingest.phase, IngestPhase::Running(_)), sign(of)) {
        (false, Sign::Here) => Sign::Incomplete,
        (true, Sign::Here) if model.ingest.held => Sign::Paused,
        (_, stands) => stands,
    }
}

/// `31,968 of 50,021   64 %`; of changes nobody knows how many there are.
fn numbers(model: &Model, collection: Collection, of: &CollectionProgress) -> String {
    match (of.phase, of.total) {
        (Phase::Reading | Phase::Ended(State::Complete), _)
            if collection == Collection::Memberships && reads_changes(model) =>
        {
            format!("{} read whole", counted(of.done, "group"))
        }
        (Phase::Reading, Some(total)) if reads_changes(model) && of.done < total => {
            format!("{} read, of {}", grouped(of.done), grouped(total))
        }
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

fn reads_changes(model: &Model) -> bool {
    model.ingest.progress.kind == Some(RunKind::Delta)
}

fn pane(model: &Model, collection: Collection, cells: u16, tall: bool) -> Vec<Line<'static>> {
    let progress = &model.ingest.progress;
    let of = progress.of(collection);
    let running = matches!(model.ingest.phase, IngestPhase::Running(_));
    let stands = stands(model, of);
    let numbers = match of.phase {
        Phase::Waiting if !running => "not read".to_owned(),
        _ => numbers(model, collection, of),
    };
    let mut out = vec![widgets::signed(stands, numbers)];
    let rate = match of.phase {
        Phase::Reading if running => of.rate,
        // What another sitting had read is not known apart.
        _ if progress.resumed_from.is_some() || of.seconds <= 0.5 => 0.0,
        _ => of.done as f64 / of.seconds,
    };
    match (of.phase, of.total) {
        // One object needs no bar: its name says more.
        _ if collection == Collection::Account => {
            let name = model.overview.profile.as_ref().map_or("", |p| p.title());
            out.push(Line::styled(fit(name, usize::from(cells)), theme::DIM));
        }
        (Phase::Reading | Phase::Ended(_), Some(_)) if reads_changes(model) => {
            out.push(Line::styled("changes only", theme::DIM))
        }
        (Phase::Reading, Some(total)) => out.push(widgets::bar(of.done, total, cells)),
        (Phase::Reading, None) => out.push(Line::styled("total not known", theme::DIM)),
        (Phase::Ended(_), Some(total)) => out.push(widgets::bar(of.done, total.max(of.done), cells)),
        _ => out.push(Line::default()),
    }
    let mut facts = Vec::new();
    if rate >= 1.0 && collection != Collection::Account && !reads_changes(model) {
        facts.push(format!("{}/s", grouped(rate as u64)));
    }
    if let (Phase::Reading, Some(total)) = (of.phase, of.total)
        && rate > 0.0
        && running
        && !model.ingest.held
        && !reads_changes(model)
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
        Collection::Memberships if of.phase == Phase::Waiting => {}
        Collection::Memberships => {
            let text = match (reads_changes(model), progress.resumed_from) {
                (true, _) => format!("{} changed", counted(progress.edges, "membership")),
                (false, Some(_)) => format!("{} more memberships", grouped(progress.edges)),
                (false, None) => counted(progress.edges, "membership"),
            };
            out.push(Line::styled(fit(&text, usize::from(cells)), theme::DIM));
        }
        Collection::Users | Collection::Groups => {}
    }
    out
}

/// What is spent of the quota, a bar of it, the pace, the sum, and what throttling cost.
fn quota_lines(ingest: &Ingest, cells: u16) -> [Line<'static>; 5] {
    let wire = &ingest.progress.wire;
    let (spent, quota) = (wire.units_10s, wire.quota_10s);
    let throttled = match wire.throttled_seconds {
        s if ingest.waits() && s > 0.0 => widgets::signed(Sign::Retrying, format!("throttled now; {s:.1} s in all")),
        s if s > 0.0 => widgets::signed(Sign::Retrying, format!("{s:.1} s lost to throttling")),
        _ => Line::styled("not throttled", theme::DIM),
    };
    let of = match (spent.saturating_mul(100)).checked_div(quota) {
        Some(percent) => format!("{} of {} units in 10 s   {percent} %", grouped(spent), grouped(quota)),
        None => format!("{} units in the last 10 s", grouped(spent)),
    };
    let pace = match (wire.pace_10s, wire.throttle_percentage) {
        (0, _) => String::new(),
        (pace, None) => format!("paced to {} units in 10 s", grouped(pace)),
        // The service tells only once most of its limit is used.
        (pace, Some(p)) => format!("paced to {}; Microsoft: {:.0} % used", grouped(pace), f64::from(p) * 100.0),
    };
    let bar = if quota > 0 { widgets::bar(spent, quota, cells) } else { Line::default() };
    let line = |text: &str| fit(text, usize::from(cells));
    [
        Line::raw(line(&of)),
        bar,
        Line::styled(line(&pace), theme::DIM),
        Line::raw(line(&format!("{} in all", counted(wire.resource_units, "resource unit")))),
        throttled,
    ]
}

fn request_lines(ingest: &Ingest, cells: u16) -> [Line<'static>; 5] {
    let wire = &ingest.progress.wire;
    let slowest = match wire.p95_ms {
        0 => String::new(),
        ms => format!("95 % answered within {} ms", grouped(u64::from(ms))),
    };
    let pulse = if ingest.pulse.is_empty() { "" } else { "requests in each of the last seconds:" };
    [
        Line::raw(format!("{} sent · {} in flight", grouped(wire.requests), wire.in_flight)),
        Line::raw(format!("{} refused · {} sent again", grouped(wire.refused), grouped(wire.retried))),
        Line::raw(slowest),
        Line::styled(fit(pulse, usize::from(cells)), theme::DIM),
        Line::styled(widgets::pulse(ingest.pulse.iter().copied(), usize::from(cells)), theme::ACCENT),
    ]
}

/// How it stands, how it reads and why, as many lines as there is room for: what matters most first.
fn run_lines(model: &Model, cells: u16, room: usize) -> Vec<Line<'static>> {
    let ingest = &model.ingest;
    let progress = &ingest.progress;
    let mut out = Vec::new();
    match &ingest.phase {
        IngestPhase::Idle => {}
        IngestPhase::Running(_) => {
            let stopping = model.jobs.values().any(|j| j.kind == Kind::Collect && j.cancelled);
            let left = progress.eta_seconds.map(|s| format!(" · {} left", clock(s))).unwrap_or_default();
            out.push(match (stopping, ingest.held) {
                (true, _) => widgets::signed(Sign::Paused, "stopping; what is here is kept"),
                (_, true) => widgets::signed(Sign::Paused, "paused: p goes on"),
                _ if ingest.waits() => widgets::signed(Sign::Retrying, "waiting, as Microsoft asked to"),
                _ => widgets::signed(Sign::Here, format!("reading for {}{left}", clock(progress.seconds))),
            });
            out.extend(how_lines(model, cells, room.saturating_sub(1)));
            if progress.rate >= 1.0 && out.len() < room && !ingest.held {
                out.push(Line::raw(format!("{} objects and edges a second", grouped(progress.rate as u64))));
            }
            if out.len() < room {
                out.push(Line::styled("Enter browses what is here.", theme::DIM));
            }
        }
        IngestPhase::Ended(run) => {
            let (sign, text) = match run.status {
                RunStatus::Complete => (Sign::Done, "complete"),
                RunStatus::Partial if run.open_gaps() == 0 => (Sign::Done, "complete as accepted"),
                RunStatus::Partial => (Sign::Incomplete, "done, with gaps"),
                RunStatus::Interrupted => (Sign::Incomplete, "cut off, kept"),
                RunStatus::Scoped => (Sign::Incomplete, "a selection only"),
                RunStatus::Failed => (Sign::Failed, "failed, kept"),
                RunStatus::Running => (Sign::Here, "running"),
            };
            out.push(widgets::signed(sign, format!("{text}, after {}", clock(run.seconds))));
            let next = match (run.status, model.cut_off()) {
                (RunStatus::Interrupted | RunStatus::Failed, Some(_)) => "Enter goes on with it, x drops it.",
                _ => "Press Enter to browse.",
            };
            out.push(Line::styled(next, theme::DIM));
            if run.open_gaps() > 0 {
                let text = format!("{}, named below", counted(run.open_gaps(), "gap"));
                out.push(widgets::signed(Sign::Incomplete, text));
            }
            out.extend(how_lines(model, cells, room.saturating_sub(out.len())));
        }
        IngestPhase::Failed(_) => {
            let text = format!("stopped, after {}", clock(progress.seconds));
            out.push(widgets::signed(Sign::Failed, text));
            if progress.edges + progress.collections.iter().map(|c| c.done).sum::<u64>() > 0 {
                out.push(Line::styled("What was read is kept.", theme::DIM));
            }
        }
    }
    out
}

/// What the run reads, on what it stands, and why it reads so; the words that matter least are left out first.
fn how_lines(model: &Model, cells: u16, room: usize) -> Vec<Line<'static>> {
    let progress = &model.ingest.progress;
    let ended = match &model.ingest.phase {
        IngestPhase::Ended(run) => Some(run),
        _ => None,
    };
    let at = |at| when(at, model.now, &model.zone);
    let kind = match ended.map(|run| run.kind).or(progress.kind) {
        // Nothing is decided before the store and the token are here.
        None => return Vec::new(),
        Some(RunKind::Full) => "full run: everything".to_owned(),
        Some(RunKind::Gentle) => "gentle run: everything".to_owned(),
        Some(RunKind::Delta) => match progress.changes_since {
            Some(since) => format!("delta run: changes since {}", at(since)),
            None => "delta run: what changed".to_owned(),
        },
        Some(RunKind::Scoped) => "scoped run: a selection, never uploaded".to_owned(),
    };
    let mut out = vec![Line::raw(fit(&kind, usize::from(cells)))];
    if let Some(from) = progress.resumed_from {
        out.push(Line::raw(fit(&format!("gone on with the run of {}", at(from)), usize::from(cells))));
    }
    let full = full_read(model, ended.and_then(|run| run.last_full).or(progress.last_full));
    // That it is gone on with has been said.
    let because = progress.because.as_deref().filter(|_| progress.resumed_from.is_none());
    let because = because.map(|why| widgets::wrapped(why, cells, 0, theme::DIM)).unwrap_or_default();
    // The age of the last full read says more than a reason that does not fit.
    let rest = room.saturating_sub(out.len() + usize::from(full.is_some()));
    if because.len() <= rest {
        out.extend(because);
    }
    out.extend(full.map(|text| Line::styled(fit(&text, usize::from(cells)), theme::DIM)));
    out.truncate(room);
    out
}

/// What is happening; below it, where nothing else tells them, up to `pinned` lines of what is missing.
fn log(model: &Model, buf: &mut Buffer, area: Rect, pinned: usize) -> u16 {
    if let IngestPhase::Failed(problem) = &model.ingest.phase {
        return failed(model, problem, buf, area);
    }
    let mut inner = widgets::panel(buf, area, "What is happening");
    let ended = matches!(model.ingest.phase, IngestPhase::Ended(_));
    if pinned > 0 && !ended {
        let mut missing = missing_lines(model, inner.width, 2);
        missing.truncate(pinned.min(usize::from(inner.height / 2)));
        let rows = missing.len() as u16;
        let below = Rect { y: inner.bottom().saturating_sub(rows), height: rows, ..inner };
        widgets::lines(buf, below, &missing);
        inner.height = inner.height.saturating_sub(rows);
    }
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
    if pinned > 0 && ended {
        lines.extend(missing_lines(model, inner.width, 10));
    }
    if lines.is_empty() {
        // Before the first request there is only one thing to wait for.
        let running = matches!(model.ingest.phase, IngestPhase::Running(_));
        let text = if running { "opening the store, and asking Microsoft for a token" } else { "nothing yet" };
        lines.push(Line::styled(text, theme::DIM));
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
