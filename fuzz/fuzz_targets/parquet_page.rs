//! Whole Parquet files. Most mutations keep the footer and change the pages in place, or nothing
//! but the footer's guard would ever see them.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fuzz_target!(|file: &[u8]| pf_fuzz::read_parquet(file));

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    match pf_fuzz::split_footer(&data[..size]) {
        Some((start, end)) if start < end && seed % 8 != 0 => {
            // A window, so that one page of many is hit; it keeps its length and offsets hold.
            let width = ((seed >> 3) as usize % 256 + 1).min(end - start);
            let at = start + (seed >> 11) as usize % (end - start - width + 1);
            let before = data[at..at + width].to_vec();
            let now = fuzzer_mutate(&mut data[at..at + width], width, width);
            if now < width {
                data[at + now..at + width].copy_from_slice(&before[now..]);
            }
            size
        }
        _ => fuzzer_mutate(data, size, max_size),
    }
});
