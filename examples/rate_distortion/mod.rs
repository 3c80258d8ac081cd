//! Rate-distortion curves: comparison, printing, CSV.

use ndarray::Array2;

/// Quantizer steps in grey levels, and rates of the comparison in bits per pixel.
pub(crate) const STEPS: [f64; 8] = [4.0, 8.0, 12.0, 18.0, 27.0, 40.0, 60.0, 90.0];
const RATES: [f64; 4] = [0.25, 0.5, 1.0, 1.5];

/// Bits per pixel and PSNR in dB for each step.
pub(crate) type Curve = Vec<(f64, f64)>;

/// Peak signal-to-noise ratio of 8-bit grey levels, dB.
pub(crate) fn psnr(photo: &Array2<f64>, back: &Array2<f64>) -> f64 {
    let squares = (photo - back).mapv(|error| error * error).sum() / photo.len() as f64;
    10.0 * (255.0 * 255.0 / squares.max(1e-10)).log10()
}

/// PSNR at a rate, interpolated linearly in the logarithm of the rate; none outside the curve.
fn at_rate(curve: &Curve, rate: f64) -> Option<f64> {
    curve.windows(2).find_map(|pair| {
        let [(more, better), (less, worse)] = [pair[0], pair[1]];
        let inside = (less..=more).contains(&rate) && more > less;
        inside.then(|| worse + (better - worse) * (rate / less).ln() / (more / less).ln())
    })
}

/// Mean difference in dB at the rates that both curves cover, as in Bjøntegaard (2001) but at four
/// points and without a cubic fit.
pub(crate) fn gain(curve: &Curve, than: &Curve) -> Option<f64> {
    let differences: Vec<f64> =
        RATES.iter().filter_map(|&rate| Some(at_rate(curve, rate)? - at_rate(than, rate)?)).collect();
    (!differences.is_empty()).then(|| differences.iter().sum::<f64>() / differences.len() as f64)
}

/// Prints all points of all curves.
pub(crate) fn print_curves(curves: &[(&str, Curve)]) {
    print!("\nstep: bits per pixel, PSNR\n{:<28}", "");
    STEPS.iter().for_each(|step| print!(" {step:>12}"));
    for (name, curve) in curves {
        print!("\n{name:<28}");
        curve.iter().for_each(|(bits, db)| print!("  {bits:.3}  {db:>4.1}"));
    }
    println!();
}

/// Prints the curves at equal rates and their mean difference from the first.
pub(crate) fn print_gains(curves: &[(&str, Curve)]) {
    print!("\nPSNR in dB at bits per pixel\n{:<28}", "");
    RATES.iter().for_each(|rate| print!(" {rate:>7}"));
    print!("   over DCT");
    for (name, curve) in curves {
        print!("\n{name:<28}");
        RATES.iter().for_each(|&rate| match at_rate(curve, rate) {
            Some(db) => print!(" {db:>7.2}"),
            None => print!(" {:>7}", "-"),
        });
        gain(curve, &curves[0].1).iter().for_each(|gain| print!("   {gain:>+8.2}"));
    }
    println!();
}

/// The points as CSV.
pub(crate) fn as_csv(curves: &[(&str, Curve)]) -> String {
    let mut table = "transform,step,bits_per_pixel,psnr_db\n".to_owned();
    for (name, curve) in curves {
        for ((bits, db), step) in curve.iter().zip(STEPS) {
            table += &format!("\"{name}\",{step},{bits},{db}\n");
        }
    }
    table
}
