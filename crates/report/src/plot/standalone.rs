//! A plot as a standalone file.

/// The rules that a surrounding page would provide: dark text on light, light text on dark.
const STYLE: &str = "<style>svg{color:#1f2328}@media (prefers-color-scheme:dark){svg{color:#e6edf3}}</style>";

/// The SVG of a plot for a separate file: text and axes follow the reader's light or dark theme
/// instead of the page's colour.
pub fn standalone(svg: &str) -> String {
    match svg.find('>') {
        Some(end) => format!("{}{STYLE}{}", &svg[..=end], &svg[end + 1..]),
        None => svg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_style_comes_first_inside_the_root() {
        let svg = standalone("<svg width=\"1\"><text>a</text></svg>");
        assert!(svg.starts_with("<svg width=\"1\"><style>") && svg.ends_with("</style><text>a</text></svg>"));
    }
}
