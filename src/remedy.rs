//! What a user can do about a disk that does not take what is to be written.

use std::error::Error;
use std::io::{self, ErrorKind};

/// The I/O error that an error comes from.
pub(crate) fn io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    error.downcast_ref().or_else(|| io_error(error.source()?))
}

/// What to do where there is no room.
pub(crate) fn make_room(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Some("free some space, then run it again"),
        ErrorKind::FileTooLarge => {
            Some("files may not be that large here: raise the limit (ulimit -f), then run it again")
        }
        _ => None,
    }
}

/// What to do where an output cannot be written, after a semicolon.
pub(crate) fn of_output(error: &(dyn Error + 'static)) -> String {
    let remedy = io_error(error).and_then(|error| match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            Some("choose another place, or see to its permissions")
        }
        ErrorKind::NotFound => Some("make its folder first"),
        ErrorKind::NotADirectory | ErrorKind::IsADirectory | ErrorKind::DirectoryNotEmpty => {
            Some("choose another name")
        }
        _ => make_room(error),
    });
    remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default()
}
