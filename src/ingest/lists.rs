//! In which form the lists of a group's members are asked for.
//!
//! The list of members is documented to need the advanced query parameters where it has any, and does without in practice:
//! it is asked for plainly, and so read from what is not only eventually consistent. A cast is asked for with them, as is
//! documented, and was seen to do without (facts: graph.md §5). What is refused in the one form is asked for once in the
//! other; where only the other is ever served, all lists of that sort are asked for so from then on.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use super::{
    engine::Engine,
    members::{GroupRef, Source},
};
use crate::graph::{Get, GraphError, Reply};

/// Lists that were refused in both forms, before the second is not tried any more.
const IN_VAIN: u32 = 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// With `$count=true` and `ConsistencyLevel: eventual`.
    Advanced,
}

/// What the service was seen to do, by sort of list.
#[derive(Default)]
pub(super) struct Lists {
    members: Seen,
    service_principals: Seen,
}

#[derive(Default)]
struct Seen {
    usual_served: AtomicBool,
    other_served: AtomicBool,
    both_refused: AtomicU32,
}

/// A list that was asked for: in which form last, and what came of it.
pub(super) struct Asked {
    pub form: Form,
    pub reply: Result<Reply, GraphError>,
}

impl Source {
    const fn usual(self) -> Form {
        match self {
            Self::Members => Form::Plain,
            Self::ServicePrincipals => Form::Advanced,
        }
    }

    /// The request for this list of a group.
    pub(super) fn get(self, group: &GroupRef, form: Form) -> Get {
        let get = self.step().plain(&[group.id()]);
        if form == Form::Advanced { get.advanced() } else { get }
    }
}

impl Form {
    const fn other(self) -> Self {
        match self {
            Self::Plain => Self::Advanced,
            Self::Advanced => Self::Plain,
        }
    }
}

impl Lists {
    const fn of(&self, source: Source) -> &Seen {
        match source {
            Source::Members => &self.members,
            Source::ServicePrincipals => &self.service_principals,
        }
    }

    /// Whether any list of this sort was served.
    pub fn is_served(&self, source: Source) -> bool {
        let seen = self.of(source);
        seen.usual_served.load(Ordering::Relaxed) || seen.other_served.load(Ordering::Relaxed)
    }

    fn form(&self, source: Source) -> Form {
        let seen = self.of(source);
        let only_other = seen.other_served.load(Ordering::Relaxed) && !seen.usual_served.load(Ordering::Relaxed);
        if only_other { source.usual().other() } else { source.usual() }
    }

    fn note(&self, source: Source, asked: &Asked) {
        if asked.reply.is_ok() {
            let seen = self.of(source);
            let served = if asked.form == source.usual() { &seen.usual_served } else { &seen.other_served };
            served.store(true, Ordering::Relaxed);
        }
    }

    /// Whether what was refused is to be asked for in the other form.
    fn is_worth_another(&self, source: Source, asked: &Asked) -> bool {
        let seen = self.of(source);
        asked.form == source.usual()
            && asked.reply.as_ref().is_err_and(GraphError::is_unsupported)
            && (seen.other_served.load(Ordering::Relaxed) || seen.both_refused.load(Ordering::Relaxed) < IN_VAIN)
    }
}

impl Engine {
    /// The beginnings of lists, in batches; each in the form that is served.
    pub(super) async fn ask_lists(&self, lists: &[(Source, &GroupRef)]) -> Vec<Asked> {
        let forms: Vec<Form> = lists.iter().map(|(source, _)| self.lists.form(*source)).collect();
        let gets = lists.iter().zip(&forms).map(|((source, group), form)| source.get(group, *form)).collect();
        let replies = self.ask(gets).await;
        let mut asked: Vec<Asked> = forms.into_iter().zip(replies).map(|(form, reply)| Asked { form, reply }).collect();
        // All that was served is known before anything that was refused is judged.
        for ((source, _), asked) in lists.iter().zip(&asked) {
            self.lists.note(*source, asked);
        }
        let again: Vec<usize> =
            (0..asked.len()).filter(|at| self.lists.is_worth_another(lists[*at].0, &asked[*at])).collect();
        let gets = again.iter().map(|at| lists[*at].0.get(lists[*at].1, asked[*at].form.other())).collect();
        for (at, reply) in again.into_iter().zip(self.ask(gets).await) {
            let (source, form) = (lists[at].0, asked[at].form.other());
            if reply.as_ref().is_err_and(GraphError::is_unsupported) {
                self.lists.of(source).both_refused.fetch_add(1, Ordering::Relaxed);
            }
            asked[at] = Asked { form, reply };
            self.lists.note(source, &asked[at]);
        }
        asked
    }
}
