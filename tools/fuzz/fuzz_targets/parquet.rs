#![no_main]

use std::alloc::System;

use cap::Cap;
use libfuzzer_sys::fuzz_target;
use pdmap_hostile::Target;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, Target::Parquet.memory());

fuzz_target!(|bytes: &[u8]| Target::Parquet.feed(bytes));
