//! Models of numbers and categories: files, scores, samples, and files that lie.
#![allow(clippy::unwrap_used, clippy::panic)]

use ndarray::{Array2, array};
use pdmap_categories::LatentClasses;
use pdmap_core::Real;
use pdmap_spec::{AnyModel, Categories, CategoryLabels, LabelDensity, Model, ModelFile, SpecError, registry};

const LAYERS: &str = r#"layers = [{ kind = "coupling", split = "none", hidden = [4] }]"#;

fn names(list: &str) -> Vec<String> {
    list.split(' ').map(str::to_owned).collect()
}

fn categories() -> Categories {
    let column = |name: &str, before, list| CategoryLabels { name: name.to_owned(), before, labels: names(list) };
    Categories { columns: vec![column("kind", 0, "cat dog owl"), column("site", 2, "a b")] }
}

/// The density of two columns; the last label of each stands for others.
fn labels() -> LabelDensity {
    let probabilities = array![[0.5, 0.3, 0.1, 0.1, 0.6, 0.3, 0.1], [0.1, 0.2, 0.5, 0.2, 0.05, 0.9, 0.05]];
    LabelDensity::new(LatentClasses::new(&[4, 3], array![0.4, 0.6], probabilities).unwrap(), &[3, 2]).unwrap()
}

/// A model of two numbers whose flow reads five of them.
fn model<F: Real>() -> Model<F> {
    let rows = Array2::from_shape_fn((60, 7), |(row, column)| match column {
        0 | 1 => F::of(((7 * row + 3 * column) as f64).sin()),
        _ => F::of(f64::from(u8::from(row % 3 + 2 == column || row % 2 + 5 == column))),
    });
    let mut spec = ModelFile::parse("test", LAYERS, &registry::<F>()).unwrap().spec;
    spec.conditions = 5;
    let flow = spec.build_on(pdmap_spec::Rows::from(&rows), &[], 1, &registry()).unwrap();
    Model::new(flow, "here".into(), 0).with_categories(categories(), labels())
}

fn comes_back<F: Real>()
where
    AnyModel: From<Model<F>>,
{
    let model = model::<F>();
    let bytes = model.to_bytes().unwrap();
    let again = Model::<F>::from_bytes(&bytes, &registry()).unwrap();
    assert_eq!((&again.header, &again.labels), (&model.header, &model.labels));
    assert_eq!((again.to_bytes().unwrap(), again.weights_hash()), (bytes.clone(), model.weights_hash()));
    let mut other = model.clone();
    other.labels = Some(
        LabelDensity::new(LatentClasses::new(&[4, 3], array![1.0], Array2::ones((1, 7))).unwrap(), &[3, 2]).unwrap(),
    );
    assert_ne!(other.weights_hash(), model.weights_hash());

    // Joint scores of numbers and codes.
    let any = AnyModel::from_bytes(&bytes).unwrap();
    let (x, codes) = (array![[0.5, -0.25], [0.0, 1.0]], array![[0.0, 1.0], [2.0, 0.0]]);
    let joint = any.log_prob(x.view(), Some(codes.view())).unwrap();
    let codes_of = codes.mapv(|code| code as u32);
    let log_p = labels().log_density(codes_of.view(), false).unwrap();
    let vectors = categories().one_hot::<F>(codes_of.view());
    let numbers = x.mapv(F::of);
    let given = model.flow.log_prob(pdmap_core::Input::from(&numbers).given(vectors.view())).unwrap();
    assert!(joint.iter().zip(log_p.iter().zip(given)).all(|(joint, (p, given))| (joint - p - given).abs() < 1e-12));
    let (drawn, rows) = any.sample_labelled(50, 3).unwrap();
    assert_eq!((drawn.dim(), rows.dim()), ((50, 2), (50, 2)));
    assert!(drawn.rows().into_iter().all(|row| row[0] < 3 && row[1] < 2));
    assert!(any.sample(5, 1).is_err());
    let wrong = any.log_prob(x.view(), Some(array![[0.0, 1.0], [3.0, 0.0]].view())).unwrap_err();
    assert!(matches!(wrong, SpecError::Label { row: 1, classes: 3, .. }), "{wrong}");
}

#[test]
fn the_same_model_comes_back_and_scores_jointly() {
    comes_back::<f32>();
    comes_back::<f64>();
}

/// The bytes with a change in the header's JSON.
fn with_header(bytes: &[u8], change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let length = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let mut all: serde_json::Value = serde_json::from_slice(&bytes[8..8 + length]).unwrap();
    let mut own: serde_json::Value = serde_json::from_str(all["__metadata__"]["pdmap"].as_str().unwrap()).unwrap();
    change(&mut own);
    all["__metadata__"]["pdmap"] = own.to_string().into();
    let header = all.to_string();
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &bytes[8 + length..]].concat()
}

#[test]
fn hostile_headers_are_refused() {
    let bytes = model::<f64>().to_bytes().unwrap();
    let refused = |needle: &str, change: &dyn Fn(&mut serde_json::Value)| {
        let error = Model::<f64>::from_bytes(&with_header(&bytes, |own| change(own)), &registry()).unwrap_err();
        assert!(error.to_string().contains(needle), "{needle}: {error}");
    };
    refused("0 columns of categories", &|own| own["categories"] = serde_json::json!([]));
    refused("distinct: 2", &|own| own["categories"][0]["labels"] = serde_json::json!(["a", "a", "b"]));
    refused("behind 9 columns", &|own| own["categories"][0]["before"] = 9.into());
    refused("have 1 names", &|own| own["categories"][1]["name"] = "kind".into());
    refused("expected 8, found 7", &|own| own["categories"][1]["labels"] = serde_json::json!(["a", "b", "c"]));
    refused("do not sum to 1", &|own| {
        own["categories"][0]["labels"] = serde_json::json!(["a", "b"]);
        own["categories"][1]["labels"] = serde_json::json!(["a", "b", "c"]);
    });
    refused("a condition and columns of categories", &|own| {
        own["condition"] = serde_json::json!({ "classes": { "count": 5 } })
    });
    refused("categories", &|own| {
        own.as_object_mut().unwrap().remove("categories");
    });
    refused("unknown field", &|own| own["categories"][0]["size"] = 4.into());
    // Without its density, or with that of other columns, a model is not written.
    let bare = Model { labels: None, ..model::<f64>() };
    assert!(matches!(bare.to_bytes(), Err(SpecError::Unsavable { .. })));
    let mut other = model::<f64>();
    other.header.categories.as_mut().unwrap().columns[0].labels.push("eel".into());
    assert!(matches!(other.to_bytes(), Err(SpecError::Unsavable { .. })));
    for size in [8, bytes.len() / 2, bytes.len() - 8] {
        assert!(Model::<f64>::from_bytes(&bytes[..size], &registry()).is_err());
    }
}
