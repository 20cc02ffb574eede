//! Why a certificate is not taken, and the `openssl` line that mends it.

use jiff::Timestamp;

use crate::domain::problem::Problem;

/// Makes a key and a certificate that the login service takes: `new.pem` to give here, `new.cer` to upload.
pub const NEW_PAIR: &str = "openssl req -x509 -newkey rsa:2048 -sha256 -days 365 -subj /CN=tenantry -keyout new.pem -out \
                            new.cer && openssl x509 -in new.cer >> new.pem";

/// What a key came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// `legacy`: OpenSSL 3 reads it with its legacy provider only.
    Pem {
        legacy: bool,
    },
    Pfx,
    Der,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    TooLarge,
    /// Neither PEM nor PFX, nor anything else that we know.
    Unknown,
    /// What of it cannot be read.
    Damaged(&'static str),
    /// A request for a certificate.
    Request,
    NoPrivateKey,
    NoCertificate(Container),
    OldEncryption(Container),
    /// What it is instead, with its article.
    NotRsa(&'static str),
    /// In bits.
    Size(usize),
    PasswordNeeded,
    WrongPassword,
    Differ,
    Expired(Timestamp),
    NotYetValid {
        from: Timestamp,
        now: Timestamp,
    },
}

impl Refusal {
    const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "certificate_file_too_large",
            Self::Unknown | Self::Request => "no_certificate_file",
            Self::Damaged(_) => "certificate_file_damaged",
            Self::NoPrivateKey => "no_private_key",
            Self::NoCertificate(_) => "no_certificate",
            Self::OldEncryption(_) => "key_encryption_old",
            Self::NotRsa(_) => "key_not_rsa",
            Self::Size(_) => "key_size",
            Self::PasswordNeeded => "certificate_password_needed",
            Self::WrongPassword => "certificate_password",
            Self::Differ => "key_and_certificate_differ",
            Self::Expired(_) => "certificate_expired",
            Self::NotYetValid { .. } => "certificate_not_yet_valid",
        }
    }

    /// In words; `file` is what a shell would call it.
    pub fn problem(&self, file: &str) -> Problem {
        let day = |at: &Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
        let summary = match self {
            Self::TooLarge => "the file is too large for a key and its certificates (over 1 MB)".to_owned(),
            Self::Unknown => "this is neither a PEM nor a PFX file".to_owned(),
            Self::Damaged(what) => format!("the {what} in the file is damaged"),
            Self::Request => "this is a request for a certificate, not the certificate itself".to_owned(),
            Self::NoPrivateKey => "the file holds no private key".to_owned(),
            Self::NoCertificate(_) => "the file holds a private key, but not its certificate".to_owned(),
            Self::OldEncryption(_) => "the private key is encrypted in an old way".to_owned(),
            Self::NotRsa(what) => format!("the private key is {what}: Microsoft's login takes RSA keys only"),
            Self::Size(bits) => format!("the RSA key has {bits} bits; 2048 to 4096 are taken"),
            Self::PasswordNeeded => "the private key is encrypted, and no password was given".to_owned(),
            Self::WrongPassword => "the password does not open the private key".to_owned(),
            Self::Differ => "the private key and the certificate do not belong together".to_owned(),
            Self::Expired(at) => format!("the certificate expired on {}", day(at)),
            Self::NotYetValid { from, .. } => format!("the certificate is not valid before {}", day(from)),
        };
        Problem::new(summary).code(self.code()).hint(self.hint(file))
    }

    fn hint(&self, file: &str) -> String {
        let joined = |form: &str, key: &str, certificate: &str| {
            format!(
                "openssl pkcs8 -topk8 -v2 aes-256-cbc {form}-in {key} -out new.pem && openssl x509 -in {certificate} \
                 >> new.pem"
            )
        };
        match self {
            Self::TooLarge | Self::Unknown => format!(
                "Give a PEM with the private key and its certificate, or a PFX. From two files: `{}`.",
                joined("", "key.pem", "certificate.cer")
            ),
            Self::Damaged(_) => format!("Export it again, or make a new one: `{NEW_PAIR}`."),
            Self::Request => format!(
                "Give the certificate that was issued for it, with the key: `{}`.",
                joined("", "key.pem", "certificate.cer")
            ),
            Self::NoPrivateKey => format!(
                "The key is needed to sign; export both as PFX, or put them into one file: `{}`.",
                joined("", "key.pem", file)
            ),
            Self::NoCertificate(Container::Pem { .. }) => {
                format!("Add the certificate to the file: `openssl x509 -in certificate.cer >> {file}`.")
            }
            Self::NoCertificate(Container::Pfx) => format!(
                "Put both into one file: `openssl pkcs12 -in {file} -nocerts -out new.pem && openssl x509 -in \
                 certificate.cer >> new.pem`."
            ),
            Self::NoCertificate(Container::Der) => {
                format!("Put both into one file: `{}`.", joined("-inform DER ", file, "certificate.cer"))
            }
            Self::OldEncryption(Container::Pfx) => {
                format!("Convert it, then give new.pem: `openssl pkcs12 -legacy -aes256 -in {file} -out new.pem`.")
            }
            Self::OldEncryption(Container::Pem { legacy }) => {
                let provider = if *legacy { "-provider legacy -provider default " } else { "" };
                format!("Convert it, then give new.pem: `{}`.", joined(provider, file, file))
            }
            Self::OldEncryption(Container::Der) => {
                format!("Convert it, then give new.pem: `{}`.", joined("-inform DER ", file, "certificate.cer"))
            }
            Self::NotRsa(_) | Self::Size(_) => {
                format!("Let tenantry make a key, or make one: `{NEW_PAIR}`. Upload new.cer, then give new.pem.")
            }
            Self::PasswordNeeded => "Give the password with which it was exported. Without screens: a line \
                                     certificate_password=… with --secrets-stdin, or AZURE_CLIENT_CERTIFICATE_PASSWORD."
                .to_owned(),
            Self::WrongPassword => {
                format!(
                    "Type it again; `openssl pkey -in {file} -noout` asks for it too, and tells whether it is right."
                )
            }
            Self::Differ => format!(
                "Put the pair that was made together into one file. `openssl pkey -in {file} -pubout` and `openssl x509 \
                 -in {file} -noout -pubkey` must print the same."
            ),
            Self::Expired(_) => format!(
                "Make a new certificate for the same key: `openssl req -x509 -new -key {file} -sha256 -days 365 -subj \
                 /CN=tenantry -out new.cer`. Upload new.cer, and put it into the file in the old one's place."
            ),
            Self::NotYetValid { now, .. } => format!(
                "Check this computer's clock, which says {}; `openssl x509 -in {file} -noout -dates` shows when it is \
                 valid.",
                now.strftime("%Y-%m-%d %H:%M UTC")
            ),
        }
    }
}

/// A path as a shell takes it.
pub fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+:\\".contains(c);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}
