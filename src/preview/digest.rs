//! Hashes of all that a preview stands on, so that a plan can tell whether anything of it is different now.

use sha2::{Digest as _, Sha256};

use crate::{
    domain::{
        edge::{Edge, EdgeState},
        entity::Fingerprint,
        plan::Digests,
        preview::Baseline,
    },
    store::Believed,
};

#[derive(Default)]
pub(super) struct Digest {
    sends: Sha256,
    believes: Sha256,
}

impl Digest {
    /// A fingerprint is of all that is sent for an entity.
    pub fn entity(&mut self, ours: Option<&Fingerprint>, nums: [i64; 2], believed: &Believed<Fingerprint>) {
        if let Some(print) = ours {
            self.sends.update(print);
        }
        self.believed(nums, believed, |print| print.as_slice().to_vec());
    }

    pub fn edge(&mut self, ours: Option<&Edge>, nums: [i64; 2], believed: &Believed<EdgeState>) {
        if let Some(edge) = ours {
            self.sends.update([edge.kind as u8]);
            self.sends.update(edge.state().to_le_bytes());
            for end in [&edge.from, &edge.to] {
                self.sends.update(end.as_bytes());
                self.sends.update([0]);
            }
        }
        self.believed(nums, believed, |state| state.to_le_bytes().to_vec());
    }

    fn believed<T>(&mut self, nums: [i64; 2], believed: &Believed<T>, bytes: fn(&T) -> Vec<u8>) {
        if believed.states.is_empty() {
            return;
        }
        for num in nums {
            self.believes.update(num.to_le_bytes());
        }
        for (name, content) in &believed.states {
            self.believes.update(name.as_bytes());
            self.believes.update([0]);
            // Unknown content is as long as none.
            self.believes.update(content.as_ref().map(bytes).unwrap_or_default());
        }
        self.believes.update([0xff, u8::from(believed.certain)]);
    }

    pub fn done(mut self, baseline: &Baseline) -> Digests {
        self.believes.update(format!("{baseline:?}").as_bytes());
        let hex = |hash: Sha256| hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Digests { sends: hex(self.sends), believes: hex(self.believes) }
    }
}
