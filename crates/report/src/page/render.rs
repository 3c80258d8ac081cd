//! Pages: self-contained HTML files.

use minijinja::{AutoEscape, Environment, Value, context};

use super::table::Table;
use crate::draw::text::printable;
use crate::error::ReportError;
use crate::plot::heat_map::{self, HeatMap};
use crate::plot::interval_plot::{self, IntervalPlot};
use crate::plot::line_plot::{self, LinePlot};
use crate::plot::pairs::{self, PairPlot};
use crate::plot::pictures::{self, Pictures};

/// A plot with its heading and caption.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Figure {
    /// Heading above the plot; empty for none.
    pub title: String,
    /// Caption below the plot; empty for none.
    pub caption: String,
    /// The SVG of [`line_plot`](crate::line_plot()) or another plot. It is inserted verbatim, the
    /// only unescaped text of a page.
    pub svg: String,
}

impl Figure {
    /// Draws `plot` with its title as the figure's heading. In the SVG the title is only the
    /// accessible name.
    ///
    /// # Errors
    ///
    /// Those of [`line_plot`](crate::line_plot()).
    pub fn of_lines(plot: &LinePlot, caption: &str) -> Result<Self, ReportError> {
        let svg = line_plot::titled(plot, false)?;
        Ok(Self { title: plot.title.clone(), caption: caption.to_owned(), svg })
    }

    /// Draws `plot` with its title as the figure's heading. In the SVG the title is only the
    /// accessible name.
    ///
    /// # Errors
    ///
    /// Those of [`interval_plot`](crate::interval_plot()).
    pub fn of_intervals(plot: &IntervalPlot, caption: &str) -> Result<Self, ReportError> {
        let svg = interval_plot::titled(plot, false)?;
        Ok(Self { title: plot.title.clone(), caption: caption.to_owned(), svg })
    }

    /// Draws `map` in the same way.
    ///
    /// # Errors
    ///
    /// Those of [`heat_map`](crate::heat_map()).
    pub fn of_heat_map(map: &HeatMap, caption: &str) -> Result<Self, ReportError> {
        let svg = heat_map::titled(map, false)?;
        Ok(Self { title: map.title.clone(), caption: caption.to_owned(), svg })
    }

    /// Draws `plot` in the same way.
    ///
    /// # Errors
    ///
    /// Those of [`pair_plot`](crate::pair_plot()).
    pub fn of_pairs(plot: &PairPlot, caption: &str) -> Result<Self, ReportError> {
        let svg = pairs::titled(plot, false)?;
        Ok(Self { title: plot.title.clone(), caption: caption.to_owned(), svg })
    }

    /// Draws `grid` in the same way.
    ///
    /// # Errors
    ///
    /// Those of [`pictures`](crate::pictures()).
    pub fn of_pictures(grid: &Pictures, caption: &str) -> Result<Self, ReportError> {
        let svg = pictures::titled(grid, false)?;
        Ok(Self { title: grid.title.clone(), caption: caption.to_owned(), svg })
    }
}

/// A section of a page: paragraphs, then the table, the figures, the facts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// Heading of the section.
    pub heading: String,
    /// Paragraphs of plain text.
    pub paragraphs: Vec<String>,
    /// A table.
    pub table: Option<Table>,
    /// Figures, side by side if space permits.
    pub figures: Vec<Figure>,
    /// Terms and their values: settings, versions, sizes.
    pub facts: Vec<(String, String)>,
}

/// A page: the verdict, then the sections.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// Title of the page.
    pub title: String,
    /// The result, in sentences; the first is shown largest.
    pub verdict: Vec<String>,
    /// The sections, in order.
    pub sections: Vec<Section>,
    /// The origin of the page, for example the program, its version and arguments.
    pub generated_by: String,
}

impl Page {
    /// Renders the page as one HTML file with inline styles, without scripts or external resources
    /// (enforced by a content security policy), in light or dark according to the reader's
    /// preference. All text is escaped.
    ///
    /// # Errors
    ///
    /// [`ReportError::RaggedRow`] and [`ReportError::NoBestRow`] for an inconsistent table;
    /// [`ReportError::Template`] if rendering fails.
    pub fn render(&self) -> Result<String, ReportError> {
        for table in self.sections.iter().filter_map(|s| s.table.as_ref()) {
            table.check()?;
        }
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        let template = environment.template_from_str(include_str!("page.html"))?;
        let sections: Vec<Value> = self.sections.iter().map(section_value).collect();
        Ok(template.render(context! {
            title => printable(&self.title),
            style => Value::from_safe_string(include_str!("page.css").to_owned()),
            verdict => list(&self.verdict),
            sections => sections,
            generated_by => printable(&self.generated_by),
        })?)
    }
}

fn list(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|t| printable(t).into()).collect()
}

fn section_value(section: &Section) -> Value {
    let figures: Vec<Value> = section
        .figures
        .iter()
        .map(|figure| {
            context! {
                title => printable(&figure.title),
                caption => printable(&figure.caption),
                svg => Value::from_safe_string(figure.svg.clone()),
            }
        })
        .collect();
    let facts: Vec<Value> = section
        .facts
        .iter()
        .map(|(term, fact)| context! { term => printable(term), fact => printable(fact) })
        .collect();
    context! {
        heading => printable(&section.heading),
        paragraphs => list(&section.paragraphs),
        table => section.table.as_ref().map(table_value),
        figures => figures,
        facts => facts,
    }
}

fn table_value(table: &Table) -> Value {
    let numeric = table.numeric_columns();
    let cells = |texts: &[String]| -> Vec<Value> {
        texts
            .iter()
            .zip(&numeric)
            .map(|(text, numeric)| context! { text => printable(text), numeric => *numeric })
            .collect()
    };
    let badge = if table.best.len() > 1 { "best (alike)" } else { "best" };
    let rows: Vec<Value> = table
        .rows
        .iter()
        .enumerate()
        .map(|(index, row)| context! { badge => table.best.contains(&index).then_some(badge), cells => cells(row) })
        .collect();
    context! {
        caption => printable(&table.caption),
        header => cells(&table.header),
        rows => rows,
        note => printable(&table.note),
    }
}
