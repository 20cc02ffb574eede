//! The table as it is printed, in Markdown.

use std::time::Duration;

/// One line: what was measured, what came out, and what was to be.
pub struct Figure {
    what: String,
    measured: String,
    limit: String,
    is_met: Option<bool>,
}

impl Figure {
    /// One time that should not be longer than another.
    pub fn at_most(what: String, took: Duration, limit: Duration) -> Self {
        Self { what, measured: time(took), limit: time(limit), is_met: Some(took <= limit) }
    }

    /// A time that nothing was said of.
    pub fn told(what: &str, took: Duration) -> Self {
        Self { what: what.to_owned(), measured: time(took), limit: "–".to_owned(), is_met: None }
    }

    /// Of many times, whose 99th percentile should not be longer than the limit.
    pub fn percentiles(what: String, took: &mut [Duration], limit: Duration) -> Self {
        took.sort_unstable();
        let at = |percent: usize| took.get((took.len() * percent / 100).min(took.len().saturating_sub(1)));
        let [half, most, last] = [50, 99, 100].map(|percent| at(percent).copied().unwrap_or_default());
        let measured = format!("{}, p99 {}, longest {}", time(half), time(most), time(last));
        Self { what, measured, limit: format!("p99 {}", time(limit)), is_met: Some(most <= limit) }
    }

    /// The most memory that the process had.
    pub fn memory(peak_mb: Option<f64>) -> Self {
        let measured = peak_mb.map_or_else(|| "–".to_owned(), |mb| format!("{mb:.0} MB"));
        let is_met = peak_mb.map(|mb| mb <= 200.0);
        Self { what: "resident memory at its peak".to_owned(), measured, limit: "200 MB".to_owned(), is_met }
    }
}

pub fn print(all: &[Figure]) {
    println!("\n| | measured | limit | |");
    println!("|---|---:|---:|---|");
    for Figure { what, measured, limit, is_met } in all {
        let sign = match is_met {
            None => "",
            Some(true) => "met",
            Some(false) => "**not met**",
        };
        println!("| {what} | {measured} | {limit} | {sign} |");
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
