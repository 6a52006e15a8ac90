//! The allocator's proofs: each compares it with something independent of it, by way of the walk and of the bytes.

mod access;
mod arena;
mod best_fit;
mod growth;
mod headers;
mod heapmin;
mod support;
