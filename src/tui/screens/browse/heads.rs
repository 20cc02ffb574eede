//! Above the work: the lists as tabs, the trail, and which run is shown.

use ratatui::{
    buffer::Buffer,
    layout::Rect,
    text::{Line, Span},
};

use super::super::super::{
    text::{fit, width},
    theme, widgets,
};
use crate::{
    app::{Model, Sign, browse::title},
    domain::{
        completeness::RunStatus,
        text::{counted, grouped},
        view::List,
    },
};

fn count_of(model: &Model, list: List) -> u64 {
    let totals = model.overview.store.as_ref().map(|s| s.totals.clone()).unwrap_or_default();
    match list {
        List::Accounts => totals.accounts,
        List::Users => totals.users,
        List::Groups => totals.groups,
        List::Members => totals.members,
        List::Edges => totals.edges,
    }
}

pub fn tabs(model: &Model, buf: &mut Buffer, area: Rect) {
    let named = |name: fn(List) -> &'static str| -> Vec<(String, bool)> {
        List::ALL
            .into_iter()
            .enumerate()
            .map(|(n, list)| (format!("{} {}", name(list), grouped(count_of(model, list))), n == model.browse.tab))
            .collect()
    };
    let cells = |all: &[(String, bool)]| all.iter().map(|(text, _)| width(text) + 3).sum::<usize>();
    let mut all = named(title);
    if cells(&all) >= usize::from(area.width) {
        all = named(|list| if list == List::Members { "Members" } else { title(list) });
    }
    let together = cells(&all);
    let mut spans = vec![Span::raw(" ")];
    if together < usize::from(area.width) {
        for (n, (text, here)) in all.into_iter().enumerate() {
            if n > 0 {
                spans.push(Span::styled(" │ ", theme::DIM));
            }
            spans.push(Span::styled(text, if here { theme::TITLE.underlined() } else { theme::PLAIN }));
        }
    } else {
        let here = &all[model.browse.tab].0;
        spans.extend([
            Span::styled(here.clone(), theme::TITLE.underlined()),
            Span::styled(format!("   list {} of {}", model.browse.tab + 1, List::ALL.len()), theme::DIM),
        ]);
    }
    buf.set_line(area.x, area.y, &Line::from(spans), area.width);
}

/// Where we are, and of which run that is.
pub fn trail(model: &Model, buf: &mut Buffer, area: Rect) {
    let browse = &model.browse;
    let (mark, state) = match (model.browsed(), model.shown()) {
        // Of the run on the screen no more will come.
        (_, Some(other)) if Some(other.id) < browse.run => {
            (Sign::NeedsYou, format!("cut off: r shows run {}, which is finished", other.id))
        }
        (_, Some(other)) if Some(other.id) != browse.run && other.status == RunStatus::Running => {
            (Sign::NeedsYou, "a newer run is being read: r shows it".to_owned())
        }
        (_, Some(other)) if Some(other.id) != browse.run => {
            (Sign::NeedsYou, "there is a newer run: r shows it".to_owned())
        }
        (Some(run), _) => match run.status {
            RunStatus::Running => (Sign::Here, format!("run {}, still reading: r refreshes", run.id)),
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
    };
    let right_width = (width(&state) + 3) as u16;
    let mut crumbs = vec![browse.roots[browse.tab].title.clone()];
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
