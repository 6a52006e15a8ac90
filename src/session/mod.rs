//! The session: the only place that changes a heap.
