#![doc = include_str!("../README.md")]

pub mod bank;
// mod free;
// mod stream;
mod windows;
