//! How well letters fit: what a fuzzy filter leaves comes best first, as people know it from finders of files.
//!
//! Of a login name or an address the part before the `@` is looked at first, and the rest only where that does not have the
//! letters: behind it stands for nearly everybody the same.

use std::thread;

use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{
    atlas::Atlas,
    edges::Node,
    find::STRIDE,
    order::counted,
    stop::{Stop, Stopped},
};
use crate::domain::filter::{Filter, How, Test};

/// How many threads look at once, at most.
const HANDS: usize = 4;
/// What a thread is worth starting for.
const WORTH: usize = 16 * STRIDE;

/// The letters that a filter asks for; none where it asks for no order of its own.
pub(super) fn letters(filter: &Filter) -> Vec<String> {
    let of = |test: &Test| match test {
        Test::Anywhere(text) if text.how == How::Fuzzy => {
            Some(text.needle.chars().filter(|c| !c.is_whitespace()).collect())
        }
        _ => None,
    };
    filter.terms.iter().filter(|term| !term.not).filter_map(|term| of(&term.test)).collect()
}

/// Puts what fits best first; what fits alike stays in its order.
pub(super) fn best_first(atlas: &Atlas, nodes: &mut Vec<Node>, letters: &[String], stop: &Stop) -> Result<(), Stopped> {
    let hands = thread::available_parallelism().map_or(1, usize::from).min(HANDS).min(nodes.len() / WORTH + 1);
    let pieces = nodes.chunks(nodes.len().div_ceil(hands).max(1));
    let scores = thread::scope(|scope| {
        let hands: Vec<_> = pieces.map(|piece| scope.spawn(|| scores(atlas, piece, letters, stop))).collect();
        hands.into_iter().map(|hand| hand.join().unwrap_or(Err(Stopped))).collect::<Result<Vec<_>, _>>()
    })?;
    let scores: Vec<u32> = scores.into_iter().flatten().collect();
    let best = scores.iter().copied().max().unwrap_or_default();
    *nodes = counted(nodes.len(), |at| nodes[at], best as usize + 1, |at| (best - scores[at]) as usize);
    Ok(())
}

/// How well each of these fits.
fn scores(atlas: &Atlas, nodes: &[Node], letters: &[String], stop: &Stop) -> Result<Vec<u32>, Stopped> {
    let mut config = Config::DEFAULT;
    config.prefer_prefix = true;
    // Both are in lower case already, and the filter takes letters for what they are.
    config.ignore_case = false;
    config.normalize = false;
    let mut matcher = Matcher::new(config);
    let (mut wide, mut wide_needle) = (Vec::new(), Vec::new());
    let mut scores = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        if at.is_multiple_of(STRIDE) {
            stop.check()?;
        }
        let mut score = 0_u32;
        for needle in letters {
            let needle = Utf32Str::new(needle, &mut wide_needle);
            let mut of = |text: &str| matcher.fuzzy_match(Utf32Str::new(text, &mut wide), needle);
            let best = atlas.texts.different(*node).filter_map(|text| match text.split_once('@') {
                Some((local, _)) => of(local).or_else(|| of(text)),
                None => of(text),
            });
            score += u32::from(best.max().unwrap_or_default());
        }
        scores.push(score);
    }
    Ok(scores)
}
