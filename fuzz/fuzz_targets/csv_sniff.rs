//! The dialect of any bytes.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| pf_fuzz::csv::sniff_csv(input));
