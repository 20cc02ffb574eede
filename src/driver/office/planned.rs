//! Questions about an upload object by object. The objects are found once for a run, and kept until another preview is made.

use std::{path::Path, sync::Arc};

use tokio_util::sync::CancellationToken;

use super::{Office, blocking, lock};
use crate::{
    domain::{
        explore::{Answer, Question, TextForm, Whole},
        ids::RunId,
        lines::Lined,
        planned::{Planned, PlannedQuery},
        problem::Problem,
    },
    explore::{
        paper::{self, Outline, PaperError, To},
        stop::Stopped,
    },
    jobs::PlannedObjects,
    profile::Settings,
};

/// What is asked of them.
pub(super) enum Asked {
    Rows(PlannedQuery),
    Facets(PlannedQuery),
    Copy(PlannedQuery, TextForm),
    Export(PlannedQuery, TextForm),
}

impl Asked {
    /// Another question is given back.
    pub(super) fn of(question: Question) -> Result<Self, Question> {
        match question {
            Question::Planned(query) => Ok(Self::Rows(query)),
            Question::PlannedFacets(query) => Ok(Self::Facets(query)),
            Question::Copy(Whole::Planned(query), form) => Ok(Self::Copy(query, form)),
            Question::Export(Whole::Planned(query), form) => Ok(Self::Export(query, form)),
            other => Err(other),
        }
    }
}

/// Answers; where the naming needs the instance's name, that is asked for first.
pub(super) async fn ask(
    office: Arc<Office>,
    run: RunId,
    asked: Asked,
    cancel: CancellationToken,
) -> Result<Answer, Problem> {
    let settings = Settings { run: Some(run), ..office.named(&cancel).await? };
    blocking(move || {
        let mut kept = lock(&office.planned);
        let stop = || cancel.is_cancelled();
        // Who asked meanwhile, and waits no more, is not answered.
        if stop() {
            return Err(PaperError::from(Stopped).into());
        }
        let mut objects = match kept.take() {
            Some((of, objects)) if of == run => objects,
            _ => match lock(&office.live).clone() {
                Some(live) => PlannedObjects::find_live(&settings, &live).map_err(|e| e.problem())?,
                None => PlannedObjects::find(&settings, None).map_err(|e| e.problem())?,
            },
        };
        let answer = answer(&mut objects, run, asked, &stop);
        *kept = Some((run, objects));
        answer
    })
    .await
}

fn answer(objects: &mut PlannedObjects, run: RunId, asked: Asked, stop: &dyn Fn() -> bool) -> Result<Answer, Problem> {
    match asked {
        Asked::Rows(query) => {
            objects.window(query, stop).map(|rows| Answer::Planned(Box::new(rows))).map_err(|e| e.problem())
        }
        Asked::Facets(query) => objects.facets(&query, stop).map(Answer::Facets).map_err(|e| e.problem()),
        Asked::Copy(query, form) => put_out(objects, &query, To::Clipboard, form, stop),
        Asked::Export(query, form) => {
            let name = Whole::Planned(query.clone()).file_name(run);
            put_out(objects, &query, To::File { folder: Path::new("."), name: &name }, form, stop)
        }
    }
}

/// All that a query leaves, to where it goes.
fn put_out(
    objects: &mut PlannedObjects,
    query: &PlannedQuery,
    to: To<'_>,
    form: TextForm,
    stop: &dyn Fn() -> bool,
) -> Result<Answer, Problem> {
    let none = PlannedQuery { limit: 0, ..query.clone() };
    let (total, _) = objects.each(&none, stop, &mut |_| {}).map_err(|e| e.problem())?;
    paper::put_out(to, form, &Outline::of(Planned::HEADS, total), &mut |sink| {
        let mut wrong = None;
        // What cannot be written is not gone on with.
        let all = PlannedQuery { offset: 0, limit: u64::MAX, ..query.clone() };
        let told = objects.each(&all, &|| stop(), &mut |row| {
            if wrong.is_none() {
                wrong = sink.row(&row.cells()).err();
            }
        });
        match (wrong, told) {
            (Some(wrong), _) => Err(wrong.into()),
            (None, Err(error)) => Err(error.problem()),
            (None, Ok(_)) => Ok(()),
        }
    })
}
