//! Another thread's calls at a lock that is held by hand, as facts L1 and F5 have them.

use crate::terminal::Terminal;

#[test]
fn a_held_lock_lets_others_wait_and_the_screen_go_on() {
    let mut terminal = Terminal::start(&[]);
    terminal.run("alloc a[0:4] 64");
    terminal.run("lock");
    terminal.wait_for("serialize ON (t1 holds it)");
    terminal.run("as t2: alloc x 64");
    terminal.wait_for("t2 waits in `alloc x 64`");
    let screen = terminal.wait_for("serialize ON (t1 holds it, t2 waits)");
    assert!(screen.contains("#4"), "{screen}");
    // Keys and calls of the holder go on meanwhile, and what passes the lock by says so.
    terminal.press("j");
    terminal.run("free a1");
    terminal.wait_for("HeapFree(heap, 0, a1) = TRUE");
    terminal.run("as t3: free a2 noserialize");
    terminal.wait_for("t3: HeapFree(heap, 0x1, a2) = TRUE");
    terminal.press("u");
    terminal.wait_for("t2 waits for the lock that t1 holds");
    terminal.run("unlock");
    let screen = terminal.wait_for("t2: HeapAlloc(heap, 0, 64)");
    assert!(screen.contains("its turn came"), "{screen}");
    terminal.wait("nobody waits", |screen| !screen.contains("t2 waits"));
    terminal.press("q");
    terminal.ended();
}
