//! How the screens begin: by flags, else by the environment, else by the file of settings.

use std::{fs, io, path::Path};

use crate::{
    app::{
        settings::{self, Preferences, Read},
        views::{Look, Signs, Theme},
    },
    cli::{Screen, ScreenTheme},
    domain::problem::Problem,
    files,
};

impl From<ScreenTheme> for Theme {
    fn from(theme: ScreenTheme) -> Self {
        match theme {
            ScreenTheme::Terminal => Self::Terminal,
            ScreenTheme::Dark => Self::Dark,
            ScreenTheme::Light => Self::Light,
            ScreenTheme::HighContrast => Self::HighContrast,
            ScreenTheme::None => Self::None,
        }
    }
}

/// A flag counts most; then `TENANTRY_THEME`, `TENANTRY_ASCII` and `TENANTRY_MOUSE`; then what holds for all programs
/// (`NO_COLOR`, `TERM=dumb`); then the file.
pub fn preferences(flags: &Screen, variable: impl Fn(&str) -> Option<String>, file: Option<&Path>) -> Preferences {
    let mut read = file.map(read_file).unwrap_or_default();
    let mut told = read.told(&file.map_or_else(String::new, |path| path.display().to_string()));
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let dumb = variable("TERM").as_deref() == Some("dumb");
    let named = set("TENANTRY_THEME").and_then(|word| {
        let theme = Theme::of_word(&word);
        if theme.is_none() {
            let all = Theme::ALL.map(Theme::word).join(", ");
            told.push(format!("TENANTRY_THEME is \"{word}\", and no theme is called so. There are {all}."));
        }
        theme
    });
    let colourless = (set("NO_COLOR").is_some() || dumb).then_some(Theme::None);
    let theme = flags.theme.map(Into::into).or(named).or(colourless).or(read.settings.theme).unwrap_or_default();
    let plain = flags.ascii || set("TENANTRY_ASCII").is_some() || dumb;
    let signs = if plain { Signs::Ascii } else { read.settings.signs.unwrap_or_default() };
    let mouse = flags.mouse || set("TENANTRY_MOUSE").is_some() || read.settings.mouse.unwrap_or(false);
    Preferences {
        look: Look { theme, signs },
        mouse,
        keys: std::mem::take(&mut read.keys),
        layouts: read.settings.layouts,
        told,
        record: flags.record.clone(),
    }
}

fn read_file(path: &Path) -> Read {
    match fs::read_to_string(path) {
        Ok(text) => settings::read(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Read::default(),
        Err(error) => {
            let what = format!("the file cannot be read ({error}). Mend its rights, or move it away");
            Read { told: vec![crate::app::keymap::Told { line: 1, what }], ..Read::default() }
        }
    }
}

/// Writes what has changed into the file as it is by now.
///
/// # Errors
///
/// When it cannot be read or written, or is no TOML.
pub fn keep(path: &Path, changed: &settings::Settings) -> Result<(), Problem> {
    let shown = path.display();
    let failed = |what: String, hint: &str| Problem::new(what).code("settings_not_kept").hint(hint);
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => {
            return Err(failed(format!("{shown} cannot be read: {error}"), "Mend its rights, or move it away."));
        }
    };
    let text = settings::written(&text, changed)
        .map_err(|what| failed(format!("{shown} is left as it is: {what}"), "Mend the line, or move the file away."))?;
    files::replace(path, &text).map_err(|error| {
        failed(format!("{shown} cannot be written: {error}"), "It holds for this session all the same.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_count_more_than_variables_and_these_more_than_the_file() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("ui.toml");
        fs::write(&file, "theme = \"dark\"\nmouse = true\n").unwrap();
        let check = |flags: Screen, variables: &[(&str, &str)], file: Option<&Path>, want: (Theme, Signs, bool)| {
            let variable =
                |name: &str| variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
            let got = preferences(&flags, variable, file);
            assert_eq!((got.look.theme, got.look.signs, got.mouse), want, "{flags:?} {variables:?}");
            got.told.len()
        };
        let (none, some) = (None, Some(file.as_path()));
        let flags = Screen::default;
        check(flags(), &[("HOME", "/")], none, (Theme::Terminal, Signs::Unicode, false));
        check(flags(), &[("NO_COLOR", "1")], none, (Theme::None, Signs::Unicode, false));
        check(flags(), &[("NO_COLOR", "")], none, (Theme::Terminal, Signs::Unicode, false));
        check(flags(), &[("TERM", "dumb")], none, (Theme::None, Signs::Ascii, false));
        check(flags(), &[("TERM", "xterm-256color")], none, (Theme::Terminal, Signs::Unicode, false));
        check(flags(), &[("TENANTRY_ASCII", "1")], none, (Theme::Terminal, Signs::Ascii, false));
        check(flags(), &[("TENANTRY_MOUSE", "1")], none, (Theme::Terminal, Signs::Unicode, true));
        check(flags(), &[], some, (Theme::Dark, Signs::Unicode, true));
        check(flags(), &[("NO_COLOR", "1")], some, (Theme::None, Signs::Unicode, true));
        check(flags(), &[("NO_COLOR", "1"), ("TENANTRY_THEME", "light")], some, (Theme::Light, Signs::Unicode, true));
        let bright =
            Screen { theme: Some(ScreenTheme::HighContrast), ascii: true, plain: false, mouse: false, record: None };
        check(bright, &[("NO_COLOR", "1")], some, (Theme::HighContrast, Signs::Ascii, true));
        let told = check(flags(), &[("TENANTRY_THEME", "pink")], none, (Theme::Terminal, Signs::Unicode, false));
        assert_eq!(told, 1);
    }

    #[test]
    fn what_is_kept_is_there_the_next_time_and_nothing_is_overwritten_that_is_not_understood() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("config").join("ui.toml");
        let changed = settings::Settings { theme: Some(Theme::Light), ..settings::Settings::default() };
        keep(&file, &changed).unwrap();
        assert_eq!(preferences(&Screen::default(), |_| None, Some(&file)).look.theme, Theme::Light);
        fs::write(&file, "theme = \n").unwrap();
        let problem = keep(&file, &changed).unwrap_err();
        assert!(problem.summary.contains("line 1"), "{problem:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "theme = \n");
        let told = preferences(&Screen::default(), |_| None, Some(&file)).told;
        assert!(told.len() == 1 && told[0].contains("line 1:"), "{told:?}");
        // A folder is in the way.
        let folder = preferences(&Screen::default(), |_| None, Some(root.path())).told;
        assert!(folder[0].contains("cannot be read"), "{folder:?}");
    }
}
