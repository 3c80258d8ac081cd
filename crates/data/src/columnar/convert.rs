//! Values of columns as numbers of a block, or as names of rows.

use super::iso;
use super::kind::Kind;
use super::values::{Data, Values};
use crate::element::{Element, cast};
use crate::text::{Cell, cell};

/// Why a value is not a number of the block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Null,
    /// An integer that no `f64` holds exactly.
    Inexact(i128),
    /// A number, as text, beyond the range of the elements.
    Infinite(String),
    /// The column holds something else.
    NotNumeric,
}

/// The largest integer up to which every one is an `f64`.
const EXACT: u128 = 1 << f64::MANTISSA_DIGITS;

/// Fills one column of a row-major block of `columns` columns. Returns the first row that does not
/// hold a number. A null is NaN if it may be `missing`.
pub(crate) fn fill<F: Element>(
    values: &Values,
    (kind, missing): (Kind, bool),
    block: &mut [F],
    (column, columns): (usize, usize),
) -> Option<(usize, Fault)> {
    let mut fault = values.nulls.first().filter(|_| !missing).map(|&row| (row, Fault::Null));
    let places = block.iter_mut().skip(column).step_by(columns.max(1));
    match &values.data {
        Data::Real(numbers) => places.zip(numbers).for_each(|(place, &number)| *place = cast(number)),
        Data::Whole(numbers) => {
            for (row, (place, &number)) in places.zip(numbers).enumerate() {
                match whole(number, kind) {
                    Ok(number) => *place = number,
                    // The value of a null is not one.
                    Err(_) if fault.as_ref().is_some_and(|&(first, _)| first <= row) => break,
                    Err(_) if values.nulls.binary_search(&row).is_ok() => {}
                    Err(other) => {
                        fault = Some((row, other));
                        break;
                    }
                }
            }
        }
        Data::Text(_) => fault = Some((0, Fault::NotNumeric)),
    }
    for &null in &values.nulls {
        if let Some(place) = block.get_mut(null * columns.max(1) + column) {
            *place = F::nan();
        }
    }
    fault
}

/// The number that an integer stands for. Decimal numbers are rounded once, times once to `f64`.
fn whole<F: Element>(value: i128, kind: Kind) -> Result<F, Fault> {
    match kind {
        Kind::Number => {
            let float = value as f64;
            // Beyond 64 bits the way back could saturate; no column holds such integers.
            let fits = i64::try_from(value).is_ok() || u64::try_from(value).is_ok();
            let exact = value.unsigned_abs() <= EXACT || fits && float as i128 == value;
            if exact { Ok(cast(float)) } else { Err(Fault::Inexact(value)) }
        }
        Kind::Decimal { scale } => {
            let text = format!("{value}e{}", -i64::from(scale));
            match cell(&text) {
                Cell::Number(number) => Ok(number),
                _ => Err(Fault::Infinite(text)),
            }
        }
        Kind::Date => Ok(cast(86_400.0 * value as f64)),
        Kind::Time { per_second } | Kind::Span { per_second } => Ok(cast(seconds(value, per_second))),
        Kind::Text | Kind::Other(_) => Err(Fault::NotNumeric),
    }
}

/// Ticks as seconds, rounded once to `f64`.
fn seconds(ticks: i128, per_second: u64) -> f64 {
    if per_second == 1 || ticks.unsigned_abs() <= EXACT {
        return ticks as f64 / per_second as f64;
    }
    seconds_text(ticks, per_second).parse().unwrap_or(f64::NAN)
}

fn seconds_text(ticks: i128, per_second: u64) -> String {
    let (size, unit) = (ticks.unsigned_abs(), u128::from(per_second));
    let fraction = iso::decimals((size % unit) as i128, per_second);
    format!("{}{}{fraction}", if ticks < 0 { "-" } else { "" }, size / unit)
}

/// The name of a row: text as it is, without surrounding blanks; nothing for a null.
pub(crate) fn row_name(values: &Values, kind: Kind, row: usize) -> String {
    if values.nulls.binary_search(&row).is_ok() {
        return String::new();
    }
    match &values.data {
        Data::Text(texts) => texts.get(row).map(|text| text.trim().to_owned()).unwrap_or_default(),
        Data::Real(numbers) => numbers.get(row).map(f64::to_string).unwrap_or_default(),
        Data::Whole(numbers) => numbers.get(row).map_or_else(String::new, |&value| match kind {
            Kind::Decimal { scale } => decimal(value, scale),
            Kind::Date => iso::date(value),
            Kind::Time { per_second } => iso::time(value, per_second),
            Kind::Span { per_second } => seconds_text(value, per_second),
            Kind::Number | Kind::Text | Kind::Other(_) => value.to_string(),
        }),
    }
}

/// A decimal number with all of its digits.
fn decimal(value: i128, scale: i32) -> String {
    let Some(places) = usize::try_from(scale).ok().filter(|places| (1..=64).contains(places)) else {
        return if scale == 0 { value.to_string() } else { format!("{value}e{}", -i64::from(scale)) };
    };
    let digits = format!("{:0width$}", value.unsigned_abs(), width = places + 1);
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{}{whole}.{fraction}", if value < 0 { "-" } else { "" })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::float_cmp, clippy::panic, clippy::excessive_precision)]
    use super::*;

    fn one<F: Element + std::fmt::Debug>(value: i128, kind: Kind) -> Result<F, Fault> {
        let mut block = [F::zero(); 3];
        match fill(&Values::new(Data::Whole(vec![value])), (kind, false), &mut block, (1, 3)) {
            None => Ok(block[1]),
            Some((0, fault)) => Err(fault),
            Some((row, fault)) => panic!("row {row}: {fault:?}"),
        }
    }

    #[test]
    fn integers_are_exact_or_refused() {
        let odd = (1_i128 << 53) + 1;
        assert_eq!(one::<f64>(1 << 53, Kind::Number), Ok(9_007_199_254_740_992.0));
        assert_eq!(one::<f64>(odd, Kind::Number), Err(Fault::Inexact(odd)));
        assert_eq!(one::<f64>(u64::MAX.into(), Kind::Number), Err(Fault::Inexact(u64::MAX.into())));
        assert_eq!(one::<f64>(i64::MIN.into(), Kind::Number), Ok(-(2.0_f64.powi(63))));
        assert_eq!(one::<f64>(1 << 63, Kind::Number), Ok(2.0_f64.powi(63)));
    }

    #[test]
    fn decimals_and_times_are_rounded_once() {
        assert_eq!(one::<f64>(-1_234_567, Kind::Decimal { scale: 4 }), Ok(-123.4567));
        assert_eq!(one::<f64>(12, Kind::Decimal { scale: -3 }), Ok(12_000.0));
        // Just above the midpoint of 1 and the next f32; in f64 it equals the midpoint.
        let above = 100_000_005_960_464_477_539_063;
        assert_eq!(one::<f32>(above, Kind::Decimal { scale: 23 }), Ok(1.0 + f32::EPSILON));
        assert_eq!(one::<f32>(1, Kind::Decimal { scale: -40 }), Err(Fault::Infinite("1e40".to_owned())));
        let nanos = Kind::Time { per_second: 1_000_000_000 };
        assert_eq!(one::<f64>(1_700_000_000_123_456_789, nanos), Ok(1_700_000_000.123_456_789));
        assert_eq!(one::<f64>(-1_700_000_000_123_456_789, nanos), Ok(-1_700_000_000.123_456_789));
        assert_eq!(one::<f64>(1_500, Kind::Span { per_second: 1000 }), Ok(1.5));
        assert_eq!(one::<f64>(-1, Kind::Date), Ok(-86_400.0));
    }

    #[test]
    fn the_first_fault_is_reported() {
        let odd = (1_i128 << 53) + 1;
        let mut values = Values::new(Data::Whole(vec![1, odd, 0, odd]));
        let mut block = [0.0_f64; 4];
        assert_eq!(fill(&values, (Kind::Number, false), &mut block, (0, 1)), Some((1, Fault::Inexact(odd))));
        values.nulls = vec![2];
        assert_eq!(fill(&values, (Kind::Number, false), &mut block, (0, 1)), Some((1, Fault::Inexact(odd))));
        values.nulls = vec![1];
        assert_eq!(fill(&values, (Kind::Number, false), &mut block, (0, 1)), Some((1, Fault::Null)));
        // What stands at a null does not matter.
        values.nulls = vec![1, 3];
        assert_eq!(fill(&values, (Kind::Number, true), &mut block, (0, 1)), None);
        assert!(block[1].is_nan() && block[3].is_nan() && (block[0], block[2]) == (1.0, 0.0));
        let text = Values::new(Data::Text(vec!["a".to_owned()]));
        assert_eq!(fill(&text, (Kind::Text, false), &mut block, (0, 1)), Some((0, Fault::NotNumeric)));
    }

    #[test]
    fn names_have_all_digits() {
        let mut values = Values::new(Data::Whole(vec![-5, 12_345, 0]));
        values.push_null();
        let names = |kind| (0..4).map(|row| row_name(&values, kind, row)).collect::<Vec<_>>();
        assert_eq!(names(Kind::Number), ["-5", "12345", "0", ""]);
        assert_eq!(names(Kind::Decimal { scale: 2 }), ["-0.05", "123.45", "0.00", ""]);
        assert_eq!(names(Kind::Span { per_second: 1000 }), ["-0.005", "12.345", "0", ""]);
        assert_eq!(names(Kind::Date), ["1969-12-27", "2003-10-20", "1970-01-01", ""]);
        let texts = Values::new(Data::Text(vec![" ada ".to_owned()]));
        assert_eq!(row_name(&texts, Kind::Text, 0), "ada");
        assert_eq!(row_name(&Values::new(Data::Real(vec![0.5])), Kind::Number, 0), "0.5");
    }
}
