//! Above the work: the lists as tabs, the trail, and which run is shown.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::super::super::{
    page::Page,
    text::{fit, when, width},
    theme, widgets,
};
use crate::{
    app::{
        Model, Sign,
        browse::{Shows, Tab, View, runs},
        command,
        list::Fresh,
        pointer::Target,
    },
    domain::{
        completeness::RunStatus,
        ids::RunId,
        text::{counted, grouped},
    },
};

/// How long a list is without a filter, as far as that is known of the run on the screen.
fn count_of(model: &Model, tab: Tab) -> Option<u64> {
    let browse = &model.browse;
    let root = &browse.roots[tab as usize];
    // What is on the screen is right whatever else is known.
    let is_asked = tab != Tab::Changes || compared(model, root).is_some();
    let seen = root.window.total.filter(|_| {
        is_asked
            && root.filter_text().is_empty()
            && root.window.fresh == Fresh::Yes
            && root.pending.is_none()
            && root.problem.is_none()
    });
    let store = model.overview.store.as_ref().filter(|store| store.shown().map(|run| run.id) == browse.run);
    let totals = store.map(|store| &store.totals);
    let told = match tab {
        Tab::Accounts => totals.map(|totals| totals.accounts),
        Tab::Users => totals.map(|totals| totals.users),
        Tab::Groups => totals.map(|totals| totals.groups),
        Tab::Members => totals.map(|totals| totals.members),
        Tab::Edges => totals.map(|totals| totals.edges),
        Tab::Changes => None,
        Tab::Runs => browse.runs.as_ref().map(|all| all.len() as u64),
        Tab::Problems => browse.problems.as_ref().map(|all| all.len() as u64),
    };
    // While a run goes on there are more than were fetched.
    let grows = model.browsed().is_some_and(|run| run.status == RunStatus::Running);
    if grows { told.or(seen) } else { seen.or(told) }
}

pub fn tabs(model: &Model, buf: &mut Page<'_>, area: Rect) {
    let here = model.browse.tab;
    let name = |tab: Tab, short: bool| if short && tab == Tab::Members { "Members" } else { tab.title() };
    let with_count = |tab: Tab, short| match count_of(model, tab) {
        Some(count) => format!("{} {}", name(tab, short), grouped(count)),
        None => name(tab, short).to_owned(),
    };
    // The less room, the less is said of the lists that are not here.
    // Whether names are short, and whether only the list that is here is counted.
    let ways = [(false, false), (true, false), (true, true)];
    let room = usize::from(area.width);
    for (short, only_here) in ways {
        let named: Vec<(String, bool)> = Tab::ALL
            .into_iter()
            .map(|tab| {
                let counted = tab == here || !only_here;
                (if counted { with_count(tab, short) } else { name(tab, short).to_owned() }, tab == here)
            })
            .collect();
        if named.iter().map(|(text, _)| width(text) + 3).sum::<usize>() > room + 2 {
            continue;
        }
        let mut spans = vec![Span::raw(" ")];
        let mut x = area.x + 1;
        for (n, (text, is_here)) in named.into_iter().enumerate() {
            if n > 0 {
                spans.push(Span::styled(" │ ", theme::DIM));
                x += 3;
            }
            let cells = width(&text) as u16;
            buf.spot(Rect { x, width: cells, ..area }, Target::Tab(n));
            x += cells;
            spans.push(Span::styled(text, if is_here { theme::TITLE.underlined() } else { theme::PLAIN }));
        }
        buf.set_line(area.x, area.y, &Line::from(spans), area.width);
        return;
    }
    let spans = vec![
        Span::raw(" "),
        Span::styled(with_count(here, false), theme::TITLE.underlined()),
        Span::styled(format!("   list {} of {}", here as usize + 1, Tab::ALL.len()), theme::DIM),
    ];
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Where we are, and of which run that is.
pub fn trail(model: &Model, buf: &mut Buffer, area: Rect) {
    let browse = &model.browse;
    let (mark, state) = run_shown(model);
    let right_width = (width(&state) + 3) as u16;
    let mut crumbs = vec![browse.root().title.clone()];
    if let Some(between) = compared(model, browse.root()) {
        crumbs[0] = format!("{} {between}", browse.root().title);
    }
    crumbs.extend(browse.trail.iter().map(|v| v.title.clone()));
    let room = usize::from(area.width.saturating_sub(right_width + 3));
    // The end of a long trail says where we are; its beginning may go.
    let mut text = crumbs.iter().map(|c| fit(c, 40)).collect::<Vec<_>>().join(" › ");
    let mut cut = 0;
    while width(&text) > room && cut + 1 < crumbs.len() {
        cut += 1;
        text = format!("… › {}", crumbs[cut..].iter().map(|c| fit(c, 40)).collect::<Vec<_>>().join(" › "));
    }
    buf.set_line(area.x + 1, area.y, &Line::styled(fit(&text, room), theme::DIM), area.width);
    let x = area.right().saturating_sub(right_width + 1);
    let line = Line::from(vec![widgets::sign(mark), " ".into(), Span::styled(state, theme::DIM)]);
    buf.set_line(x, area.y, &line, right_width);
}

fn run_shown(model: &Model) -> (Sign, String) {
    let browse = &model.browse;
    let refresh = command::named(model, "refresh");
    match (model.browsed(), model.shown()) {
        (Some(run), Some(other)) if browse.chosen => {
            let at = when(run.started_at, model.now, &model.zone);
            (Sign::NeedsYou, format!("run {} of {at}: {refresh} goes back to run {}", run.id, other.id))
        }
        // Of the run on the screen no more will come.
        (_, Some(other)) if Some(other.id) < browse.run => {
            (Sign::NeedsYou, format!("cut off: {refresh} shows run {}, which is finished", other.id))
        }
        (_, Some(other)) if Some(other.id) != browse.run && other.status == RunStatus::Running => {
            (Sign::NeedsYou, format!("a newer run is being read: {refresh} shows it"))
        }
        (_, Some(other)) if Some(other.id) != browse.run => {
            (Sign::NeedsYou, format!("there is a newer run: {refresh} shows it"))
        }
        (Some(run), _) => match run.status {
            RunStatus::Running => (Sign::Here, format!("run {}, still reading: {refresh} refreshes", run.id)),
            RunStatus::Complete => (Sign::Done, format!("run {}, complete", run.id)),
            RunStatus::Partial if run.open_gaps() == 0 => {
                (Sign::Done, format!("run {}, complete but for accepted gaps", run.id))
            }
            RunStatus::Partial => (Sign::Incomplete, format!("run {}, {}", run.id, counted(run.open_gaps(), "gap"))),
            RunStatus::Scoped => (Sign::Incomplete, format!("run {}, a selection only", run.id)),
            RunStatus::Interrupted => (Sign::Incomplete, format!("run {}, cut off before its end", run.id)),
            RunStatus::Failed => (Sign::Failed, format!("run {}, failed", run.id)),
        },
        (None, _) => (Sign::ToCome, String::new()),
    }
}

/// Which runs are compared, where the tab does that: "since run 12 of 2026-11-15 09:12".
fn compared(model: &Model, root: &View) -> Option<String> {
    let browse = &model.browse;
    let Shows::Changes(compare) = &root.shows else { return None };
    let (since, until) = compare.resolved(browse, browse.run?)?;
    let named = |id: RunId| match runs::known(browse).iter().find(|run| run.id == id) {
        Some(run) => format!("run {id} of {}", when(run.started_at, model.now, &model.zone)),
        None => format!("run {id}"),
    };
    Some(match Some(until) == browse.run {
        true => format!("since {}", named(since)),
        false => format!("from {} to {}", named(since), named(until)),
    })
}
