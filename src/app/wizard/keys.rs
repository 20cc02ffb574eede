//! The key that proves the app, as far as screens may know it: whether it is there, and its certificate.

use crate::{
    app::{
        Fx, Model,
        form::Proof,
        msg::{JobId, Kind, Work},
        steps::WizardStep,
        views::{KeyWork, Mode},
    },
    domain::{credential::CertificateView, problem::Problem, registration::AppName, secret::Secret},
};

/// The engine holds one key at a time: the one made or read last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Keys {
    pub phase: KeyPhase,
    /// Whence the key of this phase comes.
    pub of: Proof,
    /// A profile was saved since: with it, or with another proof that was chosen instead.
    pub settled: bool,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub enum KeyPhase {
    #[default]
    None,
    Working(JobId),
    Ready(Box<CertificateView>),
    Failed(Box<Problem>),
}

impl Keys {
    /// The certificate of the key, if it comes from there.
    pub fn view(&self, proof: Proof) -> Option<&CertificateView> {
        match &self.phase {
            KeyPhase::Ready(view) if self.of == proof => Some(view),
            _ => None,
        }
    }

    pub fn problem(&self, proof: Proof) -> Option<&Problem> {
        match &self.phase {
            KeyPhase::Failed(problem) if self.of == proof => Some(problem),
            _ => None,
        }
    }

    /// Another file is meant, or another password.
    pub(super) fn forget_file(&mut self) {
        if self.of == Proof::File {
            *self = Self::default();
        }
    }
}

/// Whether leaving now would throw away a key whose certificate may have been uploaded already. What is changed after the
/// profile was saved takes nothing from the vault.
pub fn is_unsaved(model: &Model) -> bool {
    let wizard = &model.wizard;
    // The demo keeps nothing anyway.
    model.mode == Mode::Real && wizard.keys.view(Proof::Made).is_some() && !wizard.keys.settled
}

/// Makes or reads the key that was chosen.
pub(super) fn start(model: &mut Model, fx: &mut Fx) {
    let fields = &model.wizard.fields;
    match fields.proof {
        Proof::Secret => {}
        Proof::Made => make(model, fx),
        Proof::File => {
            let password = fields.key_password.secret().and_then(|s| Secret::pasted(s.expose()));
            let path = fields.key_path.text().trim().to_owned();
            ask(model, Proof::File, KeyWork::Read { path, password }, fx);
        }
    }
}

/// Makes a pair, named as the app is to be.
pub(super) fn make(model: &mut Model, fx: &mut Fx) {
    let name = AppName::parse(model.wizard.fields.app_name.text()).unwrap_or_default();
    ask(model, Proof::Made, KeyWork::Make { name: name.to_string() }, fx);
}

fn ask(model: &mut Model, of: Proof, work: KeyWork, fx: &mut Fx) {
    model.cancel(Kind::Key, fx);
    let job = model.start(Work::Key(work), fx);
    model.wizard.keys = Keys { phase: KeyPhase::Working(job), of, settled: false };
}

pub(in crate::app) fn ready(model: &mut Model, job: JobId, view: Box<CertificateView>, fx: &mut Fx) {
    if model.wizard.keys.phase != KeyPhase::Working(job) {
        return;
    }
    model.wizard.keys.phase = KeyPhase::Ready(view);
    // Of a key that is made, the certificate has yet to be uploaded; one of a file is known to the app already.
    if model.wizard.step == WizardStep::Everything && model.wizard.keys.of == Proof::File {
        super::onward::page_done(model, fx);
    }
}

pub(in crate::app) fn failed(model: &mut Model, job: JobId, problem: Box<Problem>) {
    if model.wizard.keys.phase == KeyPhase::Working(job) {
        model.wizard.keys.phase = KeyPhase::Failed(problem);
    }
}
