//! The one error type of the crate.

use std::fmt;

/// The input column an error speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Tails of the edges.
    Src,
    /// Heads of the edges.
    Dst,
    /// Ids of the vertex table.
    Vertices,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Src => "src",
            Self::Dst => "dst",
            Self::Vertices => "vertices",
        })
    }
}

/// What can go wrong; messages are lowercase fragments, rows count from 1 over all chunks.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// An edge or a row of the vertex table has no id.
    #[error("{}", null_text(*.row, *.side))]
    NullEndpoint {
        /// Row in its table.
        row: u64,
        /// Column with the null.
        side: Side,
    },
    /// An edge has no weight.
    #[error("edge row {row}: weight is null (pass default_weight to fill such rows)")]
    NullWeight {
        /// Edge row.
        row: u64,
    },
    /// A weight that the graph (NaN, `-inf`) or the kernel (`inf` in `PageRank`) cannot use.
    #[error("edge row {row}: weight is {weight}; {needs}")]
    BadWeight {
        /// Edge row.
        row: u64,
        /// The weight found there.
        weight: f64,
        /// What is asked of weights.
        needs: &'static str,
    },
    /// The weight column is not numeric.
    #[error("weight has type {found}; weights are integers, floats or decimals")]
    WeightType {
        /// Type of the column.
        found: String,
    },
    /// A column whose type cannot be an id.
    #[error("{column} has type {found}; ids are integers, text, binary, dates or booleans")]
    IdType {
        /// The column.
        column: Side,
        /// Its type.
        found: String,
    },
    /// Two id columns without a common type: `1` and `"1"` never match.
    #[error(
        "{left} has type {left_type}, {right} has type {right_type}; cast one of them, ids of both must be of one kind"
    )]
    IdTypesDiffer {
        /// First column.
        left: Side,
        /// Its type.
        left_type: String,
        /// Second column.
        right: Side,
        /// Its type.
        right_type: String,
    },
    /// A vertex asked for by id does not exist.
    #[error("vertex {id} not in graph ({vertices} vertices{})", closest_text(.closest))]
    VertexNotFound {
        /// The id, quoted if it is text.
        id: String,
        /// Vertices in the graph.
        vertices: usize,
        /// Up to three ids that resemble it, best first.
        closest: Vec<String>,
    },
    /// A kernel that needs weights of at least zero met a negative one.
    #[error(
        "weight {weight} on edge {src}->{dst} (row {row}): {kernel} needs weights >= 0{advice}"
    )]
    NegativeWeight {
        /// The weight.
        weight: f64,
        /// Tail id, quoted if it is text.
        src: String,
        /// Head id, quoted if it is text.
        dst: String,
        /// First edge row with a negative weight.
        row: u64,
        /// The kernel that refuses.
        kernel: &'static str,
        /// What to do instead; empty or starting with `"; "`.
        advice: &'static str,
    },
    /// Shortest paths do not exist: going round the cycle makes every path through it shorter.
    #[error("negative cycle reachable from the source: {}", cycle_text(.vertices))]
    NegativeCycle {
        /// Ids in the order of the cycle; the edge from the last to the first closes it.
        vertices: Vec<String>,
        /// The same vertices by index.
        indices: Vec<u32>,
    },
    /// The graph has a cycle where a kernel needs one without.
    #[error("graph has a cycle: {}", cycle_text(.vertices))]
    NotADag {
        /// Ids in the order of the cycle; the edge from the last to the first closes it.
        vertices: Vec<String>,
        /// The same vertices by index.
        indices: Vec<u32>,
    },
    /// More vertices, or longer paths, than 32-bit indices can express.
    #[error("{vertices} vertices are more than the limit of {limit}")]
    TooLarge {
        /// Vertices asked for.
        vertices: u64,
        /// The limit that is passed.
        limit: u64,
    },
    /// A setting outside its range.
    #[error("{name}: {message}")]
    BadParameter {
        /// Name of the setting.
        name: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// Columns of the edge table have different numbers of rows.
    #[error("src has {src} rows, {column} has {rows}")]
    LengthsDiffer {
        /// Rows of `src`.
        src: usize,
        /// The other column, `dst` or `weight`.
        column: &'static str,
        /// Its rows.
        rows: usize,
    },
    /// A vertex index of a caller's array that is not below the number of vertices.
    #[error(
        "edge row {row}: {side} is {vertex}; indices of {vertices} vertices are at least 0 and below {vertices}"
    )]
    IndexOutOfRange {
        /// Edge row.
        row: u64,
        /// The array.
        side: Side,
        /// The value found there.
        vertex: i128,
        /// Number of vertices.
        vertices: u64,
    },
    /// More edge rows than 32-bit numbers can name, where rows must be named.
    #[error("{rows} edge rows are more than the limit of {limit} for these options")]
    TooManyRows {
        /// Rows of the table.
        rows: u64,
        /// The limit that is passed.
        limit: u64,
    },
    /// The caller's arrays were written to while they were read.
    #[error("the arrays changed while the graph was built from them")]
    ArraysChanged,
    /// Arrays that are not compressed sparse rows.
    #[error("{name}: {message}")]
    BadCsr {
        /// The array.
        name: &'static str,
        /// What is wrong with it.
        message: String,
    },
    /// A loop where none are wanted.
    #[error("edge row {row}: {vertex}->{vertex} is a loop (pass self_loops='drop' to skip loops)")]
    SelfLoop {
        /// Edge row.
        row: u64,
        /// Its one end, quoted if it is text.
        vertex: String,
    },
    /// A second edge between the same ends where one is wanted.
    #[error("edge row {row}: {src}->{dst} is there already, in row {first_row}")]
    DuplicateEdge {
        /// The later row.
        row: u64,
        /// The earlier row.
        first_row: u64,
        /// Tail id, quoted if it is text.
        src: String,
        /// Head id, quoted if it is text.
        dst: String,
    },
    /// The cancel flag was set.
    #[error("cancelled")]
    Cancelled,
}

fn null_text(row: u64, side: Side) -> String {
    match side {
        Side::Vertices => format!("vertex row {row}: {side} is null"),
        _ => format!("edge row {row}: {side} is null (pass nulls='drop' to skip such rows)"),
    }
}

fn closest_text(closest: &[String]) -> String {
    if closest.is_empty() { String::new() } else { format!("; closest: {}", closest.join(", ")) }
}

/// At most ten ids, then the first again.
fn cycle_text(vertices: &[String]) -> String {
    const SHOWN: usize = 10;
    let mut text = vertices.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join("->");
    if vertices.len() > SHOWN {
        text.push_str("->...");
    }
    if let Some(first) = vertices.first() {
        text.push_str("->");
        text.push_str(first);
    }
    text
}
