//! How many objects have arrived, counted from the first on without a gap: bodies overtake each other.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// One stream's arrivals.
#[derive(Debug, Default)]
pub(super) struct Arrivals(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    /// The number of the body that is waited for.
    next: u64,
    /// Bodies that arrived before their turn.
    early: BTreeMap<u64, u64>,
    objects: u64,
}

impl Arrivals {
    /// `before`: so many had arrived before the first body.
    pub fn after(before: u64) -> Self {
        Self(Mutex::new(State { objects: before, ..State::default() }))
    }

    /// The body of this number (0, 1, 2 …) has arrived whole.
    pub fn note(&self, number: u64, objects: u64) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.early.insert(number, objects);
        loop {
            let next = state.next;
            let Some(objects) = state.early.remove(&next) else { return };
            state.objects += objects;
            state.next += 1;
        }
    }

    pub fn objects(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).objects
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_no_gap_before_it_counts() {
        let arrivals = Arrivals::after(100);
        let check = |number: u64, objects: u64, want: u64| {
            arrivals.note(number, objects);
            assert_eq!(arrivals.objects(), want, "{number}");
        };
        assert_eq!(arrivals.objects(), 100);
        check(1, 10, 100);
        check(3, 1_000, 100);
        check(0, 5, 115);
        check(2, 20, 1_135);
        check(4, 1, 1_136);
    }
}
