//! The wizard's pages: their words, their fields as `label: value`, the checks as `OK` and `FAILED`.

use super::super::{
    page::{Part, Rows},
    words::{Lines, spoken},
};
use crate::{
    app::{
        Model, Step,
        form::{FieldId, Hosts, Into, Proof, Region},
        steps::{Way, WizardStep, Words},
        views::{Kept, Mode},
        wizard::{ChecksPhase, JupiterOneSide, KeyPhase, Save, Waiting, can, demo, texts},
    },
    domain::{
        check::{Check, CheckStatus, Offer},
        permission::Need,
        registration::Shell,
        target::Destination,
    },
};

pub fn part(model: &Model) -> Part {
    let wizard = &model.wizard;
    let step = wizard.step;
    let place = match wizard.way.number(step) {
        Some(number) if step != WizardStep::Welcome => {
            format!(", {}, page {number} of {}", wizard.way.title(), wizard.way.steps().len())
        }
        _ => String::new(),
    };
    let mut part = Part::titled(format!("Step 1 of 5, {}{place}: {}", Step::Credentials.title(), step.short()));
    let lines = &mut part.lines;
    match step {
        WizardStep::Welcome => welcome(model, lines),
        WizardStep::Check => checks(model, lines),
        WizardStep::Waiting => waiting(model, lines),
        WizardStep::Save => save(model, lines),
        WizardStep::Script => script(model, lines),
        _ => words(model, lines),
    }
    fields(model, &mut part);
    part
}

fn welcome(model: &Model, lines: &mut Lines) {
    lines.say(
        "tenantry copies a Microsoft 365 directory into JupiterOne: its account, users, groups and who is in which \
         group. It only reads Microsoft.",
    );
    lines.say(format!("The steps: {}.", Step::ALL.map(Step::title).join(", ")));
    lines.say("First it needs an app registration in your tenant. How do you want to get there?");
    for way in Way::ALL {
        lines.fact(way.title(), way.about());
    }
    lines.say(format!("Secrets are kept in {}, never in a file.", model.vault));
    if model.fills.is_some() {
        lines.say(
            "This is a demo: tenant and JupiterOne are inside this program. Where values are asked for, fill-in fills in \
             the right ones, fill-in-wrongly mistakes that people make.",
        );
    }
}

fn words(model: &Model, lines: &mut Lines) {
    let wizard = &model.wizard;
    said(wizard.step.words(), lines);
    if wizard.step == WizardStep::Credential {
        said(wizard.fields.proof.words(), lines);
    }
    if wizard.step == WizardStep::Everything {
        lines.say(
            "A line such as tenant=... client=... account=... fills all that it names, whichever field it is given to.",
        );
    }
    if let Some(link) = wizard.link() {
        lines.fact("Link", link);
    }
    let elsewhere = !wizard.fields.on(wizard.step).is_empty() || wizard.step == WizardStep::Line;
    if model.mode == Mode::Demo && !elsewhere {
        lines.say("This is a demo: all that is done in a browser is done already. Read, and go on.");
    }
    if can::is_refused(model)
        && let Some(check) = wizard.checks.first_failed()
    {
        one_check(check, lines);
        lines.say("mend leads to where it is mended.");
    }
}

fn said(all: &[Words], lines: &mut Lines) {
    for words in all {
        match words {
            Words::Say(text) => lines.say(text.split_whitespace().collect::<Vec<_>>().join(" ")),
            Words::Note(text) => lines.fact("Note", text),
            Words::Click(path) => lines.fact("Click", path.join(", then ")),
            Words::Take(text) => lines.fact("Copy", text),
            Words::Gap => {}
        }
    }
}

/// What can be chosen in a field, and which it is.
fn options(model: &Model, id: FieldId) -> Option<(Vec<&'static str>, usize)> {
    fn of<T: Copy + PartialEq, const N: usize>(
        all: [T; N],
        title: fn(T) -> &'static str,
        is: T,
    ) -> (Vec<&'static str>, usize) {
        (all.map(title).to_vec(), all.iter().position(|one| *one == is).unwrap_or(0))
    }
    let fields = &model.wizard.fields;
    Some(match id {
        FieldId::Cloud => of(Hosts::ALL, Hosts::title, fields.hosts),
        FieldId::Proof => of(Proof::ALL, Proof::title, fields.proof),
        FieldId::Shell => of(Shell::ALL, shell, fields.shell),
        FieldId::Into => of(Into::ALL, Into::title, fields.into),
        FieldId::Region => of(Region::ALL, Region::title, fields.region),
        _ => return None,
    })
}

const fn shell(shell: Shell) -> &'static str {
    match shell {
        Shell::AzureCli => "Azure CLI",
        Shell::PowerShell => "PowerShell",
    }
}

/// All fields with what is in them and what is wrong with it; and what the one in focus asks for.
fn fields(model: &Model, part: &mut Part) {
    let wizard = &model.wizard;
    let ids = wizard.fields.on(wizard.step);
    if let Some(fill) = demo::mistake(model)
        .filter(|_| matches!(wizard.step, WizardStep::Everything | WizardStep::Check) || !ids.is_empty())
    {
        let expect = fill.expect.as_deref().map(|code| format!("; it should fail with {code}")).unwrap_or_default();
        part.lines.say(format!("A mistake is filled in: {}{expect}.", fill.title));
    }
    for id in &ids {
        if *id == FieldId::Account && wizard.step == WizardStep::Everything {
            part.lines.say("What follows is of JupiterOne, and may stay empty for now.");
        }
        part.lines.say(field(model, *id));
    }
    if ids.contains(&FieldId::Proof) {
        key(model, &mut part.lines);
    }
    let Some(id) = wizard.focused() else { return };
    let place = wizard.field + 1;
    let of = format!("Field {place} of {}, {}", ids.len(), id.label());
    let now = match options(model, id) {
        Some((titles, at)) => {
            let mark = |(n, title): (usize, &&str)| match n == at {
                true => format!("{title} (chosen)"),
                false => (*title).to_owned(),
            };
            part.rows = titles.iter().enumerate().map(mark).collect();
            part.kind = Rows::Options { at };
            part.about_rows = Some(format!("{} is one of:", id.label()));
            format!("{of}: choose it by its number.")
        }
        None if id.is_secret() => format!("{of}: {}. Type it; it is neither shown nor repeated.", hint(model, id)),
        None => format!("{of}: {}. Type it.", hint(model, id)),
    };
    part.field = Some(spoken(&now));
}

fn field(model: &Model, id: FieldId) -> String {
    format!("{}: {}", id.label(), value(model, id))
}

/// What is said of the field in focus, if something is wrong with it.
pub fn wrong(model: &Model) -> Option<String> {
    let wizard = &model.wizard;
    let id = wizard.focused()?;
    wizard.fields.wrong_on(wizard.step, id).map(|_| spoken(&field(model, id)))
}

fn hint(model: &Model, id: FieldId) -> &'static str {
    let keeps = model.wizard.fields.stored && id.is_secret() && id != FieldId::KeyPassword;
    match (model.wizard.step, id) {
        (WizardStep::App, FieldId::Tenant) => "ID or domain, if you have several; may stay empty",
        _ if keeps => "empty keeps the stored one",
        _ => id.placeholder(),
    }
}

fn value(model: &Model, id: FieldId) -> String {
    let fields = &model.wizard.fields;
    let value = match (options(model, id), fields.text(id), fields.secret_of(id)) {
        (Some((titles, at)), ..) => titles[at].to_owned(),
        (_, Some(text), _) if text.text().is_empty() => "empty".to_owned(),
        (_, Some(text), _) => text.text().to_owned(),
        // Of a secret not even its end is said: somebody may listen.
        (_, _, Some(secret)) if secret.chars() == 0 && fields.stored && id != FieldId::KeyPassword => {
            "empty; the stored one is kept".to_owned()
        }
        (_, _, Some(secret)) if secret.chars() == 0 => "empty".to_owned(),
        (_, _, Some(secret)) => format!("given, {} characters", secret.chars()),
        _ => String::new(),
    };
    match fields.wrong_on(model.wizard.step, id).filter(|_| fields.is_judged(id)) {
        Some(wrong) => format!("{value}. FAILED: {wrong}"),
        None => value,
    }
}

/// What is known of the key that proves the app.
fn key(model: &Model, lines: &mut Lines) {
    let wizard = &model.wizard;
    let proof = wizard.fields.proof;
    if proof == Proof::Secret {
        return;
    }
    match (wizard.keys.view(proof), wizard.keys.problem(proof), &wizard.keys.phase) {
        (Some(view), ..) => {
            let day = |at: jiff::Timestamp| at.to_zoned(model.zone.clone()).date().to_string();
            lines.say(if proof == Proof::Made { "OK: the key is made." } else { "OK: key and certificate were read." });
            lines.fact("Thumbprint", &view.thumbprint_sha1_hex);
            lines.fact("Valid", format!("{} to {}", day(view.not_before), day(view.not_after)));
            if let Some(path) =
                view.cer_path.as_deref().filter(|_| proof == Proof::Made && wizard.step != WizardStep::Script)
            {
                lines.fact("Certificate file", path);
                lines.fact(
                    "Upload that file to your app now",
                    ["Certificates & secrets", "Certificates", "Upload certificate", "the file", "Add"].join(", then "),
                );
            }
        }
        (_, Some(problem), _) => lines.failed(problem),
        (_, _, KeyPhase::Working(_)) => lines.say("One moment: the key."),
        _ if proof == Proof::Made => lines.say("The key is made once you go on."),
        _ => {}
    }
}

fn script(model: &Model, lines: &mut Lines) {
    let wizard = &model.wizard;
    key(model, lines);
    let Some(script) = texts::script(wizard) else { return };
    let place = match wizard.fields.shell {
        Shell::AzureCli => "where az is, after az login; or in Azure Cloud Shell (Bash)",
        Shell::PowerShell => "in PowerShell with the module Microsoft.Graph.Authentication; it asks you to sign in",
    };
    lines.say(format!(
        "1. Take the script, {} lines for {}, and run it {place}.",
        script.lines().count(),
        shell(wizard.fields.shell)
    ));
    lines.say("copy-script says it here, write-script writes it to a file.");
    lines.say(
        "2. As Privileged Role Administrator or Global Administrator it also gives consent; as anybody who may register \
         apps it does the rest, and consent is asked for later.",
    );
    lines.say("3. Take the line that it prints at its end, and go on.");
    if model.mode == Mode::Demo {
        lines.say("This is a demo: there is no Azure to run it in. Go on; fill-in stands in for the line.");
    }
    if let Some(path) = &wizard.written {
        lines.say(format!("OK: written. Run it by: {}", wizard.fields.shell.run_line(path)));
    }
}

fn status(check: &Check) -> &'static str {
    match check.status {
        CheckStatus::Ok => "OK",
        CheckStatus::Failed => "FAILED",
        CheckStatus::CannotCheck => "NOT CHECKED",
        CheckStatus::Warning => "NEEDS YOU",
    }
}

fn one_check(check: &Check, lines: &mut Lines) {
    match (&check.problem, check.status) {
        (Some(problem), CheckStatus::Failed | CheckStatus::Warning) => {
            lines.problem(status(check), check.id.title(), problem)
        }
        (Some(problem), _) => lines.say(format!("{}: {}: {}", status(check), check.id.title(), problem.line())),
        (None, _) => {
            let found = check.found.as_deref().filter(|found| !found.is_empty());
            lines.say(format!(
                "{}: {}{}",
                status(check),
                check.id.title(),
                found.map(|f| format!(": {f}")).unwrap_or_default()
            ));
        }
    }
}

fn checks(model: &Model, lines: &mut Lines) {
    let wizard = &model.wizard;
    let checks = &wizard.checks;
    if matches!(checks.phase, ChecksPhase::Running(_)) {
        lines.say("The checks run.");
    }
    // What was put off is no check.
    let is_told = |check: &&Check| {
        wizard.jupiterone == JupiterOneSide::Given
            || !check.id.is_jupiterone()
            || check.problem.as_ref().and_then(|p| p.code.as_deref()) != Some("put_off")
    };
    for check in checks.done.iter().filter(is_told) {
        one_check(check, lines);
        if let Some(Offer::ConfirmInstance { name, kind }) = &check.offer {
            lines.say("NEEDS YOU: Is this the right JupiterOne instance?");
            lines.fact("Name", name);
            lines.fact("Integration", kind.as_deref().unwrap_or("unknown"));
            lines.fact("Id", wizard.fields.instance.text());
            lines.say(
                "Nothing of this tenant is in it yet, and an upload replaces all that it holds. In another integration's \
                 instance that would be its data.",
            );
        }
        for row in &check.permissions {
            lines.say(match (&row.granted_by, row.need) {
                (Some(by), _) if *by == row.permission => format!("Permission {}: granted", row.permission),
                (Some(by), _) => format!("Permission {}: granted by {by}", row.permission),
                (None, Need::Required | Need::Names) => {
                    format!("Permission {}: MISSING: {}", row.permission, row.without)
                }
                (None, Need::Extra) => format!("Permission {}: not granted: {}", row.permission, row.without),
            });
        }
    }
    match &checks.phase {
        ChecksPhase::Idle => lines.say("Nothing has been checked yet."),
        ChecksPhase::Running(_) => {}
        ChecksPhase::Failed(problem) => lines.failed(problem),
        ChecksPhase::Done => {
            match checks.first_failed() {
                Some(check) => {
                    lines.say(format!("FAILED: it does not work yet. First: {}.", check.id.title()));
                    match &check.offer {
                    Some(Offer::OtherCloud(cloud)) => lines.say(format!(
                        "The tenant seems to live in another cloud: {}. switch-cloud switches to it, and checks again.",
                        cloud.title()
                    )),
                    Some(Offer::UseCertificate) => {
                        lines.say("Your tenant forbids secrets. take-certificate makes a certificate for this app instead.");
                    }
                    Some(Offer::AwaitConsent) => lines.say("continue checks again, and waits until consent is there."),
                    _ => {}
                }
                }
                None if can::asks_instance(model) => lines.say("Say whether it is the right instance."),
                None => lines.say("OK: this works."),
            }
        }
    }
}

fn waiting(model: &Model, lines: &mut Lines) {
    let wizard = &model.wizard;
    match &wizard.waiting {
        Waiting::Over(problem) => lines.problem("NEEDS YOU", &problem.summary, problem),
        Waiting::No => {}
        Waiting::Running { told, .. } => {
            lines.say("TO DO: nobody has allowed the app to read this tenant yet. It is looked for again and again.");
            if let Some(problem) = told.as_ref().and_then(|told| told.problem.as_deref()) {
                lines.fact("The last look failed", problem.line());
            }
        }
    }
    if model.fills.is_some() {
        lines.say("This is a demo: nobody is there to sign in. demo-consent consents, as its administrator would.");
    }
    lines.say(
        "Who can: a Privileged Role Administrator or a Global Administrator of the tenant. An Application Administrator \
         cannot: the permission is one of Microsoft Graph.",
    );
    if let Some(link) = texts::consent_link(wizard) {
        lines.fact("If that is you, open this, sign in, and accept", link);
    }
    lines.say("If it is somebody else: copy-message says a message for them, with the link.");
    if let Some(path) = &wizard.written {
        lines.fact("Written to", path);
    }
}

fn save(model: &Model, lines: &mut Lines) {
    let wizard = &model.wizard;
    let fields = &wizard.fields;
    // A check that passed leads on by itself, before its last lines could be said.
    if can::is_checked(model) {
        lines.say("OK: the checks passed.");
    }
    lines.fact("Tenant", fields.tenant.text());
    lines.fact("Client", fields.client.text());
    lines.fact("Cloud", fields.hosts.title());
    lines.fact(
        "Proven by",
        match (fields.proof, fields.stored && fields.secret.chars() == 0) {
            (Proof::Secret, true) => "what is stored",
            (Proof::Secret, false) => "a secret",
            (Proof::Made, _) => "a certificate made here",
            (Proof::File, _) => "a certificate of a file",
        },
    );
    match (wizard.jupiterone, fields.jupiterone()) {
        (JupiterOneSide::Given, Some(form)) => {
            lines.fact("JupiterOne account", &form.target.account);
            match &form.target.destination {
                Destination::Instance(id) => lines.fact("JupiterOne instance", id),
                Destination::Scope(name) => lines.fact("JupiterOne scope", name),
            }
            lines.fact("JupiterOne API", form.target.origin.as_str());
        }
        _ => lines.fact("JupiterOne", "later; everything but the upload works without it"),
    }
    match &wizard.save {
        Save::No if model.mode == Mode::Demo => {
            lines.say(
                "TO DO: save. This is a demo: profile and secrets are not written, they stay in memory until you quit.",
            );
        }
        Save::No => {
            let to = &model.vault;
            lines.say(format!("TO DO: save. The profile goes into the config directory, its secrets into {to}."));
        }
        Save::Saving(_) => lines.say("Saving. The keyring may ask to be unlocked."),
        Save::Saved(Kept::Keyring(_)) if model.mode == Mode::Demo => {
            lines.say("OK: kept in memory until you quit.");
        }
        Save::Saved(Kept::Keyring(name)) => lines.say(format!("OK: saved in {name}.")),
        Save::Saved(Kept::Memory { keyring, why }) => {
            lines.say(format!("NEEDS YOU: no keyring: {keyring}: {why}"));
            lines.say("The secrets stay in memory for this run, and are asked for again next time. They are never written to a file.");
        }
        Save::Failed(problem) => lines.failed(problem),
    }
}
