//! What to do about a code: the next click, and where. A table (`assets/advice`), for words only: what the program does
//! about an error never depends on it.
//!
//! The services' own code, message and ids stay as they are.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use crate::domain::{
    check::Offer,
    cloud::Cloud,
    ids::ClientId,
    origin::Origin,
    portal::{self, Page},
    problem::Problem,
};

/// Which app registration the words are about, so that links lead to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub cloud: Cloud,
    /// The login service in use, for the link that asks for consent.
    pub login: Origin,
    pub tenant: String,
    pub client: ClientId,
}

impl Place {
    /// The page where a thing is mended.
    fn page(&self, mend: Mend) -> String {
        let page = match mend {
            Mend::Overview => Page::Overview,
            Mend::Secrets => Page::Secrets,
            Mend::Permissions => Page::Permissions,
            Mend::Authentication => Page::Authentication,
            Mend::Consent => return self.consent(),
        };
        portal::page(&self.cloud.admin_center(), page, Some(self.client.as_str()))
    }

    /// The page that asks an administrator for consent.
    pub fn consent(&self) -> String {
        portal::consent(&self.login, &self.tenant, self.client.as_str())
    }

    /// The app's API permissions.
    pub fn permissions(&self) -> String {
        self.page(Mend::Permissions)
    }

    /// The app's certificates and secrets.
    pub fn secrets(&self) -> String {
        self.page(Mend::Secrets)
    }
}

/// Where in the portal something is mended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mend {
    Overview,
    Secrets,
    Permissions,
    Consent,
    Authentication,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advice {
    hint: String,
    mend: Option<Mend>,
    link: Option<String>,
}

static TABLE: LazyLock<BTreeMap<String, Advice>> = LazyLock::new(|| {
    [
        include_str!("../../assets/advice/login.toml"),
        include_str!("../../assets/advice/graph.toml"),
        include_str!("../../assets/advice/jupiterone.toml"),
        include_str!("../../assets/advice/network.toml"),
    ]
    .into_iter()
    .flat_map(|text| toml::from_str::<BTreeMap<String, Advice>>(text).expect("an embedded table, read by a test"))
    .collect()
});

/// Adds hint and link where the problem has none. A code that is not in the table keeps all it has, and an AADSTS code
/// gets the link where Microsoft explains it.
#[must_use]
pub fn explain(problem: Problem) -> Problem {
    add(problem, None)
}

/// As [`explain`], with links into the portal, to the very app.
#[must_use]
pub fn explain_at(problem: Problem, place: &Place) -> Problem {
    add(problem, Some(place))
}

fn add(mut problem: Problem, place: Option<&Place>) -> Problem {
    let aadsts = problem.code.as_deref().and_then(aadsts).or_else(|| problem.message.as_deref().and_then(aadsts));
    // OAuth's own code says less than the number in its message.
    let code = aadsts.as_ref().map(|number| format!("AADSTS{number}")).or_else(|| problem.code.clone());
    let status = problem.status.map(|status| format!("http_{status}"));
    let told = problem.message.as_deref().and_then(told_in_words);
    let advice = [told, code.as_deref(), status.as_deref()].into_iter().flatten().find_map(|key| TABLE.get(key));
    if problem.hint.is_none() {
        let unknown = || aadsts.as_ref().map(|_| UNKNOWN_LOGIN.to_owned());
        problem.hint = advice.map(|a| a.hint.clone()).or_else(unknown);
    }
    if problem.link.is_none() {
        let mend = advice.and_then(|a| a.mend).zip(place).map(|(mend, place)| place.page(mend));
        let lookup = || aadsts.map(|number| format!("https://login.microsoftonline.com/error?code={number}"));
        problem.link = mend.or_else(|| advice.and_then(|a| a.link.clone())).or_else(lookup);
    }
    problem
}

/// For a code that the table does not have.
const UNKNOWN_LOGIN: &str = "Microsoft explains this code at the link. With the correlation id and the time, an \
    administrator finds the attempt in Sign-in logs, Service principal sign-ins.";

/// What only the words of a message give away, as a key of the table.
fn told_in_words(message: &str) -> Option<&'static str> {
    const WORDS: [(&str, &str); 4] = [
        // Continuous access evaluation (`facts/graph.md` §6.3): policies are held against every request.
        ("insufficient_claims", CLAIMS_CHALLENGE),
        ("claims challenge", CLAIMS_CHALLENGE),
        // An app management policy (`facts/graph.md` §12.1).
        ("credential type not allowed", NO_SECRETS),
        ("credential type is not allowed", NO_SECRETS),
    ];
    let message = message.to_ascii_lowercase();
    WORDS.iter().find(|(words, _)| message.contains(words)).map(|(_, key)| *key)
}

const CLAIMS_CHALLENGE: &str = "claims_challenge";
const NO_SECRETS: &str = "credential_type_not_allowed";

/// What a face can do about it for the person, who decides. `here` is the cloud in use.
pub fn offer(problem: &Problem, here: Cloud) -> Option<Offer> {
    let message = problem.message.as_deref().unwrap_or_default();
    let code = problem.code.as_deref().and_then(aadsts).or_else(|| aadsts(message));
    match code.as_deref() {
        Some("90038" | "900382" | "900432") => other_cloud(message, here).map(Offer::OtherCloud),
        // Consent makes the service principal that is missing.
        Some("7000229" | "65001") => Some(Offer::AwaitConsent),
        _ if told_in_words(message) == Some(NO_SECRETS) => Some(Offer::UseCertificate),
        _ => None,
    }
}

/// The cloud that a tenant most likely lives in which `here` does not know: the one that the message names, else the
/// other one that most tenants are in.
fn other_cloud(message: &str, here: Cloud) -> Option<Cloud> {
    const NAMES: [(&str, Cloud); 8] = [
        ("microsoftonline.us", Cloud::UsGov),
        ("usgov", Cloud::UsGov),
        ("us government", Cloud::UsGov),
        ("chinacloudapi.cn", Cloud::China),
        ("microsoftonline.cn", Cloud::China),
        ("azurechina", Cloud::China),
        ("microsoftonline.com", Cloud::Global),
        ("azurecloud", Cloud::Global),
    ];
    let message = message.to_ascii_lowercase();
    // Another cloud of the same login service would have known it.
    let is_elsewhere = |cloud: &Cloud| cloud.login() != here.login();
    let named = NAMES.iter().filter(|(name, _)| message.contains(name)).map(|(_, cloud)| *cloud);
    named.chain([Cloud::Global, Cloud::UsGov]).find(is_elsewhere)
}

/// The number of the first AADSTS code in a text.
fn aadsts(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("AADSTS")?;
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!number.is_empty()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place() -> Place {
        Place {
            cloud: Cloud::UsGov,
            login: Cloud::UsGov.login(),
            tenant: "contoso.onmicrosoft.us".to_owned(),
            client: ClientId::parse("535fb089-9ff3-47b6-9bfb-4f1264799865").unwrap(),
        }
    }

    #[test]
    fn every_code_of_the_facts_has_a_hint() {
        // facts/graph.md §7.3 and §6.2, facts/jupiterone.md §1.5. The network's: net/failure/tests.rs.
        let aadsts = [
            700016, 7000215, 7000222, 90002, 900023, 900021, 50059, 50194, 9001023, 900144, 90014, 900561, 9002313,
            70011, 1002012, 500011, 650057, 650052, 7000229, 7000112, 70001, 700011, 7000218, 700025, 700027, 700024,
            700021, 700030, 5002723, 5002738, 50027, 50012, 53003, 530032, 50076, 50079, 50034, 50126, 65001, 90013,
            90019, 90038, 900382, 900432, 50196, 90055, 90033, 90006, 90012, 90024, 50033, 90090,
        ]
        .map(|n| format!("AADSTS{n}"));
        let others = "Request_UnsupportedQuery Request_BadRequest Directory_ExpiredPageToken \
            DirectoryPageTokenNotFoundException syncStateNotFound resyncRequired InvalidAuthenticationToken \
            Authorization_RequestDenied Authorization_IdentityNotFound Authorization_IdentityDisabled \
            Request_ResourceNotFound TooManyRequests activityLimitReached throttledRequest generalException \
            InternalServerError UnknownError NotImplemented serviceNotAvailable Directory_ReplicaUnavailable \
            DirectoryServiceUnavailableException Directory_QuotaExceeded Authentication_MissingOrMalformed \
            Authentication_Unauthorized Authentication_ExpiredToken Directory_ObjectNotFound \
            Directory_ConcurrencyViolation Service_InternalServerError Request_ThrottledTemporarily \
            Request_ThrottledPermanently Headers_HeaderNotSupported \
            SYNC_JOB_INVALID_INTEGRATION_INSTANCE JOB_NOT_AWAITING_UPLOADS ENTITY_IS_NOT_ARRAY \
            ENTITY_UPLOAD_FAILED_VALIDATION RELATIONSHIP_UPLOAD_FAILED_VALIDATION RequestEntityTooLargeException \
            not_json";
        for code in aadsts.iter().map(String::as_str).chain(others.split_whitespace()) {
            let problem = explain(Problem::new("x").code(code));
            assert!(problem.hint.is_some(), "{code}");
            assert_eq!(problem.link.is_some_and(|l| l.contains("error?code=")), code.starts_with("AADSTS"), "{code}");
        }
    }

    /// Each code of the login service, and what it sends people to do (facts/graph.md §7.3).
    const NEXT: [(u32, &str); 55] = [
        (700_016, "Copy the Application (client) ID"),
        (7_000_215, "Secret ID was copied instead of the Value"),
        (7_000_222, "Create a new one in Certificates & secrets"),
        (90_002, "Check the Directory (tenant) ID"),
        (900_023, "Copy the Directory (tenant) ID"),
        (900_021, "Copy the Directory (tenant) ID"),
        (50_059, "Copy the Directory (tenant) ID"),
        (50_194, "Give that tenant's own ID"),
        (9_001_023, "Give the tenant's own ID"),
        (900_144, "Check tenant ID, client ID and secret"),
        (90_014, "Check tenant ID, client ID and secret"),
        (900_561, "A proxy may have changed POST to GET"),
        (9_002_313, "A proxy may have changed it"),
        (70_011, "check which cloud is chosen"),
        (1_002_012, "Check which cloud is chosen"),
        (500_011, "Check which cloud is chosen"),
        (650_057, "Add Directory.Read.All"),
        (650_052, "Check which cloud is chosen"),
        (7_000_229, "Grant admin consent"),
        (7_000_112, "set Enabled for users to sign in? to Yes"),
        (70_001, "Copy the Application (client) ID"),
        (700_011, "Copy the Application (client) ID"),
        (7_000_218, "Enter the client secret's Value"),
        (700_025, "set Allow public client flows to No"),
        (700_027, "Upload the .cer"),
        (700_024, "Set the clock"),
        (700_021, "Check the client ID"),
        (700_030, "Use a certificate that is registered"),
        (5_002_723, "report this"),
        (5_002_738, "Use an RSA certificate"),
        (50_027, "report this"),
        (50_012, "Upload the .cer"),
        (53_003, "Sign-in logs, Service principal sign-ins"),
        (530_032, "Sign-in logs, Service principal sign-ins"),
        (50_076, "Check the tenant ID"),
        (50_079, "Check the tenant ID"),
        (50_034, "Check that the client ID is an app's"),
        (50_126, "Check that the client ID is an app's"),
        (65_001, "choose Grant admin consent"),
        (500_113, "check it in API permissions"),
        (7_000_113, "Check API permissions"),
        (90_013, "Check tenant ID, client ID and secret"),
        (90_019, "Copy the Directory (tenant) ID"),
        (90_038, "Choose that cloud"),
        (900_382, "Choose that cloud"),
        (900_432, "Choose that cloud"),
        (50_196, "Wait some minutes"),
        (90_055, "Wait some minutes"),
        (90_033, "Try again in a minute"),
        (90_006, "Try again in a minute"),
        (90_012, "Try again in a minute"),
        (90_024, "Try again in a minute"),
        (50_033, "Try again in a minute"),
        (90_090, "Try again in a minute"),
        // One that nobody has heard of.
        (1_234_567, "Sign-in logs, Service principal sign-ins"),
    ];

    #[test]
    fn every_code_names_the_next_step() {
        for (number, next) in NEXT {
            let message = format!("AADSTS{number}: words. Trace ID: t");
            let problem = Problem { message: Some(message), ..Problem::new("x").code("invalid_client") };
            let hint = explain(problem).hint.unwrap_or_default();
            assert!(hint.contains(next), "AADSTS{number}: {hint}");
        }
        let tabled = TABLE.keys().filter(|code| code.starts_with("AADSTS")).count();
        assert_eq!(tabled + 1, NEXT.len(), "each of the table is here");
    }

    #[test]
    fn what_a_face_can_offer() {
        let check = |code: &str, message: &str, here: Cloud, want: Option<Offer>| {
            let problem = Problem { message: Some(message.to_owned()), ..Problem::new("x").code(code) };
            assert_eq!(offer(&problem, here), want, "{code} {message}");
        };
        let to = |cloud| Some(Offer::OtherCloud(cloud));
        let redirected = "AADSTS90038: Tenant 'x' request is being redirected to the National Cloud 'MicrosoftOnline.";
        check("AADSTS90038", &format!("{redirected}US'."), Cloud::Global, to(Cloud::UsGov));
        check("AADSTS90038", &format!("{redirected}COM'."), Cloud::UsGov, to(Cloud::Global));
        check("AADSTS90038", &format!("{redirected}CN'."), Cloud::Global, to(Cloud::China));
        // What the message names is where we are: then it is not that one.
        check("AADSTS90038", &format!("{redirected}US'."), Cloud::Dod, to(Cloud::Global));
        check(
            "AADSTS900382",
            "Confidential Client is not supported in Cross Cloud request.",
            Cloud::Global,
            to(Cloud::UsGov),
        );
        check("invalid_client", "AADSTS900432: words", Cloud::China, to(Cloud::Global));
        // Most often a typing error: words only.
        check("AADSTS90002", "Tenant 'x' not found.", Cloud::Global, None);
        check("AADSTS7000229", "words", Cloud::Global, Some(Offer::AwaitConsent));
        check("x", "Credential type not allowed as per assigned policy", Cloud::Global, Some(Offer::UseCertificate));
        check("AADSTS7000215", "Invalid client secret provided.", Cloud::Global, None);
    }

    #[test]
    fn some_things_only_the_words_tell() {
        let check = |code: &str, message: &str, want: &str| {
            let problem =
                Problem { message: Some(message.to_owned()), status: Some(401), ..Problem::new("x").code(code) };
            let hint = explain(problem).hint.unwrap();
            assert!(hint.contains(want), "{message}: {hint}");
        };
        let token = "InvalidAuthenticationToken";
        check(token, "Lifetime validation failed", "same cloud");
        check(token, "Continuous access evaluation resulted in claims challenge with result: Int", "split tunnel");
        check(token, r#"(WWW-Authenticate: error="insufficient_claims")"#, "Service principal sign-ins");
        check("x", "Credential type not allowed as per assigned policy", "upload its .cer");
    }

    #[test]
    fn hints_are_short_sentences() {
        for (code, advice) in TABLE.iter() {
            assert!(advice.hint.ends_with('.') && advice.hint.len() < 260, "{code}: {}", advice.hint);
            assert!(advice.hint.matches(". ").count() <= 2, "{code}: {}", advice.hint);
            assert!(advice.mend.is_none() || advice.link.is_none(), "{code}");
        }
    }

    #[test]
    fn a_failure_of_the_network_gets_its_advice() {
        let origin = Origin::known("https://graph.microsoft.com");
        let slow = crate::net::too_slow("reading", &origin, std::time::Duration::from_secs(5));
        assert!(slow.hint.is_none(), "the table has it");
        assert!(explain(slow).hint.is_some_and(|h| h.contains("firewall")));
    }

    #[test]
    fn links_lead_to_the_app() {
        let check = |code: &str, want: &str| {
            assert_eq!(explain_at(Problem::new("x").code(code), &place()).link.as_deref(), Some(want), "{code}");
        };
        check(
            "AADSTS7000215",
            "https://entra.microsoft.us/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/Credentials/appId/\
             535fb089-9ff3-47b6-9bfb-4f1264799865/isMSAApp~/false",
        );
        check(
            "AADSTS65001",
            "https://login.microsoftonline.us/contoso.onmicrosoft.us/adminconsent?client_id=\
             535fb089-9ff3-47b6-9bfb-4f1264799865",
        );
        check("AADSTS53003", "https://login.microsoftonline.com/error?code=53003");
    }

    #[test]
    fn what_is_there_stays() {
        let problem = Problem {
            status: Some(401),
            message: Some("AADSTS1234567: words\r\nTrace ID: t".to_owned()),
            request_id: Some("r".to_owned()),
            trace_id: Some("t".to_owned()),
            ..Problem::new("asking for a token was refused").code("invalid_client")
        };
        let got = explain(problem.clone());
        assert_eq!(got.link.as_deref(), Some("https://login.microsoftonline.com/error?code=1234567"));
        assert_eq!(Problem { hint: None, link: None, ..got }, problem);
        let hinted = Problem::new("x").code("AADSTS7000215").hint("mine").link("here");
        assert_eq!(explain(hinted.clone()), hinted);
        let unknown = Problem::new("x").code("Something_New");
        assert_eq!(explain(unknown.clone()), unknown);
    }

    #[test]
    fn the_number_in_the_message_says_more() {
        let problem = Problem {
            message: Some("AADSTS7000222: The provided client secret keys are expired.".to_owned()),
            ..Problem::new("x").code("invalid_client")
        };
        assert!(explain(problem).hint.is_some_and(|h| h.contains("has expired")));
        let bare = Problem { status: Some(503), ..Problem::new("x") };
        assert!(explain(bare).hint.is_some());
    }
}
