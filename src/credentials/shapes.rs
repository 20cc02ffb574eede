//! What can be said of an ID or a secret before anything is sent: shapes, and the mistakes that shapes give away.

use crate::domain::{
    credential::Credential,
    ids::{ClientId, IdError, TenantId, is_guid_shaped},
    problem::Problem,
    secret::Secret,
};

/// A tenant as a person pastes it: its GUID, or one of its domains, in lower case.
///
/// # Errors
///
/// With code `tenant_shape`.
pub fn check_tenant(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let wrong = |summary: String, hint: &str| Err(Problem::new(summary).code("tenant_shape").hint(hint));
    const WHERE: &str = "Copy the Directory (tenant) ID from the app registration's Overview.";
    if text.is_empty() {
        return wrong("the tenant ID is empty".to_owned(), WHERE);
    }
    if ["common", "organizations", "consumers"].contains(&text.to_ascii_lowercase().as_str()) {
        return wrong(format!("`{text}` stands for every tenant, and one is needed"), WHERE);
    }
    match TenantId::parse(text) {
        Ok(id) => return Ok(id.as_str().to_owned()),
        Err(IdError::Zero) => return wrong("the tenant ID is all zeros".to_owned(), WHERE),
        Err(IdError::Empty | IdError::NotAGuid) => {}
    }
    if is_domain(text) {
        return Ok(text.to_ascii_lowercase());
    }
    let hint = if text.contains("://") || text.contains('/') {
        "That looks like an address. Copy the Directory (tenant) ID from the app registration's Overview."
    } else if text.contains('@') {
        "That looks like a sign-in name. Give the Directory (tenant) ID, or the domain alone."
    } else if text.starts_with('{') || text.chars().all(|c| c.is_ascii_hexdigit() || c == '-') {
        "It must be of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx: copy it again, without braces and whole."
    } else {
        "Give the Directory (tenant) ID or a domain such as contoso.onmicrosoft.com, not the organization's name."
    };
    wrong("the tenant is neither an ID nor a domain name".to_owned(), hint)
}

/// A client ID as a person pastes it.
///
/// # Errors
///
/// With code `client_shape`.
pub fn check_client(text: &str) -> Result<ClientId, Problem> {
    ClientId::parse(text).map_err(|error| {
        let hint = if error == IdError::NotAGuid && check_secret(text).is_ok() && text.trim().len() > 30 {
            "That may be the secret. Copy the Application (client) ID from the app registration's Overview."
        } else {
            "Copy the Application (client) ID from the app registration's Overview (not the Object ID)."
        };
        Problem::new(format!("the client ID: {error}")).code("client_shape").hint(hint)
    })
}

/// A client secret as a person pastes it. One that is shaped like a GUID is the *Secret ID*, and is never sent.
///
/// # Errors
///
/// With code `secret_id_not_value` or `secret_shape`; the problem repeats nothing of the text.
pub fn check_secret(text: &str) -> Result<Secret, Problem> {
    const WHERE: &str = "Copy the column Value of Certificates & secrets: it is shown only once, right after creation.";
    let wrong = |summary: &str, hint: &str| Err(Problem::new(summary).code("secret_shape").hint(hint));
    let Some(secret) = Secret::pasted(text) else { return wrong("the client secret is empty", WHERE) };
    let text = secret.expose();
    if is_guid_shaped(text) {
        return Err(Problem::new("this is the Secret ID, not the secret").code("secret_id_not_value").hint(
            "Copy the column Value instead. If it is no longer shown, create a new client secret: the Value is shown \
             once.",
        ));
    }
    if text.contains("******") || text.contains(['•', '●']) {
        return wrong("the client secret is masked", WHERE);
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return wrong("the client secret holds white space", "More than the secret was copied. Copy the Value alone.");
    }
    Ok(secret)
}

/// A credential, whichever way it came in.
///
/// # Errors
///
/// As [`check_secret`] for a secret.
pub fn check_credential(credential: Credential) -> Result<Credential, Problem> {
    match credential {
        Credential::Secret(secret) => check_secret(secret.expose()).map(Credential::Secret),
        other => Ok(other),
    }
}

/// A JupiterOne API key as a person pastes it.
///
/// # Errors
///
/// With code `key_shape`; the problem repeats nothing of the text.
pub fn check_key(text: &str) -> Result<Secret, Problem> {
    let wrong = |summary: &str| {
        Err(Problem::new(summary)
            .code("key_shape")
            .hint("Copy the key from the instance in JupiterOne: API Keys, New API Key."))
    };
    match Secret::pasted(text) {
        None => wrong("the JupiterOne API key is empty"),
        Some(key) if key.expose().chars().any(|c| c.is_whitespace() || c.is_control() || !c.is_ascii()) => {
            wrong("the JupiterOne API key holds characters that no key has")
        }
        Some(key) => Ok(key),
    }
}

/// A JupiterOne account id as a person pastes it.
///
/// # Errors
///
/// With code `account_shape`.
pub fn check_account(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let wrong = |summary: String| {
        Err(Problem::new(summary)
            .code("account_shape")
            .hint("Copy the account id from JupiterOne: Settings, Account Management."))
    };
    if text.is_empty() {
        wrong("the JupiterOne account id is empty".to_owned())
    } else if text.chars().any(|c| c.is_whitespace() || c.is_control() || !c.is_ascii()) || text.contains("://") {
        wrong(format!("`{text}` is no JupiterOne account id"))
    } else {
        Ok(text.to_owned())
    }
}

/// A JupiterOne integration instance ID as a person pastes it.
///
/// # Errors
///
/// With code `instance_shape`.
pub fn check_instance(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    if is_guid_shaped(text) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(Problem::new("the integration instance ID is not of the form xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")
            .code("instance_shape")
            .hint("Copy it from JupiterOne: Integrations, your custom instance, its ID."))
    }
}

/// Mistakes that only the three together give away.
///
/// # Errors
///
/// With code `same_id`.
pub fn check_together(tenant: &str, client: &ClientId) -> Result<(), Problem> {
    if tenant.trim().eq_ignore_ascii_case(client.as_str()) {
        return Err(Problem::new("tenant ID and client ID are the same")
            .code("same_id")
            .hint("Both are on the app registration's Overview: Directory (tenant) ID and Application (client) ID."));
    }
    Ok(())
}

/// Two labels or more of letters, digits and hyphens; international names are given in their ASCII form (`xn--`).
fn is_domain(text: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    let all_numbers = text.split('.').all(|l| l.bytes().all(|b| b.is_ascii_digit()));
    text.len() <= 253 && text.split('.').count() >= 2 && text.split('.').all(label) && !all_numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUID: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";

    #[test]
    fn tenants() {
        let check = |text: &str, want: Option<&str>| {
            let got = check_tenant(text);
            assert_eq!(got.as_deref().ok(), want, "{text}: {got:?}");
            assert!(got.is_ok() || got.is_err_and(|p| p.code.as_deref() == Some("tenant_shape") && p.hint.is_some()));
        };
        check(" 84841066-274D-4EC0-a5c1-276be684bdd3\n", Some(GUID));
        check("Contoso.onmicrosoft.com", Some("contoso.onmicrosoft.com"));
        check("xn--mnchen-3ya.example", Some("xn--mnchen-3ya.example"));
        check("", None);
        check("Contoso Ltd", None);
        check("contoso", None);
        check("common", None);
        check("ORGANIZATIONS", None);
        check("https://contoso.onmicrosoft.com/", None);
        check("ada@contoso.com", None);
        check("84841066-274d-4ec0-a5c1-276be684bdd", None);
        check("{84841066-274d-4ec0-a5c1-276be684bdd3}", None);
        check("00000000-0000-0000-0000-000000000000", None);
        check("10.0.0.1", None);
        check("-a.example", None);
        check("a..example", None);
    }

    #[test]
    fn secrets_and_what_was_pasted_for_them() {
        let check = |text: &str, want: Option<&str>| {
            let got = check_secret(text);
            assert_eq!(got.as_ref().err().and_then(|p| p.code.as_deref()), want, "{text}");
            if let Err(problem) = got {
                assert!(text.trim().is_empty() || !problem.block().contains(text.trim()), "{}", problem.block());
            }
        };
        check("Xyz8Q~abcdefghijklmnopqrstuvwxyz12345678", None);
        check("  Xyz8Q~abcdefghijklmnopqrstuvwxyz12345678 \r\n", None);
        check("s3*cret.with-every_~sign+/=", None);
        check(GUID, Some("secret_id_not_value"));
        check(&format!("\t{} ", GUID.to_uppercase()), Some("secret_id_not_value"));
        check("  ", Some("secret_shape"));
        check("Xyz8Q~abc def", Some("secret_shape"));
        check("Xyz******************", Some("secret_shape"));
        check("••••••••••••", Some("secret_shape"));
        assert_eq!(check_secret(" a~b \n").unwrap().expose(), "a~b");
    }

    #[test]
    fn the_rest() {
        let code = |problem: Result<String, Problem>| problem.err().and_then(|p| p.code);
        assert_eq!(check_client(" 84841066-274D-4ec0-a5c1-276be684bdd3 ").unwrap().as_str(), GUID);
        let secret = check_client("Xyz8Q~abcdefghijklmnopqrstuvwxyz12345678").unwrap_err();
        assert!(secret.hint.unwrap().starts_with("That may be the secret."));
        assert!(!secret.summary.contains("Xyz8Q"));
        assert_eq!(code(check_client("my app").map(|c| c.to_string())).as_deref(), Some("client_shape"));
        assert_eq!(code(check_account(" acme ")), None);
        assert_eq!(code(check_account("ac me")).as_deref(), Some("account_shape"));
        assert_eq!(code(check_account("")).as_deref(), Some("account_shape"));
        assert_eq!(check_instance(&GUID.to_uppercase()).as_deref(), Ok(GUID));
        assert_eq!(code(check_instance("m365-prod")).as_deref(), Some("instance_shape"));
        assert!(check_key(" key ").is_ok());
        for wrong in ["", "a b", "ключ"] {
            assert_eq!(check_key(wrong).unwrap_err().code.as_deref(), Some("key_shape"));
        }
        let client = ClientId::parse(GUID).unwrap();
        assert!(check_together("contoso.com", &client).is_ok());
        assert_eq!(check_together(GUID, &client).unwrap_err().code.as_deref(), Some("same_id"));
    }
}
