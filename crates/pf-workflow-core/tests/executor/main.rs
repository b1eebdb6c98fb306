//! The executor with real threads.
//! Every test that could hang has a deadline, and none waits by sleeping.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod faults;
#[path = "../graphs/mod.rs"]
mod graphs;
mod promises;
mod runners;
