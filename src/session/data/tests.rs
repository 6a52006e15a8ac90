//! What stands in the files is what the heap holds.

use serde_json::Value as Json;

use super::*;
use crate::session::parse_script;

const SCHEMA_FILE: &str = include_str!("../../../assets/schema/heapwalk-1.schema.json");

/// Heaps of every kind, in every state that data can tell of.
const SCRIPTS: [&str; 6] = [
    "heap new growable\n",
    "heap new fixed 64K coalesce=off\nalloc b[0:40] 48\nfree b[::2]\nfree b[1]\n",
    "heap new buffer 64K policy=first-fit tail=on freecheck=on stamp=off\nalloc a 100\n",
    "heap new growable decommit=auto\nalloc a 4M\nalloc b 600K\nalloc c 64\nfree b\nheapmin\nfree a\n",
    "heap new fixed 64K checks=off\nalloc a 64\nalloc b 64\ndouble-free a\nalloc c 64\nalloc d 64\n",
    "heap new fixed 64K\nalloc a 64\nalloc b 64\nalloc c 64\noverrun a 24\n",
];

fn session(script: &str) -> Session {
    let mut session = Session::new().expect("a session");
    for (_, command) in parse_script(script, "test").expect("a script") {
        session.apply(&command);
    }
    session
}

fn json(session: &mut Session) -> Json {
    let mut written = Vec::new();
    session.write_json(&mut written).expect("memory takes all");
    serde_json::from_slice(&written).expect("JSON")
}

fn csv(session: &Session) -> Vec<BTreeMap<String, String>> {
    let mut written = Vec::new();
    session.write_csv(&mut written).expect("memory takes all");
    let mut reader = ::csv::Reader::from_reader(&*written);
    reader.deserialize().collect::<Result<_, _>>().expect("CSV")
}

fn whole(json: &Json) -> u64 {
    json.as_u64().unwrap_or_else(|| panic!("{json} is no size"))
}

fn sum(blocks: &[Json], field: &str) -> u64 {
    blocks.iter().map(|block| whole(&block[field])).sum()
}

#[test]
fn every_heap_follows_the_schema() {
    let schema = serde_json::from_str(SCHEMA_FILE).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    for script in SCRIPTS {
        let data = json(&mut session(script));
        let mistakes: Vec<String> = validator
            .iter_errors(&data)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert_eq!(mistakes, Vec::<String>::new(), "{script}");
        assert_eq!(data["schema"], SCHEMA);
    }
    // It is a schema that something may fail.
    let mut data = json(&mut session(SCRIPTS[1]));
    data["blocks"][0]["bytes"] = Json::from(-1);
    assert!(!validator.is_valid(&data));
}

/// A field that the schema does not name would be one that nobody can rely on.
#[test]
fn the_schema_names_every_field() {
    let schema: Json = serde_json::from_str(SCHEMA_FILE).expect("the schema is JSON");
    let mut strict = schema.clone();
    let close = |object: &mut Json| object["additionalProperties"] = Json::from(false);
    close(&mut strict);
    for kind in ["heap", "memory", "region", "block", "return"] {
        close(&mut strict["$defs"][kind]);
    }
    let validator = jsonschema::validator_for(&strict).expect("the schema is one");
    for script in SCRIPTS {
        let data = json(&mut session(script));
        assert!(validator.is_valid(&data), "{script}");
    }
}

#[test]
fn blocks_add_up_to_the_figures() {
    for script in &SCRIPTS[..4] {
        let mut session = session(script);
        let data = json(&mut session);
        let memory = &data["memory"];
        let blocks = data["blocks"].as_array().expect("a list");
        let (busy, free): (Vec<Json>, Vec<Json>) = blocks
            .iter()
            .cloned()
            .partition(|block| block["state"] != "free");
        assert_eq!(sum(&busy, "asked"), whole(&memory["live"]), "{script}");
        assert_eq!(sum(&busy, "slack"), whole(&memory["slack"]), "{script}");
        let holes = whole(&memory["holes_returnable"]) + whole(&memory["holes_pinned"]);
        assert_eq!(sum(&free, "bytes"), holes, "{script}");
        assert_eq!(
            free.len() as u64,
            whole(&data["metrics"]["holes"]),
            "{script}"
        );
        let parts = ["live", "slack", "headers", "control"].map(|part| whole(&memory[part]));
        let parts = parts.iter().sum::<u64>() + holes;
        assert_eq!(parts, whole(&memory["committed"]), "{script}");
        let regions = data["regions"].as_array().expect("a list");
        assert_eq!(
            sum(regions, "reserved"),
            whole(&data["metrics"]["reserved"]),
            "{script}"
        );
        assert_eq!(
            sum(regions, "committed"),
            whole(&memory["committed"]),
            "{script}"
        );
    }
}

#[test]
fn names_and_births_are_those_that_were_given() {
    let mut session = session(SCRIPTS[4]);
    let data = json(&mut session);
    let blocks = data["blocks"].as_array().expect("a list");
    let twice = blocks.iter().find(|block| !block["other_names"].is_null());
    let twice = twice.expect("a block that was handed out twice");
    assert_eq!(twice["name"], "d");
    assert_eq!(twice["other_names"], serde_json::json!(["c"]));
    let b = blocks.iter().find(|block| block["name"] == "b");
    let b = b.expect("the other block");
    assert_eq!(
        (&b["asked"], &b["state"]),
        (&Json::from(64), &Json::from("busy"))
    );
    assert_eq!(whole(&b["payload"]), whole(&b["address"]) + 16);
}

#[test]
fn returns_tell_cause_and_residency() {
    let data = json(&mut session(SCRIPTS[3]));
    let returns = data["returns"].as_array().expect("a list");
    assert!(!returns.is_empty());
    assert_eq!(returns.len() as u64, whole(&data["returns_total"]));
    assert_eq!(
        sum(returns, "bytes"),
        whole(&data["memory"]["returned_total"])
    );
    assert!(returns.iter().any(|entry| entry["cause"] == "automatic"));
}

#[test]
fn csv_has_the_blocks_of_the_json() {
    for script in SCRIPTS {
        let mut session = session(script);
        let data = json(&mut session);
        let blocks = data["blocks"].as_array().expect("a list");
        let lines = csv(&session);
        assert_eq!(lines.len(), blocks.len(), "{script}");
        let text = |value: &Json| match value {
            Json::Null => String::new(),
            Json::String(text) => text.clone(),
            Json::Array(list) => list
                .iter()
                .filter_map(Json::as_str)
                .collect::<Vec<_>>()
                .join(" "),
            other => other.to_string(),
        };
        for (line, block) in lines.iter().zip(blocks) {
            for (column, field) in [
                ("address [B]", "address"),
                ("payload [B]", "payload"),
                ("size [B]", "bytes"),
                ("state", "state"),
                ("asked [B]", "asked"),
                ("slack [B]", "slack"),
                ("name", "name"),
                ("other names", "other_names"),
                ("born [operation]", "born"),
            ] {
                assert_eq!(line[column], text(&block[field]), "{script}: {column}");
            }
            assert_eq!(line.len(), 9);
        }
    }
}
