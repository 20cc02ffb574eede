//! What is not as it should be, as a list: incomplete, refused, degraded.

use super::super::Sign;
use crate::domain::explore::Severity;

pub const fn sign(severity: Severity) -> Sign {
    match severity {
        Severity::Degraded => Sign::NeedsYou,
        Severity::Accepted => Sign::Done,
        Severity::Incomplete => Sign::Incomplete,
        Severity::Failed => Sign::Failed,
    }
}
