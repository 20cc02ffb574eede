//! Numbers from a seed: hashes, draws, GUIDs that can be read back, and permutations.
//!
//! Everything about the tenant is computed from here when it is asked for; nothing is kept. That is why a GUID carries
//! its object's kind and index, hidden by a permutation: an id can be looked up without a table, at any size. None of
//! this is cryptography, and nothing secret rests on it.

/// What an object of the tenant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    User,
    Group,
    Contact,
    Device,
    ServicePrincipal,
    /// A member of a type that no list names and no client knows yet.
    Agent,
    /// A user who is soft-deleted, and still a member of groups.
    Ghost,
}

impl Kind {
    const ALL: [Self; 7] =
        [Self::User, Self::Group, Self::Contact, Self::Device, Self::ServicePrincipal, Self::Agent, Self::Ghost];
}

/// One object: its kind, and its number among those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ref {
    pub kind: Kind,
    pub index: u32,
}

/// The seed of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
const MIX_A: u64 = 0xbf58_476d_1ce4_e5b9;
const MIX_B: u64 = 0x94d0_49bb_1331_11eb;

/// The finaliser of splitmix64: a permutation of 64 bits.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(MIX_A);
    z = (z ^ (z >> 27)).wrapping_mul(MIX_B);
    z ^ (z >> 31)
}

/// [`mix`], backwards.
const fn unmix(mut z: u64) -> u64 {
    z ^= (z >> 31) ^ (z >> 62);
    z = z.wrapping_mul(inverse(MIX_B));
    z ^= (z >> 27) ^ (z >> 54);
    z = z.wrapping_mul(inverse(MIX_A));
    z ^ (z >> 30) ^ (z >> 60)
}

/// The inverse of an odd number modulo 2⁶⁴, by Newton's iteration.
const fn inverse(odd: u64) -> u64 {
    let mut x = odd;
    let mut round = 0;
    while round < 6 {
        x = x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x)));
        round += 1;
    }
    x
}

impl Seed {
    /// A number for one purpose; equal arguments give equal numbers.
    pub fn hash(self, purpose: &str, index: u64) -> u64 {
        let mut z = mix(self.0.wrapping_add(GOLDEN));
        for byte in purpose.bytes() {
            z = mix(z ^ u64::from(byte)).wrapping_add(GOLDEN);
        }
        mix(z ^ mix(index.wrapping_add(GOLDEN)))
    }

    /// A stream of numbers for one purpose.
    pub fn draw(self, purpose: &str, index: u64) -> Draw {
        Draw(self.hash(purpose, index))
    }

    /// The id of an object, of version 4's shape.
    pub fn id(self, object: Ref) -> String {
        Ids::of(self).id(object).to_string()
    }

    /// The object of an id, in either case; `None` for every GUID that [`Seed::id`] never made.
    pub fn object(self, id: &str) -> Option<Ref> {
        Ids::of(self).object(id)
    }

    /// A GUID for anything that need not be read back.
    pub fn guid(self, purpose: &str, index: u64) -> String {
        Ids::of(self).guid_of(self.hash(purpose, index)).to_string()
    }
}

/// What ids are made with, worked out once: an id is then a few multiplications.
#[derive(Debug, Clone, Copy)]
pub struct Ids {
    plain: u64,
    rest: u64,
}

impl Ids {
    pub fn of(seed: Seed) -> Self {
        Self { plain: seed.hash("id", 0), rest: seed.hash("id", 1) }
    }

    /// The id of an object, of version 4's shape.
    pub fn id(self, object: Ref) -> uuid::Uuid {
        let kind = object.kind as u64;
        self.guid_of(mix((kind << 40 | u64::from(object.index)) ^ self.plain))
    }

    /// Writes an id behind `out`.
    pub fn push(self, object: Ref, out: &mut String) {
        let mut buffer = uuid::Uuid::encode_buffer();
        out.push_str(self.id(object).hyphenated().encode_lower(&mut buffer));
    }

    /// The object of an id, in either case; `None` for every GUID that [`Seed::id`] never made.
    pub fn object(self, id: &str) -> Option<Ref> {
        let id = uuid::Uuid::try_parse(id).ok().filter(|_| id.len() == 36)?;
        let bits = id.as_u128();
        let block = (((bits >> 80) as u64) << 16) | ((bits >> 46) as u64 & 0xffff);
        if self.guid_of(block) != id {
            return None;
        }
        let plain = unmix(block) ^ self.plain;
        let kind = *Kind::ALL.get(usize::try_from(plain >> 40).ok()?)?;
        let index = u32::try_from(plain & 0xff_ffff_ffff).ok()?;
        Some(Ref { kind, index })
    }

    /// Version 4's shape around 64 bits, with 58 more that follow from them: 48 bits, version, 12 bits, variant, 16 + 46.
    fn guid_of(self, block: u64) -> uuid::Uuid {
        let rest = mix(block ^ self.rest);
        let high = u128::from(block >> 16) << 80;
        let middle = u128::from(rest >> 52) << 64 | 4u128 << 76;
        let low = 2u128 << 62 | u128::from(block & 0xffff) << 46 | u128::from(rest & 0x3fff_ffff_ffff);
        uuid::Uuid::from_u128(high | middle | low)
    }
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub struct Draw(u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number below `bound`; 0 where there is none.
    pub fn below(&mut self, bound: u32) -> u32 {
        ((self.next() >> 32).wrapping_mul(u64::from(bound)) >> 32) as u32
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(u32::try_from(all.len()).unwrap_or(u32::MAX)) as usize]
    }
}

/// `len` distinct numbers below `of`, each by its position and each with its position: start + position × stride.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Span {
    of: u32,
    start: u32,
    stride: u32,
    pub len: u32,
}

impl Span {
    /// As many as asked for, but no more than there are.
    pub fn scattered(of: u32, len: u32, draw: &mut Draw) -> Self {
        if of == 0 {
            return Self::default();
        }
        let start = draw.below(of);
        let mut stride = draw.below(of).max(1);
        while gcd(stride, of) != 1 {
            stride = stride % of + 1;
        }
        Self { of, start, stride, len: len.min(of) }
    }

    /// The same from another number on.
    pub fn begun_with(self, number: u32) -> Self {
        if number < self.of { Self { start: number, ..self } } else { self }
    }

    /// 0, 1, 2 …
    pub fn all(of: u32) -> Self {
        Self { of, start: 0, stride: 1, len: of }
    }

    /// Only `number`.
    pub fn one(of: u32, number: u32) -> Self {
        Self { of, start: number, stride: 1, len: 1 }
    }

    pub fn at(&self, position: u32) -> Option<u32> {
        (position < self.len).then(|| {
            let far = u64::from(self.start) + u64::from(position) * u64::from(self.stride);
            (far % u64::from(self.of)) as u32
        })
    }

    pub fn contains(&self, number: u32) -> bool {
        if number >= self.of || self.len == 0 {
            return false;
        }
        let of = i64::from(self.of);
        let ahead = (i64::from(number) - i64::from(self.start)).rem_euclid(of);
        let inverse = inverse_mod(i64::from(self.stride), of);
        (i128::from(ahead) * i128::from(inverse)).rem_euclid(i128::from(of)) < i128::from(self.len)
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

fn inverse_mod(a: i64, modulus: i64) -> i64 {
    let (mut old, mut new, mut old_s, mut new_s) = (a, modulus, 1i64, 0i64);
    while new != 0 {
        let quotient = old / new;
        (old, new) = (new, old - quotient * new);
        (old_s, new_s) = (new_s, old_s - quotient * new_s);
    }
    old_s.rem_euclid(modulus)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_can_be_read_back_and_others_cannot() {
        for seed in [0, 1, u64::MAX] {
            let seed = Seed(seed);
            for kind in Kind::ALL {
                for index in [0, 1, 2, 499_999, u32::MAX] {
                    let object = Ref { kind, index };
                    let id = seed.id(object);
                    assert_eq!(id.len(), 36);
                    assert_eq!(&id[14..15], "4");
                    assert!(crate::domain::ids::is_guid_shaped(&id));
                    assert_eq!(seed.object(&id), Some(object), "{id}");
                    assert_eq!(seed.object(&id.to_uppercase()), Some(object));
                    assert_eq!(Seed(77).object(&id), None);
                }
            }
            assert_eq!(seed.object(""), None);
            assert_eq!(seed.object("84841066-274d-4ec0-a5c1-276be684bdd3"), None);
            assert_eq!(seed.object(&seed.guid("tenant", 0)), None);
        }
    }

    #[test]
    fn spans_repeat_nothing_and_know_what_they_hold() {
        for of in [0u32, 1, 2, 7, 60, 101] {
            for len in [0, 1, 5, of / 2, of, of + 3] {
                let span = Span::scattered(of, len, &mut Seed(3).draw("span", u64::from(of * 1000 + len)));
                let held: std::collections::BTreeSet<u32> = (0..span.len).filter_map(|p| span.at(p)).collect();
                assert_eq!(held.len() as u32, len.min(of));
                assert_eq!(span.at(span.len), None);
                for number in 0..of + 2 {
                    assert_eq!(span.contains(number), held.contains(&number), "{number} of {span:?}");
                }
            }
        }
    }
}
