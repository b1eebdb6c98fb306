//! Records read through a reader schema: arrow-avro resolves names, defaults and promotions.
//!
//! It sees only blocks whose records have been walked through by us, so that damaged data cannot
//! make it loop or allocate without bound.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::error::ArrowError;
use arrow_avro::codec::Tz;
use arrow_avro::reader::{Reader, ReaderBuilder};
use arrow_avro::schema::AvroSchema;

use super::container::single_block;
use super::unions::reshape;
use crate::batch::batch_of;
use crate::error::panic_text;
use crate::{IoError, Result};

/// Both schemas, as text.
#[derive(Debug, Clone)]
pub(super) struct Resolution {
    pub writer: String,
    pub reader: Option<String>,
}

impl Resolution {
    /// An error if the schemas do not go together.
    pub fn check(&self, path: &Path) -> Result<()> {
        let empty = single_block(&self.writer, 0, &[]);
        let built = catch_unwind(AssertUnwindSafe(|| self.decoder(&empty, 1).map(drop)));
        let reason = match built {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => plain(&error),
            Err(panic) => panic_text(&*panic),
        };
        Err(IoError::Schema {
            path: path.to_path_buf(),
            column: String::new(),
            message: format!("the reader schema does not fit the file: {reason}"),
            hint: None,
        })
    }

    /// The `records` in `data` as a batch of `schema`; `data` must have been checked.
    pub fn read(
        &self,
        data: &[u8],
        records: u64,
        schema: &SchemaRef,
    ) -> Result<RecordBatch, String> {
        let rows = usize::try_from(records).map_err(|_| "too many records".to_owned())?;
        let block = single_block(&self.writer, records, data);
        let batch = catch_unwind(AssertUnwindSafe(|| {
            let mut reader = self.decoder(&block, rows.max(1))?;
            reader.next().transpose()
        }));
        let batch = match batch {
            Ok(Ok(Some(batch))) if batch.num_rows() == rows => batch,
            Ok(Ok(batch)) => {
                let got = batch.map_or(0, |batch| batch.num_rows());
                if got != rows {
                    return Err(format!("{got} records, {rows} declared"));
                }
                RecordBatch::new_empty(std::sync::Arc::clone(schema))
            }
            Ok(Err(error)) => return Err(plain(&error)),
            Err(panic) => return Err(panic_text(&*panic)),
        };
        let columns = batch
            .columns()
            .iter()
            .zip(schema.fields())
            .map(|(column, field)| reshape(column, field.data_type()));
        let columns = columns.collect::<Result<Vec<_>, _>>().map_err(|error| plain(&error))?;
        batch_of(schema, columns, rows).map_err(|error| plain(&error))
    }

    fn decoder<'a>(&self, block: &'a [u8], rows: usize) -> Result<Reader<&'a [u8]>, ArrowError> {
        let builder = ReaderBuilder::new().with_batch_size(rows).with_tz(Tz::Utc);
        match &self.reader {
            Some(reader) => builder.with_reader_schema(AvroSchema::new(reader.clone())),
            None => builder,
        }
        .build(block)
    }
}

/// The text without the name of its class.
pub(super) fn plain(error: &ArrowError) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("Parser error: ").unwrap_or(&text);
    text.strip_prefix("Avro error: ").unwrap_or(text).to_owned()
}
