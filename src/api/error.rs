//! Error codes, exceptions and errno values: each with its name and what it means here.

#![expect(
    non_snake_case,
    reason = "functions bear the names that Microsoft documents"
)]

use std::cell::Cell;
use std::fmt;

use crate::heap::AllocError;

/// No error.
pub const NO_ERROR: u32 = 0;
/// The handle is not that of a heap.
pub const ERROR_INVALID_HANDLE: u32 = 6;
/// No memory.
pub const ERROR_NOT_ENOUGH_MEMORY: u32 = 8;
/// The heap refuses.
pub const ERROR_GEN_FAILURE: u32 = 31;
/// A parameter is wrong, or the heap was found damaged.
pub const ERROR_INVALID_PARAMETER: u32 = 87;
/// This system does not have the function.
pub const ERROR_CALL_NOT_IMPLEMENTED: u32 = 120;
/// The buffer is too small.
pub const ERROR_INSUFFICIENT_BUFFER: u32 = 122;
/// A walk is at its end.
pub const ERROR_NO_MORE_ITEMS: u32 = 259;
/// A lock is released by a thread that does not hold it.
pub const ERROR_NOT_OWNER: u32 = 288;
/// The address cannot be read.
pub const ERROR_NOACCESS: u32 = 998;

/// `errno`: bad handle.
pub const EBADF: i32 = 9;
/// `errno`: no memory.
pub const ENOMEM: i32 = 12;
/// `errno`: invalid argument.
pub const EINVAL: i32 = 22;
/// `errno`: not supported. Microsoft's value, which is not Linux's.
pub const ENOSYS: i32 = 40;

/// A code with its name and meaning.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CodeRow {
    /// The code.
    pub code: u32,
    /// Its name in Microsoft's headers.
    pub name: &'static str,
    /// What it means, in words that follow "the call failed: ".
    pub meaning: &'static str,
}

const fn row(code: u32, name: &'static str, meaning: &'static str) -> CodeRow {
    CodeRow {
        code,
        name,
        meaning,
    }
}

/// Values of the last error that the functions here set.
pub const ERRORS: &[CodeRow] = &[
    row(NO_ERROR, "NO_ERROR", "there is nothing to report"),
    row(
        ERROR_INVALID_HANDLE,
        "ERROR_INVALID_HANDLE",
        "the handle is not that of a heap",
    ),
    row(
        ERROR_NOT_ENOUGH_MEMORY,
        "ERROR_NOT_ENOUGH_MEMORY",
        "there is no room for this",
    ),
    row(
        ERROR_GEN_FAILURE,
        "ERROR_GEN_FAILURE",
        "the heap cannot be set so",
    ),
    row(
        ERROR_INVALID_PARAMETER,
        "ERROR_INVALID_PARAMETER",
        "a parameter is wrong, or the heap is damaged",
    ),
    row(
        ERROR_CALL_NOT_IMPLEMENTED,
        "ERROR_CALL_NOT_IMPLEMENTED",
        "this is not modelled",
    ),
    row(
        ERROR_INSUFFICIENT_BUFFER,
        "ERROR_INSUFFICIENT_BUFFER",
        "the buffer is too small",
    ),
    row(
        ERROR_NO_MORE_ITEMS,
        "ERROR_NO_MORE_ITEMS",
        "the walk is at its end",
    ),
    row(
        ERROR_NOT_OWNER,
        "ERROR_NOT_OWNER",
        "the calling thread does not hold the lock",
    ),
    row(
        ERROR_NOACCESS,
        "ERROR_NOACCESS",
        "nothing can be read at this address",
    ),
];

/// Exceptions that calls here raise.
pub const EXCEPTIONS: &[CodeRow] = &[
    row(
        Exception::ACCESS_VIOLATION.code,
        Exception::ACCESS_VIOLATION.name,
        "memory was touched that is not there, or the heap is damaged",
    ),
    row(
        Exception::NO_MEMORY.code,
        Exception::NO_MEMORY.name,
        "there is no room for this",
    ),
    row(
        Exception::HEAP_CORRUPTION.code,
        Exception::HEAP_CORRUPTION.name,
        "the heap is damaged, and the process asked to be terminated then",
    ),
];

/// Values of `errno` that the CRT functions here set, with Microsoft's numbers.
pub const ERRNOS: &[CodeRow] = &[
    row(EBADF as u32, "EBADF", "there is no such heap"),
    row(ENOMEM as u32, "ENOMEM", "there is no room for this"),
    row(EINVAL as u32, "EINVAL", "an argument is wrong"),
    row(
        ENOSYS as u32,
        "ENOSYS",
        "the heap's memory cannot be given back, or the heap is damaged",
    ),
];

fn name_in(rows: &[CodeRow], code: u32) -> Option<&'static str> {
    rows.iter().find(|row| row.code == code).map(|row| row.name)
}

/// The name of a last error.
#[must_use]
pub fn error_name(code: u32) -> Option<&'static str> {
    name_in(ERRORS, code)
}

/// The name of an `errno`.
#[must_use]
pub fn errno_name(code: i32) -> Option<&'static str> {
    name_in(ERRNOS, u32::try_from(code).ok()?)
}

/// `8 ERROR_NOT_ENOUGH_MEMORY`: a last error as people read it.
#[must_use]
pub fn error_text(code: u32) -> String {
    error_name(code).map_or_else(|| code.to_string(), |name| format!("{code} {name}"))
}

/// `40 ENOSYS`: an `errno` as people read it.
#[must_use]
pub fn errno_text(code: i32) -> String {
    errno_name(code).map_or_else(|| code.to_string(), |name| format!("{code} {name}"))
}

/// A structured exception that the call would have raised on Windows. Nothing was changed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exception {
    /// Its code.
    pub code: u32,
    /// Its name in Microsoft's headers.
    pub name: &'static str,
}

impl Exception {
    /// Memory was touched that is not there; or, under HEAP_GENERATE_EXCEPTIONS, damage and misuse.
    pub const ACCESS_VIOLATION: Exception = Exception {
        code: 0xC000_0005,
        name: "STATUS_ACCESS_VIOLATION",
    };
    /// HEAP_GENERATE_EXCEPTIONS: no memory.
    pub const NO_MEMORY: Exception = Exception {
        code: 0xC000_0017,
        name: "STATUS_NO_MEMORY",
    };
    /// Damage was found after `HeapEnableTerminationOnCorruption` was set: Windows ends the process here.
    pub const HEAP_CORRUPTION: Exception = Exception {
        code: 0xC000_0374,
        name: "STATUS_HEAP_CORRUPTION",
    };

    /// What HEAP_GENERATE_EXCEPTIONS makes of a failure.
    #[must_use]
    pub fn of(error: &AllocError) -> Exception {
        if is_misuse(error) {
            Exception::ACCESS_VIOLATION
        } else {
            Exception::NO_MEMORY
        }
    }
}

impl fmt::Display for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exception {:#010X} {}", self.code, self.name)
    }
}

impl std::error::Error for Exception {}

/// Whether a failure is the caller's doing, or damage, rather than lack of memory.
pub(super) fn is_misuse(error: &AllocError) -> bool {
    matches!(error, AllocError::Damaged(_) | AllocError::Misuse(_))
}

/// The last error that a failure sets.
#[must_use]
pub fn last_error_of(error: &AllocError) -> u32 {
    if is_misuse(error) {
        ERROR_INVALID_PARAMETER
    } else {
        ERROR_NOT_ENOUGH_MEMORY
    }
}

/// The `errno` that the CRT makes of a last error: `_dosmaperr`, as far as it matters here.
#[must_use]
pub fn errno_of(last_error: u32) -> i32 {
    match last_error {
        ERROR_INVALID_HANDLE => EBADF,
        ERROR_NOT_ENOUGH_MEMORY => ENOMEM,
        _ => EINVAL,
    }
}

thread_local!(static LAST_ERROR: Cell<u32> = const { Cell::new(NO_ERROR) });

/// The calling thread's last error.
#[must_use]
pub fn GetLastError() -> u32 {
    LAST_ERROR.get()
}

/// Sets the calling thread's last error.
pub fn SetLastError(dwErrCode: u32) {
    LAST_ERROR.set(dwErrCode);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_named_once() {
        for rows in [ERRORS, EXCEPTIONS, ERRNOS] {
            assert!(rows.is_sorted_by(|a, b| a.code < b.code));
        }
        assert_eq!(error_name(998), Some("ERROR_NOACCESS"));
        assert_eq!(error_name(5), None);
        assert_eq!(errno_name(40), Some("ENOSYS"));
        assert_eq!(errno_name(-1), None);
    }

    #[test]
    fn the_last_error_belongs_to_its_thread() {
        SetLastError(42);
        let other = std::thread::spawn(|| {
            let before = GetLastError();
            SetLastError(1);
            before
        });
        assert_eq!(other.join().unwrap(), NO_ERROR);
        assert_eq!(GetLastError(), 42);
    }
}
