//! What the login refuses: every code of the table of advice, in the envelope and with the status that Microsoft documents
//! (facts/graph.md §7.3 and §13.1); where no body was recorded, the words are the code's documented meaning.

use serde_json::json;

use super::{Row, Wrong, counter::Said};

/// A refusal in the login's envelope. Words without a number are no AADSTS answer, as of a gateway that speaks OAuth.
pub fn refusal(status: u16, error: &str, words: &str) -> Said {
    let (trace, correlation) = ("68b0d98d-52e8-4e45-9282-9b3b09fc1800", "75673189-3db2-408b-8384-16860ee0c0f0");
    let number = words.strip_prefix("AADSTS").and_then(|rest| rest.split(':').next()?.parse::<u32>().ok());
    let body = match (number, error) {
        (_, "html") => {
            let header = Some(("x-gateway", "1"));
            return Said { status, header, body: format!("<html><body>{words}</body></html>") };
        }
        (None, _) => json!({ "error": error, "error_description": words }),
        (Some(number), _) => json!({
            "error": error,
            "error_description": format!(
                "{words} Trace ID: {trace} Correlation ID: {correlation} Timestamp: 2026-11-22 09:00:00Z"
            ),
            "error_codes": [number],
            "timestamp": "2026-11-22 09:00:00Z",
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
        }),
    };
    Said { status, header: None, body: body.to_string() }
}

const CLIENT: &str = "invalid_client";
const REQUEST: &str = "invalid_request";
const MEND: &str = "f mend";

/// Number, HTTP status, OAuth's code, what it says, words of the next step, a part of the link, the key that is offered.
type Code = (&'static str, u16, &'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const CODES: &[Code] = &[
    ("AADSTS700016", 400, "unauthorized_client", "Application with identifier '833aa854-2811-4f90-9620-c38070f595d7' was not found in the directory 'MSIDLAB4'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.", "Copy the Application (client) ID", "~/Overview/", MEND),
    ("AADSTS7000215", 401, CLIENT, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '535fb089-9ff3-47b6-9bfb-4f1264799865'.", "Secret ID was copied instead of the Value", "~/Credentials/", MEND),
    ("AADSTS7000222", 401, CLIENT, "The provided client secret keys for app '535fb089-9ff3-47b6-9bfb-4f1264799865' are expired. Visit the Azure portal to create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials for added security: https://aka.ms/certCreds.", "Create a new one in Certificates & secrets", "~/Credentials/", MEND),
    ("AADSTS90002", 400, REQUEST, "Tenant 'contoso.example' not found. This may happen if there are no active subscriptions for the tenant. Check to make sure you have the correct tenant ID. Check with your subscription administrator.", "Check the Directory (tenant) ID", "~/Overview/", MEND),
    ("AADSTS900023", 400, REQUEST, "Specified tenant identifier 'invalid_tenant' is neither a valid DNS name, nor a valid external domain.", "Copy the Directory (tenant) ID", "~/Overview/", MEND),
    ("AADSTS900021", 400, REQUEST, "Requested tenant identifier '00000000-0000-0000-0000-000000000000' is not valid.", "Copy the Directory (tenant) ID", "~/Overview/", MEND),
    ("AADSTS50059", 400, REQUEST, "No tenant-identifying information found in either the request or implied by any provided credentials.", "Copy the Directory (tenant) ID", "~/Overview/", MEND),
    ("AADSTS50194", 400, REQUEST, "Application is not configured as a multi-tenant application.", "Give that tenant's own ID", "~/Overview/", MEND),
    ("AADSTS9001023", 400, REQUEST, "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or tenant-specific endpoint.", "Give the tenant's own ID", "~/Overview/", MEND),
    ("AADSTS900144", 400, REQUEST, "The request body must contain the following parameter: 'client_id'.", "Check tenant ID, client ID and secret", "error?code=900144", MEND),
    ("AADSTS90014", 400, REQUEST, "The required field 'aud' is missing from the credential.", "Check tenant ID, client ID and secret", "error?code=90014", MEND),
    ("AADSTS900561", 400, REQUEST, "The endpoint only accepts POST requests. Received a GET request.", "A proxy may have changed POST to GET", "error?code=900561", MEND),
    ("AADSTS9002313", 400, REQUEST, "Invalid request. Request is malformed or invalid.", "A proxy may have changed it", "error?code=9002313", MEND),
    ("AADSTS70011", 400, "invalid_scope", "The provided value for the input parameter 'scope' is not valid.", "check which cloud is chosen", "error?code=70011", MEND),
    ("AADSTS1002012", 400, "invalid_scope", "The provided value for scope x is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", "Check which cloud is chosen", "error?code=1002012", MEND),
    ("AADSTS500011", 400, "invalid_resource", "The resource principal named https://graph.microsoft.us was not found in the tenant named Contoso.", "Check which cloud is chosen", "error?code=500011", MEND),
    ("AADSTS650057", 400, REQUEST, "Invalid resource. The client has requested access to a resource which is not listed in the requested permissions in the client's application registration.", "Add Directory.Read.All", "~/CallAnAPI/", MEND),
    ("AADSTS650052", 400, REQUEST, "The app is trying to access a service that your organization lacks a service principal for.", "Check which cloud is chosen", "~/CallAnAPI/", MEND),
    ("AADSTS7000229", 401, CLIENT, "The client application 535fb089 is missing service principal in the tenant 84841066. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119", "Grant admin consent: that creates it", "adminconsent", MEND),
    ("AADSTS7000112", 401, CLIENT, "Application '535fb089'(tenantry) is disabled.", "set Enabled for users to sign in? to Yes", "error?code=7000112", MEND),
    ("AADSTS70001", 400, "unauthorized_client", "Application is disabled or was not found.", "Copy the Application (client) ID", "~/Overview/", MEND),
    ("AADSTS700011", 400, "unauthorized_client", "Application with identifier 535fb089 was not found in the directory.", "Copy the Application (client) ID", "~/Overview/", MEND),
    ("AADSTS7000218", 401, CLIENT, "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.", "Enter the client secret's Value", "~/Credentials/", MEND),
    ("AADSTS700025", 401, CLIENT, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.", "set Allow public client flows to No", "~/Authentication/", MEND),
    ("AADSTS700027", 401, CLIENT, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: 'AB12']", "Upload the .cer", "~/Credentials/", MEND),
    ("AADSTS700024", 401, CLIENT, "Client assertion is not within its valid time range. Current time: 2026-11-22T09:00:00Z, assertion valid from 2026-11-22T08:00:00Z, expiry time of assertion 2026-11-22T08:10:00Z.", "Set the clock", "error?code=700024", MEND),
    ("AADSTS700021", 401, CLIENT, "Client assertion application identifier doesn't match 'client_id' parameter.", "Check the client ID", "~/Overview/", MEND),
    ("AADSTS700030", 401, CLIENT, "Invalid certificate - subject name in certificate is not authorized.", "Use a certificate that is registered", "~/Credentials/", MEND),
    ("AADSTS5002723", 401, CLIENT, "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.", "report this", "error?code=5002723", MEND),
    ("AADSTS5002738", 401, CLIENT, "Invalid JWT token. 'ES256' is not a supported signature algorithm.", "Use an RSA certificate", "~/Credentials/", MEND),
    ("AADSTS50027", 400, REQUEST, "JWT token is invalid or malformed.", "report this", "error?code=50027", MEND),
    ("AADSTS50012", 401, CLIENT, "Authentication failed: the certificate's chain, signature or thumbprint.", "Upload the .cer", "~/Credentials/", MEND),
    ("AADSTS53003", 400, "access_denied", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.", "Service principal sign-ins, the entry with this correlation id", "error?code=53003", MEND),
    ("AADSTS530032", 400, "access_denied", "Blocked by security policy.", "Service principal sign-ins, the entry with this correlation id", "error?code=530032", MEND),
    ("AADSTS50076", 400, "interaction_required", "You must use multi-factor authentication to access the resource.", "Check the tenant ID", "error?code=50076", MEND),
    ("AADSTS50079", 400, "interaction_required", "You must enroll in multi-factor authentication.", "Check the tenant ID", "error?code=50079", MEND),
    ("AADSTS50034", 400, "invalid_grant", "The user account does not exist in the directory.", "Check that the client ID is an app's", "~/Overview/", MEND),
    ("AADSTS50126", 400, "invalid_grant", "Error validating credentials due to invalid username or password.", "Check that the client ID is an app's", "~/Overview/", MEND),
    ("AADSTS65001", 400, "invalid_grant", "The user or administrator has not consented to use the application.", "choose Grant admin consent", "adminconsent", MEND),
    ("AADSTS500113", 400, REQUEST, "No reply address is registered for the application.", "check it in API permissions", "~/CallAnAPI/", MEND),
    ("AADSTS7000113", 400, "unauthorized_client", "Application is not authorized to make application on-behalf-of calls.", "Check API permissions", "~/CallAnAPI/", MEND),
    ("AADSTS90013", 400, REQUEST, "Invalid input received from the user.", "Check tenant ID, client ID and secret", "error?code=90013", MEND),
    ("AADSTS90019", 400, REQUEST, "No tenant-identifying information found in either the request or implied by any provided credentials.", "Copy the Directory (tenant) ID", "~/Overview/", MEND),
    ("AADSTS90038", 400, REQUEST, "Tenant 'contoso.onmicrosoft.us' request is being redirected to the National Cloud 'microsoftonline.us'.", "another cloud: US Government (GCC High)", "error?code=90038", "s switch"),
    ("AADSTS900382", 400, REQUEST, "Confidential Client is not supported in Cross Cloud request.", "Choose that cloud", "error?code=900382", "s switch"),
    ("AADSTS900432", 400, REQUEST, "Confidential Client is not supported in Cross Cloud request: login.partner.microsoftonline.cn.", "another cloud: China", "error?code=900432", "s switch"),
    ("AADSTS50196", 400, "invalid_grant", "The server terminated an operation because it encountered a client request loop.", "Wait some minutes", "error?code=50196", MEND),
    ("AADSTS90055", 400, REQUEST, "Tenant throttling error: too many requests.", "Wait some minutes", "error?code=90055", MEND),
    ("AADSTS90033", 503, "temporarily_unavailable", "A transient error has occurred. Please try again.", "Try again in a minute", "error?code=90033", "↵ check again"),
    ("AADSTS90006", 503, "temporarily_unavailable", "External server retryable error.", "Try again in a minute", "error?code=90006", "↵ check again"),
    ("AADSTS90012", 503, "temporarily_unavailable", "Request timeout.", "Try again in a minute", "error?code=90012", "↵ check again"),
    ("AADSTS90024", 503, "temporarily_unavailable", "Request budget exceeded. A transient error has occurred.", "Try again in a minute", "error?code=90024", "↵ check again"),
    ("AADSTS50033", 503, "temporarily_unavailable", "A transient error has occurred.", "Try again in a minute", "error?code=50033", "↵ check again"),
    ("AADSTS90090", 503, "temporarily_unavailable", "A transient error has occurred.", "Try again in a minute", "error?code=90090", "↵ check again"),
    // One that nobody has heard of.
    ("AADSTS1234567", 400, REQUEST, "Something new.", "Sign-in logs, Service principal sign-ins", "error?code=1234567", MEND),
];

/// Name, HTTP status, OAuth's code, what it says, words of the next step, the key that is offered: no AADSTS number.
type Bare = (&'static str, u16, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const BARE: &[Bare] = &[
    ("another login than Microsoft's", 400, "unsupported_grant_type", "no such grant", "Check that the login URL is Microsoft's", MEND),
    ("a grant without a number", 400, "invalid_grant", "refused", "Check client ID and secret", MEND),
    ("interaction without a number", 400, "interaction_required", "refused", "Service principal sign-ins", MEND),
    ("an app without a number", 401, "invalid_client", "refused", "Check client ID and secret", MEND),
    ("an unknown app without a number", 400, "unauthorized_client", "refused", "Check client ID and tenant ID", MEND),
    ("a request without a number", 400, "invalid_request", "refused", "Check tenant ID, client ID and secret", MEND),
    ("a scope without a number", 400, "invalid_scope", "refused", "Check which cloud is chosen", MEND),
    ("a resource without a number", 400, "invalid_resource", "refused", "Check which cloud is chosen", MEND),
    ("trouble without a number", 503, "temporarily_unavailable", "later", "Try again in a minute", "↵ check again"),
    ("a tenant that forbids secrets", 401, "invalid_client", "AADSTS7000000: Credential type not allowed as per assigned policy.", "make one here, and upload its .cer", "t certificate"),
    ("a gateway's 401", 401, "html", "who are you", "Check it, and that the URL is the right one", MEND),
    ("a gateway's 403", 403, "html", "blocked by policy", "A proxy or firewall may have answered in its place", MEND),
    ("a gateway's 404", 404, "html", "nothing here", "Check the URL and which cloud is chosen", MEND),
    ("a gateway's 407", 407, "html", "sign in", "`tenantry doctor` tells which", MEND),
    ("a gateway's 429", 429, "html", "slowly", "Wait some minutes, then try again", "↵ check again"),
    ("a gateway's 500", 500, "html", "oh", "Try again in some minutes", "↵ check again"),
    ("a gateway's 502", 502, "html", "no way", "Try again in some minutes", "↵ check again"),
    ("a gateway's 503", 503, "html", "later", "Try again in some minutes", "↵ check again"),
    ("a gateway's 504", 504, "html", "too long", "Try again in some minutes", "↵ check again"),
    ("a sign-in page of the network", 200, "html", "Welcome to our Wi-Fi", "A proxy or a gateway may have answered in the service's place", MEND),
];

pub fn rows() -> Vec<Row> {
    let coded = CODES.iter().map(|&(code, status, error, words, next, link, key)| Row {
        name: code,
        wrong: Wrong::Login(status, error, format!("{code}: {words}")),
        code,
        next,
        link,
        key,
    });
    let bare = BARE.iter().map(|&(name, status, error, words, next, key)| Row {
        name,
        wrong: Wrong::Login(status, error, words.to_owned()),
        code: match error {
            "html" if status == 200 => "not_json",
            "html" => "",
            _ if words.starts_with("AADSTS") => "AADSTS7000000",
            _ => error,
        },
        next,
        link: "",
        key,
    });
    coded.chain(bare).collect()
}
