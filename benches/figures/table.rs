//! The table as it is printed, in Markdown, so that it can be put into the README as it is.

use tenantry::domain::text::grouped;

/// One way to read a tenant.
pub struct Row {
    pub what: String,
    pub seconds: f64,
    pub requests: u64,
    pub units: u64,
    pub refused: u64,
    pub peak_mb: Option<f64>,
}

/// Prints rows under a title; the first is what the others are compared with.
pub fn print(title: &str, rows: &[Row]) {
    println!("\n**{title}**\n");
    println!("| | seconds | requests | resource units | refused (429) | peak MB | times faster | share of units |");
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    let Some(first) = rows.first() else { return };
    for row in rows {
        println!(
            "| {} | {:.1} | {} | {} | {} | {} | {:.0} | 1/{:.1} |",
            row.what,
            row.seconds,
            grouped(row.requests),
            grouped(row.units),
            grouped(row.refused),
            row.peak_mb.map_or_else(|| "–".to_owned(), |mb| format!("{mb:.0}")),
            first.seconds / row.seconds,
            first.units as f64 / row.units.max(1) as f64,
        );
    }
}
