//! Lines of the command language, from the table of commands alone: a new command takes part by itself.

use heapwalk::session::{CommandRow, GRAMMAR, Metric, parse_line};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

/// Commands that end nothing but the script they stand in, or wait for a person.
const LEFT_OUT: &[&str] = &["quit", "pause"];

/// What stands for each word of a usage that is no word of the language.
fn value(word: &str, random: &mut ChaCha8Rng) -> Option<String> {
    let number = |random: &mut ChaCha8Rng, most: u64| random.random_range(0..most);
    Some(match word {
        "SIZE" | "BYTES" => size(random),
        "NAME" | "NAMES" => name(random),
        "0xADDRESS" => format!("{:#x}", number(random, 0x20_0000) & !15),
        "HEAP" | "N" | "NUMBER" | "COUNT" => number(random, 5).to_string(),
        "BYTE" => number(random, 256).to_string(),
        // In the child's own folder.
        "\"FILE\"" => format!("\"{}.heapimage\"", number(random, 3)),
        "WORDS" | "\"WORDS\"" => filter(random),
        "METRIC" => Metric::ALL.choose(random)?.to_string(),
        "VALUE" => number(random, 5000).to_string(),
        "COMMAND" => GRAMMAR.choose(random)?.verb.to_owned(),
        _ => return None,
    })
}

fn size(random: &mut ChaCha8Rng) -> String {
    match random.random_range(0..12) {
        0 => u64::MAX.to_string(),
        1 => "3M".to_owned(),
        2 => "300K".to_owned(),
        3..6 => random.random_range(0..40_000).to_string(),
        _ => random.random_range(0..300).to_string(),
    }
}

fn name(random: &mut ChaCha8Rng) -> String {
    let index = random.random_range(0..24);
    let names = [
        format!("b{index}"),
        format!("b{index}"),
        format!("a{index}"),
        "l0".to_owned(),
        "l1".to_owned(),
        format!("m{index}"),
        format!("b[{index}:{}]", index + 6),
        format!("new{index}"),
    ];
    names.choose(random).cloned().unwrap_or_default()
}

fn filter(random: &mut ChaCha8Rng) -> String {
    let words = [
        "busy",
        "free",
        "damaged",
        "large",
        "pin",
        "size>100",
        "slack>4",
        "name~b",
        "age<9",
        "off",
        "\"words\"",
    ];
    words.choose(random).copied().unwrap_or_default().to_owned()
}

/// A line of this command: its usage with values put in, or its example.
fn line(row: &CommandRow, random: &mut ChaCha8Rng) -> String {
    let mut line = row.verb.to_owned();
    for word in row.usage.split(' ').skip(row.verb.split(' ').count()) {
        let optional = word.starts_with('[');
        if optional && random.random_bool(0.5) {
            continue;
        }
        let choices: Vec<&str> = word.trim_matches(['[', ']']).split('|').collect();
        let choice = choices.choose(random).copied().unwrap_or_default();
        let word = match choice.split_once('=') {
            Some((key, values)) => value(values, random).map(|value| format!("{key}={value}")),
            None => value(choice, random).or_else(|| Some(choice.to_owned())),
        };
        line.push(' ');
        line.push_str(&word.unwrap_or_default());
    }
    match parse_line(&line) {
        Ok(Some(_)) => line,
        // What a usage leaves open (options, three dots), the example says.
        _ => row.example.to_owned(),
    }
}

/// Workloads with fewer steps: what matters is that there are some.
fn shortened(line: String) -> String {
    if line.starts_with("run random") {
        return "run random ops=300 sizes=16..6000 live=60 realloc=20".to_owned();
    }
    let word = |word: &str| match word.strip_prefix("ops=") {
        Some(_) => "ops=300".to_owned(),
        None => word.to_owned(),
    };
    line.split(' ').map(word).collect::<Vec<String>>().join(" ")
}

/// A line for each command, in the table's order.
pub(crate) fn of_each(random: &mut ChaCha8Rng) -> Vec<String> {
    GRAMMAR
        .iter()
        .filter(|row| !LEFT_OUT.contains(&row.verb))
        .map(|row| shortened(line(row, random)))
        .collect()
}

/// A line of a command chosen at random; calls on blocks more often than all else.
pub(crate) fn any(random: &mut ChaCha8Rng) -> String {
    let often = ["alloc", "free", "realloc"];
    let verb = if random.random_bool(0.4) {
        often.choose(random)
    } else {
        None
    };
    let rows: Vec<&CommandRow> = GRAMMAR
        .iter()
        .filter(|row| verb.is_none_or(|&verb| row.verb == verb))
        .filter(|row| !LEFT_OUT.contains(&row.verb))
        .collect();
    rows.choose(random)
        .map_or_else(String::new, |row| shortened(line(row, random)))
}
