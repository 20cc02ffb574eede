//! The scripts through the real Azure CLI: its parser, its handling of bodies and queries, its output. Its network and its
//! login alone are stood in for (`real_az.py`).
//!
//! The Python that has it is named by `TENANTRY_AZ_PYTHON`; `.ci/run` installs it.

use std::{fs, process::Command};

use serde_json::{Value, json};
use tenantry::domain::registration::{Registration, Shell, consent_script, register_script};

use super::{
    left_out,
    stand_in::{Bench, CLIENT, HIDDEN, RESOURCE, ROLE, Ran, TENANT, client, registration},
};

/// A bench whose `az` is the real one.
struct Real {
    bench: Bench,
    name: &'static str,
}

impl Real {
    fn new(name: &'static str) -> Option<Self> {
        let Ok(python) = std::env::var("TENANTRY_AZ_PYTHON") else {
            left_out::left_out(name, "TENANTRY_AZ_PYTHON names no Python with the Azure CLI");
            return None;
        };
        let has = Command::new(&python).args(["-c", "import azure.cli.core, msrest"]).output().unwrap();
        assert!(has.status.success(), "{python}: {}", String::from_utf8_lossy(&has.stderr));
        let bench = Bench::new();
        let real = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/scripts/real_az.py");
        bench.program("az", &format!("#!/bin/sh\nexec '{python}' '{real}' \"$@\"\n"));
        let config = bench.path().join("azure");
        fs::create_dir(&config).unwrap();
        // As `az login --allow-no-subscriptions` leaves it.
        let login = json!({ "installationId": CLIENT, "subscriptions": [{
            "id": TENANT, "name": "N/A(tenant level account)", "state": "Enabled", "isDefault": true, "tenantId": TENANT,
            "user": { "name": "ada@contoso.com", "type": "user" }, "environmentName": "AzureCloud",
        }] });
        fs::write(config.join("azureProfile.json"), login.to_string()).unwrap();
        let real = Self { bench, name };
        let app_role =
            |value: &str, id: &str, kind: &str| json!({ "id": id, "value": value, "allowedMemberTypes": [kind] });
        real.set(&json!({ "applications": [], "assignments": [], "requests": [], "late": 0, "no_consent": false,
            "servicePrincipals": [{ "id": RESOURCE, "appId": "00000003-0000-0000-c000-000000000000", "appRoles": [
                app_role("Directory.Read.All", ROLE, "Application"),
                app_role("Member.Read.Hidden", HIDDEN, "Application"),
                app_role("Nothing.Read.All", ROLE, "User"),
            ] }] }));
        Some(real)
    }

    fn set(&self, state: &Value) {
        fs::write(self.bench.path().join("graph.json"), state.to_string()).unwrap();
    }

    fn state(&self) -> Value {
        serde_json::from_slice(&fs::read(self.bench.path().join("graph.json")).unwrap()).unwrap()
    }

    fn change(&self, key: &str, value: Value) {
        let mut state = self.state();
        state[key] = value;
        self.set(&state);
    }

    fn run(&self, script: &str) -> Ran {
        let path = |name: &str| self.bench.path().join(name).display().to_string();
        let (config, state, home) = (path("azure"), path("graph.json"), path("home"));
        self.bench.run_with(
            "sh",
            script,
            &[
                ("AZURE_CONFIG_DIR", &config),
                ("STAND_IN_STATE", &state),
                ("HOME", &home),
                ("AZURE_CORE_COLLECT_TELEMETRY", "no"),
            ],
        )
    }
}

impl Drop for Real {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            left_out::ran(self.name);
        }
    }
}

#[test]
fn the_real_az_registers_the_app_or_left_out() {
    let Some(real) = Real::new("the_real_az_registers_the_app_or_left_out") else { return };
    let name = "O'Neill's \"app\" $(x) `x` é🗝 =@/etc/passwd";
    let mut registration = registration(name);
    registration.permissions.push("Member.Read.Hidden");
    let script = register_script(Shell::AzureCli, &registration);
    real.change("late", json!(1));
    let ran = real.run(&script);
    assert_eq!(ran.status, Some(0), "{}", ran.words);
    assert_eq!(ran.out, format!("tenant={TENANT} client={CLIENT} cloud=global\n"));
    assert_eq!(real.bench.get("waits"), "5\n");
    let state = real.state();
    let app = &state["applications"][0];
    assert_eq!(app["displayName"], name);
    assert_eq!(app["keyCredentials"][0]["key"], "MIIDAzCCAeugAwIBAgIU+a/b==");
    assert_eq!(
        app["requiredResourceAccess"][0]["resourceAccess"],
        json!([
            { "id": ROLE, "type": "Role" }, { "id": HIDDEN, "type": "Role" },
        ])
    );
    assert_eq!(state["assignments"].as_array().unwrap().len(), 2);
    for request in state["requests"].as_array().unwrap() {
        assert_eq!(request["authorization"], "Bearer for https://graph.microsoft.com", "{request}");
        assert!(request["url"].as_str().unwrap().starts_with("https://graph.microsoft.com/v1.0/"), "{request}");
        assert!(request["body"].is_null() || request["type"] == "application/json", "{request}");
    }
    // Again: the script knows its own app by the mark, and adds nothing.
    let again = real.run(&script);
    assert!(again.words.contains("Going on with the app registration that this script made"), "{}", again.words);
    assert_eq!((again.status, again.out), (Some(0), ran.out));
    let state = real.state();
    for (kind, many) in [("applications", 1), ("assignments", 2)] {
        assert_eq!(state[kind].as_array().unwrap().len(), many, "{kind}");
    }
    // Another registration of that name is somebody else's app.
    let other = real.run(&register_script(Shell::AzureCli, &Registration { public_key: None, ..registration }));
    assert_eq!((other.status, other.out.as_str()), (Some(1), ""));
    assert!(other.words.contains("already there. It was not touched"), "{}", other.words);
}

#[test]
fn the_real_az_tells_refusals_or_left_out() {
    let Some(real) = Real::new("the_real_az_tells_refusals_or_left_out") else { return };
    real.change("no_consent", json!(true));
    let by_domain = Registration { tenant: Some("Contoso.com".to_owned()), ..registration("x") };
    let ran = real.run(&register_script(Shell::AzureCli, &by_domain));
    assert_eq!((ran.status, real.bench.get("waits").as_str()), (Some(3), ""), "{}", ran.words);
    assert!(ran.words.contains("Authorization_RequestDenied"), "{}", ran.words);
    assert_eq!(ran.out, format!("tenant={TENANT} client={CLIENT} cloud=global\n"));
    real.change("no_consent", json!(false));
    let ran = real.run(&consent_script(Shell::AzureCli, &by_domain, &client()));
    assert_eq!(ran.status, Some(0), "{}", ran.words);
    assert_eq!(real.state()["assignments"][0]["appRoleId"], ROLE);
    // A role that is only delegated is none for an app.
    let delegated = Registration { permissions: vec!["Nothing.Read.All"], ..registration("y") };
    let ran = real.run(&register_script(Shell::AzureCli, &delegated));
    assert!(ran.words.contains("no application permission Nothing.Read.All"), "{}", ran.words);
    fs::remove_file(real.bench.path().join("azure/azureProfile.json")).unwrap();
    let ran = real.run(&register_script(Shell::AzureCli, &by_domain));
    assert!(ran.words.contains("nobody is logged in to az"), "{}", ran.words);
    assert_eq!(real.state()["applications"].as_array().unwrap().len(), 1);
}
