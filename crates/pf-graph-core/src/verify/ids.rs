//! Ids are those of the rows, each once, in the promised order.

use std::collections::HashMap;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, UInt64Type};

use super::{Verdict, ensure};
use crate::IdOrder;

/// An id that compares as its type does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Id {
    Number(i128),
    Bytes(Vec<u8>),
}

/// Proves that `ids` holds the ids of the vertex table and of the edge rows, each once, in the
/// given order, and no others; answers with the vertex of each `src` and `dst`, found by a serial
/// map.
///
/// The columns are of types that ids can have, without nulls.
pub fn check_ids(
    [src, dst, vertices]: [&[ArrayRef]; 3],
    ids: &ArrayRef,
    order: IdOrder,
) -> Result<(Vec<u32>, Vec<u32>), String> {
    let (src, dst, vertices) = (column(src)?, column(dst)?, column(vertices)?);
    ensure(src.len() == dst.len(), || "columns of different lengths".into())?;
    let mut expected: Vec<&Id> = Vec::new();
    let mut index: HashMap<&Id, u32> = HashMap::new();
    let ends = src.iter().zip(&dst).flat_map(|(u, v)| [u, v]);
    for id in vertices.iter().chain(ends) {
        index.entry(id).or_insert_with(|| {
            expected.push(id);
            0
        });
    }
    if order == IdOrder::Sorted {
        expected.sort_unstable();
    }
    let found = column(std::slice::from_ref(ids))?;
    check_equal(&found, &expected)?;
    for (vertex, id) in (0..).zip(&expected) {
        index.insert(id, vertex);
    }
    let of = |column: &[Id]| column.iter().map(|id| index[id]).collect();
    Ok((of(&src), of(&dst)))
}

fn check_equal(found: &[Id], expected: &[&Id]) -> Verdict {
    ensure(found.len() == expected.len(), || {
        format!("{} ids, {} distinct ones in the rows", found.len(), expected.len())
    })?;
    let differs = |pair: &(&Id, &&Id)| pair.0 != *pair.1;
    match found.iter().zip(expected).enumerate().find(|(_, pair)| differs(pair)) {
        None => Ok(()),
        Some((v, (found, expected))) => Err(format!("vertex {v} is {found:?}, not {expected:?}")),
    }
}

/// The ids of all chunks.
fn column(chunks: &[ArrayRef]) -> Result<Vec<Id>, String> {
    let mut ids = Vec::new();
    for chunk in chunks {
        let mut plain = chunk.clone();
        while let DataType::Dictionary(_, values) = plain.data_type().clone() {
            plain = converted(&plain, &values)?;
        }
        let number = |i: i128| Id::Number(i);
        match plain.data_type() {
            DataType::UInt64 => {
                let numbers = plain.as_primitive::<UInt64Type>().values().iter();
                ids.extend(numbers.map(|&i| number(i.into())));
            }
            DataType::Date32 | DataType::Boolean => {
                let numbers = converted(&converted(&plain, &DataType::Int32)?, &DataType::Int64)?;
                let numbers = numbers.as_primitive::<Int64Type>().values().iter();
                ids.extend(numbers.map(|&i| number(i.into())));
            }
            integer if integer.is_integer() => {
                let numbers = converted(&plain, &DataType::Int64)?;
                let numbers = numbers.as_primitive::<Int64Type>().values().iter();
                ids.extend(numbers.map(|&i| number(i.into())));
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                let texts = converted(&plain, &DataType::LargeUtf8)?;
                let texts = texts.as_string::<i64>();
                ids.extend((0..texts.len()).map(|i| Id::Bytes(texts.value(i).into())));
            }
            _ => {
                let bytes = converted(&plain, &DataType::LargeBinary)?;
                let bytes = bytes.as_binary::<i64>();
                ids.extend((0..bytes.len()).map(|i| Id::Bytes(bytes.value(i).into())));
            }
        }
    }
    Ok(ids)
}

fn converted(array: &ArrayRef, target: &DataType) -> Result<ArrayRef, String> {
    cast(array, target).map_err(|error| error.to_string())
}
