//! Runs side by side.

use std::{fs, path::Path};

use super::{Side, compare, draw, text};
use crate::{
    control::Layer,
    metrics::{Run, sample, write},
};

fn side(dir: &Path, run: &Run) -> Side {
    write(dir, run, "").expect("room");
    Side::read(dir).expect("a run")
}

#[test]
fn equal_runs_are_called_equal() {
    let home = tempfile::tempdir().expect("a directory");
    let mut again = sample::run(1);
    // Another machine is slower and larger.
    again.metrics.speed.wall_s = 99.0;
    again.wall_s = 99.0;
    again.metrics.tables.series[0].resident_bytes = 1;
    let a = side(&home.path().join("a"), &sample::run(1));
    let b = side(&home.path().join("b"), &again);
    let found = compare(&a, &b).expect("a comparison");
    assert!(found.setup.is_empty(), "{:?}", found.setup);
    assert_eq!((found.same_trace, found.same_figures), (Some(true), true));
    assert!(
        found.rows.iter().filter(|row| !row.name.starts_with("speed")).all(|row| row.difference == Some(0.0))
    );
    assert!(text(&found).contains("All figures are equal"));
}

#[test]
fn differences_are_told_setup_first() {
    let home = tempfile::tempdir().expect("a directory");
    let mut other = sample::run(2);
    other.layer = Layer::Real;
    other.metrics.delivery.ratio = Some(0.5);
    let mut first = sample::run(1);
    first.metrics.delivery.ratio = Some(0.25);
    let a = side(&home.path().join("a"), &first);
    let b = side(&home.path().join("b"), &other);
    let found = compare(&a, &b).expect("a comparison");
    let what: Vec<_> = found.setup.iter().map(|difference| difference.what.as_str()).collect();
    assert_eq!(what, ["layer", "seed"]);
    assert_eq!((found.same_trace, found.same_figures), (Some(false), false));
    let row = found.rows.iter().find(|row| row.name == "delivery.ratio").expect("a row");
    assert_eq!((row.a, row.b, row.difference, row.ratio), (Some(0.25), Some(0.5), Some(0.25), Some(2.0)));
    assert_eq!((row.a_range, row.apart), (None, None));
    let told = text(&found);
    assert!(told.contains("set up differently") && told.contains("two samples"), "{told}");
    // Directories may be longer than a line.
    assert!(told.lines().skip(3).all(|line| line.chars().count() <= 80), "{told}");
    let files = draw(&a, &b, &found, &home.path().join("plots")).expect("room");
    assert_eq!(files.len(), 2);
    let svg = fs::read_to_string(&files[0]).expect("an SVG");
    roxmltree::Document::parse(&svg).expect("valid XML");
    assert!(svg.contains("A: model layer, seed 1") && svg.contains("B: real layer, seed 2"));
}

#[test]
fn several_seeds_have_medians_and_ranges() {
    let home = tempfile::tempdir().expect("a directory");
    let ratio = |seed: u64, ratio: f64| {
        let mut run = sample::run(seed);
        run.metrics.delivery.ratio = Some(ratio);
        run
    };
    for (place, value) in [0.1, 0.3, 0.2].into_iter().enumerate() {
        write(&home.path().join(format!("a/runs/{place}")), &ratio(place as u64, value), "").expect("room");
    }
    for (place, value) in [0.6, 0.5].into_iter().enumerate() {
        write(&home.path().join(format!("b/{place}")), &ratio(place as u64, value), "").expect("room");
    }
    let (a, b) = (
        Side::read(&home.path().join("a")).expect("runs"),
        Side::read(&home.path().join("b")).expect("runs"),
    );
    let found = compare(&a, &b).expect("a comparison");
    assert_eq!(found.runs, (3, 2));
    let row = found.rows.iter().find(|row| row.name == "delivery.ratio").expect("a row");
    assert_eq!((row.a, row.a_range, row.b_range), (Some(0.2), Some((0.1, 0.3)), Some((0.5, 0.6))));
    assert_eq!(row.apart, Some(true));
    let posts = found.rows.iter().find(|row| row.name == "delivery.posts").expect("a row");
    assert_eq!(posts.apart, Some(false));
    let told = text(&found);
    assert!(told.contains("(3 runs: medians, least … largest)") && told.contains(" ≠\n"), "{told}");
}

#[test]
fn what_cannot_be_compared_is_told() {
    let home = tempfile::tempdir().expect("a directory");
    let error = Side::read(home.path()).expect_err("nothing is there").to_string();
    assert!(error.contains("holds no run"), "{error}");
    let mut other = sample::run(1);
    other.scenario = "something else".to_owned();
    let a = side(&home.path().join("a"), &sample::run(1));
    let b = side(&home.path().join("b"), &other);
    let error = compare(&a, &b).expect_err("another scenario").to_string();
    assert!(error.contains("something else") && error.contains("by hand"), "{error}");
    let error = Side::read(home.path()).expect_err("two scenarios").to_string();
    assert!(error.contains("not of one scenario"), "{error}");
}
