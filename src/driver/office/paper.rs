//! A whole request log for the clipboard or a file: read window by window, since a log may be longer than memory is wide.

use super::Office;
use crate::{
    domain::{
        explore::{Answer, TextForm},
        lines::Lined,
        problem::Problem,
        request::{Request, RequestQuery},
    },
    explore::{
        paper::{self, Outline, PaperError, To},
        stop::Stop,
    },
    profile::Settings,
};

/// How many requests are read at once.
const WINDOW: u64 = 2_000;

impl Office {
    /// All of a log, to where it goes.
    pub(super) fn put_out_requests(
        &self,
        settings: &Settings,
        query: &RequestQuery,
        to: To<'_>,
        form: TextForm,
        stop: &Stop,
    ) -> Result<Answer, Problem> {
        let window = |offset, limit| match self.requests(settings, RequestQuery { offset, limit, ..query.clone() })? {
            Answer::Requests(rows) => Ok(rows),
            _ => Err(Problem::new("the request log gave another answer")),
        };
        let total = window(0, 0)?.total;
        let outline = Outline::of(<(u64, Request) as Lined>::HEADS, total);
        paper::put_out(to, form, &outline, &mut |sink| {
            // Of a log that is being written more comes at its beginning meanwhile: what was told is not told again.
            let (mut offset, mut last) = (0, u64::MAX);
            loop {
                stop.check().map_err(PaperError::from)?;
                let found = window(offset, WINDOW)?;
                for row in found.rows.iter().filter(|(number, _)| *number < last) {
                    sink.row(&row.cells())?;
                }
                last = found.rows.last().map_or(last, |(number, _)| last.min(*number));
                offset += WINDOW;
                if found.rows.is_empty() || offset >= found.total {
                    return Ok(());
                }
            }
        })
    }
}
