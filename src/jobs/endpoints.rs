//! What a firewall must let through. Connects to nothing.

use crate::{
    domain::{origin::Origin, problem::Problem},
    net,
    profile::Settings,
};

/// A place that is connected to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub host: String,
    pub port: u16,
    /// `https`; loopback alone may be `http`.
    pub protocol: &'static str,
    pub purpose: &'static str,
    /// Who connects there.
    pub who: Who,
    /// `host:port` of the proxy that tenantry would take; `None` for the direct way. A browser has settings of its own.
    pub proxy: Result<Option<String>, Problem>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Who {
    Program,
    /// The person's browser, where tenantry shows a link.
    Browser,
}

impl Who {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Program => "program",
            Self::Browser => "browser",
        }
    }
}

/// All of them, for the cloud and the JupiterOne that are configured.
pub fn endpoints(settings: &Settings) -> Vec<Endpoint> {
    let of = |origin: &Origin, purpose, who| Endpoint {
        host: origin.host(),
        port: origin.port(),
        protocol: if origin.is_secure() { "https" } else { "http" },
        purpose,
        who,
        proxy: match who {
            Who::Program => net::proxy_of(&settings.net, origin).map_err(crate::credentials::advice::explain),
            Who::Browser => Ok(None),
        },
    };
    vec![
        of(&settings.login, "sign-in: tokens for Microsoft Graph", Who::Program),
        of(&settings.graph, "Microsoft Graph: reads the directory", Who::Program),
        of(&settings.jupiterone, "JupiterOne API: checks and uploads", Who::Program),
        of(&settings.cloud.admin_center(), "Entra admin center: app registration, consent", Who::Browser),
        of(&settings.login, "sign-in and the consent page", Who::Browser),
    ]
}

/// What else may be connected to, which no list can name.
pub const fn besides() -> &'static [&'static str] {
    const LATER: &str = "where JupiterOne gives a long answer later (only preview --against live), the host that it names, by \
                         https and without the key";
    const REVOKED: &str = "this system itself may ask whether a certificate was revoked (OCSP, CRL over http port 80), at \
                           addresses that the certificates name";
    if cfg!(any(windows, target_vendor = "apple")) { &[LATER, REVOKED] } else { &[LATER] }
}
