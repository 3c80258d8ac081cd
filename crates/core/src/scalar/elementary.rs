//! `exp`, `log` and `log(1 + x)` without branches, calls or tables, so that loops over them
//! vectorize. The standard library's versions are calls that process one number at a time.
//!
//! Taylor polynomials on short intervals, with range reduction on the bits of a number. `log 2` is
//! split into two constants (Cody & Waite 1980), so that `n log 2` is subtracted without rounding.

/// Horner's rule with fused multiply-adds, highest coefficient first. (A processor without FMA
/// executes them as calls, as slow as the library's functions; inside
/// [`parallel::Pass`](crate::parallel::Pass)es, every processor with AVX2 or NEON has FMA.)
macro_rules! horner {
    ($t:ty, $x:expr; $first:expr $(, $rest:expr)*) => {{
        let (x, sum): ($t, $t) = ($x, $first);
        $(let sum = sum.mul_add(x, $rest);)*
        sum
    }};
}

macro_rules! elementary {
    (
        $name:ident, $t:ty, $bits:ty, $int:ty, mantissa $mantissa:literal,
        magic $magic:literal, range $low:literal .. $high:literal, ln2 $ln2_high:literal + $ln2_low:literal,
        half_root $half_root:literal, exp [$($exp:expr),+], ln_1p [$($ln_1p:expr),+], ln [$($ln:expr),+]
    ) => {
        // Constants are given with all their digits.
        #[allow(clippy::excessive_precision)]
        pub(super) mod $name {
            /// `eˣ`, within a few ε. Arguments beyond the range of normal numbers are clamped to
            /// its ends; NaN stays NaN.
            #[inline(always)]
            pub(crate) fn exp(x: $t) -> $t {
                let x = if x < $low { $low } else { x };
                let x = if x > $high { $high } else { x };
                // Adding a number whose last bit has weight 1 rounds to an integer n, which then
                // sits in the low bits.
                let shifted = x.mul_add(std::f64::consts::LOG2_E as $t, $magic);
                let n = shifted - $magic;
                let r = n.mul_add(-$ln2_low, n.mul_add(-$ln2_high, x));
                let polynomial = horner!($t, r; $($exp),+);
                // 2ⁿ: add n to the exponent.
                let scaled = <$t>::from_bits(polynomial.to_bits().wrapping_add(shifted.to_bits() << $mantissa));
                scaled + (x - x)
            }

            /// `log(1 + x)` for `0 ≤ x ≤ 1`: `2 artanh(x/(2 + x))`, whose argument is at most 1/3.
            #[inline(always)]
            pub(crate) fn ln_1p(x: $t) -> $t {
                let s = x / (2.0 + x);
                2.0 * s * horner!($t, s * s; $($ln_1p),+)
            }

            /// `log x` for normal `x > 0`: with `x = 2ᵉ m` and `m` in `[√½, √2)`,
            /// `e log 2 + 2 artanh((m − 1)/(m + 1))`.
            #[inline(always)]
            pub(crate) fn ln(x: $t) -> $t {
                let bits = x.to_bits();
                let e = (bits.wrapping_sub($half_root) as $int) >> $mantissa;
                let m = <$t>::from_bits(bits.wrapping_sub((e << $mantissa) as $bits));
                let e = e as $t;
                let s = (m - 1.0) / (m + 1.0);
                let log_m = 2.0 * s * horner!($t, s * s; $($ln),+);
                e.mul_add($ln2_high, e.mul_add($ln2_low, log_m))
            }
        }
    };
}

elementary!(
    single, f32, u32, i32, mantissa 23, magic 12_582_912.0, range -87.0 .. 88.0,
    ln2 0.693_359_375 + -2.121_944_4e-4, half_root 0x3f35_04f3,
    exp [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0],
    ln_1p [1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 0.2, 1.0 / 3.0, 1.0],
    ln [1.0 / 9.0, 1.0 / 7.0, 0.2, 1.0 / 3.0, 1.0]
);

elementary!(
    double, f64, u64, i64, mantissa 52, magic 6_755_399_441_055_744.0, range -708.0 .. 709.0,
    ln2 0.693_147_180_369_123_8 + 1.908_214_929_270_587_7e-10, half_root 0x3fe6_a09e_667f_3bcd,
    exp [
        1.0 / 6_227_020_800.0, 1.0 / 479_001_600.0, 1.0 / 39_916_800.0, 1.0 / 3_628_800.0, 1.0 / 362_880.0, 1.0 / 40_320.0,
        1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0
    ],
    ln_1p [
        1.0 / 33.0, 1.0 / 31.0, 1.0 / 29.0, 1.0 / 27.0, 1.0 / 25.0, 1.0 / 23.0, 1.0 / 21.0, 1.0 / 19.0, 1.0 / 17.0, 1.0 / 15.0,
        1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 0.2, 1.0 / 3.0, 1.0
    ],
    ln [
        1.0 / 21.0, 1.0 / 19.0, 1.0 / 17.0, 1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 0.2, 1.0 / 3.0, 1.0
    ]
);

#[cfg(test)]
mod tests {
    use super::{double, single};

    /// Largest error of `f` relative to the library's `f64` result, in ε.
    fn worst(arguments: impl Iterator<Item = f64>, epsilon: f64, pair: impl Fn(f64) -> (f64, f64)) -> f64 {
        arguments.fold(0.0_f64, |worst, x| {
            let (ours, theirs) = pair(x);
            let error = (ours - theirs).abs() / (epsilon * theirs.abs());
            // NaN must not pass for a small error.
            if error <= worst { worst } else { error }
        })
    }

    fn spread(from: f64, to: f64) -> impl Iterator<Item = f64> {
        (0..=200_000).map(move |i| from + (to - from) * f64::from(i) / 200_000.0)
    }

    /// `√½ … √2` in all binades: errors would show where the mantissa is split.
    fn binades() -> impl Iterator<Item = f64> {
        (-120..120).flat_map(|e| (0..500).map(move |i| 2f64.powi(e) * (1.0 + f64::from(i) / 499.0)))
    }

    const ALLOWED: f64 = 4.0;

    #[test]
    fn in_single_precision() {
        let eps = f64::from(f32::EPSILON);
        let on = |f: fn(f32) -> f32, exact: fn(f64) -> f64| {
            move |x: f64| (f64::from(f(x as f32)), exact(f64::from(x as f32)))
        };
        assert!(worst(spread(-87.0, 88.0), eps, on(single::exp, f64::exp)) < ALLOWED);
        assert!(worst(spread(1e-6, 1.0), eps, on(single::ln_1p, f64::ln_1p)) < ALLOWED);
        assert!(worst(binades().filter(|x| (x - 1.0).abs() > 1e-3), eps, on(single::ln, f64::ln)) < ALLOWED);
        assert_eq!((single::exp(0.0), single::ln_1p(0.0), single::ln(1.0)), (1.0, 0.0, 0.0));
        assert!(single::exp(f32::NAN).is_nan() && single::ln_1p(f32::NAN).is_nan());
        assert!(single::exp(-1e30) < 2e-38 && single::exp(1e30) > 1e38);
        // A polynomial one coefficient shorter fails.
        let short = |x: f32| {
            let s = x / (2.0 + x);
            2.0 * s * (1.0 + s * s * (1.0 / 3.0 + s * s * (0.2 + s * s / 7.0)))
        };
        assert!(worst(spread(1e-6, 1.0), eps, on(short, f64::ln_1p)) > ALLOWED);
    }

    #[test]
    fn in_double_precision() {
        let eps = f64::EPSILON;
        let on = |f: fn(f64) -> f64, exact: fn(f64) -> f64| move |x: f64| (f(x), exact(x));
        assert!(worst(spread(-708.0, 709.0), eps, on(double::exp, f64::exp)) < ALLOWED);
        assert!(worst(spread(1e-12, 1.0), eps, on(double::ln_1p, f64::ln_1p)) < ALLOWED);
        assert!(worst(binades().filter(|x| (x - 1.0).abs() > 1e-3), eps, on(double::ln, f64::ln)) < ALLOWED);
        assert_eq!((double::exp(0.0), double::ln_1p(0.0), double::ln(1.0)), (1.0, 0.0, 0.0));
        assert!(double::exp(f64::NAN).is_nan() && double::ln_1p(f64::NAN).is_nan());
    }
}
