//! The texts of a run in memory: of each node its name, its login and its mail, in one stretch of lower case that can be
//! searched at once.
//!
//! Upper case is kept beside it, a bit for each byte, so that a text is given back as it was stored without being kept
//! twice. The few texts that this does not give back (a line break in a name, letters whose cases differ in length) are
//! kept as they are.

use std::{collections::HashMap, ops::Range};

use memchr::memmem::Finder;

use super::edges::Node;

/// Which text of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Name,
    /// Login name, mail, or what else tells two of a name apart.
    Second,
    Mail,
}

#[derive(Debug, Default)]
pub struct Arena {
    /// Name, second and mail of each node, each ended by a line break: in the order in which they came, and once all are
    /// there in the order of nodes, so that who goes through them in that order reads memory from end to end. A mail that
    /// is the second again is [`SAME`].
    lower: Vec<u8>,
    /// Which bytes begin a letter that is upper case.
    upper: Vec<u64>,
    /// Where each node's texts begin, and at last where all end.
    starts: Vec<u32>,
    /// What cannot be given back otherwise.
    odd: HashMap<Node, Box<[String; 3]>>,
}

const END: u8 = b'\n';
/// Stands for a mail that is the second again.
const SAME: &str = "\u{1}";

impl Arena {
    /// The texts of one node more; which one is told by [`Self::close`].
    pub fn push(&mut self, name: &str, second: &str, mail: &str) {
        if self.starts.is_empty() {
            self.starts.push(0);
        }
        let place = u32::try_from(self.starts.len() - 1).unwrap_or(u32::MAX);
        let mut is_odd = mail == SAME;
        let kept = match mail {
            SAME => " ",
            mail if mail == second && !mail.is_empty() => SAME,
            mail => mail,
        };
        for part in [name, second, kept] {
            is_odd |= !self.push_part(part);
            self.lower.push(END);
        }
        // More than four gigabytes of names are in no directory; what lay behind would have none.
        self.starts.push(u32::try_from(self.lower.len()).unwrap_or(u32::MAX));
        if is_odd {
            self.odd.insert(place, Box::new([name.to_owned(), second.to_owned(), mail.to_owned()]));
        }
    }

    /// All are there. `places`: for each node, as the how manieth its texts came.
    pub fn close(&mut self, places: &[u32]) {
        let came = std::mem::take(self);
        let mut odd = came.odd;
        self.odd = (0..).zip(places).filter_map(|(node, place)| Some((node, odd.remove(place)?))).collect();
        self.lower.reserve_exact(came.lower.len());
        self.upper = vec![0; came.lower.len().div_ceil(64)];
        self.starts.reserve_exact(places.len() + 1);
        self.starts.push(0);
        for place in places {
            let place = *place as usize;
            let stretch = came.starts[place] as usize..came.starts[place + 1] as usize;
            let to = self.lower.len();
            for at in ones(&came.upper, stretch.clone()) {
                let at = at - stretch.start + to;
                self.upper[at / 64] |= 1 << (at % 64);
            }
            self.lower.extend_from_slice(&came.lower[stretch]);
            self.starts.push(u32::try_from(self.lower.len()).unwrap_or(u32::MAX));
        }
    }

    /// Whether it can be given back from what is kept.
    fn push_part(&mut self, part: &str) -> bool {
        if part.is_ascii() {
            for byte in part.bytes() {
                self.push_byte(byte.to_ascii_lowercase(), byte.is_ascii_uppercase());
            }
            return !part.as_bytes().contains(&END);
        }
        let lower = part.to_lowercase();
        let mut is_whole = !lower.contains('\n') && lower.chars().count() == part.chars().count();
        let mut typed = part.chars();
        let mut bytes = [0; 4];
        for small in lower.chars() {
            let as_typed = typed.next().unwrap_or(small);
            let is_upper = small != as_typed;
            is_whole &= !is_upper || other_case(small) == Some(as_typed);
            for (i, byte) in small.encode_utf8(&mut bytes).bytes().enumerate() {
                self.push_byte(byte, is_upper && i == 0);
            }
        }
        is_whole
    }

    fn push_byte(&mut self, byte: u8, is_upper: bool) {
        let at = self.lower.len();
        // A line break would be taken for the end: it is searched for as a space.
        self.lower.push(if byte == END { b' ' } else { byte });
        if is_upper {
            if self.upper.len() <= at / 64 {
                self.upper.resize(at / 64 + 1, 0);
            }
            self.upper[at / 64] |= 1 << (at % 64);
        }
    }

    fn place(&self, node: Node) -> Range<usize> {
        let node = node as usize;
        self.starts[node] as usize..self.starts[node + 1] as usize
    }

    /// All texts of a node in lower case, each ended by a line break.
    pub fn stretch(&self, node: Node) -> &[u8] {
        &self.lower[self.place(node)]
    }

    /// The texts of a node that differ, in lower case.
    pub fn different(&self, node: Node) -> impl Iterator<Item = &str> {
        let stretch = self.stretch(node);
        let parts = stretch[..stretch.len().saturating_sub(1)].split(|byte| *byte == END).enumerate();
        let differs = |(at, part): &(usize, &[u8])| *at != Part::Mail as usize || *part != SAME.as_bytes();
        parts.filter(differs).map(|(_, part)| std::str::from_utf8(part).unwrap_or_default())
    }

    /// Where a part lies.
    fn part(&self, node: Node, part: Part) -> Range<usize> {
        let stretch = self.place(node);
        let end_of =
            |from: usize| memchr::memchr(END, &self.lower[from..stretch.end]).map_or(stretch.end, |n| from + n);
        let name = stretch.start..end_of(stretch.start);
        if part == Part::Name {
            return name;
        }
        let second = name.end + 1..end_of(name.end + 1);
        let mail = second.end + 1..stretch.end - 1;
        if part == Part::Second || self.lower[mail.clone()] == *SAME.as_bytes() { second } else { mail }
    }

    /// In lower case.
    pub fn lower(&self, node: Node, part: Part) -> &str {
        std::str::from_utf8(&self.lower[self.part(node, part)]).unwrap_or_default()
    }

    /// As stored.
    pub fn text(&self, node: Node, part: Part) -> String {
        if let Some(odd) = self.odd.get(&node) {
            return odd[part as usize].clone();
        }
        let range = self.part(node, part);
        let (start, lower) = (range.start, std::str::from_utf8(&self.lower[range]).unwrap_or_default());
        let is_upper = |at: usize| self.upper.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0);
        lower
            .char_indices()
            .map(|(at, small)| if is_upper(start + at) { other_case(small).unwrap_or(small) } else { small })
            .collect()
    }

    /// Hands over each of these nodes in whose texts `needle`, in lower case, occurs, in their order; until it says no more
    /// (`false`).
    pub fn search(&self, needle: &str, nodes: Range<Node>, mut found: impl FnMut(Node) -> bool) {
        let finder = Finder::new(needle);
        let Some(end) = self.starts.get(nodes.end as usize) else { return };
        let texts = &self.lower[..*end as usize];
        let mut node = nodes.start as usize;
        let mut at = self.starts[node] as usize;
        while let Some(hit) = finder.find(&texts[at..]) {
            node += places_until(&self.starts[node..], at + hit);
            if !found(Node::try_from(node).unwrap_or(Node::MAX)) {
                return;
            }
            node += 1;
            at = self.starts[node] as usize;
        }
    }

    /// Bytes on the heap.
    pub fn memory(&self) -> usize {
        let odd: usize = self.odd.values().map(|all| 100 + all.iter().map(String::capacity).sum::<usize>()).sum();
        self.lower.capacity() + self.upper.capacity() * 8 + self.starts.capacity() * 4 + odd
    }
}

/// The places of the bits that are set, within a range.
fn ones(words: &[u64], range: Range<usize>) -> impl Iterator<Item = usize> {
    let mut at = range.start;
    std::iter::from_fn(move || {
        while at < range.end {
            let rest = words.get(at / 64)? >> (at % 64);
            if rest != 0 {
                let one = at + rest.trailing_zeros() as usize;
                at = one + 1;
                return (one < range.end).then_some(one);
            }
            at = (at / 64 + 1) * 64;
        }
        None
    })
}

/// How many of these places end before `hit`: near ones are tried first, because hits often lie close together.
fn places_until(starts: &[u32], hit: usize) -> usize {
    let is_before = |start: &u32| *start as usize <= hit;
    let mut reach = 1;
    while reach < starts.len() && is_before(&starts[reach]) {
        reach *= 2;
    }
    let from = reach / 2;
    (from + starts[from..starts.len().min(reach + 1)].partition_point(is_before)).saturating_sub(1)
}

/// The upper case of a letter, if that is one letter as long as it, whose lower case it is.
fn other_case(small: char) -> Option<char> {
    let mut all = small.to_uppercase();
    let upper = all.next().filter(|upper| all.next().is_none() && upper.len_utf8() == small.len_utf8())?;
    (upper != small).then_some(upper)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(all: &[(String, String, String)], needle: &str) {
        let mut arena = Arena::default();
        all.iter().rev().for_each(|(name, second, mail)| arena.push(name, second, mail));
        let count = u32::try_from(all.len()).unwrap();
        arena.close(&(0..count).rev().collect::<Vec<_>>());
        for (node, (name, second, mail)) in (0..).zip(all) {
            for (part, text) in [(Part::Name, name), (Part::Second, second), (Part::Mail, mail)] {
                assert_eq!(&arena.text(node, part), text, "{part:?}");
                let lower = text.to_lowercase().replace('\n', " ");
                let is_sign = part == Part::Mail && text == SAME;
                assert_eq!(arena.lower(node, part), if is_sign { " " } else { &lower }, "{part:?}");
            }
        }
        let has = |node: &Node| {
            [Part::Name, Part::Second, Part::Mail].iter().any(|part| arena.lower(*node, *part).contains(needle))
        };
        for nodes in [0..count, 0..count / 2, count / 2..count] {
            let mut found = Vec::new();
            arena.search(needle, nodes.clone(), |node| {
                found.push(node);
                true
            });
            assert_eq!(found, nodes.filter(has).collect::<Vec<_>>(), "{needle:?} in {all:?}");
        }
        for (node, (_, second, mail)) in (0..).zip(all) {
            let parts = [Part::Name, Part::Second, Part::Mail].map(|part| arena.lower(node, part));
            let is_once = second == mail && !mail.is_empty() && mail != SAME;
            let want = if is_once { &parts[..2] } else { &parts };
            assert_eq!(arena.different(node).collect::<Vec<_>>(), want, "{node} in {all:?}");
        }
    }

    #[test]
    fn texts_come_back_as_they_were() {
        let of = |name: &str, second: &str, mail: &str| (name.to_owned(), second.to_owned(), mail.to_owned());
        check(
            &[
                of("Ada LOVELACE", "Ada@Contoso.com", "Ada@Contoso.com"),
                of("", "", ""),
                of("ÉMILE Ångström", "Ёлка", "ΣΑΣ"),
                of("İstanbul", "ẞ", "ŉ"),
                of("line\nbreak", "a", "\u{1}"),
                of("\u{1}", "\u{1}", "\u{1}"),
                of("李雷", "🦀 Crab", "x"),
            ],
            "a",
        );
    }

    proptest! {
        #[test]
        fn any_texts(
            all in prop::collection::vec(("[aAbB\\né ÉİΣ]{0,4}", "[abAB\\x01]{0,3}", "[abAB\\x01]{0,3}"), 0..8),
            needle in "[ab]{1,2}",
        ) {
            check(&all, &needle);
        }
    }
}
