//! Making the file.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use super::{
    header::Header,
    writer::{WriteError, Writer},
};

/// What to do where the path exists already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Refuse, whatever it is.
    #[default]
    Refuse,
    /// Remove a regular file and create a new one in its place; refuse a link, a device or a directory.
    Replace,
}

/// A recording could not be created.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CreateError {
    /// A regular file is there already.
    #[error("cannot record to {}: it exists already; choose another path, or say that it is to be replaced", path.display())]
    Exists {
        /// The path.
        path: PathBuf,
    },
    /// What is there is not a regular file, and is replaced in no case.
    #[error("cannot record to {}: what is there is not a regular file; choose another path", path.display())]
    NotRegular {
        /// The path.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot create the recording {}", path.display())]
    Io {
        /// The path.
        path: PathBuf,
        /// Its reason.
        source: io::Error,
    },
    /// The header could not be written.
    #[error("cannot begin the recording {}", path.display())]
    Header {
        /// The path.
        path: PathBuf,
        /// Its reason.
        source: WriteError,
    },
}

/// Creates a recording that only its owner can read (mode 0600) and writes its header.
///
/// The file is always a new one: an existing file's mode and the target of a symbolic link are never used.
///
/// # Errors
///
/// Where the path exists and `existing` does not allow to replace it, or the file cannot be made or written.
pub fn create(path: &Path, existing: Existing, header: &Header) -> Result<Writer<File>, CreateError> {
    let io_error = |source| CreateError::Io { path: path.to_owned(), source };
    if existing == Existing::Replace {
        remove_regular(path)?;
    }
    let file = match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // As it is now; whatever it was, it was refused.
            let is_regular = fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
            let path = path.to_owned();
            return Err(if is_regular { CreateError::Exists { path } } else { CreateError::NotRegular { path } });
        }
        Err(error) => return Err(io_error(error)),
    };
    Writer::new(file, header).map_err(|source| CreateError::Header { path: path.to_owned(), source })
}

/// Removing and creating anew, rather than truncating, drops a mode that others can read and does not follow a link.
fn remove_regular(path: &Path) -> Result<(), CreateError> {
    let io_error = |source| CreateError::Io { path: path.to_owned(), source };
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_file() => fs::remove_file(path).map_err(io_error),
        Ok(_) => Err(CreateError::NotRegular { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error(error)),
    }
}
