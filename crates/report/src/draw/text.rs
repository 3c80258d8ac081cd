//! Text in plots: estimated width, line breaks, number formatting.

/// Estimated width in pixels of `text` at font size `size` in a common sans-serif face. The font of
/// an SVG is unknown, so the estimate errs on the wide side.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    let ems: f64 = text
        .chars()
        .map(|c| match c {
            'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' => 0.32,
            ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' => 0.4,
            'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.92,
            'A'..='Z' => 0.7,
            c if u32::from(c) >= 0x1100 => 1.0,
            _ => 0.59,
        })
        .sum();
    ems * size
}

/// Breaks `text` into lines no wider than `limit` pixels, at spaces if possible, otherwise inside
/// words. Never empty.
pub(crate) fn wrap(text: &str, size: f64, limit: f64) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_whitespace() {
        let joined = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
        if width(&joined, size) <= limit {
            line = joined;
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        for c in word.chars() {
            line.push(c);
            if width(&line, size) > limit && line.chars().count() > 1 {
                line.pop();
                lines.push(std::mem::replace(&mut line, c.to_string()));
            }
        }
    }
    lines.push(line);
    lines
}

/// Replaces characters that XML 1.0 does not allow (control characters and the two noncharacters of
/// the basic plane) with U+FFFD, and line breaks with spaces.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}') => '\u{FFFD}',
            c => c,
        })
        .collect()
}

/// Escapes `text` for an XML attribute or element.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// Formats `value` with the decimals that a resolution of `step` requires, `max(0, −⌊log₁₀ step⌋)`,
/// and a true minus sign. Magnitudes from 10⁷ and steps below 10⁻⁶ are written as `m×10ⁿ`.
///
/// `number(-1.25, 0.01)` is `−1.25`; a value that is not finite is `—`.
pub fn number(value: f64, step: f64) -> String {
    if !value.is_finite() {
        return "—".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    let step = step.abs();
    let usable = step.is_finite() && step > 0.0;
    // The offset keeps 0.001, whose computed logarithm is just under −3, at 3 decimals.
    let place = if usable { (step.log10() + 1e-9).floor() } else { value.abs().log10().floor() - 3.0 };
    let text = if value.abs() >= 1e7 || place < -6.0 {
        let digits = (value.abs().log10().floor() - place).clamp(0.0, 6.0);
        scientific(value, digits as usize)
    } else {
        format!("{value:.*}", (-place).max(0.0) as usize)
    };
    let text = match text.strip_prefix('-') {
        // A negative value that rounds to zero must not read as minus zero.
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        Some(rest) => format!("−{rest}"),
        None => text,
    };
    text.replace("e-", "e−")
}

fn scientific(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$e}");
    let Some((mantissa, exponent)) = text.split_once('e') else {
        return text;
    };
    let mantissa = if mantissa.contains('.') { mantissa.trim_end_matches('0').trim_end_matches('.') } else { mantissa };
    let power = power_of_ten(exponent.parse().unwrap_or(0));
    match mantissa {
        "1" => power,
        "-1" => format!("-{power}"),
        m => format!("{m}×{power}"),
    }
}

/// `10ⁿ` with the exponent in superscript digits.
pub(crate) fn power_of_ten(exponent: i32) -> String {
    let plain = exponent.to_string();
    let superscript = plain.chars().map(|c| match c {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        '4' => '⁴',
        '5' => '⁵',
        '6' => '⁶',
        '7' => '⁷',
        '8' => '⁸',
        '9' => '⁹',
        _ => '⁰',
    });
    format!("10{}", superscript.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_decimals_of_their_step() {
        assert_eq!(number(-1.25, 0.01), "−1.25");
        assert_eq!(number(1.0, 0.001), "1.000");
        assert_eq!(number(1500.0, 500.0), "1500");
        assert_eq!(number(-0.0001, 0.1), "0.0");
        assert_eq!(number(0.0, 0.1), "0");
        assert_eq!(number(2.5e9, 1e8), "2.5×10⁹");
        assert_eq!(number(1e-9, 1e-9), "10⁻⁹");
        assert_eq!(number(-1e8, 1e8), "−10⁸");
        assert_eq!(number(f64::NAN, 0.1), "—");
    }

    #[test]
    fn wrapping_keeps_every_character_and_the_limit() {
        let text = "a line of words and-one-very-long-word-without-any-space";
        let lines = wrap(text, 10.0, 80.0);
        assert!(lines.len() > 3);
        assert!(lines.iter().all(|l| width(l, 10.0) <= 80.0), "{lines:?}");
        let joined: String = lines.concat();
        assert_eq!(joined.replace(' ', ""), text.replace(' ', ""));
    }

    #[test]
    fn characters_invalid_in_xml_are_replaced() {
        assert_eq!(printable("a\u{0}b\nc\u{FFFF}"), "a\u{FFFD}b c\u{FFFD}");
        assert_eq!(escape("<a & 'b'>"), "&lt;a &amp; &#39;b&#39;&gt;");
    }
}
