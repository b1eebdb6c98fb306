//! What goes wrong in a scan of Parquet files names the file.
//!
//! `DataFusion`'s scan reports a damaged page without saying where, some damage makes its decoder
//! panic, and it does not notice a file that is exchanged while it is read.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::object_store;
use datafusion::parquet::errors::ParquetError;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{StreamExt, stream};
use pf_io_core::parquet::{ReadOptions, stream as read_batches};
use pf_io_core::{Context, IoError, Source};

use crate::execute::panic_text;
use crate::through::{ThroughExec, Watch};

/// `plan` with file scans whose errors name the file. Added after planning, so no rule sees it.
pub(crate) fn name_files(
    plan: Arc<dyn ExecutionPlan>,
    halt: &Arc<AtomicBool>,
) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let Some(source) = node.downcast_ref::<DataSourceExec>() else {
            return Ok(Transformed::no(node));
        };
        let Some(scan) = source.data_source().downcast_ref::<FileScanConfig>() else {
            return Ok(Transformed::no(node));
        };
        let mut paths: Vec<PathBuf> = scan
            .file_groups
            .iter()
            .flat_map(FileGroup::iter)
            .map(|file| Path::new("/").join(file.object_meta.location.as_ref()))
            .collect();
        // A large file is in several groups.
        paths.sort();
        paths.dedup();
        let files = Files {
            stamps: paths.into_iter().map(Stamp::of).collect(),
            columns: Some(node.schema()),
            halt: Arc::clone(halt),
        };
        Ok(Transformed::yes(ThroughExec::over(node, files)))
    })
    .map(|transformed| transformed.data)
}

/// Runs what reads the footers of `paths` on this thread; its errors and panics name the file.
pub(crate) fn guarded<T>(
    paths: &[PathBuf],
    halt: &Arc<AtomicBool>,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let stamps = paths.iter().cloned().map(Stamp::of).collect();
    let files = Files { stamps, columns: None, halt: Arc::clone(halt) };
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => done.map_err(|error| files.named(error)),
        Err(panic) => Err(files.damaged(panic_text(&*panic))),
    }
}

fn external(error: IoError) -> DataFusionError {
    DataFusionError::External(Box::new(error))
}

/// A file as it was before it was read.
#[derive(Debug)]
struct Stamp {
    path: PathBuf,
    seen: Option<(u64, Option<SystemTime>)>,
}

impl Stamp {
    fn of(path: PathBuf) -> Self {
        Self { seen: look(&path), path }
    }

    fn changed(&self) -> bool {
        self.seen.is_some() && look(&self.path) != self.seen
    }
}

fn look(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()))
}

/// The files of a scan.
#[derive(Debug)]
struct Files {
    stamps: Vec<Stamp>,
    /// What the scan reads of them, if not everything.
    columns: Option<SchemaRef>,
    halt: Arc<AtomicBool>,
}

impl Files {
    /// An error if one is no longer what it was.
    fn unchanged(&self) -> Result<()> {
        match self.stamps.iter().find(|stamp| stamp.changed()) {
            None => Ok(()),
            Some(stamp) => {
                let source = std::io::Error::other("the file changed while it was read");
                Err(external(IoError::Os { path: stamp.path.clone(), source }))
            }
        }
    }

    /// `error` with the name of the file.
    fn named(&self, error: DataFusionError) -> DataFusionError {
        match error {
            // No file is to blame, or it is named already.
            DataFusionError::ResourcesExhausted(_) | DataFusionError::External(_) => error,
            DataFusionError::ObjectStore(error) => self.unread(&error),
            DataFusionError::ParquetError(error) => match *error {
                ParquetError::External(source) => match source.downcast::<object_store::Error>() {
                    Ok(error) => self.unread(&error),
                    Err(other) => self.damaged(&other.to_string()),
                },
                error => self.damaged(&error.to_string()),
            },
            other => self.damaged(&other.strip_backtrace()),
        }
    }

    /// A file that cannot be read as far as its footer says.
    fn unread(&self, error: &object_store::Error) -> DataFusionError {
        if let Err(changed) = self.unchanged() {
            return changed;
        }
        let path = self.only().unwrap_or_default();
        external(match error {
            object_store::Error::NotFound { .. } => IoError::NotFound { path },
            other => {
                let text = other.to_string();
                let text = text.lines().next().unwrap_or_default();
                IoError::Os { path, source: std::io::Error::other(text.to_owned()) }
            }
        })
    }

    fn damaged(&self, text: &str) -> DataFusionError {
        if let Err(changed) = self.unchanged() {
            return changed;
        }
        let text = text.lines().next().unwrap_or_default();
        let text = text.strip_prefix("Parquet error: ").unwrap_or(text);
        match self.only() {
            Some(path) => external(IoError::Parquet { path, message: text.to_owned() }),
            None => external(self.found().unwrap_or_else(|| IoError::Parquet {
                path: PathBuf::new(),
                message: text.to_owned(),
            })),
        }
    }

    fn only(&self) -> Option<PathBuf> {
        match self.stamps.as_slice() {
            [stamp] => Some(stamp.path.clone()),
            _ => None,
        }
    }

    /// The error of the first of several files that our own reader cannot read either.
    fn found(&self) -> Option<IoError> {
        let context = Context::new(1, None, Arc::clone(&self.halt)).ok()?;
        let columns = self
            .columns
            .as_ref()
            .map(|schema| schema.fields().iter().map(|field| vec![field.name().clone()]).collect());
        let options = ReadOptions { columns, ..ReadOptions::default() };
        self.stamps.iter().find_map(|stamp| {
            let read = || {
                let source = Source::open(&stamp.path)?;
                read_batches(&source, &options, &context)?.try_for_each(|batch| batch.map(drop))
            };
            read().err()
        })
    }
}

impl fmt::Display for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)
    }
}

impl Watch for Files {
    const NAME: &'static str = "NamedScanExec";

    fn watch(
        self: &Arc<Self>,
        input: Result<SendableRecordBatchStream>,
    ) -> Result<SendableRecordBatchStream> {
        let input = input?;
        let schema = input.schema();
        let (files, at_end) = (Arc::clone(self), Arc::clone(self));
        let batches = AssertUnwindSafe(input).catch_unwind().map(move |caught| match caught {
            Ok(batch) => batch.map_err(|error| files.named(error)),
            Err(panic) => Err(files.damaged(panic_text(&*panic))),
        });
        let end = stream::once(async move { at_end.unchanged() })
            .filter_map(|unchanged| async move { unchanged.err().map(Err) });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches.chain(end))))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use datafusion::arrow::array::{ArrayRef, Int64Array};
    use datafusion::arrow::record_batch::RecordBatch;
    use datafusion::physical_plan::collect;
    use datafusion::prelude::{ParquetReadOptions, SessionContext};
    use pf_io_core::{Format, TableWriter, WriteOptions};

    use super::*;
    use crate::context::runtime;
    use crate::error::EngineError;

    fn write(path: &Path, rows: i64) {
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values((0..rows).map(|i| i * i)));
        let batch = RecordBatch::try_from_iter([("x", values)]).unwrap();
        let options = WriteOptions::new(Format::Parquet);
        let mut writer = TableWriter::create(path, batch.schema(), &options).unwrap();
        writer.write(&batch).unwrap();
        writer.finish().unwrap();
    }

    /// What a scan of `paths` gives if `meanwhile` happens after it was planned.
    fn scan(paths: &[PathBuf], meanwhile: impl FnOnce()) -> Result<usize, EngineError> {
        let session = SessionContext::new();
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        runtime()?.block_on(async {
            let frame = session.read_parquet(names, ParquetReadOptions::default()).await?;
            let plan = frame.create_physical_plan().await?;
            let plan = name_files(plan, &Arc::default())?;
            meanwhile();
            let batches = collect(plan, session.task_ctx()).await?;
            Ok(batches.iter().map(RecordBatch::num_rows).sum())
        })
    }

    #[test]
    fn test_a_file_that_changes_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        write(&path, 5000);
        let paths = [path.clone()];
        assert_eq!(scan(&paths, || ()).unwrap(), 5000);
        let shorter = || fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(500);
        let changes: [&dyn Fn(); 2] = [&|| write(&path, 5001), &|| shorter().unwrap()];
        for change in changes {
            write(&path, 5000);
            let error = scan(&paths, change).unwrap_err();
            assert!(
                matches!(&error, EngineError::Io(IoError::Os { path: named, .. }) if *named == path),
                "{error:?}"
            );
            assert!(error.to_string().contains("changed while it was read"), "{error}");
        }
        write(&path, 5000);
        let error = scan(&paths, || fs::remove_file(&path).unwrap()).unwrap_err();
        assert!(error.to_string().contains("a.parquet"), "{error}");
    }

    #[test]
    fn test_panics_become_errors_of_the_file() {
        let path = PathBuf::from("a.parquet");
        let work = || panic!("index out of bounds");
        let error = guarded::<()>(&[path], &Arc::default(), work).unwrap_err();
        let error = EngineError::from(error);
        assert!(matches!(&error, EngineError::Io(IoError::Parquet { .. })), "{error:?}");
        assert_eq!(error.to_string(), "a.parquet: index out of bounds");
    }
}
