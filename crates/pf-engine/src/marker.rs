//! Marks where one step ends inside a fused plan.
//!
//! A marker passes batches through unchanged. It counts the rows of its step and puts the step's
//! name on errors that come from below. Projections, limits and predicates that cannot fail move
//! through it; a predicate on a *fenced* column stays above, so that an error (a division by zero
//! in that column) is still blamed on the step that computes it.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use async_trait::async_trait;
use datafusion::common::{DFSchemaRef, Result};
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::{
    Expr, Extension, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore,
};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_planner::DefaultPhysicalPlanner;
use futures::StreamExt;

use crate::error::{Tagged, blamed_step};
use crate::steps::Planned;
use crate::through::{ThroughExec, Watch};

/// Rows that passed a step's marker, summed over partitions.
#[derive(Debug, Default)]
pub struct StepCounter {
    rows: AtomicU64,
    ran: AtomicBool,
}

impl StepCounter {
    /// Rows so far; `None` if the optimiser found an answer without running the step.
    pub fn rows(&self) -> Option<u64> {
        self.ran.load(Ordering::Relaxed).then(|| self.rows.load(Ordering::Relaxed))
    }
}

/// Ends `step` in a logical plan. Columns that can fail are computed on all rows, even if nobody
/// reads them, so that an error does not depend on what runs together: predicates of later steps
/// stay above such a step, and above one with `fence`.
pub fn mark(planned: Planned, step: &str, counter: &Arc<StepCounter>) -> LogicalPlan {
    let Planned { plan, fallible, fence } = planned;
    let fenced = if fence || !fallible.is_empty() { all_columns(&plan) } else { BTreeSet::new() };
    let marker = Marker {
        step: Some(StepMark { step: step.to_owned(), counter: Arc::clone(counter) }),
        fenced,
        kept: fallible,
        input: plan,
    };
    LogicalPlan::Extension(Extension { node: Arc::new(marker) })
}

/// Keeps a predicate above this point: it may fail, and must be blamed on its own step.
pub fn fence(plan: LogicalPlan) -> LogicalPlan {
    let marker =
        Marker { step: None, fenced: all_columns(&plan), kept: BTreeSet::new(), input: plan };
    LogicalPlan::Extension(Extension { node: Arc::new(marker) })
}

fn all_columns(plan: &LogicalPlan) -> BTreeSet<String> {
    plan.schema().fields().iter().map(|field| field.name().clone()).collect()
}

#[derive(Debug, Clone)]
struct StepMark {
    step: String,
    counter: Arc<StepCounter>,
}

#[derive(Debug, Clone)]
struct Marker {
    step: Option<StepMark>,
    /// Predicates on these stay above.
    fenced: BTreeSet<String>,
    /// These are computed even if nobody reads them.
    kept: BTreeSet<String>,
    input: LogicalPlan,
}

impl Marker {
    fn label(&self) -> &str {
        self.step.as_ref().map_or("", |mark| mark.step.as_str())
    }
}

// Identity is what the plan says, not where it counts.
impl PartialEq for Marker {
    fn eq(&self, other: &Self) -> bool {
        self.label() == other.label() && self.fenced == other.fenced && self.input == other.input
    }
}

impl Eq for Marker {}

impl std::hash::Hash for Marker {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.label().hash(state);
        self.fenced.hash(state);
        self.input.hash(state);
    }
}

impl PartialOrd for Marker {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        match self.label().cmp(other.label()) {
            std::cmp::Ordering::Equal => self.input.partial_cmp(&other.input),
            decided => Some(decided),
        }
    }
}

impl UserDefinedLogicalNodeCore for Marker {
    fn name(&self) -> &'static str {
        "Step"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        self.input.schema()
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn prevent_predicate_push_down_columns(&self) -> HashSet<String> {
        self.fenced.iter().cloned().collect()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Step: {}", self.label())
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, inputs: Vec<LogicalPlan>) -> Result<Self> {
        let input = inputs
            .into_iter()
            .next()
            .ok_or_else(|| DataFusionError::Internal("a step marker needs one input".to_owned()))?;
        let (fenced, kept) = (self.fenced.clone(), self.kept.clone());
        Ok(Self { step: self.step.clone(), fenced, kept, input })
    }

    fn necessary_children_exprs(&self, output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        let kept = self
            .input
            .schema()
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| self.kept.contains(field.name()))
            .map(|(index, _)| index);
        let needed: BTreeSet<usize> = output_columns.iter().copied().chain(kept).collect();
        Some(vec![needed.into_iter().collect()])
    }

    fn supports_limit_pushdown(&self) -> bool {
        true
    }
}

/// `DataFusion`'s planner, with markers.
#[derive(Debug)]
pub struct MarkingPlanner;

#[async_trait]
impl QueryPlanner for MarkingPlanner {
    async fn create_physical_plan(
        &self,
        logical_plan: &LogicalPlan,
        session: &dyn datafusion::catalog::Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        use datafusion::physical_planner::PhysicalPlanner;
        DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(MarkerPlanner)])
            .create_physical_plan(logical_plan, session)
            .await
    }
}

struct MarkerPlanner;

#[async_trait]
impl datafusion::physical_planner::ExtensionPlanner for MarkerPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn datafusion::physical_planner::PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn datafusion::catalog::Session,
        _context: &datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let (Some(marker), Some(input)) =
            (node.as_any().downcast_ref::<Marker>(), physical_inputs.first())
        else {
            return Ok(None);
        };
        Ok(Some(match &marker.step {
            Some(mark) => ThroughExec::over(Arc::clone(input), mark.clone()),
            None => Arc::clone(input),
        }))
    }
}

impl fmt::Display for StepMark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StepExec: {}", self.step)
    }
}

impl Watch for StepMark {
    const NAME: &'static str = "StepExec";

    fn watch(
        self: &Arc<Self>,
        input: Result<SendableRecordBatchStream>,
    ) -> Result<SendableRecordBatchStream> {
        let input = input.map_err(|error| tag(&self.step, error))?;
        self.counter.ran.store(true, Ordering::Relaxed);
        let (schema, mark) = (input.schema(), Arc::clone(self));
        let batches = input.map(move |batch| match batch {
            Ok(batch) => {
                mark.counter.rows.fetch_add(batch.num_rows() as u64, Ordering::Relaxed);
                Ok(batch)
            }
            Err(error) => Err(tag(&mark.step, error)),
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, batches)))
    }
}

/// The innermost marker wins: it is nearest to where the error arose.
fn tag(step: &str, source: DataFusionError) -> DataFusionError {
    if blamed_step(&source).is_some() {
        return source;
    }
    DataFusionError::External(Box::new(Tagged { step: step.to_owned(), source }))
}
