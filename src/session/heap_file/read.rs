//! Files to heaps. Nothing of a file is believed before it was checked.

use std::io::{self, ErrorKind, Read};

use flate2::bufread::ZlibDecoder;

use crate::heap::{Image, Layout, MAX_SPACE, PAGE_WORDS};
use crate::os::PAGE;

use super::super::name::Name;
use super::write::stats_of;
use super::{
    CHECKSUM, HEAD, HeapFile, HeapFileError, KeptName, MAGIC, MOST_BODY, MOST_COUNTED, MOST_NAMES,
    MOST_PAGES, VERSION,
};

type Checked<T> = Result<T, HeapFileError>;

impl HeapFile {
    /// Reads a file to its end.
    ///
    /// # Errors
    /// [`HeapFileError`]: what is wrong.
    pub fn read(from: impl Read) -> Checked<HeapFile> {
        let bytes = whole(from)?;
        let head = Head::of(&bytes)?;
        let body = &bytes[HEAD..bytes.len() - CHECKSUM];
        let mut body = Body(ZlibDecoder::new(body));
        let pages = body.pages(&head)?;
        let names = (0..head.names)
            .map(|_| body.name(head.layout.space))
            .collect::<Checked<Vec<KeptName>>>()?;
        body.ends()?;
        Ok(HeapFile {
            image: Image::of_pages(pages, stats_of(head.counts), (head.charged, head.reached)),
            layout: head.layout,
            is_buffer: head.is_buffer,
            names,
        })
    }
}

/// All bytes of a file whose length and checksum are right.
fn whole(from: impl Read) -> Checked<Vec<u8>> {
    let mut from = from.take(HEAD as u64);
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes)?;
    let begins = bytes.len().min(MAGIC.len());
    if bytes[..begins] != MAGIC[..begins] {
        return Err(HeapFileError::NotAnImage);
    }
    let truncated = |at: usize, expected: u64| {
        let at = at as u64;
        Err(HeapFileError::Truncated { at, expected })
    };
    let mut numbers = Numbers(bytes.get(MAGIC.len()..).unwrap_or_default());
    if bytes.len() >= MAGIC.len() + 4 {
        let version = numbers.u32();
        if version > VERSION {
            return Err(HeapFileError::Newer(version));
        }
        if version == 0 {
            return Err(impossible("the version", 0));
        }
    }
    let least = HEAD + CHECKSUM;
    if bytes.len() < HEAD {
        return truncated(bytes.len(), least as u64);
    }
    let body = Numbers(&bytes[HEAD - 8..]).u64();
    if body > MOST_BODY {
        return Err(impossible("the bytes of its body", body));
    }
    let expected = least as u64 + body;
    // One more, to see whether there is more.
    from.set_limit(body + CHECKSUM as u64 + 1);
    from.read_to_end(&mut bytes)?;
    match bytes.len() as u64 {
        length if length < expected => return truncated(bytes.len(), expected),
        length if length > expected => return Err(HeapFileError::TooLong { end: expected }),
        _ => {}
    }
    let (summed, sum) = bytes.split_at(bytes.len() - CHECKSUM);
    let (expected, found) = (crc32fast::hash(summed), Numbers(sum).u32());
    if expected == found {
        Ok(bytes)
    } else {
        Err(HeapFileError::Checksum { expected, found })
    }
}

fn impossible(what: &'static str, found: u64) -> HeapFileError {
    HeapFileError::Impossible { what, found }
}

/// Little-endian numbers one behind the other; 0 where there are no more.
struct Numbers<'a>(&'a [u8]);

impl Numbers<'_> {
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let (bytes, rest) = self.0.split_first_chunk().unwrap_or((&[0; N], &[]));
        self.0 = rest;
        *bytes
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.bytes())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.bytes())
    }
}

/// What stands before the body.
struct Head {
    layout: Layout,
    is_buffer: bool,
    charged: u64,
    reached: u64,
    counts: [u64; 12],
    pages: u64,
    names: u64,
}

impl Head {
    fn of(bytes: &[u8]) -> Checked<Head> {
        let mut numbers = Numbers(&bytes[MAGIC.len() + 4..HEAD]);
        let space = numbers.u64();
        if space > MAX_SPACE || Layout::of(space).space != space {
            return Err(impossible("the bytes of its space", space));
        }
        let layout = Layout::of(space);
        let memory = numbers.u32();
        if !(1..=2).contains(&memory) {
            return Err(impossible("the kind of its memory", memory.into()));
        }
        let head = Head {
            layout,
            is_buffer: memory == 2,
            charged: numbers.u64(),
            reached: numbers.u64(),
            counts: std::array::from_fn(|_| numbers.u64()),
            pages: numbers.u64(),
            names: numbers.u64(),
        };
        let most_pages = MOST_PAGES.min(layout.total / PAGE);
        for (what, found, most) in [
            ("the bytes it had committed", head.charged, layout.total),
            ("the bytes it had in use", head.reached, layout.space),
            ("its number of pages", head.pages, most_pages),
            ("its number of names", head.names, MOST_NAMES),
            (
                "a count",
                head.counts.into_iter().max().unwrap_or(0),
                MOST_COUNTED,
            ),
        ] {
            if found > most {
                return Err(impossible(what, found));
            }
        }
        Ok(head)
    }
}

/// The body, being unpacked.
struct Body<'a>(ZlibDecoder<&'a [u8]>);

impl Body<'_> {
    fn bytes<const N: usize>(&mut self) -> Checked<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes).map_err(unpacking)?;
        Ok(bytes)
    }

    fn u64(&mut self) -> Checked<u64> {
        self.bytes().map(u64::from_le_bytes)
    }

    fn pages(&mut self, head: &Head) -> Checked<Vec<(u64, Box<[u64; PAGE_WORDS]>)>> {
        let mut pages = Vec::new();
        let mut least = 0;
        for _ in 0..head.pages {
            let page = self.u64()?;
            if page < least || page >= head.layout.total / PAGE {
                return Err(impossible("the number of a page", page));
            }
            least = page + 1;
            let bytes: [u8; PAGE as usize] = self.bytes()?;
            let mut numbers = Numbers(&bytes);
            pages.push((page, Box::new(std::array::from_fn(|_| numbers.u64()))));
        }
        Ok(pages)
    }

    fn name(&mut self, space: u64) -> Checked<KeptName> {
        let length = u16::from_le_bytes(self.bytes()?);
        let mut letters = vec![0; length.into()];
        self.0.read_exact(&mut letters).map_err(unpacking)?;
        let [indexed] = self.bytes()?;
        let index = self.u64()?;
        let base = String::from_utf8(letters).ok();
        let name = base.and_then(|base| match indexed {
            0 if index == 0 => Name::plain(&base),
            1 => Name::indexed(&base, index),
            _ => None,
        });
        let name = name.ok_or(impossible("the letters of a name", length.into()))?;
        let (payload, born) = (self.u64()?, self.u64()?);
        if payload >= space {
            return Err(impossible("the address of a name", payload));
        }
        Ok(KeptName {
            name,
            payload,
            born,
        })
    }

    fn ends(&mut self) -> Checked<()> {
        let more = self.0.read(&mut [0]).map_err(unpacking)?;
        // What follows the packed bytes is as much too much as what they would go on with.
        match more + self.0.get_ref().len() {
            0 => Ok(()),
            _ => Err(HeapFileError::Packed(io::Error::new(
                ErrorKind::InvalidData,
                "there is more in it than it says",
            ))),
        }
    }
}

fn unpacking(error: io::Error) -> HeapFileError {
    HeapFileError::Packed(error)
}
