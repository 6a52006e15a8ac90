//! The C runtime's heap functions.

use heapwalk::api::*;

use super::bench::*;

pub(crate) const CASES: &[Case] = &[
    Case("T1", t1_constants),
    Case("T2", t2_heapchk),
    Case("T3", t3_heapwalk_of_null),
    Case("T4", t4_heapwalk_that_cannot_begin),
    Case("T5", t5_heapwalk_from_a_bad_block),
    Case("T6", t6_heapwalk_reports_used_and_free),
    Case("T7", t7_heapwalk_at_its_end),
    Case("T8", t8_heapwalk_into_damage),
    Case("T9", t9_heapset),
    Case("T10", t10_heapadd),
    Case("T11", t11_msize),
    Case("T12", t12_expand),
    Case("T13", t13_realloc),
    Case("T14", t14_malloc_and_calloc),
    Case("T15", t15_free),
];

/// The result of a call without exception, and `errno`.
fn calm<T>(call: impl FnOnce() -> Result<T, Exception>) -> (T, i32) {
    told_errno(|| quiet(call()))
}

fn t1_constants() {
    let results = [
        _HEAPEMPTY,
        _HEAPOK,
        _HEAPBADBEGIN,
        _HEAPBADNODE,
        _HEAPEND,
        _HEAPBADPTR,
    ];
    assert_eq!(results, [-1, -2, -3, -4, -5, -6]);
    assert_eq!((_FREEENTRY, _USEDENTRY), (0, 1));
    assert_eq!(_HEAP_MAXREQ, 0xFFFF_FFFF_FFFF_FFE0);
}

fn t2_heapchk() {
    let bench = Bench::growable();
    let place = quiet(bench.process.malloc(64));
    assert_eq!(
        told_errno(|| bench.process._heapchk()),
        (_HEAPOK, KEPT_ERRNO)
    );
    for address in [place - 8, bench.heap + 4 * 8] {
        bench.flip(address, 1);
        let answer = told_errno(|| bench.process._heapchk());
        assert_eq!(answer, (_HEAPBADNODE, KEPT_ERRNO));
        bench.flip(address, 1);
    }
    assert_eq!(
        told_errno(|| process()._heapchk()),
        (_HEAPEMPTY, KEPT_ERRNO)
    );
}

fn t3_heapwalk_of_null() {
    let bench = Bench::growable();
    assert_eq!(
        told_errno(|| bench.process._heapwalk(None)),
        (_HEAPBADPTR, EINVAL)
    );
}

fn t4_heapwalk_that_cannot_begin() {
    let bench = Bench::growable();
    bench.flip(bench.heap + 4 * 8, 1);
    let mut info = _HEAPINFO::default();
    let answer = told_errno(|| bench.process._heapwalk(Some(&mut info)));
    assert_eq!(answer, (_HEAPBADBEGIN, KEPT_ERRNO));
    assert_eq!(process()._heapwalk(Some(&mut info)), _HEAPEMPTY);
    assert_eq!(info, _HEAPINFO::default());
}

fn t5_heapwalk_from_a_bad_block() {
    let bench = Bench::growable();
    let [_, place, damaged, _] = bench.allocs(64);
    bench.flip(damaged - 8, 1);
    for _pentry in [place + 16, place + 1, 0xdead_be00, damaged] {
        let mut info = _HEAPINFO {
            _pentry,
            _size: 64,
            _useflag: _USEDENTRY,
        };
        let answer = told_errno(|| bench.process._heapwalk(Some(&mut info)));
        assert_eq!(answer, (_HEAPBADNODE, KEPT_ERRNO), "{_pentry:#x}");
    }
}

/// What `_heapwalk` reports from start to end, and how it ends.
fn heapwalk(bench: &Bench) -> (Vec<_HEAPINFO>, i32) {
    let mut info = _HEAPINFO::default();
    let mut found = Vec::new();
    loop {
        match bench.process._heapwalk(Some(&mut info)) {
            _HEAPOK => found.push(info),
            end => return (found, end),
        }
    }
}

fn t6_heapwalk_reports_used_and_free() {
    let bench = Bench::growable();
    let [a, b, c] = [100, 200, 0x4_0000].map(|size| quiet(bench.process.malloc(size)));
    let large = quiet(bench.process.malloc(0x20_0000));
    quiet(bench.process.free(b));
    let used = |_pentry, _size| _HEAPINFO {
        _pentry,
        _size,
        _useflag: _USEDENTRY,
    };
    let (found, _) = heapwalk(&bench);
    let (busy, free): (Vec<_HEAPINFO>, Vec<_HEAPINFO>) =
        found.iter().partition(|info| info._useflag == _USEDENTRY);
    assert_eq!(
        busy,
        [used(a, 100), used(c, 0x4_0000), used(large, 0x20_0000)]
    );
    // The hole that `b` was, joined with what is behind it, and one in the second segment. No region, no range.
    assert_eq!(free.len(), bench.holes().len());
    assert_eq!((free[0]._pentry, free[0]._useflag), (b + 16, _FREEENTRY));
    let walked = bench.walk();
    assert!(walked.len() > found.len());
}

fn t7_heapwalk_at_its_end() {
    let bench = Bench::growable();
    SetLastError(KEPT);
    let (found, end) = heapwalk(&bench);
    assert_eq!((found.len(), end), (1, _HEAPEND));
    // The last error is HeapWalk's affair.
    assert_eq!(GetLastError(), KEPT);
    let mut info = found[0];
    for _ in 0..2 {
        let answer = told_errno(|| bench.process._heapwalk(Some(&mut info)));
        assert_eq!(answer, (_HEAPEND, KEPT_ERRNO));
    }
}

fn t8_heapwalk_into_damage() {
    let bench = Bench::growable();
    let [a, b, c] = bench.allocs(64);
    bench.free(a);
    bench.flip(c - 8, 1);
    // The hole and nothing else: the walk resumes from a used block only if that one and its neighbour are sound.
    let (found, end) = heapwalk(&bench);
    let seen: Vec<usize> = found.iter().map(|info| info._pentry).collect();
    assert_eq!((seen, end), (vec![a + 16, b], _HEAPBADNODE));
}

fn t9_heapset() {
    let bench = Bench::growable();
    let blocks: [usize; 6] = bench.allocs(0x200);
    for place in [blocks[1], blocks[3]] {
        bench.free(place);
    }
    let busy = bench.bytes(blocks[2], 0x200);
    let before = bench.walk();
    assert_eq!(
        told_errno(|| bench.process._heapset(0x1234_5FFE)),
        (_HEAPOK, KEPT_ERRNO)
    );
    for hole in bench.holes() {
        let held = bench.bytes(hole.lpData, hole.cbData as usize);
        assert!(held.iter().all(|&byte| byte == 0xFE));
    }
    assert_eq!(bench.bytes(blocks[2], 0x200), busy);
    assert_eq!(bench.walk(), before);
    assert_eq!(bench.validate(0), (true, KEPT));
    bench.alloc(0x200);
    // Damage: nothing is filled.
    for (address, result) in [
        (blocks[2] - 8, _HEAPBADNODE),
        (bench.heap + 4 * 8, _HEAPBADBEGIN),
    ] {
        bench.flip(address, 1);
        let answer = bench.unchanged(|| told_errno(|| bench.process._heapset(1)));
        assert_eq!(answer, (result, KEPT_ERRNO));
        bench.flip(address, 1);
    }
    assert_eq!(process()._heapset(1), _HEAPEMPTY);
    // Under free checking the new fill replaces the pattern, and is no damage.
    let bench = Bench::with(flagged(HEAP_FREE_CHECKING_ENABLED));
    assert_eq!(bench.process._heapset(1), _HEAPOK);
    assert_eq!(bench.process._heapchk(), _HEAPOK);
    let place = bench.alloc(0x200);
    bench.free(place);
    assert_eq!(bench.process._heapchk(), _HEAPOK);
}

fn t10_heapadd() {
    let bench = Bench::growable();
    for (memory, size) in [(0, 0), (bench.heap, 0x1000)] {
        let answer = bench.unchanged(|| told_errno(|| bench.process._heapadd(memory, size)));
        assert_eq!(answer, (-1, ENOSYS));
    }
}

fn t11_msize() {
    let bench = Bench::growable();
    let [place, freed, _] = [100, 100, 100].map(|size| quiet(bench.process.malloc(size)));
    quiet(bench.process.free(freed));
    assert_eq!(calm(|| bench.process._msize(place)), (100, KEPT_ERRNO));
    assert_eq!(calm(|| bench.process._msize(0)), (usize::MAX, EINVAL));
    assert_eq!(
        calm(|| bench.process._msize(freed)),
        (usize::MAX, KEPT_ERRNO)
    );
}

fn t12_expand() {
    let bench = Bench::growable();
    let [place, next] = [100, 100].map(|size| quiet(bench.process.malloc(size)));
    let expand = |place, size| calm(|| bench.process._expand(place, size));
    assert_eq!(expand(0, 10), (0, EINVAL));
    assert_eq!(expand(place, _HEAP_MAXREQ + 1), (0, ENOMEM));
    assert_eq!(bench.unchanged(|| expand(place, 1000)), (0, ENOMEM));
    assert_eq!(expand(place, 104), (place, KEPT_ERRNO));
    // Shrinking; 0 counts as 1.
    assert_eq!(expand(place, 40), (place, KEPT_ERRNO));
    assert_eq!(quiet(bench.process._msize(place)), 40);
    assert_eq!(expand(place, 0), (place, KEPT_ERRNO));
    assert_eq!(quiet(bench.process._msize(place)), 1);
    quiet(bench.process.free(next));
    assert_eq!(expand(place, 200), (place, KEPT_ERRNO));
    assert_eq!(bench.unchanged(|| expand(next, 10)), (0, EINVAL));
}

fn t13_realloc() {
    let bench = Bench::growable();
    let realloc = |place, size| calm(|| bench.process.realloc(place, size));
    let (place, error) = realloc(0, 100);
    assert_eq!(
        (quiet(bench.process._msize(place)), error),
        (100, KEPT_ERRNO)
    );
    bench.fill(place, 100, 7);
    for size in [_HEAP_MAXREQ, _HEAP_MAXREQ + 1, usize::MAX, 1 << 40] {
        assert_eq!(bench.unchanged(|| realloc(place, size)), (0, ENOMEM));
    }
    let (place, _) = realloc(place, 5000);
    assert_eq!(bench.bytes(place, 100), [7; 100]);
    assert_eq!(realloc(place, 0), (0, KEPT_ERRNO));
    assert_eq!(bench.busy(), []);
}

fn t14_malloc_and_calloc() {
    let bench = Bench::growable();
    let (process, malloc) = (&bench.process, |size| calm(|| bench.process.malloc(size)));
    for (count, size) in [(0, 0), (0, 5), (5, 0)] {
        let (place, error) = calm(|| process.calloc(count, size));
        assert_eq!((place == 0, error), (false, KEPT_ERRNO), "{count} {size}");
    }
    assert_ne!(malloc(0).0, malloc(0).0);
    assert_eq!(malloc(0).1, KEPT_ERRNO);
    for size in [_HEAP_MAXREQ, _HEAP_MAXREQ + 1, usize::MAX] {
        assert_eq!(malloc(size), (0, ENOMEM));
    }
    for (count, size) in [(usize::MAX, 2), (1 << 32, 1 << 32), (usize::MAX, 1)] {
        assert_eq!(calm(|| process.calloc(count, size)), (0, ENOMEM));
    }
    let dirty = malloc(800).0;
    bench.fill(dirty, 800, 0xEE);
    quiet(process.free(dirty));
    let clean = quiet(process.calloc(100, 8));
    assert_eq!(bench.bytes(clean, 800), [0; 800]);
}

fn t15_free() {
    let bench = Bench::growable();
    let free = |place| calm(|| bench.process.free(place)).1;
    let place = quiet(bench.process.malloc(100));
    assert_eq!(free(place), KEPT_ERRNO);
    assert_eq!(free(0), KEPT_ERRNO);
    assert_eq!(free(place), EINVAL);
    assert_eq!(calm(|| process().free(place)).1, EBADF);
}
