//! The extension module `pdmap._pdmap`: arrays of NumPy in and out of the crates of pdmap. What is Python's
//! own, such as the conventions of scikit-learn, is in the package beside it.

mod arrays;
mod command;
mod convolution;
mod error;
mod fit;
mod ica;
mod model;
mod pool;
mod settings;
mod watched;

use pyo3::prelude::*;

#[pymodule(gil_used = true)]
fn _pdmap(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_class::<model::Model>()?;
    module.add_class::<ica::Ica>()?;
    module.add_class::<convolution::Bank>()?;
    module.add_class::<convolution::CycledConv>()?;
    module.add_function(wrap_pyfunction!(command::run, module)?)?;
    module.add_function(wrap_pyfunction!(fit::fit, module)?)?;
    module.add_function(wrap_pyfunction!(ica::fit_ica, module)?)?;
    module.add_function(wrap_pyfunction!(settings::presets, module)?)?;
    Ok(())
}
