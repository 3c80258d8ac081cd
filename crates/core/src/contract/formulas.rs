//! The update formulas, one chunk at a time. `p` is the parameter (or empty); `d` is the direction
//! on entry and the step on return.

use crate::Real;

/// `p ← p + d`, if there is a parameter.
#[inline(always)]
fn add<F: Real>(p: &mut [F], d: &[F]) {
    p.iter_mut().zip(d).for_each(|(p, &d)| *p += d);
}

/// `d ← η d`.
#[inline(always)]
pub(crate) fn sgd<F: Real>(p: &mut [F], d: &mut [F], rate: F) {
    d.iter_mut().for_each(|d| *d *= rate);
    add(p, d);
}

/// `v ← β v + d`, `d ← η v` (heavy ball); Nesterov: `d ← η (d + β v)`.
#[inline(always)]
pub(crate) fn momentum<F: Real>(p: &mut [F], d: &mut [F], v: &mut [F], rate: F, beta: F, nesterov: bool) {
    for (d, v) in d.iter_mut().zip(v) {
        *v = beta * *v + *d;
        *d = rate * if nesterov { *d + beta * *v } else { *v };
    }
    add(p, d);
}

/// Adam (Kingma & Ba 2015, algorithm 1): `m ← β₁m + (1−β₁)d`, `v ← β₂v + (1−β₂)d²`,
/// `d ← η m̂/(√v̂ + ε)`. `scale` is `η/(1−β₁ᵗ)` and `root` is `1/√(1−β₂ᵗ)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Adam<F> {
    pub(crate) beta1: F,
    pub(crate) beta2: F,
    pub(crate) epsilon: F,
    pub(crate) scale: F,
    pub(crate) root: F,
}

impl<F: Real> Adam<F> {
    #[inline(always)]
    pub(crate) fn chunk(&self, p: &mut [F], d: &mut [F], m: &mut [F], v: &mut [F]) {
        let (one, Self { beta1, beta2, epsilon, scale, root }) = (F::one(), self);
        let step = |d: &mut F, m: &mut F, v: &mut F| {
            *m = *beta1 * *m + (one - *beta1) * *d;
            *v = *beta2 * *v + (one - *beta2) * *d * *d;
            *d = *scale * *m / (num_traits::Float::sqrt(*v) * *root + *epsilon);
        };
        if p.len() == d.len() {
            for (((p, d), m), v) in p.iter_mut().zip(d).zip(m).zip(v) {
                step(d, m, v);
                *p += *d;
            }
        } else {
            for ((d, m), v) in d.iter_mut().zip(m).zip(v) {
                step(d, m, v);
            }
        }
    }
}

/// SMORMS3 (Funk 2015, "RMSprop loses to SMORMS3 — beware the epsilon!"): `r = 1/(mem + 1)`,
/// running means `g` and `g₂` with weight `r`, `x = g²/(g₂ + ε)`, `mem ← 1 + mem (1 − x)`, step
/// `d·min(η, x)/(√g₂ + ε)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Smorms3<F> {
    pub(crate) rate: F,
    pub(crate) epsilon: F,
}

impl<F: Real> Smorms3<F> {
    #[inline(always)]
    pub(crate) fn chunk(&self, p: &mut [F], d: &mut [F], mem: &mut [F], g: &mut [F], g2: &mut [F]) {
        let (one, Self { rate, epsilon }) = (F::one(), *self);
        for (((d, mem), g), g2) in d.iter_mut().zip(mem).zip(g).zip(g2) {
            let r = one / (*mem + one);
            *g = (one - r) * *g + r * *d;
            *g2 = (one - r) * *g2 + r * *d * *d;
            let x = *g * *g / (*g2 + epsilon);
            *mem = one + *mem * (one - x);
            *d = *d * if x < rate { x } else { rate } / (num_traits::Float::sqrt(*g2) + epsilon);
        }
        add(p, d);
    }
}
