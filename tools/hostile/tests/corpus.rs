//! Each reader survives the committed corpus within its memory limit.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::alloc::System;
use std::path::Path;

use cap::Cap;
use pdmap_hostile::Target;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, usize::MAX);

/// A single test, because the limit applies to the process.
#[test]
fn every_reader_survives_its_corpus() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds");
    for target in Target::ALL {
        ALLOCATOR.set_limit(target.memory()).unwrap();
        let folder = seeds.join(target.name());
        let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        assert!(!files.is_empty(), "no corpus for {target}");
        for file in &files {
            // If the process is killed for its memory, the last line names the file.
            println!("{}", file.display());
            target.feed(&std::fs::read(file).unwrap());
        }
        println!("{target}: {} files", files.len());
    }
}

/// Mutates a few bytes of valid files, a brief version of fuzzing that runs everywhere.
#[test]
fn every_reader_survives_mutations_of_its_corpus() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds");
    let mut state = 1_u64;
    // A linear congruential generator (Knuth, MMIX): the same bytes on every machine.
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for target in Target::ALL {
        for file in std::fs::read_dir(seeds.join(target.name())).unwrap() {
            let sound = std::fs::read(file.unwrap().path()).unwrap();
            for _ in 0..4 {
                let mut bytes = sound.clone();
                for _ in 0..=next() % 3 {
                    let at = next() % bytes.len().max(1);
                    match next() % 3 {
                        0 => bytes.truncate(at),
                        1 => bytes.insert(at, next() as u8),
                        _ => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = next() as u8),
                    }
                }
                target.feed(&bytes);
            }
        }
    }
}
