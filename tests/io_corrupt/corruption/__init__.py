"""Damaged and hostile Parquet and Avro files, and a judge that reads each in a child process."""
