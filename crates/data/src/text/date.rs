//! Dates and times as seconds since 1970.

const DAY: i64 = 86_400;

/// The seconds from 1970-01-01 00:00:00 UTC to an ISO 8601 date (`2024-02-29`) or date and time
/// (`2024-02-29T12:00:00.5+01:00`; a blank may replace the `T`, seconds and zone may be missing).
/// Without a zone the time is taken as UTC. `None` for anything else.
pub(crate) fn unix_seconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let (date, time) = (text.get(..10)?, text.get(10..)?);
    let [year, month, day] = [date.get(..4)?, date.get(5..7)?, date.get(8..)?].map(digits);
    if date.as_bytes().get(4) != Some(&b'-') || date.as_bytes().get(7) != Some(&b'-') {
        return None;
    }
    let midnight = DAY * days(year?, month?, day?)?;
    if time.is_empty() {
        return Some(midnight as f64);
    }
    let time = time.strip_prefix(['T', 't', ' '])?;
    let (clock, zone) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => (time.get(..at)?, zone_seconds(time.get(at..)?)?),
        None => (time, 0),
    };
    let clock = clock.trim_end();
    let (whole, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let fits = |part: &str, most: i64| digits(part).filter(|&value| part.len() == 2 && value <= most);
    let mut parts = whole.split(':');
    let (hour, minute) = (fits(parts.next()?, 23)?, fits(parts.next()?, 59)?);
    // 60 is a leap second.
    let second = parts.next().map_or(Some(0), |part| fits(part, 60))?;
    if parts.next().is_some() || digits(fraction).is_none() {
        return None;
    }
    let seconds = midnight + 3600 * hour + 60 * minute + second - zone;
    if seconds < 0 {
        return format!("0.{fraction}").parse::<f64>().ok().map(|fraction| seconds as f64 + fraction);
    }
    // Through the decimal text, so that the number is rounded once.
    format!("{seconds}.{fraction}").parse().ok()
}

/// A number of at most 18 digits without a sign.
fn digits(text: &str) -> Option<i64> {
    let plain = (1..=18).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// `Z`, `+HH:MM`, `+HHMM` or `+HH`.
fn zone_seconds(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let rest = text.get(1..)?;
    let minutes = match rest.len() {
        2 => "0",
        4 => rest.get(2..)?,
        5 => rest.get(2..)?.strip_prefix(':')?,
        _ => return None,
    };
    Some(sign * (3600 * digits(rest.get(..2)?)? + 60 * digits(minutes)?))
}

/// Days from 1970-01-01 in the Gregorian calendar. Years start in March, so that the leap day is
/// the last one.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(leap),
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = 365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    Some(before + (153 * month + 2) / 5 + day - 1 - 719_468)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_are_seconds_since_1970() {
        for (text, seconds) in [
            ("1970-01-01", 0.0),
            ("2000-02-29", 951_782_400.0),
            ("2023-11-14T22:13:20Z", 1.7e9),
            ("2023-11-14 22:13:20", 1.7e9),
            (" 2023-11-14 22:13:20.25 ", 1_700_000_000.25),
            ("2023-11-14T23:13:20+01:00", 1.7e9),
            ("2023-11-14T17:13:20-0500", 1.7e9),
            ("2023-11-15 00:13:20 +02", 1.7e9),
            ("2023-11-14 22:13", 1_699_999_980.0),
            ("1969-12-31 23:59:59.5", -0.5),
            ("0000-03-01", -62_162_035_200.0),
        ] {
            assert_eq!(unix_seconds(text), Some(seconds), "{text}");
        }
        for text in [
            "",
            "2023",
            "2023-02-29",
            "2023-13-01",
            "2023-00-10",
            "2023-1-01",
            "2023/01/01",
            "20230101",
            "1900-02-29",
            "2023-01-01 ",
            "2023-01-01X10:00",
            "2023-01-01 24:00",
            "2023-01-01 10",
            "2023-01-01 10:00:61",
            "2023-01-01 1:00",
            "2023-01-01 10:00:00.",
            "2023-01-01 10:00:00+1",
            "ä023-01-011",
            "+023-01-01",
        ] {
            // Surrounding blanks are ignored.
            assert_eq!(unix_seconds(text).is_some(), text == "2023-01-01 ", "{text}");
        }
    }
}
