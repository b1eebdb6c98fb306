//! The cells of a column, one after the other.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;

use super::options::Layout;
use super::quote::NeedsQuotes;
use super::rows::BOM;
use super::spell::Values;
use super::text::Text;
use crate::batch::{cast_exact, type_name};
use crate::writer::QuoteStyle;

/// Why a cell cannot be written.
#[derive(Debug)]
pub(super) enum CellError {
    /// It needs quotes, which are off.
    NeedsQuotes(Vec<u8>),
    /// It is null, and the line would be blank.
    LoneNull,
}

/// A column of a slab.
pub(super) struct Column<'a> {
    nulls: Option<&'a NullBuffer>,
    cells: Cells<'a>,
}

enum Cells<'a> {
    /// All of them null.
    Null,
    Texts(Texts<'a>),
    /// Values whose text never needs quotes, and whether the style puts some around it.
    Plain {
        values: Values<'a>,
        quoted: bool,
    },
    /// Values whose text is looked at like any other.
    Checked {
        values: Values<'a>,
        numeric: bool,
        cell: Text,
    },
    /// Values of another column, by place.
    Picked {
        places: Vec<usize>,
        values: Box<Column<'a>>,
    },
}

/// Texts in one of Arrow's layouts.
struct Texts<'a> {
    layout: TextLayout<'a>,
    /// No text has a byte that needs quotes.
    clean: bool,
}

enum TextLayout<'a> {
    Small(&'a arrow::array::StringArray),
    Large(&'a arrow::array::LargeStringArray),
    View(&'a arrow::array::StringViewArray),
}

impl<'a> Texts<'a> {
    fn new(array: &'a ArrayRef, layout: &Layout) -> Self {
        // One look at all bytes is cheaper than one at each text.
        let all = |values: &[u8], first: usize, last: usize| {
            values.get(first..last).is_some_and(|bytes| !layout.has_special(bytes))
        };
        match array.data_type() {
            DataType::Utf8 => {
                let array = array.as_string::<i32>();
                let offsets = array.value_offsets();
                let (first, last) = (offsets[0] as usize, offsets[offsets.len() - 1] as usize);
                Self {
                    clean: all(array.value_data(), first, last),
                    layout: TextLayout::Small(array),
                }
            }
            DataType::LargeUtf8 => {
                let array = array.as_string::<i64>();
                let offsets = array.value_offsets();
                let (first, last) = (offsets[0] as usize, offsets[offsets.len() - 1] as usize);
                Self {
                    clean: all(array.value_data(), first, last),
                    layout: TextLayout::Large(array),
                }
            }
            _ => Self { clean: false, layout: TextLayout::View(array.as_string_view()) },
        }
    }

    #[inline]
    fn value(&self, row: usize) -> &'a [u8] {
        match self.layout {
            TextLayout::Small(array) => array.value(row),
            TextLayout::Large(array) => array.value(row),
            TextLayout::View(array) => array.value(row),
        }
        .as_bytes()
    }
}

/// Why CSV cannot hold a type, if it cannot.
pub(super) fn check(data_type: &DataType) -> Result<(), String> {
    match data_type {
        DataType::Dictionary(_, values) => check(values),
        DataType::RunEndEncoded(_, values) => check(values.data_type()),
        DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(()),
        plain if plain.is_numeric() => Ok(()),
        DataType::Boolean
        | DataType::Date32
        | DataType::Date64
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Timestamp(..)
        | DataType::Duration(_) => Ok(()),
        other => Err(format!("CSV cannot hold {}", type_name(other))),
    }
}

impl<'a> Column<'a> {
    pub(super) fn new(array: &'a ArrayRef, layout: &Layout) -> Result<Self, String> {
        let data_type = array.data_type();
        let cells = match data_type {
            DataType::Null => Cells::Null,
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                Cells::Texts(Texts::new(array, layout))
            }
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                if dictionary.values().is_empty() {
                    Cells::Null
                } else {
                    let places = dictionary.normalized_keys();
                    let values = Box::new(Self::new(dictionary.values(), layout)?);
                    Cells::Picked { places, values }
                }
            }
            DataType::RunEndEncoded(..) => {
                let (places, values) = runs(array)?;
                Cells::Picked { places, values: Box::new(Self::new(values, layout)?) }
            }
            _ => {
                let values = Values::new(array, layout)?;
                let numeric = data_type.is_numeric();
                if values.needs_look(layout) {
                    Cells::Checked { values, numeric, cell: Text::default() }
                } else {
                    let quoted = match layout.style {
                        QuoteStyle::Always => true,
                        QuoteStyle::NonNumeric => !numeric,
                        QuoteStyle::Necessary | QuoteStyle::Never => false,
                    };
                    Cells::Plain { values, quoted }
                }
            }
        };
        Ok(Self { nulls: array.nulls(), cells })
    }

    /// The most bytes of a cell besides texts, which ask for their own room.
    pub(super) fn width(&self) -> usize {
        match &self.cells {
            Cells::Null | Cells::Texts(_) => 2,
            Cells::Plain { values, .. } => values.width() + 2,
            Cells::Checked { values, .. } => 2 * values.width() + 2,
            Cells::Picked { values, .. } => values.width(),
        }
    }

    /// Adds the most bytes of the cell of each row.
    pub(super) fn add_bounds(&self, rows: &mut [usize], null: usize) {
        let fixed = self.width().max(null) + 1;
        for row in rows.iter_mut() {
            *row += fixed;
        }
        self.add_texts(rows, |row| row);
    }

    fn add_texts(&self, rows: &mut [usize], place: impl Fn(usize) -> usize + Copy) {
        match &self.cells {
            Cells::Texts(texts) => {
                let times = if texts.clean { 1 } else { 2 };
                for (row, bytes) in rows.iter_mut().enumerate() {
                    *bytes += times * texts.value(place(row)).len();
                }
            }
            Cells::Picked { places, values } => {
                // One level at a time: the compiler would unfold closures of closures forever.
                let place: &dyn Fn(usize) -> usize = &|row| places[place(row)];
                values.add_texts_by(rows, place);
            }
            _ => {}
        }
    }

    fn add_texts_by(&self, rows: &mut [usize], place: &dyn Fn(usize) -> usize) {
        match &self.cells {
            Cells::Texts(texts) => {
                for (row, bytes) in rows.iter_mut().enumerate() {
                    *bytes += 2 * texts.value(place(row)).len();
                }
            }
            Cells::Picked { places, values } => {
                values.add_texts_by(rows, &|row| places[place(row)]);
            }
            _ => {}
        }
    }

    /// Appends a cell and leaves room for `more` bytes. `begins`: it is the first of the file;
    /// `lone`: a line with nothing but a null in it would be blank.
    #[inline]
    pub(super) fn put(
        &mut self,
        row: usize,
        text: &mut Text,
        layout: &Layout,
        begins: bool,
        lone: bool,
        more: usize,
    ) -> Result<(), CellError> {
        if self.nulls.is_some_and(|nulls| nulls.is_null(row)) {
            return put_null(text, layout, lone);
        }
        match &mut self.cells {
            Cells::Plain { values, quoted: false } => {
                values.put(row, text);
                Ok(())
            }
            Cells::Plain { values, quoted: true } => {
                text.push(layout.quote);
                values.put(row, text);
                text.push(layout.quote);
                Ok(())
            }
            Cells::Texts(texts) => {
                let cell = texts.value(row);
                let force = begins && cell.starts_with(BOM.as_bytes());
                layout
                    .put_cell(text, cell, false, texts.clean, force, more)
                    .map_err(|NeedsQuotes| CellError::NeedsQuotes(cell.to_vec()))
            }
            Cells::Checked { values, numeric, cell } => {
                cell.truncate(0);
                cell.room(values.width());
                values.put(row, cell);
                let force = begins && cell.as_bytes().starts_with(BOM.as_bytes());
                layout
                    .put_cell(text, cell.as_bytes(), *numeric, false, force, more)
                    .map_err(|NeedsQuotes| CellError::NeedsQuotes(cell.as_bytes().to_vec()))
            }
            Cells::Picked { places, values } => {
                values.put(places[row], text, layout, begins, lone, more)
            }
            Cells::Null => put_null(text, layout, lone),
        }
    }
}

/// Appends the text of a null; the room of the row is enough.
#[inline]
fn put_null(text: &mut Text, layout: &Layout, lone: bool) -> Result<(), CellError> {
    if lone {
        return Err(CellError::LoneNull);
    }
    text.extend(&layout.null);
    Ok(())
}

/// The place of each row's value in an array of runs, and the values.
fn runs(array: &ArrayRef) -> Result<(Vec<usize>, &ArrayRef), String> {
    macro_rules! by_ends {
        ($ends:ty) => {
            if let Some(runs) = array.as_run_opt::<$ends>() {
                let places = (0..array.len()).map(|row| runs.get_physical_index(row)).collect();
                return Ok((places, runs.values()));
            }
        };
    }
    by_ends!(arrow::datatypes::Int16Type);
    by_ends!(arrow::datatypes::Int32Type);
    by_ends!(arrow::datatypes::Int64Type);
    Err("runs of an unknown kind".to_owned())
}

/// A dictionary or array of runs whose values are one of those again is made plain, so that a
/// column is picked from another at most once.
pub(super) fn flatten(array: &ArrayRef) -> Result<ArrayRef, arrow::error::ArrowError> {
    let inner = match array.data_type() {
        DataType::Dictionary(_, values) => values.as_ref(),
        DataType::RunEndEncoded(_, values) => values.data_type(),
        _ => return Ok(ArrayRef::clone(array)),
    };
    if matches!(inner, DataType::Dictionary(..) | DataType::RunEndEncoded(..)) {
        return flatten(&cast_exact(array, inner)?);
    }
    Ok(ArrayRef::clone(array))
}
