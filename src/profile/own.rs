//! Whose a file is. What a profile says decides where secrets go, so a profile counts only where nobody but its owner
//! could have written it.
//!
//! On Unix: folder and file belong to the effective user, group and others may not write them, and no symbolic link
//! leads out of the config folder. On Windows the folder lies in the user's own application data, whose access list
//! the system keeps; that list is not read here, only links that lead out are refused.

use std::{
    fs, io,
    io::Read,
    path::{Path, PathBuf},
};

/// Why a folder or a file is not trusted with what it says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotOwn {
    #[error("{} belongs to user {owner}, not to you (user {you})", path.display())]
    Owner { path: PathBuf, owner: u32, you: u32 },
    #[error("others than you may write {} (mode {mode:03o})", path.display())]
    Writable { path: PathBuf, mode: u32 },
    #[error("{} is a link that leads out of {}, to {}", path.display(), within.display(), to.display())]
    LeadsOut { path: PathBuf, within: PathBuf, to: PathBuf },
    #[error("{} is no {what}", path.display())]
    Odd { path: PathBuf, what: &'static str },
}

impl NotOwn {
    /// The next step, as a sentence.
    pub fn hint(&self) -> String {
        match self {
            Self::Owner { path, .. } => format!(
                "Look at what it says, and if it is right make it your own: sudo chown \"$(id -u)\" '{}'",
                path.display()
            ),
            Self::Writable { path, .. } => format!(
                "Look at what it says, for others could have changed it; if it is right: chmod go-w '{}'",
                path.display()
            ),
            Self::LeadsOut { within, .. } => {
                format!("Look at what it says, and if it is right copy the file itself into {}.", within.display())
            }
            Self::Odd { path, what } => format!("Move {} away; tenantry makes a {what} in its place.", path.display()),
        }
    }
}

/// Why such a file was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    NotOwn(#[from] NotOwn),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Whether a folder is the user's own and writable by nobody else.
pub fn folder(path: &Path) -> Result<(), ReadError> {
    let about = fs::metadata(path)?;
    if !about.is_dir() {
        return Err(NotOwn::Odd { path: path.to_owned(), what: "folder" }.into());
    }
    Ok(check(path, &about)?)
}

/// The text of a file that lies, together with the folder it is in, within the user's own folder `within`.
pub fn read(path: &Path, within: &Path) -> Result<String, ReadError> {
    folder(within)?;
    if let Some(parent) = path.parent() {
        folder(parent)?;
    }
    // What is asked about is what is read: the file that was opened, by whatever name it can be reached meanwhile.
    let (real, real_within) = (path.canonicalize()?, within.canonicalize()?);
    if !real.starts_with(&real_within) {
        return Err(NotOwn::LeadsOut { path: path.to_owned(), within: within.to_owned(), to: real }.into());
    }
    let mut file = fs::File::open(&real)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(NotOwn::Odd { path: path.to_owned(), what: "file" }.into());
    }
    check(path, &about)?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(unix)]
fn check(path: &Path, about: &fs::Metadata) -> Result<(), NotOwn> {
    use std::os::unix::fs::MetadataExt;
    verdict(path, about.uid(), about.mode(), rustix::process::geteuid().as_raw())
}

#[cfg(not(unix))]
fn check(_: &Path, _: &fs::Metadata) -> Result<(), NotOwn> {
    Ok(())
}

/// What an owner and a mode mean for user `you`.
#[cfg(unix)]
fn verdict(path: &Path, owner: u32, mode: u32, you: u32) -> Result<(), NotOwn> {
    if owner != you {
        Err(NotOwn::Owner { path: path.to_owned(), owner, you })
    } else if mode & 0o022 != 0 {
        Err(NotOwn::Writable { path: path.to_owned(), mode: mode & 0o777 })
    } else {
        Ok(())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn owner_and_mode() {
        let check = |owner, mode, fits: bool| {
            assert_eq!(verdict(Path::new("/x"), owner, mode, 1000).is_ok(), fits, "{owner} {mode:o}");
        };
        check(1000, 0o100_600, true);
        check(1000, 0o100_644, true);
        check(1000, 0o040_755, true);
        check(1000, 0o100_664, false);
        check(1000, 0o100_646, false);
        check(1000, 0o041_777, false);
        // Not even root's: whoever runs this is not who wrote it.
        check(0, 0o100_600, false);
        check(1001, 0o100_600, false);
    }

    #[test]
    fn what_others_could_have_written_is_not_read() {
        let home = tempfile::tempdir().unwrap();
        let config = home.path().join("config");
        let folder = config.join("profiles");
        fs::create_dir_all(&folder).unwrap();
        let (file, outside) = (folder.join("a.toml"), home.path().join("outside.toml"));
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for path in [&file, &outside] {
            fs::write(path, "text").unwrap();
            mode(path, 0o600);
        }
        mode(&config, 0o700);
        mode(&folder, 0o700);
        let why = |path: &Path| match read(path, &config) {
            Ok(text) => text,
            Err(ReadError::NotOwn(NotOwn::Writable { path, mode })) => {
                format!("{} {mode:o}", path.file_name().unwrap().display())
            }
            Err(ReadError::NotOwn(NotOwn::LeadsOut { .. })) => "leads out".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(why(&file), "text");
        for (path, name) in [(&config, "config"), (&folder, "profiles"), (&file, "a.toml")] {
            let before = fs::metadata(path).unwrap().permissions().mode() & 0o777;
            mode(path, before | 0o020);
            assert_eq!(why(&file), format!("{name} {:o}", before | 0o020));
            mode(path, before);
        }
        // A link within is as good as the file; one that leads out is not.
        symlink(&file, folder.join("b.toml")).unwrap();
        assert_eq!(why(&folder.join("b.toml")), "text");
        symlink(&outside, folder.join("c.toml")).unwrap();
        assert_eq!(why(&folder.join("c.toml")), "leads out");
        let elsewhere = home.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        mode(&elsewhere, 0o700);
        fs::rename(&outside, elsewhere.join("d.toml")).unwrap();
        symlink(&elsewhere, config.join("linked")).unwrap();
        assert_eq!(why(&config.join("linked/d.toml")), "leads out");
    }
}
