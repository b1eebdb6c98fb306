//! Arcs to rows by a stable sort in two steps: within a row, arcs keep the order they are given in.
//!
//! First a pass that cuts the vertices into buckets of consecutive indices and deals the arcs out
//! to them, part by part of the input; every (bucket, part) pair has its own place, so the order
//! within a bucket is that of the input for any number of parts. Then the input is let go, and each
//! bucket counted and placed while it lies in the cache. O(n + m) time; 6 bytes per arc, and its
//! payload, beside the result. The transpose is the same sort over the rows of a CSR, which leaves in-rows sorted by
//! source.
//!
//! Source: Malicevic, Lepers, Zwaenepoel, "Everything you always wanted to know about multicore
//! graph processing but were afraid to ask", USENIX ATC 2017 (radix partitioning).

use std::iter::Zip;
use std::slice::IterMut;

use rayon::prelude::*;

use crate::GraphError;
use crate::arcs::Arcs;
use crate::control::Control;
use crate::par::split_mut;

/// Below this many arcs a second thread costs more than it brings.
const PARALLEL_ARCS: usize = 1 << 15;
/// Arcs per bucket that stay in a second-level cache while they are placed.
const BUCKET_ARCS: usize = 1 << 16;
/// Streams that one core can write at the same time.
const MAX_BUCKETS: usize = 1 << 11;
/// Rows of a bucket are numbered in 16 bits.
const MAX_WIDTH_BITS: u32 = 16;
/// Parts of the input per thread, so that an uneven part delays little.
const PARTS_PER_THREAD: usize = 2;
/// Most parts: each has a place in each bucket.
const MAX_PARTS: usize = 32;

/// Rows of arcs; `payload` goes with `targets`.
pub(crate) struct Sorted<P> {
    pub(crate) offsets: Vec<u64>,
    pub(crate) targets: Vec<u32>,
    pub(crate) payload: Vec<P>,
}

/// Where the next arc of one part goes within one bucket.
type Place<'a, P> = Zip<Zip<IterMut<'a, u16>, IterMut<'a, u32>>, IterMut<'a, P>>;

/// Sorts arcs into `n` rows, each with `payload(index)`, in the caller's rayon pool.
pub(crate) fn sort_arcs<P: Copy + Default + Send + Sync>(
    n: usize,
    arcs: impl Arcs,
    payload: impl Fn(usize) -> P + Sync,
    control: &Control<'_>,
) -> Result<Sorted<P>, GraphError> {
    let parts = if arcs.max_len() < PARALLEL_ARCS {
        1
    } else {
        (PARTS_PER_THREAD * rayon::current_num_threads()).clamp(1, MAX_PARTS)
    };
    let parts = arcs.split(parts);
    let shift = bucket_bits(n, arcs.max_len());
    let buckets = n.div_ceil(1 << shift);

    // Arcs per part and bucket. A row that is out of range is found in the next pass.
    let counts: Vec<Vec<usize>> = parts
        .par_iter()
        .map(|part| {
            let mut counts = vec![0; buckets];
            arcs.visit(part.clone(), control, |row, _, _| {
                if let Some(count) = counts.get_mut(row as usize >> shift) {
                    *count += 1;
                }
            })?;
            Ok(counts)
        })
        .collect::<Result<_, GraphError>>()?;
    control.progress(0.25)?;

    let bucket_len = |bucket: usize| counts.iter().map(|counts| counts[bucket]).sum::<usize>();
    let bucket_lens: Vec<usize> = (0..buckets).map(bucket_len).collect();
    let len: usize = bucket_lens.iter().sum();
    let mut rows = vec![0u16; len];
    let mut targets = vec![0u32; len];
    let mut payloads = vec![P::default(); len];
    {
        let lens: Vec<usize> =
            (0..buckets).flat_map(|bucket| counts.iter().map(move |c| c[bucket])).collect();
        let mut places: Vec<Vec<Place<P>>> =
            parts.iter().map(|_| Vec::with_capacity(buckets)).collect();
        let pieces = split_mut(&mut rows, lens.iter().copied())
            .into_iter()
            .zip(split_mut(&mut targets, lens.iter().copied()))
            .zip(split_mut(&mut payloads, lens.iter().copied()));
        for (i, ((rows, targets), payloads)) in pieces.enumerate() {
            places[i % parts.len()].push(rows.iter_mut().zip(targets).zip(payloads));
        }
        let is_whole = parts
            .par_iter()
            .zip(places)
            .map(|(part, mut places)| {
                let mut is_whole = true;
                arcs.visit(part.clone(), control, |row, target, index| {
                    // Read once, checked and used: a caller's array may change under us.
                    let is_vertex = (row as usize) < n && (target as usize) < n;
                    let place = places.get_mut(row as usize >> shift).and_then(Iterator::next);
                    match place {
                        Some(((local, to), payload_to)) if is_vertex => {
                            *local = (row & ((1 << shift) - 1)) as u16;
                            *to = target;
                            *payload_to = payload(index);
                        }
                        _ => is_whole = false,
                    }
                })?;
                Ok(is_whole && places.iter().all(|place| place.len() == 0))
            })
            .collect::<Result<Vec<bool>, GraphError>>()?;
        if is_whole.contains(&false) {
            return Err(arcs.out_of_range(n));
        }
    }
    control.progress(0.6)?;
    drop((counts, arcs, payload)); // the input, where the caller has no use for it
    place_buckets(n, shift, &bucket_lens, (&rows, &targets, &payloads), control)
}

/// Counts and places each bucket's arcs.
fn place_buckets<P: Copy + Default + Send + Sync>(
    n: usize,
    shift: u32,
    lens: &[usize],
    (rows, targets, payloads): (&[u16], &[u32], &[P]),
    control: &Control<'_>,
) -> Result<Sorted<P>, GraphError> {
    let mut starts = Vec::with_capacity(lens.len());
    let mut len = 0;
    for &bucket_len in lens {
        starts.push(len);
        len += bucket_len;
    }
    let mut sorted = Sorted {
        offsets: vec![0u64; n + 1],
        targets: vec![0u32; len],
        payload: vec![P::default(); len],
    };
    let ends = sorted.offsets[1..].par_chunks_mut(1 << shift);
    let out_targets = split_mut(&mut sorted.targets, lens.iter().copied());
    let out_payloads = split_mut(&mut sorted.payload, lens.iter().copied());
    ends.zip(out_targets).zip(out_payloads).zip(starts).try_for_each(
        |(((ends, out_targets), out_payloads), start)| {
            control.check()?;
            let range = start..start + out_targets.len();
            let rows = &rows[range.clone()];
            for &row in rows {
                ends[row as usize] += 1;
            }
            let mut next = start as u64;
            for end in ends.iter_mut() {
                next += std::mem::replace(end, next);
            }
            let arcs = rows.iter().zip(&targets[range.clone()]).zip(&payloads[range]);
            for ((&row, &target), &payload) in arcs {
                let end = &mut ends[row as usize]; // the start until its arcs are placed
                let place = (*end as usize) - start;
                *end += 1;
                out_targets[place] = target;
                out_payloads[place] = payload;
            }
            Ok(())
        },
    )?;
    control.progress(1.0)?;
    Ok(sorted)
}

/// Bits of a vertex index that number it within its bucket.
fn bucket_bits(n: usize, arcs: usize) -> u32 {
    let buckets = (arcs / BUCKET_ARCS).clamp(1, MAX_BUCKETS).next_power_of_two();
    let bits = usize::BITS - n.saturating_sub(1).leading_zeros();
    bits.saturating_sub(buckets.trailing_zeros()).min(MAX_WIDTH_BITS)
}
