//! Every kind of mistake in a plan file, with its message and line.
#![allow(clippy::unwrap_used, clippy::panic)]

use pdmap_compare::PlanFile;

/// An inline model.
const CUSTOM: &str = "{ layers = [{ kind = \"dense\", group = \"orthonormal\" }, { kind = \"asinh\" }] }";

#[test]
fn every_mistake_is_named_with_its_line() {
    let arm = "[[arms]]\nmodel = \"dense-svd\"\n";
    let two = format!("{arm}[[arms]]\nname = \"b\"\nmodel = {CUSTOM}\n");
    let custom = format!("[[arms]]\nname = \"b\"\nmodel = {CUSTOM}\n");
    let inline = |model: &str| format!("{arm}[[arms]]\nname = \"b\"\n[arms.model]\n{model}");
    let table: Vec<(String, &str)> = vec![
        // Keys and types.
        (
            format!("sedes = 2\n{arm}"),
            "plan.toml:1: unknown key `sedes`; nearest is `seeds`, known: description, seeds, rates, tuning-share, tuning-seeds, smallest-effect, parallel, data, rows, preprocess, training, contrasts, arms",
        ),
        (
            format!("\n[training]\nbacth = 2\n{arm}"),
            "plan.toml:3: unknown key `bacth` in `training`; nearest is `batch`, known: batch, steps, budget, optimizer, rate, schedule, warmup, clip, decay, evaluations, validation-rows, patience, plateau, most-halvings, average, retries",
        ),
        (
            format!("{arm}dept = 2\n"),
            "plan.toml:3: unknown key `dept` in `arms[0]`; nearest is `depth`, known: name, model, depth, alpha, rate, seed-offset, preprocess, training",
        ),
        (
            format!("{arm}[arms.training]\nstep = 2\n"),
            "plan.toml:4: unknown key `step` in `arms[0].training`; nearest is `steps`, known: batch, steps, budget, optimizer, rate, schedule, warmup, clip, decay, evaluations, validation-rows, patience, plateau, most-halvings, average, retries",
        ),
        ("seeds = 3\n".into(), "plan.toml:1: key `arms` is missing"),
        ("arms = []\n".into(), "plan.toml:1: `arms`: a comparison needs at least one arm"),
        ("\n[[arms]]\nname = \"a\"\n".into(), "plan.toml:2: key `model` is missing in `arms[0]`"),
        (format!("seeds = -1\n{arm}"), "plan.toml:1: `seeds`: invalid value: integer `-1`, expected u64"),
        (format!("description = 3\n{arm}"), "plan.toml:1: `description`: invalid type: integer `3`, expected a string"),
        (format!("seeds = \n{arm}"), "plan.toml:1:9: string values must be quoted, expected literal string"),
        // Numbers.
        (format!("seeds = 0\n{arm}"), "plan.toml:1: `seeds`: 0: a comparison needs at least one seed"),
        (
            format!("rates = [1e-3,\n0.0]\n{arm}"),
            "plan.toml:2: `rates[1]`: 0: a learning rate must be positive and finite",
        ),
        (
            format!("rates = [1e-3,\n-1]\n{arm}"),
            "plan.toml:2: `rates[1]`: -1: a learning rate must be positive and finite",
        ),
        (format!("rates = [inf]\n{arm}"), "plan.toml:1: `rates[0]`: inf is no finite number"),
        (format!("rates = [1e-3, 0.001]\n{arm}"), "plan.toml:1: `rates[1]`: 1e-3 is listed twice"),
        (format!("tuning-share = 0\n{arm}"), "plan.toml:1: `tuning-share`: 0 is not in (0, 1]"),
        (format!("tuning-share = 1.5\n{arm}"), "plan.toml:1: `tuning-share`: 1.5 is not in (0, 1]"),
        (format!("{arm}rate = 0\n"), "plan.toml:3: `arms[0].rate`: 0: a learning rate must be positive and finite"),
        // Preprocessing.
        (
            format!("preprocess = \"whitn\"\n{arm}"),
            "plan.toml:1: `preprocess`: unknown name `whitn`; nearest is `whiten`, known: none, standardize, robust, whiten, logit, sigmoid, histogram, levels, columns",
        ),
        (
            format!("preprocess = [\n\"whiten\",\n\"logt\"]\n{arm}"),
            "plan.toml:3: `preprocess[1]`: unknown name `logt`; nearest is `logit`, known: none, standardize, robust, whiten, logit, sigmoid, histogram, levels, columns",
        ),
        (
            format!("preprocess = {{ logit = {{ lambda = 0.7 }} }}\n{arm}"),
            "plan.toml:1: `preprocess`: lambda = 0.7: must be in (0, 0.5)",
        ),
        // Training.
        (
            format!("[training]\nsteps = 3\nbudget = \"3s\"\n{arm}"),
            "plan.toml:3: `training.budget`: excludes `steps`: a run has one budget",
        ),
        (
            format!("[training]\nbudget = \"soon\"\n{arm}"),
            "plan.toml:2: `training.budget`: \"soon\" is no time such as \"90s\" or \"10m\": expected number at 0",
        ),
        (format!("[training]\nbatch = 0\n{arm}"), "plan.toml:2: `training.batch`: 0: a batch has at least one row"),
        (
            format!("[training]\nrate = 0\n{arm}"),
            "plan.toml:2: `training.rate`: 0: a learning rate must be positive and finite",
        ),
        (
            format!("{arm}[arms.training]\nrate = 0\n"),
            "plan.toml:4: `arms[0].training.rate`: 0: a learning rate must be positive and finite",
        ),
        (
            inline("layers = [{ kind = \"asinh\" }]\ntraining = { rate = 0 }\n"),
            "plan.toml:7: `arms[1].model.training.rate`: 0: a learning rate must be positive and finite",
        ),
        (
            format!("[training]\nrate = -2\n{arm}"),
            "plan.toml:2: `training.rate`: learning rate = -2: must be finite and not negative",
        ),
        (
            format!("[training]\noptimizer = \"adma\"\n{arm}"),
            "plan.toml:2: `training.optimizer`: unknown name `adma`; nearest is `adam`, known: sgd, momentum, adam, smorms3",
        ),
        (
            format!("{arm}[arms.training]\nclip = {{ norm = -1 }}\n"),
            "plan.toml:4: `arms[0].training.clip`: clipping limit = -1: must be positive",
        ),
        // One budget.
        (
            format!("{arm}[arms.training]\nsteps = 3\n"),
            "plan.toml:4: `arms[0].training.steps`: not allowed in an arm: all arms share the budget of the plan's `[training]` (`steps` or `budget`)",
        ),
        (
            format!("{arm}[arms.training]\nbudget = \"3s\"\n"),
            "plan.toml:4: `arms[0].training.budget`: not allowed in an arm: all arms share the budget of the plan's `[training]` (`steps` or `budget`)",
        ),
        (
            inline("layers = [{ kind = \"dense\", group = \"orthonormal\" }]\ntraining = { steps = 3 }\n"),
            "plan.toml:7: `arms[1].model.training.steps`: not allowed in an arm: all arms share the budget of the plan's `[training]` (`steps` or `budget`)",
        ),
        (
            format!("{arm}rate = 1e-3\n[arms.training]\nrate = 2e-3\n"),
            "plan.toml:5: `arms[0].training.rate`: has no effect: the arm's `rate` fixes it to 1e-3",
        ),
        // Names.
        (format!("[[arms]]\nmodel = {CUSTOM}\n"), "plan.toml:1: key `name` is missing in `arms[0]`"),
        (format!("{arm}{arm}"), "plan.toml:3: `arms[1].name`: `dense-svd` is used more than once"),
        (
            format!("{arm}name = \"a,b\"\n"),
            "plan.toml:3: `arms[0].name`: \"a,b\": a name may not be empty, contain commas, backquotes or control characters, or begin or end with a space",
        ),
        (
            format!("{arm}name = \"\"\n"),
            "plan.toml:3: `arms[0].name`: \"\": a name may not be empty, contain commas, backquotes or control characters, or begin or end with a space",
        ),
        (
            format!("{arm}name = \"{}\"\n", "x".repeat(61)),
            "plan.toml:3: `arms[0].name`: 61 characters: a name has at most 60",
        ),
        (
            format!("{arm}name = \"dense-exact\"\n"),
            "plan.toml:3: `arms[0].name`: `dense-exact` is the name of a preset, but this arm is another model",
        ),
        // Models.
        (
            "[[arms]]\nmodel = \"dense-svg\"\n".into(),
            "plan.toml:2: `arms[0].model`: unknown model `dense-svg`; nearest is `dense-svd`, known: dense-exact, dense-relative, dense-relative-algebra, dense-orthonormal, dense-svd, conv-orthonormal, conv-unconstrained, conv-free-exact, paper-mnist, paper-bsds300, gaussianization-orthonormal, gaussianization-unconstrained, gaussianization-svd, image-pyramid-orthonormal, image-pyramid-unconstrained, audio-lapped, gaussian-mixture, mixture-spline, mixture-autoregressive, mixture-copula, linear-spline-orthonormal, linear-spline-unconstrained; the path of a model file ends in .toml",
        ),
        (
            "[[arms]]\nname = \"a\"\nmodel = \"absent.toml\"\n".into(),
            "plan.toml:3: `arms[0].model`: absent.toml: No such file or directory (os error 2)",
        ),
        (
            "[[arms]]\nmodel = 3\n".into(),
            "plan.toml:2: `arms[0].model`: expected a preset's name, the path of a model file, or a table",
        ),
        (
            format!("{custom}depth = 3\n"),
            "plan.toml:4: `arms[0].depth`: applies to presets with a depth only: this model lists its layers",
        ),
        (
            format!("{custom}alpha = 0.5\n"),
            "plan.toml:4: `arms[0].alpha`: applies to presets with a depth only: this model lists its layers",
        ),
        (format!("{arm}depth = 0\n"), "plan.toml:3: `arms[0].depth`: 0: a flow needs at least one linear layer"),
        (format!("{arm}depth = 1000000\n"), "plan.toml:3: `arms[0].depth`: 1000000: more than 10000 layers"),
        (format!("{arm}alpha = 2.0\n"), "plan.toml:3: `arms[0].alpha`: alpha = 2: must be in [1e-30, 1]"),
        (format!("{arm}depth = 1\nalpha = 2.0\n"), "plan.toml:4: `arms[0].alpha`: alpha = 2: must be in [1e-30, 1]"),
        (
            inline("layer = []\n"),
            "plan.toml:6: unknown key `layer` in `arms[1].model`; nearest is `layers`, known: description, preprocess, columns, shape, base, layers, training",
        ),
        (inline("base = \"normal\"\n"), "plan.toml:5: key `layers` is missing in `arms[1].model`"),
        (inline("layers = []\n"), "plan.toml:6: `arms[1].model.layers`: a flow has at least one layer"),
        (
            inline("layers = [\n{ kind = \"dense\", group = \"orthonormal\" },\n{ kind = \"dens\" }]\n"),
            "plan.toml:8: unknown kind of layer `dens`; nearest is `dense`, known: asinh, autoregressive, chain, circular, coupling, cycled-conv, dense, domain, factor-out, free-conv, histogram, kept, leaky-tanh, logistic-mixture, logit, multiscale, permute, radial, scale, shift, sigmoid, smooth-leaky-relu, spline, squeeze, standardize, subband-scale, subband-shift, whitening",
        ),
        (
            inline(
                "layers = [\n{ kind = \"dense\", group = \"orthonormal\" },\n{ kind = \"dense\", group = \"orthonormal\", bais = \"plain\" }]\n",
            ),
            "plan.toml:8: unknown key `bais` in `arms[1].model.layers[1]`; nearest is `bias`, known: group, bias, start, bias-start, tracking-inverse, preconditioned, shears",
        ),
        // Contrasts.
        (
            format!("contrasts = [[\"b\", \"c\"]]\n{two}"),
            "plan.toml:1: `contrasts[0]`: no arm is called `c`; arms: dense-svd, b",
        ),
        (format!("contrasts = [[\"b\", \"b\"]]\n{two}"), "plan.toml:1: `contrasts[0]`: `b` is compared with itself"),
        (
            format!("contrasts = [\n[\"b\", \"dense-svd\"],\n[\"dense-svd\", \"b\"]]\n{two}"),
            "plan.toml:3: `contrasts[1]`: `dense-svd` and `b` are already compared: a duplicate contrast would widen every interval",
        ),
        (
            format!("contrasts = [[\"b\", \"dense-svd\", \"c\"]]\n{two}"),
            "plan.toml:1: `contrasts[0]`: 3 names, a contrast is [\"an arm\", \"what it is compared with\"]",
        ),
        (
            format!("contrasts = [\"b\"]\n{two}"),
            "plan.toml:1: `contrasts[0]`: invalid type: string \"b\", expected a sequence",
        ),
    ];
    let mut wrong = Vec::new();
    for (text, expected) in &table {
        match PlanFile::parse("plan.toml", text) {
            Ok(plan) => wrong.push(format!("{text}\nwas read as {plan:?}")),
            Err(error) if error.to_string() == *expected => {}
            Err(error) => wrong.push(format!("{text}\nsays     {error}\nand not  {expected}")),
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), table.len(), wrong.join("\n\n"));
}

#[test]
fn an_error_in_a_model_file_names_that_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("m.toml"), "layers = [\n  { kind = \"dens\" },\n]\n").unwrap();
    std::fs::write(path("p.toml"), "[[arms]]\nname = \"m\"\nmodel = \"m.toml\"\n").unwrap();
    let error = PlanFile::load(&path("p.toml")).unwrap_err().to_string();
    assert!(error.starts_with(&format!("{}:2: unknown kind of layer `dens`", path("m.toml").display())), "{error}");
}
