//! Models as TOML: every mistake is named with its line.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::description::parse;

#[test]
fn every_mistake_has_its_line_and_its_words() {
    let layers = "layers = [{ kind = \"asinh\" }]";
    // What stands in the file (line 2 is the offending one), and what is said after `m.toml:2: `.
    let known = "description, preprocess, columns, shape, base, layers, training";
    let training = "batch, steps, budget, optimizer, rate, schedule, warmup, clip, decay, evaluations, validation-rows, patience, plateau, most-halvings, average, retries";
    let cases: Vec<(String, String)> = vec![
        (format!("{layers}\nlayer = 3"), format!("unknown key `layer`; nearest is `layers`, known: {known}")),
        (format!("{layers}\ndescription = 3"), "`description`: invalid type: integer `3`, expected a string".into()),
        (
            format!("{layers}\npreprocess = [\"whitten\"]"),
            "`preprocess[0]`: unknown name `whitten`; nearest is `whiten`, known: none, standardize, robust, whiten, logit, sigmoid, histogram, levels, columns".into(),
        ),
        (
            format!("{layers}\npreprocess = {{ logit = {{ lamda = 1 }} }}"),
            "unknown key `lamda` in `preprocess.logit`; nearest is `lambda`, known: lambda".into(),
        ),
        (
            format!("{layers}\npreprocess = {{ logit = {{ lambda = 0.5 }} }}"),
            "`preprocess`: lambda = 0.5: must be in (0, 0.5)".into(),
        ),
        (
            format!("{layers}\nbase = \"gauss\""),
            "`base`: unknown kind of base density `gauss`; nearest is `torus`, known: ensemble, gaussian-mixture, laplace, logistic, normal, student-t, torus".into(),
        ),
        (format!("{layers}\nbase = \"student-t\""), "key `nu` is missing in `base`".into()),
        (
            format!("{layers}\nbase = {{ student-t = {{ nu = 0 }} }}"),
            "`base`: nu = 0: must be in [1e-2, 1e6]".into(),
        ),
        (
            format!("{layers}\nbase = {{ student-t = {{ nu = 5, leraned = true }} }}"),
            "unknown key `leraned` in `base.student-t`; nearest is `learned`, known: nu, learned".into(),
        ),
        ("base = \"normal\"\nlayers = []".into(), "`layers`: a flow has at least one layer".into()),
        ("layers = [\n{ gruop = \"orthonormal\" }]".into(), "key `kind` is missing in `layers[0]`".into()),
        (
            "layers = [\n{ kind = \"dens\" }]".into(),
            "unknown kind of layer `dens`; nearest is `dense`, known: asinh, autoregressive, chain, circular, coupling, cycled-conv, dense, domain, factor-out, free-conv, histogram, kept, leaky-tanh, logistic-mixture, logit, multiscale, permute, radial, scale, shift, sigmoid, smooth-leaky-relu, spline, squeeze, standardize, subband-scale, subband-shift, whitening".into(),
        ),
        (
            "layers = [\n{ kind = \"whitening\" }]".into(),
            "a layer of kind `whitening` cannot be made from a description: it is fitted to the training rows: name it under `preprocess`".into(),
        ),
        ("layers = [\n{ kind = \"dense\" }]".into(), "key `group` is missing in `layers[0]`".into()),
        (
            "layers = [\n{ kind = \"dense\", group = \"orthonormal\", biass = \"none\" }]".into(),
            "unknown key `biass` in `layers[0]`; nearest is `bias`, known: group, bias, start, bias-start, tracking-inverse, preconditioned, shears".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = \"orthogonal\" }]".into(),
            "`layers[0].group`: unknown name `orthogonal`; nearest is `orthonormal`, known: general, orthonormal".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = { general = \"relativ\" } }]".into(),
            "`layers[0].group.general`: unknown name `relativ`; nearest is `relative`, known: euclidean, relative, relative-left, algebra".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = \"general\" }]".into(),
            "`layers[0].group`: `general` needs a value: { general = … }".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = \"orthonormal\", bias = \"augmented\" }]".into(),
            "an augmented bias does not go with a group other than GL(D) by the relative direction or in the algebra".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = \"orthonormal\", bias = \"none\", bias-start = 1 }]".into(),
            "bias-start does not go with a layer without bias".into(),
        ),
        (
            "layers = [\n{ kind = \"dense\", group = \"orthonormal\", start = \"zero\" }]".into(),
            "`layers[0].start`: unknown name `zero`; nearest is `haar`, known: haar, identity".into(),
        ),
        (
            "layers = [\n{ kind = \"scale\", direction = \"left\" }]".into(),
            "`layers[0].direction`: unknown name `left`; nearest is `algebra`, known: euclidean, relative, algebra".into(),
        ),
        (
            "layers = [\n{ kind = \"shift\", strat = 1 }]".into(),
            "unknown key `strat` in `layers[0]`; nearest is `start`, known: start".into(),
        ),
        (
            "layers = [\n{ kind = \"smooth-leaky-relu\", alpha = 0 }]".into(),
            "alpha = 0: must be in [1e-30, 1]".into(),
        ),
        ("layers = [\n{ kind = \"leaky-tanh\", a = 1 }]".into(), "key `c` is missing in `layers[0]`".into()),
        (
            "layers = [\n{ kind = \"asinh\", a = 1 }]".into(),
            "unknown key `a` in `layers[0]`; none is known here".into(),
        ),
        (
            "layers = [\n{ kind = \"logit\", lambda = \"x\" }]".into(),
            "`layers[0].lambda`: invalid type: string \"x\", expected f64".into(),
        ),
        (
            "layers = [\n{ kind = \"asinh\", repeat = 2 }]".into(),
            "`layers[0]`: `kind` excludes `repeat`: repeat a list of layers, `{ repeat = 3, layers = [ … ] }`".into(),
        ),
        (
            "layers = [\n{ repeat = 2, layers = [{ kind = \"asinh\" }], alpha = 1 }]".into(),
            "unknown key `alpha` in `layers[0]`; nearest is `repeat`, known: repeat, layers".into(),
        ),
        (
            "layers = [\n{ repeat = 99999, layers = [{ kind = \"asinh\" }] }]".into(),
            "`layers[0].layers[0]`: more than 10000 layers".into(),
        ),
        (
            "layers = [\n{ repeat = 9999, layers = [{ repeat = 9999, layers = [{ kind = \"asinh\" }] }] }]".into(),
            "`layers[0].layers[0].layers[0]`: more than 10000 layers".into(),
        ),
        (
            "layers = [\n{ repeat = 10000, layers = [{ repeat = 10000, layers = [{ repeat = 10000, layers = [] }] }] }]".into(),
            "`layers[0].layers[0].layers[0]`: repeats nothing: at least one layer, at least once".into(),
        ),
        (
            "layers = [\n{ repeat = 0, layers = [{ kind = \"asinh\" }] }]".into(),
            "`layers[0]`: repeats nothing: at least one layer, at least once".into(),
        ),
        (
            "layers = [\n{ repeat = 10000, layers = [{ kind = \"chain\", layers = [{ repeat = 9000, layers = [{ kind = \"asinh\" }] }] }] }]".into(),
            "`layers[0].layers[0].layers[0].layers[0]`: more than 10000 layers".into(),
        ),
        (
            "layers = [\n{ repeat = -1, layers = [] }]".into(),
            "`layers[0].repeat`: invalid value: integer `-1`, expected usize".into(),
        ),
        (
            "layers = [{ kind = \"chain\", layers = [\n{ kind = \"asinnh\" }] }]".into(),
            "unknown kind of layer `asinnh`; nearest is `asinh`, known: asinh, autoregressive, chain, circular, coupling, cycled-conv, dense, domain, factor-out, free-conv, histogram, kept, leaky-tanh, logistic-mixture, logit, multiscale, permute, radial, scale, shift, sigmoid, smooth-leaky-relu, spline, squeeze, standardize, subband-scale, subband-shift, whitening".into(),
        ),
        (format!("{layers}\ntraining = {{ bacth = 3 }}"), format!("unknown key `bacth` in `training`; nearest is `batch`, known: {training}")),
        (format!("{layers}\ntraining.batch = 0"), "`training.batch`: 0: a batch has at least one row".into()),
        (
            format!("{layers}\ntraining.batch = -1"),
            "`training.batch`: invalid value: integer `-1`, expected usize".into(),
        ),
        (
            format!("{layers}\ntraining = {{ steps = 5, budget = \"5s\" }}"),
            "`training.budget`: excludes `steps`: a run has one budget".into(),
        ),
        (
            format!("{layers}\ntraining.steps = 1.5"),
            "`training.steps`: invalid type: floating point `1.5`, expected u64".into(),
        ),
        (
            format!("{layers}\ntraining.budget = \"5 lightyears\""),
            "`training.budget`: \"5 lightyears\" is no time such as \"90s\" or \"10m\": unknown time unit \"lightyears\", supported units: ns, us/µs, ms, sec, min, hours, days, weeks, months, years (and few variations)".into(),
        ),
        (
            format!("{layers}\ntraining.optimizer = \"adm\""),
            "`training.optimizer`: unknown name `adm`; nearest is `adam`, known: sgd, momentum, adam, smorms3".into(),
        ),
        (
            format!("{layers}\ntraining.optimizer = {{ adam = {{ beta = 1 }} }}"),
            "unknown key `beta` in `training.optimizer.adam`; nearest is `beta1`, known: beta1, beta2, epsilon".into(),
        ),
        (
            format!("{layers}\ntraining.optimizer = {{ adam = {{ beta2 = 1 }} }}"),
            "`training.optimizer`: beta2 = 1: must be in [0, 1)".into(),
        ),
        (
            format!("{layers}\ntraining.optimizer = {{ momentum = {{ nestrov = true }} }}"),
            "unknown key `nestrov` in `training.optimizer.momentum`; nearest is `nesterov`, known: beta, nesterov".into(),
        ),
        (
            format!("{layers}\ntraining.optimizer = {{ smorms3 = {{ epsilon = 0 }} }}"),
            "`training.optimizer`: epsilon = 0: must be positive and finite".into(),
        ),
        (
            format!("{layers}\ntraining.rate = -1"),
            "`training.rate`: learning rate = -1: must be finite and not negative".into(),
        ),
        (
            format!("{layers}\ntraining.schedule = \"cosin\""),
            "`training.schedule`: unknown name `cosin`; nearest is `cosine`, known: constant, cosine, linear, steps".into(),
        ),
        (
            format!("{layers}\ntraining.schedule = {{ cosine = {{ ende = 1 }} }}"),
            "unknown key `ende` in `training.schedule.cosine`; nearest is `end`, known: end".into(),
        ),
        (
            format!("{layers}\ntraining.schedule = {{ linear = {{ end = -1 }} }}"),
            "`training.schedule`: end of the schedule = -1: must be finite and not negative".into(),
        ),
        (
            format!("{layers}\ntraining.schedule = {{ steps = {{ factor = 0.5 }} }}"),
            "key `every` is missing in `training.schedule.steps`".into(),
        ),
        (
            format!("{layers}\ntraining.schedule = {{ steps = {{ factor = 0.5, every = 2 }} }}"),
            "`training.schedule`: every of the schedule = 2: must be in (0, 1]".into(),
        ),
        (
            format!("{layers}\ntraining.warmup = true"),
            "`training.warmup`: invalid type: boolean `true`, expected u64".into(),
        ),
        (
            format!("{layers}\ntraining.clip = \"norm\""),
            "`training.clip`: `norm` needs a value: { norm = … }".into(),
        ),
        (
            format!("{layers}\ntraining.clip = {{ value = 0 }}"),
            "`training.clip`: clipping limit = 0: must be positive".into(),
        ),
        (
            format!("{layers}\ntraining.evaluations = \"many\""),
            "`training.evaluations`: invalid type: string \"many\", expected u64".into(),
        ),
        (
            format!("{layers}\ntraining.validation-rows = -2"),
            "`training.validation-rows`: invalid value: integer `-2`, expected usize".into(),
        ),
        (
            format!("{layers}\ntraining.validation-rows = 0"),
            "`training.validation-rows`: validation rows = 0: must be at least 1".into(),
        ),
        (
            format!("{layers}\ntraining.evaluations = 0"),
            "`training.evaluations`: evaluations = 0: must be from 1 to 1,000,000".into(),
        ),
        (
            format!("{layers}\ntraining.patience = []"),
            "`training.patience`: invalid type: sequence, expected u64".into(),
        ),
    ];
    let wrong: Vec<String> = cases
        .into_iter()
        .filter_map(|(text, words)| {
            let (said, due) = (parse(&text).err(), format!("m.toml:2: {words}"));
            (said.as_deref() != Some(&due)).then(|| format!("{text}\n  said {said:?}\n  due  {due:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(parse("base = \"normal\"").unwrap_err(), "m.toml:1: key `layers` is missing");
    assert!(parse("layers = [").unwrap_err().starts_with("m.toml:1:11: "));
}
