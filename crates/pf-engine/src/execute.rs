//! Runs plans on the process's runtime; stops them when the step is cancelled.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::error::DataFusionError;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::session_state::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::dataset::Dataset;
use crate::error::EngineError;
use crate::plain;
use crate::{context, damage, guard, wait};

/// Batches that a partition may be ahead of the one that is written.
const AHEAD: usize = 64;

/// The means to run plans for one group of steps.
pub(crate) struct Execution<'a> {
    /// Set when the step shall stop.
    pub cancel: &'a AtomicBool,
    /// Its twin that readers on other threads hold.
    pub halt: Arc<AtomicBool>,
}

impl Execution<'_> {
    /// All rows of `plan`, in the order of its partitions, held in the memory pool as `name`.
    pub fn collect(
        &self,
        state: &SessionState,
        plan: &LogicalPlan,
        name: &str,
    ) -> Result<Dataset, EngineError> {
        let schema = plain::schema(plan.schema().as_arrow());
        let reservation = MemoryConsumer::new(format!("result of {name}"))
            .register(&state.runtime_env().memory_pool);
        let mut batches = Vec::new();
        self.for_each(state, plan, |batch| {
            let batch = plain::batch(&batch)?;
            reserve(&reservation, &batch)?;
            // The plan may know less of its types than the rows show; names and types agree.
            batches.push(RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec())?);
            Ok(())
        })?;
        Ok(Dataset::reserved(schema, batches, reservation))
    }

    /// Hands the batches of `plan` to `consume`, partition by partition.
    pub fn for_each(
        &self,
        state: &SessionState,
        plan: &LogicalPlan,
        mut consume: impl FnMut(RecordBatch) -> Result<(), EngineError>,
    ) -> Result<(), EngineError> {
        let entered = context::runtime()?.enter();
        let running = async {
            let planned = AssertUnwindSafe(state.create_physical_plan(plan)).catch_unwind();
            let physical = planned.await.map_err(|panic| {
                EngineError::internal(format!("planning panicked: {}", panic_text(&*panic)))
            })??;
            let physical = damage::name_files(guard::heed(physical, &self.halt)?, &self.halt)?;
            let mut running = Running::start(&physical, state)?;
            while let Some(batch) = running.next().await {
                // As long as batches are there, nothing else looks at the flag.
                if self.cancel.load(Ordering::Relaxed) {
                    return Err(EngineError::Cancelled);
                }
                let batch = batch?;
                if batch.num_rows() > 0 {
                    consume(batch)?;
                }
            }
            Ok(())
        };
        let result =
            wait::until_cancelled(running, self.cancel).unwrap_or(Err(EngineError::Cancelled));
        drop(entered);
        // Whatever the outcome, readers behind the plan have nobody to read for any more.
        if result.is_err() {
            self.halt.store(true, Ordering::Relaxed);
        }
        result
    }
}

/// One task per partition, read in order of the partitions.
struct Running {
    /// Dropping the set stops the tasks.
    _tasks: JoinSet<()>,
    partitions: std::vec::IntoIter<mpsc::Receiver<Result<RecordBatch, DataFusionError>>>,
    current: Option<mpsc::Receiver<Result<RecordBatch, DataFusionError>>>,
}

impl Running {
    fn start(plan: &Arc<dyn ExecutionPlan>, state: &SessionState) -> Result<Self, EngineError> {
        let context = state.task_ctx();
        let mut tasks = JoinSet::new();
        let mut receivers = Vec::new();
        for partition in 0..plan.output_partitioning().partition_count() {
            let mut stream = plan.execute(partition, Arc::clone(&context))?;
            let (sender, receiver) = mpsc::channel(AHEAD);
            receivers.push(receiver);
            tasks.spawn(async move {
                let reading = async {
                    while let Some(batch) = stream.next().await {
                        let failed = batch.is_err();
                        if sender.send(batch).await.is_err() || failed {
                            break;
                        }
                    }
                };
                if let Err(panic) = AssertUnwindSafe(reading).catch_unwind().await {
                    let message = format!("a plan panicked: {}", panic_text(&*panic));
                    let error = DataFusionError::External(Box::new(EngineError::internal(message)));
                    // Nobody listens any more if the run is being stopped.
                    drop(sender.send(Err(error)).await);
                }
            });
        }
        let mut partitions = receivers.into_iter();
        let current = partitions.next();
        Ok(Self { _tasks: tasks, partitions, current })
    }

    async fn next(&mut self) -> Option<Result<RecordBatch, DataFusionError>> {
        while let Some(receiver) = &mut self.current {
            if let Some(batch) = receiver.recv().await {
                return Some(batch);
            }
            self.current = self.partitions.next();
        }
        None
    }
}

fn reserve(reservation: &MemoryReservation, batch: &RecordBatch) -> Result<(), EngineError> {
    reservation.try_grow(batch.get_array_memory_size()).map_err(EngineError::from)
}

/// The text of a caught panic.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a text")
}

/// Columns and types that a plan will deliver.
pub(crate) fn delivered_schema(plan: &LogicalPlan) -> SchemaRef {
    plain::schema(plan.schema().as_arrow())
}
