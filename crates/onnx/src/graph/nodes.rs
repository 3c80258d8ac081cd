//! A graph while it grows, and the values that it computes.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt::{Debug, Formatter};

use pdmap_core::Real;
use prost::Message;

use crate::error::{OnnxError, Result};
use crate::proto::{
    AttributeProto, AttributeType, DataType, Dimension, DimensionProto, GraphProto, IR_VERSION, ModelProto, NodeProto,
    OPSET, OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto, TypeProto,
    ValueInfoProto,
};

/// Bytes of a message of protocol buffers at most.
const MOST_BYTES: usize = (1 << 31) - 1;

/// A graph while it grows.
#[derive(Default)]
pub(crate) struct Graph {
    parts: RefCell<Parts>,
}

#[derive(Default)]
struct Parts {
    graph: GraphProto,
    /// Names of all values by number.
    names: Vec<String>,
    /// Constants with one number, by type and bits.
    scalars: HashMap<(Type, u64), u32>,
}

/// The size of an axis of an input or output.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Size {
    /// The number of rows, which each call chooses.
    Rows,
    /// A fixed number.
    Of(usize),
}

impl Size {
    fn proto(self) -> DimensionProto {
        let value = match self {
            Self::Rows => Dimension::Param("rows".to_owned()),
            Self::Of(size) => Dimension::Value(size as i64),
        };
        DimensionProto { value: Some(value) }
    }
}

/// An attribute of an operator.
#[derive(Debug, Clone, Copy)]
pub(super) enum Attribute<'a> {
    Int(&'a str, i64),
    Ints(&'a str, &'a [i64]),
}

impl Attribute<'_> {
    fn proto(self) -> AttributeProto {
        let (name, i, ints, r#type) = match self {
            Self::Int(name, value) => (name, Some(value), vec![], AttributeType::Int),
            Self::Ints(name, values) => (name, None, values.to_vec(), AttributeType::Ints),
        };
        AttributeProto { name: name.to_owned(), i, ints, r#type: r#type as i32 }
    }
}

impl Parts {
    fn name(&mut self, name: String) -> u32 {
        self.names.push(name);
        (self.names.len() - 1) as u32
    }
}

impl Graph {
    /// An input of the graph.
    pub(crate) fn input(&self, name: &str, ty: Type, sizes: &[Size], doc: &str) -> Value<'_> {
        let parts = &mut *self.parts.borrow_mut();
        parts.graph.input.push(info(name, ty, sizes, doc));
        Value::new(self, parts.name(name.to_owned()), ty)
    }

    /// Makes a value an output of the graph.
    pub(crate) fn output(&self, name: &str, value: Value<'_>, sizes: &[Size], doc: &str) {
        let parts = &mut *self.parts.borrow_mut();
        let (input, output) = (vec![parts.names[value.id()].clone()], vec![name.to_owned()]);
        parts.graph.node.push(NodeProto { input, output, op_type: "Identity".to_owned(), attribute: vec![] });
        parts.graph.output.push(info(name, value.ty(), sizes, doc));
    }

    /// Adds a node with one output.
    pub(super) fn node(&self, op: &str, inputs: &[Value<'_>], attributes: &[Attribute<'_>], ty: Type) -> Value<'_> {
        let parts = &mut *self.parts.borrow_mut();
        let name = format!("v{}", parts.names.len());
        let input = inputs.iter().map(|value| parts.names[value.id()].clone()).collect();
        let attribute = attributes.iter().map(|attribute| attribute.proto()).collect();
        parts.graph.node.push(NodeProto { input, output: vec![name.clone()], op_type: op.to_owned(), attribute });
        Value::new(self, parts.name(name), ty)
    }

    /// Adds a constant tensor.
    pub(super) fn tensor(&self, ty: Type, dims: &[usize], raw_data: Vec<u8>) -> Value<'_> {
        let parts = &mut *self.parts.borrow_mut();
        let name = format!("c{}", parts.names.len());
        let dims = dims.iter().map(|&size| size as i64).collect();
        let data_type = ty.proto() as i32;
        parts.graph.initializer.push(TensorProto { dims, data_type, name: name.clone(), raw_data });
        Value::new(self, parts.name(name), ty)
    }

    /// The constant with this number, which `make` adds if it is the first use.
    pub(super) fn known_or<'g>(&'g self, ty: Type, number: f64, make: impl FnOnce() -> Value<'g>) -> Value<'g> {
        let key = (ty, number.to_bits());
        let known = self.parts.borrow().scalars.get(&key).copied();
        if let Some(id) = known {
            return Value { graph: self, id, ty };
        }
        let made = make();
        self.parts.borrow_mut().scalars.insert(key, made.id);
        made
    }

    /// The file of the graph.
    ///
    /// # Errors
    /// [`OnnxError::TooLarge`].
    pub(crate) fn into_bytes(self, name: &str, doc: String, metadata: &[(&str, String)]) -> Result<Vec<u8>> {
        let graph = GraphProto { name: name.to_owned(), ..self.parts.into_inner().graph };
        let entry =
            |(key, value): &(&str, String)| StringStringEntryProto { key: (*key).to_owned(), value: value.clone() };
        let model = ModelProto {
            ir_version: IR_VERSION,
            producer_name: "pdmap".to_owned(),
            producer_version: env!("CARGO_PKG_VERSION").to_owned(),
            doc_string: doc,
            graph: Some(graph),
            opset_import: vec![OperatorSetIdProto { domain: String::new(), version: OPSET }],
            metadata_props: metadata.iter().map(entry).collect(),
        };
        match model.encoded_len() {
            actual if actual > MOST_BYTES => Err(OnnxError::TooLarge { limit: MOST_BYTES, actual }),
            _ => Ok(model.encode_to_vec()),
        }
    }
}

impl Debug for Graph {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("nodes", &self.parts.borrow().graph.node.len()).finish_non_exhaustive()
    }
}

fn info(name: &str, ty: Type, sizes: &[Size], doc: &str) -> ValueInfoProto {
    let shape = Some(TensorShapeProto { dim: sizes.iter().map(|size| size.proto()).collect() });
    let tensor_type = Some(TensorTypeProto { elem_type: ty.proto() as i32, shape });
    ValueInfoProto { name: name.to_owned(), r#type: Some(TypeProto { tensor_type }), doc_string: doc.to_owned() }
}

impl Type {
    pub(super) fn proto(self) -> DataType {
        match self {
            Self::Float => DataType::Float,
            Self::Double => DataType::Double,
            Self::Int => DataType::Int64,
            Self::Bool => DataType::Bool,
        }
    }
}

/// The type of the numbers of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    /// `f32`.
    Float,
    /// `f64`.
    Double,
    /// `i64`.
    Int,
    /// Truth values.
    Bool,
}

impl Type {
    /// The type of a precision.
    pub(crate) fn of<F: Real>() -> Self {
        if F::DTYPE == "f32" { Self::Float } else { Self::Double }
    }
}

/// A tensor that the graph computes: the result of a node, a constant or an input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'g> {
    graph: &'g Graph,
    id: u32,
    ty: Type,
}

impl<'g> Value<'g> {
    fn new(graph: &'g Graph, id: u32, ty: Type) -> Self {
        Self { graph, id, ty }
    }

    fn id(self) -> usize {
        self.id as usize
    }

    /// The graph.
    pub(crate) fn graph(self) -> &'g Graph {
        self.graph
    }

    /// The type of the numbers.
    pub(crate) fn ty(self) -> Type {
        self.ty
    }
}
