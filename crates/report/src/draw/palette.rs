//! Colours and dash patterns of the series.

/// Colours in the order in which arms use them. The hues follow the Okabe–Ito set (distinguishable
/// under common colour-vision deficiencies); the lightness gives each at least 3:1 contrast on both
/// a white and a near-black page.
const COLORS: [&str; PALETTE_SIZE] = [
    "#0072B2", // blue
    "#D55E00", // vermillion
    "#009E73", // bluish green
    "#BE5F97", // reddish purple
    "#A88200", // ochre
    "#2E96D0", // sky blue
    "#7D7D7D", // grey
];

/// Dash patterns in plot pixels. Five patterns and seven colours make the first 35 arms distinct.
const DASHES: [&[f64]; 5] = [&[], &[7.0, 3.0], &[2.0, 2.5], &[9.0, 2.5, 2.0, 2.5], &[4.0, 2.0]];

/// Number of colours before they repeat with another dash pattern.
pub const PALETTE_SIZE: usize = 7;

/// The colour of palette index `index` (modulo [`PALETTE_SIZE`]) as `#RRGGBB`.
pub fn color(index: usize) -> &'static str {
    COLORS[index % PALETTE_SIZE]
}

/// Red, green and blue of palette index `index`.
pub(crate) fn channels(index: usize) -> [u8; 3] {
    let hex = color(index);
    [1, 3, 5].map(|at| hex.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok()).unwrap_or(0))
}

/// The dash pattern of palette index `index`; empty means a solid line.
pub(crate) fn dash(index: usize) -> &'static [f64] {
    DASHES[index % DASHES.len()]
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    /// Relative luminance according to WCAG 2.
    fn luminance(hex: &str) -> f64 {
        let channel = |i: usize| {
            let v = f64::from(u8::from_str_radix(&hex[i..i + 2], 16).unwrap()) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)
    }

    #[test]
    fn every_colour_has_three_to_one_contrast_on_both_themes() {
        // The backgrounds of figures in page.css.
        let style = include_str!("../page/page.css");
        let cards: Vec<f64> = style
            .lines()
            .filter_map(|line| line.trim().strip_prefix("--card: "))
            .map(|value| luminance(value.trim_end_matches(';')))
            .collect();
        let [light, dark] = cards.as_slice() else {
            panic!("page.css has {} figure backgrounds", cards.len());
        };
        for hex in COLORS {
            let l = luminance(hex);
            let on_light = (light + 0.05) / (l + 0.05);
            let on_dark = (l + 0.05) / (dark + 0.05);
            assert!(on_light >= 3.0, "{hex} on light: {on_light}");
            assert!(on_dark >= 3.0, "{hex} on dark: {on_dark}");
        }
    }

    #[test]
    fn thirty_five_arms_differ() {
        let mut looks: Vec<String> = (0..35).map(|i| format!("{} {:?}", color(i), dash(i))).collect();
        looks.sort();
        looks.dedup();
        assert_eq!(looks.len(), 35);
    }
}
