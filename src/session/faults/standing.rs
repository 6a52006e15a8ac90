//! How a block stands: its header, the bitmaps, its free list; and what a fault made of that.

use crate::heap::{Block, Core, Direct, FreeLinks, GRANULE, Header, NET_HEADER};

use crate::session::session::Here;
use crate::session::words::{address, exact};

/// Blocks of a list that are looked at.
const LOOKED: usize = 4096;

/// A block as all structures describe it at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Standing {
    header: Header,
    /// A block starts here, it is busy.
    marks: (bool, bool),
    list: String,
}

impl Standing {
    /// How the block stands now.
    pub(super) fn of(here: &Here, block: Block) -> Standing {
        here.heap.look(|core| {
            let is_there = core.is_committed(block.address() / crate::os::PAGE);
            let header = if is_there {
                core.header_at(block)
            } else {
                Header(0)
            };
            let list = if is_there && header.is_free() {
                list_words(core, block, header)
            } else {
                "none".to_owned()
            };
            Standing {
                header,
                marks: core.marks(block),
                list,
            }
        })
    }

    /// Whether a free block starts here, as header and bitmaps have it.
    pub(super) fn is_free(&self) -> bool {
        self.marks == (true, false) && self.header.is_free()
    }

    /// Whether there is memory where the header would be.
    pub(super) fn is_committed(&self) -> bool {
        self.header.0 != 0
    }

    /// What has become of it: header, bitmaps, free list.
    pub(super) fn change(&self, after: &Standing) -> String {
        let parts = [
            (
                "header",
                header_words(self.header),
                header_words(after.header),
            ),
            ("bitmap", marks_words(self.marks), marks_words(after.marks)),
            ("free list", self.list.clone(), after.list.clone()),
        ];
        let changed = parts
            .into_iter()
            .filter(|(_, before, after)| before != after);
        let told: Vec<String> = changed
            .map(|(what, before, after)| format!("{what} {before} -> {after}"))
            .collect();
        if told.is_empty() {
            return "its header, bitmap and free list are as before".to_owned();
        }
        told.join("; ")
    }
}

fn header_words(header: Header) -> String {
    if header.0 == 0 {
        return "not committed".to_owned();
    }
    if !header.is_valid() {
        return format!("{:#018x}, whose check does not fit", header.0);
    }
    let size = exact(header.size() * GRANULE);
    match (header.has(Header::LARGE), header.has(Header::BUSY)) {
        (true, _) => "LARGE".to_owned(),
        (false, true) => format!("{size} busy"),
        (false, false) => format!("{size} free"),
    }
}

fn marks_words(marks: (bool, bool)) -> String {
    match marks {
        (true, true) => "busy",
        (true, false) => "free",
        (false, _) => "no block starts here",
    }
    .to_owned()
}

/// Where a free block hangs, and whether its links lead back to itself.
fn list_words(core: Core<'_, Direct<'_>>, block: Block, header: Header) -> String {
    let size = header.size();
    let onward = match core.free_links(block) {
        FreeLinks::List { next, .. } | FreeLinks::Chain { next, .. } => next,
        FreeLinks::Node { chain, .. } => chain,
    };
    let list = format!("of {}", exact(size * GRANULE));
    if onward == Some(block) {
        return format!("{list} twice, a circle: its next is itself");
    }
    match core
        .free_of_size(size)
        .take(LOOKED)
        .position(|listed| listed == block)
    {
        Some(0) => format!("{list}, first"),
        Some(place) => format!("{list}, behind {place} others"),
        None => format!("{list}, but no link leads to it"),
    }
}

/// The headers that lie in `[from, to)`, with the words of their blocks.
pub(super) struct Struck {
    headers: Vec<(Block, Header)>,
    /// More than are told.
    more: bool,
}

/// Headers of others that are told one by one.
const TOLD: usize = 3;

impl Struck {
    /// Notes the headers in a range before it is written to.
    pub(super) fn before(here: &Here, from: u64, to: u64) -> Struck {
        here.heap.look(|core| {
            let is_struck = |block: &Block| {
                let header = block.address() + NET_HEADER;
                header < to && header + 8 > from
            };
            let granule = |address: u64| u32::try_from(address / GRANULE).unwrap_or(u32::MAX);
            let begin = Block(granule(from).saturating_sub(1).max(1));
            let end = Block(granule(to).saturating_add(1));
            let mut headers: Vec<_> = core
                .spans(begin, end)
                .map(|span| span.block)
                .filter(is_struck)
                .take(TOLD + 1)
                .map(|block| (block, core.header_at(block)))
                .collect();
            let more = headers.len() > TOLD;
            headers.truncate(TOLD);
            Struck { headers, more }
        })
    }

    /// What has become of them.
    pub(super) fn words(&self, here: &Here, called: impl Fn(u64) -> String) -> String {
        if self.headers.is_empty() {
            return "no header was hit".to_owned();
        }
        let told: Vec<String> = self
            .headers
            .iter()
            .map(|&(block, before)| {
                let after = here.heap.look(|core| core.header_at(block));
                format!(
                    "header of {} at {}: {:#018x} -> {}",
                    called(block.address()),
                    address(block.address() + NET_HEADER),
                    before.0,
                    if after == before {
                        "as before".to_owned()
                    } else {
                        header_words(after)
                    }
                )
            })
            .collect();
        let more = if self.more {
            "; and more headers behind"
        } else {
            ""
        };
        format!("{}{more}", told.join("; "))
    }
}
