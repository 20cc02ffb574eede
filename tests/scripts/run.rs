//! The scripts for `az`, run by real shells against the stand-in.

use proptest::prelude::*;
use tenantry::domain::{
    cloud::Cloud,
    registration::{Registration, Shell, consent_script, read_pasted, register_script},
};

use super::stand_in::{Bench, CLIENT, HIDDEN, RESOURCE, ROLE, Ran, TENANT, client, registration};

fn register(bench: &Bench, registration: &Registration) -> Ran {
    bench.run("sh", &register_script(Shell::AzureCli, registration))
}

#[track_caller]
fn stopped(ran: &Ran, words: &[&str]) {
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""), "{}", ran.words);
    for part in words {
        assert!(ran.words.contains(part), "{part}: {}", ran.words);
    }
}

#[test]
fn registering_makes_the_app_and_prints_one_line() {
    let mut registration = registration("JupiterOne");
    registration.permissions.push("Member.Read.Hidden");
    for shell in ["sh", "bash", "bash --posix"] {
        let bench = Bench::new();
        let ran = bench.run(shell, &register_script(Shell::AzureCli, &registration));
        assert_eq!(ran.status, Some(0), "{shell}: {}", ran.words);
        assert_eq!(ran.out, format!("tenant={TENANT} client={CLIENT} cloud=global\n"));
        let pasted = read_pasted(&ran.out).unwrap().unwrap();
        assert_eq!((pasted.tenant.as_deref(), pasted.client.as_deref()), (Some(TENANT), Some(CLIENT)));
        let posted = bench.posted();
        let paths: Vec<_> =
            posted.iter().map(|(path, _)| path.trim_start_matches("https://graph.microsoft.com/v1.0/")).collect();
        let assignments = "servicePrincipals/6a1b1c0e-8d2f-4f6d-9f44-0c6f6c4f2b11/appRoleAssignments";
        assert_eq!(paths, ["applications", "servicePrincipals", assignments, assignments]);
        let app = &posted[0].1;
        assert_eq!(app["displayName"], "JupiterOne");
        assert_eq!(app["signInAudience"], "AzureADMyOrg");
        assert_eq!(
            app["requiredResourceAccess"],
            serde_json::json!([{
                "resourceAppId": "00000003-0000-0000-c000-000000000000",
                "resourceAccess": [{ "id": ROLE, "type": "Role" }, { "id": HIDDEN, "type": "Role" }],
            }])
        );
        assert_eq!(
            app["keyCredentials"],
            serde_json::json!([{
                "type": "AsymmetricX509Cert",
                "usage": "Verify",
                "key": "MIIDAzCCAeugAwIBAgIU+a/b==",
                "displayName": "tenantry on \"ada's\" machine",
            }])
        );
        assert_eq!(posted[1].1, serde_json::json!({ "appId": CLIENT }));
        assert_eq!(posted[2].1["resourceId"], RESOURCE);
        assert_eq!([&posted[2].1["appRoleId"], &posted[3].1["appRoleId"]], [ROLE, HIDDEN]);
        assert_eq!(bench.get("waits"), "", "nothing was late");
        // Nothing is left behind but the state.
        let left: Vec<_> = std::fs::read_dir(bench.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "{left:?}");
    }
}

#[test]
fn each_cloud_has_its_own_graph() {
    for (cloud, az, graph) in [
        (Cloud::UsGov, "AzureUSGovernment", "https://graph.microsoft.us"),
        (Cloud::Dod, "AzureUSGovernment", "https://dod-graph.microsoft.us"),
        (Cloud::China, "AzureChinaCloud", "https://microsoftgraph.chinacloudapi.cn"),
    ] {
        let bench = Bench::new();
        let registration = Registration { cloud, ..registration("x") };
        let wrong = register(&bench, &registration);
        stopped(&wrong, &["AzureCloud", &format!("az cloud set --name {az}"), &format!("--tenant {TENANT}")]);
        assert!(bench.calls().iter().all(|call| call[0] == "cloud"), "nothing was asked of the wrong cloud");
        bench.set("cloud", &format!("{az}\r\n"));
        let ran = register(&bench, &registration);
        assert_eq!(ran.out, format!("tenant={TENANT} client={CLIENT} cloud={cloud}\n"), "{}", ran.words);
        for call in bench.calls().iter().filter(|call| call[0] == "rest") {
            assert!(call[4].starts_with(&format!("{graph}/v1.0/")), "{call:?}");
            assert_eq!(call[5..7], ["--resource".to_owned(), graph.to_owned()]);
        }
    }
}

#[test]
fn who_is_not_logged_in_to_the_right_tenant_is_told_how() {
    let bench = Bench::new();
    bench.set("tenant", "");
    stopped(&register(&bench, &registration("x")), &["nobody is logged in", &format!("--tenant {TENANT}")]);
    bench.set("tenant", "11111111-274d-4ec0-a5c1-276be684bdd3\n");
    let other = register(&bench, &registration("x"));
    stopped(&other, &["11111111-274d-4ec0-a5c1-276be684bdd3, and not to 84841066", "az login"]);
    let by = |domain: &str| Registration { tenant: Some(domain.to_owned()), ..registration("x") };
    stopped(&register(&bench, &by("fabrikam.com")), &["and not to fabrikam.com"]);
    stopped(&register(&bench, &by("ontoso.com")), &["and not to ontoso.com"]);
    assert_eq!(bench.posted(), []);
    assert_eq!(register(&bench, &by("CONTOSO.com")).status, Some(0));
    let bench = Bench::new();
    let anywhere = register(&bench, &Registration { tenant: None, ..registration("x") });
    assert_eq!(anywhere.status, Some(0));
    assert!(anywhere.words.starts_with(&format!("Tenant: {TENANT}\n")), "{}", anywhere.words);
    let bench = Bench::new();
    bench.program("az", "#!/bin/sh\necho unexpected\n");
    stopped(&register(&bench, &registration("x")), &["the cloud unexpected"]);
}

#[test]
fn without_az_it_says_where_to_get_it() {
    let bench = Bench::new();
    // A PATH with all that the script needs, and no az.
    std::fs::remove_file(bench.path().join("bin/az")).unwrap();
    for tool in ["mktemp", "rm", "cat", "tr", "sed"] {
        let found =
            ["/usr/bin", "/bin"].map(|dir| std::path::Path::new(dir).join(tool)).into_iter().find(|p| p.exists());
        std::os::unix::fs::symlink(found.unwrap(), bench.path().join("bin").join(tool)).unwrap();
    }
    let path = bench.path().join("bin").display().to_string();
    let script = register_script(Shell::AzureCli, &registration("x"));
    let ran = bench.run_with("/bin/sh", &script, &[("PATH", &path)]);
    stopped(&ran, &["the Azure CLI (az) is not on this machine", "https://aka.ms/azure-cli"]);
}

#[test]
fn an_app_of_that_name_is_left_alone() {
    let check = |apps: &str| {
        let bench = Bench::new();
        bench.set("apps", apps);
        stopped(
            &register(&bench, &registration("x")),
            &["already there. It was not touched:", "11111111-", "another name"],
        );
        assert_eq!(bench.posted(), []);
    };
    check("11111111-9ff3-47b6-9bfb-4f1264799865 \n");
    check("11111111-9ff3-47b6-9bfb-4f1264799865 other,tenantry-0000000000000000\n");
    check("11111111-9ff3-47b6-9bfb-4f1264799865 \n22222222-9ff3-47b6-9bfb-4f1264799865 x\n");
}

#[test]
fn what_is_late_is_waited_for_and_not_for_ever() {
    let bench = Bench::new();
    bench.set("late_principal", "2");
    bench.set("late_consent", "1");
    let ran = register(&bench, &registration("x"));
    assert_eq!((ran.status, bench.get("waits").as_str()), (Some(0), "5\n10\n5\n"), "{}", ran.words);
    let bench = Bench::new();
    bench.set("late_principal", "100");
    let ran = register(&bench, &registration("x"));
    stopped(
        &ran,
        &[
            "service principal cannot be made",
            "does not reference",
            &format!("Made so far: the app registration (client ID {CLIENT})"),
        ],
    );
    assert_eq!(bench.get("waits"), "5\n10\n15\n20\n25\n");
}

#[test]
fn consent_that_is_refused_is_left_to_another_person() {
    let bench = Bench::new();
    bench.set("no_consent", "");
    let ran = register(&bench, &registration("x"));
    assert_eq!((ran.status, bench.get("waits").as_str()), (Some(3), ""), "a refusal is not tried again: {}", ran.words);
    assert_eq!(ran.out, format!("tenant={TENANT} client={CLIENT} cloud=global\n"), "the line is printed all the same");
    for part in [
        "Privileged Role Administrator or Global Administrator",
        "Authorization_RequestDenied",
        &format!("/~/CallAnAPI/appId/{CLIENT}/isMSAApp~/false"),
        &format!("tenantry script consent --cloud global --tenant-id {TENANT} --client-id {CLIENT}"),
    ] {
        assert!(ran.words.contains(part), "{part}: {}", ran.words);
    }
    let second = consent_script(Shell::AzureCli, &registration("x"), &client());
    stopped(&bench.run("sh", &second), &["consent cannot be given by who is logged in", "CallAnAPI"]);
    bench.forget("no_consent");
    let ran = bench.run("sh", &second);
    assert_eq!((ran.status, ran.out), (Some(0), format!("tenant={TENANT} client={CLIENT} cloud=global\n")));
    assert_eq!(bench.get("assigned"), format!("{ROLE}\n"));
    let again = bench.run("bash", &second);
    assert_eq!((again.status, bench.get("assigned")), (Some(0), format!("{ROLE}\n")), "consent is given once");
    assert_eq!(bench.posted().iter().filter(|(path, _)| path.ends_with("applications")).count(), 1);
}

#[test]
fn what_was_cut_off_is_gone_on_with() {
    let bench = Bench::new();
    bench.set("kill", "");
    let ran = register(&bench, &registration("x"));
    stopped(&ran, &["Stopped: it was cut off", &format!("Made so far: the app registration (client ID {CLIENT})")]);
    bench.forget("kill");
    bench.set("calls", "");
    let ran = register(&bench, &registration("x"));
    assert_eq!(ran.status, Some(0), "{}", ran.words);
    assert!(ran.words.contains("Going on with the app registration that this script made"), "{}", ran.words);
    assert!(!bench.posted().iter().any(|(path, _)| path.ends_with("applications")), "no second app");
    // With another key it is another registration, and the app is somebody else's.
    let mut other = registration("x");
    other.public_key.as_mut().unwrap().certificate_base64.push('A');
    stopped(&register(&bench, &other), &["already there"]);
}

#[test]
fn a_script_that_was_cut_short_does_nothing() {
    let bench = Bench::new();
    let script = register_script(Shell::AzureCli, &registration("x"));
    let lines: Vec<_> = script.lines().collect();
    for keep in (10..lines.len() - 1).step_by(17) {
        let _ = bench.run("sh", &lines[..keep].join("\n"));
        assert_eq!(bench.calls().len(), 0, "{keep}");
    }
}

#[test]
fn a_role_that_the_cloud_does_not_know_stops_it() {
    let bench = Bench::new();
    let registration =
        Registration { permissions: vec!["Directory.Read.All", "Nothing.Read.All"], ..registration("x") };
    stopped(&register(&bench, &registration), &["no application permission Nothing.Read.All"]);
    bench.set("roles", "");
    stopped(&register(&bench, &registration), &["no service principal of Microsoft Graph"]);
    assert_eq!(bench.posted(), []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    /// Whatever a name looks like, the shell executes none of it, and Graph gets it as it is.
    #[test]
    fn a_name_is_only_a_name(tail in "([ -~]|\\$\\(touch canary\\)|`touch canary`|';touch canary;'|\"|\\\\|=@/etc/passwd|[éß🗝’“])*") {
        let name: String = format!("x{tail}").chars().take(120).collect();
        let name = name.trim();
        let bench = Bench::new();
        let ran = register(&bench, &registration(name));
        prop_assert_eq!(ran.status, Some(0), "{}", ran.words);
        prop_assert_eq!(&bench.posted()[0].1["displayName"], name);
        let filter = format!("$filter=displayName eq '{}'", name.replace('\'', "''"));
        prop_assert!(bench.calls().iter().any(|call| call.contains(&filter)), "{}", filter);
        prop_assert!(!bench.path().join("canary").exists());
        prop_assert!(ran.out.lines().count() == 1);
    }
}
