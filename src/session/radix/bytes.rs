//! What a map takes in memory, beside what it shares with an earlier copy.

use std::sync::Arc;

use super::{Node, Radix, below, next_bit, rank};

/// What the two counts of an [`Arc`] take.
const COUNTS: usize = 2 * size_of::<usize>();

/// Bytes of a value that is shared.
pub(in crate::session) const fn shared_bytes<T>() -> u64 {
    (size_of::<T>() + COUNTS) as u64
}

/// Bytes that values take behind their vector.
pub(in crate::session) fn vec_bytes<T>(values: &Vec<T>) -> u64 {
    (values.capacity() * size_of::<T>()) as u64
}

/// A node and the height it stands at.
type Standing<'a, V> = (&'a Arc<Node<V>>, u32);

impl<V> Radix<V> {
    /// Bytes that it takes and does not share with `old`, an earlier copy. `own` tells what a value takes elsewhere,
    /// beside the one that its key had then.
    pub(in crate::session) fn bytes_beside(
        &self,
        old: &Radix<V>,
        own: &impl Fn(&V, Option<&V>) -> u64,
    ) -> u64 {
        let mut before = old.root.as_ref().map(|root| (root, old.height));
        while let Some((node, height)) = before.filter(|(_, height)| *height > self.height) {
            before = node.nth(0).map(|node| (node, height - 1));
        }
        let root = self.root.as_ref();
        root.map_or(0, |root| bytes((root, self.height), before, own))
    }
}

impl<V> Node<V> {
    /// The node below a branch at a digit.
    fn nth(&self, digit: u32) -> Option<&Arc<Node<V>>> {
        match self {
            Node::Branch { there, nodes } if there >> digit & 1 == 1 => {
                nodes.get(below(*there, digit))
            }
            _ => None,
        }
    }

    /// The value of a leaf's nth key.
    fn value(&self, nth: u32) -> Option<&V> {
        match self {
            Node::Leaf { there, values } => {
                let (at, is) = rank(there, u64::from(nth));
                values.get(at).filter(|_| is)
            }
            Node::Branch { .. } => None,
        }
    }

    /// Bytes that it takes by itself.
    fn bytes(&self) -> u64 {
        let behind = match self {
            Node::Leaf { values, .. } => vec_bytes(values),
            Node::Branch { nodes, .. } => vec_bytes(nodes),
        };
        shared_bytes::<Node<V>>() + behind
    }
}

/// Bytes of a node and of all below it that what stood there before does not share. A map that has grown since has that
/// at the begin of its first branches.
fn bytes<V>(
    (node, height): Standing<'_, V>,
    old: Option<Standing<'_, V>>,
    own: &impl Fn(&V, Option<&V>) -> u64,
) -> u64 {
    if old.is_some_and(|(old, _)| Arc::ptr_eq(node, old)) {
        return 0;
    }
    let before = |digit: u32| match old? {
        (old, lower) if lower < height => (digit == 0).then_some((old, lower)),
        (old, _) => old.nth(digit).map(|old| (old, height - 1)),
    };
    let all: u64 = match &**node {
        Node::Leaf { there, values } => {
            let old = |nth| old.and_then(|(old, _)| old.value(nth));
            let each = set(there).zip(values);
            each.map(|(nth, value)| own(value, old(nth))).sum()
        }
        Node::Branch { there, nodes } => {
            let each = set(std::slice::from_ref(there)).zip(nodes);
            each.map(|(digit, node)| bytes((node, height - 1), before(digit), own))
                .sum()
        }
    };
    node.bytes() + all
}

/// The bits that are set, in order.
fn set(words: &[u64]) -> impl Iterator<Item = u32> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let nth = next_bit(words, from)?;
        from = nth + 1;
        Some(nth)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beside(new: &Radix<u64>, old: &Radix<u64>) -> u64 {
        new.bytes_beside(old, &|_, _| 0)
    }

    #[test]
    fn a_copy_takes_what_was_changed_in_it_alone() {
        let mut map = Radix::default();
        assert_eq!(beside(&map, &Radix::default()), 0);
        for key in 0..100_000 {
            map.insert(key, key);
        }
        let whole = beside(&map, &Radix::default());
        assert!((800_000..1_100_000).contains(&whole), "{whole}");
        let copy = map.clone();
        assert_eq!(beside(&map, &copy), 0);
        // One leaf, and the branches above it.
        map.insert(70_000, 1);
        let (changed, again) = (beside(&map, &copy), beside(&copy, &map));
        assert!((2_000..5_000).contains(&changed), "{changed}");
        // The old leaf had room to spare.
        assert!((changed..changed + 500).contains(&again), "{again}");
        // A map that has grown has the old one at its begin, and the other way round.
        let copy = map.clone();
        map.insert(1 << 40, 1);
        let (grown, shrunk) = (beside(&map, &copy), beside(&copy, &map));
        assert!((100..2_000).contains(&grown), "{grown}");
        assert_eq!(shrunk, 0);
    }

    #[test]
    fn values_are_asked_for_what_they_have_elsewhere() {
        let mut map = Radix::default();
        for key in 0..10_u64 {
            map.insert(key, Arc::new(key));
        }
        let copy = map.clone();
        let plain = copy.bytes_beside(&Radix::default(), &|_, _| 0);
        let own = |value: &Arc<u64>, old: Option<&Arc<u64>>| {
            u64::from(!old.is_some_and(|old| Arc::ptr_eq(value, old)))
        };
        assert_eq!(copy.bytes_beside(&Radix::default(), &own), plain + 10);
        *map.get_mut(3).expect("a value") = Arc::new(4);
        let changed = map.bytes_beside(&copy, &|_, _| 0);
        assert_eq!(map.bytes_beside(&copy, &own), changed + 1);
    }
}
