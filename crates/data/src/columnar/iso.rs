//! Dates and times as text, for the names of rows.

/// The date that is `days` after 1970-01-01, as `2024-02-29`. Years beyond four digits have more.
///
/// Days are counted from 0000-03-01, in eras of 400 years, so that the leap day ends a year.
pub(crate) fn date(days: i128) -> String {
    let days = days + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = (400 * era + year_of_era, if month < 10 { month + 3 } else { month - 9 });
    format!("{:04}-{month:02}-{day:02}", year + i128::from(month <= 2))
}

/// A point in time, as `2024-02-29T12:00:00` with a fraction where there is one.
pub(crate) fn time(ticks: i128, per_second: u64) -> String {
    let per_day = 86_400 * i128::from(per_second);
    let (days, rest) = (ticks.div_euclid(per_day), ticks.rem_euclid(per_day));
    let (seconds, fraction) = (rest / i128::from(per_second), rest % i128::from(per_second));
    let clock = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{}T{clock}{}", date(days), decimals(fraction, per_second))
}

/// `.25` for 250 of 1000; nothing for 0.
pub(crate) fn decimals(fraction: i128, per_second: u64) -> String {
    if fraction == 0 {
        return String::new();
    }
    let width = per_second.ilog10() as usize;
    format!(".{fraction:0width$}").trim_end_matches('0').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::unix_seconds;

    #[test]
    fn dates_are_those_that_the_reader_of_text_understands() {
        for days in (-719_468..2_932_896).step_by(97).chain([-1, 0, 59, 60, 11_016, 11_017, 19_782]) {
            let text = date(days);
            assert_eq!(unix_seconds(&text), Some(86_400.0 * days as f64), "{days} {text}");
        }
        assert_eq!(time(1_700_000_000_250, 1000), "2023-11-14T22:13:20.25");
        assert_eq!(time(-1, 1_000_000_000), "1969-12-31T23:59:59.999999999");
        assert_eq!(time(0, 1), "1970-01-01T00:00:00");
    }
}
