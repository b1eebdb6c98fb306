//! Files of pf-io-core as tables of a plan: projection, limit and simple conditions reach the
//! reader.

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
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use pf_io_core::csv::{CsvAsk, CsvPart, CsvScan};
use pf_io_core::parquet::predicate::Predicate;
use pf_io_core::{AvroFile, Context, IoError};

use crate::pushdown;

/// Rows per batch, `DataFusion`'s own default.
const BATCH_ROWS: usize = 8192;
/// Rows per batch of a text: those of a chunk mostly, which are parsed together.
const TEXT_ROWS: usize = 65_536;
/// Batches that a reader may be ahead of the plan.
const AHEAD: usize = 4;

/// Batches of a file, in order.
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, IoError>> + Send>;

/// An opened file: its schema is known, its rows are not read yet.
pub enum OpenFile {
    /// A CSV file, and the means to read it.
    Csv(CsvScan, Context),
    /// An Avro container.
    Avro(AvroFile),
}

impl fmt::Debug for OpenFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Csv(..) => "CsvScan",
            Self::Avro(_) => "AvroFile",
        })
    }
}

impl OpenFile {
    /// Columns and types.
    pub fn schema(&self) -> Schema {
        match self {
            Self::Csv(scan, _) => scan.schema(),
            Self::Avro(file) => file.schema(),
        }
    }

    fn rows(&self, part: &CsvPart) -> Option<u64> {
        match self {
            Self::Csv(scan, _) => scan.part_rows(part),
            Self::Avro(file) => Some(file.rows()),
        }
    }

    /// At most `count` parts, in order.
    fn parts(&self, count: usize) -> Vec<CsvPart> {
        match self {
            Self::Csv(scan, _) => scan.parts(count),
            Self::Avro(_) => vec![CsvPart::default()],
        }
    }
}

/// A file, or a part of one.
#[derive(Debug, Clone)]
struct Piece {
    file: Arc<OpenFile>,
    part: CsvPart,
}

/// What is wanted of each piece.
#[derive(Debug, Clone)]
struct Wish {
    predicate: Option<Predicate>,
    limit: Option<usize>,
    /// Pieces that are read at the same time.
    beside: usize,
}

impl Piece {
    fn batches(&self, columns: Vec<usize>, wish: &Wish, halt: Arc<AtomicBool>) -> Batches {
        match self.file.as_ref() {
            OpenFile::Csv(scan, context) => {
                let ask = CsvAsk {
                    columns: Some(columns),
                    predicate: wish.predicate.clone(),
                    limit: wish.limit.map(|limit| limit as u64),
                    batch_rows: TEXT_ROWS,
                    window: (2 * context.threads() / wish.beside.max(1)).max(2),
                };
                Box::new(scan.batches(Some(self.part.clone()), ask, context.clone()))
            }
            OpenFile::Avro(file) => {
                match file.batches(Some(&columns), wish.limit, BATCH_ROWS, halt) {
                    Ok(batches) => Box::new(batches),
                    Err(error) => Box::new(std::iter::once(Err(error))),
                }
            }
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

    /// Runs of pieces whose rows, one run after the other, are those of the files in order.
    fn runs(&self, partitions: usize) -> Vec<Vec<Piece>> {
        let count = self.files.len().max(1);
        let partitions = partitions.max(1);
        let pieces = |file: &Arc<OpenFile>, count: usize| -> Vec<Piece> {
            let parts = file.parts(count).into_iter();
            parts.map(|part| Piece { file: Arc::clone(file), part }).collect()
        };
        if partitions < 2 * count {
            let each = count.div_ceil(partitions);
            let whole = |files: &[Arc<OpenFile>]| files.iter().flat_map(|f| pieces(f, 1)).collect();
            return self.files.chunks(each).map(whole).collect();
        }
        let each = partitions / count;
        self.files.iter().flat_map(|f| pieces(f, each)).map(|piece| vec![piece]).collect()
    }

    /// What the reader makes of a condition.
    fn predicate(&self, filter: &Expr) -> Option<Predicate> {
        let text = self.files.iter().all(|file| matches!(file.as_ref(), OpenFile::Csv(..)));
        if text { pushdown::predicate(filter, &self.schema) } else { None }
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

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(filters
            .iter()
            .map(|filter| match self.predicate(filter) {
                Some(_) => TableProviderFilterPushDown::Inexact,
                None => TableProviderFilterPushDown::Unsupported,
            })
            .collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let runs = self.runs(state.config().target_partitions());
        let args: Vec<Predicate> = filters.iter().filter_map(|f| self.predicate(f)).collect();
        let predicate = (!args.is_empty()).then_some(Predicate::And { args });
        let wish = Wish { predicate, limit, beside: runs.len() };
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
            wish,
            halt: Arc::clone(&self.halt),
            properties: Arc::new(properties),
        }))
    }
}

#[derive(Debug)]
struct FileScanExec {
    schema: SchemaRef,
    /// One run for each partition.
    runs: Vec<Vec<Piece>>,
    wish: Wish,
    halt: Arc<AtomicBool>,
    properties: Arc<PlanProperties>,
}

impl DisplayAs for FileScanExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pieces: usize = self.runs.iter().map(Vec::len).sum();
        write!(f, "FileScanExec: pieces={pieces}, columns={}", self.schema.fields().len())?;
        if self.wish.predicate.is_some() { write!(f, ", filtered") } else { Ok(()) }
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
        let (schema, mut wish) = (Arc::clone(&self.schema), self.wish.clone());
        let halt = Arc::clone(&self.halt);
        let mut builder = RecordBatchReceiverStream::builder(Arc::clone(&self.schema), AHEAD);
        let sender = builder.tx();
        builder.spawn_blocking(move || {
            for piece in run {
                let own = piece.file.schema();
                let places: Option<Vec<usize>> =
                    schema.fields().iter().map(|f| own.index_of(f.name()).ok()).collect();
                let Some(places) = places else {
                    let message = "the files of one table have different columns".to_owned();
                    return Err(DataFusionError::Internal(message));
                };
                for batch in piece.batches(places, &wish, Arc::clone(&halt)) {
                    let batch = batch.map_err(|error| DataFusionError::External(Box::new(error)));
                    let rows = batch.as_ref().map_or(0, RecordBatch::num_rows);
                    let failed = batch.is_err();
                    // A closed channel means that nobody wants more rows.
                    if sender.blocking_send(batch).is_err() || failed {
                        return Ok(());
                    }
                    wish.limit = wish.limit.map(|left| left.saturating_sub(rows));
                }
                if wish.limit == Some(0) {
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
        let rows = |run: &Vec<Piece>| -> Option<usize> {
            run.iter().map(|piece| Some(piece.file.rows(&piece.part)? as usize)).sum()
        };
        let total: Option<usize> = match args.partition() {
            Some(partition) => self.runs.get(partition).map_or(Some(0), rows),
            None => self.runs.iter().map(rows).sum(),
        };
        let mut statistics = Statistics::new_unknown(&self.schema);
        statistics.num_rows = match (total, &self.wish) {
            (None, _) => Precision::Absent,
            (Some(total), Wish { predicate: None, limit: None, .. }) => Precision::Exact(total),
            (Some(total), Wish { limit, .. }) => {
                Precision::Inexact(total.min(limit.unwrap_or(usize::MAX)))
            }
        };
        Ok(Arc::new(statistics))
    }
}
