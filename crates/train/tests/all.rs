//! Training: all tests in one program, since each program would compile the generic layers again.

mod convolutions;
mod description;
mod model_file;
mod recipes;
mod resume;
mod said;
mod training;
