//! The message to whoever may consent: all that this person needs, in plain text.

use super::{Registration, Shell, consent_script};
use crate::domain::ids::ClientId;

/// What to send to an administrator who may consent. `link` is the page where it is done: see [`crate::domain::portal`].
pub fn consent_message(registration: &Registration, client: &ClientId, link: &str) -> String {
    let Registration { cloud, name, permissions, tenant, .. } = registration;
    let tenant = tenant.as_deref().map_or_else(String::new, |tenant| format!("  Tenant:          {tenant}\n"));
    let permissions = permissions.join(", ");
    let script = consent_script(Shell::AzureCli, registration, client);
    format!(
        "Subject: Please give admin consent to the app \"{name}\"\n\
         \n\
         Hello,\n\
         \n\
         I have registered an app in our Microsoft Entra tenant that copies our directory (users, groups and who is in\n\
         which group) into JupiterOne. It needs your consent before it can read anything.\n\
         \n\
         \x20 App:             {name}\n\
         \x20 Client ID:       {client}\n\
         {tenant}\
         \x20 Cloud:           {cloud}\n\
         \x20 Permissions:     {permissions}\n\
         \x20                  (Microsoft Graph, application permissions; they only read)\n\
         \n\
         Who may do it: a Privileged Role Administrator or a Global Administrator. Application Administrator and Cloud\n\
         Application Administrator are not enough: they may not consent to Microsoft Graph's application permissions.\n\
         \n\
         How: open this page, look at the permissions, and press \"Grant admin consent\":\n\
         \n\
         {link}\n\
         \n\
         Or run the script below in the Azure portal's Cloud Shell (Bash), or anywhere with the Azure CLI logged in. It\n\
         does nothing else, and holds no secret.\n\
         \n\
         Please tell me when it is done. Nothing has to be sent back to me.\n\
         \n\
         ----------------------------------------------------------------------\n\
         {script}",
        cloud = cloud.title(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{cloud::Cloud, permission::DIRECTORY, portal, registration::AppName};

    #[test]
    fn the_message_says_all_that_the_other_person_needs() {
        let registration = Registration {
            cloud: Cloud::UsGov,
            name: AppName::parse("O'Neill's app").unwrap(),
            permissions: vec![DIRECTORY, "Member.Read.Hidden"],
            public_key: None,
            tenant: Some("contoso.onmicrosoft.us".to_owned()),
        };
        let client = ClientId::parse("535fb089-9ff3-47b6-9bfb-4f1264799865").unwrap();
        let link = portal::page(&Cloud::UsGov.admin_center(), portal::Page::Permissions, Some(client.as_str()));
        let message = consent_message(&registration, &client, &link);
        let (words, script) = message.split_once("-----\n").unwrap();
        for part in [
            "O'Neill's app",
            client.as_str(),
            "contoso.onmicrosoft.us",
            "Directory.Read.All, Member.Read.Hidden",
            "Privileged Role Administrator",
            "Global Administrator",
            "Cloud\nApplication Administrator are not enough",
            &link,
        ] {
            assert!(words.contains(part), "{part}: {words}");
        }
        assert_eq!(script, consent_script(Shell::AzureCli, &registration, &client));
        assert!(words.lines().all(|line| line.len() < 120 || line == link), "{words}");
    }
}
