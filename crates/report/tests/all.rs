//! Reports: all tests in one program, since each program would compile the generic layers again.

mod page;
mod pictures;
mod plots;
