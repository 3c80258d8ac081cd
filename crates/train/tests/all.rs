//! Training: all tests in one program, since each program would compile the generic layers again.

mod convolutions;
mod description;
mod description_mistakes;
mod description_page;
mod foreign_layer;
mod model_file;
mod preprocessing;
mod recipes;
mod resume;
mod said;
mod training;
mod words;
mod written;
