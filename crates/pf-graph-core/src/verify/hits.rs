//! Hubs and authorities lead to each other.

use super::{Edges, Verdict, ensure};
use crate::algo::{HitsConfig, HitsResult};

/// Proves hubs and authorities by one more step from the edge list, O(n + m): both sum to 1, hubs
/// follow from authorities, and if converged the next hubs are no further away than the last were.
pub fn check_hits(edges: &Edges, config: &HitsConfig, result: &HitsResult) -> Verdict {
    let n = edges.num_vertices;
    let HitsResult { hub, authority, iterations, converged } = result;
    ensure(hub.len() == n && authority.len() == n, || "wrong length".into())?;
    let weight = |w: f64| if config.weighted { w } else { 1.0 };
    if !edges.arcs().any(|arc| weight(arc.2) > 0.0) {
        let is_zero = hub.iter().chain(authority).all(|&value| value == 0.0);
        return ensure(is_zero && *converged, || "values without edges".into());
    }
    ensure(*converged || *iterations == config.max_iter, || "gave up early".into())?;
    let step = |from: &[f64], reverse: bool| {
        let mut to = vec![0.0; n];
        for (u, v, w) in edges.arcs() {
            let (tail, head) = if reverse { (v, u) } else { (u, v) };
            to[head] += weight(w) * from[tail];
        }
        let sum: f64 = to.iter().sum();
        for value in &mut to {
            *value /= sum;
        }
        to
    };
    let apart = |a: &[f64], b: &[f64]| -> f64 { a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum() };
    for values in [hub, authority] {
        let sum: f64 = values.iter().sum();
        ensure((sum - 1.0).abs() <= 1e-9, || format!("values sum to {sum}"))?;
        ensure(values.iter().all(|&value| value >= 0.0), || "a value is negative".into())?;
    }
    let residual = apart(&step(authority, true), hub);
    ensure(residual <= 1e-9, || format!("hubs are {residual:e} from what authorities say"))?;
    let residual = apart(&step(&step(hub, false), true), hub);
    let allowed = if *converged { 4.0 * config.tol + 1e-9 } else { 2.0 };
    ensure(residual <= allowed, || format!("hubs move by {residual:e} in a step"))
}
