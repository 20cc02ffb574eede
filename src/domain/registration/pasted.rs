//! The line that a script prints, and whatever else people paste that names tenant and client.

use crate::domain::{cloud::Cloud, problem::Problem};

/// What a pasted line tells. Texts are as they came: their shapes are checked where any typed one is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pasted {
    pub tenant: Option<String>,
    pub client: Option<String>,
    pub cloud: Option<Cloud>,
    /// JupiterOne's account.
    pub account: Option<String>,
    /// JupiterOne's integration instance.
    pub instance: Option<String>,
}

/// Reads `tenant=… client=…`, in any order, with or without quotes, on one line or several; also as the environment
/// (`export AZURE_TENANT_ID=…`) or JSON names them. `None` for any other text.
///
/// # Errors
///
/// `pasted_secret` where a secret is among it: secrets have their own field, and this repeats nothing of it.
/// `pasted_twice` where it names one thing in two ways, `pasted_cloud` where there is no such cloud.
pub fn read_pasted(text: &str) -> Option<Result<Pasted, Problem>> {
    let mut found = Pasted::default();
    let mut problem = None;
    let mut secret = false;
    for (key, value) in pairs(text) {
        let Some(key) = Key::of(&key) else { continue };
        let twice = match key {
            Key::Secret => {
                secret = true;
                false
            }
            Key::Tenant => keep(&mut found.tenant, value),
            Key::Client => keep(&mut found.client, value),
            Key::Account => keep(&mut found.account, value),
            Key::Instance => keep(&mut found.instance, value),
            Key::Cloud => match value.to_ascii_lowercase().parse() {
                Ok(cloud) => keep(&mut found.cloud, cloud),
                Err(_) => {
                    problem = Some(
                        Problem::new("what was pasted names a cloud that is none of global, usgov, dod, china")
                            .code("pasted_cloud")
                            .hint("Copy the line again, or choose the cloud by hand."),
                    );
                    false
                }
            },
        };
        if twice {
            problem = Some(
                Problem::new(format!("what was pasted names {} twice, and differently", key.title()))
                    .code("pasted_twice")
                    .hint("Copy the one line that belongs to this tenant."),
            );
        }
    }
    if found.tenant.is_none() && found.client.is_none() {
        return None;
    }
    if secret {
        // Said first: the person thinks that the secret was taken.
        return Some(Err(Problem::new("what was pasted holds a secret, and was not taken")
            .code("pasted_secret")
            .hint("Paste tenant and client alone; the secret has a field of its own, which hides it.")));
    }
    Some(problem.map_or(Ok(found), Err))
}

/// Keeps the first value; whether there was a different one.
fn keep<T: PartialEq>(place: &mut Option<T>, value: T) -> bool {
    match place {
        Some(kept) => *kept != value,
        None => {
            *place = Some(value);
            false
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Tenant,
    Client,
    Cloud,
    Account,
    Instance,
    Secret,
}

impl Key {
    /// Whatever a script, the portal, `az` or the environment calls it.
    fn of(key: &str) -> Option<Self> {
        let plain: String = key.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        Some(match plain.as_str() {
            "tenant" | "tenantid" | "azuretenantid" | "directorytenantid" => Self::Tenant,
            "client" | "clientid" | "azureclientid" | "appid" | "applicationclientid" => Self::Client,
            "cloud" => Self::Cloud,
            "account" | "accountid" | "jupiteroneaccount" | "jupiteroneaccountid" => Self::Account,
            "instance" | "instanceid" | "jupiteroneinstance" | "jupiteroneinstanceid" => Self::Instance,
            k if k.contains("secret") || k.contains("password") || k.contains("apikey") || k == "key" => Self::Secret,
            _ => return None,
        })
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Tenant => "the tenant",
            Self::Client => "the client",
            Self::Cloud => "the cloud",
            Self::Account => "the account",
            Self::Instance => "the instance",
            Self::Secret => "a secret",
        }
    }
}

/// Every `key=value` and `key: value` of a text, quotes taken off.
fn pairs(text: &str) -> Vec<(String, String)> {
    let is_quote = |c: char| matches!(c, '"' | '\'' | '`' | '‘' | '’' | '“' | '”');
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['=', ':']) {
        let (before, after) = (&rest[..at], &rest[at + 1..]);
        let before = before.trim_end().trim_end_matches(is_quote);
        // A key is one word, but for labels of the portal such as `Directory (tenant) ID`.
        let line = before.rsplit(['\n', '\r', ';', ',', '{']).next().unwrap_or(before);
        let word = line.rsplit(|c: char| c.is_whitespace() || is_quote(c)).next().unwrap_or(line);
        let key = if Key::of(word).is_some() { word } else { line };
        // Spaces may stand around the sign, but the value is on the same line.
        let after = after.trim_start_matches([' ', '\t']);
        let quoted = after.chars().next().filter(|c| is_quote(*c));
        let value = match quoted {
            Some(quote) => {
                let inner = &after[quote.len_utf8()..];
                &inner[..inner.find(is_quote).unwrap_or(inner.len())]
            }
            None => {
                let end = |c: char| c.is_whitespace() || matches!(c, ';' | ',' | '}') || is_quote(c);
                &after[..after.find(end).unwrap_or(after.len())]
            }
        };
        let value = value.trim();
        if Key::of(key).is_some() && !value.is_empty() {
            out.push((key.to_owned(), value.to_owned()));
            // The value itself is not searched for keys.
            let end = after.find(value).map_or(0, |i| i + value.len());
            rest = &after[end..];
        } else {
            rest = after;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const T: &str = "84841066-274d-4ec0-a5c1-276be684bdd3";
    const C: &str = "535fb089-9ff3-47b6-9bfb-4f1264799865";

    #[test]
    fn lines_that_are_pasted() {
        let check = |text: String, tenant: Option<&str>, client: Option<&str>, cloud: Option<Cloud>| {
            let got = read_pasted(&text).unwrap_or_else(|| panic!("{text}")).unwrap();
            assert_eq!((got.tenant.as_deref(), got.client.as_deref(), got.cloud), (tenant, client, cloud), "{text}");
        };
        check(format!("tenant={T} client={C} cloud=global"), Some(T), Some(C), Some(Cloud::Global));
        check(format!("  cloud=dod\tclient={C}   tenant={T}\r\n"), Some(T), Some(C), Some(Cloud::Dod));
        check(format!("tenant_id=\"{T}\"\nclient_id='{C}'\n"), Some(T), Some(C), None);
        check(format!("\"tenant={T} client={C} cloud=USGov\""), Some(T), Some(C), Some(Cloud::UsGov));
        check(format!("export AZURE_TENANT_ID={T}; export AZURE_CLIENT_ID={C}"), Some(T), Some(C), None);
        check(format!("$env:AZURE_TENANT_ID = \"{T}\"\n$env:AZURE_CLIENT_ID = \"{C}\""), Some(T), Some(C), None);
        check(format!("{{\"tenant\": \"{T}\", \"appId\": \"{C}\"}}"), Some(T), Some(C), None);
        check(format!("Directory (tenant) ID: {T}\nApplication (client) ID: {C}"), Some(T), Some(C), None);
        check("tenant=contoso.onmicrosoft.com".to_owned(), Some("contoso.onmicrosoft.com"), None, None);
        check(format!("tenant={T} tenant={T} object=x client={C}"), Some(T), Some(C), None);
        check(format!("The app is there:\ntenant={T} client={C} cloud=china"), Some(T), Some(C), Some(Cloud::China));
        let all = read_pasted(&format!("account=acme instance={C} tenant={T}")).unwrap().unwrap();
        assert_eq!((all.account.as_deref(), all.instance.as_deref()), (Some("acme"), Some(C)));
    }

    #[test]
    fn other_text_is_left_alone() {
        for text in
            ["", "contoso.com", T, "name=value", "https://example.com/?x=1", "tenant=", "tenant", "client: \n x"]
        {
            assert_eq!(read_pasted(text), None, "{text}");
        }
        assert_eq!(read_pasted("secret=Xyz8Q~abc"), None, "a secret alone is no line of a script's");
    }

    #[test]
    fn secrets_are_refused_and_not_repeated() {
        let check = |text: String, want: &str| {
            let problem = read_pasted(&text).unwrap().unwrap_err();
            assert_eq!(problem.code.as_deref(), Some(want), "{text}");
            assert!(!problem.block().contains("Xyz8Q"), "{}", problem.block());
        };
        for key in ["secret", "client_secret", "AZURE_CLIENT_SECRET", "password", "api_key", "jupiterone_api_key"] {
            check(format!("tenant={T} client_id={C} {key}=Xyz8Q~abc"), "pasted_secret");
            check(format!("{key}: 'Xyz8Q~abc'\ntenant: {T}"), "pasted_secret");
        }
        check(format!("tenant={T} tenant={C}"), "pasted_twice");
        check(format!("tenant={T} cloud=moon"), "pasted_cloud");
    }

    proptest! {
        #[test]
        fn nothing_that_is_pasted_breaks_it(text in "(tenant|client|secret|cloud|[=:'\"“” \n;,{}é🗝a-z0-9-])*") {
            let _ = read_pasted(&text);
        }
    }
}
