//! Recordings of a session on the screens: what the screens were told, and what they showed, step by step.
//!
//! A file of lines of JSON: a first line that says what it is, then an [`Entry`] each. It holds what the screens show,
//! names of the directory included, and no secret, by type: nothing here can hold what goes into a field for one but
//! its length, and of what has been entered a recorded screen shows no character. What jobs answer is not in it but as
//! far as it was drawn, so that a recording can be looked at by any later version, and without a store.

mod read;
mod write;

use serde::{Deserialize, Serialize};

pub use self::{
    read::{ReadError, Recording, Shown, read},
    write::{CannotRecord, MOST, Writer},
};

/// The version of the format.
pub const VERSION: u32 = 1;

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The format's version; the name says what the file is.
    pub tenantry_recording: u32,
    /// The program's version.
    pub program: String,
    pub began: jiff::Timestamp,
}

/// Something that happened, so many milliseconds after the beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub ms: u64,
    #[serde(flatten)]
    pub entry: Entry,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Entry {
    /// A key, by its name (`enter`, `ctrl-r`, `a`), where no secret is entered.
    Key(String),
    /// So many characters went into a field for a secret.
    Secret(usize),
    /// Something else was done to such a field.
    SecretEdited(String),
    /// So many characters came at once.
    Paste(usize),
    /// The mouse: what it did.
    Mouse(String),
    Size(u16, u16),
    /// A job told that it had ended, and what it was.
    Job(String),
    /// The system, or the terminal.
    System(String),
    /// What was drawn then.
    Frame(Frame),
    /// The file has become too long: nothing behind this was recorded.
    Full,
}

impl Entry {
    /// For people.
    pub fn words(&self) -> Option<String> {
        Some(match self {
            Self::Key(key) => key.clone(),
            Self::Secret(characters) => format!("{characters} of a secret"),
            Self::SecretEdited(how) => how.clone(),
            Self::Paste(characters) => format!("paste of {characters}"),
            Self::Mouse(what) => what.clone(),
            Self::Size(width, height) => format!("{width}x{height}"),
            Self::Job(what) => format!("{what} ended"),
            Self::System(what) => what.clone(),
            Self::Frame(_) => return None,
            Self::Full => "the recording is full".to_owned(),
        })
    }
}

/// The rows that are other than in the frame before; all of them where the size is another.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Frame {
    pub size: (u16, u16),
    pub rows: Vec<(u16, Row)>,
}

/// A row of the screen, from the left.
pub type Row = Vec<Piece>;

/// Text of one look: the text, its colour, that behind it (as ratatui names them), and its modifiers as bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece(pub String, pub String, pub String, pub u16);
