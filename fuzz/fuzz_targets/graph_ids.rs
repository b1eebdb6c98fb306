//! Ids of any type and layout.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pf_fuzz::graph::ids(input));
