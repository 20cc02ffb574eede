//! The formats that are one file: trees, GraphML and the page.

use super::*;

/// Two states, and every format of one file.
type Write = fn(&Path, &Fake) -> Result<ExportReport, ExportError<String>>;
const ALL: [Write; 2] = [|path, source| tree::write(path, source), |path, source| graphml::write(path, source)];

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
        assert_eq!((&*node["_key"], &*node["label"], &*node["not_read"]), (key, label, "true"), "{id}");
    };
    unread("n3", "u9", "u9");
    unread("n4", "g2", "g2");
    let ends: Vec<_> = (0..4).map(|n| by_id(&format!("e{n}"))).map(|e| (&*e["@source"], &*e["@target"])).collect();
    assert_eq!(ends, [("n0", "n1"), ("n0", "n2"), ("n0", "n3"), ("n4", "n3")]);
    assert_eq!((&*by_id("e2")["mapped"], &*by_id("e2")["_type"]), ("true", "group_has_user"));
}
