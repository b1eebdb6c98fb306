//! Footers: the input is the thrift text between the pages and the footer's length.
#![no_main]

use libfuzzer_sys::fuzz_target;

/// Room before the footer, so that column chunks may lie inside the file.
const PAGES: usize = 4096;

fuzz_target!(|footer: &[u8]| {
    let mut file = b"PAR1".to_vec();
    file.resize(PAGES, 0);
    file.extend_from_slice(footer);
    file.extend_from_slice(&(footer.len() as u32).to_le_bytes());
    file.extend_from_slice(b"PAR1");
    pf_fuzz::open_parquet(&file);
});
