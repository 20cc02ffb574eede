//! How objects are packed into the bodies of an upload: pure, so that a preview foretells what an upload sends.

/// JupiterOne takes at most 6 MB a request; official clients stay at 5,000,000 bytes. Ours count the wrapper too.
pub const MAX_BODY: usize = 5_000_000;

/// Which of the two lists of the bulk API a body carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Payload {
    Entities,
    Relationships,
}

impl Payload {
    /// The path segment, and the member of the body.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Entities => "entities",
            Self::Relationships => "relationships",
        }
    }

    /// Bytes of `{"entities":[` and `]}`.
    pub(super) const fn wrapper(self) -> usize {
        self.as_str().len() + 5 + 2
    }
}

/// Packs texts of objects, in order, into bodies of at most [`MAX_BODY`] bytes, wrapper and commas included.
#[derive(Debug, Clone)]
pub struct Packer {
    payload: Payload,
    limit: usize,
    body: String,
    objects: u64,
}

impl Packer {
    pub fn new(payload: Payload) -> Self {
        Self::with_limit(payload, MAX_BODY)
    }

    pub fn with_limit(payload: Payload, limit: usize) -> Self {
        Self { payload, limit, body: String::new(), objects: 0 }
    }

    /// Adds one object's JSON text. Where it no longer fits, the full body comes out first, with its object count.
    pub fn push(&mut self, object: &str) -> Option<(String, u64)> {
        let full =
            if self.objects > 0 && self.body.len() + 1 + object.len() + 2 > self.limit { self.flush() } else { None };
        if self.objects == 0 {
            // The whole body's room: to grow step by step takes twice as much, and copies it as often.
            self.body.reserve(self.limit.min(MAX_BODY).max(self.payload.wrapper() + object.len()));
            self.body.push_str("{\"");
            self.body.push_str(self.payload.as_str());
            self.body.push_str("\":[");
        } else {
            self.body.push(',');
        }
        self.body.push_str(object);
        self.objects += 1;
        full
    }

    /// The last body, if anything is left.
    pub fn flush(&mut self) -> Option<(String, u64)> {
        if self.objects == 0 {
            return None;
        }
        self.body.push_str("]}");
        Some((std::mem::take(&mut self.body), std::mem::take(&mut self.objects)))
    }
}

/// As a [`Packer`], counting only: how many bodies, of how many bytes together.
#[derive(Debug, Clone)]
pub struct Meter {
    payload: Payload,
    current: usize,
    pub bodies: u64,
    pub bytes: u64,
}

impl Meter {
    pub const fn new(payload: Payload) -> Self {
        Self { payload, current: 0, bodies: 0, bytes: 0 }
    }

    /// Counts one object's text of `len` bytes.
    pub fn push(&mut self, len: usize) {
        let more = if self.current > 0 && self.current + 1 + len <= MAX_BODY {
            1 + len
        } else {
            self.current = 0;
            self.bodies += 1;
            self.payload.wrapper() + len
        };
        self.current += more;
        self.bytes += more as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_keep_to_the_limit_and_lose_nothing() {
        for payload in [Payload::Entities, Payload::Relationships] {
            let objects: Vec<String> = (0..50).map(|n| format!("{{\"n\":{}}}", "1".repeat(n % 9 + 1))).collect();
            let mut packer = Packer::with_limit(payload, 60);
            let mut bodies: Vec<_> = objects.iter().filter_map(|o| packer.push(o)).collect();
            bodies.extend(packer.flush());
            let mut seen = Vec::new();
            for (body, count) in &bodies {
                assert!(body.len() <= 60, "{body}");
                let json: serde_json::Value = serde_json::from_str(body).unwrap();
                let list = json[payload.as_str()].as_array().unwrap();
                assert_eq!(list.len() as u64, *count);
                seen.extend(list.iter().map(ToString::to_string));
            }
            assert_eq!(seen, objects);
            assert!(packer.flush().is_none());
        }
    }

    #[test]
    fn the_meter_tells_what_the_packer_does() {
        let (mut packer, mut meter) = (Packer::new(Payload::Entities), Meter::new(Payload::Entities));
        let object = format!("\"{}\"", "x".repeat(700_000));
        let mut bodies: Vec<_> = (0..20).filter_map(|_| packer.push(&object)).collect();
        (0..20).for_each(|_| meter.push(object.len()));
        bodies.extend(packer.flush());
        assert_eq!(meter.bodies, bodies.len() as u64);
        assert_eq!(meter.bytes, bodies.iter().map(|(b, _)| b.len() as u64).sum::<u64>());
    }
}
