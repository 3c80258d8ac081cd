//! Kernels of convolutions and their frequency responses.

use anyhow::Result;
use pdmap_conv::kernels_of;
use pdmap_core::Real;
use pdmap_report::{Figure, Section};
use pdmap_train::Model;

use crate::model::kernel_plots::{responses, shapes};

/// Maximum number of convolutions shown.
const SHOWN: usize = 3;

/// The section; none if no layer of the top-level chain is a convolution.
pub(super) fn section<F: Real>(model: &Model<F>) -> Result<Option<Section>> {
    let mut section = Section { heading: "Learned kernels".into(), ..Section::default() };
    let mut found = 0;
    for (index, layer) in model.flow.chain().layers().iter().enumerate() {
        let Some(kernels) = kernels_of(layer.as_ref())? else { continue };
        found += 1;
        if found > SHOWN {
            continue;
        }
        section.figures.push(Figure {
            title: format!("Layer {index}: kernels"),
            caption: format!(
                "{} taps; paraunitary residual {:.1e} (0 for an orthonormal bank).",
                kernels
                    .taps()
                    .iter()
                    .filter(|&&taps| taps > 1)
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" × "),
                kernels.residual()
            ),
            svg: shapes(&kernels, "")?,
        });
        section.figures.push(Figure {
            title: format!("Layer {index}: frequency responses"),
            caption: String::new(),
            svg: responses(&kernels, "")?,
        });
    }
    if found > SHOWN {
        section.paragraphs =
            vec![format!("The first {SHOWN} of {found} convolutions. Use `pdmap kernels --layer` for the others.")];
    }
    Ok((found > 0).then_some(section))
}
