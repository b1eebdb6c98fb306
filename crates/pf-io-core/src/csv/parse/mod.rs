//! One cell's text to one value, exactly or not at all.

pub mod bools;
pub mod dates;
pub mod decimals;
pub mod floats;
pub mod ints;
pub mod nulls;
pub mod patterns;
mod sixteen;
pub mod text;
