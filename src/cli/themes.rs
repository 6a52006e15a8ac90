//! `heapwalk themes`: the themes there are.

use super::config::theme;
use super::exit::{Exit, Failure};
use super::out;
use crate::tui::ThemeFile;

/// Where what a theme is for begins.
const COLUMN: usize = 16;

/// Heapwalk's own, then those in the person's folder; one with a mistake says which.
pub(super) fn run() -> Result<Exit, Failure> {
    let mut rows = vec![(
        theme::AUTO.to_owned(),
        "dark or light, as the terminal says".to_owned(),
    )];
    let own = ThemeFile::shipped().iter();
    rows.extend(own.map(|theme| (theme.name.clone(), theme.about.clone())));
    for (name, theme) in theme::of_person() {
        rows.push(match theme {
            Ok(theme) => (name, theme.about),
            Err(error) => (name, format!("cannot be used: {error}")),
        });
    }
    out::write(|to| {
        for (name, about) in &rows {
            writeln!(to, "{}", format!("{name:COLUMN$}  {about}").trim_end())?;
        }
        if let Some(folder) = theme::folder() {
            writeln!(to, "\nThemes of yours: {}/NAME.toml", folder.display())?;
        }
        Ok(())
    })?;
    Ok(Exit::Success)
}
