//! Graphs of any edges under any options.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pf_fuzz::graph::build(input));
