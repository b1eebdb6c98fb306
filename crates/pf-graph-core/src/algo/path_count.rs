//! Numbers of shortest paths. They double with every level of a grid: beyond 1000 levels an `f64`
//! overflows, and ratios of infinities are not answers. Searches count in `f64` and start again in
//! [`Wide`] numbers when a count gets too large.

/// A number of paths, or a share per path.
pub(super) trait PathCount: Copy {
    /// No path.
    const ZERO: Self;
    /// One path.
    const ONE: Self;
    fn plus(self, other: Self) -> Self;
    fn times(self, other: Self) -> Self;
    /// `value / self`, for a count of at least 1.
    fn divide(self, value: f64) -> Self;
    fn value(self) -> f64;
    fn is_zero(self) -> bool;
    /// Whether sums or quotients of such counts may leave the range.
    fn is_too_large(self) -> bool;
}

impl PathCount for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn plus(self, other: Self) -> Self {
        self + other
    }

    #[inline]
    fn times(self, other: Self) -> Self {
        self * other
    }

    #[inline]
    fn divide(self, value: f64) -> Self {
        value / self
    }

    #[inline]
    fn value(self) -> f64 {
        self
    }

    #[inline]
    fn is_zero(self) -> bool {
        self == 0.0
    }

    #[inline]
    fn is_too_large(self) -> bool {
        const LIMIT: f64 = f64::from_bits((1023 + 900) << 52); // 2^900: quotients stay normal
        self > LIMIT
    }
}

/// `mantissa * 2^exponent` with a mantissa in `1.0..2.0`, or zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Wide {
    mantissa: f64,
    exponent: i64,
}

impl Wide {
    /// From a normal positive number or zero, times `2^exponent`.
    fn new(value: f64, exponent: i64) -> Self {
        if value == 0.0 {
            return Self::ZERO;
        }
        let bits = value.to_bits();
        let shift = (bits >> 52) as i64 - 1023;
        let mantissa = f64::from_bits(bits & ((1 << 52) - 1) | 1023 << 52);
        Self { mantissa, exponent: exponent + shift }
    }
}

/// `value * 2^exponent`; the result is below 2^1023.
fn scale(value: f64, exponent: i64) -> f64 {
    match exponent {
        ..-1022 => 0.0, // smaller than anything it could matter next to
        exponent => value * f64::from_bits(((exponent + 1023) as u64) << 52),
    }
}

impl PathCount for Wide {
    const ZERO: Self = Self { mantissa: 0.0, exponent: 0 };
    const ONE: Self = Self { mantissa: 1.0, exponent: 0 };

    fn plus(self, other: Self) -> Self {
        if self.mantissa == 0.0 {
            return other;
        }
        if other.mantissa == 0.0 {
            return self;
        }
        let (large, small) =
            if self.exponent >= other.exponent { (self, other) } else { (other, self) };
        let sum = large.mantissa + scale(small.mantissa, small.exponent - large.exponent);
        Self::new(sum, large.exponent)
    }

    fn times(self, other: Self) -> Self {
        Self::new(self.mantissa * other.mantissa, self.exponent + other.exponent)
    }

    fn divide(self, value: f64) -> Self {
        Self::new(value / self.mantissa, -self.exponent)
    }

    fn value(self) -> f64 {
        scale(self.mantissa, self.exponent)
    }

    fn is_zero(self) -> bool {
        self.mantissa == 0.0
    }

    fn is_too_large(self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_numbers_calculate_like_floats() {
        let wide = |value: f64| Wide::new(value, 0);
        for a in [1.0, 3.0, 0.1, 1e300, 7e-300] {
            assert!(wide(a).value().total_cmp(&a).is_eq());
            assert!(wide(a).plus(Wide::ZERO).value().total_cmp(&a).is_eq());
            assert!(Wide::ZERO.plus(wide(a)).value().total_cmp(&a).is_eq());
            for b in [1.0, 2.0, 5.5, 1e-3] {
                assert!(wide(a).plus(wide(b)).value().total_cmp(&(a + b)).is_eq());
                assert!(wide(a).times(wide(b)).value().total_cmp(&(a * b)).is_eq());
                assert!(wide(b).divide(a).value().total_cmp(&(a / b)).is_eq());
            }
        }
        assert_eq!(wide(0.0).times(wide(5.0)), Wide::ZERO);
    }

    #[test]
    fn wide_numbers_go_far_beyond_floats() {
        let mut large = Wide::ONE;
        for _ in 0..10_000 {
            large = large.plus(large);
        }
        assert_eq!(large, Wide { mantissa: 1.0, exponent: 10_000 });
        assert_eq!(large.divide(3.0).times(large), Wide::new(3.0, 0));
        assert_eq!(large.divide(1.0).plus(Wide::ONE), Wide::ONE);
        assert!(large.divide(1.0).value().abs() < f64::MIN_POSITIVE);
    }
}
