//! The core: all tests in one program, since each program would compile the generic code again.

mod group;
