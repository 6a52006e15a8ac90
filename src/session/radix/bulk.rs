//! Many values at once.

use std::sync::Arc;

use super::{LEAF_BITS, Node, Radix, below, digit};

/// Values of keys that lie together.
struct Leaf<V> {
    /// The keys' bits above those of the leaf.
    prefix: u64,
    there: [u64; 4],
    values: Vec<V>,
}

impl<V: Clone> Radix<V> {
    /// Gives many keys their values, which come in rising order of keys, each once: leaf by leaf.
    pub(in crate::session) fn fill(&mut self, sorted: impl Iterator<Item = (u64, V)>) {
        let mut leaf: Option<Leaf<V>> = None;
        for (key, value) in sorted {
            let prefix = key >> LEAF_BITS;
            if leaf.as_ref().is_some_and(|leaf| leaf.prefix != prefix) {
                leaf.take().into_iter().for_each(|leaf| self.hang(leaf));
            }
            let leaf = leaf.get_or_insert_with(|| Leaf {
                prefix,
                there: [0; 4],
                values: Vec::with_capacity(16),
            });
            leaf.there[(key >> 6 & 3) as usize] |= 1 << (key & 63);
            leaf.values.push(value);
        }
        leaf.into_iter().for_each(|leaf| self.hang(leaf));
        // So much is noted faster as a whole.
        self.touched = Default::default();
    }

    /// Adds a leaf. Where there is one, values are added to that.
    fn hang(&mut self, leaf: Leaf<V>) {
        let first = leaf.prefix << LEAF_BITS;
        let keys = (0..256).filter(|key| leaf.there[key >> 6] >> (key & 63) & 1 == 1);
        if self
            .iter_from(first)
            .next()
            .is_some_and(|(key, _)| key >> LEAF_BITS == leaf.prefix)
        {
            for (key, value) in keys.zip(leaf.values) {
                self.insert(first + key as u64, value);
            }
            return;
        }
        self.len += leaf.values.len();
        self.grow_to(first);
        let height = self.height;
        let root = self
            .root
            .get_or_insert_with(|| Arc::new(Node::empty(height)));
        let node = Node::Leaf {
            there: leaf.there,
            values: leaf.values,
        };
        Arc::make_mut(root).hang(first, height, node);
    }
}

impl<V: Clone> Node<V> {
    /// Puts a leaf where there is none.
    fn hang(&mut self, key: u64, height: u32, leaf: Node<V>) {
        match self {
            Node::Leaf { .. } => *self = leaf,
            Node::Branch { there, nodes } => {
                let nth = digit(key, height);
                let at = below(*there, nth);
                if *there >> nth & 1 == 0 {
                    *there |= 1 << nth;
                    nodes.insert(at, Arc::new(Node::empty(height - 1)));
                }
                Arc::make_mut(&mut nodes[at]).hang(key, height - 1, leaf);
            }
        }
    }
}
