"""A lapped transform of a sound, and denoising by its small coefficients."""
import numpy as np

from pdmap import conv

rng = np.random.default_rng(4)
t = np.arange(8192) / 8000
sound = np.sin(2 * np.pi * 440 * t) * np.exp(-3 * t) + 0.5 * np.sin(2 * np.pi * 1200 * t)
noisy = sound + 0.1 * rng.normal(size=len(sound))

mdct = conv.bank("mdct", 64)
print(f"coding gain of the LOT of 8 bands on AR(1), 0.95: {conv.bank('lot', 8).coding_gain(0.95):.3f} dB")
coefficients = mdct.analyze(noisy[None, :])
kept = np.where(np.abs(coefficients) > 0.35, coefficients, 0.0)
denoised = mdct.synthesize(kept)[0]
before, after = np.mean((noisy - sound) ** 2), np.mean((denoised - sound) ** 2)
print(f"{np.mean(kept != 0):.1%} of the coefficients kept; squared error {before:.5f}, then {after:.5f}")
assert after < before / 4
