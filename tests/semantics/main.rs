//! What Windows' heap and the Microsoft C runtime's do, row by row: one case for each fact, named by its row.
//!
//! The first letters tell the subject: K HeapCompact, M `_heapmin`, C creating, D destroying, P listing heaps,
//! A HeapAlloc, B large blocks and fixed heaps, F HeapFree, R HeapReAlloc, Z HeapSize, V HeapValidate, W HeapWalk,
//! L locking, Q information, S HeapSummary, T the C runtime, I internals, G global flags.

mod abuse;
mod alloc;
mod bench;
mod compact;
mod create;
mod crt;
mod free;
mod info;
mod internals;
mod realloc;
mod size;
mod unmodelled;
mod walk;

use std::collections::BTreeSet;

use bench::{Case, check};
use heapwalk::api::NOT_MODELLED;

/// Every row there is.
const ROWS: &str = "
    K1 K2 K3 K4 K5 K6 K7 K8 K9 K10 K11 K12 M1 M2 M3 M4 M5 M6
    C1 C2 C3 C4 C5 C6 C7 C8 C9 D1 D2 D3 P1 P2
    A1 A2 A3 A4 A5 A6 A7 A8 A9 A10 A11 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10
    F1 F2 F3 F4 F5 F6 F7 F8 F9 R1 R2 R3 R4 R5 R6 R7 R8 R9 R10 R11
    Z1 Z2 V1 V2 V3 V4 V5 V6 V7 V8
    W1 W2 W3 W4 W5 W6 W7 W8r W9 W10 W11 W12 W13 W14 W15
    L1 L2 L3 Q1 Q2 Q3 Q4 Q5 Q6 Q7 Q8 Q9 Q10 Q11 S1
    T1 T2 T3 T4 T5 T6 T7 T8 T9 T10 T11 T12 T13 T14 T15 T16
    I1 I2 I3 I4 I5 I6 I7 I8 I9 I10 I11 G1 G2 G3 G4 G5 G6 G7";

const SECTIONS: [&[Case]; 10] = [
    compact::CASES,
    create::CASES,
    alloc::CASES,
    free::CASES,
    realloc::CASES,
    size::CASES,
    walk::CASES,
    info::CASES,
    crt::CASES,
    internals::CASES,
];

macro_rules! sections {
    ($($name:ident)*) => { $(#[test] fn $name() { check($name::CASES); })* };
}

sections! { compact create alloc free realloc size walk info crt internals }

#[test]
fn every_row_is_a_case_or_not_modelled_and_never_both() {
    let rows: BTreeSet<&str> = ROWS.split_whitespace().collect();
    let cases: BTreeSet<&str> = SECTIONS
        .iter()
        .copied()
        .flatten()
        .map(|case| case.0)
        .collect();
    let missing: BTreeSet<&str> = NOT_MODELLED.iter().map(|&(row, _)| row).collect();
    assert_eq!(missing.len(), NOT_MODELLED.len(), "a row is listed twice");
    assert_eq!(
        cases.intersection(&missing).collect::<Vec<_>>(),
        Vec::<&&str>::new(),
        "rows that are both"
    );
    assert_eq!(&cases | &missing, rows);
    assert!(NOT_MODELLED.iter().all(|(_, reason)| reason.len() > 20));
}
