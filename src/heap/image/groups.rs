//! Pages that lie together are shared between copies as one where none of them changed.

use std::iter::Peekable;
use std::ops::Range;
use std::sync::Arc;

use super::super::packed::Packed;
use super::PageCopy;

/// So many page numbers make a group.
const GROUP: u64 = 32;

/// Resident pages with numbers of one group, in order.
type Group = Vec<(u64, Packed)>;

/// All pages of a copy.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Groups {
    /// In order; none is empty.
    groups: Arc<Vec<Arc<Group>>>,
}

/// The number of a page's group.
pub(super) fn group_of(page: u64) -> u64 {
    page / GROUP
}

/// The pages of a group.
pub(super) fn pages_of(group: u64) -> Range<u64> {
    group * GROUP..(group + 1) * GROUP
}

/// The number of a group.
fn number_of(group: &Group) -> u64 {
    group.first().map_or(u64::MAX, |(page, _)| group_of(*page))
}

/// What a group has of a page.
fn page_in(group: &Group, page: u64) -> Option<&Packed> {
    let at = group.binary_search_by_key(&page, |(page, _)| *page).ok()?;
    Some(&group[at].1)
}

/// The same group of two copies, if they have it.
pub(super) struct Pair<'a> {
    pub(super) number: u64,
    one: Option<&'a Arc<Group>>,
    two: Option<&'a Arc<Group>>,
}

impl<'a> Pair<'a> {
    /// A group that neither has.
    pub(super) fn of_neither(number: u64) -> Pair<'a> {
        Pair {
            number,
            one: None,
            two: None,
        }
    }

    /// What the two have of a page.
    pub(super) fn page(&self, page: u64) -> (Option<&'a Packed>, Option<&'a Packed>) {
        let of = |group: Option<&'a Arc<Group>>| group.and_then(|group| page_in(group, page));
        (of(self.one), of(self.two))
    }

    /// Whether it is one group of both, or of neither.
    pub(super) fn is_shared(&self) -> bool {
        match (self.one, self.two) {
            (Some(one), Some(two)) => Arc::ptr_eq(one, two),
            (None, None) => true,
            _ => false,
        }
    }
}

/// The groups of two copies side by side, in order.
struct Pairs<'a, I: Iterator<Item = &'a Arc<Group>>> {
    one: Peekable<I>,
    two: Peekable<I>,
}

impl<'a, I: Iterator<Item = &'a Arc<Group>>> Iterator for Pairs<'a, I> {
    type Item = Pair<'a>;

    fn next(&mut self) -> Option<Pair<'a>> {
        let first = |groups: &mut Peekable<I>| groups.peek().map(|group| number_of(group));
        let numbers = [first(&mut self.one), first(&mut self.two)];
        let number = numbers.into_iter().flatten().min()?;
        let is_next = |group: &&Arc<Group>| number_of(group) == number;
        Some(Pair {
            number,
            one: self.one.next_if(is_next),
            two: self.two.next_if(is_next),
        })
    }
}

impl Groups {
    /// All pages, in order.
    pub(super) fn pages(&self) -> impl Iterator<Item = PageCopy<'_>> {
        let pages = self.groups.iter().flat_map(|group| group.iter());
        pages.map(|(page, copy)| (*page, copy))
    }

    /// The same with other groups in the place of those with some numbers. All are in order.
    pub(super) fn with(&self, numbers: &[u64], others: &[Groups]) -> Groups {
        let mut others = others
            .iter()
            .flat_map(|other| other.groups.iter())
            .peekable();
        let mut numbers = numbers.iter().copied().peekable();
        let mut groups = Vec::with_capacity(self.groups.len() + 8);
        for old in self.groups.iter() {
            let number = number_of(old);
            while let Some(other) = others.next_if(|other| number_of(other) <= number) {
                groups.push(Arc::clone(other));
            }
            while numbers.next_if(|&other| other < number).is_some() {}
            // A group of which nothing is left has no other.
            if numbers.next_if_eq(&number).is_none() {
                groups.push(Arc::clone(old));
            }
        }
        groups.extend(others.map(Arc::clone));
        Groups {
            groups: Arc::new(groups),
        }
    }

    /// How many pages before `end` there are in groups whose numbers are wanted.
    pub(super) fn count_before(&self, end: u64, wanted: impl Fn(u64) -> bool) -> u64 {
        let groups = self.groups.iter();
        let groups = groups.take_while(|group| pages_of(number_of(group)).start < end);
        let counts = groups
            .filter(|group| wanted(number_of(group)))
            .map(|group| group.partition_point(|(page, _)| *page < end) as u64);
        counts.sum()
    }

    /// The groups of this copy and of another, side by side.
    pub(super) fn beside<'a>(&'a self, other: &'a Groups) -> impl Iterator<Item = Pair<'a>> {
        Pairs {
            one: self.groups.iter().peekable(),
            two: other.groups.iter().peekable(),
        }
    }

    /// Whether they are the very same.
    pub(super) fn is_shared_with(&self, other: &Groups) -> bool {
        Arc::ptr_eq(&self.groups, &other.groups)
    }

    /// Bytes that they take beside what they share with others.
    pub(super) fn bytes_beside(&self, other: &Groups) -> u64 {
        if self.is_shared_with(other) {
            return 0;
        }
        let table = size_of_val(&**self.groups) as u64;
        let own = |pair: Pair<'_>| match pair.one {
            Some(group) if !pair.is_shared() => group_bytes(group, pair.two.map(AsRef::as_ref)),
            _ => 0,
        };
        table + self.beside(other).map(own).sum::<u64>()
    }
}

/// Bytes that a group takes beside what it shares with another.
fn group_bytes(group: &Group, other: Option<&Group>) -> u64 {
    let mut old = other.into_iter().flatten().peekable();
    let own = |(page, copy): &(u64, Packed)| {
        while old.next_if(|(before, _)| before < page).is_some() {}
        let before = old.peek().filter(|(same, _)| same == page);
        copy.bytes_beside(before.map(|(_, before)| before))
    };
    size_of_val(&**group) as u64 + group.iter().map(own).sum::<u64>()
}

/// Puts pages that come in order into groups.
#[derive(Default)]
pub(super) struct Grouper<'a> {
    /// Groups of the copy before that have not been come to.
    previous: &'a [Arc<Group>],
    groups: Vec<Arc<Group>>,
    /// The number of the group that is made.
    number: Option<u64>,
    /// What the copy before has in its place.
    old: Option<&'a Arc<Group>>,
    group: Group,
}

impl<'a> Grouper<'a> {
    /// What did not change is shared with `previous`.
    pub(super) fn beside(previous: Option<&'a Groups>) -> Grouper<'a> {
        Grouper {
            previous: previous.map_or(&[], |groups| &groups.groups),
            ..Grouper::default()
        }
    }

    /// Begins a group, unless it has been begun.
    fn begin(&mut self, number: u64) {
        if self.number == Some(number) {
            return;
        }
        self.close();
        self.number = Some(number);
        let passed = self
            .previous
            .iter()
            .take_while(|group| number_of(group) < number)
            .count();
        self.previous = &self.previous[passed..];
        let first = self.previous.first();
        self.old = first.filter(|group| number_of(group) == number);
    }

    /// What the copy before had of a page.
    pub(super) fn old(&mut self, page: u64) -> Option<&'a Packed> {
        self.begin(group_of(page));
        page_in(self.old?, page)
    }

    /// Adds a page.
    pub(super) fn add(&mut self, page: u64, copy: Packed) {
        self.begin(group_of(page));
        self.group.push((page, copy));
    }

    /// Ends a group: the one before is taken where nothing in it changed.
    fn close(&mut self) {
        if self.group.is_empty() {
            return;
        }
        let group = std::mem::take(&mut self.group);
        let is_same = |old: &&Arc<Group>| {
            let mut pairs = old.iter().zip(&group);
            old.len() == group.len()
                && pairs.all(|(one, two)| one.0 == two.0 && one.1.is_shared_with(&two.1))
        };
        let same = self.old.filter(is_same);
        let group = same.map_or_else(|| Arc::new(group), Arc::clone);
        self.groups.push(group);
    }

    /// All of them.
    pub(super) fn finish(mut self) -> Groups {
        self.close();
        Groups {
            groups: Arc::new(self.groups),
        }
    }
}
