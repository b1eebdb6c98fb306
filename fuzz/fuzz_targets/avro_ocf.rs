//! Whole Avro object container files.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|file: &[u8]| pf_fuzz::read_avro(file));
