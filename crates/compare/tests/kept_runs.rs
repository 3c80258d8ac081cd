//! Stored runs, parallel runs, failing arms.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use pdmap_compare::{Arm, Event, Finding, Parallel, Plan, PlanFile, Results, Store, TIMINGS, compare, csv, page};
use pdmap_data::{Counts, Generator, Splits};
use pdmap_train::{Budget, Preprocess, Preset};
use serde_json::Value;

fn data() -> Splits<f64> {
    let generator: Generator = "synthetic:ica?dim=3&source=laplace".parse().unwrap();
    generator.splits(Counts { train: 1000, validation: 200, test: 300 }, 1).unwrap()
}

fn plan() -> Plan {
    Plan {
        arms: [Preset::DENSE_RELATIVE, Preset::DENSE_ORTHONORMAL].map(Arm::from).to_vec(),
        preprocess: vec![Preprocess::Standardize],
        rates: vec![1e-3, 1e-2],
        ..Plan::new(Budget::Steps(40))
    }
}

/// The results as JSON without times.
fn without_times(results: &Results) -> Value {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(table) => {
                table.retain(|key, _| !TIMINGS.contains(&key.as_str()));
                table.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(results).unwrap();
    strip(&mut value);
    value
}

#[test]
fn a_killed_comparison_resumes_to_the_same_results() {
    let (data, plan, folder) = (data(), plan(), tempfile::tempdir().unwrap());
    let whole = compare(&data, &plan, &Store::none(), &mut |_| {}).unwrap();
    let store = Store::open(&folder.path().join("runs"));
    let kept = || std::fs::read_dir(folder.path().join("runs")).unwrap().count();
    // A panic stands in for a kill.
    for events in [3, 150, 700] {
        let mut left = events;
        let died = catch_unwind(AssertUnwindSafe(|| {
            compare(&data, &plan, &store, &mut |_| {
                left -= 1;
                assert!(left > 0, "killed");
            })
        }));
        assert!(died.is_err());
    }
    let before = kept();
    assert!(before > 4, "{before}");
    let resumed = compare(&data, &plan, &store, &mut |_| {}).unwrap();
    assert_eq!(without_times(&resumed), without_times(&whole));
    // All runs are stored now, so no step is repeated.
    let all = kept();
    assert!(all > before);
    let mut steps = 0;
    let again = compare(&data, &plan, &store, &mut |event| {
        steps += u32::from(matches!(event, Event::Run { .. } | Event::Tuning { .. }));
    })
    .unwrap();
    assert_eq!((steps, kept()), (0, all));
    // Times are those of the original runs.
    assert_eq!(again.runs, resumed.runs);
    // More seeds add runs only; a damaged run is repeated.
    for entry in std::fs::read_dir(folder.path().join("runs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end == "npy") {
            std::fs::write(&path, b"no rows").unwrap();
            break;
        }
    }
    let mut finished = Vec::new();
    let more = Plan { seeds: 11, ..plan };
    let results = compare(&data, &more, &store, &mut |event| {
        if let Event::Run { arm, seed, progress } = event
            && progress.step == 40
        {
            finished.push((arm.to_owned(), seed));
        }
    })
    .unwrap();
    assert_eq!(results.runs.len(), 22);
    finished.dedup();
    assert_eq!(finished.len(), 3, "{finished:?}");
}

#[test]
fn parallel_runs_give_the_same_results() {
    let data = data();
    let one = compare(&data, &plan(), &Store::none(), &mut |_| {}).unwrap();
    let parallel = Some(Parallel { runs: 3, threads: 2 });
    let beside = Plan { parallel, ..plan() };
    let mut beside = compare(&data, &beside, &Store::none(), &mut |_| {}).unwrap();
    beside.plan.parallel = None;
    assert_eq!(without_times(&beside), without_times(&one));
    let timed = Plan { parallel, ..Plan::new(Budget::Time(std::time::Duration::from_secs(1))) };
    assert!(timed.check().unwrap_err().to_string().contains("one at a time"));
}

#[test]
fn a_failing_arm_is_reported_and_the_others_continue() {
    // Unconstrained kernels need a whole number of periods; three features are not.
    let text = "seeds = 10\nrates = []\n[training]\nsteps = 20\n[[arms]]\nmodel = \"dense-relative\"\n\
                [[arms]]\nname = \"free\"\nmodel = { layers = [{ kind = \"free-conv\", period = 2, overlap = 1 }] }\n";
    let plan = PlanFile::parse("plan.toml", text).unwrap().onto(Plan::new(Budget::Steps(1)));
    let mut failed = 0;
    let results = compare(&data(), &plan, &Store::none(), &mut |event| {
        failed += u32::from(matches!(event, Event::Failed { arm: "free", .. }));
    })
    .unwrap();
    assert_eq!((results.runs.len(), results.failures.len(), failed), (10, 1, 1));
    assert_eq!(results.contrasts[0].finding, Finding::Undecided);
    // The table can be parsed whatever the name of an arm.
    let mut named = results.clone();
    named.runs[0].arm = "6\" tiles".into();
    let table = csv(&named).unwrap();
    let mut reader = csv::Reader::from_reader(&table[..]);
    let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
    assert_eq!((records.len(), &records[0][0], &records[0][13]), (10, "6\" tiles", "finished"));
    let html = page(&results).unwrap().render().unwrap();
    assert!(html.contains("Failed runs") && html.contains("free: "), "the page misses the failure");
    // If every arm fails, the comparison fails.
    let alone = Plan { arms: plan.arms[1..].to_vec(), ..plan };
    let error = compare(&data(), &alone, &Store::none(), &mut |_| {}).unwrap_err();
    assert!(error.to_string().starts_with("arm free: "), "{error}");
}
