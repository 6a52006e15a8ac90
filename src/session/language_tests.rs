//! The language as a whole: what is printed parses, what is parsed prints, and nothing panics.

use std::collections::HashSet;
use std::mem::discriminant;

use proptest::prelude::*;
use proptest::sample::select;

use super::arbitrary::any_command;
use super::filter::FILTER_WORDS;
use super::*;

fn parse(line: &str) -> Command {
    parse_line(line)
        .unwrap_or_else(|error| panic!("{line}: {error}"))
        .expect(line)
}

/// Words and pieces of words, so that garbage gets past the first one.
fn any_line() -> impl Strategy<Value = String> {
    let words: Vec<String> = GRAMMAR
        .iter()
        .flat_map(|row| row.example.split(' '))
        .chain([
            "\"", "\\", "#", "b[", ":", "]", "-1", "=", "<", "0x", "4K", "\0", "é", "zero",
        ])
        .map(str::to_owned)
        .collect();
    let part = prop_oneof![3 => select(words), 1 => any::<String>(), 2 => Just(" ".to_owned())];
    proptest::collection::vec(part, 0..10).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn a_printed_command_parses_to_itself(command in any_command()) {
        let line = command.to_string();
        prop_assert!(!line.contains(['\n', '\r']), "{:?}", line);
        prop_assert_eq!(parse_line(&line), Ok(Some(command.clone())), "{}", line);
        prop_assert_eq!(command.row().verb, command.verb());
    }

    #[test]
    fn printing_is_a_fixed_point_and_garbage_is_answered(line in any_line(), cursor in 0_usize..60) {
        match parse_line(&line) {
            Ok(None) => {}
            Ok(Some(command)) => {
                let printed = command.to_string();
                let again = parse_line(&printed).unwrap().unwrap();
                prop_assert_eq!(again.to_string(), printed);
            }
            Err(error) => {
                let length = line.chars().count();
                prop_assert!((1..=length + 1).contains(&error.column), "{}: {}", line, error);
                prop_assert!(!error.expected.is_empty());
                // Only the end of the line is "nothing found".
                if error.found.is_empty() {
                    let left: String = line.chars().skip(error.column - 1).collect();
                    let left = left.trim_start();
                    prop_assert!(left.is_empty() || left.starts_with('#'), "{:?}: {}", line, error);
                }
                let shown = error.to_string();
                prop_assert!(!shown.chars().any(char::is_control), "{:?}", shown);
            }
        }
        for offer in complete(&line, cursor, ["b1"]) {
            prop_assert!(offer.start <= cursor);
        }
        // Not only the first word: an actor or a brace may stand before the command.
        let helped = |row: &CommandRow| line.split_whitespace().any(|word| word.starts_with(&row.verb[..1]));
        prop_assert!(inline_help(&line).is_none_or(helped));
    }
}

#[test]
fn every_example_is_the_row_that_it_shows() {
    for row in GRAMMAR {
        let command = parse(row.example);
        assert_eq!(command.row().verb, row.verb);
        assert_eq!(parse(&command.to_string()), command);
        assert!(row.usage.starts_with(row.verb), "{}", row.usage);
        for flag in CALL_FLAGS {
            let shown = row.usage.contains(&format!("[{}]", flag.word));
            assert_eq!(
                shown,
                row.flags().has(flag.flag),
                "{}: {}",
                row.verb,
                flag.word
            );
        }
        let options = row.options();
        let all = row.usage.contains("[OPTION=VALUE ...]");
        assert!(
            all || options
                .iter()
                .all(|option| row.usage.contains(&format!("[{}=", option.key)))
        );
    }
    let verbs: HashSet<_> = GRAMMAR.iter().map(|row| row.verb).collect();
    assert_eq!(verbs.len(), GRAMMAR.len());
}

#[test]
fn every_command_has_a_row() {
    let source = include_str!("command.rs");
    let (_, body) = source.split_once("pub enum Command {").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let variant = |line: &&str| {
        line.strip_prefix("    ")
            .is_some_and(|line| line.starts_with(char::is_uppercase))
    };
    let variants = body.lines().filter(variant).count();
    let covered: HashSet<_> = GRAMMAR
        .iter()
        .map(|row| discriminant(&parse(row.example)))
        .collect();
    assert_eq!(covered.len(), variants);
}

#[test]
fn the_grammar_in_the_documentation_has_every_command() {
    let source = include_str!("parse.rs");
    for row in GRAMMAR {
        let verb: Vec<String> = row
            .verb
            .split(' ')
            .map(|word| format!("\"{word}\""))
            .collect();
        let rule = source.lines().find(|line| {
            line.starts_with("//!") && line.contains(&format!(" {} ", verb.join(" ")))
        });
        let rule = rule.unwrap_or_else(|| panic!("no rule for {}", row.verb));
        let (_, example) = rule.split_once("(* ").unwrap();
        let (example, _) = example.split_once(" *)").unwrap();
        assert_eq!(parse(example).row().verb, row.verb);
    }
}

#[test]
fn lines_have_one_canonical_form() {
    for (line, canonical) in [
        ("heap new growable", "heap new growable"),
        ("heap new fixed 0x40000 stamp=on", "heap new fixed 256K"),
        (
            "  heap  new growable coalesce=off policy=first-fit  # comment",
            "heap new growable policy=first-fit coalesce=off",
        ),
        (
            "heap new buffer 64K decommit=auto total=1M block=4096",
            "heap new buffer 64K decommit=auto total=1M",
        ),
        ("heap destroy", "heap destroy"),
        (
            "alloc b[:100] 48 exceptions zero",
            "alloc b[0:100] 48 zero exceptions",
        ),
        ("realloc a 4096 inplace", "realloc a 4K inplace"),
        ("free null", "free null"),
        ("free 0x1230 noserialize", "free 0x1230 noserialize"),
        ("validate noserialize", "validate noserialize"),
        ("validate b[3] noserialize", "validate b3 noserialize"),
        ("heapset 7", "heapset 0x07"),
        ("decommit auto", "decommit auto"),
        ("decommit auto block=4K", "decommit auto"),
        ("limit default", "limit default"),
        ("run random", "run random"),
        (
            "run random seed=7 life=lifo sizes=64 ops=500",
            "run random ops=500 sizes=64..64 life=lifo seed=7",
        ),
        (r#"say "a \"b\" \u{7}""#, r#"say "a \"b\" \u{7}""#),
        ("say \"\"", "say \"\""),
        ("expect largest_free<128", "expect largest_free < 128"),
        ("expect free == 8192", "expect free == 8K"),
        ("expect holes == 8192", "expect holes == 8192"),
        ("expect result == -1", "expect result == -1"),
        (
            "expect external_fragmentation >= 0.50",
            "expect external_fragmentation >= 0.5",
        ),
        (
            "expect external_fragmentation < 1.0",
            "expect external_fragmentation < 1.0",
        ),
    ] {
        assert_eq!(parse(line).to_string(), canonical, "{line}");
    }
}

/// Quotes are for blanks; what is printed has them always.
#[test]
fn files_are_named_with_and_without_quotes() {
    for (typed, printed) in [
        ("export a/b.csv", r#"export "a/b.csv""#),
        (
            "save holes.heapimage replace",
            r#"save "holes.heapimage" replace"#,
        ),
        ("load ~/x-1.heapimage # mine", r#"load "~/x-1.heapimage""#),
        (r#"export "two words.csv""#, r#"export "two words.csv""#),
    ] {
        assert_eq!(parse(typed).to_string(), printed);
    }
    for line in ["export", "save replace", "load {", "export two words.csv"] {
        assert!(parse_line(line).is_err(), "{line}");
    }
}

#[test]
fn mistakes_are_answered_with_the_place_and_what_was_expected() {
    for (line, message) in [
        (
            "alloc b x4",
            r#"column 9: found "x4", expected a size such as 64, 0x40 or 4K"#,
        ),
        (
            "alloc b",
            "column 8: found the end of the line, expected a size such as 64, 0x40 or 4K",
        ),
        (
            "alloc b  # 64",
            "column 8: found the end of the line, expected a size such as 64, 0x40 or 4K",
        ),
        (
            "aloc b 64",
            r#"column 1: found "aloc", expected a command such as alloc, free or compact (did you mean alloc?)"#,
        ),
        (
            "HeapFree(heap, 0, p)",
            "column 1: found \"HeapFree(heap,\", expected a command such as alloc, free or compact \
             (the command is: free NAMES|null|0xADDRESS [noserialize])",
        ),
        (
            "heap nwe",
            r#"column 6: found "nwe", expected new, use, destroy or crt (did you mean new?)"#,
        ),
        (
            "heap new",
            "column 9: found the end of the line, expected growable, fixed or buffer",
        ),
        (
            "heap new fixed 0",
            r#"column 16: found "0", expected a size above 0 (a maximum of 0 means: heap new growable)"#,
        ),
        (
            "heap new growable polcy=best-fit",
            "column 19: found \"polcy\", expected an option: init=, policy=, coalesce=, serialize=, tail=, \
             freecheck=, exceptions=, decommit=, block=, total=, stamp= or checks= (did you mean policy?)",
        ),
        (
            "heap new growable policy=best",
            r#"column 26: found "best", expected best-fit, first-fit, next-fit or worst-fit"#,
        ),
        (
            "heap new growable policy=bestfit",
            "column 26: found \"bestfit\", expected best-fit, first-fit, next-fit or worst-fit \
             (did you mean best-fit?)",
        ),
        (
            "heap new growable tail",
            r#"column 19: found "tail", expected tail=on|off"#,
        ),
        (
            "heap new growable init= tail=on",
            r#"column 19: found "init=", expected init=SIZE"#,
        ),
        (
            "heap new growable tail=on tail=on",
            r#"column 27: found "tail", expected each option once"#,
        ),
        (
            "heap new growable block=8K decommit=auto",
            r#"column 25: found "8K", expected decommit=auto before a threshold"#,
        ),
        (
            "help alloc b",
            r#"column 12: found "b", expected the end of the line"#,
        ),
        (
            "help heap nwe",
            r#"column 11: found "nwe", expected new, use, destroy or crt (did you mean new?)"#,
        ),
        (
            "filter",
            "column 7: found the end of the line, expected off, busy, free, large, damaged, pin, \
             or a condition such as size>4K, name~b or from=0x1000",
        ),
        (
            "free where",
            "column 11: found the end of the line, expected busy, free, large, damaged, pin, \
             or a condition such as size>4K, name~b or from=0x1000",
        ),
        (
            "expand b[0:2] 64",
            "column 8: found \"b[0:2]\", expected a name such as b3, null, or an address such as 0x1230 \
             (one block at a time)",
        ),
        (
            "heap use -1",
            r#"column 10: found "-1", expected a number from 0 to 4294967295"#,
        ),
        (
            "heap use 1 2",
            r#"column 12: found "2", expected the end of the line"#,
        ),
        (
            "alloc b[0:] 48",
            r#"column 7: found "b[0:]", expected a slice with an end, such as b[0:100]"#,
        ),
        (
            "alloc a 4G 4G",
            r#"column 12: found "4G", expected zero, noserialize, exceptions or the end of the line"#,
        ),
        (
            "alloc a 64 inplace",
            "column 12: found \"inplace\", expected zero, noserialize, exceptions or the end of the line \
             (inplace is a flag of realloc)",
        ),
        (
            "alloc a 64 zero zero",
            r#"column 17: found "zero", expected each call flag once"#,
        ),
        (
            "free a zero",
            "column 8: found \"zero\", expected noserialize or the end of the line \
             (zero is a flag of alloc, realloc)",
        ),
        (
            "free b[-1]",
            r#"column 8: found "-1", expected an index of at least 0 (indices do not count from the end)"#,
        ),
        (
            "probe 99999999999G",
            r#"column 7: found "99999999999G", expected a size below 2^64 bytes"#,
        ),
        (
            "heapset 256",
            r#"column 9: found "256", expected a number from 0 to 255"#,
        ),
        (
            "coalesce of",
            r#"column 10: found "of", expected on or off (did you mean off?)"#,
        ),
        (
            "limit x",
            r#"column 7: found "x", expected a size such as 64, 0x40 or 4K, or default"#,
        ),
        (
            "run random ops=1K",
            r#"column 16: found "1K", expected a count such as 1000 (counts are plain decimal numbers)"#,
        ),
        (
            "run random sizes=16..",
            r#"column 18: found "16..", expected two sizes such as 16..512"#,
        ),
        (
            "run random sizes=1K..512",
            r#"column 22: found "512", expected a size of at least 1K"#,
        ),
        (
            "run random realloc=101",
            r#"column 20: found "101", expected a number from 0 to 100"#,
        ),
        (
            "say words",
            r#"column 5: found "words", expected words in double quotes"#,
        ),
        (
            "say \"words",
            r#"column 5: found "\"words", expected a closing " before the end of the line"#,
        ),
        (
            "expect largest_fre < 1",
            r#"column 8: found "largest_fre", expected a metric such as largest_free (did you mean largest_free?)"#,
        ),
        (
            "expect free = 1",
            r#"column 13: found "=", expected <, <=, ==, !=, >= or > (equality is written ==)"#,
        ),
        (
            "expect free < 0.5",
            "column 15: found \"0.5\", expected a whole number (only ratios such as external_fragmentation are fractions)",
        ),
        (
            "expect free < -",
            r#"column 15: found "-", expected a number such as 128, 4K, -1 or 0.25"#,
        ),
        (
            "\0",
            r#"column 1: found "\0", expected a command such as alloc, free or compact"#,
        ),
        (
            "allöc a 64",
            r#"column 1: found "allöc", expected a command such as alloc, free or compact (did you mean alloc?)"#,
        ),
    ] {
        let error = parse_line(line).expect_err(line);
        assert_eq!(error.to_string(), message, "{line}");
    }
}

#[test]
fn scripts_keep_their_line_numbers() {
    let script = "\u{feff}# a script\r\n\r\nalloc a 64\r\n  free a # done\n\npause";
    let lines: Vec<(usize, String)> = parse_script(script, "demo")
        .unwrap()
        .into_iter()
        .map(|(line, command)| (line, command.to_string()))
        .collect();
    let expected = [(3, "alloc a 64"), (4, "free a"), (6, "pause")];
    assert_eq!(lines, expected.map(|(line, text)| (line, text.to_owned())));

    let error = parse_script("pause\r\n\r\n  free b[x]\r\nnonsense", "a/demo.heap").unwrap_err();
    assert_eq!(
        error.to_string(),
        "a/demo.heap:3:10: found \"x\", expected an index of at least 0"
    );
}

#[test]
fn huge_and_strange_scripts_are_answered() {
    const SIZE: usize = 10 << 20;
    let name = "a".repeat(SIZE);
    let long = parse_line(&format!("free {name}")).unwrap().unwrap();
    assert_eq!(long.to_string().len(), "free ".len() + SIZE);
    for (script, words) in [
        (name, "aaaa…"),
        ("\0".repeat(SIZE), "\\0\\0…"),
        (format!("say \"{}", "é".repeat(SIZE / 2)), "a closing"),
        (format!("alloc a {}", "9".repeat(SIZE)), "below 2^64"),
        (format!("free a{}", " x".repeat(SIZE / 2)), "column 8"),
        (
            format!("free b[{}]", ":".repeat(SIZE)),
            "index of at least 0",
        ),
        (format!("{}x", "\n#".repeat(SIZE / 2)), ""),
    ] {
        let result = parse_script(&script, "huge");
        let shown = result.map_or_else(|error| error.error.to_string(), |_| String::new());
        assert!(shown.contains(words) && shown.len() < 300, "{shown}");
    }
}

#[test]
fn lines_are_completed() {
    let blocks = ["a", "b1", "b2"];
    for (line, start, offered) in [
        ("co", 0, "compact coalesce"),
        (
            "heap ",
            5,
            "new growable|new fixed|new buffer|use|destroy|crt",
        ),
        ("heap new f", 9, "fixed"),
        ("decommit", 0, "decommit off|decommit auto"),
        ("alloc ", 6, ""),
        ("alloc a 64 ", 11, "zero noserialize exceptions"),
        ("alloc a 64 zero n", 16, "noserialize"),
        ("free ", 5, "a b1 b2 null"),
        ("free where siz", 11, "size>"),
        ("free where free n", 16, "name~"),
        (
            "free where size>4K ",
            19,
            "busy free large damaged pin size> asked> slack> age> born> name~ from= to=",
        ),
        ("free where size > ", 18, ""),
        ("filter o", 7, "off"),
        ("help real", 5, "realloc realloc-freed"),
        ("help heap n", 10, "new growable|new fixed|new buffer"),
        ("free b", 5, "b1 b2"),
        ("realloc ", 8, "a b1 b2 null"),
        ("validate ", 9, "a b1 b2 null noserialize"),
        ("validate noserialize ", 21, ""),
        ("heap new fixed 64K po", 19, "policy="),
        ("heap new growable policy=w", 25, "worst-fit"),
        ("heap new growable tail=on t", 26, "total="),
        ("run random life=", 16, "random lifo fifo ramp sawtooth"),
        ("run random ops=", 15, ""),
        ("policy ", 7, "best-fit first-fit next-fit worst-fit"),
        ("limit d", 6, "default"),
        (
            "expect large",
            7,
            "largest_free largest_request large_blocks",
        ),
        ("expect free ", 12, "< <= == != >= >"),
        ("expect free < ", 14, ""),
        ("walk ", 5, ""),
        ("say \"fr", 0, ""),
        ("# fr", 0, ""),
        ("nonsense ", 9, ""),
        ("é ", 2, ""),
    ] {
        let found = complete(line, line.chars().count(), blocks);
        let texts: Vec<&str> = found.iter().map(|offer| offer.text.as_str()).collect();
        let mut texts = (texts.join(" "), texts.join("|"));
        if offered.contains('|') {
            std::mem::swap(&mut texts.0, &mut texts.1);
        }
        assert_eq!(texts.0, offered, "{line}");
        assert!(found.iter().all(|offer| offer.start == start), "{line}");
    }
    let texts: Vec<String> = complete("fre b2", 3, blocks)
        .into_iter()
        .map(|offer| offer.text)
        .collect();
    assert_eq!(
        texts,
        [
            "free",
            "free where",
            "free-interior",
            "free-misaligned",
            "free-foreign"
        ],
        "what follows the cursor does not matter"
    );
}

#[test]
fn every_offer_can_be_typed() {
    for row in GRAMMAR {
        for offer in complete(row.verb, row.verb.chars().count(), ["a"]) {
            let full: String = row
                .verb
                .chars()
                .take(offer.start)
                .chain(offer.text.chars())
                .collect();
            assert!(inline_help(&full).is_some(), "{full}");
        }
        let line = format!("{} ", row.example);
        for offer in complete(&line, line.chars().count(), ["a"]) {
            let of_filter = FILTER_WORDS.iter().find(|word| word.offer == offer.text);
            if let Some(word) = of_filter {
                let example = word.usage.split("  ").last().unwrap_or_default();
                let full = format!("filter {example}");
                assert!(parse_line(&full).is_ok(), "{full}");
                continue;
            }
            let value = match offer.text.strip_suffix('=') {
                Some(key) => {
                    row.options()
                        .iter()
                        .find(|option| option.key == key)
                        .unwrap()
                        .default
                }
                None => "",
            };
            let full = format!("{line}{}{value}", offer.text);
            let thresholds = ["block=", "total="].contains(&offer.text.as_str());
            let refused = thresholds && row.verb.starts_with("heap new");
            assert_eq!(parse_line(&full).is_err(), refused, "{full}");
        }
    }
}

#[test]
fn help_appears_as_soon_as_the_command_is_certain() {
    for (line, verb) in [
        ("", None),
        ("a", None),
        ("al", Some("alloc")),
        ("as t2:", Some("as")),
        ("as t2: al", Some("alloc")),
        ("as t2: free x", Some("free")),
        ("alloc", Some("alloc")),
        ("alloc b[0:3] x", Some("alloc")),
        ("heap", None),
        ("heapm", Some("heapmin")),
        ("heap new", None),
        ("heap new b", Some("heap new buffer")),
        ("heap new fixed 64K", Some("heap new fixed")),
        ("run", Some("run random")),
        ("s", None),
        ("frob", None),
    ] {
        assert_eq!(inline_help(line).map(|row| row.verb), verb, "{line}");
    }
}
