#![no_main]

use std::alloc::System;

use cap::Cap;
use libfuzzer_sys::{Corpus, fuzz_target};
use pdmap_hostile::Target;

#[global_allocator]
static ALLOCATOR: Cap<System> = Cap::new(System, Target::Description.memory());

fuzz_target!(|bytes: &[u8]| -> Corpus {
    if Target::Description.feed_quickly(bytes) { Corpus::Keep } else { Corpus::Reject }
});
