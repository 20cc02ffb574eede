//! The place of an export that is one file: what is there is replaced only if such an export made it.

use std::{
    fs::File,
    io::{self, Read as _},
    path::Path,
};

use super::{ExportError, lines::Lines};
use crate::files;

/// A file in the making that is to be at `path`, where there may be nothing yet, or what begins with `mark`.
pub(super) fn file<E>(path: &Path, mark: &str) -> Result<Lines, ExportError<E>> {
    let failed = |source| ExportError::write(path, source);
    match begins_with(path, mark) {
        Ok(true) => {}
        Ok(false) => {
            let found = "what no such export wrote".to_owned();
            return Err(ExportError::InTheWay { path: path.to_owned(), found });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) if error.kind() == io::ErrorKind::IsADirectory || path.is_dir() => {
            return Err(ExportError::IsFolder { path: path.to_owned() });
        }
        Err(error) => return Err(failed(error)),
    }
    let Some(name) = path.file_name() else { return Err(ExportError::IsFolder { path: path.to_owned() }) };
    let folder = match path.parent() {
        None => Path::new("."),
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
    };
    files::private_folder(folder).map_err(|source| ExportError::write(folder, source))?;
    Lines::create(folder, name)
}

fn begins_with(path: &Path, mark: &str) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(mark.len() as u64).read_to_end(&mut head)?;
    // An empty file is nobody's loss.
    Ok(head.is_empty() || head == mark.as_bytes())
}
