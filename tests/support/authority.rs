//! A private authority, as a company's TLS inspection has one, and servers with its certificates. Nobody trusts it who is not
//! given its file; another of the same name is another.

#![allow(dead_code, reason = "each test program uses its part")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

/// As it calls itself.
pub const ISSUER: &str = "Contoso TLS Inspection";

/// From the beginning of one year to the beginning of another.
pub type Years = (i32, i32);

/// Valid for all of a test's life.
pub const SOUND: Years = (2020, 2090);

pub struct Authority {
    dir: tempfile::TempDir,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, ISSUER);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("authority.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
        Self { dir, issuer: Issuer::new(params, key) }
    }

    /// Its own certificate, as PEM.
    pub fn file(&self) -> PathBuf {
        self.dir.path().join("authority.pem")
    }

    /// The folder in which there is nothing else.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// TLS with a certificate for these names, valid in these years, in front of a server that speaks these protocols (ALPN).
    pub fn acceptor(&self, names: &[&str], years: Years, protocols: &[&[u8]]) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = rcgen::date_time_ymd(years.0, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.1, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().into();
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
            .unwrap();
        config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
        TlsAcceptor::from(Arc::new(config))
    }
}
