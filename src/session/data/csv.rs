//! Blocks as comma-separated values: RFC 4180, lines end with CR LF.

use std::io::{self, Write};

use super::BlockRow;

/// The first line: what each column holds, and in which unit.
const HEADER: [&str; 9] = [
    "address [B]",
    "payload [B]",
    "size [B]",
    "state",
    "asked [B]",
    "slack [B]",
    "name",
    "other names",
    "born [operation]",
];

pub(super) fn write(rows: impl Iterator<Item = BlockRow>, to: &mut dyn Write) -> io::Result<()> {
    line(&HEADER.map(str::to_owned), to)?;
    for row in rows {
        let born = row.born.map_or_else(String::new, |born| born.to_string());
        let fields = [
            row.address.to_string(),
            row.payload.to_string(),
            row.bytes.to_string(),
            row.state.to_owned(),
            row.asked.to_string(),
            row.slack.to_string(),
            row.name.unwrap_or_default(),
            row.other_names.join(" "),
            born,
        ];
        line(&fields, to)?;
    }
    Ok(())
}

fn line(fields: &[String; HEADER.len()], to: &mut dyn Write) -> io::Result<()> {
    for (nth, field) in fields.iter().enumerate() {
        if nth > 0 {
            to.write_all(b",")?;
        }
        to.write_all(quoted(field).as_bytes())?;
    }
    to.write_all(b"\r\n")
}

/// A field as a reader gets it back, whatever stands in it.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_back_whatever_stands_in_a_field() {
        let all = [
            "",
            "b[3]",
            "a,b",
            "\"",
            "a\"b\"",
            "two\nlines",
            "\r\n",
            " c ",
        ];
        let mut fields: [String; HEADER.len()] = Default::default();
        for (field, text) in fields.iter_mut().zip(all) {
            text.clone_into(field);
        }
        let mut written = Vec::new();
        line(&fields, &mut written).expect("memory takes all");
        line(&fields, &mut written).expect("memory takes all");
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(&*written);
        let records: Vec<csv::StringRecord> = reader
            .records()
            .collect::<Result<_, _>>()
            .expect("lines of the same length");
        assert_eq!(records.len(), 2);
        for record in records {
            assert_eq!(record.iter().collect::<Vec<_>>(), fields.each_ref());
        }
    }
}
