//! The one type-name grammar: `int64`, `decimal(18,2)`, `timestamp(us, UTC)`, ...

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::Result as PlanResult;
use datafusion::logical_expr::planner::TypePlanner;
use datafusion::sql::sqlparser::ast::DataType as SqlType;

use crate::error::EngineError;

/// The grammar's names in SQL casts: `int8` has eight bits there too.
#[derive(Debug)]
pub struct TypeNames;

impl TypePlanner for TypeNames {
    fn plan_type_field(&self, sql_type: &SqlType) -> PlanResult<Option<FieldRef>> {
        let own = match sql_type {
            SqlType::Int8(None) => DataType::Int8,
            SqlType::Int16 => DataType::Int16,
            SqlType::Int32 => DataType::Int32,
            SqlType::Int64 => DataType::Int64,
            SqlType::UInt8 => DataType::UInt8,
            SqlType::UInt16 => DataType::UInt16,
            SqlType::UInt32 => DataType::UInt32,
            SqlType::UInt64 => DataType::UInt64,
            SqlType::Float32 => DataType::Float32,
            SqlType::Float64 => DataType::Float64,
            _ => return Ok(None),
        };
        Ok(Some(Arc::new(Field::new("", own, true))))
    }
}

/// Reads a type name.
pub fn parse_type(text: &str) -> Result<DataType, EngineError> {
    pf_io_core::types::parse_type(text)
        .map_err(|unknown| EngineError::column_types(unknown.message, Some(unknown.hint)))
}

/// Writes a type as the grammar spells it; types outside of it as Arrow does.
pub fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Dictionary(_, value) => type_name(value),
        other => pf_io_core::batch::type_name(other),
    }
}
