//! Reports of a small run: every file is what its name says, and nothing in it is taken for markup.

use std::fs;

use super::{Options, PAGE, PLOTS, draw, plots, text};
use crate::metrics::{NodeRow, Tables, sample, write};

#[test]
fn every_plot_is_a_valid_picture() {
    let home = tempfile::tempdir().expect("a directory");
    let run = sample::run(3);
    write(home.path(), &run, "").expect("room");
    let report = draw(home.path(), &Options { png: false, page: false, svg: true }).expect("a report");
    let names: Vec<_> = plots::plots(&run).iter().map(|plot| plot.name).collect();
    let wanted = [
        "latency-rings",
        "latency-regions",
        "latency-hops",
        "latency-ways",
        "completeness",
        "heals",
        "nodes",
        "neighbours",
        "duplicates",
        "traffic",
        "bytes",
        "storage",
        "map-delivery",
        "map-latency",
    ];
    assert_eq!(names, wanted);
    for name in names {
        let svg = fs::read_to_string(home.path().join(PLOTS).join(format!("{name}.svg"))).expect("an SVG");
        let tree = roxmltree::Document::parse(&svg).expect("valid XML");
        let tags = |tag: &str| {
            tree.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", tag))).count()
        };
        assert_eq!((tags("title"), tags("desc")), (1, 1), "{name}");
        assert!(tags("text") > 3 && tags("polyline") + tags("circle") > 1, "{name}");
        let said: String = tree.descendants().filter_map(|node| node.text()).collect();
        assert!(said.contains("by hand") && said.contains("seed 3") && said.contains("model"), "{name}");
    }
    assert_eq!(report.files.len(), wanted.len());
    assert!(report.files.iter().all(|file| file.exists()));
}

#[test]
fn pictures_of_pixels_have_letters() {
    let home = tempfile::tempdir().expect("a directory");
    let mut run = sample::run(3);
    // Two plots are enough: without optimization each takes seconds.
    run.metrics.latency.retain(|row| row.kind == "hops");
    run.metrics.tables = Tables {
        latency: run.metrics.tables.latency,
        nodes: vec![NodeRow { sent_sync: 1, started_s: Some(0.0), ..NodeRow::default() }],
        ..Tables::default()
    };
    write(home.path(), &run, "").expect("room");
    let report = draw(home.path(), &Options { png: true, page: false, svg: false }).expect("a report");
    assert_eq!(report.files.len(), 2);
    for path in report.files {
        let file = fs::File::open(&path).expect("a PNG");
        let mut reader = png::Decoder::new(std::io::BufReader::new(file)).read_info().expect("a PNG");
        let mut pixels = vec![0; reader.output_buffer_size().expect("a size")];
        let info = reader.next_frame(&mut pixels).expect("pixels");
        assert_eq!(info.width, 1600);
        let dark = pixels.chunks(3).filter(|pixel| pixel.iter().all(|part| *part < 90)).count();
        assert!(dark > 1_000, "{path:?} has no letters: {dark}");
    }
}

#[test]
fn the_page_stands_alone_and_escapes_what_it_is_told() {
    let home = tempfile::tempdir().expect("a directory");
    write(home.path(), &sample::run(3), "").expect("room");
    draw(home.path(), &Options { svg: false, png: false, page: true }).expect("a report");
    assert!(!home.path().join(PLOTS).exists());
    let page = fs::read_to_string(home.path().join(PAGE)).expect("a page");
    assert!(page.contains("&lt;script&gt;alert") && !page.contains("<script"));
    assert!(page.contains("Is &lt;what&gt; counted &amp; what is not?"));
    assert!(page.contains("starling sim run by-hand --seed 3"));
    // Nothing is fetched: the only address is the name of SVG itself.
    let addresses = page.matches("http").count();
    assert_eq!(addresses, page.matches("http://www.w3.org/2000/svg").count());
    for part in ["src=", "<link", "@import", "url("] {
        assert!(!page.contains(part), "{part}");
    }
    assert_eq!(page.matches("<svg").count(), page.matches("role=\"img\"").count());
    // A part's id is there once.
    let ids: Vec<_> = page.match_indices(" id=\"").map(|(at, _)| &page[at..at + 40]).collect();
    let unique: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len());
    assert!(!page.contains("#010203"), "ink that is not the page's");
}

#[test]
fn the_terminal_is_eighty_columns_wide() {
    let text = text(&sample::run(3));
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
    for part in
        ["by hand", "seed 3", "delivered, of what was due", "partition: 100 s to 200 s", "violation at"]
    {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn a_run_in_which_nothing_happened_has_a_report_too() {
    let home = tempfile::tempdir().expect("a directory");
    let mut run = sample::run(3);
    run.metrics = crate::metrics::Metrics::default();
    run.regions.clear();
    run.phases.clear();
    run.complete = false;
    write(home.path(), &run, "").expect("room");
    let report = draw(home.path(), &Options::default()).expect("a report");
    assert_eq!(report.files, [home.path().join(PAGE)]);
    let page = fs::read_to_string(home.path().join(PAGE)).expect("a page");
    assert!(page.contains("ended early"));
}

#[test]
fn what_is_no_run_is_told() {
    let home = tempfile::tempdir().expect("a directory");
    let error = draw(home.path(), &Options::default()).expect_err("nothing is there");
    assert!(error.to_string().contains("holds no run"), "{error}");
}
