//! A writer that is killed, or whose sink fails, leaves the old file.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod csv_table;

use std::fs;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray};
use csv_table::{Dice, context, table};
use pf_io_core::csv::CsvReadOptions;
use pf_io_core::csv::write::{CsvWriteOptions, CsvWriter, write};

const OLD: &[u8] = b"the old file\n";
const ROWS: i64 = 40_000;
const BATCHES: usize = 10;

fn batch() -> RecordBatch {
    let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..ROWS));
    let floats = (0..ROWS).map(|row| row as f64 / 7.0);
    let floats: ArrayRef = Arc::new(Float64Array::from_iter_values(floats));
    let texts = (0..ROWS).map(|row| format!("text, \"{row}\"\n"));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
    RecordBatch::try_from_iter([("n", numbers), ("f", floats), ("t", texts)]).unwrap()
}

fn write_all(path: &Path) {
    let batch = batch();
    let options = CsvWriteOptions::default();
    let batches = std::iter::repeat_n(batch.clone(), BATCHES).map(Ok);
    write(batches, &batch.schema(), path, &options, &context(2, None)).unwrap();
}

#[test]
#[ignore = "a child of the other tests"]
fn write_a_file() {
    let Ok(path) = std::env::var("PF_KILL") else { return };
    println!("ready");
    write_all(Path::new(&path));
}

/// The destination is the old file or the complete new one, and reads as such.
#[test]
fn a_killed_writer_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("fresh.csv");
    let start = std::time::Instant::now();
    write_all(&fresh);
    let whole = start.elapsed();
    let new = fs::read(&fresh).unwrap();
    let (mut killed, mut old) = (0, 0);
    let mut dice = Dice(3);
    for round in 0..24 {
        let path = folder.path().join(format!("t{round}.csv"));
        fs::write(&path, OLD).unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["write_a_file", "--exact", "--ignored", "--nocapture"])
            .env("PF_KILL", &path)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        // From its first line on the child is at the point of writing.
        let mut first = io::BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.contains("ready") {
            assert!(io::BufRead::read_line(&mut first, &mut line).unwrap() > 0, "{line}");
        }
        let wait = whole.as_micros() as usize * 2;
        std::thread::sleep(Duration::from_micros(dice.below(wait) as u64));
        child.kill().unwrap();
        let status = child.wait().unwrap();
        killed += usize::from(status.signal() == Some(libc_kill()));
        let found = fs::read(&path).unwrap();
        assert!(found == OLD || found == new, "{} bytes of {}", found.len(), new.len());
        old += usize::from(found == OLD);
    }
    assert!(killed > 4 && old > 0, "{killed} were killed, {old} files are old");
    let options = CsvReadOptions::default();
    assert_eq!(
        table(new, &options, &context(2, None)).unwrap().0.num_rows(),
        ROWS as usize * BATCHES
    );
}

/// The number of SIGKILL.
const fn libc_kill() -> i32 {
    9
}

/// A sink whose disk is full at the `left`-th byte, and stays so; it writes a few bytes at a time.
struct Full {
    left: usize,
    piece: usize,
    written: Vec<u8>,
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let count = bytes.len().min(self.left).min(self.piece);
        self.left -= count;
        self.written.extend_from_slice(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.left == 0 { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) }
    }
}

#[test]
fn a_full_disk_is_an_error_at_any_byte() {
    let batch = batch().slice(0, 3000);
    for suffix in ["csv", "csv.gz", "csv.zst", "csv.lz4"] {
        let dest = format!("t.{suffix}");
        let dest = Path::new(&dest);
        let options = CsvWriteOptions::default();
        let context = context(2, None);
        let run = |sink: &mut Full| {
            let schema = batch.schema();
            let mut writer = CsvWriter::new(&mut *sink, dest, &schema, &options, &context)?;
            writer.write(&batch)?;
            writer.finish().map(drop)
        };
        let mut whole = Full { left: usize::MAX, piece: 1000, written: Vec::new() };
        run(&mut whole).unwrap();
        let size = whole.written.len();
        let mut dice = Dice(5);
        let ends = (0..40).chain((0..60).map(|_| dice.below(size))).chain([size - 1]);
        for left in ends.collect::<Vec<_>>() {
            let mut sink = Full { left, piece: 1 + left % 700, written: Vec::new() };
            let error = run(&mut sink).unwrap_err().to_string();
            assert!(error.starts_with(&format!("cannot write {}", dest.display())), "{error}");
            assert_eq!(sink.written, whole.written[..left], "what was written is a beginning");
        }
        assert_eq!(context.budget().used(), 0);
    }
}

/// A batch that fails in the middle, after much was written.
#[test]
fn an_error_between_batches_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, OLD).unwrap();
    let good = batch();
    for at in 0..3 {
        let batches = (0..3).map(|number| {
            let refused = pf_io_core::IoError::Cancelled;
            if number == at { Err(refused) } else { Ok(good.clone()) }
        });
        let options = CsvWriteOptions::default();
        let error = write(batches, &good.schema(), &path, &options, &context(2, None));
        assert!(matches!(error, Err(pf_io_core::IoError::Cancelled)));
        assert_eq!(fs::read(&path).unwrap(), OLD);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
