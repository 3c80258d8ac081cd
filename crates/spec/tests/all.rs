//! All tests in one program, since each program would compile the generic layers again.

mod any_model;
mod categories;
mod description;
mod description_mistakes;
mod description_page;
mod limits;
mod model_file;
mod preprocessing;
mod presets;
mod words;
mod written;
