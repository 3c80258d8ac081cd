#!/usr/bin/env python3
"""Writes a minute of synthetic sound for docs/findings.md, using only the standard library: notes
with decaying, slightly detuned harmonics and a little noise, 16 kHz, one channel, 16 bits. The same
seed gives the same file.

    scripts/make-sound.py sound.wav [SEED, 1]
"""
import array
import math
import random
import sys
import wave

RATE, SECONDS = 16_000, 60
rng = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
samples = [0.004 * rng.gauss(0, 1) for _ in range(RATE * SECONDS)]
for _ in range(4 * SECONDS):
    start = rng.randrange(RATE * SECONDS)
    pitch = 110 * 2 ** (rng.randrange(36) / 12)
    loudness, decay = rng.uniform(0.02, 0.12), rng.uniform(0.1, 0.8)
    for harmonic in range(1, 7):
        frequency = harmonic * pitch * (1 + 0.0005 * rng.gauss(0, 1))
        if frequency > RATE / 2:
            break
        phase, turn = rng.uniform(0, 2 * math.pi), 2 * math.pi * frequency / RATE
        for at in range(start, min(start + int(4 * decay * RATE), len(samples))):
            time = (at - start) / RATE
            samples[at] += loudness / harmonic * math.exp(-time / decay) * math.sin(phase + turn * (at - start))
with wave.open(sys.argv[1], "wb") as out:
    out.setnchannels(1)
    out.setsampwidth(2)
    out.setframerate(RATE)
    out.writeframes(array.array("h", (max(-32768, min(32767, round(32767 * s))) for s in samples)).tobytes())
