//! Where things are clicked: the pages of the Entra admin center, and the page that asks for consent.
//!
//! The one place for these links (facts: `facts/graph.md` §12.2, where they are called undocumented but widely used), so
//! that the wizard, the advice for codes and the messages to others never differ.

use serde::Deserialize;

use super::origin::Origin;

/// A page of the admin center.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Page {
    /// The admin center itself.
    Center,
    /// The list of app registrations.
    Apps,
    /// The form for a new one.
    Register,
    /// An app's first page, with its IDs.
    Overview,
    /// An app's certificates and secrets.
    Secrets,
    /// An app's API permissions, where consent is given.
    Permissions,
    Authentication,
}

/// The address of a page on an admin center. A page of an app leads to the list of apps while its client ID is unknown.
pub fn page(center: &Origin, page: Page, client: Option<&str>) -> String {
    let blade = match page {
        Page::Center => return center.to_string(),
        Page::Apps => return format!("{center}/{BLADES}/ApplicationsListBlade"),
        Page::Register => {
            return format!("{center}/{BLADES}/CreateApplicationBlade/quickStartType~/null/isMSAApp~/false");
        }
        Page::Overview => "Overview",
        Page::Secrets => "Credentials",
        Page::Permissions => "CallAnAPI",
        Page::Authentication => "Authentication",
    };
    match client {
        Some(client) => {
            format!("{center}/{BLADES}/ApplicationMenuBlade/~/{blade}/appId/{client}/isMSAApp~/false")
        }
        None => self::page(center, Page::Apps, None),
    }
}

/// The page of the login service that asks an administrator for consent. `tenant` is its ID or one of its domains.
pub fn consent(login: &Origin, tenant: &str, client: &str) -> String {
    format!("{login}/{tenant}/adminconsent?client_id={client}")
}

const BLADES: &str = "#view/Microsoft_AAD_RegisteredApps";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::cloud::Cloud;

    #[test]
    fn links_are_of_the_cloud_and_the_app() {
        let client = "84841066-274d-4ec0-a5c1-276be684bdd3";
        let pages = [
            Page::Center,
            Page::Apps,
            Page::Register,
            Page::Overview,
            Page::Secrets,
            Page::Permissions,
            Page::Authentication,
        ];
        for cloud in Cloud::ALL {
            let center = cloud.admin_center();
            for page in pages {
                for client in [None, Some(client)] {
                    let link = super::page(&center, page, client);
                    assert!(link.starts_with(center.as_str()) && !link.contains('{'), "{link}");
                }
            }
        }
        let check = |page, client, want: &str| {
            assert_eq!(super::page(&Cloud::UsGov.admin_center(), page, client), want);
        };
        let app = |blade: &str| {
            format!(
                "https://entra.microsoft.us/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/{blade}/appId/\
                 {client}/isMSAApp~/false"
            )
        };
        check(Page::Center, None, "https://entra.microsoft.us");
        check(Page::Secrets, Some(client), &app("Credentials"));
        check(Page::Permissions, Some(client), &app("CallAnAPI"));
        check(
            Page::Secrets,
            None,
            "https://entra.microsoft.us/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade",
        );
        assert_eq!(
            consent(&Cloud::China.login(), "contoso.cn", client),
            format!("https://login.partner.microsoftonline.cn/contoso.cn/adminconsent?client_id={client}"),
        );
    }
}
