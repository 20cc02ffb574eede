//! The table as it is printed, in Markdown.

use std::time::Duration;

use super::naive::Naive;

/// One line: what was measured, what came out, what was to be, and what the naive way took.
pub struct Figure {
    what: String,
    measured: String,
    limit: String,
    is_met: Option<bool>,
    /// What is compared with the naive way.
    took: Duration,
    rival: Option<Rival>,
}

/// Asked when everything is measured, so that it is in nobody's way.
type Rival = Box<dyn FnOnce(&Naive) -> Duration>;

impl Figure {
    /// One time that should not be longer than another.
    pub fn at_most(what: String, took: Duration, limit: Duration) -> Self {
        Self { what, measured: time(took), limit: time(limit), is_met: Some(took <= limit), took, rival: None }
    }

    /// A time that nothing was said of.
    pub fn told(what: &str, took: Duration) -> Self {
        let (what, measured) = (what.to_owned(), time(took));
        Self { what, measured, limit: "–".to_owned(), is_met: None, took, rival: None }
    }

    /// Of many times, whose 99th percentile should not be longer than the limit.
    pub fn percentiles(what: String, took: &mut [Duration], limit: Duration) -> Self {
        took.sort_unstable();
        let at = |percent: usize| took.get((took.len() * percent / 100).min(took.len().saturating_sub(1)));
        let [half, most, last] = [50, 99, 100].map(|percent| at(percent).copied().unwrap_or_default());
        let measured = format!("{}, p99 {}, longest {}", time(half), time(most), time(last));
        let limit_of = format!("p99 {}", time(limit));
        Self { what, measured, limit: limit_of, is_met: Some(most <= limit), took: most, rival: None }
    }

    /// The most memory that the process had.
    pub fn memory(what: &str, peak_mb: Option<f64>, limit: Option<f64>) -> Self {
        let measured = peak_mb.map_or_else(|| "–".to_owned(), |mb| format!("{mb:.0} MB"));
        let is_met = peak_mb.zip(limit).map(|(mb, limit)| mb <= limit);
        let limit = limit.map_or_else(|| "–".to_owned(), |mb| format!("{mb:.0} MB"));
        Self { what: what.to_owned(), measured, limit, is_met, took: Duration::ZERO, rival: None }
    }

    /// Beside what the naive way takes for the same.
    pub fn against(self, naive: impl FnOnce(&Naive) -> Duration + 'static) -> Self {
        Self { rival: Some(Box::new(naive)), ..self }
    }
}

pub fn print(all: Vec<Figure>, naive: &Naive) {
    println!("\n| | measured | limit | | the naive way | times faster |");
    println!("|---|---:|---:|---|---:|---:|");
    for Figure { what, measured, limit, is_met, took, rival } in all {
        let sign = match is_met {
            None => "",
            Some(true) => "met",
            Some(false) => "**not met**",
        };
        let (naive, faster) = rival.map_or_else(Default::default, |rival| {
            let naive = rival(naive);
            (time(naive), format!("{:.0}", naive.as_secs_f64() / took.as_secs_f64().max(1e-9)))
        });
        println!("| {what} | {measured} | {limit} | {sign} | {naive} | {faster} |");
    }
}

/// A time as people read it.
pub fn time(took: Duration) -> String {
    let ms = took.as_secs_f64() * 1_000.0;
    match ms {
        ..10.0 => format!("{ms:.2} ms"),
        ..1_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.2} s", ms / 1_000.0),
    }
}
