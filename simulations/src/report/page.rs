//! One page that holds everything about a run: no script, nothing fetched, every value escaped.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    format, key,
    plots::{Plot, layer, source},
};
use crate::metrics::{Curve, Run, Until};

/// The look: the reader's own light or dark, plots as wide as fits, printable.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#16181d;--soft:#5a6070;--paper:#fff;--card:#f6f7f9;--line:#dfe2e8;--bad:#b3261e}\
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ee;--soft:#a0a7b8;--paper:#14161b;--card:#1c1f26;--line:#333844;--bad:#ff8a80}}\
*{box-sizing:border-box}\
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{max-width:88rem;margin:0 auto;padding:1.5rem}\
h1{font-size:1.7rem;margin:0 0 .2rem}h2{font-size:1.2rem;margin:2.2rem 0 .6rem}\
p{margin:.3rem 0;max-width:60rem}.soft{color:var(--soft)}\
.bad{color:var(--bad);font-weight:600}\
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}\
th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid var(--line);vertical-align:top}\
td.n,th.n{text-align:right;white-space:nowrap}\
.wide{overflow-x:auto}\
dl{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:.2rem 1.6rem;margin:0}\
dl div{border-top:1px solid var(--line);padding:.5rem 0}\
dt{color:var(--soft);font-size:.85rem}dd{margin:0;font-weight:600;font-variant-numeric:tabular-nums}\
dd.note{color:var(--soft);font-weight:400;font-size:.8rem}\
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,36rem),1fr));gap:1rem}\
figure{margin:0;padding:.8rem;background:var(--card);border:1px solid var(--line);border-radius:8px;break-inside:avoid}\
figure svg{display:block;width:100%;height:auto}figcaption{color:var(--soft);font-size:.85rem;margin-top:.5rem}\
code{font-family:ui-monospace,monospace;font-size:.9rem;background:var(--card);padding:.2rem .4rem;border-radius:4px;overflow-wrap:anywhere}\
";

/// The page, given each plot's SVG.
pub fn page(run: &Run, plots: &[(Plot, String)]) -> String {
    let metrics = &run.metrics;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (run.scenario) ", seed " (run.seed) ", " (layer(run)) " layer" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { (run.scenario) }
                    p.soft { (source(run)) }
                    @if !run.complete {
                        p.bad {
                            "This run ended early, after " (format::seconds(run.virtual_s)) " of "
                            (format::seconds(run.span_s)) ". What follows is what had happened by then."
                        }
                    }
                    @if !run.asks.is_empty() { p { strong { "Question. " } (run.asks) } }
                    @if !run.expects.is_empty() { p { strong { "Expected. " } (run.expects) } }
                    (violations(run))
                    h2 { "Key figures" }
                    dl {
                        @for figure in key::figures(run) {
                            div {
                                dt { (figure.name) }
                                dd { (figure.value) }
                                dd.note { (figure.note) }
                            }
                        }
                    }
                    h2 { "Plots" }
                    div.plots {
                        @for (plot, svg) in plots {
                            figure {
                                (PreEscaped(svg))
                                figcaption { (plot.alt) }
                            }
                        }
                    }
                    (latency(run))
                    (heals(run))
                    @if !run.phases.is_empty() {
                        h2 { "Phases" }
                        table {
                            thead { tr { th scope="col" { "Phase" } th.n scope="col" { "From" } th.n scope="col" { "To" } } }
                            tbody {
                                @for phase in run.phases.iter().take(50) {
                                    tr {
                                        td { (phase.name) }
                                        td.n { (format::seconds(phase.from_s)) }
                                        td.n { (format::seconds(phase.to_s)) }
                                    }
                                }
                            }
                        }
                        @if run.phases.len() > 50 { p.soft { "And " (run.phases.len() - 50) " more." } }
                    }
                    h2 { "The run" }
                    p { "Again: " code { (run.command) } }
                    p {
                        "Trace hash: "
                        @match &run.trace_hash {
                            Some(hash) => code { (hash) },
                            None => "none was kept",
                        }
                    }
                    p.soft {
                        (format::count(metrics.speed.events)) " events, " (format::count(metrics.speed.deliveries))
                        " deliveries in " (format::seconds(run.wall_s)) ". The figures are in " code { "run.json" }
                        ", the points of the curves in the CSV files beside it."
                    }
                }
            }
        }
    };
    page.into_string()
}

fn violations(run: &Run) -> Markup {
    let metrics = &run.metrics;
    html! {
        @if metrics.violations_total > 0 {
            h2.bad {
                (format::count(metrics.violations_total))
                @if metrics.violations_total == 1 { " violation" } @else { " violations" }
            }
            table {
                thead { tr { th.n scope="col" { "At" } th.n scope="col" { "Node" } th scope="col" { "What" } } }
                tbody {
                    @for violation in metrics.violations.iter().take(50) {
                        tr {
                            td.n { (format::seconds(violation.at_s)) }
                            td.n { @if let Some(node) = violation.node { (node) } }
                            td { (violation.what) }
                        }
                    }
                }
            }
            @if metrics.violations_total > 50 { p.soft { "The first 50 are shown; run.json has more." } }
        }
    }
}

fn latency(run: &Run) -> Markup {
    let row = |kind: &str, group: &str, curve: &Curve| {
        html! {
            tr {
                td { (kind) }
                td { (group) }
                td.n { (format::count(curve.count)) }
                td.n { (format::ms(curve.mean_ms)) }
                td.n { (format::ms(curve.p50_ms)) }
                td.n { (format::ms(curve.p95_ms)) }
                td.n { (format::ms(curve.p99_ms)) }
                td.n { (format::ms(curve.max_ms)) }
            }
        }
    };
    html! {
        @if !run.metrics.latency.is_empty() {
            h2 { "Delivery latency" }
            div.wide { table {
                thead { tr {
                    th scope="col" { "By" } th scope="col" { "Group" }
                    @for name in ["Deliveries", "Mean", "p50", "p95", "p99", "Longest"] { th.n scope="col" { (name) } }
                } }
                tbody {
                    @for group in &run.metrics.latency { (row(&group.kind, &group.group, &group.curve)) }
                    @if let Some(curve) = &run.metrics.mesh.time { (row("start", "first mesh in the own shard", curve)) }
                    @if let Some(curve) = &run.metrics.catch_up { (row("start", "everything caught up", curve)) }
                }
            } }
        }
    }
}

fn heals(run: &Run) -> Markup {
    let until = |until: &Until| {
        let one = |value: Option<f64>| value.map_or("never".to_owned(), format::seconds);
        [until.p50_s, until.p90_s, until.p99_s, until.all_s].map(one).join(" / ")
    };
    html! {
        @if !run.metrics.heals.is_empty() {
            h2 { "After each heal" }
            div.wide { table {
                thead { tr {
                    th.n scope="col" { "At" } th.n scope="col" { "Behind" } th.n scope="col" { "Missing" }
                    th.n scope="col" { "Nodes whole, 50 / 90 / 99 / 100 %" }
                    th.n scope="col" { "Posts arrived, 50 / 90 / 99 / 100 %" }
                    th.n scope="col" { "Sync bytes" } th.n scope="col" { "The least" }
                } }
                tbody {
                    @for heal in run.metrics.heals.iter().take(50) {
                        tr {
                            td.n { (format::seconds(heal.at_s)) }
                            td.n { (heal.behind) " of " (heal.nodes) }
                            td.n { (format::count(heal.missing)) }
                            td.n { (until(&heal.nodes_whole)) }
                            td.n { (until(&heal.posts_arrived)) }
                            td.n { (format::bytes(heal.sync_bytes as f64)) }
                            td.n { (format::some(heal.least_bytes, format::bytes)) }
                        }
                    }
                }
            } }
        }
    }
}
