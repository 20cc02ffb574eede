//! The demo server against the documented behaviour of the services: a plain client asks, nothing of the product's own
//! clients takes part, so that both sides cannot be wrong together.

#[path = "demo_server/assertions.rs"]
mod assertions;
#[path = "demo_server/client.rs"]
mod client;
#[path = "demo_server/delta.rs"]
mod delta;
#[path = "demo_server/graph.rs"]
mod graph;
#[path = "demo_server/jupiterone.rs"]
mod jupiterone;
#[path = "demo_server/login.rs"]
mod login;
#[path = "demo_server/recordings.rs"]
mod recordings;
#[path = "demo_server/scenarios.rs"]
mod scenarios;
#[path = "demo_server/shortcuts.rs"]
mod shortcuts;
#[path = "demo_server/units.rs"]
mod units;
