//! Looks for traces of a secret: any five of its characters in a row, as they are or encoded.

use std::collections::HashSet;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// So many characters in a row are a trace.
const LENGTH: usize = 5;

/// What must not be found anywhere.
pub struct Traces {
    all: HashSet<Vec<u8>>,
    lengths: Vec<usize>,
    /// Which two bytes a trace can begin with: nearly all text is done with after one look.
    beginnings: Vec<bool>,
}

impl Traces {
    pub fn of(secret: &str) -> Self {
        assert!(secret.is_ascii() && secret.len() >= 20, "a secret worth the test");
        let mut all = HashSet::new();
        for part in secret.as_bytes().windows(LENGTH) {
            let hex: String = part.iter().map(|b| format!("{b:02x}")).collect();
            let every: String = part.iter().map(|b| format!("%{b:02X}")).collect();
            let needed: String = part
                .iter()
                .map(|b| if b.is_ascii_alphanumeric() { char::from(*b).to_string() } else { format!("%{b:02X}") })
                .collect();
            // Encoders differ in what they leave as it is.
            let form = needed.replace("%2E", ".").replace("%2D", "-").replace("%5F", "_");
            let url = form.replace("%7E", "~");
            let lower = [&every, &needed, &form, &url].map(|text| lower_digits(text));
            for text in [hex.to_uppercase(), hex, every, needed, form, url].into_iter().chain(lower) {
                all.insert(text.into_bytes());
            }
            all.insert(part.to_vec());
        }
        // As it would stand in base64 with none, one or two bytes before it; five characters fill six of base64.
        for before in 0..3 {
            let text = [&vec![0; before][..], secret.as_bytes()].concat();
            for encoded in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                // The first digits are also about what stands before, the last about what follows.
                let own = &encoded.as_bytes()[(before * 8).div_ceil(6)..text.len() * 8 / 6];
                all.extend(own.windows(LENGTH + 1).map(<[u8]>::to_vec));
            }
        }
        let mut lengths: Vec<usize> = all.iter().map(Vec::len).collect();
        lengths.sort_unstable();
        lengths.dedup();
        let mut beginnings = vec![false; 1 << 16];
        all.iter().for_each(|trace| beginnings[two(trace)] = true);
        Self { all, lengths, beginnings }
    }

    /// The first trace there is.
    pub fn find(&self, text: &[u8]) -> Option<String> {
        let starts = (0..text.len().saturating_sub(1)).filter(|at| self.beginnings[two(&text[*at..])]);
        starts
            .flat_map(|at| self.lengths.iter().filter_map(move |length| text.get(at..at + length)))
            .find(|part| self.all.contains(*part))
            .map(|part| String::from_utf8_lossy(part).into_owned())
    }
}

/// `%7E` as `%7e`.
fn lower_digits(text: &str) -> String {
    let mut parts = text.split('%');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| format!("{out}%{}{}", part[..2].to_lowercase(), &part[2..]))
}

fn two(text: &[u8]) -> usize {
    usize::from(text[0]) << 8 | usize::from(text[1])
}

/// What remains of terminal output without its escape sequences: what was written, in the order in which it was.
pub fn plain(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte != 0x1b {
            out.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'[') => {
                rest.by_ref().find(|b| (0x40..0x7f).contains(b));
            }
            // The end of a string is BEL or ESC \.
            Some(b']' | b'P' | b'_' | b'^') => {
                rest.by_ref().find(|b| matches!(b, 0x07 | 0x1b));
                rest.next_if_eq(&b'\\');
            }
            _ => {}
        }
    }
    out
}

#[test]
fn every_encoding_of_any_five_characters_is_a_trace() {
    use base64::engine::general_purpose::STANDARD;
    let secret = "Zq7~Kx9.Wv3_Jt5-Hb8~Gn2+Pf4/Rd6=Lm1%Yc0&";
    assert_eq!(secret.len(), 40);
    let traces = Traces::of(secret);
    let finds = |text: &[u8]| assert!(traces.find(text).is_some(), "{}", String::from_utf8_lossy(text));
    for at in 0..=secret.len() - LENGTH {
        let part = &secret[at..at + LENGTH];
        for before in ["", "a", "ab", "abc"] {
            for after in ["", "x", "xy", "xyz"] {
                let text = format!("{before}{part}{after}");
                finds(text.as_bytes());
                finds(STANDARD.encode(&text).as_bytes());
                finds(URL_SAFE_NO_PAD.encode(&text).as_bytes());
                let hex: String = text.bytes().map(|b| format!("{b:02x}")).collect();
                finds(hex.as_bytes());
                finds(hex.to_uppercase().as_bytes());
                finds(
                    percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC)
                        .to_string()
                        .as_bytes(),
                );
                finds(
                    lower_digits(&url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>()).as_bytes(),
                );
                let form: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
                finds(form.as_bytes());
            }
        }
    }
    let four: Vec<String> = secret.as_bytes().chunks(4).map(|c| String::from_utf8(c.to_vec()).unwrap()).collect();
    assert_eq!(traces.find(four.join(" ").as_bytes()), None, "four are none");
    assert_eq!(traces.find(include_bytes!("../../Cargo.lock")), None);
    let torn: String = secret.chars().map(|c| format!("\x1b[3;{}H\x1b[1m{c}", 7)).collect();
    assert_eq!(traces.find(torn.as_bytes()), None);
    finds(&plain(torn.as_bytes()));
    assert_eq!(plain(b"a\x1b]52;c;YWJj\x07b\x1b[?25hc"), b"abc");
}
