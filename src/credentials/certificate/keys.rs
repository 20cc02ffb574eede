//! Private keys: whatever form they come in, an RSA key of a fitting size in PKCS#8 comes out.

use pkcs8::{
    EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef,
    der::{
        Decode, Encode, Reader, SliceReader,
        asn1::{AnyRef, OctetStringRef, UintRef},
    },
    pkcs5::{
        self, EncryptionScheme,
        pbes2::{self, Kdf},
    },
    spki::AlgorithmIdentifierRef,
};
use secrecy::zeroize::Zeroizing;

use super::refusal::{Container, Refusal};
use crate::domain::secret::{Secret, SecretBytes};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// In bits. A longer one would not fit into every keyring.
const SIZES: std::ops::RangeInclusive<usize> = 2048..=4096;

/// More rounds than anybody waits for: a file that asks for them is no key of a person's.
const MOST_ROUNDS: u32 = 10_000_000;

/// An RSA key of a fitting size.
pub struct RsaKey {
    pkcs8: SecretBytes,
    /// Both without zeros in front.
    pub modulus: Vec<u8>,
    pub exponent: Vec<u8>,
}

impl RsaKey {
    /// Of PKCS#8, not encrypted.
    pub fn of_pkcs8(der: &SecretBytes) -> Result<Self, Refusal> {
        let info = PrivateKeyInfoRef::from_der(der.expose()).map_err(|_| Refusal::Damaged("private key"))?;
        if info.algorithm.oid != RSA {
            return Err(Refusal::NotRsa(name_of(info.algorithm.oid)));
        }
        let (modulus, exponent) =
            public_half(info.private_key.as_bytes()).map_err(|_| Refusal::Damaged("private key"))?;
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        if !SIZES.contains(&bits) {
            return Err(Refusal::Size(bits));
        }
        // Its numbers must also fit together, or nothing that it signs would be believed.
        rcgen::KeyPair::try_from(der.expose()).map_err(|_| Refusal::Damaged("private key"))?;
        Ok(Self { pkcs8: der.clone(), modulus, exponent })
    }

    /// Of PKCS#1: the bare numbers.
    pub fn of_pkcs1(der: &[u8]) -> Result<Self, Refusal> {
        let damaged = |_| Refusal::Damaged("private key");
        let algorithm = AlgorithmIdentifierRef { oid: RSA, parameters: Some(AnyRef::NULL) };
        let info = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(der).map_err(damaged)?);
        Self::of_pkcs8(&SecretBytes::new(info.to_der().map_err(damaged)?))
    }

    /// Of PKCS#8 that is encrypted by PBES2.
    pub fn of_encrypted(der: &[u8], password: Option<&Secret>) -> Result<Self, Refusal> {
        // An outside that can be read, with an encryption inside that nobody uses any more.
        let Ok(info) = EncryptedPrivateKeyInfoRef::from_der(der) else { return Err(old_or_damaged(der)) };
        match &info.encryption_algorithm {
            EncryptionScheme::Pbes2(params) if is_too_much(params) => return Err(Refusal::Damaged("private key")),
            EncryptionScheme::Pbes2(_) => {}
            _ => return Err(Refusal::OldEncryption(Container::Pem { legacy: true })),
        }
        let password = password.ok_or(Refusal::PasswordNeeded)?;
        let plain = info.decrypt(password.expose()).map_err(|error| match error {
            pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::UnsupportedAlgorithm { .. }) => {
                Refusal::OldEncryption(Container::Pem { legacy: true })
            }
            // One wrong password in 256 decrypts to something, which is no key.
            _ => Refusal::WrongPassword,
        })?;
        match Self::of_pkcs8(&SecretBytes::new(plain.as_bytes().to_vec())) {
            Err(Refusal::Damaged(_)) => Err(Refusal::WrongPassword),
            other => other,
        }
    }

    pub fn into_pkcs8(self) -> SecretBytes {
        self.pkcs8
    }
}

/// Modulus and exponent of a PKCS#1 key.
fn public_half(pkcs1: &[u8]) -> Result<(Vec<u8>, Vec<u8>), pkcs8::der::Error> {
    let mut reader = SliceReader::new(pkcs1)?;
    reader.sequence(|reader| {
        let _version = UintRef::decode(reader)?;
        let (modulus, exponent) = (UintRef::decode(reader)?, UintRef::decode(reader)?);
        let public = (modulus.as_bytes().to_vec(), exponent.as_bytes().to_vec());
        // The private numbers are checked by whoever signs with them.
        while !reader.is_finished() {
            AnyRef::decode(reader)?;
        }
        Ok(public)
    })
}

fn is_too_much(params: &pbes2::Parameters) -> bool {
    match &params.kdf {
        Kdf::Pbkdf2(kdf) => kdf.iteration_count > MOST_ROUNDS,
        // Memory in bytes: 128 · N · r, and that p times over.
        Kdf::Scrypt(kdf) => {
            let memory = kdf.cost_parameter.saturating_mul(128 * u64::from(kdf.block_size));
            memory.saturating_mul(kdf.parallelization.into()) > 1 << 30
        }
        _ => true,
    }
}

/// Encryptions that the parser does not know by name: those of PKCS#12, or RC2 and others within PBES2.
fn old_or_damaged(der: &[u8]) -> Refusal {
    let outside = SliceReader::new(der).and_then(|mut reader| {
        reader.sequence(|reader| {
            let algorithm = AlgorithmIdentifierRef::decode(reader)?;
            <&OctetStringRef>::decode(reader)?;
            Ok::<_, pkcs8::der::Error>(algorithm.oid)
        })
    });
    match outside {
        Ok(oid) => Refusal::OldEncryption(Container::Pem { legacy: needs_legacy(oid) }),
        Err(_) => Refusal::Damaged("private key"),
    }
}

/// Whether OpenSSL 3 may know it only in its drawer of old things: all but triple DES.
fn needs_legacy(oid: ObjectIdentifier) -> bool {
    let triple_des = [
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.3"),
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.12.1.4"),
    ];
    !triple_des.contains(&oid)
}

/// Whether these bytes are a key in any form.
pub fn is_key(der: &[u8]) -> bool {
    PrivateKeyInfoRef::from_der(der).is_ok()
        || EncryptedPrivateKeyInfoRef::from_der(der).is_ok()
        || public_half(der).map(|public| Zeroizing::new(public.0)).is_ok()
}

fn name_of(oid: ObjectIdentifier) -> &'static str {
    match oid.to_string().as_str() {
        "1.2.840.10045.2.1" => "an EC key",
        "1.3.101.112" => "an Ed25519 key",
        "1.3.101.113" => "an Ed448 key",
        "1.2.840.113549.1.1.10" => "a key for RSA-PSS only",
        "1.2.840.10040.4.1" => "a DSA key",
        _ => "a key of another kind than RSA",
    }
}
