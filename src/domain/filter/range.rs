//! Numbers and days between two bounds.

use jiff::{
    ToSpan as _,
    civil::{Date, date},
    tz::TimeZone,
};

/// Numbers from one to another, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Numbers {
    pub least: u64,
    pub most: u64,
}

/// Days, in UTC, from one on and before another; at least one of the two is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Dates {
    pub from: Option<Date>,
    pub before: Option<Date>,
}

/// How a value is compared.
enum Compared<'a> {
    With(Order, &'a str),
    Between(&'a str, &'a str),
}

enum Order {
    Less,
    AtMost,
    Is,
    AtLeast,
    More,
}

fn compared(text: &str) -> Compared<'_> {
    if let Some((least, most)) = text.split_once("..") {
        return Compared::Between(least, most);
    }
    let signs =
        [("<=", Order::AtMost), (">=", Order::AtLeast), ("<", Order::Less), (">", Order::More), ("=", Order::Is)];
    for (sign, order) in signs {
        if let Some(rest) = text.strip_prefix(sign) {
            return Compared::With(order, rest);
        }
    }
    Compared::With(Order::Is, text)
}

impl Numbers {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let number = |text: &str| text.chars().all(|c| c.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
        let (least, most) = match compared(text) {
            Compared::Between(least, most) => (number(least)?, number(most)?),
            Compared::With(order, n) => {
                let n = number(n)?;
                match order {
                    Order::Less => (0, n.checked_sub(1)?),
                    Order::AtMost => (0, n),
                    Order::Is => (n, n),
                    Order::AtLeast => (n, u64::MAX),
                    Order::More => (n.checked_add(1)?, u64::MAX),
                }
            }
        };
        (least <= most).then_some(Self { least, most })
    }

    pub const fn contains(&self, n: u64) -> bool {
        self.least <= n && n <= self.most
    }
}

impl Dates {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (from, before) = match compared(text) {
            Compared::Between(first, last) => (Some(span(first)?.0), Some(span(last)?.1)),
            Compared::With(order, text) => {
                let (first, next) = span(text)?;
                match order {
                    Order::Less => (None, Some(first)),
                    Order::AtMost => (None, Some(next)),
                    Order::Is => (Some(first), Some(next)),
                    Order::AtLeast => (Some(first), None),
                    Order::More => (Some(next), None),
                }
            }
        };
        let is_empty = from.zip(before).is_some_and(|(from, before)| from >= before);
        (!is_empty).then_some(Self { from, before })
    }

    /// Whether a time, in milliseconds since 1970, lies in it.
    pub fn contains(&self, ms: i64) -> bool {
        let (from, before) = self.bounds();
        from <= ms && ms < before
    }

    /// The same as times in milliseconds since 1970: from one on, before the other.
    pub fn bounds(&self) -> (i64, i64) {
        let ms = |day: Date| day.to_zoned(TimeZone::UTC).map(|at| at.timestamp().as_millisecond()).ok();
        let bound = |day: Option<Date>, open: i64| day.and_then(ms).unwrap_or(open);
        (bound(self.from, i64::MIN), bound(self.before, i64::MAX))
    }
}

/// A year, a month or a day: its first day, and the first one behind it.
fn span(text: &str) -> Option<(Date, Date)> {
    let mut parts = text.split('-');
    let number = |part: &str, digits: usize| {
        (part.len() == digits && part.bytes().all(|b| b.is_ascii_digit())).then(|| part.parse::<i16>().ok()).flatten()
    };
    let year = number(parts.next()?, 4)?;
    let small = |part: Option<&str>| part.map(|part| number(part, 2).and_then(|n| i8::try_from(n).ok()));
    let (month, day) = (small(parts.next()), small(parts.next()));
    if parts.next().is_some() {
        return None;
    }
    let (first, length) = match (month, day) {
        (None, _) => (date(year, 1, 1), 1.year()),
        (Some(month), None) => (Date::new(year, month?, 1).ok()?, 1.month()),
        (Some(month), Some(day)) => (Date::new(year, month?, day?).ok()?, 1.day()),
    };
    Some((first, first.checked_add(length).ok()?))
}
