//! Tables to CSV and back.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pf_fuzz::csv::write_csv(input));
