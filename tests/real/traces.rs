//! Looks for traces of a secret: any five of its characters in a row, as they are or encoded; of a key, nine bytes; and for
//! what looks like a token or a key, whose text nobody knows beforehand.

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
        Self::among(all)
    }

    /// Of what is no text: any nine bytes in a row, as they are or encoded. A line of PEM is longer.
    pub fn of_bytes(secret: &[u8]) -> Self {
        const BYTES: usize = 9;
        assert!(secret.len() >= 100, "a key worth the test");
        let mut all = HashSet::new();
        for part in secret.windows(BYTES) {
            let hex: String = part.iter().map(|b| format!("{b:02x}")).collect();
            all.extend([part.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()]);
            // Nine bytes fill twelve digits where they begin at one, and eleven whole ones in any place.
            for before in 0..3 {
                let bytes = [&vec![0; before][..], part].concat();
                for encoded in [STANDARD_NO_PAD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                    all.insert(encoded.as_bytes()[(before * 8).div_ceil(6)..bytes.len() * 8 / 6].to_vec());
                }
            }
        }
        Self::among(all)
    }

    fn among(all: HashSet<Vec<u8>>) -> Self {
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

/// What looks like a signed token (an access token, a client's assertion) or a private key.
pub fn token_or_key(text: &[u8]) -> Option<String> {
    // `{"`, in base64, and as much as a header has.
    let digit = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    let token = (0..text.len()).filter(|at| text[*at..].starts_with(b"eyJ")).find_map(|at| {
        let header = text[at..].iter().take_while(|b| digit(b)).count();
        let claims = text.get(at + header + 1..).unwrap_or_default();
        (header >= 12 && text.get(at + header) == Some(&b'.') && claims.starts_with(b"eyJ"))
            .then(|| &text[at..at + header])
    });
    // PEM's line, and the algorithm's name in PKCS#8 with what opens the key itself.
    const PEM: &[u8] = b"PRIVATE KEY-----";
    const PKCS8: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00, 0x04, 0x82];
    let key = [PEM, PKCS8].into_iter().find(|mark| text.windows(mark.len()).any(|window| window == *mark));
    token.or(key).map(|found| String::from_utf8_lossy(found).into_owned())
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

#[test]
fn keys_and_tokens_are_found() {
    use base64::engine::general_purpose::STANDARD;
    let made = tenantry::credentials::certificate::make("traces", jiff::Timestamp::now()).unwrap();
    let der = made.key.key.expose();
    let traces = Traces::of_bytes(private(der));
    let finds = |text: &[u8]| assert!(traces.find(text).is_some(), "{}", String::from_utf8_lossy(text));
    let pem = pem::encode(&pem::Pem::new("PRIVATE KEY", der));
    finds(pem.as_bytes());
    // Every whole line of the private half.
    let lines: Vec<_> = pem.lines().filter(|line| line.len() == 64).collect();
    lines[8..].iter().for_each(|line| finds(line.as_bytes()));
    for before in 0..3 {
        let shifted = [&vec![b'x'; before][..], der].concat();
        finds(&shifted);
        finds(STANDARD.encode(&shifted).as_bytes());
        finds(URL_SAFE_NO_PAD.encode(&shifted).as_bytes());
    }
    let hex: String = der.iter().map(|b| format!("{b:02x}")).collect();
    finds(hex.as_bytes());
    // What is public is no trace.
    assert_eq!(traces.find(made.cer().as_bytes()), None);
    assert_eq!(traces.find(&made.certificate_der), None);

    for key in [pem.as_bytes(), der] {
        assert!(token_or_key(key).is_some());
    }
    assert_eq!(token_or_key(made.cer().as_bytes()), None);
    assert_eq!(token_or_key(&made.certificate_der), None);
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let token = format!("{}.{}.c2ln", part(r#"{"alg":"none"}"#), part(r#"{"tid":"x"}"#));
    assert!(token_or_key(format!("Authorization: Bearer {token}\n").as_bytes()).is_some());
    assert_eq!(token_or_key(b"eyJ and no more, eyJhbGciOiJub25lIn0 without claims"), None);
}

/// The half of an RSA key (PKCS#8) that its certificate does not show: what follows the modulus.
pub fn private(der: &[u8]) -> &[u8] {
    // RSA-2048, as it is made here: header, modulus and exponent fill 299 bytes.
    &der[304..]
}
