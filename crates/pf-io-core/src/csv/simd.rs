//! The kernels that look at 64 bytes at a time, for each kind of processor.
//!
//! The level is chosen once, when a [`Simd`] is made. All levels give the same results, and where a
//! kernel stops, the [serial machine](super::serial) decides.

#![expect(clippy::inline_always, reason = "else the code is not compiled for its level")]

mod fields;
#[cfg(target_arch = "x86_64")]
mod groups;
mod level;
mod masks;
#[cfg(target_arch = "aarch64")]
mod neon;
mod plain;
mod portable;
mod records;
mod tally;
#[cfg(target_arch = "x86_64")]
mod x86;

use std::sync::OnceLock;

pub use fields::Places;
pub use masks::Specials;
pub use records::Counted;
pub use tally::{Marks, Tally};

use portable::Portable;

type RecordsKernel = unsafe fn(&Specials, &[u8], usize) -> Counted;
type FieldsKernel = unsafe fn(&Specials, &[u8], usize, &mut Places<'_>) -> usize;
type TallyKernel = unsafe fn(&Marks, &[u8], &mut Tally);
type LinesKernel = unsafe fn(&Specials, &[u8], usize, &[u32], u64, &mut Vec<u64>);

/// The kernels for this processor.
#[derive(Debug, Clone, Copy)]
pub struct Simd(&'static Table);

#[derive(Debug)]
struct Table {
    name: &'static str,
    records: RecordsKernel,
    fields: FieldsKernel,
    fields_without_quotes: FieldsKernel,
    tally: TallyKernel,
    lines: LinesKernel,
}

/// Compiles the kernels for one level.
macro_rules! table {
    ($table:ident, $name:literal, $level:ty $(, $features:literal)?) => {
        static $table: Table = {
            $(#[target_feature(enable = $features)])?
            unsafe fn records_kernel(specials: &Specials, bytes: &[u8], from: usize) -> Counted {
                // SAFETY: the caller has checked the features that are enabled here.
                unsafe { records::records::<$level>(specials, bytes, from) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn fields_kernel(
                specials: &Specials,
                bytes: &[u8],
                from: usize,
                places: &mut Places<'_>,
            ) -> usize {
                // SAFETY: the caller has checked the features that are enabled here.
                unsafe { fields::fields::<$level, true>(specials, bytes, from, places) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn plain_kernel(
                specials: &Specials,
                bytes: &[u8],
                from: usize,
                places: &mut Places<'_>,
            ) -> usize {
                // SAFETY: the caller has checked the features that are enabled here.
                unsafe { fields::fields::<$level, false>(specials, bytes, from, places) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn lines_kernel(
                specials: &Specials,
                bytes: &[u8],
                from: usize,
                places: &[u32],
                first: u64,
                to: &mut Vec<u64>,
            ) {
                // SAFETY: the caller has checked the features that are enabled here.
                unsafe { records::lines::<$level>(specials, bytes, from, places, first, to) }
            }
            $(#[target_feature(enable = $features)])?
            unsafe fn tally_kernel(marks: &Marks, bytes: &[u8], to: &mut Tally) {
                // SAFETY: the caller has checked the features that are enabled here.
                unsafe { tally::tally::<$level>(marks, bytes, to) }
            }
            Table {
                name: $name,
                records: records_kernel,
                fields: fields_kernel,
                fields_without_quotes: plain_kernel,
                tally: tally_kernel,
                lines: lines_kernel,
            }
        };
    };
}

table!(PORTABLE, "portable", Portable);
#[cfg(target_arch = "aarch64")]
table!(NEON, "neon", neon::Neon);
#[cfg(target_arch = "x86_64")]
table!(SSE2, "sse2", x86::Sse2);
#[cfg(target_arch = "x86_64")]
table!(AVX2, "avx2", x86::Avx2, "avx2,pclmulqdq,bmi1,bmi2,lzcnt,popcnt");
#[cfg(target_arch = "x86_64")]
table!(
    AVX512,
    "avx512",
    x86::Avx512,
    "avx512f,avx512bw,avx512vl,avx512vbmi,avx512vbmi2,avx512vpopcntdq,gfni,vpclmulqdq,avx2,\
     pclmulqdq,bmi1,bmi2,lzcnt,popcnt"
);

impl Simd {
    /// All levels that this processor has, the best first.
    pub fn levels() -> Vec<Self> {
        let mut levels = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            levels.extend(x86::has_avx512().then_some(Self(&AVX512)));
            levels.extend(x86::has_avx2().then_some(Self(&AVX2)));
            levels.push(Self(&SSE2));
        }
        #[cfg(target_arch = "aarch64")]
        levels.push(Self(&NEON));
        levels.push(Self(&PORTABLE));
        levels
    }

    /// The level `PARQUETFRAME_SIMD` names, or the best one; looked up once. An error says what the
    /// variable may be.
    pub fn chosen() -> Result<Self, String> {
        static CHOSEN: OnceLock<Result<Simd, String>> = OnceLock::new();
        let choose = || match std::env::var("PARQUETFRAME_SIMD") {
            Ok(name) if !name.is_empty() => Self::named(&name),
            _ => Ok(Self::best()),
        };
        CHOSEN.get_or_init(choose).clone()
    }

    /// The best level of this processor.
    pub fn best() -> Self {
        Self::levels().first().copied().unwrap_or(Self(&PORTABLE))
    }

    /// The level of this name, if this processor has it.
    pub fn named(name: &str) -> Result<Self, String> {
        let levels = Self::levels();
        levels.iter().find(|level| level.name() == name).copied().ok_or_else(|| {
            let names: Vec<_> = levels.iter().map(Self::name).collect();
            format!("PARQUETFRAME_SIMD is '{name}', this processor has {}", names.join(", "))
        })
    }

    /// The name of the level.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Passes over whole records from `from` on, as far as that is certain.
    pub(super) fn records(self, specials: &Specials, bytes: &[u8], from: usize) -> Counted {
        // SAFETY: a level is handed out only where the processor has its instructions.
        unsafe { (self.0.records)(specials, bytes, from) }
    }

    /// Appends the places of records and their fields from `from` on, as far as that is certain.
    pub(super) fn fields(
        self,
        specials: &Specials,
        bytes: &[u8],
        from: usize,
        quoted: bool,
        places: &mut Places<'_>,
    ) -> usize {
        let kernel = if quoted { self.0.fields } else { self.0.fields_without_quotes };
        // SAFETY: a level is handed out only where the processor has its instructions.
        unsafe { kernel(specials, bytes, from, places) }
    }

    /// Counts records without their places.
    pub(super) fn tally(self, marks: &Marks, bytes: &[u8], to: &mut Tally) {
        // SAFETY: a level is handed out only where the processor has its instructions.
        unsafe { (self.0.tally)(marks, bytes, to) }
    }

    /// Appends the line of each place to `to`; the places ascend, and `first` is the line of `from`.
    pub(super) fn lines(
        self,
        specials: &Specials,
        bytes: &[u8],
        from: usize,
        places: &[u32],
        first: u64,
        to: &mut Vec<u64>,
    ) {
        // SAFETY: a level is handed out only where the processor has its instructions.
        unsafe { (self.0.lines)(specials, bytes, from, places, first, to) }
    }
}
