//! Random and mutated bytes for everything that reads: lines, scripts, journals, traces, heap images, configurations.

use std::fs;
use std::io::Read as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::{ZlibDecoder, ZlibEncoder};
use heapwalk::heap::{Flags, Heap, Options, Source};
use heapwalk::os::CommitLimit;
use heapwalk::session::{self, GRAMMAR, HeapFile, parse_line, parse_script};
use heapwalk::trace::samples::SAMPLES;
use heapwalk::trace::{self, Limits};
use heapwalk::view::{self, Context, Lens, Wanted};
use rand::RngExt;
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;

use crate::child::Cases;
use crate::lines;

/// Something that is read, and examples of it.
struct Reader {
    name: &'static str,
    examples: Vec<Vec<u8>>,
    /// One case in so many is of this reader.
    rarity: usize,
    read: fn(&[u8], &mut Cases),
}

fn readers() -> Vec<Reader> {
    let script: String = GRAMMAR
        .iter()
        .map(|row| format!("{}\n", row.example))
        .collect();
    let journal = format!(
        "# heapwalk session of 2026-01-01\nheap new growable # as the explorer begins\n{script}undo\nredo\n"
    );
    let traces = || {
        SAMPLES
            .iter()
            .map(|sample| sample.bytes[..sample.bytes.len().min(900)].to_vec())
    };
    let reader = |name, examples, rarity, read| Reader {
        name,
        examples,
        rarity,
        read,
    };
    vec![
        reader(
            "a script",
            vec![script.clone().into_bytes()],
            1,
            read_script as fn(&[u8], &mut Cases),
        ),
        reader("a journal", vec![journal.into_bytes()], 1, read_journal),
        reader("a trace", traces().collect(), 1, read_trace),
        reader(
            "a packed trace",
            traces().map(|bytes| packed(&bytes)).collect(),
            1,
            read_trace,
        ),
        reader("a heap image", images(), 1, read_image),
        reader(
            "a heap image with a right checksum",
            images(),
            1,
            read_summed_image,
        ),
        reader(
            "a heap image with a body packed anew",
            images(),
            1,
            read_repacked_image,
        ),
        reader(
            "a configuration",
            vec![CONFIGURATION.to_vec()],
            200,
            read_configuration,
        ),
    ]
}

const CONFIGURATION: &[u8] = b"theme = \"dark\"\ncolor = \"auto\"\nglyphs = \"unicode\"\nmouse = true\njournal = false\nframes_per_second = 30\n\n[keys.map]\nheap-compact = [\"F5\", \"K\"]\n";

fn packed(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// Heaps of every kind as files.
fn images() -> Vec<Vec<u8>> {
    [Source::Growable, Source::Fixed, Source::Buffer]
        .into_iter()
        .map(|source| {
            let options = Options {
                source,
                maximum: 0x2_0000,
                ..Options::default()
            };
            let heap = Heap::new(&options, &limit()).expect("a small heap");
            for nth in 0..40 {
                let placed = heap.alloc(nth * 37, Flags::NONE).expect("room");
                if nth % 3 == 0 {
                    heap.free(placed.payload, Flags::NONE)
                        .expect("a live block");
                }
            }
            let mut bytes = Vec::new();
            HeapFile::of(&heap, Vec::new())
                .write(&mut bytes)
                .expect("memory takes all");
            bytes
        })
        .collect()
}

fn limit() -> Arc<CommitLimit> {
    Arc::new(CommitLimit::new(16 << 20))
}

/// Bytes that are like `bytes`, or like nothing.
fn mutated(bytes: &[u8], other: &[u8], random: &mut ChaCha8Rng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.random_range(0..5) {
        let at = random.random_range(0..=bytes.len());
        let to = (at + random.random_range(0..40)).min(bytes.len());
        match random.random_range(0..10) {
            0 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
            1 if at < bytes.len() => bytes[at] = random.random(),
            2 => drop(bytes.drain(at..to)),
            3 => bytes.truncate(at),
            4 => {
                let again = bytes[at..to].to_vec();
                bytes.splice(at..at, again);
            }
            5 => {
                let many = random.random_range(1..3000);
                let again = bytes[at..to]
                    .iter()
                    .copied()
                    .cycle()
                    .take(many)
                    .collect::<Vec<u8>>();
                bytes.splice(at..at, again);
            }
            6 => {
                let from = random.random_range(0..=other.len());
                bytes.splice(at..to, other[from..].iter().copied().take(60));
            }
            7 => {
                let word = WORDS.choose(random).copied().unwrap_or_default();
                bytes.splice(at..at, word.iter().copied());
            }
            8 => {
                let noise: Vec<u8> = (0..to - at).map(|_| random.random()).collect();
                bytes.splice(at..to, noise);
            }
            _ => {
                let value = NUMBERS
                    .choose(random)
                    .copied()
                    .unwrap_or_default()
                    .to_le_bytes();
                let end = (at + 8).min(bytes.len());
                bytes[at..end].copy_from_slice(&value[..end - at]);
            }
        }
    }
    bytes
}

const NUMBERS: &[u64] = &[
    0,
    1,
    2,
    255,
    0x1_0000,
    1 << 20,
    1 << 32,
    1 << 36,
    1 << 63,
    u64::MAX,
];
const WORDS: &[&[u8]] = &[
    b"18446744073709551615",
    b"18446744073709551616",
    b"-1",
    b"0x",
    b"0xffffffffffffffff",
    b"[0:99999999999:1]",
    b"[::]",
    b"\"",
    b"\\u{110000}",
    b"\\",
    b"#",
    b"{",
    b"}",
    b"=",
    b"..",
    b"\r\n",
    b"\n",
    b"\0",
    b"\xff\xfe",
    b"\xe2\x80\xae",
    b"K",
    b"GiB",
    b"1e999",
    b"a 1 99999999",
    b"r -5 3",
    b"f 4294967295",
];

pub(crate) fn run(cases: &mut Cases) {
    let readers = readers();
    while cases.next_round() {
        for _ in 0..50 {
            case(&readers, cases);
        }
        cases.check_memory();
    }
}

fn case(readers: &[Reader], cases: &mut Cases) {
    let reader = readers.choose(&mut cases.random).expect("some readers");
    if cases.below(reader.rarity) > 0 {
        return;
    }
    let example = reader
        .examples
        .choose(&mut cases.random)
        .expect("an example");
    let other = readers
        .choose(&mut cases.random)
        .and_then(|other| other.examples.first())
        .expect("an example");
    let bytes = mutated(example, other, &mut cases.random);
    cases.tell(format!("{}: {}", reader.name, bytes.escape_ascii()));
    (reader.read)(&bytes, cases);
}

/// Every line by itself, as text and as it would be completed, and all of them as a script.
fn read_script(bytes: &[u8], cases: &mut Cases) {
    let text = String::from_utf8_lossy(bytes).into_owned();
    cases
        .step("parse_script", || parse_script(&text, "fuzz.heap"))
        .ok();
    let any = lines::any(&mut cases.random);
    let line =
        String::from_utf8_lossy(&mutated(any.as_bytes(), bytes, &mut cases.random)).into_owned();
    for line in text.lines().chain([&*line]) {
        if let Ok(Some(command)) = cases.step("parse_line", || parse_line(line)) {
            let again = parse_line(&command.to_string());
            assert_eq!(
                again,
                Ok(Some(command)),
                "what is printed parses back: {line}"
            );
        }
        let none: [&str; 0] = [];
        cases.step("complete", || session::complete(line, line.len(), none));
        cases.step("help", || session::inline_help(line));
    }
}

fn read_journal(bytes: &[u8], cases: &mut Cases) {
    cases
        .step("read_journal", || session::read_journal(bytes, "fuzz.heap"))
        .ok();
}

fn read_trace(bytes: &[u8], cases: &mut Cases) {
    let limits = Limits {
        line_bytes: 4096,
        lines: 1 << 16,
        ops: 1 << 16,
    };
    let read = cases.step("trace", || trace::rep::read("fuzz.rep", bytes, limits));
    let Ok(trace) = read else { return };
    if trace.ops.len() < 500 {
        let settings = trace::replay::Settings {
            limit: 8 << 20,
            ..Default::default()
        };
        cases.step("replay", || {
            let mut replay = trace::replay::Replay::new(&trace, settings).expect("a small heap");
            while let Ok(true) = replay.run(1000) {}
            replay.finish("fuzz.rep")
        });
    }
}

fn read_image(bytes: &[u8], cases: &mut Cases) {
    if let Ok(file) = cases.step("heap image", || HeapFile::read(bytes)) {
        use_image(&file, cases);
    }
}

/// Bytes before the body of a heap image, and of the checksum.
const HEAD: usize = 160;
const CHECKSUM: usize = 4;

fn read_summed_image(bytes: &[u8], cases: &mut Cases) {
    let mut bytes = bytes.to_vec();
    let Some(body) = bytes.len().checked_sub(HEAD + CHECKSUM) else {
        return;
    };
    bytes[HEAD - 8..HEAD].copy_from_slice(&(body as u64).to_le_bytes());
    let at = HEAD + body;
    let sum = crc32fast::hash(&bytes[..at]).to_le_bytes();
    bytes[at..].copy_from_slice(&sum);
    read_image(&bytes, cases);
}

/// Damage in the pages themselves, in a file that is otherwise in order.
fn read_repacked_image(bytes: &[u8], cases: &mut Cases) {
    let all = images();
    let sound = all.choose(&mut cases.random).expect("an image");
    let mut body = Vec::new();
    ZlibDecoder::new(&sound[HEAD..sound.len() - CHECKSUM])
        .read_to_end(&mut body)
        .expect("it was packed");
    let body = mutated(&body, bytes, &mut cases.random);
    let mut made = sound[..HEAD].to_vec();
    ZlibEncoder::new(&body[..], Compression::fast())
        .read_to_end(&mut made)
        .expect("memory takes all");
    made.extend([0; CHECKSUM]);
    read_summed_image(&made, cases);
}

/// A heap from somewhere is used like any other.
fn use_image(file: &HeapFile, cases: &mut Cases) {
    let Ok(heap) = cases.step("make", || file.make(&limit())) else {
        return;
    };
    cases.step("validate", || heap.validate(Flags::NONE, 3));
    cases.step("walk", || heap.look(|core| core.walk().count()));
    let wanted = Wanted {
        pins: true,
        search: None,
    };
    let survey = cases.step("survey", || view::survey(&heap, &wanted, &|_| None));
    let context = Context {
        survey: Some(&survey),
        fresh: true,
        ..PLAIN
    };
    let lens = Lens {
        cursor: Some(0x730),
        ..Lens::default()
    };
    cases.step("picture", || view::take(&heap, &lens, &context));
    for _ in 0..8 {
        let (size, payload) = (cases.below(3000) as u64, cases.below(0x1000) as u64 * 16);
        let what = cases.below(6);
        cases.step("use", || match what {
            0 | 1 => drop(heap.alloc(size, Flags::NONE)),
            2 => drop(heap.free(payload, Flags::NONE)),
            3 => drop(heap.realloc(payload, size, Flags::NONE)),
            4 => drop(heap.compact(Flags::NONE)),
            _ => drop(heap.minimize(Flags::NONE)),
        });
    }
    let again = cases.step("save", || {
        let mut bytes = Vec::new();
        HeapFile::of(&heap, Vec::new())
            .write(&mut bytes)
            .map(|_| bytes)
    });
    let again = HeapFile::read(&again.expect("memory takes all")[..]);
    assert!(again.is_ok(), "what is saved can be read: {again:?}");
}

const PLAIN: Context<'static> = Context {
    number: 1,
    of: 1,
    crt: true,
    marks: &[],
    names: &|_| None,
    others: &|_| Vec::new(),
    bad: &[],
    born: &|_| None,
    returned: (0, 0),
    search: None,
    survey: None,
    fresh: false,
    quiet: true,
};

/// The program itself reads its configuration, and refuses it with an exit code of its own or goes on.
fn read_configuration(bytes: &[u8], _cases: &mut Cases) {
    fs::write("fuzz.toml", bytes).expect("a folder to write in");
    let status = Command::new(env!("CARGO_BIN_EXE_heapwalk"))
        .args(["--config", "fuzz.toml", "--print-config"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program");
    assert!(
        matches!(status.code(), Some(0..=100)),
        "the program ended with {status}"
    );
}
