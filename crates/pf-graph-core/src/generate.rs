//! Seeded graphs for tests and benchmarks: the same edges on every machine, for any thread count.
//!
//! R-MAT with the parameters of Graph500 (Chakrabarti, Zhan, Faloutsos, "R-MAT: a recursive model
//! for graph mining", SDM 2004; graph500.org), uniform random edges, grids. Numbers come from
//! splitmix64 (Steele, Lea, Flood, OOPSLA 2014), one stream per block of edges.

use rayon::prelude::*;

/// Edges drawn from one stream.
const BLOCK: usize = 1 << 16;

/// An edge list by vertex index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generated {
    /// Number of vertices, isolated ones included.
    pub num_vertices: usize,
    /// Tails.
    pub src: Vec<u32>,
    /// Heads.
    pub dst: Vec<u32>,
}

/// A seeded stream of numbers: splitmix64.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Streams of different seeds, or of one seed and different numbers, are unrelated.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut random = Self(seed);
        Self(random.next_u64() ^ stream.wrapping_mul(0xA076_1D64_78BD_642F))
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number below `bound`, 0 for a bound of 0; uneven by less than `bound / 2^64`.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(bound)) >> 64) as u64
    }
}

/// `2^scale` vertices and `edge_factor` times as many edges, a few vertices with very many:
/// quadrants of 57, 19, 19 and 5 %, vertex numbers shuffled. Loops and parallel edges included.
/// `scale` is at most 31.
pub fn rmat(scale: u32, edge_factor: usize, seed: u64) -> Generated {
    let scale = scale.min(31);
    let num_vertices = 1usize << scale;
    let edges = draw(num_vertices * edge_factor, seed, |random| {
        let (mut src, mut dst) = (0, 0);
        for _ in 0..scale {
            let (down, right) = match random.below(100) {
                0..57 => (0, 0),
                57..76 => (0, 1),
                76..95 => (1, 0),
                _ => (1, 1),
            };
            (src, dst) = (src << 1 | down, dst << 1 | right);
        }
        (src, dst)
    });
    let number = shuffled(num_vertices, seed);
    let renumber = |v: Vec<u32>| v.into_par_iter().map(|v| number[v as usize]).collect();
    Generated { num_vertices, src: renumber(edges.0), dst: renumber(edges.1) }
}

/// Ends drawn evenly and independently; loops and parallel edges included.
pub fn uniform(num_vertices: u32, num_edges: usize, seed: u64) -> Generated {
    let n = u64::from(num_vertices);
    let len = if n == 0 { 0 } else { num_edges };
    let (src, dst) = draw(len, seed, |random| (random.below(n) as u32, random.below(n) as u32));
    Generated { num_vertices: num_vertices as usize, src, dst }
}

/// `rows` x `columns` vertices, row after row, each joined to the one on its right and the one
/// below it.
pub fn grid(rows: u32, columns: u32) -> Generated {
    let mut ends = Vec::new();
    for v in 0..rows * columns {
        if v % columns + 1 < columns {
            ends.push((v, v + 1));
        }
        if v / columns + 1 < rows {
            ends.push((v, v + columns));
        }
    }
    let (src, dst) = ends.into_iter().unzip();
    Generated { num_vertices: (rows * columns) as usize, src, dst }
}

/// One whole number from 1 to `max` per edge.
pub fn weights(num_edges: usize, max: u32, seed: u64) -> Vec<f64> {
    let mut weights = vec![0.0; num_edges];
    weights.par_chunks_mut(BLOCK).enumerate().for_each(|(block, weights)| {
        let mut random = Random::new(!seed, block as u64);
        weights.fill_with(|| (random.below(u64::from(max)) + 1) as f64);
    });
    weights
}

/// Draws edges block by block.
fn draw(
    len: usize,
    seed: u64,
    edge: impl Fn(&mut Random) -> (u32, u32) + Sync,
) -> (Vec<u32>, Vec<u32>) {
    let (mut src, mut dst) = (vec![0; len], vec![0; len]);
    let blocks = src.par_chunks_mut(BLOCK).zip(dst.par_chunks_mut(BLOCK)).enumerate();
    blocks.for_each(|(block, (src, dst))| {
        let mut random = Random::new(seed, block as u64);
        for (src, dst) in src.iter_mut().zip(dst) {
            (*src, *dst) = edge(&mut random);
        }
    });
    (src, dst)
}

/// `0..n` in random order.
fn shuffled(n: usize, seed: u64) -> Vec<u32> {
    let mut random = Random::new(seed, u64::MAX);
    let mut numbers: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        numbers.swap(i, random.below(i as u64 + 1) as usize);
    }
    numbers
}
