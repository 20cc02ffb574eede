//! Secrets that come on standard input, a line each, and where they are kept. No text of a line is ever repeated.

use std::{io::Read, sync::Arc};

use crate::{
    credentials::{
        OsVault, Vault, VaultError, shapes,
        vault::{DEADLINE, Entry, name_within},
        with_deadline,
    },
    domain::{credential::ClientKey, problem::Problem, secret::Secret},
    headless::{info, session::usage},
    jobs::JobError,
    profile::Settings,
};

const HINT: &str =
    "Write client_secret=… (or certificate_password=…), jupiterone_api_key=… and proxy_password=…, one a line.";

/// What was typed.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Typed {
    pub client_secret: Option<Secret>,
    /// Opens the key of `--certificate`; it is not kept.
    pub certificate_password: Option<Secret>,
    pub jupiterone_key: Option<Secret>,
    /// Of the user whom the profile's proxy names.
    pub proxy_password: Option<Secret>,
}

impl Typed {
    /// Reads standard input.
    pub fn read() -> Result<Self, JobError> {
        let bad = |problem: Problem| JobError::Failed(Box::new(problem));
        let mut text = String::new();
        std::io::stdin()
            .lock()
            .take(1 << 20)
            .read_to_string(&mut text)
            .map_err(|_| bad(Problem::new("standard input could not be read as text")))?;
        Self::parse(&text).map_err(bad)
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let mut typed = Self::default();
        for (number, line) in text.lines().enumerate() {
            if line.trim().is_empty() {
                continue;
            }
            let unknown = || {
                Problem::new(format!("line {} of standard input is not understood", number + 1))
                    .code("secrets_stdin")
                    .hint(HINT)
            };
            let (name, value) = line.split_once('=').ok_or_else(unknown)?;
            match name.trim() {
                "client_secret" => typed.client_secret = Some(shapes::check_secret(value)?),
                // As it is: a password may begin or end with a space.
                "certificate_password" if !value.is_empty() => typed.certificate_password = Some(Secret::new(value)),
                "proxy_password" if !value.is_empty() => typed.proxy_password = Some(Secret::new(value)),
                "jupiterone_api_key" => typed.jupiterone_key = Some(Secret::pasted(value).ok_or_else(unknown)?),
                _ => return Err(unknown()),
            }
        }
        if typed == Self::default() {
            return Err(Problem::new("standard input held no secret").code("secrets_stdin").hint(HINT));
        }
        Ok(typed)
    }

    /// Keeps what is there for what these settings say, the certificate's key included; where it went, in words.
    pub async fn keep(self, key: Option<ClientKey>, settings: &Settings) -> Result<String, JobError> {
        let (tenant, client) = (settings.tenant()?, settings.client()?);
        let account = settings.jupiterone_account.as_deref();
        if self.jupiterone_key.is_some() && account.is_none() {
            return Err(usage("JupiterOne account for the key", "give --jupiterone-account, or leave the key out"));
        }
        if self.client_secret.is_some() && (settings.credential_command.is_some() || settings.certificate.is_some()) {
            return Err(usage(
                "use for a client secret in this profile",
                "its credential is a command's or a certificate's; --unset that first",
            ));
        }
        let proxy_user = settings.net.proxy_user();
        if self.proxy_password.is_some() && proxy_user.is_none() {
            return Err(usage(
                "user of a proxy for the password",
                "the profile needs --proxy http://user@host:port with it",
            ));
        }
        if self == Self::default() && key.is_none() {
            return Ok(String::new());
        }
        if let Some(secret) = self.client_secret {
            let entry = Entry::client_secret(&settings.login, tenant.as_str(), client);
            in_keyring(move |vault| vault.set(&entry, &secret)).await?;
        }
        if let Some(key) = key {
            let entry = Entry::client_key(&settings.login, tenant.as_str(), client);
            in_keyring(move |vault| vault.set_key(&entry, &key.key)).await?;
        }
        if let (Some(key), Some(account)) = (self.jupiterone_key, account) {
            let entry = Entry::jupiterone_key(&settings.jupiterone, account);
            in_keyring(move |vault| vault.set(&entry, &key)).await?;
        }
        if let (Some(password), Some(user)) = (self.proxy_password, proxy_user) {
            let entry = Entry::proxy_password(&user);
            in_keyring(move |vault| vault.set(&entry, &password)).await?;
        }
        Ok(format!("; secrets in {}", name_within(Arc::new(OsVault), info::PATIENCE).await))
    }
}

async fn in_keyring(call: impl FnOnce(&dyn Vault) -> Result<(), VaultError> + Send + 'static) -> Result<(), JobError> {
    with_deadline(Arc::new(OsVault), DEADLINE, call).await.map_err(|e| JobError::Failed(Box::new(e.problem())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_and_never_repeated() {
        let text = "client_secret= abc~def.ghi \r\n\n certificate_password= p=w \njupiterone_api_key=k=e=y\n\
                    proxy_password= p:w@d \n";
        let typed = Typed::parse(text).unwrap();
        assert_eq!(typed.client_secret, Some(Secret::new("abc~def.ghi")));
        assert_eq!(typed.certificate_password, Some(Secret::new(" p=w ")));
        assert_eq!(typed.jupiterone_key, Some(Secret::new("k=e=y")));
        assert_eq!(typed.proxy_password, Some(Secret::new(" p:w@d ")));
        for text in [
            "",
            "hunter2",
            "password=hunter2",
            "client_secret=",
            "certificate_password=",
            "proxy_password=",
            "client_secret=84841066-274d-4ec0-a5c1-276be684bdd3",
            "jupiterone_api_key=hunter2\nhunter2",
        ] {
            let problem = Typed::parse(text).unwrap_err();
            let said = format!("{problem:?}");
            assert!(!said.contains("hunter2") && !said.contains("84841066"), "{said}");
        }
    }
}
