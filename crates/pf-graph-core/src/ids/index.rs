//! From a given id back to its vertex.

use std::fmt;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::compute::kernels::cast_utils::Parser;
use arrow::datatypes::{
    DataType, Date32Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow::util::display::array_value_to_string;
use rayon::prelude::*;

use super::chunks::Keys;
use super::closest::{MAX_CLOSEST, closest_texts};
use super::integers::with_values;
use super::kind::Kind;
use super::values::Values;
use crate::Side;

/// Up to so many ids are looked for by a scan rather than by putting all ids in order.
const FEW: usize = 8;

/// An id as a caller writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdValue {
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    UInt(u64),
    /// Text, the text of a binary id, or a date as `YYYY-MM-DD`.
    Str(String),
    /// A boolean.
    Bool(bool),
}

impl fmt::Display for IdValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(id) => id.fmt(f),
            Self::UInt(id) => id.fmt(f),
            Self::Str(id) => write!(f, "'{id}'"),
            Self::Bool(id) => id.fmt(f),
        }
    }
}

/// An id in a form that compares; the ids of one graph are all of one variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Number(i128),
    Bytes(&'a [u8]),
}

/// The distinct ids of a graph, searchable.
#[derive(Debug)]
pub(crate) struct IdIndex {
    /// Made at the first look if the ids are just the vertex indices.
    ids: OnceLock<ArrayRef>,
    len: usize,
    is_dense: bool,
    is_sorted: bool,
    /// Vertices by ascending id, made at the first search unless the ids are sorted anyway.
    ascending: OnceLock<Vec<u32>>,
}

impl IdIndex {
    pub(crate) fn new(ids: ArrayRef, is_sorted: bool) -> Self {
        let (len, ascending) = (ids.len(), OnceLock::new());
        Self { ids: OnceLock::from(ids), len, is_dense: false, is_sorted, ascending }
    }

    /// Whether an array of this type can be that of the ids.
    pub(crate) fn can_hold(data_type: &DataType) -> bool {
        Kind::of(data_type).is_some() && !matches!(data_type, DataType::Dictionary(..))
    }

    /// The ids `0..n`, as `int64`.
    pub(crate) fn dense(len: usize) -> Self {
        let (ids, ascending) = (OnceLock::new(), OnceLock::new());
        Self { ids, len, is_dense: true, is_sorted: true, ascending }
    }

    pub(crate) fn array(&self) -> &ArrayRef {
        self.ids.get_or_init(|| Arc::new(Int64Array::from_iter_values(0..self.len as i64)))
    }

    /// Whether the ids are the vertex indices.
    pub(crate) fn is_dense(&self) -> bool {
        self.is_dense
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Bytes of the ids and of their order, as far as made.
    pub(crate) fn nbytes(&self) -> usize {
        self.ids.get().map_or(0, Array::get_array_memory_size)
            + self.ascending.get().map_or(0, |order| 4 * order.len())
    }

    /// The vertex of each value, -1 where there is none; values of another kind are no ids.
    ///
    /// A few values are looked for one by one, unless the ids have been put in order.
    pub(crate) fn find_all(&self, values: &ArrayRef) -> Vec<i64> {
        let kind = Kind::of(self.array().data_type());
        let is_plain = !matches!(values.data_type(), DataType::Dictionary(..));
        if kind.is_none() || Kind::of(values.data_type()) != kind || !is_plain {
            return vec![-1; values.len()];
        }
        let scan = !self.is_sorted && self.ascending.get().is_none() && values.len() <= FEW;
        let find = |row: usize| {
            let wanted = key_of(values, row);
            if scan {
                let vertices = 0..self.len as u32;
                return vertices.into_par_iter().find_first(|&v| self.key(v) == wanted);
            }
            self.at_rank(self.rank(wanted)).filter(|&v| self.key(v) == wanted)
        };
        let find = |row: usize| if values.is_null(row) { None } else { find(row) };
        (0..values.len()).map(|row| find(row).map_or(-1, i64::from)).collect()
    }

    /// The vertex with this id.
    pub(crate) fn find(&self, id: &IdValue) -> Option<u32> {
        let wanted = self.wanted(id)?;
        if let Key::Number(number) = wanted
            && let Ok(vertex) = u32::try_from(number)
            && (vertex as usize) < self.len
            && self.key(vertex) == wanted
        {
            return Some(vertex); // ids often are the numbers of their vertices
        }
        let rank = self.rank(wanted);
        let vertex = self.at_rank(rank)?;
        (self.key(vertex) == wanted).then_some(vertex)
    }

    /// Ids that resemble one that is missing, best first: neighbours in value, or similar text.
    pub(crate) fn closest(&self, id: &IdValue) -> Vec<String> {
        match (id, self.wanted(id)) {
            (IdValue::Str(text), Some(Key::Bytes(_))) => {
                let candidates = (0..self.len as u32).filter_map(|v| match self.key(v) {
                    Key::Bytes(bytes) => std::str::from_utf8(bytes).ok(),
                    Key::Number(_) => None,
                });
                closest_texts(text, candidates).iter().map(|text| format!("'{text}'")).collect()
            }
            (_, Some(wanted @ Key::Number(number))) => {
                let rank = self.rank(wanted);
                let ranks = rank.saturating_sub(MAX_CLOSEST)..rank + MAX_CLOSEST;
                let distance = |v: u32| match self.key(v) {
                    Key::Number(found) => found.abs_diff(number),
                    Key::Bytes(_) => u128::MAX,
                };
                let mut near: Vec<u32> = ranks.filter_map(|rank| self.at_rank(rank)).collect();
                near.sort_by_key(|&v| distance(v)); // stable: the smaller of two equally far
                near.truncate(MAX_CLOSEST);
                near.into_iter().map(|v| self.label(v)).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The id of a vertex as messages show it.
    pub(crate) fn label(&self, vertex: u32) -> String {
        let text = array_value_to_string(self.array(), vertex as usize).unwrap_or_default();
        if Kind::of(self.array().data_type()) == Some(Kind::Text) {
            format!("'{text}'")
        } else {
            text
        }
    }

    /// An id given by the caller in the form of this graph's ids; `None` if it is of another kind.
    fn wanted<'a>(&self, id: &'a IdValue) -> Option<Key<'a>> {
        match (Kind::of(self.array().data_type())?, id) {
            (Kind::Integer, IdValue::Int(id)) => Some(Key::Number(i128::from(*id))),
            (Kind::Integer, IdValue::UInt(id)) => Some(Key::Number(i128::from(*id))),
            (Kind::Boolean, IdValue::Bool(id)) => Some(Key::Number(i128::from(*id))),
            (Kind::Date, IdValue::Str(text)) => {
                let is_iso = matches!(text.as_bytes(), [_, _, _, _, b'-', _, _, b'-', _, _]);
                let days = if is_iso { Date32Type::parse(text) } else { None };
                days.map(|days| Key::Number(i128::from(days)))
            }
            (Kind::Text | Kind::Binary, IdValue::Str(text)) => Some(Key::Bytes(text.as_bytes())),
            _ => None,
        }
    }

    /// How many ids are below `wanted`.
    fn rank(&self, wanted: Key) -> usize {
        if !self.is_sorted {
            return self.ascending().partition_point(|&v| self.key(v) < wanted);
        }
        let (mut low, mut high) = (0, self.len);
        while low < high {
            let middle = usize::midpoint(low, high);
            if self.key(middle as u32) < wanted { low = middle + 1 } else { high = middle }
        }
        low
    }

    /// The vertex with the `rank`-th smallest id.
    fn at_rank(&self, rank: usize) -> Option<u32> {
        if self.is_sorted {
            return (rank < self.len).then_some(rank as u32);
        }
        self.ascending().get(rank).copied()
    }

    fn ascending(&self) -> &[u32] {
        self.ascending.get_or_init(|| {
            let mut vertices: Vec<u32> = (0..self.len as u32).collect();
            vertices.par_sort_unstable_by_key(|&v| self.key(v));
            vertices
        })
    }

    fn key(&self, vertex: u32) -> Key<'_> {
        key_of(self.array(), vertex as usize)
    }
}

/// An item of an array of ids.
fn key_of(ids: &ArrayRef, row: usize) -> Key<'_> {
    with_values!(ids, values => Key::Number(i128::from(values[row])), else {
        match ids.data_type() {
            DataType::Date32 => Key::Number(i128::from(ids.as_primitive::<Date32Type>().value(row))),
            DataType::Boolean => Key::Number(i128::from(ids.as_boolean().value(row))),
            // Ids have no other types than these and text or binary.
            _ => Values::new(ids, Side::Src)
                .map_or(Key::Bytes(&[]), |values| Key::Bytes(values.get(row))),
        }
    })
}
