//! What stands in a secret's place: a short-lived JWT that the app's own key has signed, or a platform's token in a file.
//!
//! Parts of the JWT: facts/graph.md §7.1. Made anew for each request, as each is good once and for minutes. Nothing of a
//! key or of a token is in a problem.

use std::path::Path;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use pkcs8::{PrivateKeyInfoRef, der::Decode};
use serde::Serialize;
use tokio::io::AsyncReadExt;

use crate::domain::{credential::ClientKey, ids::ClientId, problem::Problem, secret::Secret};

/// `client_assertion_type`.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// The service allows ten minutes at most.
const SECONDS: i64 = 8 * 60;

/// Platforms' tokens are far smaller.
const MOST: u64 = 64 << 10;

#[derive(Serialize)]
struct Claims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: &'a str,
    jti: String,
    nbf: i64,
    iat: i64,
    exp: i64,
}

/// An assertion for the token endpoint `audience`.
///
/// # Errors
///
/// When the key's certificate has ended (`certificate_expired`), or the key is none to sign with (`key_unusable`).
pub fn signed(key: &ClientKey, client: &ClientId, audience: &str, now: Timestamp) -> Result<Secret, Problem> {
    if let Some(end) = key.expires.filter(|end| *end <= now) {
        return Err(Problem::new(format!("the app's certificate expired on {}", end.strftime("%Y-%m-%d %H:%M UTC")))
            .code("certificate_expired")
            .hint(
                "Make a new one in the wizard or with `tenantry profile add --make-certificate`, upload its .cer to the \
                 app registration, and save it in this one's place.",
            ));
    }
    let unusable = || {
        Problem::new("the app's private key cannot sign")
            .code("key_unusable")
            .hint("Give the certificate's file once more, or make a new certificate, in the wizard.")
    };
    let info = PrivateKeyInfoRef::from_der(key.key.expose()).map_err(|_| unusable())?;
    let header = Header { x5t_s256: Some(key.thumbprint.to_string()), ..Header::new(Algorithm::PS256) };
    let at = now.as_second();
    let claims = Claims {
        aud: audience,
        iss: client.as_str(),
        sub: client.as_str(),
        jti: uuid::Uuid::new_v4().to_string(),
        nbf: at,
        iat: at,
        exp: at + SECONDS,
    };
    // It takes the bare RSA key, without PKCS#8 around it.
    let key = EncodingKey::from_rsa_der(info.private_key.as_bytes());
    jsonwebtoken::encode(&header, &claims, &key).map(Secret::new).map_err(|_| unusable())
}

/// The token that a platform keeps in this file; it changes there.
///
/// # Errors
///
/// With code `federated_token`, when there is no such file, or nothing in it that could be a token.
pub async fn of_platform(path: &Path) -> Result<Secret, Problem> {
    let wrong = |why: String| {
        Problem::new(format!("the federated token's file {} {why}", path.display())).code("federated_token").hint(
            "The platform writes it (workload identity): check that AZURE_FEDERATED_TOKEN_FILE names the file that is \
             mounted here, and that this user may read it.",
        )
    };
    let cannot = |error: std::io::Error| wrong(format!("cannot be read: {error}"));
    let mut text = String::new();
    let file = tokio::fs::File::open(path).await.map_err(cannot)?;
    file.take(MOST + 1).read_to_string(&mut text).await.map_err(cannot)?;
    if text.len() as u64 > MOST {
        return Err(wrong("is too large to be a token".to_owned()));
    }
    let Some(token) = Secret::pasted(&text) else { return Err(wrong("is empty".to_owned())) };
    if token.expose().split('.').count() != 3 || token.expose().contains(char::is_whitespace) {
        return Err(wrong("holds something else than one token (a JWT)".to_owned()));
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jsonwebtoken::{DecodingKey, Validation};
    use rcgen::PublicKeyData;
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::{credential::Thumbprint, secret::SecretBytes};

    const AUDIENCE: &str = "https://login.microsoftonline.us/84841066-274d-4ec0-a5c1-276be684bdd3/oauth2/v2.0/token";
    const CLIENT: &str = "535fb089-9ff3-47b6-9bfb-4f1264799865";

    fn key() -> (rcgen::KeyPair, ClientKey) {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let key = ClientKey {
            key: SecretBytes::new(pair.serialize_der()),
            thumbprint: Thumbprint([0xfb; 32]),
            expires: Some("2026-12-01T00:00:00Z".parse().unwrap()),
        };
        (pair, key)
    }

    #[test]
    fn an_assertion_is_as_documented_and_verifies() {
        let (pair, key) = key();
        let client = ClientId::parse(CLIENT).unwrap();
        let now: Timestamp = "2026-11-22T10:00:00Z".parse().unwrap();
        let mut jtis = BTreeSet::new();
        for _ in 0..3 {
            let assertion = signed(&key, &client, AUDIENCE, now).unwrap();
            assert!(!format!("{assertion:?}").contains("ey"));
            let header: Value = {
                use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
                let header = assertion.expose().split('.').next().unwrap();
                serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap()
            };
            let thumbprint = key.thumbprint.to_string();
            assert_eq!(header, json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint }));

            let mut validation = Validation::new(Algorithm::PS256);
            validation.set_audience(&[AUDIENCE]);
            // The calendar is the test's own.
            (validation.validate_exp, validation.validate_nbf) = (false, false);
            let public = DecodingKey::from_rsa_der(pair.der_bytes());
            let claims = jsonwebtoken::decode::<Value>(assertion.expose(), &public, &validation).unwrap().claims;
            assert_eq!((&claims["iss"], &claims["sub"]), (&json!(CLIENT), &json!(CLIENT)));
            let times = ["nbf", "iat", "exp"].map(|name| claims[name].as_i64().unwrap() - now.as_second());
            assert_eq!(times, [0, 0, 480]);
            assert_eq!(claims.as_object().unwrap().len(), 7);
            jtis.insert(claims["jti"].as_str().unwrap().to_owned());
        }
        assert_eq!(jtis.len(), 3, "each is good once");
    }

    #[test]
    fn what_cannot_be_signed_says_why() {
        let client = ClientId::parse(CLIENT).unwrap();
        let (_, good) = key();
        let ended = signed(&good, &client, AUDIENCE, "2026-12-01T00:00:00Z".parse().unwrap()).unwrap_err();
        assert_eq!(ended.code.as_deref(), Some("certificate_expired"));
        assert!(ended.summary.contains("2026-12-01"), "{ended}");
        for bad in [&b"x"[..], &good.key.expose()[..500]] {
            let bad = ClientKey { key: SecretBytes::new(bad.to_vec()), ..good.clone() };
            let problem = signed(&bad, &client, AUDIENCE, "2026-11-22T10:00:00Z".parse().unwrap()).unwrap_err();
            assert_eq!(problem.code.as_deref(), Some("key_unusable"));
        }
    }

    #[tokio::test]
    async fn a_platforms_token_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let check = async |text: Option<&[u8]>, want: Result<&str, &str>| {
            if let Some(text) = text {
                std::fs::write(&path, text).unwrap();
            }
            match (of_platform(&path).await, want) {
                (Ok(token), Ok(want)) => assert_eq!(token.expose(), want),
                (Err(problem), Err(words)) => {
                    assert_eq!(problem.code.as_deref(), Some("federated_token"));
                    assert!(problem.summary.contains(words) && problem.summary.contains("token"), "{problem}");
                    assert!(!format!("{problem:?}").contains("hunter2"), "{problem:?}");
                }
                (got, _) => panic!("{got:?}, not {want:?}"),
            }
        };
        check(None, Err("cannot be read")).await;
        check(Some(b""), Err("is empty")).await;
        check(Some(b" \n"), Err("is empty")).await;
        check(Some(b"hunter2"), Err("something else")).await;
        check(Some(b"a.b.c d.e.hunter2"), Err("something else")).await;
        check(Some(&[0xff, 0xfe, 0x00]), Err("cannot be read")).await;
        check(Some(&vec![b'x'; 1 << 17]), Err("too large")).await;
        check(Some(b"a.b.c\n"), Ok("a.b.c")).await;
        check(Some(b"d.e.f"), Ok("d.e.f")).await;
    }
}
