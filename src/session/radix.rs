//! An ordered map from numbers that is copied in constant time: copies share what has not changed since.
//!
//! ```text
//!  branch   one of 64 by six bits of the key, for each level above the leaves
//!  leaf     256 keys that lie together: a bit for each that is there, and their values without gaps
//! ```
//!
//! A change copies the leaf and the branches above it if another copy of the map has them, too. The map is as high as
//! its largest key needs.

mod bulk;
mod bytes;
mod kept;

use std::sync::Arc;

pub(super) use bytes::{shared_bytes, vec_bytes};
pub(super) use kept::KeptRadix;

/// Room that is made for more values at once: a copy of a node has none, and more would lie empty in most.
const ROOM: usize = 8;

/// Bits of a key within a leaf.
const LEAF_BITS: u32 = 8;
/// Bits of a key within a branch.
const BRANCH_BITS: u32 = 6;

/// A map that is copied in constant time.
#[derive(Clone, Debug)]
pub(super) struct Radix<V> {
    root: Option<Arc<Node<V>>>,
    /// Branches above each leaf.
    height: u32,
    len: usize,
    /// What changed since a copy was kept.
    touched: kept::Changes<V>,
}

#[derive(Clone, Debug)]
enum Node<V> {
    /// Values by key; bit n of `there` is set iff key n has one.
    Leaf { there: [u64; 4], values: Vec<V> },
    /// Bit n of `there` is set iff there is an nth node.
    Branch {
        there: u64,
        nodes: Vec<Arc<Node<V>>>,
    },
}

impl<V> Default for Radix<V> {
    fn default() -> Radix<V> {
        Radix {
            root: None,
            height: 0,
            len: 0,
            touched: kept::Changes::default(),
        }
    }
}

/// The bits of a key that the branches at a height and all below tell apart.
const fn width(height: u32) -> u32 {
    LEAF_BITS + height * BRANCH_BITS
}

/// Which node of a branch at this height (from 1) a key belongs to.
fn digit(key: u64, height: u32) -> u32 {
    let shifted = key.checked_shr(width(height - 1)).unwrap_or(0);
    (shifted & 63) as u32
}

/// How many bits are set below the nth.
fn below(bits: u64, nth: u32) -> usize {
    (bits & ((1 << nth) - 1)).count_ones() as usize
}

/// Where in a leaf a key's value stands or would stand, and whether it does.
fn rank(there: &[u64; 4], key: u64) -> (usize, bool) {
    let (word, bit) = ((key >> 6 & 3) as usize, (key & 63) as u32);
    let before: u32 = there[..word].iter().map(|bits| bits.count_ones()).sum();
    let at = before as usize + below(there[word], bit);
    (at, there[word] >> bit & 1 == 1)
}

impl<V: Clone> Radix<V> {
    pub(super) fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    fn reaches(&self, key: u64) -> bool {
        width(self.height) >= u64::BITS || key >> width(self.height) == 0
    }

    pub(super) fn get(&self, key: u64) -> Option<&V> {
        let mut node = self.root.as_deref().filter(|_| self.reaches(key))?;
        let mut height = self.height;
        loop {
            match node {
                Node::Leaf { there, values } => {
                    let (at, is) = rank(there, key);
                    return is.then(|| &values[at]);
                }
                Node::Branch { there, nodes } => {
                    let nth = digit(key, height);
                    if there >> nth & 1 == 0 {
                        return None;
                    }
                    node = &nodes[below(*there, nth)];
                    height -= 1;
                }
            }
        }
    }

    /// The value of a key, for changing.
    pub(super) fn get_mut(&mut self, key: u64) -> Option<&mut V> {
        // Nothing is copied for a key that is not there.
        self.get(key)?;
        self.touched.note(key, self.len);
        let mut node = Arc::make_mut(self.root.as_mut()?);
        let mut height = self.height;
        loop {
            match node {
                Node::Leaf { there, values } => return values.get_mut(rank(there, key).0),
                Node::Branch { there, nodes } => {
                    let at = below(*there, digit(key, height));
                    node = Arc::make_mut(nodes.get_mut(at)?);
                    height -= 1;
                }
            }
        }
    }

    /// Makes the map as high as a key needs.
    fn grow_to(&mut self, key: u64) {
        while !self.reaches(key) {
            if let Some(root) = self.root.take() {
                self.root = Some(Arc::new(Node::Branch {
                    there: 1,
                    nodes: vec![root],
                }));
            }
            self.height += 1;
        }
    }

    /// Gives a key a value. Answers with the one it had.
    pub(super) fn insert(&mut self, key: u64, value: V) -> Option<V> {
        self.touched.note(key, self.len);
        self.grow_to(key);
        let height = self.height;
        let root = self
            .root
            .get_or_insert_with(|| Arc::new(Node::empty(height)));
        let old = Arc::make_mut(root).insert(key, height, value);
        self.len += usize::from(old.is_none());
        old
    }

    /// Takes a key's value away. Answers with it.
    pub(super) fn remove(&mut self, key: u64) -> Option<V> {
        // Nothing is copied for a key that is not there.
        self.get(key)?;
        self.touched.note(key, self.len);
        let root = self.root.as_mut()?;
        let (old, empty) = Arc::make_mut(root).remove(key, self.height);
        self.len -= usize::from(old.is_some());
        if empty {
            (self.root, self.height) = (None, 0);
        }
        old
    }

    /// Keys and values in order, from key `from` on.
    pub(super) fn iter_from(&self, from: u64) -> impl Iterator<Item = (u64, &V)> {
        let mut walk = Walk { stack: Vec::new() };
        if let Some(root) = self.root.as_deref() {
            walk.stack.push(Standing {
                node: root,
                height: self.height,
                first: 0,
                next: 0,
            });
        }
        walk.skip_to(from);
        walk
    }

    /// Keys and values in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &V)> {
        self.iter_from(0)
    }

    /// The largest key.
    pub(super) fn last(&self) -> Option<u64> {
        let mut node = self.root.as_deref()?;
        let (mut height, mut first) = (self.height, 0);
        loop {
            match node {
                Node::Leaf { there, .. } => {
                    let word = there.iter().rposition(|&bits| bits != 0)?;
                    return Some(first + word as u64 * 64 + u64::from(there[word].ilog2()));
                }
                Node::Branch { there, nodes } => {
                    first += u64::from(there.checked_ilog2()?) << width(height - 1);
                    node = nodes.last()?;
                    height -= 1;
                }
            }
        }
    }
}

impl<V: Clone> Node<V> {
    fn empty(height: u32) -> Node<V> {
        if height == 0 {
            Node::Leaf {
                there: [0; 4],
                values: Vec::new(),
            }
        } else {
            Node::Branch {
                there: 0,
                nodes: Vec::new(),
            }
        }
    }

    fn insert(&mut self, key: u64, height: u32, value: V) -> Option<V> {
        match self {
            Node::Leaf { there, values } => {
                let (at, is) = rank(there, key);
                if is {
                    return Some(std::mem::replace(&mut values[at], value));
                }
                there[(key >> 6 & 3) as usize] |= 1 << (key & 63);
                insert(values, at, value);
                None
            }
            Node::Branch { there, nodes } => {
                let nth = digit(key, height);
                let at = below(*there, nth);
                if *there >> nth & 1 == 0 {
                    *there |= 1 << nth;
                    insert(nodes, at, Arc::new(Node::empty(height - 1)));
                }
                Arc::make_mut(&mut nodes[at]).insert(key, height - 1, value)
            }
        }
    }

    /// Takes a value that is there. Answers with it, and whether nothing is left.
    fn remove(&mut self, key: u64, height: u32) -> (Option<V>, bool) {
        match self {
            Node::Leaf { there, values } => {
                let (at, is) = rank(there, key);
                if !is {
                    return (None, values.is_empty());
                }
                there[(key >> 6 & 3) as usize] &= !(1 << (key & 63));
                (Some(values.remove(at)), values.is_empty())
            }
            Node::Branch { there, nodes } => {
                let nth = digit(key, height);
                if *there >> nth & 1 == 0 {
                    return (None, nodes.is_empty());
                }
                let at = below(*there, nth);
                let (old, empty) = Arc::make_mut(&mut nodes[at]).remove(key, height - 1);
                if empty {
                    *there &= !(1 << nth);
                    nodes.remove(at);
                }
                (old, nodes.is_empty())
            }
        }
    }
}

/// Inserts a value with little room to spare.
fn insert<T>(values: &mut Vec<T>, at: usize, value: T) {
    if values.len() == values.capacity() {
        values.reserve_exact(ROOM);
    }
    values.insert(at, value);
}

/// A way through a map.
struct Walk<'a, V> {
    stack: Vec<Standing<'a, V>>,
}

struct Standing<'a, V> {
    node: &'a Node<V>,
    height: u32,
    /// The first key that could be below the node.
    first: u64,
    /// The digit that comes next.
    next: u32,
}

impl<'a, V> Standing<'a, V> {
    /// At the first key of a node that hangs below, at a digit.
    fn below(&self, node: &'a Node<V>, digit: u32) -> Standing<'a, V> {
        let height = self.height - 1;
        Standing {
            node,
            height,
            first: self.first + (u64::from(digit) << width(height)),
            next: 0,
        }
    }
}

impl<V> Walk<'_, V> {
    /// Leaves out what is below `from`.
    fn skip_to(&mut self, from: u64) {
        while let Some(top) = self.stack.last_mut() {
            match top.node {
                Node::Leaf { .. } => {
                    top.next = u32::try_from(from.saturating_sub(top.first))
                        .unwrap_or(256)
                        .min(256);
                    return;
                }
                Node::Branch { there, nodes } => {
                    let below_here = width(top.height);
                    let beyond = below_here < u64::BITS
                        && (from.saturating_sub(top.first)) >> below_here != 0;
                    if beyond {
                        top.next = 64;
                        return;
                    }
                    let nth = digit(from.saturating_sub(top.first), top.height);
                    let is = *there >> nth & 1 == 1;
                    top.next = nth + u32::from(is);
                    if !is {
                        return;
                    }
                    let lower = top.below(&nodes[below(*there, nth)], nth);
                    self.stack.push(lower);
                }
            }
        }
    }
}

impl<'a, V> Iterator for Walk<'a, V> {
    type Item = (u64, &'a V);

    fn next(&mut self) -> Option<(u64, &'a V)> {
        loop {
            let top = self.stack.last_mut()?;
            match top.node {
                Node::Leaf { there, values } => {
                    let Some(nth) = next_bit(there, top.next) else {
                        self.stack.pop();
                        continue;
                    };
                    top.next = nth + 1;
                    let (at, _) = rank(there, u64::from(nth));
                    return Some((top.first + u64::from(nth), &values[at]));
                }
                Node::Branch { there, nodes } => {
                    let Some(nth) = next_bit(std::slice::from_ref(there), top.next) else {
                        self.stack.pop();
                        continue;
                    };
                    top.next = nth + 1;
                    let lower = top.below(&nodes[below(*there, nth)], nth);
                    self.stack.push(lower);
                }
            }
        }
    }
}

/// The first bit from `from` on that is set.
fn next_bit(words: &[u64], from: u32) -> Option<u32> {
    let mut word = from as usize / 64;
    let mut bits = words.get(word)? & (u64::MAX << (from % 64));
    while bits == 0 {
        word += 1;
        bits = *words.get(word)?;
    }
    Some(word as u32 * 64 + bits.trailing_zeros())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn any_key() -> impl Strategy<Value = u64> {
        prop_oneof![
            4 => 0_u64..2_000,
            2 => (0_u64..40).prop_map(|key| key << 10),
            1 => (0_u32..64).prop_map(|shift| 1 << shift),
            1 => Just(u64::MAX),
            1 => any::<u64>(),
        ]
    }

    proptest! {
        #[test]
        fn agrees_with_an_ordered_map_and_copies_stay_as_they_were(
            acts in proptest::collection::vec((any_key(), 0..20_u8), 0..2_000),
            from in any_key(),
        ) {
            let (mut map, mut model) = (Radix::default(), BTreeMap::new());
            let (mut copies, mut kept) = (Vec::new(), Vec::new());
            for (nth, (key, act)) in acts.into_iter().enumerate() {
                match act {
                    0 => {
                        let value = map.get_mut(key).map(|value| std::mem::replace(value, nth));
                        let known = model.get_mut(&key).map(|value| std::mem::replace(value, nth));
                        prop_assert_eq!(value, known);
                    }
                    1..8 => prop_assert_eq!(map.remove(key), model.remove(&key)),
                    8 => kept.push((map.keep(), model.clone())),
                    // What was kept can be gone on from, and kept again.
                    9 if !kept.is_empty() => {
                        let (copy, then): &(KeptRadix<usize>, _) = &kept[key as usize % kept.len()];
                        (map, model) = (copy.map(), then.clone());
                    }
                    10 => copies.push((map.clone(), model.clone())),
                    _ => prop_assert_eq!(map.insert(key, nth), model.insert(key, nth)),
                }
                prop_assert_eq!(map.get(key), model.get(&key));
                prop_assert_eq!(map.last(), model.keys().next_back().copied());
            }
            copies.push((map, model));
            copies.extend(kept.into_iter().map(|(copy, model)| (copy.map(), model)));
            for (map, model) in copies {
                prop_assert_eq!(map.is_empty(), model.is_empty());
                prop_assert!(map.iter().eq(model.iter().map(|(&key, value)| (key, value))));
                prop_assert!(map.iter_from(from).eq(model.range(from..).map(|(&key, value)| (key, value))));
            }
        }
    }
}
