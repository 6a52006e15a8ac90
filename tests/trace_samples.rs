//! The scripts behind `assets/traces`, and the test that holds the files to them.
//!
//! After changing a script, make the files anew with
//!
//! ```text
//! HEAPWALK_WRITE_TRACES=1 cargo test --test trace_samples
//! ```

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use heapwalk::trace::samples::{SAMPLES, Sample};
use heapwalk::trace::{Note, Oddity, Op, Trace, write_rep};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// A file in `assets/traces` stays readable as a diff, and a course can print it.
const LARGEST_FILE: usize = 40_000;

/// From this size on, a growable heap gives a block a mapping of its own.
const OWN_MAPPING: u64 = 0xFF000;

/// One shipped trace: its name, the script that makes it, and how many blocks it means to leave behind.
type Script = (&'static str, fn(&mut Program), u64);

const SCRIPTS: [Script; 6] = [
    ("checkerboard", checkerboard, 0),
    ("growing-buffer", growing_buffer, 0),
    ("fifo-queue", fifo_queue, 0),
    ("stack-phases", stack_phases, 24),
    ("parser-ast", parser_ast, 84),
    ("large-blocks", large_blocks, 0),
];

/// A program that allocates, being written down.
///
/// Numbers are drawn from the generator's raw output, which `rand_chacha`
/// promises never to change; ranges of `rand` come without that promise.
struct Program {
    rng: ChaCha8Rng,
    ops: Vec<Op>,
    ids: u32,
}

impl Program {
    fn new(seed: u64) -> Program {
        Program {
            rng: ChaCha8Rng::seed_from_u64(seed),
            ops: Vec::new(),
            ids: 0,
        }
    }

    fn alloc(&mut self, size: u64) -> u32 {
        let id = self.ids;
        self.ids += 1;
        self.ops.push(Op::Alloc { id, size });
        id
    }

    /// A block of `low` to `high` bytes.
    fn alloc_between(&mut self, low: u64, high: u64) -> u32 {
        let size = self.draw(low, high);
        self.alloc(size)
    }

    fn realloc(&mut self, id: u32, size: u64) {
        self.ops.push(Op::Realloc { id, size });
    }

    fn free(&mut self, id: u32) {
        self.ops.push(Op::Free { id });
    }

    fn free_all(&mut self, ids: impl IntoIterator<Item = u32>) {
        ids.into_iter().for_each(|id| self.free(id));
    }

    /// Frees any of `ids`, which must not be empty.
    fn free_any(&mut self, ids: &mut Vec<u32>) {
        let index = self.draw(0, ids.len() as u64 - 1) as usize;
        self.free(ids.swap_remove(index));
    }

    /// A number from `low` to `high`, both included.
    fn draw(&mut self, low: u64, high: u64) -> u64 {
        low + self.rng.next_u64() % (high - low + 1)
    }

    fn into_file(self) -> Vec<u8> {
        let mut file = Vec::new();
        write_rep(&Trace::from_ops(self.ops), &mut file).expect("memory takes all");
        file
    }
}

fn checkerboard(program: &mut Program) {
    const PAIRS: usize = 600;
    let mut small = Vec::new();
    let mut large = Vec::new();
    for _ in 0..PAIRS {
        small.push(program.alloc(48));
        large.push(program.alloc(400));
    }
    program.free_all(large);
    let larger: Vec<u32> = (0..PAIRS / 2).map(|_| program.alloc(448)).collect();
    program.free_all(small);
    program.free_all(larger);
}

fn growing_buffer(program: &mut Program) {
    let mut size = 256;
    let buffer = program.alloc(size);
    let mut around = Vec::new();
    while size < 200_000 {
        for _ in 0..60 {
            around.push(program.alloc_between(16, 160));
            if around.len() > 80 {
                program.free_any(&mut around);
            }
        }
        size += size / 2;
        program.realloc(buffer, size);
    }
    // What was read is cut to its true length, as a careful program does.
    program.realloc(buffer, size / 3);
    program.free_all(around);
    program.free(buffer);
}

fn fifo_queue(program: &mut Program) {
    let mut queue = VecDeque::new();
    for _ in 0..60 {
        for _ in 0..program.draw(5, 25) {
            let header = program.alloc(40);
            queue.push_back((header, program.alloc_between(64, 1500)));
        }
        let most = queue.len() as u64;
        let consumed = program.draw(most / 3, most);
        for (header, body) in queue.drain(..consumed as usize) {
            program.free_all([body, header]);
        }
    }
    for (header, body) in queue {
        program.free_all([body, header]);
    }
}

fn stack_phases(program: &mut Program) {
    for _ in 0..24 {
        let mut stack = Vec::new();
        let depth = program.draw(40, 80);
        let result_at = program.draw(depth / 2, depth - 1);
        for level in 0..depth {
            stack.push(program.alloc_between(32, 600));
            if level == result_at {
                program.alloc(96);
            }
        }
        program.free_all(stack.into_iter().rev());
    }
}

fn parser_ast(program: &mut Program) {
    for _ in 0..4 {
        let source = program.alloc(8192);
        let mut tree = Vec::new();
        for _ in 0..140 {
            let tokens: Vec<u32> = (0..program.draw(1, 4)).map(|_| program.alloc(24)).collect();
            let node = [56, 72, 120][program.draw(0, 2) as usize];
            tree.push(program.alloc(node));
            program.free_all(tokens);
        }
        // Symbols are interned once their file is read, and outlive it.
        for _ in 0..21 {
            program.alloc_between(6, 30);
        }
        program.free(source);
        program.free_all(tree.into_iter().rev());
    }
}

fn large_blocks(program: &mut Program) {
    let mut live = Vec::new();
    for round in 0..120 {
        let id = match program.draw(0, 5) {
            0 => program.alloc_between(OWN_MAPPING - 64, OWN_MAPPING - 1),
            1 => program.alloc_between(OWN_MAPPING, OWN_MAPPING + 64),
            2 => program.alloc_between(OWN_MAPPING, 3 << 20),
            3 => program.alloc_between(0x20000, OWN_MAPPING),
            _ => program.alloc_between(64, 4096),
        };
        live.push(id);
        if round % 5 == 4 {
            // One block on both sides of the border.
            program.realloc(id, OWN_MAPPING - 0x1000);
            program.realloc(id, OWN_MAPPING + 0x1000);
            program.realloc(id, OWN_MAPPING - 0x2000);
        }
        if live.len() > 14 {
            program.free_any(&mut live);
        }
    }
    program.free_all(live);
}

/// The file that the script of this row makes; its place in the table is its seed.
fn made(row: usize) -> Vec<u8> {
    let (_, script, _) = SCRIPTS[row];
    let mut program = Program::new(row as u64 + 1);
    script(&mut program);
    program.into_file()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/traces")
}

fn sample(name: &str) -> Trace {
    let sample = Sample::find(name).expect("a shipped trace");
    sample.read().expect("a readable trace")
}

#[test]
fn each_file_is_what_its_script_makes() {
    let write = std::env::var_os("HEAPWALK_WRITE_TRACES").is_some();
    for (row, (name, ..)) in SCRIPTS.into_iter().enumerate() {
        let file = made(row);
        assert!(file.len() < LARGEST_FILE, "{name}: {} bytes", file.len());
        let path = folder().join(format!("{name}.rep"));
        if write {
            fs::write(&path, &file).expect("assets/traces can be written");
        }
        // Not assert_eq: nobody wants to read the difference of two such files.
        let found = fs::read(&path).expect("assets/traces can be read");
        assert!(
            found == file,
            "{name}.rep is not what its script makes: see the head of this file"
        );
    }
}

#[test]
fn the_program_carries_each_file_and_no_other_exists() {
    let carried = SAMPLES.map(|sample| sample.name);
    assert_eq!(carried, SCRIPTS.map(|(name, ..)| name));
    let mut stored: Vec<_> = fs::read_dir(folder())
        .expect("assets/traces can be read")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    stored.sort();
    let mut expected = carried.map(|name| OsString::from(format!("{name}.rep")));
    expected.sort();
    assert_eq!(stored, expected);
}

#[test]
fn a_sample_is_odd_only_where_it_means_to_be() {
    for (name, _, left) in SCRIPTS {
        let trace = sample(name);
        assert_eq!(trace.totals.end_blocks, left, "{name}");
        let is_odd = |note: &&Note| note.oddity != Oddity::LiveAtEnd;
        let odd: Vec<&Note> = trace.notes.iter().filter(is_odd).collect();
        assert!(odd.is_empty(), "{name}: {odd:?}");
    }
}

#[test]
fn blocks_grow_and_shrink_across_the_border_to_mappings_of_their_own() {
    let asked = |op: &Op| match *op {
        Op::Alloc { id, size } | Op::Realloc { id, size } => Some((id, size >= OWN_MAPPING)),
        Op::Free { .. } | Op::FreeNull => None,
    };
    let trace = sample("large-blocks");
    let asked: Vec<(u32, bool)> = trace.ops.iter().filter_map(asked).collect();
    for up in [true, false] {
        let crosses = |pair: &&[(u32, bool)]| pair[0] == (pair[1].0, !up) && pair[1].1 == up;
        assert!(asked.windows(2).filter(crosses).count() > 20);
    }
}

#[test]
fn the_queue_is_first_in_first_out_and_the_stack_the_reverse() {
    let frees = |name| -> Vec<u32> {
        let freed = |op| match op {
            Op::Free { id } => Some(id),
            _ => None,
        };
        sample(name).ops.into_iter().filter_map(freed).collect()
    };
    // Of each message the header has an even id and the body, freed first, the odd one after it.
    let messages: Vec<u32> = frees("fifo-queue").into_iter().map(|id| id ^ 1).collect();
    assert!(messages.is_sorted() && messages.len() > 1000);
    let rises = |pair: &&[u32]| pair[0] < pair[1];
    let phases = frees("stack-phases").windows(2).filter(rises).count() + 1;
    assert_eq!(phases, 24, "frees rise only from one phase to the next");
}
