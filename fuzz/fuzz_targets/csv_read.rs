//! CSV text, cut and whole.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pf_fuzz::csv::read_csv(input));
