//! What is not modelled does not pretend to work.

use heapwalk::api::*;

use super::bench::*;

fn compatibility(bench: &Bench) -> u32 {
    let mut answer = [0xFF; 4];
    let class = HEAP_COMPATIBILITY_INFORMATION;
    assert!(
        bench
            .process
            .HeapQueryInformation(bench.heap, class, &mut answer, None)
    );
    u32::from_le_bytes(answer)
}

#[test]
fn asking_for_a_low_fragmentation_heap_fails() {
    let bench = Bench::growable();
    for (value, answer) in [
        (2, (false, ERROR_GEN_FAILURE)),
        (1, (false, ERROR_GEN_FAILURE)),
        (3, (false, ERROR_INVALID_PARAMETER)),
        (u32::MAX, (false, ERROR_INVALID_PARAMETER)),
        // What it is already.
        (0, (true, KEPT)),
    ] {
        let bytes = u32::to_le_bytes(value);
        let set = || bench.process.HeapSetInformation(bench.heap, 0, &bytes);
        assert_eq!(bench.unchanged(|| told(set)), answer, "{value}");
        assert_eq!(compatibility(&bench), 0);
    }
}

#[test]
fn no_low_fragmentation_heap_starts_by_itself() {
    let bench = Bench::growable();
    bench.allocs::<100>(0);
    assert_eq!(compatibility(&bench), 0);
    assert_eq!(bench.regions().len(), 1);
    assert_eq!(bench.busy().len(), 100);
}
