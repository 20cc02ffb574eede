//! Signed assertions at the login service. They are put together here by hand, part by part: nothing of the product's own
//! making takes part.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{Algorithm, EncodingKey};
use pkcs8::{PrivateKeyInfoRef, der::Decode};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::{
    client::{Asker, Reply},
    login::claims,
};

/// A key, and a certificate that says from when until when it is good.
struct Pair {
    key: EncodingKey,
    der: Vec<u8>,
}

impl Pair {
    fn new(years: std::ops::Range<i32>) -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap();
        let mut params = rcgen::CertificateParams::default();
        (params.not_before, params.not_after) =
            (rcgen::date_time_ymd(years.start, 1, 1), rcgen::date_time_ymd(years.end, 1, 1));
        let der = params.self_signed(&pair).unwrap().der().to_vec();
        let pkcs8 = pair.serialize_der();
        let inner = PrivateKeyInfoRef::from_der(&pkcs8).unwrap().private_key.as_bytes();
        Self { key: EncodingKey::from_rsa_der(inner), der }
    }

    fn sign(&self, header: &Value, claims: &Value, algorithm: Algorithm) -> String {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, algorithm).unwrap();
        format!("{message}.{signature}")
    }

    fn sha256(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.der))
    }

    fn sha1(&self) -> Vec<u8> {
        Sha1::digest(&self.der).to_vec()
    }
}

async fn ask(asker: &Asker, assertion: &str) -> Reply {
    let form = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    asker.login(&[("client_secret", ""), ("client_assertion_type", form), ("client_assertion", assertion)]).await
}

async fn upload(asker: &Asker, client: &str, body: impl Into<reqwest::Body>) -> Reply {
    let url = format!("{}/_demo/certificates/{client}", asker.demo.login_url);
    Asker::read(asker.http.post(url).body(body).send().await).await.unwrap()
}

/// The claims of a good assertion, with these changes.
fn body(asker: &Asker, changes: &[(&str, Value)]) -> Value {
    let now = jiff::Timestamp::now().as_second();
    let client = asker.demo.client_id.as_str();
    let mut claims = json!({
        "aud": format!("{}/{}/oauth2/v2.0/token", asker.demo.login_url, asker.demo.tenant_id),
        "iss": client, "sub": client, "jti": "1", "nbf": now, "iat": now, "exp": now + 600,
    });
    for (name, value) in changes {
        claims[name] = value.clone();
    }
    claims
}

#[tokio::test]
async fn an_assertion_is_believed_for_its_signature_alone() {
    let asker = Asker::new("default", 20, 5).await;
    let (ours, other, old) = (Pair::new(2020..2090), Pair::new(2020..2090), Pair::new(2020..2021));
    let client = asker.demo.client_id.as_str().to_owned();
    let (ps, rs) = (Algorithm::PS256, Algorithm::RS256);
    let header = |alg: &str, pair: &Pair| json!({ "alg": alg, "typ": "JWT", "x5t#S256": pair.sha256() });
    let check = async |assertion: &str, status: u16, code: u32, words: &str| {
        let reply = ask(&asker, assertion).await;
        let json = reply.json();
        assert_eq!((reply.status, &json["error_codes"]), (status, &json!([code])), "{json}");
        let text = json["error_description"].as_str().unwrap();
        assert!(text.starts_with(&format!("AADSTS{code}: ")) && text.contains(words), "{text}");
        assert_eq!(json["error"], json!(if status == 400 { "invalid_request" } else { "invalid_client" }));
    };
    let good = ours.sign(&header("PS256", &ours), &body(&asker, &[]), ps);
    check(&good, 401, 700_027, "The key was not found").await;

    // Uploads: as DER, as base64, as PEM; for an app that there is; of a certificate.
    assert_eq!(upload(&asker, &client, "hello").await.status, 400);
    assert_eq!(upload(&asker, "nobody", ours.der.clone()).await.status, 400);
    let named = upload(&asker, &client, pem::encode(&pem::Pem::new("CERTIFICATE", old.der.as_slice()))).await.ok();
    let thumbprint: String = old.sha1().iter().map(|b| format!("{b:02X}")).collect();
    assert_eq!(named.json()["thumbprint"], json!(thumbprint));
    upload(&asker, &client, STANDARD.encode(&ours.der)).await.ok();
    upload(&asker, &client, ours.der.clone()).await.ok();

    // Whatever names the certificate, and either algorithm.
    let kid: String = ours.sha1().iter().map(|b| format!("{b:02X}")).collect();
    let domain = asker.get("/organization").await.json()["value"][0]["verifiedDomains"][1]["name"].clone();
    let by_domain = json!(format!("{}/{}/oauth2/v2.0/token", asker.demo.login_url, domain.as_str().unwrap()));
    for (header, changes, algorithm) in [
        (header("PS256", &ours), vec![], ps),
        (header("RS256", &ours), vec![], rs),
        (json!({ "alg": "PS256", "x5t": URL_SAFE_NO_PAD.encode(ours.sha1()) }), vec![], ps),
        (json!({ "alg": "RS256", "kid": kid }), vec![], rs),
        (header("PS256", &ours), vec![("aud", by_domain)], ps),
    ] {
        let reply = ask(&asker, &ours.sign(&header, &body(&asker, &changes), algorithm)).await.ok();
        assert_eq!(claims(&reply)["appidacr"], json!("2"), "{header}");
    }

    // What is signed by another key, with another algorithm than it says, or was changed since.
    let head = header("PS256", &ours);
    check(&other.sign(&head, &body(&asker, &[]), ps), 401, 700_027, "verify the signature failed").await;
    check(&ours.sign(&head, &body(&asker, &[]), rs), 401, 700_027, "verify the signature failed").await;
    let (start, signature) = good.rsplit_once('.').unwrap();
    let (head_of_good, _) = start.split_once('.').unwrap();
    let changed = URL_SAFE_NO_PAD.encode(body(&asker, &[("jti", json!("2"))]).to_string());
    check(&format!("{head_of_good}.{changed}.{signature}"), 401, 700_027, "verify the signature failed").await;
    check(&format!("{start}.AAAA"), 401, 700_027, "verify the signature failed").await;
    check(&other.sign(&header("PS256", &other), &body(&asker, &[]), ps), 401, 700_027, "not registered").await;
    check(&old.sign(&header("PS256", &old), &body(&asker, &[]), ps), 401, 700_027, "expired").await;

    // Nothing unsigned, and nothing for others.
    let none = json!({ "alg": "none", "x5t#S256": ours.sha256() });
    check(&ours.sign(&none, &body(&asker, &[]), ps), 401, 5_002_738, "'none'").await;
    check(&ours.sign(&header("HS256", &ours), &body(&asker, &[]), ps), 401, 5_002_738, "'HS256'").await;
    check(&ours.sign(&json!({ "alg": "PS256" }), &body(&asker, &[]), ps), 401, 5_002_723, "thumbprint").await;
    for who in ["iss", "sub"] {
        let claims = body(&asker, &[(who, json!("11111111-2222-4333-8444-555555555555"))]);
        check(&ours.sign(&head, &claims, ps), 401, 700_021, "doesn't match 'client_id'").await;
        check(&ours.sign(&head, &body(&asker, &[(who, Value::Null)]), ps), 400, 90014, who).await;
    }
    for audience in ["https://login.microsoftonline.com/x/oauth2/v2.0/token", ""] {
        check(&ours.sign(&head, &body(&asker, &[("aud", json!(audience))]), ps), 401, 700_023, "audience").await;
    }
    let now = jiff::Timestamp::now().as_second();
    for (name, at) in [("exp", now - 600), ("nbf", now + 600)] {
        let claims = body(&asker, &[(name, json!(at))]);
        check(&ours.sign(&head, &claims, ps), 401, 700_024, "valid time range").await;
    }
    check(&ours.sign(&head, &body(&asker, &[("exp", Value::Null)]), ps), 401, 700_024, "<null>").await;
    for malformed in ["x", "a.b.c", "a.b", "W10.W10.AAAA"] {
        check(malformed, 400, 50027, "malformed").await;
    }
    // The certificate of one app proves nothing for another.
    let another = asker.demo.mistakes.iter().find(|m| m.expect == "Authorization_RequestDenied").unwrap();
    let own = [("iss", json!(another.client)), ("sub", json!(another.client))];
    let theirs = ours.sign(&head, &body(&asker, &own), ps);
    let form = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let fields = [
        ("client_id", another.client.as_str()),
        ("client_secret", ""),
        ("client_assertion_type", form),
        ("client_assertion", &theirs),
    ];
    assert_eq!(asker.login(&fields).await.json()["error_codes"], json!([700_027]));
    let untyped = asker.login(&[("client_secret", ""), ("client_assertion", &good)]).await;
    assert_eq!(untyped.json()["error_codes"], json!([900_144]));
}

#[tokio::test]
async fn the_platforms_token_is_good_at_the_login_alone() {
    let asker = Asker::new("default", 20, 5).await;
    let token = asker.demo.federated_token.expose();
    let reply = ask(&asker, token).await.ok();
    assert_eq!(claims(&reply)["appidacr"], json!("2"));
    let changed = format!("{token}x");
    assert_eq!(ask(&asker, &changed).await.json()["error_codes"], json!([700_021]));
    asker.demo.forget_requests();
    let graph = format!("{}/v1.0/users", asker.demo.graph_url);
    let refused = Asker::read(asker.http.get(graph).bearer_auth(token).send().await).await.unwrap();
    assert_eq!(refused.status, 401);
    let seen = asker.demo.requests();
    assert_eq!(seen[0].violation.as_deref(), Some("a client secret was sent to graph"));
}
