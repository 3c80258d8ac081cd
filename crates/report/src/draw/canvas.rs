//! The drawing surface: plotters' SVG backend, with theming.
//!
//! Lengths are in plot pixels. The backend draws on an integer grid, so the canvas uses ten units
//! per pixel. The backend supports neither `currentColor` nor dashes, so the canvas draws each
//! [`Paint`] in a placeholder colour and replaces it in the finished SVG.

use plotters::coord::Shift;
use plotters::prelude::{
    Circle, Color, DrawingArea, IntoDrawingArea, IntoTextStyle, PathElement, Polygon, RGBColor, SVGBackend, ShapeStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::clip::{Point, Rect};
use super::text;
use crate::error::ReportError;

/// Backend units per plot pixel.
const UNITS: f64 = 10.0;

/// Width of every plot in plot pixels: narrow enough that text stays readable on a 360 px phone.
pub(crate) const WIDTH: f64 = 440.0;

/// Colour, opacity and dash pattern of a shape.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Paint {
    /// `currentColor` or `#RRGGBB`.
    color: &'static str,
    /// From 0 to 1.
    opacity: f64,
    /// In plot pixels; empty means solid.
    dash: &'static [f64],
}

impl Paint {
    /// Solid paint in `color`.
    pub(crate) fn new(color: &'static str) -> Self {
        Self { color, opacity: 1.0, dash: &[] }
    }

    /// The colour of the surrounding text.
    pub(crate) fn ink() -> Self {
        Self::new("currentColor")
    }

    pub(crate) fn opacity(mut self, opacity: f64) -> Self {
        self.opacity = opacity;
        self
    }

    pub(crate) fn dash(mut self, dash: &'static [f64]) -> Self {
        self.dash = dash;
        self
    }

    fn attributes(&self, kind: &str) -> String {
        let mut out = format!("{kind}=\"{}\"", self.color);
        if self.opacity < 1.0 {
            out += &format!(" {kind}-opacity=\"{}\"", self.opacity);
        }
        if kind == "stroke" {
            if !self.dash.is_empty() {
                let lengths: Vec<String> = self.dash.iter().map(|d| (d * UNITS).to_string()).collect();
                out += &format!(" stroke-dasharray=\"{}\"", lengths.join(" "));
            }
            out += " stroke-linejoin=\"round\"";
        }
        out
    }
}

/// The anchor of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Start,
    Middle,
    End,
}

/// The surface passed to the drawing function of [`draw`].
pub(crate) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
    paints: Vec<Paint>,
    /// Raster pictures, drawn below everything else.
    pictures: Vec<String>,
    failure: Option<String>,
}

fn units(length: f64) -> i32 {
    (length * UNITS).round() as i32
}

fn grid(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().map(|p| (units(p.0), units(p.1))).collect()
}

impl Canvas<'_> {
    /// The placeholder colour of `paint`.
    fn stand_in(&mut self, paint: Paint) -> RGBColor {
        let index = match self.paints.iter().position(|p| *p == paint) {
            Some(index) => index,
            None => {
                self.paints.push(paint);
                self.paints.len() - 1
            }
        };
        RGBColor(0xFE, (index >> 8) as u8, index as u8)
    }

    /// Remembers the first error, which [`draw`] returns.
    fn note<E: std::fmt::Display>(&mut self, result: Result<(), E>) {
        if let (Err(e), None) = (result, &self.failure) {
            self.failure = Some(e.to_string());
        }
    }

    /// An open polyline through `points`, `width` pixels thick.
    pub(crate) fn path(&mut self, points: &[Point], width: f64, paint: Paint) {
        let style = ShapeStyle {
            color: self.stand_in(paint).to_rgba(),
            filled: false,
            stroke_width: units(width).unsigned_abs(),
        };
        let result = self.area.draw(&PathElement::new(grid(points), style));
        self.note(result);
    }

    /// A filled polygon.
    pub(crate) fn polygon(&mut self, points: &[Point], paint: Paint) {
        let style = self.stand_in(paint).filled();
        let result = self.area.draw(&Polygon::new(grid(points), style));
        self.note(result);
    }

    /// A filled circle.
    pub(crate) fn disc(&mut self, center: Point, radius: f64, paint: Paint) {
        let style = self.stand_in(paint).filled();
        let center = (units(center.0), units(center.1));
        let result = self.area.draw(&Circle::new(center, units(radius), style));
        self.note(result);
    }

    /// A raster picture (a data URI) that fills `rect`, below everything else. Each of its pixels
    /// is a rectangle.
    pub(crate) fn picture(&mut self, rect: Rect, uri: &str) {
        let [x, y] = [rect.left, rect.top].map(units);
        let [width, height] = [rect.right - rect.left, rect.bottom - rect.top].map(units);
        self.pictures.push(format!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
             style=\"image-rendering:pixelated\" href=\"{uri}\"/>\n"
        ));
    }

    /// A line of text, vertically centred at `at`.
    pub(crate) fn text(&mut self, line: &str, at: Point, size: f64, anchor: Anchor, paint: Paint) {
        let h_pos = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        // The backend divides font sizes by 1.24.
        let font = ("sans-serif", size * UNITS * 1.24);
        let color = self.stand_in(paint);
        let style = font.into_text_style(&self.area).pos(Pos::new(h_pos, VPos::Center)).color(&color);
        let at = (units(at.0), units(at.1));
        let result = self.area.draw_text(&text::printable(line), &style, at);
        self.note(result);
    }
}

/// Draws a plot of [`WIDTH`] by `height` pixels and returns its SVG, without background, sized by
/// its container, with `label` as its accessible name.
pub(crate) fn draw(height: f64, label: &str, paint: impl FnOnce(&mut Canvas<'_>)) -> Result<String, ReportError> {
    let (w, h) = (units(WIDTH).unsigned_abs(), units(height).unsigned_abs());
    let mut svg = String::new();
    let (paints, pictures, failure) = {
        let mut canvas = Canvas {
            area: SVGBackend::with_string(&mut svg, (w, h)).into_drawing_area(),
            paints: Vec::new(),
            pictures: Vec::new(),
            failure: None,
        };
        paint(&mut canvas);
        let presented = canvas.area.present();
        canvas.note(presented);
        (canvas.paints, canvas.pictures, canvas.failure)
    };
    match failure {
        Some(message) => Err(ReportError::Draw { width: w, height: h, message }),
        None => Ok(exchange(&svg, &paints, &pictures.concat(), (w, h), label)),
    }
}

/// Replaces placeholder colours with their paints and the backend's root element with a responsive
/// one. Text content cannot match, because its quotes are escaped.
fn exchange(svg: &str, paints: &[Paint], pictures: &str, (w, h): (u32, u32), label: &str) -> String {
    let label = text::escape(&text::printable(label));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w} {h}\" width=\"100%\" \
         role=\"img\" aria-label=\"{label}\" font-family=\"system-ui, sans-serif\">"
    );
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let mut body = body.replace(" opacity=\"1\"", "").replace(" font-family=\"sans-serif\"", "");
    for (index, paint) in paints.iter().enumerate() {
        for kind in ["stroke", "fill"] {
            let stand_in = format!("{kind}=\"#FE{index:04X}\"");
            body = body.replace(&stand_in, &paint.attributes(kind));
        }
    }
    out += pictures;
    out += &body;
    out
}
