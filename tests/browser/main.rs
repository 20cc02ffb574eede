//! The exported page (`export --format html`) in a real browser: that it shows what is in the directory, finds it and leads
//! on, by keyboard and on a small screen; and that nothing of a hostile directory ever runs, and nothing is loaded.
//!
//! `TENANTRY_CHROMIUM` names the browser; `.ci/run` installs one.

#![cfg(unix)]

mod chromium;
#[path = "../support/left_out.rs"]
mod left_out;
#[path = "../real/program.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod program;

use std::{collections::BTreeMap, ops::ControlFlow, path::Path};

use chromium::{Chromium, installed};
use program::{Done, Home, Served, by, ndjson};
use serde_json::{Value, json};
use tenantry::{
    domain::{kind::EntityKind, text::visible},
    export::{
        Object, Sink, Source,
        html::{self, About, Lack},
    },
};

const WIDE: [u32; 2] = [1280, 800];
const PHONE: [u32; 2] = [390, 844];

fn file(path: &Path, hash: &str) -> String {
    format!("file://{}{hash}", path.display())
}

/// What some would like to be run, shown or loaded.
const HOSTILE: [&str; 18] = [
    "</script><script>document.documentElement.dataset.ran=1;alert(1)</script>",
    "<img src=x onerror=\"document.documentElement.dataset.ran=1;alert(1)\">",
    "<img src=\"http://127.0.0.1:9/beacon\"><link rel=stylesheet href=\"http://127.0.0.1:9/style\">",
    "<svg onload=alert(1)><iframe srcdoc=\"<script>parent.alert(1)</script>\"></iframe>",
    "javascript:alert(1)",
    "\" autofocus onfocus=\"alert(1)",
    "'-alert(1)-'",
    "</style><style>*{background:url(http://127.0.0.1:9/css)}</style>",
    "<!--<script>",
    "]]>",
    "&lt;b&gt; &amp;#60;",
    "invoice\u{202e}fdp.exe",
    "null\u{0}, line\nbreak, \u{2028} and \u{2029}, zero\u{200b}width",
    "${alert(1)} `${alert(1)}` \\u003cscript\\u003e \\",
    "__proto__",
    "constructor",
    "<base href=\"http://127.0.0.1:9/\"><meta http-equiv=refresh content=\"0;url=http://127.0.0.1:9/\">",
    "<a href=\"javascript:alert(1)\" onclick=alert(1)>click</a>",
];

/// A directory in which everything is hostile: names, keys, names and values of properties.
struct Hostile;

fn all() -> impl Iterator<Item = (usize, &'static str)> {
    HOSTILE.into_iter().enumerate()
}

fn user_key(n: usize) -> String {
    format!("user {n} {}", HOSTILE[n])
}

fn give(sink: Sink<'_>, objects: impl IntoIterator<Item = Value>) {
    let mut objects = objects.into_iter().map(|object| match object {
        Value::Object(object) => object,
        other => panic!("{other}"),
    });
    let _ = objects.try_for_each(|object: Object| -> ControlFlow<()> { sink(object) });
}

impl Source for Hostile {
    type Error = String;

    fn entities(&self, sink: Sink<'_>) -> Result<(), String> {
        give(sink, [json!({ "_key": "tenant", "_type": "account", "displayName": HOSTILE[0] })]);
        give(sink, all().map(|(n, text)| json!({ "_key": format!("group {n}"), "_type": "group", "displayName": text, "mail": text })));
        give(
            sink,
            all().map(|(n, text)| {
                let mut user = json!({ "_key": user_key(n), "_type": "user", "displayName": text, "userPrincipalName": text,
                    "email": [text], "userType": "Guest", "createdOn": 1_590_774_682_000_u64, "nothing": null, "deep": { text: [text] } });
                user[text] = json!(text);
                user
            }),
        );
        give(sink, all().map(|(n, text)| json!({ "_key": format!("member {n}"), "_type": "member", "displayName": text, "memberType": text })));
        Ok(())
    }

    fn relationships(&self, sink: Sink<'_>) -> Result<(), String> {
        let has = |from: String, to: String| json!({ "_key": format!("{from}|has|{to}"), "_type": "has", "_class": "HAS", "_fromEntityKey": from, "_toEntityKey": to });
        give(sink, all().map(|(n, _)| has("tenant".to_owned(), user_key(n))));
        for (n, text) in all() {
            let group = format!("group {n}");
            give(sink, all().map(|(m, _)| has(group.clone(), user_key(m))));
            give(
                sink,
                [
                    has(group.clone(), format!("member {n}")),
                    has(group.clone(), format!("group {}", (n + 1) % HOSTILE.len())),
                ],
            );
            let target =
                json!({ "_key": format!("{text} unread"), "_type": "user", "displayName": text, "email": text });
            give(
                sink,
                [json!({ "_key": format!("{group}|has|{text}"), "_type": "has", "_class": "HAS",
                "_mapping": { "sourceEntityKey": group, "targetEntity": target } })],
            );
        }
        Ok(())
    }
}

fn hostile_about() -> About {
    let lack = |text: &str| Lack { about: text.to_owned(), what: text.to_owned(), means: text.to_owned() };
    About {
        tenant_id: HOSTILE[1].to_owned(),
        run: 1,
        read_at: HOSTILE[2].to_owned(),
        naming: "active-directory",
        by: "tenantry".to_owned(),
        counts: HOSTILE.iter().map(|text| ((*text).to_owned(), 1)).collect::<BTreeMap<_, _>>(),
        entities: 55,
        relationships: 400,
        findings: HOSTILE.iter().map(|text| lack(text)).collect(),
    }
}

fn kind(of: &str) -> EntityKind {
    match of {
        "account" => EntityKind::Account,
        "user" => EntityKind::User,
        "group" => EntityKind::Group,
        _ => EntityKind::Member,
    }
}

/// That nothing but the page's own script and elements are there.
const CLEAN: &str = "[
    document.documentElement.dataset.ran ?? 'nothing ran',
    [...document.scripts].filter((s) => s.type !== 'application/json').length,
    document.querySelectorAll('img,iframe,object,embed,base,link,form:not(#form),meta[http-equiv=refresh],video,audio,style ~ style').length,
    [...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on'))).length,
    [...document.links].filter((a) => !a.getAttribute('href').startsWith('#')).length,
    Object.prototype.polluted ?? 'nothing',
].join()";

#[test]
fn nothing_of_a_hostile_directory_runs_or_is_loaded_or_left_out() {
    const NAME: &str = "nothing_of_a_hostile_directory_runs_or_is_loaded_or_left_out";
    let Some(program) = installed(NAME) else { return };
    let home = Home::new();
    let mut browser = Chromium::start(&program, home.dir.path(), WIDE);

    // The same names in a page of somebody who takes no care: all of what is looked for below is seen there.
    let careless = home.path("careless.html");
    std::fs::write(&careless, format!("<!doctype html><body>{}", HOSTILE[..4].join("\n"))).unwrap();
    browser.open(&file(&careless, ""));
    browser.settle();
    assert!(!browser.dialogs.is_empty() && browser.requests.iter().any(|url| url.contains("beacon")));
    assert_ne!(browser.text(CLEAN), "nothing ran,1,0,0,0,nothing");
    (browser.requests, browser.dialogs, browser.complaints) = Default::default();

    let page = home.path("page.html");
    html::write(&page, &hostile_about(), &kind, &Hostile).unwrap();
    browser.open(&file(&page, ""));
    let shown = visible(HOSTILE[0]).into_owned();
    assert_eq!(browser.text("document.querySelector('h1').textContent"), shown);
    assert_eq!(browser.eval("document.querySelectorAll('.note').length"), json!(HOSTILE.len()), "every gap is told");
    assert_eq!(browser.text(CLEAN), "nothing ran,1,0,0,0,nothing");

    for (n, text) in all() {
        let shown = visible(text).into_owned();
        // As a link that somebody was sent.
        let id = json!(visible(&user_key(n)));
        browser.eval(&format!("location.hash = new URLSearchParams({{ id: {id} }})"));
        browser.settle();
        assert_eq!(browser.text("document.querySelector('#page h2').textContent"), shown);
        let properties = browser.text("document.querySelector('dl.properties').textContent");
        assert!(properties.matches(&shown).count() >= 4, "{shown}: {properties}");
        assert!(properties.contains("2020-05-29 17:51 UTC") && !properties.contains("nothing"), "{properties}");
        // Everything that can be pressed there, and then a name that leads on.
        browser
            .eval("for (let n = 0; n < 3; n += 1) document.querySelectorAll('#page button').forEach((b) => b.click())");
        browser.eval("document.querySelector('.node.group > a').click()");
        browser.settle();
        assert_eq!(browser.text(CLEAN), "nothing ran,1,0,0,0,nothing", "{text}");
        // As a person types it.
        browser.eval("document.querySelector('#search').value = ''; document.querySelector('#search').focus()");
        browser.types(&shown);
        let found = browser.eval("[...document.querySelectorAll('#list .name')].map((e) => e.textContent)");
        let found = found.as_array().unwrap();
        assert!(found.len() >= 3 && found.contains(&json!(shown)), "{shown}: {found:?}");
        // As the address tells it: hostile text is only ever compared.
        browser.eval(&format!("location.hash = {}", json!(text)));
        browser.settle();
    }
    assert_eq!(browser.text(CLEAN), "nothing ran,1,0,0,0,nothing");
    assert_eq!(browser.dialogs, Vec::<String>::new());
    assert_eq!(browser.complaints, Vec::<String>::new());
    assert!(browser.requests.iter().all(|url| url.starts_with(&file(&page, ""))), "{:?}", browser.requests);

    // And if anything ever did get through, it would neither run nor load.
    let smuggled =
        std::fs::read_to_string(&page).unwrap().replace("<main>", &format!("<main>{}", HOSTILE[..4].join("\n")));
    std::fs::write(&page, smuggled).unwrap();
    browser.open("about:blank");
    browser.open(&file(&page, "#kind=user"));
    browser.settle();
    assert!(browser.text(CLEAN).starts_with("nothing ran,"));
    assert_eq!(browser.dialogs, Vec::<String>::new());
    assert!(
        browser.complaints.iter().any(|words| words.contains("Content Security Policy")),
        "{:?}",
        browser.complaints
    );
    left_out::ran(NAME);
}

/// What the results are, as long as nothing more is asked for.
const FOUND: &str =
    "[...document.querySelectorAll('#list .row')].map((row) => new URLSearchParams(row.hash.slice(1)).get('id'))";

#[test]
fn the_page_of_a_tenant_is_searched_and_walked_or_left_out() {
    const NAME: &str = "the_page_of_a_tenant_is_searched_and_walked_or_left_out";
    let Some(program) = installed(NAME) else { return };
    let home = Home::new();
    let served = Served::start(&home, &["--users", "300", "--groups", "40", "--seed", "7"]);
    served.run(&home, &["collect", "--json"]).expect(0);
    let (page, files) = (home.path("page.html"), home.path("files"));
    for (format, out) in [("html", &page), ("ndjson", &files)] {
        let done = served.tenantry(&home).args(["export", "--json", "--format", format, "--out"]).arg(out).output();
        Done::of(&done.unwrap()).expect(0);
    }
    let entities = by(ndjson(&files.join("entities.ndjson")), "_key");
    let edges = ndjson(&files.join("relationships.ndjson"));
    let of_type = |of: &str| entities.values().filter(|e| e["_type"] == of).collect::<Vec<_>>();
    let users = of_type("active_directory_user");
    let key = |object: &Value, name: &str| object[name].as_str().unwrap().to_owned();

    let mut browser = Chromium::start(&program, home.dir.path(), WIDE);
    browser.open(&file(&page, ""));
    let cards = browser.text("[...document.querySelectorAll('.card')].map((c) => c.textContent).join(', ')");
    assert!(
        cards.starts_with(&format!("{}users, {}groups, ", users.len(), of_type("active_directory_user_group").len())),
        "{cards}"
    );
    assert!(browser.text("document.querySelector('#page').textContent").contains("Complete: everything"));
    let account = of_type("active_directory_account")[0];
    assert_eq!(browser.text("document.querySelector('h1').textContent"), visible(&key(account, "displayName")));

    // By name, login and key; the first key stroke goes to the search.
    let search = |browser: &mut Chromium, text: &str| {
        browser.eval("document.activeElement.blur()");
        browser.press("/", 191);
        browser.types(text);
        browser.eval(FOUND).as_array().unwrap().clone()
    };
    for user in users.iter().step_by(37) {
        for text in [key(user, "userPrincipalName"), key(user, "_key"), visible(&key(user, "displayName")).into_owned()]
        {
            let found = search(&mut browser, &text);
            assert!(found.contains(&user["_key"]), "{text}: {found:?}");
            assert!(found.len() <= 3, "{text}: {found:?}");
        }
    }
    assert_eq!(search(&mut browser, "no such name at all").len(), 0);
    let guests = users.iter().filter(|user| user["userType"] == "Guest").count();
    assert_eq!(search(&mut browser, "guest").len(), guests);

    // A group with many members, by keyboard alone.
    let members = |group: &Value| {
        let of = edges.iter().filter(|edge| edge["_fromEntityKey"] == group["_key"]);
        of.map(|edge| key(edge, "_toEntityKey")).collect::<Vec<_>>()
    };
    let mut groups = of_type("active_directory_user_group");
    groups.sort_by_key(|group| std::cmp::Reverse(members(group).len()));
    let (group, all) = (groups[1], members(groups[1]));
    assert!(all.len() > 10, "a group worth the test: {}", all.len());
    search(&mut browser, &key(group, "_key"));
    browser.press("ArrowDown", 40);
    browser.press("Enter", 13);
    assert_eq!(browser.text("document.querySelector('#page h2').textContent"), visible(&key(group, "displayName")));
    assert_eq!(browser.text("document.activeElement.id"), "page");
    let listed = browser.eval("[...document.querySelectorAll('#page .panel')].find((p) => p.querySelector('h3')?.textContent === 'Members').querySelectorAll('.row').length");
    assert_eq!(listed, json!(all.len().min(100)));
    assert_eq!(
        browser.eval(
            "document.querySelectorAll('.map .node').length > 10 && document.querySelectorAll('.map path').length > 10"
        ),
        json!(true)
    );
    let left = browser.text("document.querySelector('.node.rest')?.textContent ?? ''");
    assert_eq!(left, format!("… and {} more", all.len() - 10));
    // What is left out is a button, and a member leads on; the trail leads back.
    let before = browser.eval("document.querySelectorAll('.map .node').length");
    browser.eval("document.querySelector('.node.rest button').click()");
    assert!(browser.eval("document.querySelectorAll('.map .node').length").as_u64() > before.as_u64());
    browser.eval("document.querySelector('.node:not(.here) a').click()");
    browser.settle();
    assert_eq!(browser.eval("document.querySelectorAll('#trail a').length"), json!(2));
    browser.eval("history.back()");
    browser.settle();
    let back = "document.querySelector('#page h2')?.textContent";
    while browser.eval(back) != json!(visible(&key(group, "displayName"))) {
        browser.settle();
    }

    // On a telephone nothing is cut off at the side.
    let id = key(group, "_key");
    for hash in ["", "#q=a", "#kind=group", &format!("#id={id}")] {
        for size in [PHONE, WIDE] {
            browser.resize(size);
            browser.open("about:blank");
            browser.open(&file(&page, hash));
            let wide = browser.eval("document.documentElement.scrollWidth").as_u64().unwrap();
            assert!(wide <= u64::from(size[0]), "{hash} at {size:?}: {wide}");
        }
    }
    assert_eq!(browser.dialogs, Vec::<String>::new());
    assert_eq!(browser.complaints, Vec::<String>::new());
    let own = |url: &String| url.starts_with(&file(&page, "")) || url == "about:blank";
    assert!(browser.requests.iter().all(own), "{:?}", browser.requests);
    left_out::ran(NAME);
}
