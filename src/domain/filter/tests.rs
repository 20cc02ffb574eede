//! The language: what is understood, what is said of the rest, and what rows are left.

use proptest::prelude::*;

use super::*;

/// What a filter is taken for, and what is said of it.
fn understood(text: &str, scope: Scope) -> (String, Vec<String>) {
    let (filter, complaints) = parse(text, scope);
    (filter.to_string(), complaints.into_iter().map(|c| c.words).collect())
}

#[test]
fn what_a_filter_is_taken_for() {
    let check =
        |text: &str, want: &str| assert_eq!(understood(text, Scope::Edges), (want.to_owned(), vec![]), "{text}");
    check("", "");
    check("  Ada \t LOVELACE ", "ada lovelace");
    check("'Ann ^b c$ ^d$ ~e !f !!g", "'ann ^b c$ ^d$ ~e !f g");
    check("\"Two  Words\" !^\"a b\"$ '\"x$\"", "\"two  words\" !^\"a b\"$ '\"x$\"");
    check("\"with \\\" and \\\\\"", "\"with \\\" and \\\\\"");
    check("\"not closed", "\"not closed\"");
    check("10:30 a@b:c \"type:guest\"", "\"10:30\" \"a@b:c\" \"type:guest\"");
    check("type:Guest kind:\"Mail Security\" TYPE:m365", "type:guest type:mailsecurity type:microsoft365");
    check("enabled:No dynamic:1 role:true synced:off", "enabled:false dynamic:true role:true synced:false");
    check("is:disabled is:guest !is:empty in:cycle in:none", "enabled:false type:guest !is:empty in:cycle in:nothing");
    check(
        "members:>500 groups:0 depth:2..4 size:<=3 members:<1",
        "members:>=501 groups:0 depth:2..4 members:<=3 members:0",
    );
    check("created:<2020 created:>2020-05", "created:<2020-01-01 created:>=2020-06-01");
    check("created:2020-02 created:2019..2020", "created:2020-02-01..2020-02-29 created:2019-01-01..2020-12-31");
    check("mail:none mail:any mail:\"none\" dept:\"human res\"", "mail:none mail:any mail:\"none\" dept:\"human res\"");
    check("name:^a login:@x.com$ from:'sales id:^8484", "name:^a login:@x.com$ from:'sales id:^8484");
    // Half a filter asks for nothing yet.
    check("type: ! ^ $ ~ ' \" \" name:^ members: a", "a");
}

#[test]
fn what_is_not_understood_is_said() {
    let check = |scope: Scope, text: &str, want: &str, said: &str| {
        assert_eq!(understood(text, scope), (want.to_owned(), vec![said.to_owned()]), "{text}");
    };
    let users = Scope::Users;
    check(users, "typ:guest", "\"typ:guest\"", "no field is called typ: is type: meant? It is searched for as text.");
    check(users, "Dpet:x", "\"dpet:x\"", "no field is called Dpet: is dept: meant? It is searched for as text.");
    check(users, "http://x a", "\"http://x\" a", "no field is called http. It is searched for as text.");
    check(
        users,
        "enabled:maybe",
        "\"enabled:maybe\"",
        "enabled: takes true or false, not maybe. It is searched for as text.",
    );
    check(
        users,
        "groups:many",
        "\"groups:many\"",
        "groups: takes a number (5, >5, <=5, 2..5), not many. It is searched for as text.",
    );
    for date in ["2020-13", "20", "2020-02-30", "2021..2020", "<", "2020-01-01-01", "99999"] {
        let words = "created: takes a date (2020, >2020-05, <2020-05-01, 2019..2021)";
        let said = format!("{words}, not {date}. It is searched for as text.");
        check(users, &format!("created:{date}"), &format!("\"created:{date}\""), &said);
    }
    for number in ["<0", ">18446744073709551615", "-1", "5..2", "1.."] {
        let (_, said) = parse(&format!("members:{number}"), Scope::Groups);
        assert_eq!(said.len(), 1, "{number}");
    }
    check(users, "type:gest", "type:gest", "no type is known as gest: is type:guest meant?");
    check(users, "members:>5", "members:>=6", "members: says nothing about users: no row has it.");
    check(Scope::Requests, "!in:cycle", "!in:cycle", "in: says nothing about requests: no row has it.");
    let planned = Scope::Planned;
    check(planned, "will:delet", "will:delet", "no will is known as delet: is will:delete meant?");
    assert_eq!(parse("type:azure_user type:has_user", planned).1, []);
    check(planned, "type:guest", "type:guest", "nothing of the type guest is ever sent");
    check(planned, "members:0", "members:0", "members: says nothing about objects of an upload: no row has it.");
    // Who refuses it does not say that it was searched for.
    let (_, said) = parse("typ:guest groups:many type:gest", users);
    let wrong: Vec<&str> = said.iter().map(|complaint| complaint.wrong.as_str()).collect();
    assert_eq!(
        wrong,
        [
            "no field is called typ: is type: meant?",
            "groups: takes a number (5, >5, <=5, 2..5), not many",
            "no type is known as gest: is type:guest meant?",
        ]
    );
    let (_, said) = parse("type:agentThing", users);
    assert_eq!(said, [], "a type may be new");
}

/// A row of the tests.
#[derive(Debug, Default)]
struct Thing {
    texts: &'static [&'static str],
    id: &'static str,
    fields: Vec<(Field, Value<'static>)>,
    flags: &'static [Flag],
}

impl Fields for Thing {
    fn any_text(&self, enough: &mut dyn FnMut(&str, IsId) -> bool) -> bool {
        self.texts.iter().any(|text| enough(text, IsId::No)) || enough(self.id, IsId::Yes)
    }

    fn value(&self, field: Field) -> Value<'_> {
        self.fields.iter().find(|(f, _)| *f == field).map_or(Value::Nothing, |(_, value)| value.clone())
    }

    fn is(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }
}

fn text(text: &'static str) -> Value<'static> {
    Value::Text(text.into())
}

#[test]
fn what_a_filter_leaves() {
    let ada = Thing {
        texts: &["Ada Lovelace-Byron", "ada@contoso.com"],
        id: "84841066-274d-4ec0-a5c1-276be684bdd3",
        fields: vec![
            (Field::Type, Value::Text(type_words(EntityKind::User, "disabled").into())),
            (Field::Id, text("84841066-274d-4ec0-a5c1-276be684bdd3")),
            (Field::Enabled, Value::Yes(false)),
            (Field::Department, text("Human Resources")),
            (Field::Mail, text("")),
            (Field::Groups, Value::Number(3)),
            (Field::Created, Value::Time("2020-05-31T23:59:59.999Z".parse().unwrap())),
        ],
        flags: &[Flag::InGroup],
    };
    let check = |filter: &str, want: bool| {
        let (parsed, complaints) = parse(filter, Scope::Edges);
        assert_eq!((parsed.matches(&ada), complaints), (want, vec![]), "{filter}");
    };
    check("", true);
    check("ADA love", true);
    check("ada grace", false);
    check("!ada", false);
    check("!grace !hopper", true);
    check("'lovelace 'ada 'byron", true);
    check("'love", false);
    check("'com", true);
    check("^ada", true);
    check("^lovelace", false);
    check("byron$ .com$", true);
    check("^ada@contoso.com$", true);
    check("^ada$", false);
    check("\"ada lovelace\"", true);
    check("\"lovelace ada\"", false);
    check("~alv ~\"a b\"", true);
    check("~cav", false);
    // Of a GUID, six characters and more.
    check("be684", false);
    check("be684b", true);
    check("84841066-274D-4EC0-A5C1-276BE684BDD3", true);
    check("id:be6 id:^8484 !id:^be6", true);
    check("type:user type:disabled type:member !type:guest", true);
    check("enabled:false is:disabled", true);
    check("enabled:true", false);
    // Nothing is known of these.
    check("synced:true", false);
    check("synced:false", false);
    check("dept:human dept:resources$ dept:any", true);
    check("dept:'res", false);
    check("mail:none !mail:any title:none", true);
    check("groups:3 groups:>2 groups:<=3 groups:2..3", true);
    check("groups:>3", false);
    check("members:0", false);
    check("created:2020 created:2020-05 created:2020-05-31 created:<2020-06 created:>=2020-05-31", true);
    check("created:>2020-05", false);
    check("created:<2020-05-31", false);
    check("in:group !in:nothing", true);
    check("is:empty", false);
}

#[test]
fn ids_that_are_no_guids_are_texts() {
    let thing = Thing { id: "Group-1", ..Thing::default() };
    let check = |filter: &str, want: bool| assert_eq!(parse(filter, Scope::Users).0.matches(&thing), want, "{filter}");
    check("p-1", true);
    check("^group", true);
    check("~gp1", true);
    check("x", false);
}

#[test]
fn the_table_is_whole() {
    for (i, info) in FIELDS.iter().enumerate() {
        assert_eq!(info.field.info().word, info.word, "a field has one row");
        for word in std::iter::once(&info.word).chain(info.also) {
            assert!(word.bytes().all(|b| b.is_ascii_lowercase()), "{word} is scanned as a field's word");
            let with = FIELDS.iter().filter(|other| other.word == *word || other.also.contains(word)).count();
            assert_eq!(with, 1, "{word} has one meaning");
        }
        for scope in info.scopes {
            let example = info.example_of(*scope);
            let (filter, complaints) = parse(example, *scope);
            assert_eq!((filter.terms.len(), complaints), (1, vec![]), "{example}");
            assert!(!matches!(filter.terms[0].test, Test::Anywhere(_)), "{example}");
            for value in info.values_of(*scope) {
                let (filter, complaints) = parse(&format!("{}:{value}", info.word), *scope);
                assert_eq!((filter.terms.len(), complaints), (1, vec![]), "{}:{value}", info.word);
            }
        }
        assert!(FIELDS[..i].iter().all(|other| other.what != info.what), "{}", info.what);
    }
    for flag in Flag::ALL {
        let (field, word) = flag.words();
        assert!(field.info().values.contains(&word), "{word} is offered");
    }
    for (example, _) in OPERATORS {
        let (filter, complaints) = parse(example, Scope::Users);
        assert!(!filter.is_empty() && complaints.is_empty(), "{example}");
    }
}

#[test]
fn how_a_filter_may_go_on() {
    let check = |scope: Scope, text: &str, want: &[&str]| {
        let all: Vec<_> = complete(text, scope).into_iter().map(|c| c.filter).collect();
        assert_eq!(all, want, "{text}");
    };
    check(Scope::Users, "ada de", &["ada dept:", "ada depth:"]);
    check(Scope::Users, "!enabled:", &["!enabled:true", "!enabled:false"]);
    check(Scope::Groups, "a is:n", &["a is:nested"]);
    check(Scope::Groups, "kind:mail", &["kind:mailsecurity"]);
    check(Scope::Groups, "kind:mailsecurity", &[]);
    check(Scope::Users, "size:", &[]);
    check(Scope::Users, "nofield:", &[]);
    check(Scope::Planned, "type:az", &["type:azure_user", "type:azure_user_group", "type:azure_group_has_member"]);
    check(Scope::Planned, "wi", &["will:"]);
    assert!(complete("", Scope::Runs).is_empty(), "no field says anything about runs");
    let all = complete("type:guest ", Scope::Users);
    assert!(all.iter().any(|c| c.filter == "type:guest enabled:" && c.part == "enabled:"), "{all:?}");
}

#[test]
fn parts_are_switched_on_and_off() {
    let check = |text: &str, words: &str, want: &str| {
        assert_eq!(toggled(text, words, Scope::Users), want, "{text} and {words}");
        assert_ne!(has(text, words, Scope::Users), has(want, words, Scope::Users), "{text} and {words}");
    };
    check("", "type:guest", "type:guest");
    check("ada ", "type:guest", "ada type:guest");
    check("ada kind:Guest  'b", "type:guest", "ada 'b");
    check("is:disabled", "enabled:false", "");
    check("!type:guest", "type:guest", "!type:guest type:guest");
    check("dept:\"human res", "type:guest", "dept:\"human res\" type:guest");
    check("dept:\"human ", "type:guest", "dept:\"human \" type:guest");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_a_filter(text in "\\PC*") {
        let (filter, _) = parse(&text, Scope::Groups);
        prop_assert_eq!(&parse(&filter.to_string(), Scope::Groups).0, &filter, "{}", filter);
        complete(&text, Scope::Groups);
    }

    #[test]
    fn a_printed_filter_is_the_same_filter(
        text in "(( |\t)?!{0,2}([a-z]{1,4}:|type:|name:|created:|members:|is:|mail:|)['^~]?(\"|)([a-zA-Z0-9.$:<>=\\\\\"İΣß -]|none|2020){0,9}(\"|)\\$?){0,4}"
    ) {
        let (filter, _) = parse(&text, Scope::Edges);
        let printed = filter.to_string();
        prop_assert_eq!(&parse(&printed, Scope::Edges).0, &filter, "{} as {}", text, printed);
        // Off and on again, and on and off again.
        let toggled_twice = toggled(&toggled(&text, "is:empty", Scope::Edges), "is:empty", Scope::Edges);
        let (again, _) = parse(&toggled_twice, Scope::Edges);
        prop_assert!(again.terms.iter().all(|term| filter.terms.contains(term)), "{}", toggled_twice);
    }
}
