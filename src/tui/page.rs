//! What is drawn on: a buffer that also takes down what was drawn where, for the mouse.

use std::ops::{Deref, DerefMut};

use ratatui::{buffer::Buffer, layout::Rect};

use super::Drawn;
use crate::app::pointer::{Area, Spot, Target};

/// A buffer, and the spots on it. Whatever draws only cells takes the buffer.
pub struct Page<'a> {
    buffer: &'a mut Buffer,
    drawn: Drawn,
}

impl<'a> Page<'a> {
    pub fn new(buffer: &'a mut Buffer) -> Self {
        Self { buffer, drawn: Drawn::default() }
    }

    /// What a click or the wheel finds here. What is drawn later lies above.
    pub fn spot(&mut self, at: Rect, target: Target) {
        let Rect { x, y, width, height } = at.intersection(self.buffer.area);
        if width > 0 && height > 0 {
            self.drawn.spots.push(Spot { area: Area { x, y, width, height }, target });
        }
    }

    /// So far can what stands beside a list be scrolled.
    pub const fn beside(&mut self, reach: u16) {
        self.drawn.beside = reach;
    }

    /// So many columns of a list can be left out before all behind them fit.
    pub const fn columns(&mut self, most: u16) {
        self.drawn.columns = most;
    }

    /// What was taken down, and the furthest that what has the arrow keys can be scrolled.
    pub fn drawn(self, reach: u16) -> Drawn {
        Drawn { reach, ..self.drawn }
    }
}

impl Deref for Page<'_> {
    type Target = Buffer;

    fn deref(&self) -> &Buffer {
        self.buffer
    }
}

impl DerefMut for Page<'_> {
    fn deref_mut(&mut self) -> &mut Buffer {
        self.buffer
    }
}
