//! What the executor itself costs: steps that do nothing, in a chain and in a fan.
//!
//! `cargo run --release -p pf-workflow-core --example overhead [runs]` prints the median and the
//! spread over the runs, after a check that every step ran once. Events are observed and counted.
#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use pf_workflow_core::{
    Dag, Job, RunOptions, RunStatus, StepFailure, StepRunner, WorkflowError, execute,
};

struct Nothing {
    ran: AtomicU32,
}

struct Never;

impl StepFailure for Never {
    fn panicked(_: String) -> Self {
        Self
    }

    fn is_cancelled(&self) -> bool {
        false
    }
}

impl StepRunner for Nothing {
    type Output = ();
    type Failure = Never;

    fn run(&self, _: Job<'_, ()>) -> Result<(), Never> {
        self.ran.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

fn time(dag: &Dag, max_parallel: usize) -> Result<Duration, WorkflowError> {
    let runner = Nothing { ran: AtomicU32::new(0) };
    let events = AtomicU32::new(0);
    let count = |_: pf_workflow_core::Event<'_, Never>| {
        events.fetch_add(1, Ordering::Relaxed);
    };
    let options = RunOptions::new(max_parallel);
    let start = Instant::now();
    let report = execute(dag, &runner, &options, &AtomicBool::new(false), &count)?;
    let time = start.elapsed();
    assert_eq!(report.status, RunStatus::Completed);
    assert_eq!(runner.ran.into_inner() as usize, dag.len());
    assert_eq!(events.into_inner() as usize, 2 * dag.len() + 1);
    Ok(time)
}

fn main() -> Result<(), WorkflowError> {
    let runs = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(31);
    for steps in [1_000u32, 100_000] {
        let names: Vec<_> = (0..steps).map(|step| format!("s{step}")).collect();
        let chain: Vec<_> = (1..steps).map(|step| (step - 1, step)).collect();
        let last = steps - 1;
        let fan: Vec<_> = (1..last).flat_map(|step| [(0, step), (step, last)]).collect();
        for (shape, edges) in [("chain", chain), ("fan", fan)] {
            let build = Instant::now();
            let dag = Dag::new(names.clone(), &edges)?;
            let build = build.elapsed();
            println!("{shape} of {steps}: built in {:.2} ms", build.as_secs_f64() * 1e3);
            for max_parallel in [1, 2, 8] {
                let times = (0..runs).map(|_| time(&dag, max_parallel));
                let mut times = times.collect::<Result<Vec<_>, _>>()?;
                times.sort_unstable();
                let per_step = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(steps);
                println!(
                    "  max_parallel {max_parallel}: {:.2} us per step (min {:.2}, max {:.2}, {runs} runs)",
                    per_step(times[times.len() / 2]),
                    per_step(times[0]),
                    per_step(times[times.len() - 1]),
                );
            }
        }
    }
    Ok(())
}
