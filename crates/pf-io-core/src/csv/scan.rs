//! A CSV file batch by batch: a first pass settles the types, later ones hand out rows.
//!
//! The first pass keeps what it learns and no values: the types of the columns, how many rows there
//! are, which records are left out, and where chunks start. It is made only where the answer takes
//! it: a type that all cells decide, or records to be left out. Later passes read each chunk as the
//! settled types, so that their memory is that of a few chunks, however large the file is.

mod batches;
mod chunks;
mod part;
mod pass;
mod rows;
mod unite;

use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};

pub use self::batches::{CsvAsk, CsvBatches};
pub use self::part::CsvPart;
use self::part::Places;
use super::assemble::type_of;
use super::detect::{Detected, detected};
use super::facts::Facts;
use super::feed::Feed;
use super::infer::Final;
use super::input::InvalidBytes;
use super::kind::Kind;
use super::options::CsvReadOptions;
use super::plan::{Plan, Wanted};
use super::read::{Done, Job, Pass, kind_of, located, sample_types};
use super::report::{self, CsvReport};
use super::simd::Simd;
use super::spec::Target;
use crate::context::Charge;
use crate::{Context, IoError, Result, Source};

/// Records that a first look takes for the types.
const GLANCE: usize = 1000;

/// A file whose columns and types are known; clones share everything.
#[derive(Debug, Clone)]
pub struct CsvScan {
    file: Arc<File>,
}

/// What is known of a file.
#[derive(Debug, Clone)]
struct File {
    source: Source,
    options: CsvReadOptions,
    simd: Simd,
    /// All columns, none of which is inferred any more.
    plan: Plan,
    finals: Vec<Final>,
    /// What was seen of columns whose type all their cells decide.
    facts: Vec<Option<Facts>>,
    schema: SchemaRef,
    rows: Option<u64>,
    report: CsvReport,
    /// Where chunks start, if the first pass was made and the source can be read from there.
    places: Option<Arc<Places>>,
    /// Columns that decide which records are left out.
    fallible: Vec<usize>,
    /// The memory of the report.
    #[expect(dead_code, reason = "held, not read")]
    charge: Option<Arc<Charge>>,
}

impl CsvScan {
    /// Finds the columns and their types.
    ///
    /// Without [`infer_records`](CsvReadOptions::infer_records), where a type is inferred, and
    /// wherever bad records are left out, all of the file is read once.
    pub fn open(source: Source, options: &CsvReadOptions, context: &Context) -> Result<Self> {
        Self::opened(source, options, context, false)
    }

    /// The same from the first records alone: the types are guesses, and of bad records further on
    /// nothing is known. For those who only want the schema.
    pub fn glance(source: Source, options: &CsvReadOptions, context: &Context) -> Result<Self> {
        Self::opened(source, options, context, true)
    }

    fn opened(
        source: Source,
        options: &CsvReadOptions,
        context: &Context,
        glance: bool,
    ) -> Result<Self> {
        let path = source.path().to_path_buf();
        options.dialect.validate(&path)?;
        let simd = Simd::chosen().map_err(|message| IoError::unsupported(&path, message))?;
        let found = detected(&source, options, context)?;
        let options = found.options.as_ref();
        let mut feed = Feed::open(&source, options, simd, context)?;
        let mut plan = Plan::make(&path, &mut feed, options, simd)?;
        let sampled = match options.infer_records {
            _ if !glance => options.infer_records,
            // Nothing is left out that had to be counted.
            records => options.all_records_are_rows().then_some(records.unwrap_or(GLANCE)),
        };
        if let Some(records) = sampled {
            plan.settle(&sample_types(&source, options, &plan, simd, context, records)?);
        }
        let open = |column: &Wanted| column.spec.target == Target::Infer;
        let looks = plan.wanted.iter().any(open) || !options.all_records_are_rows();
        let mut known: Vec<Facts> = plan.wanted.iter().map(|column| column.guess.clone()).collect();
        let mut seen = None;
        if looks && !glance {
            let looked: Vec<usize> = (0..plan.wanted.len())
                .filter(|&at| plan.wanted.get(at).is_some_and(|column| matters(column, options)))
                .collect();
            let wanted = looked.iter().filter_map(|&at| plan.wanted.get(at).cloned()).collect();
            let narrow = Plan { wanted, ..plan.clone() };
            let job = Job { path: &path, options, plan: &narrow, simd, context };
            let by_position = feed.input().plain().is_some();
            let mut all = pass::look(&job, feed)?;
            for (&at, facts) in looked.iter().zip(std::mem::take(&mut all.facts)) {
                known[at] = facts;
            }
            // What changed while it was read has no types.
            source.check_unchanged()?;
            seen = Some((all, by_position));
        }
        let job = Job { path: &path, options, plan: &plan, simd, context };
        let finals = job.finals(&known);
        let mut finals = finals.map_err(|error| located(error, &source, options, context))?;
        let known = plan.wanted.iter().zip(known);
        let facts = known.map(|(column, facts)| open(column).then_some(facts)).collect();
        for (column, last) in plan.wanted.iter_mut().zip(&mut finals) {
            let failed = |(all, _): &(pass::Seen, bool)| all.binary.contains(&column.name);
            if open(column) && seen.as_ref().is_some_and(failed) {
                last.data_type = options.string_type.binary();
                "some bytes are no UTF-8".clone_into(&mut last.reason);
            }
            if open(column) {
                column.spec.target = Target::Settled(last.kind);
                column.settled = Some(last.clone());
            }
        }
        let fields: Vec<Field> = plan
            .wanted
            .iter()
            .zip(&finals)
            .map(|(column, last)| Field::new(&column.name, type_of(column, last), true))
            .collect();
        let rows = seen.as_ref().map(|(all, _)| all.rows.min(options.n_rows.unwrap_or(u64::MAX)));
        let failed = |(all, _): &(pass::Seen, bool), name: &String| all.failed.contains(name);
        let fallible = (0..plan.wanted.len())
            .filter(|&at| {
                let name = plan.wanted.get(at).map(|column| &column.name);
                name.is_some_and(|name| seen.as_ref().is_some_and(|seen| failed(seen, name)))
            })
            .collect();
        let (report, places, charge) = match seen {
            None => (told(&plan, &finals, None, &found, context)?, None, None),
            Some((mut all, by_position)) => {
                let (places, charge) = (std::mem::take(&mut all.places), all.charge.take());
                let report = told(&plan, &finals, Some(all), &found, context)?;
                (report, by_position.then(|| Arc::new(places)), charge.map(Arc::new))
            }
        };
        let schema = Arc::new(Schema::new(fields));
        let options = options.clone();
        let file = File {
            source,
            options,
            simd,
            plan,
            finals,
            facts,
            schema,
            rows,
            report,
            places,
            fallible,
            charge,
        };
        Ok(Self { file: Arc::new(file) })
    }

    /// Names and types, exactly those of [`read`](super::read).
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.file.schema)
    }

    /// How many rows there are, if all of the file was looked at.
    pub fn rows(&self) -> Option<u64> {
        self.file.rows
    }

    /// What was noticed before any row is handed out.
    pub fn report(&self) -> &CsvReport {
        &self.file.report
    }

    /// At most `count` parts of about the same size, in order: their rows, one part after the
    /// other, are those of the file. There is only one where the file cannot be read from its
    /// middle: it is packed, in another encoding, or was not looked at.
    pub fn parts(&self, count: usize) -> Vec<CsvPart> {
        match &self.file.places {
            Some(places) => places.parts(count, self.file.source.size()),
            None => vec![CsvPart::default()],
        }
    }

    /// Rows of a part, if that is known.
    pub fn part_rows(&self, part: &CsvPart) -> Option<u64> {
        let limit = self.file.options.n_rows.unwrap_or(u64::MAX);
        let all = self.file.rows?;
        let from = part.from.map_or(0, |place| place.row).min(limit);
        Some(part.to.map_or(all, |place| place.row.min(limit)).saturating_sub(from))
    }

    /// The rows of `part`, or all of them, batch by batch and in order.
    #[expect(clippy::needless_pass_by_value, reason = "one value to make and to give away")]
    pub fn batches(&self, part: Option<CsvPart>, ask: CsvAsk, context: Context) -> CsvBatches {
        CsvBatches::start(Arc::clone(&self.file), &part.unwrap_or_default(), &ask, context)
    }
}

/// Whether the first pass must parse a column.
fn matters(column: &Wanted, options: &CsvReadOptions) -> bool {
    match &column.spec.target {
        // Text stays text whatever follows, and the sample has the first cell that is.
        Target::Infer => {
            options.input.invalid == InvalidBytes::Binary
                || kind_of(column, &column.guess) != Kind::Text
                || column.guess.text.is_none()
        }
        Target::Settled(kind) => !options.all_records_are_rows() && *kind != Kind::Text,
        Target::Typed(_) => !options.all_records_are_rows(),
    }
}

/// The report of a read whose chunks are taken as one.
fn told(
    plan: &Plan,
    finals: &[Final],
    seen: Option<pass::Seen>,
    found: &Detected<'_>,
    context: &Context,
) -> Result<CsvReport> {
    let seen = seen.unwrap_or_default();
    let done = Done {
        order: 0,
        row: 0,
        rows: 0,
        pieces: Vec::new(),
        dropped: Vec::new(),
        rejects: Vec::new(),
        blank: seen.blank,
        tally: seen.tally,
        charge: context.budget().charge(std::path::Path::new(""), 0, "a report")?,
    };
    let (facts, notes) = (Vec::new(), seen.notes);
    let pass = Pass { done: vec![done], rooms: Vec::new(), facts, notes };
    Ok(report::make(plan, finals, &pass, seen.rejects, found))
}
