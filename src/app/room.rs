//! How much room a screen has: what is shown of a list, and where, hangs on it.

/// How much room there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// One sentence.
    Tiny,
    /// Only the list.
    Small,
    /// Side panes become pages.
    Medium,
    Full,
}

impl Room {
    pub const fn of(width: u16, height: u16) -> Self {
        match (width, height) {
            (..30, _) | (_, ..8) => Self::Tiny,
            (..70, _) | (_, ..18) => Self::Small,
            (..110, _) | (_, ..28) => Self::Medium,
            _ => Self::Full,
        }
    }
}
