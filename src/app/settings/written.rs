//! From what has changed to a file's text: what somebody wrote by hand, comments and all, stays as it is.

use toml_edit::{Array, DocumentMut, Item, Table, Value, value};

use super::{Settings, read::read};

/// `text` with what has changed. Of a list that is as usual again nothing is left.
///
/// # Errors
///
/// Where the text is no TOML: what is wrong with it, in words. It is never overwritten.
pub fn written(text: &str, changed: &Settings) -> Result<String, String> {
    let Ok(mut document) = text.parse::<DocumentMut>() else {
        let told = read(text).told;
        return Err(told.first().map_or_else(String::new, |told| format!("line {}: {}", told.line, told.what)));
    };
    let root = document.as_table_mut();
    if let Some(theme) = changed.theme {
        set(root, "theme", theme.word());
    }
    if let Some(signs) = changed.signs {
        set(root, "signs", signs.word());
    }
    if let Some(mouse) = changed.mouse {
        set(root, "mouse", mouse);
    }
    for (list, chosen) in &changed.layouts {
        let lists = root.entry("lists").or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let Some(lists) = lists.as_table_like_mut() else { continue };
        let Some(table) = lists.entry(list.word()).or_insert_with(|| Item::Table(Table::new())).as_table_like_mut()
        else {
            continue;
        };
        let columns = chosen.columns.iter().flatten().map(|column| column.word().to_owned());
        let sort =
            chosen.sort.iter().map(|sort| format!("{}{}", if sort.descending { "-" } else { "" }, sort.column.word()));
        for (name, words) in [("columns", columns.collect::<Vec<_>>()), ("sort", sort.collect())] {
            match words.is_empty() {
                true => drop(table.remove(name)),
                false => drop(table.insert(name, value(words.iter().collect::<Array>()))),
            }
        }
        if table.is_empty() {
            lists.remove(list.word());
        }
    }
    Ok(document.to_string())
}

/// Sets a value where it stands, with what stands around it.
fn set(root: &mut Table, name: &str, to: impl Into<Value>) {
    let mut to = to.into();
    match root.get_mut(name) {
        Some(Item::Value(before)) => {
            *to.decor_mut() = before.decor().clone();
            *before = to;
        }
        _ => drop(root.insert(name, Item::Value(to))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        app::{
            browse::columns::{Chosen, Layout, Layouts},
            views::Theme,
        },
        domain::column::{Column, Sort},
    };

    fn groups(columns: Option<Vec<Column>>) -> Settings {
        let sort = vec![Sort { column: Column::Members, descending: true }];
        Settings { layouts: Layouts::from([(Layout::Groups, Chosen { columns, sort })]), ..Settings::default() }
    }

    #[test]
    fn only_what_has_changed_is_touched() {
        let check = |text: &str, changed: &Settings, want: &str| {
            let got = written(text, changed).unwrap();
            assert_eq!(got, want);
            assert_eq!(read(&got).told, [], "{got}");
        };
        let light = Settings { theme: Some(Theme::Light), ..Settings::default() };
        check("", &light, "theme = \"light\"\n");
        let mine = "# mine\ntheme = \"dark\" # as at home\n\n[keys]\nfilter = [\"f6\"]  # no slash here\n";
        check(mine, &light, &mine.replace("\"dark\"", "\"light\""));
        check(mine, &Settings::default(), mine);
        check("", &groups(None), "[lists.groups]\nsort = [\"-members\"]\n");
        let both = "[lists.groups]\nsort = [\"-members\"]\ncolumns = [\"name\", \"members\"]\n";
        check("[lists.groups]\nsort = [\"name\"]\n", &groups(Some(vec![Column::Name, Column::Members])), both);
        let usual = Settings { layouts: Layouts::from([(Layout::Groups, Chosen::default())]), ..Settings::default() };
        check("[lists.groups]\nsort = [\"name\"]\n", &usual, "");
    }

    #[test]
    fn a_file_that_is_no_toml_is_not_overwritten() {
        let told = written("mouse = maybe\n", &Settings::default()).unwrap_err();
        assert!(told.starts_with("line 1: "), "{told}");
    }
}
