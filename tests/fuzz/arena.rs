//! Damage at every word of a live heap, and then every command, every picture, and the way back.

use heapwalk::export::{self, Scheme};
use heapwalk::heap::{Block, Header, Layout, PAGE_GRANULES, UNIT, UNIT_PAGES};
use heapwalk::session::{Command, Session, parse_line};
use heapwalk::tui::{self, Appearance, ColorDepth, GlyphSet, Theme};
use heapwalk::view::{Lens, Parts, Target, Window};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use ratatui::layout::Size;

use crate::child::Cases;
use crate::lines;

/// What may be committed: little, so that damage that asks for much is refused.
const LIMIT: &str = "limit 48M";

/// Heaps of every kind, and what has happened to them.
const PASTS: &[&[&str]] = &[
    &[
        "heap new growable",
        "alloc b[0:24] 40",
        "alloc a[0:24] 700",
        "alloc m[0:8] 300K",
        "alloc l[0:3] 2M",
        "free b[::2]",
        "free a[1::3]",
        "free m[2:5]",
        "free l1",
        "minimize",
        "alloc b[30:50] 24",
    ],
    &[
        "heap new growable coalesce=off decommit=auto policy=first-fit",
        "alloc b[0:24] 90",
        "alloc a[0:24] 6000",
        "alloc l0 3M",
        "free b[::2]",
        "free b[1:9]",
        "free a[::3]",
        "free a[1::3]",
        "minimize",
    ],
    &[
        "heap new fixed 256K tail=on freecheck=on policy=next-fit",
        "alloc b[0:24] 100",
        "alloc a[0:24] 5000",
        "free b[::2]",
        "free a[::2]",
    ],
    &[
        "heap new buffer 128K policy=worst-fit",
        "alloc b[0:24] 100",
        "alloc a[0:12] 3000",
        "free b[::2]",
        "free a[::3]",
    ],
    &[
        "heap new growable serialize=off stamp=off",
        "alloc b[0:24] 40",
        "alloc a[0:24] 2100",
        "alloc l0 1200K",
        "free b[1::2]",
        "free a[::4]",
    ],
];

/// A heap with a past, and what its bytes were.
struct Arena {
    session: Session,
    layout: Layout,
    /// Addresses of words that hold the heap's own state.
    words: Vec<u64>,
    /// Bytes of the space in use.
    used: u64,
    /// Addresses of busy blocks.
    blocks: Vec<u64>,
}

fn said(line: &str) -> Command {
    parse_line(line)
        .ok()
        .flatten()
        .unwrap_or_else(|| panic!("a command: {line}"))
}

fn word(session: &mut Session, at: u64) -> u64 {
    let mut bytes = [0; 8];
    session.look(|core| core.read_bytes(at, &mut bytes));
    u64::from_le_bytes(bytes)
}

impl Arena {
    fn new(past: &[&str], checks: bool) -> Arena {
        let mut session = Session::new().expect("addresses for a heap");
        session.apply(&said(LIMIT));
        for line in past {
            session.apply(&said(line));
        }
        if !checks {
            session.apply(&said("checks off"));
        }
        let layout = Layout::of(word(&mut session, 5 * 8));
        let used = session.look(|core| core.units_end()) * UNIT;
        let mut arena = Arena {
            session,
            layout,
            words: Vec::new(),
            used,
            blocks: Vec::new(),
        };
        arena.words = arena.own_words();
        arena
    }

    /// Every word that the heap itself reads: control block, descriptors, headers, links, unit map, bitmaps.
    fn own_words(&mut self) -> Vec<u64> {
        let (used, layout) = (self.used, self.layout);
        let mut blocks = Vec::new();
        let mut words: Vec<u64> = self.session.look(|core| {
            let mut words: Vec<u64> = (0..0x720 / 8).collect();
            for unit in 0..used / UNIT {
                words.push(layout.unit_map as u64 + unit);
                words.extend((0..6).map(|word| unit * UNIT / 8 + word));
                for page in unit * UNIT_PAGES..(unit + 1) * UNIT_PAGES {
                    if core.unit_mask(unit) >> (page % UNIT_PAGES) & 1 != 0 {
                        let first = layout.bits as u64 + page * PAGE_GRANULES / 64 * 2;
                        words.extend(first..first + PAGE_GRANULES / 64 * 2);
                    }
                }
            }
            let mut from = Block(1);
            for span in core.spans(from, Block(u32::MAX)) {
                from = span.block;
                let header = from.address() / 8 + 1;
                words.extend(header..header + 3);
                blocks.push(from.address());
            }
            words
        });
        words.sort_unstable();
        words.dedup();
        self.blocks = blocks;
        words.iter().map(|word| word * 8).collect()
    }

    /// What stands in its own words.
    fn contents(&mut self) -> Vec<u64> {
        let words = &self.words;
        let mut contents = vec![0; words.len()];
        self.session.look(|core| {
            for (&at, value) in words.iter().zip(&mut contents) {
                let mut bytes = [0; 8];
                core.read_bytes(at, &mut bytes);
                *value = u64::from_le_bytes(bytes);
            }
        });
        contents
    }

    fn write(&mut self, at: u64, value: u64) {
        self.session
            .look(|core| core.write_bytes(at, &value.to_le_bytes()));
    }

    /// What may stand in the place of a word.
    fn damaged(&mut self, at: u64, random: &mut ChaCha8Rng) -> u64 {
        let old = word(&mut self.session, at);
        let link = self.blocks.choose(random).map_or(0, |block| block / 16);
        let granules = self.used / 16;
        match random.random_range(0..14) {
            0 => 0,
            1 => u64::MAX,
            2 => random.random(),
            3 => old ^ 1 << random.random_range(0..64),
            4 => word(&mut self.session, at + 8),
            5 => word(&mut self.session, at.saturating_sub(8)),
            6 => link | link << 32,
            7 => link << 32,
            8 => {
                Header::new(
                    random.random_range(0..0x10_0000),
                    random.random_range(0..5),
                    random.random_range(0..256),
                    8,
                )
                .0
            }
            9 => {
                Header::new(
                    random.random_range(0..300),
                    Header(old).previous(),
                    random.random_range(0..256),
                    8,
                )
                .0
            }
            10 => random.random_range(0..granules) | random.random_range(0..granules) << 32,
            11 => u64::from(random.random::<u32>()) | 1 << 63,
            12 => old.wrapping_mul(3),
            _ => 0x5354_414D_0000_0000 | link,
        }
    }

    /// Overwrites words. The first is the one given; the others are any.
    fn damage(&mut self, at: u64, more: usize, random: &mut ChaCha8Rng) -> String {
        let mut told = String::new();
        for nth in 0..=more {
            let at = match nth {
                0 => at,
                _ if random.random_bool(0.2) => random.random_range(0..self.used / 8) * 8,
                _ => self.words.choose(random).copied().unwrap_or(at),
            };
            let value = self.damaged(at, random);
            self.write(at, value);
            told.push_str(&format!("{at:#x}={value:#x} "));
        }
        told
    }
}

/// What is looked at: the whole heap, single blocks, far away, everything beside the map.
fn lenses(arena: &Arena, random: &mut ChaCha8Rng) -> Vec<Lens> {
    let window = Window {
        top: random.random_range(0..40),
        rows: 30,
    };
    let parts = Parts::all(120, window);
    let cursor = arena.blocks.choose(random).copied();
    let base = Lens {
        cells: 64,
        rows: 20,
        parts,
        follow: true,
        range: Some((0, u64::MAX)),
        ..Lens::default()
    };
    vec![
        Lens { cursor, ..base },
        Lens {
            zoom: Some(16),
            cursor,
            ..base
        },
        Lens {
            zoom: Some(64 << random.random_range(0..20)),
            cursor: Some(random.random_range(0..arena.used)),
            top: random.random_range(0..100_000),
            follow: false,
            ..base
        },
    ]
}

const TARGETS: &[Target] = &[
    Target::NextBlock,
    Target::PreviousBlock,
    Target::NextHole,
    Target::PreviousHole,
    Target::Rows(7),
    Target::Rows(-7),
    Target::First,
    Target::Last,
    Target::LargestHole,
    Target::NextFound,
    Target::PreviousFound,
    Target::WorstPin,
    Target::Born(3),
];

/// Takes pictures of the heap, draws and exports them.
fn look(arena: &mut Arena, cases: &mut Cases, theme: &Theme) {
    let mut random = cases.random.clone();
    for lens in lenses(arena, &mut random) {
        let frame = cases.step("picture", || arena.session.frame(&lens));
        let size = Size::new(random.random_range(1..210), random.random_range(1..70));
        let buffer = cases.step("drawing", || tui::still(&frame, theme, size));
        cases.step("text", || export::text(&buffer));
        if random.random_bool(0.1) {
            cases.step("svg", || export::svg(&buffer, &Scheme::DARK));
        }
        for &target in TARGETS {
            cases.step("seek", || arena.session.seek(lens.cursor, target, 1024));
        }
        if let Some(address) = lens.cursor {
            cases.step("walk on", || {
                arena.session.look(|core| {
                    let from = core.entry_at(Block((address / 16) as u32));
                    from.map_or(0, |entry| core.walk_behind(entry).count())
                })
            });
        }
    }
    cases.random = random;
}

/// Gives a line to the session.
fn apply(arena: &mut Arena, cases: &mut Cases, line: &str) {
    let Ok(Some(command)) = parse_line(line) else {
        panic!("no command: {line}");
    };
    cases.step(line, || arena.session.apply(&command));
}

/// Takes everything back to where the session was after `depth` commands. False where undo is refused: another actor
/// is in the middle of a call.
fn take_back(session: &mut Session, depth: usize) -> bool {
    while session.depths().0 > depth {
        let before = session.depths().0;
        session.apply(&Command::Undo);
        if session.depths().0 == before {
            return false;
        }
    }
    true
}

pub(crate) fn run(cases: &mut Cases) {
    let theme = Theme::new(ColorDepth::True, GlyphSet::Unicode, Appearance::Dark);
    while cases.next_round() {
        round(cases, &theme);
        cases.check_memory();
    }
}

/// A heap, and some of its words damaged one after the other. Seeds that follow each other go through all heaps in turn,
/// and with each of them through all of its words.
fn round(cases: &mut Cases, theme: &Theme) {
    let (past, turn) = (cases.seed() % PASTS.len(), cases.seed() / PASTS.len());
    let checks = cases.random.random_bool(0.5);
    let name = format!("heap {past}, checks {checks}");
    cases.tell(&*name);
    let mut arena = Arena::new(PASTS[past], checks);
    let words = arena.words.clone();
    let first = turn * WORDS % words.len();
    for at in words.into_iter().cycle().skip(first).take(WORDS) {
        if !case(&mut arena, at, &name, cases, theme) {
            arena = Arena::new(PASTS[past], checks);
        }
    }
}

/// Words that are damaged in a round.
const WORDS: usize = 40;

/// Damages one word, perhaps with others, gives commands, looks, and takes all of it back. False if that cannot be
/// done: the commands took back what was there before, made more than undo keeps, or left another actor waiting.
fn case(arena: &mut Arena, at: u64, name: &str, cases: &mut Cases, theme: &Theme) -> bool {
    // What undo brings back is what was there before the damage: a copy is at hand, and nothing tells of a change.
    drop(arena.session.image());
    let (depth, before) = (arena.session.depths().0, arena.contents());
    let mut random = cases.random.clone();
    let more = if random.random_bool(0.5) {
        0
    } else {
        random.random_range(0..12)
    };
    let told = arena.damage(at, more, &mut random);
    let mut commands = vec!["stamp on".to_owned(), "validate".to_owned()];
    if random.random_bool(0.05) {
        commands.extend(lines::of_each(&mut random));
    } else {
        commands.extend((0..6).map(|_| lines::any(&mut random)));
    }
    cases.random = random;
    for line in &commands {
        cases.tell(format!("{name}, {told}{line}"));
        apply(arena, cases, line);
        if arena.session.depths().0 <= depth {
            return false;
        }
        if cases.random.random_bool(0.2) {
            look(arena, cases, theme);
        }
    }
    cases.tell(format!("{name}, {told}undo"));
    if !cases.step("undo", || take_back(&mut arena.session, depth)) {
        return false;
    }
    let after = arena.contents();
    let lost: Vec<String> = arena
        .words
        .iter()
        .zip(before.iter().zip(&after))
        .filter(|(_, (before, after))| before != after)
        .map(|(at, (before, after))| format!("{at:#x} was {before:#x}, is {after:#x}"))
        .take(9)
        .collect();
    assert!(
        lost.is_empty(),
        "undo does not bring back {lost:#?} after {commands:?}"
    );
    true
}
