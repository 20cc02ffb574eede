//! The order of lists that are all at hand: runs and problems.

use std::cmp::Ordering;

use crate::domain::{
    column::{Column, Sort},
    explore::Finding,
    view::RunInfo,
};

/// Something that can be sorted by the columns of its list.
pub(super) trait Ordered {
    /// By this column alone, the least first.
    fn compare(&self, other: &Self, by: Column) -> Ordering;
}

/// Sorts by the first column, where that is equal by the next; where nothing is said, all stays as it came.
pub(super) fn sort<T: Ordered>(all: &mut [T], by: &[Sort]) {
    all.sort_by(|a, b| {
        let compare = |sort: &Sort| {
            let order = a.compare(b, sort.column);
            if sort.descending { order.reverse() } else { order }
        };
        by.iter().map(compare).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
}

impl Ordered for RunInfo {
    fn compare(&self, other: &Self, by: Column) -> Ordering {
        match by {
            Column::Started => self.started_at.cmp(&other.started_at),
            Column::Took => self.seconds.total_cmp(&other.seconds),
            Column::Gaps => self.open_gaps().cmp(&other.open_gaps()),
            Column::Requests => self.requests.cmp(&other.requests),
            Column::Units => self.resource_units.cmp(&other.resource_units),
            _ => Ordering::Equal,
        }
    }
}

impl Ordered for Finding {
    fn compare(&self, other: &Self, by: Column) -> Ordering {
        match by {
            Column::Severity => self.severity.cmp(&other.severity),
            Column::About => self.about.to_lowercase().cmp(&other.about.to_lowercase()),
            // What has no code comes last.
            Column::Code => (self.code.is_none(), &self.code).cmp(&(other.code.is_none(), &other.code)),
            _ => Ordering::Equal,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::explore::Severity;

    #[test]
    fn problems_are_sorted_by_several_columns() {
        let finding = |severity, about: &str, code: Option<&str>| Finding {
            severity,
            about: about.to_owned(),
            id: None,
            what: String::new(),
            means: String::new(),
            next: String::new(),
            code: code.map(str::to_owned),
            request_id: None,
            again: None,
        };
        let check = |by: &[(Column, bool)], want: &str| {
            let mut all = [
                finding(Severity::Degraded, "users", Some("503")),
                finding(Severity::Failed, "Zebra", None),
                finding(Severity::Failed, "board", Some("403")),
                finding(Severity::Accepted, "attic", None),
            ];
            let by: Vec<Sort> =
                by.iter().map(|(column, descending)| Sort { column: *column, descending: *descending }).collect();
            sort(&mut all, &by);
            assert_eq!(all.map(|one| one.about).join(" "), want, "{by:?}");
        };
        check(&[], "users Zebra board attic");
        check(&[(Column::About, false)], "attic board users Zebra");
        check(&[(Column::Severity, true)], "Zebra board attic users");
        check(&[(Column::Severity, true), (Column::About, false)], "board Zebra attic users");
        check(&[(Column::Code, false)], "board users Zebra attic");
    }
}
