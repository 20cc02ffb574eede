//! Whom TLS trusts: the system's authorities, those of `SSL_CERT_FILE` and `SSL_CERT_DIR`, and a `ca_file` beside them.
//!
//! Every client and the doctor's own connection use this one configuration. A certificate that is refused is refused with
//! the names in it (see [`super::certificate`]); nothing is ever accepted that the platform's verifier does not accept.

use std::{
    env, fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::Verifier;

use super::{NetConfig, certificate::Untrusted};
use crate::domain::{origin::Origin, problem::Problem};

/// The environment's words for authorities, as OpenSSL reads them. Where the system has a store of its own (Windows,
/// macOS) they count beside it; elsewhere they stand in its place.
const FILE: &str = "SSL_CERT_FILE";
const DIR: &str = "SSL_CERT_DIR";

/// Whether the platform's verifier reads the two variables itself.
const READS_ENVIRONMENT: bool = !cfg!(any(windows, target_vendor = "apple"));

/// The TLS of a client for this origin. To plain loopback there is none, and the system's authorities, which take a while,
/// are not read.
///
/// # Errors
///
/// When a file that was named cannot be used, or nobody is trusted at all.
pub(super) fn tls(config: &NetConfig, origin: &Origin) -> Result<ClientConfig, Problem> {
    let mut extra = match &config.ca_file {
        Some(path) => certificates(path).map_err(|why| {
            let path = path.display();
            Problem::new(format!("the certificate authority file {path} cannot be used: {why}")).code("ca_file")
        })?,
        None => Vec::new(),
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let unusable = |e: rustls::Error| Problem::new(format!("TLS cannot be used: {e}")).code("http_client");
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    if !origin.is_secure() {
        return Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth());
    }
    let environment = environment(env::var_os(FILE).map(PathBuf::from), env::var_os(DIR))?;
    if !READS_ENVIRONMENT {
        extra.extend(environment);
    }
    let verifier = Arc::new(witness(extra, &provider)?);
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

fn witness(extra: Vec<CertificateDer<'static>>, provider: &Arc<CryptoProvider>) -> Result<Witness, Problem> {
    Verifier::new_with_extra_roots(extra, Arc::clone(provider)).map(|verifier| Witness { verifier }).map_err(|e| {
        Problem {
            message: Some(e.to_string()),
            ..Problem::new("this computer has no certificate authorities to trust")
        }
        .code("no_authorities")
    })
}

/// The authorities of a PEM file: one at least, and each of them usable.
fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let pem = fs::read(path).map_err(|e| e.to_string())?;
    let certificates: Vec<_> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|e| e.to_string())?;
    if certificates.is_empty() {
        return Err("it holds no certificate in PEM".to_owned());
    }
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|e| format!("a certificate in it is not readable: {e}"))?;
    }
    Ok(certificates)
}

/// What the two variables name. A file that is named and cannot be read is told, not passed over: with it, the whole
/// trust of this computer would be gone. In folders, as OpenSSL has it, what is no certificate does no harm.
fn environment(
    file: Option<PathBuf>,
    dirs: Option<std::ffi::OsString>,
) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let mut all = Vec::new();
    if let Some(path) = file {
        all.extend(certificates(&path).map_err(|why| {
            let path = path.display();
            Problem::new(format!("{FILE} names the file `{path}`, which cannot be used: {why}")).code("ca_environment")
        })?);
    }
    if !READS_ENVIRONMENT {
        let dirs = dirs.iter().flat_map(env::split_paths).filter_map(|dir| fs::read_dir(dir).ok());
        all.extend(dirs.flatten().flatten().filter_map(|entry| certificates(&entry.path()).ok()).flatten());
    }
    Ok(all)
}

/// The platform's verifier; what it refuses it refuses with the names of the certificate.
#[derive(Debug)]
struct Witness {
    verifier: Verifier,
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).map_err(|error| {
            let chain: Vec<_> = std::iter::once(end_entity).chain(intermediates).collect();
            match &error {
                rustls::Error::InvalidCertificate(why) => Untrusted::read(why, &chain).into_error(),
                _ => error,
            }
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A PEM certificate of an authority.
    fn authority() -> String {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().pem()
    }

    #[test]
    fn files_of_authorities() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ca.pem");
        let origin = Origin::known("https://graph.microsoft.com");
        let check = |text: Option<&str>, want: Result<usize, &str>| {
            match text {
                Some(text) => fs::write(&path, text).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let config = NetConfig { ca_file: Some(path.clone()), ..NetConfig::default() };
            match (want, certificates(&path)) {
                (Ok(count), Ok(found)) => {
                    assert_eq!(found.len(), count);
                    assert!(tls(&config, &origin).is_ok());
                }
                (Err(why), Err(found)) => {
                    assert!(found.contains(why), "{found}");
                    let problem = tls(&config, &origin).unwrap_err();
                    assert_eq!(problem.code.as_deref(), Some("ca_file"));
                    assert!(problem.summary.contains(path.to_str().unwrap()), "{problem}");
                    let problem = environment(Some(path.clone()), None).unwrap_err();
                    assert_eq!(problem.code.as_deref(), Some("ca_environment"));
                    assert!(problem.summary.contains(FILE), "{problem}");
                }
                (want, found) => panic!("{want:?}: {found:?}"),
            }
        };
        let (one, two) = (authority(), authority());
        check(Some(&one), Ok(1));
        check(Some(&format!("# ours\n{one}\n{two}")), Ok(2));
        check(Some(""), Err("no certificate in PEM"));
        check(Some("\u{1}\u{2}not pem at all"), Err("no certificate in PEM"));
        check(Some("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), Err("not readable"));
        check(Some("-----BEGIN CERTIFICATE-----\n!\n"), Err(""));
        check(None, Err("No such file"));
    }

    #[test]
    fn without_the_environment_nothing_is_added() {
        assert_eq!(environment(None, None), Ok(Vec::new()));
    }
}
