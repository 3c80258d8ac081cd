//! All tests in one program, since each program would compile the generic layers again.

mod auto;
mod bounds;
mod convolutions;
mod fit_to;
mod fitting;
mod foreign_layer;
mod overfitting;
mod quasi_newton;
mod recipes;
mod resume;
mod resume_bytes;
mod said;
mod small;
mod table;
mod training;
mod weights;
