//! The table as it is printed, in Markdown.

use std::time::Duration;

use super::{naive::Naive, watch::Took};

/// One line: what was measured, what came out, what was to be, and what the naive way took.
pub struct Figure {
    what: String,
    measured: String,
    limit: String,
    is_met: Option<bool>,
    /// What is compared with the naive way.
    took: Took,
    rival: Option<Rival>,
}

/// Asked when everything is measured, so that it is in nobody's way.
type Rival = Box<dyn FnOnce(&Naive) -> Duration>;

impl Figure {
    /// One time that should not be longer than another.
    pub fn at_most(what: String, took: impl Into<Took>, limit: Duration) -> Self {
        let took = took.into();
        let is_met = Some(took.time <= limit);
        Self { what, measured: time(took.time), limit: time(limit), is_met, took, rival: None }
    }

    /// A time that nothing was said of.
    pub fn told(what: &str, took: impl Into<Took>) -> Self {
        let took = took.into();
        let (what, measured) = (what.to_owned(), time(took.time));
        Self { what, measured, limit: "–".to_owned(), is_met: None, took, rival: None }
    }

    /// Of many times, whose 99th percentile should not be longer than the limit.
    pub fn percentiles(what: String, all: &[Took], limit: Duration) -> Self {
        let sorted = |of: fn(&Took) -> Duration| {
            let mut all: Vec<Duration> = all.iter().map(of).collect();
            all.sort_unstable();
            [50, 99, 100].map(|percent| {
                let at = (all.len() * percent / 100).min(all.len().saturating_sub(1));
                all.get(at).copied().unwrap_or_default()
            })
        };
        let [half, most, last] = sorted(|took| took.time);
        let took = Took { time: most, processor: sorted(|took| took.processor)[1] };
        let measured = format!("{}, p99 {}, longest {}", time(half), time(most), time(last));
        let limit_of = format!("p99 {}", time(limit));
        Self { what, measured, limit: limit_of, is_met: Some(most <= limit), took, rival: None }
    }

    /// The most memory that the process had.
    pub fn memory(what: &str, peak_mb: Option<f64>, limit: Option<f64>) -> Self {
        let measured = peak_mb.map_or_else(|| "–".to_owned(), |mb| format!("{mb:.0} MB"));
        let is_met = peak_mb.zip(limit).map(|(mb, limit)| mb <= limit);
        let limit = limit.map_or_else(|| "–".to_owned(), |mb| format!("{mb:.0} MB"));
        Self { what: what.to_owned(), measured, limit, is_met, took: Took::default(), rival: None }
    }

    /// Beside what the naive way takes for the same.
    pub fn against(self, naive: impl FnOnce(&Naive) -> Duration + 'static) -> Self {
        Self { rival: Some(Box::new(naive)), ..self }
    }
}

pub fn print(all: Vec<Figure>, naive: &Naive) {
    println!("\n| | measured | limit | | processor | the naive way | times faster |");
    println!("|---|---:|---:|---|---:|---:|---:|");
    for Figure { what, measured, limit, is_met, took, rival } in all {
        let sign = match is_met {
            None => "",
            Some(true) => "met",
            Some(false) => "**not met**",
        };
        let (naive, faster) = rival.map_or_else(Default::default, |rival| {
            let naive = rival(naive);
            (time(naive), format!("{:.0}", naive.as_secs_f64() / took.time.as_secs_f64().max(1e-9)))
        });
        let processor = if took.processor.is_zero() { String::new() } else { time(took.processor) };
        println!("| {what} | {measured} | {limit} | {sign} | {processor} | {naive} | {faster} |");
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
