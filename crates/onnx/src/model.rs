//! A model as the file of a graph.

use pdmap_core::Real;
use pdmap_spec::{AnyModel, Model, each_precision};

use crate::columns::table;
use crate::condition::given;
use crate::error::Result;
use crate::flow::log_prob;
use crate::graph::{Graph, Size, Value};
use crate::pass::{Pass, Total};

/// The ONNX file of a model, in its precision; see the [crate](crate) for inputs and outputs.
///
/// # Errors
/// [`OnnxError::Layer`](crate::OnnxError::Layer) and [`OnnxError::Base`](crate::OnnxError::Base) for
/// kinds of other crates; [`OnnxError::TooLarge`](crate::OnnxError::TooLarge) from 2 GiB on.
pub fn export(model: &AnyModel) -> Result<Vec<u8>> {
    each_precision!(model, model => export_model(model))
}

/// As [`export`], for a model of known precision.
///
/// # Errors
/// As [`export`].
pub fn export_model<F: Real>(model: &Model<F>) -> Result<Vec<u8>> {
    let graph = Graph::default();
    write(&graph, model)?;
    let header = &model.header;
    let mut metadata = vec![("pdmap.version", header.version.clone()), ("pdmap.space", header.space.clone())];
    if let Some(training) = header.training.as_ref().filter(|training| !training.columns.is_empty()) {
        metadata.push(("pdmap.columns", training.columns.join("\n")));
    }
    let doc = format!("log-likelihood in nats in {}", header.space);
    graph.into_bytes("pdmap", doc, &metadata)
}

/// Writes inputs, layers, base density and outputs.
fn write<F: Real>(graph: &Graph, model: &Model<F>) -> Result<()> {
    let features = model.flow.features();
    let mut front = Total::default();
    let table = table::<F>(graph, &model.header.columns, features, &mut front);
    let given = given(graph, model);
    let (x, condition) = (table.features, given.condition);
    let mut pass = Pass { graph, x, features, condition, total: front, place: vec![] };
    let own = log_prob(&model.flow, &mut pass)?;
    let all = given.log_prob.map_or(own, |labels| own + labels);
    // A density of 0 for rows that are no numbers would hide them.
    let rows = is_invalid(table.kept);
    let invalid = given.condition.map_or(rows, |condition| rows.or(is_invalid(condition)));
    let scores = invalid.select(all.like(f64::NAN), all);
    graph.output("log_prob", scores, &[Size::Rows], "log p of each row, nats");
    if model.ensemble().is_none() {
        graph.output("z", pass.x, &[Size::Rows, Size::Of(features)], "codes f(x) of the rows");
    }
    Ok(())
}

/// Whether a row has a NaN or an infinity.
fn is_invalid(rows: Value<'_>) -> Value<'_> {
    let zero = rows * 0.0;
    zero.is_nan().any()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use std::collections::HashSet;

    use pdmap_core::flow::base::Normal;
    use pdmap_core::{Flow, Invert, Layer};
    use pdmap_laws::{rng, subjects};
    use pdmap_layers::elementwise::{Elementwise, LeakyTanh};
    use prost::Message;

    use super::*;
    use crate::OnnxError;
    use crate::proto::{GraphProto, ModelProto};

    fn graph(layers: Vec<Box<dyn Layer<f32>>>, features: usize) -> Result<GraphProto> {
        let flow = Flow::new(features, layers, Box::new(Normal)).unwrap();
        let file = export_model(&Model::new(flow, "rows of a test".to_owned(), 0))?;
        Ok(ModelProto::decode(&*file).unwrap().graph.unwrap())
    }

    /// Each name has one source, which stands in front of its uses.
    fn is_ordered(graph: &GraphProto) -> bool {
        let given = graph.input.iter().map(|input| &input.name).chain(graph.initializer.iter().map(|own| &own.name));
        let mut known: HashSet<&String> = HashSet::new();
        given.into_iter().all(|name| known.insert(name))
            && graph.node.iter().all(|node| {
                node.input.iter().all(|name| known.contains(name)) && node.output.iter().all(|name| known.insert(name))
            })
            && graph.output.iter().all(|output| known.contains(&output.name))
    }

    #[test]
    fn graphs_of_all_layers_are_in_order_and_name_their_outputs() {
        for subject in subjects::<f32>() {
            let layer = (subject.build)(6, &mut rng(1)).unwrap();
            let mut found = match graph(vec![layer], 6) {
                Err(OnnxError::Layer { kind, .. }) if kind.starts_with("inverse-") => continue,
                found => found.unwrap(),
            };
            assert!(is_ordered(&found), "{subject:?}");
            let outputs: Vec<&str> = found.output.iter().map(|output| output.name.as_str()).collect();
            assert_eq!(outputs, ["log_prob", "z"]);
            // A file that is not in order is told from one that is.
            found.node.reverse();
            assert!(!is_ordered(&found), "{subject:?}");
        }
    }

    #[test]
    fn layers_of_others_are_refused_with_their_place() {
        let tanh = Elementwise::new(LeakyTanh { a: 1.0, c: 0.5 }).unwrap();
        let foreign = Invert::new(tanh.clone(), "of-another-crate");
        let error = graph(vec![Box::new(tanh), Box::new(foreign)], 2).unwrap_err();
        assert_eq!(error, OnnxError::Layer { layer: "1".to_owned(), kind: "of-another-crate".to_owned() });
        assert!(error.to_string().starts_with("layer 1 (`of-another-crate`) has no ONNX form"), "{error}");
    }

    #[test]
    fn the_precision_is_that_of_the_model() {
        let flow: Flow<f64> = Flow::new(2, vec![], Box::new(Normal)).unwrap();
        let file = export_model(&Model::new(flow, "rows".to_owned(), 0)).unwrap();
        let graph = ModelProto::decode(&*file).unwrap().graph.unwrap();
        let of = |value: &crate::proto::ValueInfoProto| value.r#type.clone().unwrap().tensor_type.unwrap().elem_type;
        assert_eq!(of(&graph.input[0]), crate::proto::DataType::Double as i32);
    }
}
