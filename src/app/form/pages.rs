//! Which fields a page asks for, by what was chosen so far.

use super::{FieldId, Fields, Hosts, Into, Proof, Region};
use crate::app::steps::WizardStep;

impl Fields {
    /// The fields of a page, in order.
    pub fn on(&self, step: WizardStep) -> Vec<FieldId> {
        use FieldId::{AppName, Client, Line, Shell, Tenant};
        match step {
            WizardStep::OpenCenter => self.of_hosts(),
            WizardStep::CopyIds => vec![Tenant, Client],
            WizardStep::Credential => self.of_proof(),
            WizardStep::App => vec![AppName, Shell, FieldId::Cloud, Tenant],
            WizardStep::Line => vec![Line],
            WizardStep::Everything => {
                [self.of_hosts(), vec![Tenant, Client], self.of_proof(), self.of_jupiterone()].concat()
            }
            WizardStep::JupiterOne => self.of_jupiterone(),
            // One that exists is renamed elsewhere.
            WizardStep::Save if self.profile.is_none() && self.name.is_some() => vec![FieldId::Name],
            _ => Vec::new(),
        }
    }

    pub(super) fn of_hosts(&self) -> Vec<FieldId> {
        match self.hosts {
            Hosts::Of(_) => vec![FieldId::Cloud],
            Hosts::Own => vec![FieldId::Cloud, FieldId::Login, FieldId::Graph, FieldId::Center],
        }
    }

    pub(super) fn of_proof(&self) -> Vec<FieldId> {
        match self.proof {
            Proof::Secret => vec![FieldId::Proof, FieldId::Secret, FieldId::Expires],
            Proof::Made => vec![FieldId::Proof],
            Proof::File => vec![FieldId::Proof, FieldId::KeyPath, FieldId::KeyPassword],
        }
    }

    pub(super) fn of_jupiterone(&self) -> Vec<FieldId> {
        let mut all = vec![FieldId::Account, FieldId::Region];
        if self.region == Region::Custom {
            all.push(FieldId::Url);
        }
        if self.scoped {
            all.push(FieldId::Into);
        }
        all.push(match (self.scoped, self.into) {
            (true, Into::Scope) => FieldId::Scope,
            _ => FieldId::Instance,
        });
        all.push(FieldId::Key);
        all
    }
}
