//! The formats that are one file: trees, GraphML and the page.

use super::*;
use crate::domain::kind::EntityKind;

/// Two states, and every format of one file.
type Write = fn(&Path, &Fake) -> Result<ExportReport, ExportError<String>>;
const ALL: [Write; 3] = [
    |path, source| tree::write(path, source),
    |path, source| graphml::write(path, source),
    |path, source| html::write(path, &about_of(source), &kind, source),
];

fn kind(of: &str) -> EntityKind {
    if of == "group" { EntityKind::Group } else { EntityKind::User }
}

fn about_of(source: &Fake) -> html::About {
    html::About {
        tenant_id: "tenant".to_owned(),
        run: 7,
        read_at: "2026-11-22 10:00 UTC".to_owned(),
        naming: "active-directory",
        by: "tenantry".to_owned(),
        counts: BTreeMap::new(),
        entities: source.entities.len() as u64,
        relationships: source.relationships.len() as u64,
        findings: Vec::new(),
    }
}

#[test]
fn a_file_is_replaced_whole_and_only_where_such_an_export_made_it() {
    for write in ALL {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("within").join("it");
        let report = write(&path, &fake(&["u1"])).unwrap();
        assert_eq!((report.entities, report.relationships, &report.files), (2, 1, &vec![path.clone()]));
        assert_eq!(report.bytes, fs::metadata(&path).unwrap().len());
        is_private(path.parent().unwrap(), &report.files);

        let before = files(folder.path());
        write(&path, &Fake { broken: true, ..fake(&["u1", "u2"]) }).unwrap_err();
        assert_eq!(files(folder.path()), before, "and nothing is left beside it");
        assert_eq!(write(&path, &fake(&["u1", "u2"])).unwrap().entities, 3);
        assert_ne!(files(folder.path()), before);

        fs::write(&path, "my thesis").unwrap();
        let error = write(&path, &fake(&["u1"])).unwrap_err();
        assert!(matches!(error, ExportError::InTheWay { .. }), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "my thesis");
        let error = write(folder.path(), &fake(&["u1"])).unwrap_err();
        assert!(matches!(error, ExportError::IsFolder { .. }), "{error}");
        assert!(error.problem(|_| unreachable!()).hint.is_some());
        assert_eq!(names(folder.path()), ["within/it"]);
    }
}

#[test]
fn a_tree_is_as_j1ql_answers() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = fake(&["u1"]);
    source.relationships.push(mapped("g1", "u9"));
    tree::write(&folder.path().join("it"), &source).unwrap();
    let tree: Value = serde_json::from_str(&files(folder.path())["it"]).unwrap();
    assert_eq!(tree["type"], "tree");
    let named = |key: &str, of: &str, class: Value, name: &str| json!({ "_key": key, "_type": of, "_class": class, "_source": "integration-external", "displayName": name });
    assert_eq!(
        tree["data"]["vertices"],
        json!([
            { "id": "g1", "entity": named("g1", "group", json!(["UserGroup"]), "=Sales"), "properties": {} },
            { "id": "u1", "entity": named("u1", "user", json!(["User"]), HOSTILE), "properties":
              { "createdOn": 1_590_774_682_000_u64, "email": ["u1@contoso.com"], "isActive": true, "jobTitle": null } },
        ])
    );
    let edge = |to: &str| {
        let key = format!("g1|has|{to}");
        let mut relationship = named(&key, "group_has_user", json!("HAS"), "HAS");
        relationship["_fromEntityKey"] = json!("g1");
        relationship["_toEntityKey"] = json!(to);
        json!({ "id": key, "fromVertexId": "g1", "toVertexId": to, "relationship": relationship, "properties": {} })
    };
    assert_eq!(tree["data"]["edges"], json!([edge("u1"), edge("u9")]), "a mapped one has its ends as well");
    tree::write(&folder.path().join("it"), &Fake::default()).unwrap();
    let empty: Value = serde_json::from_str(&files(folder.path())["it"]).unwrap();
    assert_eq!(empty["data"], json!({ "vertices": [], "edges": [] }));
}

#[test]
fn a_pair_of_trees_is_replaced_together() {
    let folder = tempfile::tempdir().unwrap();
    let report = tree::write_pair(folder.path(), &fake(&["u1"]), &fake(&["u1", "u2"])).unwrap();
    assert_eq!((report.entities, report.relationships), (3, 2), "the newer one's");
    assert_eq!(report.files, [folder.path().join("old.json"), folder.path().join("new.json")]);
    let before = files(folder.path());
    assert_eq!(report.bytes as usize, before.values().map(String::len).sum::<usize>());
    let broken = Fake { broken: true, ..fake(&["u3"]) };
    tree::write_pair(folder.path(), &fake(&["u2"]), &broken).unwrap_err();
    assert_eq!(files(folder.path()), before);
}

const GRAPHML: &str = "http://graphml.graphdrawing.org/xmlns";

/// What a parser of XML finds: the columns, by their ids as `node _key string`, and each node's and edge's data by column.
fn read(text: &str) -> (BTreeMap<String, String>, Vec<BTreeMap<String, String>>) {
    let xml = roxmltree::Document::parse(text).unwrap();
    let all = |name: &'static str| xml.descendants().filter(move |node| node.has_tag_name((GRAPHML, name)));
    let told = |node: &roxmltree::Node<'_, '_>, name: &str| node.attribute(name).unwrap_or_default().to_owned();
    let columns: BTreeMap<_, _> = all("key")
        .map(|key| {
            (told(&key, "id"), format!("{} {} {}", told(&key, "for"), told(&key, "attr.name"), told(&key, "attr.type")))
        })
        .collect();
    let objects = all("node").chain(all("edge")).map(|node| {
        let data = node.children().filter(|child| child.has_tag_name((GRAPHML, "data"))).map(|data| {
            let column = &columns[data.attribute("key").unwrap()];
            let value: String = data.descendants().filter_map(|n| n.is_text().then(|| n.text()).flatten()).collect();
            (column.split(' ').nth(1).unwrap().to_owned(), value)
        });
        let attributes = node.attributes().map(|a| (format!("@{}", a.name()), a.value().to_owned()));
        data.chain(attributes).collect()
    });
    let objects = objects.collect();
    (columns, objects)
}

#[test]
fn graphml_is_read_back_by_a_parser_of_xml() {
    let folder = tempfile::tempdir().unwrap();
    let mut source = fake(&["u1"]);
    let odd = "]]></data><node id=\"n9\"/> & \u{0}\u{ffff}\u{fffe}\u{b}\u{202e}\u{1f600} --> <!ENTITY x>";
    let mut other = user("u\"2'><", odd);
    other["score"] = json!(3);
    other["jobTitle"] = json!(odd);
    source.entities[1]["score"] = json!(0.5);
    source.entities[1]["members"] = json!(12);
    source.entities.push(other);
    source.relationships.push(has("g1", "u\"2'><"));
    source.relationships.push(mapped("g1", "u9"));
    source.relationships.push(mapped("g2", "u9"));
    source.relationships[3]["_mapping"]["targetEntity"]["displayName"] = json!(odd);
    let report = graphml::write(&folder.path().join("it"), &source).unwrap();
    assert_eq!((report.entities, report.relationships), (3, 4));
    let (columns, objects) = read(&files(folder.path())["it"]);
    let of = |wanted: &str| columns.values().any(|column| column == wanted);
    for column in [
        "node label string",
        "node _key string",
        "node isActive boolean",
        "node createdOn string",
        "node email string",
        "node score double",
        "node members long",
        "edge _type string",
        "edge mapped boolean",
    ] {
        assert!(of(column), "{column}: {columns:?}");
    }
    let seen = "]]></data><node id=\"n9\"/> & ␀\u{fffd}\u{fffd}␋‹U+202E›\u{1f600} --> <!ENTITY x>";
    let by_id = |id: &str| objects.iter().find(|object| object["@id"] == id).unwrap();
    assert_eq!(objects.len(), 5 + 4, "three, and the ends of two that were not read: {objects:?}");
    let two = by_id("n2");
    assert_eq!((&*two["label"], &*two["jobTitle"], &*two["_key"], &*two["score"]), (seen, seen, "u\"2'><", "3"));
    assert_eq!((&*two["createdOn"], &*two["isActive"], &*two[""]), ("2020-05-29T17:51:22Z", "true", seen));
    assert!(!by_id("n1").contains_key("jobTitle"), "null is nothing");
    let unread = |id: &str, key: &str, label: &str| {
        let node = by_id(id);
        assert_eq!((&*node["_key"], &*node["label"], &*node["no_entity"]), (key, label, "true"), "{id}");
    };
    unread("n3", "u9", "u9");
    unread("n4", "g2", "g2");
    let ends: Vec<_> = (0..4).map(|n| by_id(&format!("e{n}"))).map(|e| (&*e["@source"], &*e["@target"])).collect();
    assert_eq!(ends, [("n0", "n1"), ("n0", "n2"), ("n0", "n3"), ("n4", "n3")]);
    assert_eq!((&*by_id("e2")["mapped"], &*by_id("e2")["_type"]), ("true", "group_has_user"));
}

/// The page's blocks of JSON, by what they are of, one after the other.
fn blocks(page: &str, of: &str) -> Vec<Value> {
    let begin = format!("<script type=\"application/json\" data-of=\"{of}\">");
    page.split(&begin)
        .skip(1)
        .map(|rest| serde_json::from_str(rest.split("</script>").next().unwrap()).unwrap())
        .collect()
}

#[test]
fn a_page_holds_everything_as_data() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let hostile = "</script><!-- \u{2028} & \u{202e}";
    let mut source = fake(&["u1"]);
    source.entities.push(user("u2", hostile));
    source.entities[2]["mail"] = json!(hostile);
    source.entities[2]["userType"] = json!("Guest");
    source.relationships.push(has("g1", "u2"));
    source.relationships.push(mapped("g1", "u9"));
    source.relationships.push(has("g2", "u2"));
    let report = html::write(&path, &about_of(&source), &kind, &source).unwrap();
    assert_eq!((report.entities, report.relationships), (3, 4));
    let page = &files(folder.path())["page.html"];
    let shown = "</script><!-- ‹U+2028› & ‹U+202E›";
    assert_eq!(
        blocks(page, "objects").concat(),
        [
            json!([2, "g1", "=Sales", "", ""]),
            json!([1, "u1", "line␊break, ‹U+202E› and 😀", "u1@contoso.com", ""]),
            json!([1, "u2", shown, shown, "guest"]),
            json!([1, "u9", "u9", "", "", 1]),
            json!([1, "g2", "g2", "", "", 1]),
        ]
    );
    assert_eq!(blocks(page, "edges").concat(), [json!([0, [1, 2, 3]]), json!([4, [2]])]);
    let properties = blocks(page, "properties").concat();
    assert_eq!((properties.len(), &properties[2]["mail"]), (3, &json!(shown)));
    assert_eq!(properties[1]["createdOn"], "2020-05-29 17:51 UTC");
    let about = &blocks(page, "about")[0];
    assert_eq!(
        (&about["run"], &about["withProperties"], &about["readAt"]),
        (&json!(7), &json!(true), &json!("2026-11-22 10:00 UTC"))
    );
    // One script that runs, and the data's; what a browser takes for the end of one is nowhere within.
    assert_eq!((page.matches("<script>").count(), page.matches("</script>").count()), (1, 5));
    let without = page.replace("http://www.w3.org/2000/svg", "");
    assert!(!page.contains("{{") && !without.contains("://"), "nothing is anywhere else");
    assert_eq!(page.matches("<style>").count(), 1);
}

trait Concat {
    fn concat(self) -> Vec<Value>;
}

impl Concat for Vec<Value> {
    fn concat(self) -> Vec<Value> {
        self.into_iter().flat_map(|block| block.as_array().unwrap().clone()).collect()
    }
}

#[test]
fn a_page_runs_what_has_its_digest() {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use sha2::{Digest as _, Sha256};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    html::write(&path, &about_of(&fake(&[])), &kind, &fake(&[])).unwrap();
    let page = &files(folder.path())["page.html"];
    let policy = page.split("Content-Security-Policy\" content=\"").nth(1).unwrap().split('"').next().unwrap();
    for (tag, directive) in [("script", "script-src"), ("style", "style-src")] {
        let text = page.split(&format!("<{tag}>")).nth(1).unwrap().split(&format!("</{tag}>")).next().unwrap();
        let digest = STANDARD.encode(Sha256::digest(text.as_bytes()));
        assert!(policy.contains(&format!("{directive} 'sha256-{digest}';")), "{policy}");
    }
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert!(!page.contains("\r"), "a parser would take it away, and the digest would not fit");
}

#[test]
fn a_large_page_has_no_properties_and_a_larger_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("page.html");
    let keys: Vec<String> = (0..1_200).map(|n| format!("u{n:04}")).collect();
    let source = fake(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    let write = |most| {
        html::write_within(&path, &about_of(&source), &kind, &source, most).unwrap();
        files(folder.path()).remove("page.html").unwrap()
    };
    let whole = write(1_201);
    assert_eq!(
        blocks(&whole, "properties").iter().map(|b| b.as_array().unwrap().len()).collect::<Vec<_>>(),
        [500, 500, 201]
    );
    let large = write(1_200);
    assert_eq!(blocks(&large, "properties"), Vec::<Value>::new());
    assert_eq!(blocks(&large, "about")[0]["withProperties"], false);
    assert_eq!(
        (blocks(&large, "objects"), blocks(&large, "edges")),
        (blocks(&whole, "objects"), blocks(&whole, "edges"))
    );
    for (entities, relationships) in [(html::MOST_OBJECTS + 1, 0), (0, html::MOST_EDGES + 1)] {
        let about = html::About { entities, relationships, ..about_of(&source) };
        let error = html::write(&path, &about, &kind, &source).unwrap_err();
        assert!(matches!(error, ExportError::TooLarge { .. }));
        assert!(error.problem(|_| unreachable!()).hint.unwrap().contains("1,000,000 objects"));
    }
    assert_eq!(files(folder.path())["page.html"], large);
}
