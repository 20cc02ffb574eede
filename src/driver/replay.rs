//! Shows a recording on the terminal, step by step or as fast as it was.
//!
//! Nothing is asked of anybody: what is seen is what was drawn then, and a line at the bottom says why.

use std::{io, path::Path, time::Duration};

use crossterm::event::{Event, KeyCode, KeyEventKind, KeyModifiers};
use futures::{Stream, StreamExt};
use ratatui::{
    Terminal,
    backend::Backend,
    buffer::Buffer,
    layout::Rect,
    style::{Color, Modifier, Style},
};

use super::{input::Outside, outside};
use crate::{
    recording::{Piece, ReadError, Recording, Shown, read},
    tui::{guard, straight::Straight, text},
};

/// A pause in a recording is no longer than this when it is played.
const LONGEST: Duration = Duration::from_secs(2);

/// Why nothing was shown.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error(transparent)]
    Recording(#[from] ReadError),
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[from] io::Error),
}

/// Reads a recording and shows it on the real terminal until the person ends it.
///
/// # Errors
///
/// When it cannot be read, or the terminal not be used.
pub async fn replay(path: &Path) -> Result<(), ReplayError> {
    let recording = read(path)?;
    let _hook = guard::PanicHook::set(|| true);
    let _guard = guard::Guard::take()?;
    let backend = Straight::new(ratatui::backend::CrosstermBackend::new(io::stdout()));
    Player::new(backend, outside::real()?, recording)?.run().await?;
    Ok(())
}

/// A recording that is being shown.
pub struct Player<B: Backend, S> {
    terminal: Terminal<B>,
    outside: S,
    recording: Recording,
    at: usize,
    playing: bool,
}

impl<B, S> Player<B, S>
where
    B: Backend,
    B::Error: std::error::Error + Send + Sync + 'static,
    S: Stream<Item = Outside> + Unpin,
{
    /// # Errors
    ///
    /// When the terminal cannot be drawn on.
    pub fn new(backend: B, outside: S, recording: Recording) -> io::Result<Self> {
        let terminal = Terminal::new(backend).map_err(io::Error::other)?;
        let mut player = Self { terminal, outside, recording, at: 0, playing: false };
        player.draw()?;
        Ok(player)
    }

    /// What is drawn on.
    pub fn backend(&self) -> &B {
        self.terminal.backend()
    }

    /// Shows until the person, or the system, ends it.
    ///
    /// # Errors
    ///
    /// When the terminal cannot be drawn on.
    pub async fn run(&mut self) -> io::Result<()> {
        loop {
            let pause = self.pause();
            let told = tokio::select! {
                told = self.outside.next() => told,
                () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {
                    self.at += 1;
                    self.draw()?;
                    continue;
                }
            };
            match told {
                None | Some(Outside::Terminate) => return Ok(()),
                Some(Outside::Terminal(Event::Key(key))) if key.kind != KeyEventKind::Release => {
                    let control = key.modifiers.contains(KeyModifiers::CONTROL);
                    match key.code {
                        KeyCode::Char('c') if control => return Ok(()),
                        KeyCode::Char('q') | KeyCode::Esc => return Ok(()),
                        code => self.go(code),
                    }
                }
                Some(_) => {}
            }
            self.draw()?;
        }
    }

    /// How long until the next screen, while it is played.
    fn pause(&self) -> Option<Duration> {
        let next = self.recording.shown.get(self.at + 1).filter(|_| self.playing)?;
        Some(Duration::from_millis(next.ms.saturating_sub(self.recording.shown[self.at].ms)).min(LONGEST))
    }

    fn go(&mut self, code: KeyCode) {
        let last = self.recording.shown.len() - 1;
        self.playing = code == KeyCode::Char(' ') && !self.playing && self.at < last;
        self.at = match code {
            KeyCode::Right | KeyCode::Down | KeyCode::Enter | KeyCode::Char('l' | 'j' | 'n') => self.at + 1,
            KeyCode::Left | KeyCode::Up | KeyCode::Backspace | KeyCode::Char('h' | 'k' | 'p') => {
                self.at.saturating_sub(1)
            }
            KeyCode::PageDown => self.at + 10,
            KeyCode::PageUp => self.at.saturating_sub(10),
            KeyCode::Home | KeyCode::Char('g') => 0,
            KeyCode::End | KeyCode::Char('G') => last,
            _ => self.at,
        }
        .min(last);
    }

    fn draw(&mut self) -> io::Result<()> {
        let shown = &self.recording.shown[self.at];
        let place = (self.at + 1, self.recording.shown.len());
        let height = shown.size.1;
        self.terminal
            .draw(|frame| {
                let area = frame.area();
                let buffer = frame.buffer_mut();
                for (y, row) in (0..area.height).zip(&shown.rows) {
                    draw_row(buffer, area, y, row);
                }
                // Below what was recorded if there is room, else over its last row.
                let y = height.min(area.height.saturating_sub(1));
                let foot_at = Rect::new(0, y, area.width, 1).intersection(area);
                buffer.set_style(foot_at, Style::reset().add_modifier(Modifier::REVERSED));
                let line = foot(place, shown, self.playing, (area.width, area.height));
                buffer.set_stringn(0, foot_at.y, line, usize::from(foot_at.width), Style::default());
            })
            .map_err(io::Error::other)?;
        Ok(())
    }
}

/// Where it is in the recording and why, and the keys: these are never cut off.
fn foot((at, count): (usize, usize), shown: &Shown, playing: bool, (width, height): (u16, u16)) -> String {
    let cells = usize::from(width);
    let does = if playing { "stop" } else { "play" };
    let (wide, high) = shown.size;
    // The last row is the foot's where the screen has no more.
    let size = if wide > width || high > height {
        format!("{wide}x{high} cut to {width}x{height}")
    } else {
        format!("{wide}x{high}")
    };
    let seconds = Duration::from_millis(shown.ms).as_secs_f64();
    let said = format!(" {at} of {count}  +{seconds:.1} s  {size}  {}", shown.why());
    let all = format!("   → next  ← back  space {does}  q quit ");
    let keys = if text::width(&said) + text::width(&all) <= cells { all } else { "  → ←  q quit ".to_owned() };
    let line = text::pad(&said, cells.saturating_sub(text::width(&keys)));
    text::fit(&(line + &keys), cells)
}

fn draw_row(buffer: &mut Buffer, area: Rect, y: u16, row: &[Piece]) {
    let mut x = 0;
    for Piece(text, front, back, how) in row {
        let color = |name: &str| name.parse::<Color>().unwrap_or(Color::Reset);
        let style = Style::new().fg(color(front)).bg(color(back)).add_modifier(Modifier::from_bits_truncate(*how));
        let room = usize::from(area.width.saturating_sub(x));
        (x, _) = buffer.set_stringn(x, y, text, room, style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_foot_says_how_to_leave_and_what_is_cut_off() {
        let shown = Shown { ms: 1_200, because: Vec::new(), size: (120, 36), rows: Vec::new() };
        let check = |size: (u16, u16), wants: &[&str]| {
            let line = foot((3, 40), &shown, false, size);
            assert_eq!(text::width(&line), usize::from(size.0), "{line}");
            for want in wants {
                assert!(line.contains(want), "{want}: {line}");
            }
        };
        check((120, 37), &[" 3 of 40  +1.2 s  120x36 ", "→ next  ← back  space play  q quit"]);
        check((80, 24), &["120x36 cut to 80x24", "q quit"]);
        check((53, 17), &["3 of 40", "120x36 cut to 53x17", "→ ←  q quit"]);
        check((40, 12), &["3 of 40", "q quit"]);
    }
}
