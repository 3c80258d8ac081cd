//! The page that documents the schema knows all of it.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::description::parse;

/// The page that documents the schema.
fn page() -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/models.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_documentation_knows_every_key_and_its_examples_are_read() {
    let page = page();
    let examples: Vec<&str> = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        parse(example).unwrap_or_else(|error| panic!("{error}\n{example}"));
    }
    // The reader itself lists what it knows, wherever something unknown is asked of it.
    let layers = "layers = [{ kind = \"asinh\" }]";
    let unknown = [
        format!("{layers}\nx = 1"),
        format!("{layers}\ntraining.x = 1"),
        format!("{layers}\npreprocess = \"x\""),
        format!("{layers}\nbase = \"x\""),
        format!("{layers}\nbase = {{ student-t = {{ x = 1 }} }}"),
        format!("{layers}\ntraining.optimizer = \"x\""),
        format!("{layers}\ntraining.optimizer = {{ adam = {{ x = 1 }} }}"),
        format!("{layers}\ntraining.optimizer = {{ momentum = {{ x = 1 }} }}"),
        format!("{layers}\ntraining.schedule = \"x\""),
        format!("{layers}\ntraining.schedule = {{ steps = {{ x = 1 }} }}"),
        format!("{layers}\ntraining.clip = \"x\""),
        "layers = [{ kind = \"x\" }]".to_owned(),
        "layers = [{ kind = \"dense\", x = 1, group = \"orthonormal\" }]".to_owned(),
        "layers = [{ kind = \"dense\", group = \"x\" }]".to_owned(),
        "layers = [{ kind = \"dense\", group = { general = \"x\" } }]".to_owned(),
        "layers = [{ kind = \"dense\", group = \"orthonormal\", bias = \"x\" }]".to_owned(),
        "layers = [{ kind = \"dense\", group = \"orthonormal\", start = \"x\" }]".to_owned(),
        "layers = [{ kind = \"scale\", direction = \"x\" }]".to_owned(),
        "layers = [{ kind = \"cycled-conv\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"cycled-conv\", boundary = \"x\" }]".to_owned(),
        "layers = [{ kind = \"cycled-conv\", output = \"x\" }]".to_owned(),
        "layers = [{ kind = \"cycled-conv\", start = \"x\" }]".to_owned(),
        "layers = [{ kind = \"free-conv\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"free-conv\", period = 2, start = \"x\" }]".to_owned(),
        "layers = [{ kind = \"free-conv\", period = 2, direction = \"x\" }]".to_owned(),
        "layers = [{ kind = \"subband-scale\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"subband-shift\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"leaky-tanh\", x = 1 }]".to_owned(),
        format!("{layers}\npreprocess = {{ sigmoid = {{ x = 1 }} }}"),
        format!("{layers}\npreprocess = {{ histogram = {{ x = 1 }} }}"),
        format!("{layers}\npreprocess = {{ levels = {{ x = 1 }} }}"),
        "layers = [{ kind = \"spline\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"spline\", tails = \"x\" }]".to_owned(),
        "layers = [{ kind = \"spline\", per = \"x\" }]".to_owned(),
        "layers = [{ kind = \"spline\", start = \"x\" }]".to_owned(),
        "layers = [{ kind = \"radial\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"radial\", groups = \"x\" }]".to_owned(),
        "layers = [{ kind = \"coupling\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"coupling\", split = \"x\" }]".to_owned(),
        "layers = [{ kind = \"coupling\", transform = \"x\" }]".to_owned(),
        "layers = [{ kind = \"coupling\", transform = { spline = { x = 1 } } }]".to_owned(),
        "layers = [{ kind = \"coupling\", transform = { affine = { x = 1 } } }]".to_owned(),
        "layers = [{ kind = \"autoregressive\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"autoregressive\", order = \"x\" }]".to_owned(),
        "layers = [{ kind = \"logistic-mixture\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"squeeze\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"kept\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"multiscale\", x = 1 }]".to_owned(),
        "layers = [{ kind = \"multiscale\", levels = 1, step = \"x\", layers = [{ kind = \"asinh\" }] }]".to_owned(),
    ];
    for text in unknown {
        let error = parse(&text).unwrap_err();
        let known = error.split("known: ").nth(1).unwrap_or_else(|| panic!("{error}"));
        for word in known.split(", ") {
            assert!(
                page.contains(&format!("`{word}`"))
                    || page.contains(&format!("`\"{word}\"`"))
                    || page.contains(&format!("{word} =")),
                "`{word}` is not documented"
            );
        }
    }
}
