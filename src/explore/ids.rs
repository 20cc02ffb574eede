//! The ids of a run in memory: sixteen bytes where they are GUIDs, as nearly all are, and sorted to be found.

use std::collections::HashMap;

use super::edges::Node;
use crate::domain::ids;

#[derive(Debug, Default)]
pub struct Ids {
    /// A GUID's bits. Zero for what is none, which may also be all zeros.
    bits: Vec<u128>,
    /// What is no GUID, or not in lower case.
    texts: HashMap<Node, Box<str>>,
    by_text: HashMap<Box<str>, Node>,
    /// The nodes in the order of their bits.
    sorted: Vec<Node>,
}

impl Ids {
    /// The id of one node more; which one is told by [`Self::close`].
    pub fn push(&mut self, id: &str) {
        let bits = bits(id);
        if bits.is_none() {
            let place = u32::try_from(self.bits.len()).unwrap_or(u32::MAX);
            self.texts.insert(place, id.into());
        }
        self.bits.push(bits.unwrap_or_default());
    }

    /// All are there. `places`: for each node, as the how manieth its id came.
    pub fn close(&mut self, places: &[u32]) {
        self.bits = places.iter().map(|place| self.bits[*place as usize]).collect();
        let mut texts = std::mem::take(&mut self.texts);
        if !texts.is_empty() {
            self.texts = (0..).zip(places).filter_map(|(node, place)| Some((node, texts.remove(place)?))).collect();
            self.by_text = self.texts.iter().map(|(node, text)| (text.clone(), *node)).collect();
        }
        self.sorted = (0..).take(self.bits.len()).collect();
        self.sorted.sort_unstable_by_key(|node| self.bits[*node as usize]);
    }

    pub fn find(&self, id: &str) -> Option<Node> {
        let canonical = ids::canonical(id);
        let Some(bits) = bits(&canonical) else { return self.by_text.get(&*canonical).copied() };
        let at = self.sorted.partition_point(|node| self.bits[*node as usize] < bits);
        let mut same = self.sorted[at..].iter().take_while(|node| self.bits[**node as usize] == bits);
        same.find(|node| !self.texts.contains_key(node)).copied()
    }

    /// Whether some are no GUIDs.
    pub fn has_texts(&self) -> bool {
        !self.texts.is_empty()
    }

    pub fn text(&self, node: Node) -> String {
        self.with(node, str::to_owned)
    }

    /// Lends an id's text.
    pub fn with<T>(&self, node: Node, f: impl FnOnce(&str) -> T) -> T {
        let bits = self.bits[node as usize];
        if bits == 0
            && let Some(text) = self.texts.get(&node)
        {
            return f(text);
        }
        f(std::str::from_utf8(&guid(bits)).unwrap_or_default())
    }

    /// The text of a node's id, if that is a GUID.
    pub fn guid(&self, node: Node) -> Option<[u8; 36]> {
        let bits = self.bits[node as usize];
        (bits != 0).then(|| guid(bits))
    }

    /// The nodes in the order of their ids' texts.
    pub fn in_order(&self) -> Vec<Node> {
        let mut all = self.sorted.clone();
        if !self.texts.is_empty() {
            all.sort_by_cached_key(|node| self.text(*node));
        }
        all
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        self.bits.capacity() * 16 + self.sorted.capacity() * 4 + self.texts.len() * 200
    }
}

/// The bits of a GUID in lower case, all zeros excepted.
fn bits(id: &str) -> Option<u128> {
    if id.len() != 36 {
        return None;
    }
    let mut bits: u128 = 0;
    for (at, byte) in id.bytes().enumerate() {
        let digit = match (at, byte) {
            (8 | 13 | 18 | 23, b'-') => continue,
            (8 | 13 | 18 | 23, _) => return None,
            (_, b'0'..=b'9') => byte - b'0',
            (_, b'a'..=b'f') => byte - b'a' + 10,
            _ => return None,
        };
        bits = bits << 4 | u128::from(digit);
    }
    (bits != 0).then_some(bits)
}

fn guid(bits: u128) -> [u8; 36] {
    let mut text = [b'-'; 36];
    let mut shift = 128;
    for (at, byte) in text.iter_mut().enumerate() {
        if !matches!(at, 8 | 13 | 18 | 23) {
            shift -= 4;
            *byte = b"0123456789abcdef"[(bits >> shift & 15) as usize];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_given_back_and_found() {
        let zeros = "00000000-0000-0000-0000-000000000000";
        let all = [
            "84841066-274d-4ec0-a5c1-276be684bdd3",
            "u1",
            "",
            zeros,
            "00000000-0000-0000-0000-00000000000a",
            "ffffffff-ffff-ffff-ffff-ffffffffffff",
            "84841066-274d-4ec0-a5c1-276be684bdd33",
            "84841066_274d-4ec0-a5c1-276be684bdd3",
        ];
        let mut ids = Ids::default();
        all.iter().rev().for_each(|id| ids.push(id));
        ids.close(&(0..8).rev().collect::<Vec<_>>());
        for (node, id) in (0..).zip(all) {
            assert_eq!(ids.text(node), id);
            assert_eq!(ids.find(id), Some(node), "{id}");
        }
        assert_eq!(ids.find(&all[0].to_uppercase()), Some(0));
        assert_eq!(ids.find("U1"), None);
        assert_eq!(ids.find("84841066-274d-4ec0-a5c1-276be684bdd4"), None);
        let mut sorted = all;
        sorted.sort_unstable();
        assert_eq!(ids.in_order().into_iter().map(|node| ids.text(node)).collect::<Vec<_>>(), sorted);
    }
}
