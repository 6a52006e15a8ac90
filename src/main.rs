//! The `heapwalk` binary.
fn main() {}
