//! Why a server's certificate is not trusted, with the names in it: who issued it is what a person must know to mend it.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use rustls::{CertificateError, pki_types::CertificateDer};
use x509_parser::{certificate::X509Certificate, prelude::FromDer, x509::X509Name};

use crate::domain::text::visible;

/// A certificate that was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Untrusted {
    pub why: Why,
    /// Who issued it, as it says itself.
    pub issuer: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// Nobody whom this computer trusts issued it.
    Issuer,
    Expired(Option<Timestamp>),
    NotYetValid(Option<Timestamp>),
    /// It is for other names; some of them.
    Name(Vec<String>),
    /// The verifier's own words.
    Other(String),
}

/// A name in a certificate longer than this is cut: it is the peer's text.
const LONGEST_NAME: usize = 120;

/// So many of a certificate's names are told.
const MOST_NAMES: usize = 3;

impl Untrusted {
    /// What the verifier said of this chain, the server's own certificate first.
    pub fn read(error: &CertificateError, chain: &[&CertificateDer<'_>]) -> Self {
        let leaf = chain.first().and_then(|der| parse(der));
        let validity = leaf.as_ref().map(|c| c.validity());
        let at = |time: x509_parser::time::ASN1Time| Timestamp::from_second(time.timestamp()).ok();
        let why = match error {
            // Another key of the same name is another issuer: an inspection's authority that was renewed, say.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => Why::Issuer,
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                Why::Expired(validity.and_then(|v| at(v.not_after)))
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Why::NotYetValid(validity.and_then(|v| at(v.not_before)))
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Why::Name(leaf.as_ref().map(names).unwrap_or_default())
            }
            CertificateError::Revoked => Why::Other("it was revoked".to_owned()),
            other => Why::Other(other.to_string()),
        };
        Self { why, issuer: issuer(chain) }
    }

    /// The one that [`super::trust`] put into the error, or what the error alone says.
    pub fn of(error: &CertificateError) -> Self {
        let ours = match error {
            CertificateError::Other(other) => other.0.downcast_ref::<Self>(),
            _ => None,
        };
        ours.cloned().unwrap_or_else(|| Self::read(error, &[]))
    }

    /// As rustls carries it.
    pub fn into_error(self) -> rustls::Error {
        rustls::Error::InvalidCertificate(CertificateError::Other(rustls::OtherError(Arc::new(self))))
    }

    pub const fn code(&self) -> &'static str {
        match self.why {
            Why::Issuer => "tls_unknown_issuer",
            Why::Expired(_) => "tls_expired",
            Why::NotYetValid(_) => "tls_not_yet_valid",
            Why::Name(_) => "tls_wrong_name",
            Why::Other(_) => "tls_certificate",
        }
    }

    /// One sentence about the certificate of `peer`.
    pub fn words(&self, peer: &str) -> String {
        let issued = self.issuer.as_ref().map(|issuer| format!(", issued by {issuer},")).unwrap_or_default();
        let day = |at: &Option<Timestamp>| at.map(|at| at.strftime("%Y-%m-%d").to_string());
        let what = match &self.why {
            Why::Issuer => "is not trusted".to_owned(),
            Why::Expired(at) => match day(at) {
                Some(day) => format!("expired on {day}"),
                None => "has expired".to_owned(),
            },
            Why::NotYetValid(at) => match day(at) {
                Some(day) => format!("is not valid before {day}"),
                None => "is not valid yet".to_owned(),
            },
            Why::Name(names) if names.is_empty() => format!("is not for {peer}"),
            Why::Name(names) => format!("is for {}, not for {peer}", names.join(", ")),
            Why::Other(words) => format!("is not accepted: {words}"),
        };
        format!("the certificate of {peer}{issued} {what}")
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words("the server"))
    }
}

impl std::error::Error for Untrusted {}

/// Who issued the first certificate of a chain, and who stands above the last, where that is somebody else.
pub(super) fn issuer(chain: &[&CertificateDer<'_>]) -> Option<String> {
    let name = |der: &&CertificateDer<'_>| parse(der).and_then(|c| name(c.issuer()));
    let first = chain.first().and_then(name)?;
    match chain.last().and_then(name) {
        Some(last) if last != first => Some(format!("{first} (under {last})")),
        _ => Some(first),
    }
}

fn parse<'d>(der: &'d CertificateDer<'_>) -> Option<X509Certificate<'d>> {
    X509Certificate::from_der(der.as_ref()).ok().map(|(_, certificate)| certificate)
}

/// The common name, else the organization, else all of it.
fn name(name: &X509Name<'_>) -> Option<String> {
    let common = name.iter_common_name().find_map(|part| part.as_str().ok());
    let organization = || name.iter_organization().find_map(|part| part.as_str().ok());
    let text = common.or_else(organization).map_or_else(|| name.to_string(), str::to_owned);
    shown(&text)
}

fn names(certificate: &X509Certificate<'_>) -> Vec<String> {
    use x509_parser::extensions::GeneralName;
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let all = alternative.iter().flat_map(|a| &a.value.general_names).filter_map(|general| match general {
        GeneralName::DNSName(name) => shown(name),
        GeneralName::IPAddress(bytes) => match bytes.len() {
            4 => <[u8; 4]>::try_from(*bytes).ok().map(|b| std::net::Ipv4Addr::from(b).to_string()),
            _ => <[u8; 16]>::try_from(*bytes).ok().map(|b| std::net::Ipv6Addr::from(b).to_string()),
        },
        _ => None,
    });
    let mut names: Vec<String> = all.take(MOST_NAMES).collect();
    if names.is_empty() {
        names.extend(name(certificate.subject()));
    }
    names
}

/// The peer's text, fit for a line; `None` where nothing is left of it.
fn shown(text: &str) -> Option<String> {
    let text: String = text.trim().chars().take(LONGEST_NAME).collect();
    (!text.is_empty()).then(|| visible(&text).into_owned())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair};

    use super::*;

    /// A server's certificate for these names, by an intermediate (where one is asked for) of "Contoso Root".
    fn chain(names: &[&str], has_intermediate: bool) -> Vec<CertificateDer<'static>> {
        let authority = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, name);
            params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            (params, KeyPair::generate().unwrap())
        };
        let (root, root_key) = authority("Contoso Root");
        let root = Issuer::new(root, root_key);
        let mut params = CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(2021, 2, 3);
        let key = KeyPair::generate().unwrap();
        if !has_intermediate {
            return vec![params.signed_by(&key, &root).unwrap().into()];
        }
        let (middle, middle_key) = authority("Contoso\u{202e} Inspection");
        let signed = middle.signed_by(&middle_key, &root).unwrap();
        let middle = Issuer::new(middle, middle_key);
        vec![params.signed_by(&key, &middle).unwrap().into(), signed.into()]
    }

    #[test]
    fn words_name_the_issuer_and_what_is_wrong() {
        let check = |error: CertificateError, names: &[&str], intermediate, code: &str, words: &str| {
            let chain = chain(names, intermediate);
            let got = Untrusted::read(&error, &chain.iter().collect::<Vec<_>>());
            assert_eq!((got.code(), got.words("graph.test").as_str()), (code, words));
            // Through rustls and back.
            let rustls::Error::InvalidCertificate(carried) = got.clone().into_error() else { panic!() };
            assert_eq!(Untrusted::of(&carried), got);
        };
        check(
            CertificateError::UnknownIssuer,
            &["graph.test"],
            false,
            "tls_unknown_issuer",
            "the certificate of graph.test, issued by Contoso Root, is not trusted",
        );
        check(
            CertificateError::UnknownIssuer,
            &["graph.test"],
            true,
            "tls_unknown_issuer",
            "the certificate of graph.test, issued by Contoso‹U+202E› Inspection (under Contoso Root), is not trusted",
        );
        check(
            CertificateError::Expired,
            &["graph.test"],
            false,
            "tls_expired",
            "the certificate of graph.test, issued by Contoso Root, expired on 2021-02-03",
        );
        check(
            CertificateError::NotValidYet,
            &["graph.test"],
            false,
            "tls_not_yet_valid",
            "the certificate of graph.test, issued by Contoso Root, is not valid before 2020-01-01",
        );
        check(
            CertificateError::NotValidForName,
            &["portal.test", "10.0.0.1", "c.test", "d.test"],
            false,
            "tls_wrong_name",
            "the certificate of graph.test, issued by Contoso Root, is for portal.test, 10.0.0.1, c.test, not for \
             graph.test",
        );
        check(
            CertificateError::Revoked,
            &["graph.test"],
            false,
            "tls_certificate",
            "the certificate of graph.test, issued by Contoso Root, is not accepted: it was revoked",
        );
    }

    #[test]
    fn what_is_no_certificate_has_no_issuer() {
        let nonsense = CertificateDer::from(vec![1, 2, 3]);
        let got = Untrusted::read(&CertificateError::BadEncoding, &[&nonsense]);
        assert_eq!((got.code(), got.issuer), ("tls_certificate", None));
    }
}
