//! Zones of timestamps that were in seconds when they were written.
//!
//! Parquet has no seconds, so writers store milliseconds and leave the zone to the Arrow schema in
//! the footer. arrow-rs takes the zone from there only if the units agree; here it is asked again,
//! as if the column had no unit of its own.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, TimeUnit};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::basic::Type as Physical;
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

/// The top-level columns of `file`, in order, with the zones that their writer noted.
pub(super) fn with_zones_of_seconds(file: &ArrowReaderMetadata) -> Vec<FieldRef> {
    let fields = file.schema().fields();
    if !fields.iter().any(|field| is_zoned(field.data_type(), TimeUnit::Millisecond)) {
        return fields.to_vec();
    }
    let Some(noted) = noted(file) else { return fields.to_vec() };
    let noted = noted.fields().iter().zip(fields);
    let zoned = noted.map(|(noted, field)| match (noted.data_type(), field.data_type()) {
        (DataType::Timestamp(TimeUnit::Second, zone @ Some(_)), known)
            if is_zoned(known, TimeUnit::Millisecond) =>
        {
            let data_type = DataType::Timestamp(TimeUnit::Millisecond, zone.clone());
            Arc::new(field.as_ref().clone().with_data_type(data_type))
        }
        _ => Arc::clone(field),
    });
    zoned.collect()
}

fn is_zoned(data_type: &DataType, wanted: TimeUnit) -> bool {
    matches!(data_type, DataType::Timestamp(unit, Some(_)) if *unit == wanted)
}

/// The schema that the footer notes, for columns of 64 bits in the writer's own units.
fn noted(file: &ArrowReaderMetadata) -> Option<arrow::datatypes::Schema> {
    let root = file.parquet_schema().root_schema();
    let bare = |column: &TypePtr| -> Option<TypePtr> {
        if !column.is_primitive() || column.get_physical_type() != Physical::INT64 {
            return Some(Arc::clone(column));
        }
        let repetition = column.get_basic_info().repetition();
        let bare = Type::primitive_type_builder(column.name(), Physical::INT64);
        bare.with_repetition(repetition).build().ok().map(Arc::new)
    };
    let columns = root.get_fields().iter().map(bare).collect::<Option<Vec<_>>>()?;
    let root = Type::group_type_builder(root.name()).with_fields(columns).build().ok()?;
    let leaves = SchemaDescriptor::new(Arc::new(root));
    let pairs = file.metadata().file_metadata().key_value_metadata();
    let noted = parquet_to_arrow_schema(&leaves, pairs).ok()?;
    (noted.fields().len() == file.schema().fields().len()).then_some(noted)
}
