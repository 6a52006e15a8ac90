//! Where heapwalk keeps what outlives it: journals of sessions, the lines of the prompt, the lessons that are finished.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// The directory for what heapwalk keeps: `$XDG_STATE_HOME/heapwalk`. `None` for a person without a home.
fn state() -> Option<PathBuf> {
    let places = etcetera::choose_base_strategy().ok()?;
    let directory = places.state_dir().unwrap_or_else(|| places.data_dir());
    Some(directory.join("heapwalk"))
}

/// The directory of the journals.
pub(super) fn sessions() -> Option<PathBuf> {
    Some(state()?.join("sessions"))
}

/// The file with the lines of the prompt.
pub(super) fn history() -> Option<PathBuf> {
    Some(state()?.join("history"))
}

/// The file with the names of the lessons that were played to their end.
pub(super) fn finished() -> Option<PathBuf> {
    Some(state()?.join("lessons"))
}
