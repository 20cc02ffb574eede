//! The key of the session: made or read for the wizard, and kept in memory until a profile is saved with it.
//!
//! Only the public half leaves here: to the screens, and to a `.cer` file for the portal.

use std::path::PathBuf;

use super::{Office, blocking, lock};
use crate::{
    app::views::{Form, FormCredential, KeyWork},
    credentials::certificate::{self, ClientCertificate},
    domain::{credential::CertificateView, problem::Problem},
    headless::certificate::{default_cer, write_cer},
    profile::Settings,
};

impl Office {
    /// Makes or reads a key, which is from then on the one that [`FormCredential::Key`] means.
    pub(super) async fn get_key(&self, work: KeyWork) -> Result<CertificateView, Problem> {
        let (now, paths) = (self.clock.now(), self.paths.clone());
        let work = move || match work {
            KeyWork::Make { name } => {
                let made = certificate::make(&name, now)?;
                let path = default_cer(&paths, &made);
                write_cer(&path, &made)?;
                Ok((made, Some(path.display().to_string())))
            }
            KeyWork::Read { path, password } => {
                Ok((certificate::read_file(&as_typed(&path), password.as_ref(), now)?, None))
            }
        };
        let (key, cer_path) = blocking(work).await?;
        let view = CertificateView { cer_path, ..key.view() };
        *lock(&self.key) = Some(key);
        Ok(view)
    }

    /// The key that a form means, if it means one.
    pub(super) fn key_of(&self, form: &Form) -> Option<ClientCertificate> {
        let key = lock(&self.key).clone().filter(|_| form.credential == FormCredential::Key)?;
        // In the demo nobody has a portal to upload it in: whoever goes on to the checks says that it was done.
        if let Some(demo) = &self.demo
            && let Err(why) = demo.register_certificate(&form.client, &key.certificate_der)
        {
            tracing::warn!("the demo does not take the certificate: {why}");
        }
        Some(key)
    }

    /// What of a form's credential is a setting: the certificate that goes with its key.
    pub(super) fn with_credential(&self, mut settings: Settings, form: &Form) -> Settings {
        match &form.credential {
            FormCredential::Stored => settings.take_credential(&self.session().settings),
            FormCredential::Secret(_) => {}
            FormCredential::Key => {
                settings.certificate = lock(&self.key).as_ref().map(ClientCertificate::reference);
                settings.credential_expires = settings.certificate.map(|certificate| certificate.expires);
            }
        }
        settings
    }
}

/// A path as people give it: dragged into the terminal it comes in quotes, and `~` is their home.
fn as_typed(text: &str) -> PathBuf {
    let text = text.trim();
    let quoted = |quote: char| text.strip_prefix(quote).and_then(|t| t.strip_suffix(quote));
    let text = quoted('\'').or_else(|| quoted('"')).unwrap_or(text);
    match (text.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_as_people_give_it() {
        let check = |text: &str, want: &str| assert_eq!(as_typed(text), PathBuf::from(want), "{text}");
        check(" /tmp/a b.pem\n", "/tmp/a b.pem");
        check("'/tmp/a b.pem'", "/tmp/a b.pem");
        check("\"C:\\keys\\a.pfx\"", "C:\\keys\\a.pfx");
        check("it's.pem", "it's.pem");
        check("~other/a.pem", "~other/a.pem");
        if let Some(home) = std::env::home_dir() {
            assert_eq!(as_typed("~/a.pem"), home.join("a.pem"));
        }
    }
}
