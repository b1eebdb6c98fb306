//! Files of pf-io-core as tables of a plan: projection and limit reach the reader.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use async_trait::async_trait;
use datafusion::arrow::datatypes::{SchemaRef, SchemaRef as Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result, Statistics, project_schema};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use pf_io_core::{AvroFile, CsvFile, IoError};

/// Rows per batch, `DataFusion`'s own default.
const BATCH_ROWS: usize = 8192;
/// Batches that a reader may be ahead of the plan.
const AHEAD: usize = 4;

/// Batches of a file, in order.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, IoError>> + Send>;

/// An opened file: its schema is known, its rows are not read yet.
pub enum OpenFile {
    /// A CSV file.
    Csv(CsvFile),
    /// An Avro container.
    Avro(AvroFile),
}

impl fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv(_) => "CsvFile",
            Self::Avro(_) => "AvroFile",
        })
    }
}

impl OpenFile {
    /// Columns and types.
    pub fn schema(&self) -> Schema {
        match self {
            Self::Csv(file) => file.schema(),
            Self::Avro(file) => file.schema(),
        }
    }

    fn rows(&self) -> u64 {
        match self {
            Self::Csv(file) => file.rows(),
            Self::Avro(file) => file.rows(),
        }
    }

    fn batches(
        &self,
        projection: Option<&[usize]>,
        limit: Option<usize>,
        halt: Arc<AtomicBool>,
    ) -> Batches {
        match self {
            Self::Csv(file) => Box::new(file.batches(projection, limit, BATCH_ROWS, halt)),
            Self::Avro(file) => match file.batches(projection, limit, BATCH_ROWS, halt) {
                Ok(batches) => Box::new(batches),
                Err(error) => Box::new(std::iter::once(Err(error))),
            },
        }
    }
}

/// Files of one schema, one after the other.
#[derive(Debug)]
pub struct FileTable {
    schema: SchemaRef,
    files: Vec<Arc<OpenFile>>,
    halt: Arc<AtomicBool>,
}

impl FileTable {
    /// A table of `files`; reading stops when `halt` is set.
    pub fn new(schema: SchemaRef, files: Vec<OpenFile>, halt: Arc<AtomicBool>) -> Self {
        Self { schema, files: files.into_iter().map(Arc::new).collect(), halt }
    }
}

#[async_trait]
impl TableProvider for FileTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let partitions = state.config().target_partitions().clamp(1, self.files.len().max(1));
        let each = self.files.len().div_ceil(partitions).max(1);
        let runs: Vec<Vec<Arc<OpenFile>>> = self.files.chunks(each).map(<[_]>::to_vec).collect();
        let schema = project_schema(&self.schema, projection)?;
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            Partitioning::UnknownPartitioning(runs.len().max(1)),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Ok(Arc::new(FileScanExec {
            schema,
            runs,
            limit,
            halt: Arc::clone(&self.halt),
            properties: Arc::new(properties),
        }))
    }
}

#[derive(Debug)]
struct FileScanExec {
    schema: SchemaRef,
    /// One run of files for each partition.
    runs: Vec<Vec<Arc<OpenFile>>>,
    limit: Option<usize>,
    halt: Arc<AtomicBool>,
    properties: Arc<PlanProperties>,
}

impl DisplayAs for FileScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let files: usize = self.runs.iter().map(Vec::len).sum();
        write!(f, "FileScanExec: files={files}, columns={}", self.schema.fields().len())
    }
}

impl ExecutionPlan for FileScanExec {
    fn name(&self) -> &'static str {
        "FileScanExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        _children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(
        &self,
        partition: usize,
        _context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let run = self.runs.get(partition).cloned().unwrap_or_default();
        let (schema, limit) = (Arc::clone(&self.schema), self.limit);
        let halt = Arc::clone(&self.halt);
        let mut builder = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), AHEAD);
        let sender = builder.tx();
        builder.spawn_blocking(move || {
            let mut left = limit;
            for file in run {
                let own = file.schema();
                let places: Option<Vec<usize>> =
                    schema.fields().iter().map(|f| own.index_of(f.name()).ok()).collect();
                let Some(places) = places else {
                    let message = "the files of one table have different columns".to_owned();
                    return Err(DataFusionError::Internal(message));
                };
                for batch in file.batches(Some(&places), left, Arc::clone(&halt)) {
                    let batch = batch.map_err(|error| DataFusionError::External(Box::new(error)));
                    let rows = batch.as_ref().map_or(0, RecordBatch::num_rows);
                    let failed = batch.is_err();
                    // A closed channel means that nobody wants more rows.
                    if sender.blocking_send(batch).is_err() || failed {
                        return Ok(());
                    }
                    left = left.map(|left| left.saturating_sub(rows));
                }
                if left == Some(0) {
                    break;
                }
            }
            Ok(())
        });
        Ok(builder.build())
    }

    fn statistics_from_inputs(
        &self,
        _input_stats: &[Arc<Statistics>],
        args: &datafusion::physical_plan::StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        let rows =
            |run: &[Arc<OpenFile>]| run.iter().map(|file| file.rows() as usize).sum::<usize>();
        let total = match args.partition() {
            Some(partition) => self.runs.get(partition).map_or(0, |run| rows(run)),
            None => self.runs.iter().map(|run| rows(run)).sum(),
        };
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = match self.limit {
            None => Precision::Exact(total),
            Some(limit) => Precision::Inexact(total.min(limit)),
        };
        Ok(Arc::new(statistics))
    }
}
