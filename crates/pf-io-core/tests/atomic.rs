//! A destination holds the old file or the complete new one, and no temporary file stays.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, DurationSecondArray, Int64Array, RecordBatch, StringArray, UInt64Array,
};
use pf_io_core::csv::write::CsvWriteOptions;
use pf_io_core::{AtomicFile, Format, IoError, QuoteStyle, TableWriter, WriteMode, WriteOptions};

fn batch(column: ArrayRef) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable([("a", column, true)]).unwrap()
}

fn ints() -> RecordBatch {
    batch(Arc::new(Int64Array::from_iter_values(0..1000)))
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

const FORMATS: [(Format, &str); 4] = [
    (Format::Parquet, "t.parquet"),
    (Format::Csv, "t.csv"),
    (Format::Csv, "t.csv.gz"),
    (Format::Avro, "t.avro"),
];

#[test]
fn test_dropped_writer_leaves_the_old_file_and_nothing_else() {
    for (format, name) in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(&path, "old").unwrap();
        let mut writer =
            TableWriter::create(&path, ints().schema(), &WriteOptions::new(format)).unwrap();
        writer.write(&ints()).unwrap();
        assert_eq!(names(folder.path()).len(), 2); // the temporary file is a sibling
        drop(writer);
        assert_eq!(names(folder.path()), [name]);
        assert_eq!(fs::read(&path).unwrap(), b"old");
    }
}

#[test]
fn test_failing_batch_leaves_the_old_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.avro");
    fs::write(&path, "old").unwrap();
    let big = batch(Arc::new(UInt64Array::from(vec![1, u64::MAX])));
    let mut writer =
        TableWriter::create(&path, big.schema(), &WriteOptions::new(Format::Avro)).unwrap();
    let error = writer.write(&big).unwrap_err();
    assert!(error.to_string().contains("column 'a'"), "{error}");
    assert!(matches!(writer.finish(), Err(IoError::Write { .. })));
    assert_eq!(names(folder.path()), ["t.avro"]);
    assert_eq!(fs::read(&path).unwrap(), b"old");
}

#[test]
fn test_finish_replaces_in_one_step_and_counts() {
    for (format, name) in FORMATS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/er").join(name);
        let mut options = WriteOptions::new(format);
        let missing = TableWriter::create(&path, ints().schema(), &options).unwrap_err();
        assert!(matches!(missing, IoError::Write { .. }), "{missing}");
        assert!(missing.hint().unwrap().contains("mkdir"));
        options.mkdir = true;
        for _ in 0..2 {
            let mut writer = TableWriter::create(&path, ints().schema(), &options).unwrap();
            writer.write(&ints()).unwrap();
            let report = writer.finish().unwrap();
            let bytes = fs::read(&path).unwrap();
            assert_eq!(report.bytes, bytes.len() as u64);
            let hash = xxhash_rust::xxh3::xxh3_128(&bytes);
            assert_eq!(report.checksum, format!("{hash:032x}"));
        }
        options.mode = WriteMode::Error;
        let exists = TableWriter::create(&path, ints().schema(), &options).unwrap_err();
        assert!(matches!(exists, IoError::Exists { .. }), "{exists}");
        assert_eq!(names(path.parent().unwrap()), [name]);
    }
}

#[test]
fn test_error_mode_does_not_overwrite_a_file_that_came_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.bin");
    let mut file = AtomicFile::create(&path, false, WriteMode::Error).unwrap();
    file.write_all(b"ours").unwrap();
    fs::write(&path, "theirs").unwrap();
    assert!(matches!(file.commit(), Err(IoError::Exists { .. })));
    assert_eq!(fs::read(&path).unwrap(), b"theirs");
    assert_eq!(names(folder.path()), ["t.bin"]);
}

#[test]
fn test_destinations_that_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let create = |path: &Path| AtomicFile::create(path, false, WriteMode::Replace);
    assert!(matches!(create(folder.path()), Err(IoError::Write { .. })));
    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    assert!(matches!(create(&file.join("below")), Err(IoError::Write { .. })));
    let mut permissions = fs::metadata(&file).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&file, permissions).unwrap();
    let error = create(&file).unwrap_err();
    assert!(error.to_string().ends_with("the file is read-only"), "{error}");
    assert_eq!(names(folder.path()), ["file"]);
}

#[cfg(unix)]
#[test]
fn test_devices_are_written_directly_and_links_stay_links() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let options = WriteOptions::new(Format::Csv);
    let mut writer =
        TableWriter::create(Path::new("/dev/null"), ints().schema(), &options).unwrap();
    writer.write(&ints()).unwrap();
    assert!(writer.finish().unwrap().bytes > 1000);

    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    let real = folder.path().join("data/real.csv");
    fs::write(&real, "old").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let link = folder.path().join("link.csv");
    symlink("data/real.csv", &link).unwrap();
    let mut file = AtomicFile::create(&link, false, WriteMode::Replace).unwrap();
    file.write_all(b"new").unwrap();
    file.commit().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&real).unwrap(), b"new");
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn test_what_a_format_cannot_hold_is_refused_before_a_file_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let refuse = |name: &str, options: &WriteOptions, batch: &RecordBatch| {
        let error = TableWriter::create(&at(name), batch.schema(), options).unwrap_err();
        assert!(matches!(error, IoError::Unsupported { .. }), "{error}");
        error.to_string()
    };
    let codec = |format, name: &str| WriteOptions {
        compression: Some(name.to_owned()),
        ..WriteOptions::new(format)
    };
    let binary = batch(Arc::new(BinaryArray::from(vec![&b"x"[..]])));
    let text = refuse("t.csv", &WriteOptions::new(Format::Csv), &binary);
    assert!(text.ends_with("column 'a': CSV cannot hold binary"), "{text}");
    let duration = batch(Arc::new(DurationSecondArray::from(vec![1])));
    refuse("t.avro", &WriteOptions::new(Format::Avro), &duration);
    let spaced = RecordBatch::try_from_iter([("a b", Arc::clone(ints().column(0)))]).unwrap();
    let text = refuse("t.avro", &WriteOptions::new(Format::Avro), &spaced);
    assert!(text.contains("column 'a b'"), "{text}");
    assert!(refuse("t.parquet", &codec(Format::Parquet, "rar"), &ints()).contains("zstd, snappy"));
    assert!(refuse("t.parquet", &codec(Format::Parquet, "zstd(99)"), &ints()).contains("zstd(99)"));
    assert!(refuse("t.avro", &codec(Format::Avro, "rar"), &ints()).contains("deflate"));
    assert!(refuse("t.csv", &codec(Format::Csv, "rar"), &ints()).contains("gzip"));
    assert!(names(folder.path()).is_empty());

    // A null in the only column would be a blank line.
    let null = batch(Arc::new(StringArray::from(vec![Some("x"), None])));
    let mut writer =
        TableWriter::create(&at("n.csv"), null.schema(), &WriteOptions::new(Format::Csv)).unwrap();
    // Rows are printed when enough of them are there.
    writer.write(&null).unwrap();
    let error = writer.finish().unwrap_err();
    assert!(error.to_string().contains("blank line"), "{error}");
    let csv = CsvWriteOptions { quote_style: QuoteStyle::Never, ..CsvWriteOptions::default() };
    let never = WriteOptions { csv, ..WriteOptions::new(Format::Csv) };
    let comma = batch(Arc::new(StringArray::from(vec!["x,y"])));
    let mut writer = TableWriter::create(&at("n.csv"), comma.schema(), &never).unwrap();
    writer.write(&comma).unwrap();
    assert!(writer.finish().unwrap_err().to_string().contains("quotes"));
    assert!(names(folder.path()).is_empty());
}
