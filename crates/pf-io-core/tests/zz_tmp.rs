//! tmp
use pf_io_core::*;
#[test]
fn hang() {
    let f = AvroFile::open(std::path::Path::new("/tmp/pf/hang.avro"), None).unwrap();
    for b in f.batches(None, None, 1024, Default::default()).unwrap() { eprintln!("{:?}", b.map(|b| b.num_rows())); }
}
