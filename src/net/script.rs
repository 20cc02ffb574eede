//! Whether this computer takes its proxy from a script (PAC), and from where. The script itself is never fetched: it is a
//! program, and tenantry does not run one to find its way.

use std::{env, process::Stdio, time::Duration};

use tokio::process::Command;
use url::Url;

use crate::domain::text::visible;

/// The longest that the system's settings are waited for.
const LONGEST: Duration = Duration::from_secs(2);

/// Found by the network itself: there is no address to tell.
const DISCOVERED: &str = "discovered by the network (WPAD)";

/// Variables in which a script's address is found.
const VARIABLES: [&str; 3] = ["auto_proxy", "AUTO_PROXY", "AUTOPROXY"];

/// What the settings are read with, and who understands its answer.
type Asked = (&'static [&'static str], fn(&str) -> Option<String>);

const SETTINGS: &[Asked] = if cfg!(windows) {
    &[(&["reg", "query", r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings"], windows)]
} else if cfg!(target_os = "macos") {
    &[(&["scutil", "--proxy"], macos)]
} else {
    &[(&["gsettings", "list-recursively", "org.gnome.system.proxy"], gnome)]
};

/// The script's address, without a user name or password; `None` where no script is set.
pub(super) async fn configured() -> Option<String> {
    if let Some(script) = VARIABLES.iter().find_map(|name| env::var(name).ok()).and_then(|text| address(&text)) {
        return Some(script);
    }
    for (command, read) in SETTINGS {
        let mut asked = Command::new(command[0]);
        asked.args(&command[1..]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
        if let Ok(Ok(answer)) = tokio::time::timeout(LONGEST, asked.output()).await
            && let Some(script) = read(&String::from_utf8_lossy(&answer.stdout))
        {
            return Some(script);
        }
    }
    None
}

/// `org.gnome.system.proxy mode 'auto'`, `org.gnome.system.proxy autoconfig-url 'http://…'`.
fn gnome(text: &str) -> Option<String> {
    let value = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix("org.gnome.system.proxy ")?.strip_prefix(key));
        line.map(|value| value.trim().trim_matches('\''))
    };
    (value("mode ")? == "auto").then(|| value("autoconfig-url ").and_then(address).unwrap_or_else(discovered))
}

/// `ProxyAutoConfigEnable : 1`, `ProxyAutoConfigURLString : http://…`, `ProxyAutoDiscoveryEnable : 1`.
fn macos(text: &str) -> Option<String> {
    let value = |key: &str| text.lines().find_map(|line| line.trim().strip_prefix(key)?.trim().strip_prefix(": "));
    let is_on = |key: &str| value(key).is_some_and(|v| v.trim() == "1");
    if is_on("ProxyAutoConfigEnable") {
        return Some(value("ProxyAutoConfigURLString").and_then(address).unwrap_or_else(discovered));
    }
    is_on("ProxyAutoDiscoveryEnable").then(discovered)
}

/// `    AutoConfigURL    REG_SZ    http://…`.
fn windows(text: &str) -> Option<String> {
    text.lines()
        .find_map(|line| line.trim().strip_prefix("AutoConfigURL")?.trim().strip_prefix("REG_SZ"))
        .and_then(address)
}

fn discovered() -> String {
    DISCOVERED.to_owned()
}

fn address(text: &str) -> Option<String> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let Ok(mut url) = Url::parse(text) else { return Some(visible(text).into_owned()) };
    if !url.username().is_empty() || url.password().is_some() {
        url.set_username("").and_then(|()| url.set_password(None)).ok()?;
    }
    url.set_query(None);
    Some(visible(url.as_str()).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_name_a_script() {
        let check = |read: fn(&str) -> Option<String>, text: &str, want: Option<&str>| {
            assert_eq!(read(text).as_deref(), want, "{text}");
        };
        let gnome_says = |mode: &str, url: &str| {
            format!(
                "org.gnome.system.proxy autoconfig-url '{url}'\norg.gnome.system.proxy ignore-hosts ['localhost']\n\
                 org.gnome.system.proxy mode '{mode}'\norg.gnome.system.proxy.http host ''\n"
            )
        };
        check(gnome, &gnome_says("auto", "http://wpad.corp/p.pac"), Some("http://wpad.corp/p.pac"));
        check(gnome, &gnome_says("auto", ""), Some(DISCOVERED));
        check(gnome, &gnome_says("none", "http://wpad.corp/p.pac"), None);
        check(gnome, &gnome_says("manual", ""), None);
        check(gnome, "No schemas installed", None);
        let mac = "<dictionary> {\n  ProxyAutoConfigEnable : 1\n  ProxyAutoConfigURLString : http://w/p.pac\n}";
        check(macos, mac, Some("http://w/p.pac"));
        check(macos, &mac.replace("Enable : 1", "Enable : 0"), None);
        check(macos, "  ProxyAutoDiscoveryEnable : 1\n", Some(DISCOVERED));
        check(macos, "  HTTPSEnable : 1\n", None);
        check(windows, "\r\n    AutoConfigURL    REG_SZ    http://w/p.pac\r\n", Some("http://w/p.pac"));
        check(windows, "    ProxyEnable    REG_DWORD    0x0\r\n", None);
    }

    #[test]
    fn a_scripts_address_is_shown_without_its_password() {
        assert_eq!(address("http://me:hunter2@w/p.pac?k=hunter2").as_deref(), Some("http://w/p.pac"));
        assert_eq!(address("  "), None);
    }
}
