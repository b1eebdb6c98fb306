//! Workflows through the whole engine: from a plan to files and events.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test that cannot be set up shall fail; steps are handed over as written"
)]

mod csv;
mod flows;
mod fusion;
mod semantics;
