//! Encodes pixels as a PNG data URI.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::ReportError;

/// Red, green, blue and opacity of a pixel.
pub(crate) type Pixel = [u8; 4];

/// A picture of `width × height` pixels, row by row from the top, as a `data:` URI.
pub(crate) fn data_uri((width, height): (usize, usize), pixels: &[Pixel]) -> Result<String, ReportError> {
    let (w, h) = (width.min(u32::MAX as usize) as u32, height.min(u32::MAX as usize) as u32);
    let failed = |error: png::EncodingError| ReportError::Draw { width: w, height: h, message: error.to_string() };
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, w, h);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(failed)?;
    writer.write_image_data(pixels.as_flattened()).map_err(failed)?;
    writer.finish().map_err(failed)?;
    Ok(format!("data:image/png;base64,{}", STANDARD.encode(file)))
}
