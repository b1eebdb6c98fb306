//! Graphs of networkx: one walk over the dictionaries of the adjacency, and one over those of the
//! predecessors, whose order is another.
//!
//! A graph whose dictionaries are not all plain ones (a view, a class with factories of its own) is
//! left to the caller, who walks it in Python. Nothing here depends on more than the order and the
//! equality of keys, so nodes may be any hashable objects.
//!
//! Time: O(n + m). Memory: 4 bytes per arc, 8 more where there are weights, 4 more where the graph is
//! directed; 32 to 64 per node while it runs.

mod numbers;
mod walk;
mod weights;

use pf_graph_core::Graph;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use self::numbers::Numbers;
use self::walk::walk;
use self::weights::Weights;
use super::errors::raised;
use super::native::NativeGraph;
use super::views::owned;
use super::work::Call;

/// Arcs up to which checking them takes less time than a thread to do it on.
const SMALL: usize = 1 << 12;

/// Offsets and tails of the arcs by head.
type Incoming<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);
/// The graph, its nodes, their numbers if somebody had to look them up, the arcs by head, and what
/// kinds of weights there were, as bits.
type Converted<'py> =
    (NativeGraph, Bound<'py, PyList>, Option<Bound<'py, PyDict>>, Option<Incoming<'py>>, u8);

/// Rows of arcs in the order of the dictionaries; `None` if these are not all plain.
///
/// `weight` is the attribute and what stands for a missing one; `odd` is called with weights that
/// are neither `int` nor `float`, and gives the bit of the kind and the number.
#[pyfunction]
#[pyo3(signature = (node, adj, pred, multigraph, weight, odd))]
pub(super) fn networkx_graph<'py>(
    py: Python<'py>,
    node: &Bound<'py, PyDict>,
    adj: &Bound<'py, PyDict>,
    pred: Option<&Bound<'py, PyDict>>,
    multigraph: bool,
    weight: Option<(Bound<'py, PyAny>, f64)>,
    odd: &Bound<'py, PyAny>,
) -> PyResult<Option<Converted<'py>>> {
    let nodes = node.keys();
    let mut numbers = Numbers::new(&nodes);
    let mut weights = weight.map(|(name, default)| Weights::new(name, default, odd.clone()));
    let Some(out) = walk(adj, &nodes, &mut numbers, multigraph, weights.as_mut())? else {
        return Ok(None);
    };
    let incoming = match pred {
        None => None,
        Some(pred) => {
            let Some(rows) = walk(pred, &nodes, &mut numbers, multigraph, None)? else {
                return Ok(None);
            };
            if rows.targets.len() != out.targets.len() {
                return Ok(None); // dictionaries that contradict each other
            }
            Some((owned(py, rows.offsets, "int64")?, owned(py, rows.targets, "uint32")?))
        }
    };
    let (values, seen) = weights.map_or((None, 0), Weights::finish);
    let directed = pred.is_some();
    let call = Call { is_short: out.targets.len() <= SMALL, ..Call::on(None) };
    let made = call.run(py, |control| {
        if directed {
            Graph::from_csr(out.offsets, out.targets, values, true, control)
        } else {
            Graph::from_symmetric_csr(out.offsets, out.targets, values, control)
        }
    })?;
    let graph = made.map_err(|error| raised(py, None, &error))?;
    Ok(Some((NativeGraph::of(graph), nodes, numbers.into_index(), incoming, seen)))
}
