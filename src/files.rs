//! Folders and files that only their owner may read, and small files replaced in one step.
//!
//! Knows nothing of what is in them, and changes no rights of what is there already: `store` does that for its own, and
//! `profile` refuses what others may write. On Windows rights come with the folder that a new file is in.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// Makes a folder, and those above it, that only its owner may enter. One that is there stays as it is.
pub fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Options that make a new file readable by its owner only.
pub fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Replaces a small file in one step: readers see the old text or the new one, never half of either.
pub fn replace(path: &Path, text: &str) -> io::Result<()> {
    private_folder(path.parent().unwrap_or(Path::new(".")))?;
    let temporary = path.with_extension(format!("tmp{}", std::process::id()));
    let mut file = private().write(true).create(true).truncate(true).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_its_owner_s_alone() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("a").join("b");
        let file = folder.join("text.toml");
        replace(&file, "old, and longer").unwrap();
        replace(&file, "new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "nothing is left beside it");
        private_folder(&folder).unwrap();
        assert!(private_folder(&file).is_err(), "a file is in the way");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&root.path().join("a")), mode(&folder), mode(&file)), (0o700, 0o700, 0o600));
            // What somebody opened on purpose stays open.
            fs::set_permissions(&folder, fs::Permissions::from_mode(0o750)).unwrap();
            private_folder(&folder).unwrap();
            assert_eq!(mode(&folder), 0o750);
        }
    }
}
