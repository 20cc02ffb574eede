//! What is drawn on: a buffer that also takes down what was drawn where, for the mouse.

use std::ops::{Deref, DerefMut};

use ratatui::{buffer::Buffer, layout::Rect};

use crate::app::pointer::{Area, Spot, Target};

/// A buffer, and the spots on it. Whatever draws only cells takes the buffer.
pub struct Page<'a> {
    buffer: &'a mut Buffer,
    spots: Vec<Spot>,
}

impl<'a> Page<'a> {
    pub const fn new(buffer: &'a mut Buffer) -> Self {
        Self { buffer, spots: Vec::new() }
    }

    /// What a click or the wheel finds here. What is drawn later lies above.
    pub fn spot(&mut self, at: Rect, target: Target) {
        let Rect { x, y, width, height } = at.intersection(self.buffer.area);
        if width > 0 && height > 0 {
            self.spots.push(Spot { area: Area { x, y, width, height }, target });
        }
    }

    pub fn into_spots(self) -> Vec<Spot> {
        self.spots
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
