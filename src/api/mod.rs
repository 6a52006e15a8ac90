//! The faces of the heap: the functions, flags and error codes that Microsoft documents, by their documented names.
//!
//! A [`Process`] is a simulated Windows process with its heaps. Handles and pointers are real addresses of this
//! process as `usize`; nothing here follows a pointer that does not lie in an arena of the process.
//!
//! - `win32`: HeapCreate to HeapSetInformation as methods of [`Process`], [`GetLastError`], [`PROCESS_HEAP_ENTRY`];
//! - `crt`: `_heapmin`, `_heapchk`, `_heapwalk`, `malloc` and their sisters, [`errno`];
//! - `flags`: the [`FLAGS`] that calls and heaps take, the [`GLOBAL_FLAGS`] (gflags) that a process starts with;
//! - `memory`: what the program itself stores, where it may and where it may not;
//! - `error`: [`ERRORS`], [`EXCEPTIONS`] and [`ERRNOS`], each code with its name and meaning.
//!
//! What Windows does beyond that is listed in [`NOT_MODELLED`].

mod crt;
mod error;
mod flags;
mod memory;
mod not_modelled;
mod process;
mod win32;

pub use crt::{
    _FREEENTRY, _HEAP_MAXREQ, _HEAPBADBEGIN, _HEAPBADNODE, _HEAPBADPTR, _HEAPEMPTY, _HEAPEND,
    _HEAPINFO, _HEAPOK, _USEDENTRY, _set_errno, errno, heap_status,
};
pub use error::{
    CodeRow, EBADF, EINVAL, ENOMEM, ENOSYS, ERRNOS, ERROR_CALL_NOT_IMPLEMENTED, ERROR_GEN_FAILURE,
    ERROR_INSUFFICIENT_BUFFER, ERROR_INVALID_HANDLE, ERROR_INVALID_PARAMETER, ERROR_NO_MORE_ITEMS,
    ERROR_NOACCESS, ERROR_NOT_ENOUGH_MEMORY, ERROR_NOT_OWNER, ERRORS, EXCEPTIONS, Exception,
    GetLastError, NO_ERROR, SetLastError, errno_name, errno_of, errno_text, error_name, error_text,
    last_error_of,
};
pub use flags::{
    FLAGS, FlagRow, GLOBAL_FLAGS, GlobalFlagRow, HEAP_CREATE_ALIGN_16, HEAP_CREATE_ENABLE_EXECUTE,
    HEAP_CREATE_ENABLE_TRACING, HEAP_DISABLE_COALESCE_ON_FREE, HEAP_FREE_CHECKING_ENABLED,
    HEAP_GENERATE_EXCEPTIONS, HEAP_GROWABLE, HEAP_NO_SERIALIZE, HEAP_PRIVATE,
    HEAP_REALLOC_IN_PLACE_ONLY, HEAP_TAIL_CHECKING_ENABLED, HEAP_VALIDATE_ALL_ENABLED,
    HEAP_VALIDATE_PARAMETERS_ENABLED, HEAP_ZERO_MEMORY, Place, accepted, heap_flags_of,
};
pub use memory::Violation;
pub use not_modelled::NOT_MODELLED;
pub use process::{Process, Steps};
pub use win32::{
    HEAP_COMPATIBILITY_INFORMATION, HEAP_ENABLE_TERMINATION_ON_CORRUPTION, HEAP_SUMMARY,
    PROCESS_HEAP_ENTRY, PROCESS_HEAP_ENTRY_BUSY, PROCESS_HEAP_ENTRY_DDESHARE,
    PROCESS_HEAP_ENTRY_MOVEABLE, PROCESS_HEAP_REGION, PROCESS_HEAP_REGION_BLOCK,
    PROCESS_HEAP_UNCOMMITTED_RANGE,
};
