//! What apps prove themselves with beside secrets: certificates that were uploaded for them, and what their keys sign.
//!
//! Codes and words: facts/graph.md §7. A signature is verified for real; all else of an assertion is read by hand, so that
//! client and server share no mistake. Like the service it takes an assertion twice: the `jti` is not remembered.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Map, Value};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use x509_parser::{parse_x509_certificate, public_key::PublicKey};

use super::{credentials::App, login::Refusal};

/// Clocks may differ by so much.
const LEEWAY: SignedDuration = SignedDuration::from_mins(5);

const DOCUMENTATION: &str = "Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials .";

/// A certificate that was uploaded for an app.
#[derive(Debug, Clone)]
pub struct Registered {
    pub client: String,
    /// How the portal names it: SHA-1, in capital hex.
    pub thumbprint: String,
    sha1: Vec<u8>,
    sha256: Vec<u8>,
    /// PKCS#1.
    public_key: Vec<u8>,
    not_before: Timestamp,
    not_after: Timestamp,
}

/// What of a token request an assertion has to agree with.
pub struct Asked<'a> {
    pub app: &'a App,
    /// The token endpoints of this tenant, by whichever name.
    pub audiences: Vec<String>,
    pub now: Timestamp,
}

impl Registered {
    /// Reads an upload: DER, or base64 of it with or without PEM's lines around it.
    pub fn read(client: &str, upload: &[u8]) -> Result<Self, &'static str> {
        const WRONG: &str = "this is no certificate: give DER, PEM or base64";
        let text: String = String::from_utf8_lossy(upload).lines().filter(|l| !l.starts_with("-----")).collect();
        let der = STANDARD.decode(text.trim()).unwrap_or_else(|_| upload.to_vec());
        let (_, certificate) = parse_x509_certificate(&der).map_err(|_| WRONG)?;
        let Ok(PublicKey::RSA(_)) = certificate.public_key().parsed() else {
            return Err("the certificate's key is no RSA key");
        };
        let time = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).map_err(|_| WRONG);
        let sha1 = Sha1::digest(&der).to_vec();
        Ok(Self {
            client: client.to_ascii_lowercase(),
            thumbprint: hex(&sha1),
            sha1,
            sha256: Sha256::digest(&der).to_vec(),
            public_key: certificate.public_key().subject_public_key.data.to_vec(),
            not_before: time(certificate.validity().not_before)?,
            not_after: time(certificate.validity().not_after)?,
        })
    }

    /// Whether a header names this one.
    fn is_named(&self, header: &Map<String, Value>) -> bool {
        let is = |name: &str, hash: &[u8]| {
            let text = header.get(name).and_then(Value::as_str);
            text.is_some_and(|text| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).is_ok_and(|h| h == hash))
        };
        let by_kid =
            header.get("kid").and_then(Value::as_str).is_some_and(|k| k.eq_ignore_ascii_case(&self.thumbprint));
        is("x5t#S256", &self.sha256) || is("x5t", &self.sha1) || by_kid
    }
}

/// Whether an assertion proves that it is the app that asks.
pub fn check(registered: &[Registered], asked: &Asked<'_>, assertion: &str) -> Result<(), Refusal> {
    let malformed = || Refusal(50027, 400, "invalid_request", "JWT token is invalid or malformed.".to_owned());
    let [head, body, signature] = assertion.split('.').collect::<Vec<_>>()[..] else { return Err(malformed()) };
    let part = |part: &str| -> Result<Map<String, Value>, Refusal> {
        let json = URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed())?;
        serde_json::from_slice(&json).map_err(|_| malformed())
    };
    let (header, claims) = (part(head)?, part(body)?);
    let refuse = |code: u32, words: String| Refusal(code, 401, "invalid_client", words);

    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default();
    let algorithm = match algorithm {
        "PS256" => Algorithm::PS256,
        "RS256" => Algorithm::RS256,
        other => {
            let words = format!(
                "Invalid JWT token. '{other}' is not a supported signature algorithm. Supported signing algorithms are: \
                 'RS256, PS256'"
            );
            return Err(refuse(5_002_738, words));
        }
    };
    if !["x5t", "x5t#S256", "kid"].iter().any(|name| header.contains_key(*name)) {
        let words = "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId \
                     specified in token header.";
        return Err(refuse(5_002_723, words.to_owned()));
    }
    let text = |name: &str| {
        claims.get(name).and_then(Value::as_str).ok_or_else(|| {
            let words = format!(
                "The required field '{name}' is missing from the credential. Ensure that you have all the necessary \
                 parameters for the login request."
            );
            Refusal(90014, 400, "invalid_request", words)
        })
    };
    let (audience, issuer, subject) = (text("aud")?, text("iss")?, text("sub")?);
    let client = asked.app.client_id.as_str();
    if !issuer.eq_ignore_ascii_case(client) || !subject.eq_ignore_ascii_case(client) {
        let words = "Client assertion application identifier doesn't match 'client_id' parameter.";
        return Err(refuse(700_021, format!("{words} {DOCUMENTATION}")));
    }
    if !asked.audiences.iter().any(|own| own.eq_ignore_ascii_case(audience)) {
        let words = "Client assertion audience claim does not match Realm issuer.";
        return Err(refuse(700_023, format!("{words} {DOCUMENTATION}")));
    }
    in_time(&claims, asked.now)?;

    let theirs = registered.iter().filter(|r| r.client == client.to_ascii_lowercase());
    let Some(certificate) = theirs.into_iter().find(|r| r.is_named(&header)) else {
        let used = ["x5t#S256", "x5t", "kid"].iter().find_map(|name| header.get(*name)?.as_str()).unwrap_or_default();
        let words = format!(
            "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - \
             The key was not found., Thumbprint of key used by client: '{used}', Please visit the Azure Portal, Graph \
             Explorer or directly use MS Graph to see configured keys for app Id '{client}'.]"
        );
        return Err(refuse(700_027, words));
    };
    let failed = |reason: &str| {
        let words = format!(
            "Client assertion failed signature validation. [Reason - {reason}, Thumbprint of key used by client: '{}', \
             Found key 'Start={}, End={}']",
            certificate.thumbprint, certificate.not_before, certificate.not_after
        );
        refuse(700_027, words)
    };
    if asked.now < certificate.not_before - LEEWAY || asked.now >= certificate.not_after {
        return Err(failed("The key used is expired."));
    }
    let signed = format!("{head}.{body}");
    let key = DecodingKey::from_rsa_der(&certificate.public_key);
    match jsonwebtoken::crypto::verify(signature, signed.as_bytes(), &key, algorithm) {
        Ok(true) => Ok(()),
        _ => Err(failed("The key was found, but use of the key to verify the signature failed.")),
    }
}

fn in_time(claims: &Map<String, Value>, now: Timestamp) -> Result<(), Refusal> {
    let time = |name: &str| claims.get(name).and_then(Value::as_i64).and_then(|s| Timestamp::from_second(s).ok());
    let (from, until) = (time("nbf"), time("exp"));
    let good = until.is_some_and(|until| now < until + LEEWAY) && from.is_none_or(|from| now + LEEWAY >= from);
    if good {
        return Ok(());
    }
    let say = |at: Option<Timestamp>| at.map_or_else(|| "<null>".to_owned(), |at| at.to_string());
    let words = format!(
        "Client assertion is not within its valid time range. Current time: {now}, assertion valid from {}, expiry time of \
         assertion {}. {DOCUMENTATION}",
        say(from),
        say(until)
    );
    Err(Refusal(700_024, 401, "invalid_client", words))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02X}")).collect()
}
