//! The national clouds of Microsoft, each with its own hosts (facts: `facts/graph.md` §9).

use serde::{Deserialize, Serialize};

use super::origin::Origin;

/// Where a tenant lives. GCC tenants use [`Cloud::Global`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cloud {
    #[default]
    Global,
    /// US Government L4, "GCC High".
    UsGov,
    /// US Government L5, DoD.
    Dod,
    /// China, operated by 21Vianet.
    China,
}

impl Cloud {
    pub const ALL: [Self; 4] = [Self::Global, Self::UsGov, Self::Dod, Self::China];

    /// The word of `--cloud` and of profiles.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::UsGov => "usgov",
            Self::Dod => "dod",
            Self::China => "china",
        }
    }

    /// As a screen names it.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Global => "Global cloud",
            Self::UsGov => "US Government (GCC High)",
            Self::Dod => "US Government (DoD)",
            Self::China => "China (21Vianet)",
        }
    }

    pub fn login(self) -> Origin {
        Origin::known(match self {
            Self::Global => "https://login.microsoftonline.com",
            Self::UsGov | Self::Dod => "https://login.microsoftonline.us",
            Self::China => "https://login.partner.microsoftonline.cn",
        })
    }

    pub fn graph(self) -> Origin {
        Origin::known(match self {
            Self::Global => "https://graph.microsoft.com",
            Self::UsGov => "https://graph.microsoft.us",
            Self::Dod => "https://dod-graph.microsoft.us",
            Self::China => "https://microsoftgraph.chinacloudapi.cn",
        })
    }

    /// The Entra admin center.
    pub fn admin_center(self) -> Origin {
        Origin::known(match self {
            Self::Global => "https://entra.microsoft.com",
            Self::UsGov | Self::Dod => "https://entra.microsoft.us",
            Self::China => "https://entra.microsoftonline.cn",
        })
    }

    /// The scope of a token request for this Graph. A cloud that is none of ours knows its own Graph only; one on
    /// loopback is a stand-in or a tunnel, which no login knows by that name.
    pub fn scope(self, graph: &Origin) -> String {
        let own = self.graph();
        format!("{}/.default", if graph.is_loopback() { &own } else { graph })
    }
}

impl std::fmt::Display for Cloud {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Cloud {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|c| c.as_str() == text)
            .ok_or_else(|| format!("`{text}` is not one of global, usgov, dod, china"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cloud_has_its_hosts() {
        for cloud in Cloud::ALL {
            assert_eq!(cloud.as_str().parse::<Cloud>(), Ok(cloud));
            let scope = |graph: &str| cloud.scope(&Origin::parse(graph).unwrap());
            assert_eq!(cloud.scope(&cloud.graph()), format!("{}/.default", cloud.graph()));
            assert_eq!(scope("http://127.0.0.1:8700"), format!("{}/.default", cloud.graph()));
            assert_eq!(scope("https://graph.sovereign.example"), "https://graph.sovereign.example/.default");
            let _ = (cloud.login(), cloud.admin_center(), cloud.title());
        }
    }
}
