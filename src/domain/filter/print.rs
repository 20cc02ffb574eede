//! A filter as text again: what it parses to is the same filter.

use std::fmt;

use super::{Dates, Filter, How, Numbers, Term, Test, Text};

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, term) in self.terms.iter().enumerate() {
            if i > 0 {
                f.write_str(" ")?;
            }
            term.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.not {
            f.write_str("!")?;
        }
        self.test.fmt(f)
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere(text) => text.fmt(f),
            Self::In(field, text) => write!(f, "{}:{text}", field.info().word),
            Self::Has(field, any) => write!(f, "{}:{}", field.info().word, if *any { "any" } else { "none" }),
            Self::One(field, word) => write!(f, "{}:{word}", field.info().word),
            Self::Yes(field, yes) => write!(f, "{}:{yes}", field.info().word),
            Self::Is(flag) => {
                let (field, word) = flag.words();
                write!(f, "{}:{word}", field.info().word)
            }
            Self::Number(field, numbers) => write!(f, "{}:{numbers}", field.info().word),
            Self::Date(field, dates) => write!(f, "{}:{dates}", field.info().word),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.how {
            How::Occurs | How::Ends => "",
            How::Word => "'",
            How::Begins | How::Whole => "^",
            How::Fuzzy => "~",
        })?;
        let is_plain = self.needle.chars().all(|c| c.is_alphanumeric() || "@._-/#+".contains(c))
            && !matches!(self.needle.as_str(), "none" | "any");
        if is_plain {
            f.write_str(&self.needle)?;
        } else {
            write!(f, "\"{}\"", self.needle.replace('\\', "\\\\").replace('"', "\\\""))?;
        }
        f.write_str(if matches!(self.how, How::Ends | How::Whole) { "$" } else { "" })
    }
}

impl fmt::Display for Numbers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.least, self.most) {
            (least, most) if least == most => write!(f, "{least}"),
            (least, u64::MAX) => write!(f, ">={least}"),
            (0, most) => write!(f, "<={most}"),
            (least, most) => write!(f, "{least}..{most}"),
        }
    }
}

impl fmt::Display for Dates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.from, self.before) {
            (Some(from), Some(before)) => write!(f, "{from}..{}", before.yesterday().unwrap_or(before)),
            (Some(from), None) => write!(f, ">={from}"),
            (None, Some(before)) => write!(f, "<{before}"),
            (None, None) => Ok(()),
        }
    }
}
