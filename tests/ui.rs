//! The terminal UI, driven by keys against a scripted engine: what is shown, at every size, and what never is.

#[path = "ui/answers.rs"]
mod answers;
#[path = "ui/browse.rs"]
mod browse;
#[path = "ui/fake.rs"]
mod fake;
#[path = "ui/files.rs"]
mod files;
#[path = "ui/guards.rs"]
mod guards;
#[path = "ui/hands.rs"]
mod hands;
#[path = "ui/journey.rs"]
mod journey;
#[path = "ui/live.rs"]
mod live;
#[path = "ui/logs.rs"]
mod logs;
#[path = "ui/naming.rs"]
mod naming;
#[path = "ui/near.rs"]
mod near;
#[path = "ui/object.rs"]
mod object;
#[path = "ui/objects.rs"]
mod objects;
#[path = "ui/pictures.rs"]
mod pictures;
#[path = "ui/plain.rs"]
mod plain;
#[path = "ui/profiles.rs"]
mod profiles;
#[path = "ui/recorded.rs"]
mod recorded;
#[path = "ui/screens.rs"]
mod screens;
#[path = "ui/terminal.rs"]
mod terminal;
#[path = "ui/told.rs"]
mod told;
#[path = "ui/wizard.rs"]
mod wizard;
