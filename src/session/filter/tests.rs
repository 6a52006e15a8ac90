use super::*;

fn block(address: u64, bytes: u64, state: BlockState) -> BlockFacts<'static> {
    BlockFacts {
        address,
        bytes,
        asked: 0,
        state,
        name: None,
        born: None,
        pins: 0,
    }
}

/// A small heap: b1 (64 asked in 80), b12 that pins a page, a hole, a large block, damage, and a descriptor.
fn blocks() -> [(&'static str, BlockFacts<'static>); 6] {
    let busy = BlockFacts {
        asked: 64,
        name: Some("b1"),
        born: Some(10),
        ..block(0x720, 80, BlockState::Busy)
    };
    let pin = BlockFacts {
        asked: 5000,
        name: Some("b12"),
        born: Some(90),
        pins: 4096,
        ..block(0x2000, 5008, BlockState::Busy)
    };
    let large = BlockFacts {
        asked: 1 << 20,
        ..block(0x10030, (1 << 20) + 4048, BlockState::Large)
    };
    [
        ("b1", busy),
        ("b12", pin),
        ("hole", block(0x3400, 4096, BlockState::Free)),
        ("large", large),
        ("bad", block(0x5000, 16, BlockState::Damaged)),
        ("control", block(0x6000, 64, BlockState::Control)),
    ]
}

#[test]
fn words_are_joined_by_and() {
    for (filter, found) in [
        ("busy", "b1 b12 large"),
        ("free", "hole"),
        ("large", "large"),
        ("busy large", "large"),
        ("damaged", "bad"),
        ("pin", "b12"),
        ("size>=4K", "b12 hole large"),
        ("size<=80", "b1 bad"),
        ("size=4096", "hole"),
        ("size!=4096 size<1M", "b1 b12 bad"),
        ("asked>=0", "b1 b12 large"),
        ("asked<100", "b1"),
        ("slack=8", "b1"),
        ("slack>8", "large"),
        ("age>50", "b1"),
        ("age<=10", "b12"),
        ("born>=10 born<90", "b1"),
        ("name~b1", "b1 b12"),
        ("name=b1", "b1"),
        ("name=b[12]", "b12"),
        ("from=0x2000", "b12 hole large bad"),
        ("to=0x2000", "b1"),
        ("from=0x720 to=0x3400", "b1 b12"),
        ("free name~b", ""),
    ] {
        let parsed: Filter = filter.parse().unwrap();
        let matching: Vec<&str> = blocks()
            .iter()
            .filter(|(_, facts)| parsed.matches(facts, 100))
            .map(|(name, _)| *name)
            .collect();
        assert_eq!(matching.join(" "), found, "{filter}");
    }
}

#[test]
fn words_have_one_canonical_form() {
    for (typed, canonical) in [
        ("free", "free"),
        ("  busy   size > 4096 # large ones", "busy size>4K"),
        ("size= 64", "size=64"),
        ("size =64", "size=64"),
        ("size = 64", "size=64"),
        ("size==64", "size=64"),
        ("size == 64", "size=64"),
        ("size != 64", "size!=64"),
        ("asked<=1M slack>0", "asked<=1M slack>0"),
        ("age>1000 born<4096", "age>1000 born<4096"),
        ("name ~ b_1", "name~b_1"),
        ("name ~b", "name~b"),
        ("name=b[3]", "name=b3"),
        ("from=0x0A to=0XB0", "from=0xa to=0xb0"),
        ("pin large busy", "pin large busy"),
    ] {
        let filter: Filter = typed.parse().unwrap();
        assert_eq!(filter.to_string(), canonical, "{typed}");
        assert_eq!(canonical.parse(), Ok(filter), "{canonical}");
    }
}

#[test]
fn mistakes_are_placed() {
    for (typed, message) in [
        (
            "",
            "column 1: found the end of the line, expected busy, free, large",
        ),
        (
            "bsy",
            "column 1: found \"bsy\", expected busy, free, large, damaged, pin, or a condition such as size>4K, name~b or from=0x1000 (did you mean busy?)",
        ),
        (
            "free siz>4K",
            "column 6: found \"siz\", expected busy, free",
        ),
        ("siz=4K", "column 1: found \"siz\", expected busy, free"),
        (
            "size",
            "column 5: found the end of the line, expected <, <=, =, !=, >= or >",
        ),
        (
            "size 4K",
            "column 6: found \"4K\", expected <, <=, =, !=, >= or >",
        ),
        (
            "size~4K",
            "column 5: found \"~\", expected <, <=, =, !=, >= or >",
        ),
        (
            "size>",
            "column 6: found the end of the line, expected a size such as 64",
        ),
        (
            "size>x",
            "column 6: found \"x\", expected a size such as 64",
        ),
        (
            "age>4K",
            "column 5: found \"4K\", expected a count such as 1000",
        ),
        (
            "name>b",
            "column 5: found \">\", expected = for the whole name or ~ for a part of it",
        ),
        (
            "name~",
            "column 6: found the end of the line, expected a part of a name",
        ),
        (
            "name~b[",
            "column 6: found \"b[\", expected a part of a name",
        ),
        ("name=3", "column 6: found \"3\", expected a name such as a"),
        (
            "from=12",
            "column 6: found \"12\", expected an address such as 0x1230",
        ),
        ("to>0x10", "column 3: found \">\", expected ="),
        (
            "busy free",
            "column 6: found \"free\", expected a word that goes with the others (no block is busy and free at once)",
        ),
        ("> 4", "column 1: found \">\", expected busy, free"),
        ("=4", "column 1: found \"=4\", expected busy, free"),
    ] {
        let error = typed.parse::<Filter>().expect_err(typed).to_string();
        assert!(error.starts_with(message), "{typed}: {error}");
    }
}

#[test]
fn every_word_can_be_typed() {
    for FilterWord { offer, usage, .. } in FILTER_WORDS {
        for example in usage.split("  ") {
            let parsed: Result<Filter, ParseError> = example.parse();
            assert!(parsed.is_ok(), "{example}: {parsed:?}");
        }
        let key = offer.trim_end_matches(['=', '~', '>']);
        assert!(usage.starts_with(key), "{offer}");
        assert_eq!(KEYS.contains(&key), key.len() < offer.len(), "{offer}");
    }
}
