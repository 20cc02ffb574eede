//! How well letters fit: what a fuzzy filter leaves comes best first, as people know it from finders of files.

use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::{
    arena::Part,
    atlas::Atlas,
    edges::Node,
    find::STRIDE,
    stop::{Stop, Stopped},
};
use crate::domain::filter::{Filter, How, Test};

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
    let mut config = Config::DEFAULT;
    config.prefer_prefix = true;
    let mut matcher = Matcher::new(config);
    let (mut wide, mut wide_needle) = (Vec::new(), Vec::new());
    let mut scored = Vec::with_capacity(nodes.len());
    for (at, node) in nodes.iter().enumerate() {
        if at.is_multiple_of(STRIDE) {
            stop.check()?;
        }
        let mut score = 0_u32;
        for needle in letters {
            let needle = Utf32Str::new(needle, &mut wide_needle);
            let best = [Part::Name, Part::Second, Part::Mail]
                .into_iter()
                .filter_map(|part| {
                    matcher.fuzzy_match(Utf32Str::new(atlas.texts.lower(*node, part), &mut wide), needle)
                })
                .max();
            score += u32::from(best.unwrap_or_default());
        }
        scored.push((score, *node));
    }
    scored.sort_by(|(a, _), (b, _)| b.cmp(a));
    nodes.clear();
    nodes.extend(scored.into_iter().map(|(_, node)| node));
    Ok(())
}
