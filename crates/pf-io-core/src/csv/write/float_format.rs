//! Floats in a form of the caller's: `%.6f`, `%.3e`, `%g`, as C and Python print them.

use std::fmt::Write as _;

use super::text::Text;

/// Digits that can be asked for.
const MOST: usize = 400;

/// How floats are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FloatFormat {
    form: Form,
    precision: usize,
    upper: bool,
    plus: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Fixed,
    Scientific,
    General,
}

impl FloatFormat {
    /// Takes `%[+][.digits]f`, or the same without `%`, apart; the forms are `f`, `e` and `g`.
    pub(super) fn new(format: &str) -> Result<Self, String> {
        let bad = || format!("float_format must be like %.6f, %.3e or %g, not '{format}'");
        let rest = format.strip_prefix('%').unwrap_or(format);
        let plus = rest.starts_with('+');
        let rest = rest.strip_prefix('+').unwrap_or(rest);
        let letter = rest.chars().last().ok_or_else(bad)?;
        let form = match letter.to_ascii_lowercase() {
            'f' => Form::Fixed,
            'e' => Form::Scientific,
            'g' => Form::General,
            _ => return Err(bad()),
        };
        let digits = &rest[..rest.len() - letter.len_utf8()];
        let precision = if digits.is_empty() {
            6
        } else {
            let digits = digits.strip_prefix('.').ok_or_else(bad)?;
            if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return Err(bad());
            }
            if digits.is_empty() { 0 } else { digits.parse().map_err(|_| bad())? }
        };
        if precision > MOST {
            return Err(format!("float_format has at most {MOST} digits, not {precision}"));
        }
        Ok(Self { form, precision, upper: letter.is_ascii_uppercase(), plus })
    }

    /// Appends a float.
    pub(super) fn put(&self, text: &mut Text, value: f64) {
        text.room(16);
        let start = text.len();
        if self.plus && !value.is_nan() && value.is_sign_positive() {
            text.push(b'+');
        }
        if value.is_nan() {
            text.extend(b"nan");
        } else if value.is_infinite() {
            text.extend(if value > 0.0 { b"inf" } else { b"-inf" });
        } else {
            self.finite(text, value);
        }
        if self.upper {
            let upper = text.as_bytes()[start..].to_ascii_uppercase();
            text.truncate(start);
            text.append(&upper);
        }
    }

    fn finite(&self, text: &mut Text, value: f64) {
        let precision = self.precision;
        match self.form {
            Form::Fixed => put_fixed(text, value, precision),
            Form::Scientific => put_scientific(text, value, precision, false),
            Form::General => {
                let precision = precision.max(1);
                // The exponent after rounding decides.
                let rounded = format!("{value:.*e}", precision - 1);
                let exponent: i64 = exponent_of(&rounded).1;
                if exponent < -4 || exponent >= precision as i64 {
                    return put_scientific(text, value, precision - 1, true);
                }
                let places = (precision as i64 - 1 - exponent).max(0) as usize;
                let fixed = format!("{value:.places$}");
                text.append(trimmed(&fixed).as_bytes());
            }
        }
    }
}

/// Appends `value` with `places` decimals, a tie going to the even digit.
fn put_fixed(text: &mut Text, value: f64, places: usize) {
    write!(text, "{value:.places$}").ok(); // a text takes everything
}

/// Appends `1.5e-07`: the exponent has a sign and at least two digits.
fn put_scientific(text: &mut Text, value: f64, places: usize, trim: bool) {
    let printed = format!("{value:.places$e}");
    let (mantissa, exponent) = exponent_of(&printed);
    let mantissa = if trim { trimmed(mantissa) } else { mantissa };
    let sign = if exponent < 0 { '-' } else { '+' };
    write!(text, "{mantissa}e{sign}{:02}", exponent.abs()).ok(); // as above
}

fn exponent_of(printed: &str) -> (&str, i64) {
    let (mantissa, exponent) = printed.split_once('e').unwrap_or((printed, "0"));
    (mantissa, exponent.parse().unwrap_or_default())
}

/// Without zeros at the end of the decimals.
fn trimmed(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_forms_are_those_of_python() {
        for (format, value, expected) in [
            ("%.2f", 1.005, "1.00"),
            ("%.2f", -0.001, "-0.00"),
            ("%.0f", 0.5, "0"),
            ("%.0f", 1.5, "2"),
            ("%.0f", 2.5, "2"),
            ("%.1f", 0.25, "0.2"),
            ("%f", 1e22, "10000000000000000000000.000000"),
            (".3e", 123_456.0, "1.235e+05"),
            ("%.0e", 1.5e-7, "1e-07"), // the float is below the tie
            ("%E", f64::INFINITY, "INF"),
            ("%g", 1e-5, "1e-05"),
            ("%g", 100_000.0, "100000"),
            ("%g", 1_000_000.0, "1e+06"),
            ("%g", 999_999.5, "1e+06"),
            ("%.3g", 0.000_123_456, "0.000123"),
            ("%.17g", 0.1, "0.10000000000000001"),
            ("%G", 1e-10, "1E-10"),
            ("%g", 0.0, "0"),
            ("%+.1f", 2.0, "+2.0"),
            ("%+g", -2.0, "-2"),
            ("%.3f", f64::NAN, "nan"),
            ("%.3f", f64::NEG_INFINITY, "-inf"),
        ] {
            let mut text = Text::default();
            FloatFormat::new(format).unwrap().put(&mut text, value);
            assert_eq!(std::str::from_utf8(text.as_bytes()).unwrap(), expected, "{format} {value}");
        }
    }

    #[test]
    fn test_other_formats_are_refused() {
        for format in ["", "%", "%d", "%10.2f", "%.2", "{:.2f}", "%.xf", "%.99999f", "ü", "%.+5f"]
        {
            FloatFormat::new(format).unwrap_err();
        }
    }
}
