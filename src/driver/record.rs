//! Records a session: messages become entries, drawn screens become rows.
//!
//! A job's answer is an entry of one word; what it told is in the recording only where it was drawn.

use std::{io, path::Path};

use ratatui::{
    buffer::{Buffer, CellWidth as _},
    style::Color,
};

use crate::{
    app::{Msg, Outcome, field::SecretEdit, pointer::Pointer},
    domain::clock::Clock,
    recording::{Entry, Piece, Row, Writer},
};

/// A recording that goes on. What cannot be written ends it, and is told once.
pub struct Recorder {
    writer: Option<Writer>,
}

impl Recorder {
    /// # Errors
    ///
    /// [`CannotRecord`](crate::recording::CannotRecord), when the file is there or cannot be made.
    pub fn begin(path: &Path, clock: &dyn Clock) -> io::Result<Self> {
        Ok(Self { writer: Some(Writer::create(path, clock.now()).map_err(io::Error::other)?) })
    }

    /// What is to be told if it could not be kept.
    pub fn happened(&mut self, msg: &Msg) -> Option<String> {
        let entry = entry(msg)?;
        self.keep(|writer| writer.happened(entry))
    }

    /// As [`Recorder::happened`], for what is on the screen now.
    pub fn drawn(&mut self, buffer: &Buffer) -> Option<String> {
        let size = (buffer.area.width, buffer.area.height);
        self.keep(|writer| writer.drawn(size, rows(buffer)))
    }

    fn keep(&mut self, write: impl FnOnce(&mut Writer) -> io::Result<()>) -> Option<String> {
        let error = write(self.writer.as_mut()?).err()?;
        self.writer = None;
        Some(format!("Nothing more is recorded: {error}."))
    }
}

/// `None`: what is no step by itself.
fn entry(msg: &Msg) -> Option<Entry> {
    Some(match msg {
        Msg::Key(key) => Entry::Key(key.text()),
        Msg::Secret(SecretEdit::Insert(secret)) => Entry::Secret(secret.chars()),
        Msg::Secret(SecretEdit::Backspace) => Entry::SecretEdited("a secret made shorter".to_owned()),
        Msg::Secret(SecretEdit::Clear) => Entry::SecretEdited("a secret cleared".to_owned()),
        Msg::Paste(text) => Entry::Paste(text.chars().count()),
        Msg::Pointed(pointer, _) => Entry::Mouse(
            match pointer {
                Pointer::Click => "click",
                Pointer::WheelUp => "wheel up",
                Pointer::WheelDown => "wheel down",
            }
            .to_owned(),
        ),
        Msg::Resize(width, height) => Entry::Size(*width, *height),
        Msg::Done(_, outcome) => Entry::Job(word(outcome).to_owned()),
        Msg::Terminate => Entry::System("asked to end".to_owned()),
        Msg::Notice(_) => Entry::System("the terminal answered".to_owned()),
        Msg::Begin | Msg::Now(_) | Msg::Tick | Msg::Drawn { .. } | Msg::Event(..) => return None,
    })
}

const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Checked(_) => "the doctor",
        Outcome::Consented => "waiting for consent",
        Outcome::Key(_) => "the key's job",
        Outcome::Written(_) => "writing a file",
        Outcome::Saved(_) => "saving",
        Outcome::Kept => "keeping the settings",
        Outcome::Overview(_) => "the overview",
        Outcome::Profiles(_) => "the profiles' job",
        Outcome::Collected(_) => "the ingestion",
        Outcome::Answered(_) => "an answer's job",
        Outcome::Previewed(_) => "the preview",
        Outcome::Uploaded(_) | Outcome::UploadFailed(_) => "the upload",
        Outcome::Failed(_) => "a job with a mistake",
        _ => "a job",
    }
}

/// A screen in rows of pieces that look alike.
fn rows(buffer: &Buffer) -> Vec<Row> {
    let width = usize::from(buffer.area.width).max(1);
    buffer.content.chunks(width).map(row).collect()
}

fn row(cells: &[ratatui::buffer::Cell]) -> Row {
    let mut row: Row = Vec::new();
    let mut hidden = 0;
    for cell in cells {
        // The cell behind a wide character is not drawn.
        if hidden > 0 {
            hidden -= 1;
            continue;
        }
        hidden = cell.cell_width().saturating_sub(1);
        let (front, back, how) = (cell.fg.to_string(), cell.bg.to_string(), cell.modifier.bits());
        match row.last_mut() {
            Some(last) if (&last.1, &last.2, last.3) == (&front, &back, how) => last.0.push_str(cell.symbol()),
            _ => row.push(Piece(cell.symbol().to_owned(), front, back, how)),
        }
    }
    let plain = |piece: &Piece| piece.1 == Color::Reset.to_string() && piece.2 == piece.1 && piece.3 == 0;
    if let Some(last) = row.last_mut().filter(|last| plain(last)) {
        last.0.truncate(last.0.trim_end_matches(' ').len());
    }
    row.retain(|piece| !piece.0.is_empty());
    row
}
