//! Tails and quantiles of the standard normal distribution as operators, in double precision. ONNX
//! has no quantile function, and no error function in double precision.

// The constants stand as they were published.
#![allow(clippy::excessive_precision)]

use std::f64::consts::LN_2;

use pdmap_core::special::normal::HALF_LOG_2PI;

use crate::graph::Value;

/// The rational functions of algorithm AS 241, PPND16 (Wichura 1988, "The percentage points of the
/// normal distribution", Applied Statistics 37, 477–484): numerator and denominator, each from the
/// constant on, for the middle, the near tail and the far tail.
const MIDDLE: [[f64; 8]; 2] = [
    [
        3.387_132_872_796_366_608,
        1.331_416_678_917_843_774_5e2,
        1.971_590_950_306_551_442_7e3,
        1.373_169_376_550_946_112_5e4,
        4.592_195_393_154_987_145_7e4,
        6.726_577_092_700_870_085_3e4,
        3.343_057_558_358_812_810_5e4,
        2.509_080_928_730_122_672_7e3,
    ],
    [
        1.0,
        4.231_333_070_160_091_125_2e1,
        6.871_870_074_920_579_083e2,
        5.394_196_021_424_751_107_7e3,
        2.121_379_430_158_659_586_7e4,
        3.930_789_580_009_271_061e4,
        2.872_908_573_572_194_267_4e4,
        5.226_495_278_852_854_561e3,
    ],
];
const NEAR: [[f64; 8]; 2] = [
    [
        1.423_437_110_749_683_577_34,
        4.630_337_846_156_545_295_9,
        5.769_497_221_460_691_405_5,
        3.647_848_324_763_204_605_04,
        1.270_458_252_452_368_382_58,
        2.417_807_251_774_506_117_7e-1,
        2.272_384_498_926_918_458_33e-2,
        7.745_450_142_783_414_076_4e-4,
    ],
    [
        1.0,
        2.053_191_626_637_758_821_87,
        1.676_384_830_183_803_849_4,
        6.897_673_349_851_000_045_5e-1,
        1.481_039_764_274_800_745_9e-1,
        1.519_866_656_361_645_719_66e-2,
        5.475_938_084_995_344_946e-4,
        1.050_750_071_644_416_843_24e-9,
    ],
];
const FAR: [[f64; 8]; 2] = [
    [
        6.657_904_643_501_103_777_2,
        5.463_784_911_164_114_369_9,
        1.784_826_539_917_291_335_8,
        2.965_605_718_285_048_912_3e-1,
        2.653_218_952_657_612_309_3e-2,
        1.242_660_947_388_078_438_6e-3,
        2.711_555_568_743_487_578_15e-5,
        2.010_334_399_292_288_132_65e-7,
    ],
    [
        1.0,
        5.998_322_065_558_879_376_9e-1,
        1.369_298_809_227_358_053_1e-1,
        1.487_536_129_085_061_485_25e-2,
        7.868_691_311_456_132_591e-4,
        1.846_318_317_510_054_681_8e-5,
        1.421_511_758_316_445_888_7e-7,
        2.044_263_103_389_939_785_64e-15,
    ],
];

/// Ranges of the rational functions: of `½ − p`, and of `√(−log p)`.
const MIDDLE_END: f64 = 0.425;
const NEAR_END: f64 = 5.0;
const FAR_END: f64 = 27.0;

/// Fixed-point steps beyond, where each leaves about 1/z² < 1/1400 of the error.
const STEPS: usize = 4;

/// Beyond this, the series of Mills' ratio has full precision.
const SERIES: f64 = 30.0;

/// `log φ(z) = −z²/2 − ½ log 2π`.
pub(crate) fn log_density(z: Value<'_>) -> Value<'_> {
    -0.5 * z.square() - HALF_LOG_2PI
}

/// The `z ≥ 0` with `log P(Z > z) = log_p`, for `log_p ≤ log ½`.
pub(crate) fn tail_quantile(log_p: Value<'_>) -> Value<'_> {
    let log_p = log_p.min(log_p.like(-LN_2));
    let q = 0.5 - log_p.exp();
    let r = (-log_p).sqrt();
    let z_middle = q * ratio(MIDDLE, MIDDLE_END * MIDDLE_END - q.square());
    let z_near = ratio(NEAR, r - 1.6);
    // The far function is evaluated in its range alone, so that nothing overflows.
    let z_far = ratio(FAR, r.min(r.like(FAR_END)) - NEAR_END);
    let mut z_beyond = (-2.0 * log_p).sqrt();
    for _ in 0..STEPS {
        z_beyond = (-2.0 * log_p - 2.0 * HALF_LOG_2PI - 2.0 * z_beyond.ln() + 2.0 * log_mills(z_beyond)).sqrt();
    }
    let limit = |end: f64| r.like(end);
    let tail = r.less(limit(NEAR_END)).select(z_near, r.less(limit(FAR_END)).select(z_far, z_beyond));
    q.less(q.like(MIDDLE_END)).select(z_middle, tail)
}

fn ratio([above, below]: [[f64; 8]; 2], r: Value<'_>) -> Value<'_> {
    r.polynomial(&above) / r.polynomial(&below)
}

/// `log φ(z) − log P(Z > z)` for `z ≥ 0` with the given `log P(Z > z)`. Far out, where the difference
/// loses its digits, by the series of Mills' ratio.
pub(crate) fn log_hazard<'g>(z: Value<'g>, log_p: Value<'g>) -> Value<'g> {
    let far = z.max(z.like(SERIES));
    z.less(z.like(SERIES)).select(log_density(z) - log_p, far.ln() - log_mills(far))
}

/// `log(1 − 1/z² + 3/z⁴ − 15/z⁶ + …)` (Abramowitz & Stegun 1964, 26.2.12).
fn log_mills(z: Value<'_>) -> Value<'_> {
    let r = 1.0 / z.square();
    (1.0 + r * r.polynomial(&[-1.0, 3.0, -15.0, 105.0, -945.0, 10_395.0])).ln()
}
