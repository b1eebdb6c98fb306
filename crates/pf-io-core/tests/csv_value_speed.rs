//! How fast columns are parsed: `cargo test --release -p pf-io-core --test csv_value_speed -- --ignored --nocapture`.

use std::fmt::Write as _;
use std::time::Instant;

use pf_io_core::csv::column::parse;
use pf_io_core::csv::{ColumnSpec, Dialect, Kind, Slab};

/// A number that looks random.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[test]
#[ignore = "a measurement"]
fn test_speed_of_kinds() {
    type Make = fn(&mut u64) -> String;
    let cases: [(&str, Kind, Make); 7] = [
        ("ints to 6 digits", Kind::Int64, |s| (next(s) % 1_000_000).to_string()),
        ("ints to 10 digits", Kind::Int64, |s| (next(s) * 3).to_string()),
        ("floats of 6 digits", Kind::Float64, |s| {
            format!("{:.3}", (next(s) % 1_000_000) as f64 / 1000.0)
        }),
        ("floats of 15 digits", Kind::Float64, |s| format!("{:.9}", next(s) as f64 / 2147.3)),
        ("dates", Kind::Date, |s| {
            format!("{}-0{}-1{}", 1990 + next(s) % 30, 1 + next(s) % 9, next(s) % 10)
        }),
        ("timestamps", Kind::Timestamp { nanos: false, zoned: false }, |s| {
            format!("2024-0{}-1{} 12:34:5{}", 1 + next(s) % 9, next(s) % 10, next(s) % 10)
        }),
        ("texts", Kind::Text, |s| {
            "abcdefghijklmnopqrstuvwxyz"[..(next(s) % 26) as usize].to_owned()
        }),
    ];
    for (name, kind, make) in cases {
        let mut state = 1;
        let (mut text, mut slab) = (String::new(), Slab { width: 1, ..Slab::default() });
        while text.len() < 1 << 20 {
            slab.starts.push(text.len() as u32);
            let _ = write!(text, "{}", make(&mut state));
            slab.ends.push(text.len() as u32);
            text.push('\n');
        }
        slab.bytes = text.into_bytes();
        slab.ascii = true;
        let mut place = vec![0; kind.width().unwrap_or(0) * slab.rows()];
        let mut best = f64::INFINITY;
        for _ in 0..30 {
            let start = Instant::now();
            let place = kind.width().map(|_| place.as_mut_slice());
            let piece = parse(&slab, 0, &ColumnSpec::default(), &Dialect::default(), kind, place);
            best = best.min(start.elapsed().as_secs_f64());
            assert_eq!(piece.kind, kind);
        }
        let rate = slab.bytes.len() as f64 / best / 1e9;
        let each = best * 1e9 / slab.rows() as f64;
        println!("{name}: {rate:.2} GB/s, {each:.1} ns a cell");
    }
}
