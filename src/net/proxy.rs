//! Which proxy a connection goes through: `--proxy`, else the environment's, else the system's; loopback through none.
//!
//! The rules are hyper-util's, which are curl's. They are applied here, once for each origin, so that the client, the
//! doctor and `tenantry info --endpoints` cannot differ.
//!
//! A password is kept for the one header that sends it, and is in no text. It comes with the environment's URL, or from
//! the vault for a user whom `--proxy` or a profile names; from a URL of these it is never taken.

use std::{env, fmt};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderValue, Uri};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use percent_encoding::percent_decode_str;
use url::Url;

use super::{NetConfig, failure::SignIn};
use crate::domain::{origin::Origin, problem::Problem, secret::Secret};

/// Whose password a proxy's is: scheme, host and port, and the name of a user. What the vault binds it to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyUser {
    proxy: String,
    name: String,
}

impl ProxyUser {
    /// The user whom a proxy's URL names. `None` where it names none, or holds more than a name: a password, or what Basic
    /// could take for one (a colon, RFC 7617).
    pub fn of(url: &str) -> Option<Self> {
        let holds_one_user = url.matches('@').count() == 1;
        let url = Url::parse(url).ok().filter(|url| holds_one_user && url.password().is_none())?;
        let name = percent_decode_str(url.username()).decode_utf8().ok()?.into_owned();
        let is_name = !name.is_empty() && !name.contains(|c: char| c == ':' || c.is_control());
        let (host, port) = (url.host_str()?, url.port_or_known_default()?);
        is_name.then(|| Self { proxy: format!("{}://{host}:{port}", url.scheme()), name })
    }

    /// `http://host:port`.
    pub fn proxy(&self) -> &str {
        &self.proxy
    }

    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A proxy's password: for one user of one proxy, and no other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProxyPassword {
    pub of: ProxyUser,
    pub password: Secret,
    /// What keeps it, in words: `GNOME Keyring (Secret Service)`.
    pub kept_in: String,
}

/// A proxy, and how to sign in to it.
#[derive(Clone)]
pub(super) struct Proxy {
    uri: Uri,
    auth: Auth,
}

/// What a proxy is told of who asks.
#[derive(Clone)]
enum Auth {
    None,
    /// This user is named, and nobody has a password.
    NoPassword(String),
    Basic {
        header: HeaderValue,
        /// What is sent and where it came from, in words.
        with: String,
    },
}

impl Auth {
    /// For `--proxy` and profiles: the user of the URL, with the password that is held for that very user and proxy.
    fn held(url: &str, held: Option<&ProxyPassword>) -> Self {
        let Some(user) = ProxyUser::of(url) else { return Self::None };
        let Some(held) = held.filter(|held| held.of == user) else { return Self::NoPassword(user.name) };
        let pair = Secret::new(format!("{}:{}", user.name, held.password.expose()));
        match HeaderValue::try_from(format!("Basic {}", STANDARD.encode(pair.expose()))) {
            Ok(mut header) => {
                header.set_sensitive(true);
                Self::Basic { header, with: format!("user {} and the password in {}", user.name, held.kept_in) }
            }
            Err(_) => Self::NoPassword(user.name),
        }
    }

    /// For the environment and the system: what their URL holds.
    fn of_url(found: &Intercept, environment: &Environment) -> Self {
        let Some(header) = found.basic_auth() else { return Self::None };
        let place = environment.holder(header).unwrap_or("this system's settings");
        Self::Basic { header: header.clone(), with: format!("the user name and password in {place}") }
    }
}

impl Proxy {
    /// `host:port`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.host(), self.port())
    }

    /// Without a port, HTTP's own: 80, or 443.
    pub fn port(&self) -> u16 {
        self.uri.port_u16().unwrap_or(if self.is_secure() { 443 } else { 80 })
    }

    pub fn host(&self) -> &str {
        self.uri.host().unwrap_or_default()
    }

    /// Whether the way to the proxy itself is TLS.
    pub fn is_secure(&self) -> bool {
        self.uri.scheme_str() == Some("https")
    }

    /// The value of `Proxy-Authorization`.
    pub const fn auth(&self) -> Option<&HeaderValue> {
        match &self.auth {
            Auth::Basic { header, .. } => Some(header),
            Auth::None | Auth::NoPassword(_) => None,
        }
    }

    /// What it is told of who asks, and where that came from, in words without the password.
    pub fn signed_in(&self) -> Option<&str> {
        match &self.auth {
            Auth::Basic { with, .. } => Some(with),
            Auth::None | Auth::NoPassword(_) => None,
        }
    }

    /// What it means that it asks for a user name and password all the same.
    pub fn refused(&self) -> SignIn {
        match &self.auth {
            Auth::None => SignIn::Basic,
            Auth::NoPassword(user) => SignIn::NoPassword(user.clone()),
            Auth::Basic { with, .. } => SignIn::Password(with.clone()),
        }
    }

    /// As the HTTP client wants it.
    pub fn for_client(&self) -> reqwest::Result<reqwest::Proxy> {
        let proxy = reqwest::Proxy::all(self.uri.to_string())?;
        Ok(match self.auth() {
            Some(auth) => proxy.custom_http_auth(auth.clone()),
            None => proxy,
        })
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy").field("name", &self.name()).field("has_auth", &self.auth().is_some()).finish()
    }
}

/// The proxy for an origin; `None` is the direct way.
///
/// # Errors
///
/// Where a proxy is named that cannot be used: to go without would be to go past it.
pub(super) fn choose(config: &NetConfig, origin: &Origin) -> Result<Option<Proxy>, Problem> {
    let unread = Environment::of_process();
    let system = Matcher::from_system;
    choose_from(config, origin, &unread, system)
}

/// Its name for people, without user name and password.
///
/// # Errors
///
/// As [`choose`].
pub fn proxy_of(config: &NetConfig, origin: &Origin) -> Result<Option<String>, Problem> {
    Ok(choose(config, origin)?.map(|proxy| proxy.name()))
}

/// The variables that decide, as far as they must be told apart.
#[derive(Default)]
struct Environment {
    /// Name and value, the one that goes first first.
    proxies: Vec<(String, String)>,
    none: String,
    is_cgi: bool,
}

impl Environment {
    fn of_process() -> Self {
        Self::of(|name| env::var(name).ok())
    }

    fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        // Of two spellings the first that is set counts, empty or not.
        let first = |names: [&str; 2]| names.into_iter().find_map(|n| variable(n).map(|value| (n.to_owned(), value)));
        Self {
            proxies: [["HTTPS_PROXY", "https_proxy"], ["ALL_PROXY", "all_proxy"]]
                .into_iter()
                .filter_map(first)
                .collect(),
            none: first(["NO_PROXY", "no_proxy"]).map(|(_, value)| value).unwrap_or_default(),
            is_cgi: variable("REQUEST_METHOD").is_some(),
        }
    }

    /// The variable that holds what this header says.
    fn holder(&self, header: &HeaderValue) -> Option<&str> {
        let any = Uri::from_static("https://any");
        let says = |value: &str| Matcher::builder().all(value).build().intercept(&any)?.basic_auth().cloned();
        let found = self.proxies.iter().find(|(_, value)| says(value).as_ref() == Some(header));
        found.map(|(name, _)| name.as_str())
    }

    /// The variable that names a proxy for `uri` which cannot be used.
    fn unusable(&self, uri: &Uri) -> Option<&str> {
        // What `NO_PROXY` names goes through no proxy, and in a CGI program the variables count for nothing.
        let is_excepted = Matcher::builder().all("http://any").no(self.none.as_str()).build().intercept(uri).is_none();
        let named = self.proxies.iter().find(|(_, value)| !value.trim().is_empty());
        named.filter(|_| !is_excepted && !self.is_cgi).map(|(name, _)| name.as_str())
    }
}

fn choose_from(
    config: &NetConfig,
    origin: &Origin,
    environment: &Environment,
    system: impl FnOnce() -> Matcher,
) -> Result<Option<Proxy>, Problem> {
    if origin.is_loopback() {
        return Ok(None);
    }
    let uri: Uri = origin.as_str().parse().map_err(|_| Problem::new(format!("{origin} is no address")))?;
    let found = match &config.proxy {
        Some(proxy) => match Matcher::builder().all(proxy.as_str()).build().intercept(&uri) {
            None => return Err(Problem::new("the proxy's address cannot be used").code("proxy_address")),
            found => found,
        },
        None => system().intercept(&uri),
    };
    if found.is_none()
        && config.proxy.is_none()
        && let Some(variable) = environment.unusable(&uri)
    {
        // The value is not repeated: it may hold a password.
        return Err(Problem::new(format!("the variable {variable} holds no address of a proxy")).code("proxy_variable"));
    }
    let Some(found) = found else { return Ok(None) };
    let auth = match &config.proxy {
        Some(url) => Auth::held(url, config.proxy_password.as_ref()),
        None => Auth::of_url(&found, environment),
    };
    spoken(Proxy { uri: found.uri().clone(), auth }).map(Some)
}

/// One of a kind that tenantry speaks.
fn spoken(proxy: Proxy) -> Result<Proxy, Problem> {
    if matches!(proxy.uri.scheme_str(), Some("http" | "https")) {
        return Ok(proxy);
    }
    let scheme = proxy.uri.scheme_str().unwrap_or_default();
    let name = proxy.uri.authority().map(ToString::to_string).unwrap_or_default();
    Err(Problem::new(format!("the proxy {name} is of the kind {scheme}, which tenantry does not speak"))
        .code("proxy_socks"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `Matcher::from_system` where the system has no settings: its own reading of the same variables.
    fn matcher(variables: &[(&str, &str)]) -> Matcher {
        let value = |names: [&str; 2]| {
            let found = names.iter().find_map(|n| variables.iter().find(|(name, _)| name == n));
            found.map_or(String::new(), |(_, value)| (*value).to_owned())
        };
        Matcher::builder()
            .all(value(["ALL_PROXY", "all_proxy"]))
            .https(value(["HTTPS_PROXY", "https_proxy"]))
            .no(value(["NO_PROXY", "no_proxy"]))
            .build()
    }

    fn chosen(flag: Option<&str>, variables: &[(&str, &str)], origin: &str) -> Result<Option<Proxy>, Problem> {
        let config = NetConfig { proxy: flag.map(str::to_owned), ..NetConfig::default() };
        let variable = |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        choose_from(&config, &Origin::parse(origin).unwrap(), &Environment::of(variable), || matcher(variables))
    }

    const GRAPH: &str = "https://graph.microsoft.com";

    #[test]
    fn one_rule_for_all() {
        let check = |flag: Option<&str>, variables: &[(&str, &str)], origin: &str, want: Option<&str>| {
            let got = chosen(flag, variables, origin).unwrap();
            assert_eq!(got.map(|p| p.name()).as_deref(), want, "{flag:?} {variables:?} {origin}");
        };
        check(None, &[], GRAPH, None);
        check(None, &[("HTTPS_PROXY", "http://up:3128")], GRAPH, Some("up:3128"));
        check(None, &[("https_proxy", "http://low:3128")], GRAPH, Some("low:3128"));
        check(None, &[("HTTPS_PROXY", "http://up:1"), ("https_proxy", "http://low:2")], GRAPH, Some("up:1"));
        check(None, &[("ALL_PROXY", "http://all:1")], GRAPH, Some("all:1"));
        check(None, &[("ALL_PROXY", "http://all:1"), ("HTTPS_PROXY", "http://one:2")], GRAPH, Some("one:2"));
        check(None, &[("HTTP_PROXY", "http://plain:1")], GRAPH, None);
        check(None, &[("HTTPS_PROXY", "proxy.corp")], GRAPH, Some("proxy.corp:80"));
        check(None, &[("HTTPS_PROXY", "https://proxy.corp")], GRAPH, Some("proxy.corp:443"));
        check(None, &[("HTTPS_PROXY", "http://[::1]:3128")], GRAPH, Some("[::1]:3128"));
        check(None, &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "microsoft.com")], GRAPH, None);
        check(None, &[("HTTPS_PROXY", "http://p:1"), ("no_proxy", ".microsoft.com, x")], GRAPH, None);
        check(None, &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "soft.com")], GRAPH, Some("p:1"));
        check(None, &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "*")], GRAPH, None);
        check(None, &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "10.0.0.0/8")], "https://10.1.2.3", None);
        // Nothing is there to be used, or nothing that counts.
        check(None, &[("HTTPS_PROXY", "")], GRAPH, None);
        check(None, &[("HTTPS_PROXY", "not a url"), ("NO_PROXY", "*")], GRAPH, None);
        // The flag wins, exceptions and all.
        check(Some("http://flag:8"), &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "*")], GRAPH, Some("flag:8"));
        // Loopback never.
        for here in ["http://127.0.0.1:1", "https://localhost:2", "https://[::1]:3"] {
            check(Some("http://flag:8"), &[("ALL_PROXY", "http://p:1")], here, None);
        }
    }

    #[test]
    fn what_cannot_be_used_is_told_without_its_password() {
        let check = |flag: Option<&str>, variables: &[(&str, &str)], code: &str, words: &str| {
            let problem = chosen(flag, variables, GRAPH).unwrap_err();
            assert_eq!(problem.code.as_deref(), Some(code));
            assert!(problem.summary.contains(words), "{problem}");
            assert!(!format!("{problem:?}").contains("hunter"), "{problem:?}");
        };
        check(Some("not a url"), &[], "proxy_address", "cannot be used");
        check(None, &[("HTTPS_PROXY", "http://me:hunter 2@p:1")], "proxy_variable", "HTTPS_PROXY");
        check(None, &[("https_proxy", "http://me:hunter 2@p:1")], "proxy_variable", "https_proxy");
        check(None, &[("ALL_PROXY", "ftp://me:hunter2@p:1")], "proxy_variable", "ALL_PROXY");
        check(None, &[("ALL_PROXY", "socks5://me:hunter2@p:1080")], "proxy_socks", "p:1080 is of the kind socks5");
    }

    #[test]
    fn a_password_is_kept_and_never_shown() {
        let check = |proxy: Proxy, signed_in: &str| {
            assert_eq!(proxy.name(), "p:1");
            // me:hunter@2
            assert_eq!(proxy.auth().unwrap(), "Basic bWU6aHVudGVyQDI=");
            assert_eq!(proxy.signed_in(), Some(signed_in));
            assert_eq!(proxy.refused(), SignIn::Password(signed_in.to_owned()));
            let shown = format!("{proxy:?} {:?} {:?}", proxy.auth(), proxy.for_client().unwrap());
            assert!(!shown.contains("hunter") && !shown.contains("bWU6"), "{shown}");
        };
        let of = |variables: &[(&str, &str)]| chosen(None, variables, GRAPH).unwrap().unwrap();
        let url = "http://me:hunter%402@p:1";
        check(of(&[("HTTPS_PROXY", url)]), "the user name and password in HTTPS_PROXY");
        check(of(&[("ALL_PROXY", url)]), "the user name and password in ALL_PROXY");
        let other = "http://other:hunter%402@p:1";
        check(of(&[("https_proxy", url), ("ALL_PROXY", other)]), "the user name and password in https_proxy");
        check(held("http://me@p:1", "http://me@p:1").unwrap(), "user me and the password in the vault");
    }

    /// `--proxy url`, where the vault holds a password for the user of `of`.
    fn held(url: &str, of: &str) -> Option<Proxy> {
        let of = ProxyUser::of(of).unwrap();
        let held = ProxyPassword { of, password: Secret::new("hunter@2"), kept_in: "the vault".to_owned() };
        let config = NetConfig { proxy: Some(url.to_owned()), proxy_password: Some(held), ca_file: None };
        choose_from(&config, &Origin::known(GRAPH), &Environment::default(), || matcher(&[])).unwrap()
    }

    #[test]
    fn a_password_goes_to_its_own_user_and_proxy_only() {
        let check = |url: &str, of: &str, want: Option<&str>| {
            let proxy = held(url, of).unwrap();
            assert_eq!(proxy.auth().is_some(), want.is_none(), "{url} {of}");
            let basic = want.map(|user| SignIn::NoPassword(user.to_owned()));
            assert!(basic.is_none_or(|basic| proxy.refused() == basic), "{url} {of}");
        };
        check("http://me@p:1", "http://me@p:1", None);
        check("http://ME@P:1/", "http://ME@p:1", None);
        check("http://me@p", "http://me@p:80", None);
        check("http://CORP%5Cme@p:1", "http://CORP%5cme@p:1", None);
        check("http://me@p:2", "http://me@p:1", Some("me"));
        check("http://me@q:1", "http://me@p:1", Some("me"));
        check("https://me@p:1", "http://me@p:1", Some("me"));
        check("http://you@p:1", "http://me@p:1", Some("you"));
        check("http://ME@p:1", "http://me@p:1", Some("ME"));
        // A URL without a user wants none, and what it says itself is never sent.
        let plain = held("http://p:1", "http://me@p:1").unwrap();
        assert_eq!((plain.auth(), plain.refused()), (None, SignIn::Basic));
        let smuggled = held("http://me:hunter@p:1", "http://me@p:1").unwrap();
        assert_eq!((smuggled.auth(), smuggled.refused()), (None, SignIn::Basic));
    }

    #[test]
    fn whose_password_a_url_wants() {
        let check = |url: &str, want: Option<(&str, &str)>| {
            let user = ProxyUser::of(url);
            assert_eq!(user.as_ref().map(|user| (user.proxy(), user.name())), want, "{url}");
        };
        check("http://me@Proxy.corp:3128", Some(("http://proxy.corp:3128", "me")));
        check("https://me@proxy.corp", Some(("https://proxy.corp:443", "me")));
        check("http://me@[::1]:3128", Some(("http://[::1]:3128", "me")));
        check("http://CORP%5Cj%C3%B6rg@p:1", Some(("http://p:1", "CORP\\jörg")));
        check("http://me%40corp.example@p:1", Some(("http://p:1", "me@corp.example")));
        for none in [
            "http://p:1",
            "http://@p:1",
            "http://me:hunter2@p:1",
            "http://me%3Ahunter2@p:1",
            "http://me%0A@p:1",
            "http://me%FF@p:1",
            "http://me@corp.example@p:1",
            "http://p:1/me@x",
            "http://CORP\\me@p:1",
            "me@p:1",
            "not a url",
        ] {
            check(none, None);
        }
    }
}
