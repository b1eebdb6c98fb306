//! Makes joins stop when they are asked to.
//!
//! A task is dropped only where it waits, and an aggregate over a join that always has another
//! batch never does: such a join's output ends with an error once nobody waits any more. A nested
//! loop join looks at every pair of rows inside one call; there the filter, which is evaluated all
//! the time, looks at the flag.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::Result;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::ColumnarValue;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::NestedLoopJoinExec;
use datafusion::physical_plan::joins::utils::JoinFilter;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;

use futures::StreamExt;

use crate::error::EngineError;
use crate::through::{ThroughExec, Watch};

/// `plan` with joins that heed `halt`.
pub fn heed(
    plan: Arc<dyn ExecutionPlan>,
    halt: &Arc<AtomicBool>,
) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        if node.children().len() < 2 {
            return Ok(Transformed::no(node));
        }
        let input = match node.downcast_ref::<NestedLoopJoinExec>() {
            Some(join) => guard_filter(join, halt)?.unwrap_or_else(|| Arc::clone(&node)),
            None => node,
        };
        Ok(Transformed::yes(ThroughExec::over(input, Halt(Arc::clone(halt)))))
    })
    .map(|transformed| transformed.data)
}

/// `join` with a filter that looks at `halt`; `None` if it has no filter.
fn guard_filter(
    join: &NestedLoopJoinExec,
    halt: &Arc<AtomicBool>,
) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(filter) = join.filter() else { return Ok(None) };
    let guarded = JoinFilter::new(
        Arc::new(Guarded { inner: Arc::clone(filter.expression()), halt: Arc::clone(halt) }),
        filter.column_indices().to_vec(),
        Arc::clone(filter.schema()),
    );
    let projection = join.projection().as_ref().map(|indices| indices.to_vec());
    Ok(Some(Arc::new(NestedLoopJoinExec::try_new(
        Arc::clone(join.left()),
        Arc::clone(join.right()),
        Some(guarded),
        join.join_type(),
        projection,
    )?)))
}

fn cancelled() -> DataFusionError {
    DataFusionError::External(Box::new(EngineError::Cancelled))
}

/// Ends a stream once the flag is set. Added after planning, so no rule ever sees it.
#[derive(Debug)]
struct Halt(Arc<AtomicBool>);

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAME)
    }
}

impl Watch for Halt {
    const NAME: &'static str = "HaltExec";

    fn watch(
        self: &Arc<Self>,
        input: Result<SendableRecordBatchStream>,
    ) -> Result<SendableRecordBatchStream> {
        let (input, halt) = (input?, Arc::clone(&self.0));
        let schema = input.schema();
        let batches = input
            .map(move |batch| if halt.load(Ordering::Relaxed) { Err(cancelled()) } else { batch });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

#[derive(Debug)]
struct Guarded {
    inner: Arc<dyn PhysicalExpr>,
    halt: Arc<AtomicBool>,
}

impl PartialEq for Guarded {
    fn eq(&self, other: &Self) -> bool {
        self.inner.as_ref() == other.inner.as_ref()
    }
}

impl Eq for Guarded {}

impl Hash for Guarded {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.inner.hash(state);
    }
}

impl fmt::Display for Guarded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl PhysicalExpr for Guarded {
    fn data_type(&self, schema: &Schema) -> Result<DataType> {
        self.inner.data_type(schema)
    }

    fn nullable(&self, schema: &Schema) -> Result<bool> {
        self.inner.nullable(schema)
    }

    fn evaluate(&self, batch: &RecordBatch) -> Result<ColumnarValue> {
        if self.halt.load(Ordering::Relaxed) {
            return Err(cancelled());
        }
        self.inner.evaluate(batch)
    }

    fn children(&self) -> Vec<&Arc<dyn PhysicalExpr>> {
        vec![&self.inner]
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn PhysicalExpr>>,
    ) -> Result<Arc<dyn PhysicalExpr>> {
        match children.pop() {
            Some(inner) => Ok(Arc::new(Self { inner, halt: Arc::clone(&self.halt) })),
            None => Ok(self),
        }
    }

    fn fmt_sql(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_sql(f)
    }
}
