//! Tables of numbers and categories: training, scores, samples with labels, and refusals.
#![allow(clippy::unwrap_used, clippy::panic)]

use crate::common;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use common::{folder, read, read_vector, refuse_cleanly, succeed, write};
use ndarray::{Array2, array};
use pdmap_train::{AnyModel, Categories, LabelDensity};

const KINDS: [&str; 3] = ["cat", "dog", "owl, barn"];
const SITES: [&str; 2] = ["7", "12"];

/// The kind and the site of a row, which depend on each other, and two numbers that depend on both.
fn row(row: usize) -> (usize, usize, [f64; 2]) {
    let uniform = |k: usize| ((row * 7919 * k + 13 * k + row * row) % 1009) as f64 / 1009.0;
    let kind = [0, 0, 1, 2][(4.0 * uniform(3)) as usize];
    let site = usize::from(uniform(5) < if kind == 0 { 0.15 } else { 0.8 });
    let width = 3.0 * kind as f64 + uniform(7) + uniform(11) - 1.0;
    let height = if site == 0 { width } else { -width } + 0.4 * (uniform(13) + uniform(17) - 1.0);
    (kind, site, [width, height])
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// A table whose columns of text stand among those of numbers.
fn table(folder: &Path, name: &str, rows: std::ops::Range<usize>) {
    let mut text = "width,kind,height,site\n".to_owned();
    for (kind, site, [width, height]) in rows.map(row) {
        writeln!(text, "{width},\"{}\",{height},{}", KINDS[kind], SITES[site]).unwrap();
    }
    std::fs::write(folder.join(name), text).unwrap();
}

/// A trained model, `m.st`, and fresh rows, `new.csv`.
fn trained(folder: &Path) -> String {
    table(folder, "table.csv", 0..700);
    table(folder, "new.csv", 2000..2300);
    let layer = |more: &str| format!("{{ kind = \"coupling\", hidden = [12]{more} }}");
    let model = format!("layers = [{}, {}]", layer(", split = \"none\""), layer(", swap = true"));
    std::fs::write(folder.join("m.toml"), model).unwrap();
    let args = "train --data table.csv --test new.csv --categorical site,kind --model m.toml --steps 300 --rate 0.01 \
                --dtype f64 --report r.html --out m.st";
    succeed(folder, &words(args))
}

fn categorical(folder: &Path) -> (AnyModel, Categories, LabelDensity) {
    let any = AnyModel::load(&folder.join("m.st")).unwrap();
    let AnyModel::F64(model) = &any else { panic!("a model in double precision") };
    let (categories, labels) = model.categorical().unwrap();
    (any.clone(), categories.clone(), labels.clone())
}

#[test]
fn a_mixed_table_is_scored_jointly_and_labels_come_back() {
    let folder = &folder();
    let printed = trained(folder);
    assert!(printed.contains("categories: kind (3), site (2)"), "{printed}");
    assert!(printed.contains("and 2 columns of categories"), "{printed}");
    let page = std::fs::read_to_string(folder.join("r.html")).unwrap();
    assert!(page.contains("owl, barn") && page.contains("site: 12") && page.contains("Latent classes"));

    // The probabilities of all categories sum to 1, with and without other labels.
    let (any, categories, labels) = categorical(folder);
    assert_eq!(categories.names(), ["kind", "site"]);
    assert_eq!(categories.columns[0].labels, KINDS);
    assert_eq!(categories.columns[1].labels, SITES);
    assert_eq!(categories.columns.iter().map(|column| column.before).collect::<Vec<_>>(), [1, 2]);
    for (kinds, sites, other) in [(3, 2, false), (4, 3, true)] {
        let all = Array2::from_shape_fn((kinds * sites, 2), |(row, column)| match column {
            0 => (row % kinds) as u32,
            _ => (row / kinds) as u32,
        });
        let sum: f64 = labels.log_density(all.view(), other).unwrap().iter().map(|log_p| log_p.exp()).sum();
        assert!((sum - 1.0).abs() < 1e-9, "{sum}");
    }

    // Scores are those of the library, in any order of the columns, and in blocks.
    let scored = succeed(folder, &words("score m.st --data new.csv --out ll.npy --attribution a.npy"));
    assert!(scored.contains("and 2 columns of categories"), "{scored}");
    let scores = read_vector(folder, "ll.npy");
    let rows: Vec<_> = (2000..2300).map(row).collect();
    let x = Array2::from_shape_fn((300, 2), |(index, column)| rows[index].2[column]);
    let codes = Array2::from_shape_fn((300, 2), |(index, column)| [rows[index].0, rows[index].1][column] as f64);
    let expected = any.log_prob(x.view(), Some(codes.view())).unwrap();
    assert!(scores.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-9));
    let gradient = any.score(x.view(), Some(codes.view())).unwrap();
    assert!((read(folder, "a.npy") - gradient).iter().all(|apart| apart.abs() < 1e-9));
    let mut turned = "site,height,kind,width\n".to_owned();
    rows.iter().for_each(|(kind, site, [width, height])| {
        writeln!(turned, "{},{height},\"{}\",{width}", SITES[*site], KINDS[*kind]).unwrap();
    });
    std::fs::write(folder.join("turned.csv"), turned).unwrap();
    succeed(folder, &words("score m.st --data turned.csv --out turned.npy"));
    assert_eq!(read_vector(folder, "turned.npy"), scores);

    // Better than the numbers and each column of categories by themselves.
    let alone = "train --data table.csv --columns width,height --model gaussian-mixture --steps 20 --out alone.st";
    succeed(folder, &words(alone));
    succeed(folder, &words("score alone.st --data new.csv --columns width,height --out alone.npy"));
    let mean = |name: &str| read_vector(folder, name).iter().sum::<f64>() / 300.0;
    let entropy = |label: &dyn Fn(usize) -> usize| {
        let mut counts = BTreeMap::new();
        (2000..2300).for_each(|index| *counts.entry(label(index)).or_insert(0.0_f64) += 1.0 / 300.0);
        counts.values().map(|p| -p * p.ln()).sum::<f64>()
    };
    let apart = mean("alone.npy") - entropy(&|index| row(index).0) - entropy(&|index| row(index).1);
    assert!(mean("ll.npy") > apart + 0.3, "{} {apart}", mean("ll.npy"));

    assert!(
        succeed(folder, &words("inspect m.st --data new.csv"))
            .contains("categories of kind: 3 labels: cat, dog, owl, barn")
    );
    let json: serde_json::Value = serde_json::from_str(&succeed(folder, &words("inspect m.st --json"))).unwrap();
    assert_eq!(json["header"]["categories"][1]["labels"][0], "7");
    let page = succeed(folder, &words("report m.st --data new.csv --out page.html"));
    assert!(
        page.contains("nats per row")
            && std::fs::read_to_string(folder.join("page.html")).unwrap().contains("kind: dog")
    );
}

#[test]
fn samples_have_labels_in_the_order_of_the_table() {
    let folder = &folder();
    trained(folder);
    succeed(folder, &words("sample m.st --count 2000 --seed 3 --out s.csv"));
    let text = std::fs::read_to_string(folder.join("s.csv")).unwrap();
    assert_eq!(text.lines().next().unwrap(), "width,kind,height,site");
    let (mut cats, mut right) = (0, 0);
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let kind =
            if line.contains("\"owl, barn\"") { 2 } else { KINDS.iter().position(|kind| *kind == cells[1]).unwrap() };
        assert!(SITES.contains(cells.last().unwrap()), "{line}");
        cats += usize::from(kind == 0);
        let width: f64 = cells[0].parse().unwrap();
        right += usize::from((width - 3.0 * kind as f64).abs() < 1.5);
    }
    assert!((850..1150).contains(&cats) && right > 1800, "{cats} {right}");
    // Samples are a table that the model scores, and are the same for the same seed.
    succeed(folder, &words("score m.st --data s.csv"));
    succeed(folder, &words("sample m.st --count 2000 --seed 3 --out again.csv"));
    assert_eq!(std::fs::read_to_string(folder.join("again.csv")).unwrap(), text);
    // Numbers for given labels, and codes.
    succeed(folder, &words("sample m.st --condition new.csv --out given.csv"));
    let of = |name: &str, place: usize| -> Vec<String> {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        text.lines().skip(1).map(|line| line.split('"').nth(place).unwrap_or(line).to_owned()).collect()
    };
    assert_eq!(of("given.csv", 1).len(), 300);
    succeed(folder, &words("encode m.st --data new.csv --out z.npy"));
    succeed(folder, &words("decode m.st --data z.npy --condition new.csv --out back.npy"));
    let x = Array2::from_shape_fn((300, 2), |(index, column)| row(2000 + index).2[column]);
    assert!((read(folder, "back.npy") - x).iter().all(|apart| apart.abs() < 1e-9));
    refuse_cleanly(folder, &words("decode m.st --data z.npy --out b.npy"), &["--condition", "kind, site"]);
    refuse_cleanly(folder, &words("sample m.st --count 3 --out s.npy"), &["labels", ".csv"]);
    refuse_cleanly(folder, &words("sample m.st --count 3 --class 1 --out t.csv"), &["--class", "categories"]);
    refuse_cleanly(folder, &words("classify m.st --data new.csv"), &["categories", "kind, site"]);
    refuse_cleanly(folder, &words("impute m.st --data new.csv --out t.csv"), &["categories", "closed form"]);
    refuse_cleanly(folder, &words("score m.st --data new.csv --given width"), &["categories", "closed form"]);
}

#[test]
fn unknown_labels_are_refused_or_get_the_probability_of_the_smoothing() {
    let folder = &folder();
    trained(folder);
    std::fs::write(folder.join("odd.csv"), "width,kind,height,site\n0.1,cat,0.2,7\n0.1,eel,0.2,7\n0.1,cat,0.2,99\n")
        .unwrap();
    let score = words("score m.st --data odd.csv --out o.npy");
    refuse_cleanly(
        folder,
        &score,
        &["odd.csv", "row 1", "\"kind\"", "\"eel\"", "cat, dog, owl, barn", "--unseen other"],
    );
    let printed = succeed(folder, &words("score m.st --data odd.csv --unseen other --out o.npy --attribution a.npy"));
    assert!(printed.contains("2 of 3 rows have labels"), "{printed}");
    let (scores, (any, _, labels)) = (read_vector(folder, "o.npy"), categorical(folder));
    let codes = array![[0, 0], [3, 0], [0, 2]];
    let log_p = labels.log_density(codes.view(), true).unwrap();
    // log p(c) of the smoothing, and the numbers of all kinds, weighted by the site.
    let kinds = array![[0.0, 0.0], [1.0, 0.0], [2.0, 0.0]];
    let x = Array2::from_shape_fn((3, 2), |(_, column)| [0.1, 0.2][column]);
    let joint = any.log_prob(x.view(), Some(kinds.view())).unwrap();
    let of_site = labels.log_density(array![[0, 0], [1, 0], [2, 0]].view(), false).unwrap();
    let log_sum = |logs: &[f64]| logs.iter().map(|log| log.exp()).sum::<f64>().ln();
    let expected = log_p[1] + log_sum(&joint) - log_sum(&of_site);
    assert!((scores[1] - expected).abs() < 1e-9, "{} {expected}", scores[1]);
    assert!(scores[1] < scores[0] - 2.0 && scores[2] < scores[0] - 2.0);
    // A row of known labels has the rest of the probability.
    succeed(folder, &words("score m.st --data new.csv --out all.npy"));
    succeed(folder, &words("score m.st --data new.csv --unseen other --out other.npy"));
    let apart = read_vector(folder, "all.npy")[0] - read_vector(folder, "other.npy")[0];
    assert!(apart > 0.0 && apart < 0.1, "{apart}");

    let train = "train --data table.csv --test odd.csv --categorical kind,site --model m.toml --steps 5 --out t.st";
    refuse_cleanly(folder, &words(train), &["odd.csv", "row 1", "\"eel\"", "--unseen other"]);
    let printed = succeed(folder, &words(&format!("{train} --unseen other")));
    assert!(printed.contains("0 validation and 2 test rows have labels"), "{printed}");
    // A label of a single row is kept for training, wherever the row would have gone.
    let mut text = std::fs::read_to_string(folder.join("table.csv")).unwrap();
    (0..20).for_each(|rare| writeln!(text, "0.{rare},rare-{rare},0.5,7").unwrap());
    std::fs::write(folder.join("rare.csv"), text).unwrap();
    let rare = "train --data rare.csv --categorical kind,site --model m.toml --steps 5 --out rare.st";
    assert!(succeed(folder, &words(rare)).contains("kind (23)"));
}

#[test]
fn what_cannot_be_trained_on_is_refused_before_anything_is_written() {
    let folder = &folder();
    table(folder, "table.csv", 0..300);
    write(folder, "x.npy", &Array2::from_shape_fn((300, 2), |(index, column)| row(index).2[column]));
    std::fs::write(folder.join("c.csv"), "a\n1\n").unwrap();
    let with = |data: &str, more: &str| format!("train --data {data} --steps 2 --out m.st{more}");
    let refuse = |line: &str, names: &[&str]| refuse_cleanly(folder, &words(line), names);
    refuse(&with("table.csv", ""), &["\"cat\"", "--categorical"]);
    refuse(&with("table.csv", " --categorical kind,colour"), &["colour"]);
    refuse(&with("table.csv", " --categorical kind,kind"), &["kind"]);
    refuse(&with("table.csv", " --categorical kind --condition c.csv"), &["--condition", "--categorical kind"]);
    refuse(&with("table.csv", " --categorical kind --missing marginalize"), &["--missing marginalize"]);
    refuse(&with("table.csv", " --categorical kind --id kind"), &["kind"]);
    refuse(&with("-", " --categorical kind"), &["must be a file"]);
    refuse(&with("x.npy", " --categorical 1"), &["array"]);
    refuse(&with("synthetic:moons", " --categorical 1"), &["tables"]);
    refuse(&with("table.csv", " --categorical kind --model dense-relative"), &["dense-relative", "condition"]);
    refuse(&with("table.csv", " --categorical kind,site --memory 100B"), &["--memory", "5 labels"]);
    std::fs::write(folder.join("words.csv"), "kind,site\ncat,a\ndog,b\ncat,a\ndog,a\n").unwrap();
    refuse(&with("words.csv", " --categorical kind,site"), &["no column of numbers", "LatentClasses"]);
    std::fs::write(folder.join("names.csv"), "x,who\n1,ann\n2,bob\n3,cy\n4.5,dan\n").unwrap();
    refuse(&with("names.csv", " --categorical who"), &["who", "--id"]);
    std::fs::write(folder.join("holes.csv"), "x,kind\n1,cat\n2,\n3,dog\n4.5,cat\n").unwrap();
    refuse(&with("holes.csv", " --categorical kind"), &["row 1", "kind", "no label"]);
    succeed(folder, &words("train --data x.npy --model gaussian-mixture --steps 2 --out plain.st"));
    refuse("score plain.st --data x.npy --unseen other", &["--unseen other", "no columns of categories"]);
}
