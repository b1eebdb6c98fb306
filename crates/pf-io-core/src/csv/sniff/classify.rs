//! What a cell looks like: enough to tell a table from prose and a header from its column.

/// What a cell, or a whole column, looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    Empty,
    Bool,
    Int,
    Float,
    Date,
    Timestamp,
    /// Typed in the eye of a reader, text to the engine: times, leading zeros, decimal commas.
    Like,
    Text,
}

impl Looks {
    /// The type that inference will give, as far as a sample can tell.
    pub fn name(self) -> &'static str {
        match self {
            Self::Empty => "null",
            Self::Bool => "bool",
            Self::Int => "int64",
            Self::Float => "float64",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::Like | Self::Text => "string",
        }
    }

    /// Number, date or bool.
    pub fn is_typed(self) -> bool {
        matches!(self, Self::Bool | Self::Int | Self::Float | Self::Date | Self::Timestamp)
    }

    /// What a column of both looks like.
    pub fn join(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Empty, other) | (other, Self::Empty) => other,
            (Self::Int, Self::Float) | (Self::Float, Self::Int) => Self::Float,
            (Self::Date, Self::Timestamp) | (Self::Timestamp, Self::Date) => Self::Timestamp,
            _ => Self::Text,
        }
    }

    /// Whether a cell that looks so belongs to a column that looks like `column`.
    pub fn fits(self, column: Self) -> bool {
        self.is_typed() && column.is_typed() && self.join(column) == column
    }
}

/// What one cell looks like; `comma` if a comma may stand for the decimal point.
pub(super) fn looks(cell: &[u8], comma: bool) -> Looks {
    let cell = cell.trim_ascii();
    match cell {
        // What says "nothing" in a typed column.
        b"" | b"NA" | b"N/A" | b"#N/A" | b"n/a" | b"NULL" | b"null" | b"None" => {
            return Looks::Empty;
        }
        b"true" | b"True" | b"TRUE" | b"false" | b"False" | b"FALSE" => return Looks::Bool,
        b"nan" | b"NaN" | b"inf" | b"-inf" => return Looks::Float,
        _ => {}
    }
    if !cell.first().is_some_and(|&byte| byte.is_ascii_digit() || b"+-.".contains(&byte)) {
        return Looks::Text;
    }
    if let Some(kind) = date(cell) {
        return kind;
    }
    let digits = cell.strip_prefix(b"-").unwrap_or(cell);
    if !digits.is_empty() && digits.iter().all(u8::is_ascii_digit) {
        let zero = digits.len() > 1 && digits[0] == b'0';
        return if zero { Looks::Like } else { Looks::Int };
    }
    let number = |text: &[u8]| {
        std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok_and(f64::is_finite))
    };
    let shape = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    if cell.iter().all(shape) && number(cell) {
        return if cell[0] == b'+' { Looks::Like } else { Looks::Float };
    }
    let time = |byte: &u8| byte.is_ascii_digit() || *byte == b':' || *byte == b'.';
    if cell.contains(&b':') && cell.len() >= 4 && cell.iter().all(time) {
        return Looks::Like;
    }
    let is_comma = |byte: &&u8| **byte == b',';
    if comma && cell.iter().filter(is_comma).count() == 1 {
        let point: Vec<u8> = cell.iter().map(|&b| if b == b',' { b'.' } else { b }).collect();
        if point.iter().all(shape) && number(&point) {
            return Looks::Like;
        }
    }
    Looks::Text
}

/// ISO 8601 dates and timestamps.
fn date(cell: &[u8]) -> Option<Looks> {
    let (day, rest) = cell.split_at_checked(10)?;
    let fits = day.iter().enumerate().all(|(at, byte)| match at {
        4 | 7 => *byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let two = |at: usize| (day[at] - b'0') * 10 + (day[at + 1] - b'0');
    if !fits || !(1..=12).contains(&two(5)) || !(1..=31).contains(&two(8)) {
        return None;
    }
    match rest {
        [] => Some(Looks::Date),
        [b'T' | b' ', hour, tens, b':', ..] if hour.is_ascii_digit() && tens.is_ascii_digit() => {
            Some(Looks::Timestamp)
        }
        _ => None,
    }
}
