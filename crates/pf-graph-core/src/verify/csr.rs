//! Rows hold exactly the arcs of the edge list.

use super::{Edges, Verdict, ensure};
use crate::Csr;

/// An arc with the bits of its weight, so that arcs sort.
type Arc = (usize, usize, u64);

/// Proves the CSR invariant and that the arcs are those of the edges; with `is_stable`, that rows
/// keep the order of the edges, otherwise that each row ascends.
pub fn check_csr(edges: &Edges, csr: &Csr, is_stable: bool) -> Verdict {
    ensure(csr.num_vertices() == edges.num_vertices, || "wrong number of rows".into())?;
    ensure(csr.weights().is_some() == edges.weight.is_some(), || "weights lost or made up".into())?;
    let mut expected: Vec<Arc> = edges.arcs().map(|(u, v, w)| (u, v, w.to_bits())).collect();
    expected.sort_by_key(|arc| arc.0);
    let found = arcs_of(csr)?;
    if is_stable {
        return ensure(found == expected, || "arcs differ from the edges in order".into());
    }
    ensure(found.is_sorted_by_key(|arc| (arc.0, arc.1)), || "a row does not ascend".into())?;
    let mut found = found;
    found.sort_unstable();
    expected.sort_unstable();
    ensure(found == expected, || "arcs differ from the edges".into())
}

/// Proves that `incoming` holds the arcs of `out` turned round, each row ascending.
pub fn check_transpose(out: &Csr, incoming: &Csr) -> Verdict {
    let mut expected: Vec<Arc> = arcs_of(out)?.into_iter().map(|(u, v, w)| (v, u, w)).collect();
    expected.sort_by_key(|arc| arc.0); // stable: parallel arcs keep their order
    ensure(arcs_of(incoming)? == expected, || "incoming is not the transpose".into())
}

fn arcs_of(csr: &Csr) -> Result<Vec<Arc>, String> {
    let offsets = csr.offsets();
    ensure(offsets.first() == Some(&0), || "offsets do not start at 0".into())?;
    ensure(offsets.is_sorted(), || "offsets descend".into())?;
    ensure(offsets.last() == Some(&(csr.targets().len() as u64)), || "offsets end wrong".into())?;
    let mut arcs = Vec::new();
    for v in 0..csr.num_vertices() {
        for i in offsets[v] as usize..offsets[v + 1] as usize {
            let target = csr.targets()[i] as usize;
            ensure(target < csr.num_vertices(), || format!("target {target} is out of range"))?;
            let weight = csr.weights().map_or(1.0, |weights| weights[i]);
            arcs.push((v, target, weight.to_bits()));
        }
    }
    Ok(arcs)
}
