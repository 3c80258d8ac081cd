//! The text of a description. Each check was found missing by a planted bug.
#![allow(clippy::unwrap_used, clippy::panic, clippy::float_cmp)]

use pdmap_spec::description::LayerEntry;
use pdmap_spec::{ModelFile, ModelSpec, registry};

/// Keys and texts that TOML would not take as they are.
#[test]
fn descriptions_are_written_so_that_they_are_read_again() {
    let text = "description = \"a \\\"quoted\\\" text\\nof two lines\"\nlayers = [{ kind = \"scale\" }, { repeat = 2, layers = [{ kind = \"asinh\" }] }]";
    let spec = ModelFile::parse("m.toml", text, &registry::<f64>()).unwrap().spec;
    let again = ModelFile::parse("w.toml", &spec.to_toml(), &registry::<f64>()).unwrap().spec;
    assert_eq!(again, spec);
    assert!(spec.to_toml().contains("repeat = 2"));
}

#[test]
fn the_text_of_a_description_is_plain_where_it_may_be() {
    let text = "layers = [{ kind = \"coupling\", hidden = [8, 8] }, { repeat = 2, layers = [{ repeat = 3, layers = [{ kind = \"asinh\" }] }] }]\n[training]\nsteps = 20\nvalidation-rows = 7";
    let spec = ModelFile::parse("m.toml", text, &registry::<f64>()).unwrap().spec;
    let written = spec.to_toml();
    let expected = r#"
layers = [
  { kind = "coupling", hidden = [8, 8] },
  { repeat = 2, layers = [
    { repeat = 3, layers = [
      { kind = "asinh" },
    ] },
  ] },
]

[training]
"#;
    assert!(written.contains(expected), "{written}");
    assert!(written.ends_with("steps = 20\nvalidation-rows = 7\n"), "{written}");
}

/// Layers of others may have options of any name.
#[test]
fn keys_are_quoted_where_toml_wants_it() {
    let options = serde_json::json!({ "a b": 1, "": 2, "plain_-9": 3, "\u{7f}ü": 4 });
    let text = ModelSpec::new(vec![LayerEntry::layer("mine", options)]).to_toml();
    for pair in ["\"a b\" = 1", "\"\" = 2", " plain_-9 = 3", "\"\\u007fü\" = 4"] {
        assert!(text.contains(pair), "{pair} in {text}");
    }
}
