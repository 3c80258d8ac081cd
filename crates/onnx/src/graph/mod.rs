//! A graph of ONNX operators that is written like formulas: values have the arithmetic operators
//! and the functions of numbers, and each of them adds a node.

mod arithmetic;
mod constants;
mod nodes;
mod shapes;

pub(crate) use nodes::{Graph, Size, Type, Value};
