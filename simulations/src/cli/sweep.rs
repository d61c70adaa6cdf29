//! `sweep`: many worlds of one scenario, one process each, on all cores; goes on where it was left.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{self, SyncSender},
    },
    thread,
    time::Duration,
};

use serde_json::json;
use starling_simulations::sweep::{self as lib, Axis, Found, Grid, Range, Row, Seeds, Spec};

use super::{
    Failure, Kind, Output,
    output::count,
    run::Carried,
    signals,
    world::{self, Change, Setting},
};

/// What the summary shows unless something else is asked for.
const SHOWN: [&str; 4] =
    ["delivery.ratio", "latency.p50_ms", "latency.p99_ms", "traffic.duplicates_per_delivery"];
/// Between two looks whether a run has ended: it takes seconds at least.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Bytes kept of what a failed run said: enough for its error, and no flood.
const SAID: usize = 4_096;

/// Run a scenario with many seeds and settings, and leave a table
#[derive(Debug, clap::Args)]
pub struct Sweep {
    #[command(flatten)]
    pub what: What,
    /// Folder for the table and the runs; an unfinished sweep goes on there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Runs at a time, if not one for each core
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,
    /// Run only this row, as a job of a cluster does
    #[arg(long, value_name = "I", env = "STARLING_SIM_ROW", hide_env_values = true)]
    row: Option<usize>,
    /// Run nothing: make the table of the rows that are there
    #[arg(long, conflicts_with = "row")]
    gather: bool,
    /// Metrics in the summary, by their names in run.json
    #[arg(long, value_name = "METRIC", value_delimiter = ',')]
    show: Vec<String>,
}

/// What is swept.
#[derive(Debug, Clone, clap::Args)]
pub struct What {
    /// A scenario's file or the name of a shipped one
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,
    /// Seeds: 7, 1,2,5 or 1..20 with both ends
    #[arg(long, value_name = "SEEDS")]
    pub seeds: Seeds,
    /// A setting and its values, such as links.loss=0,0.01,0.1; several make every combination
    #[arg(long, value_name = "KEY=VALUES")]
    pub set: Vec<Axis>,
    #[command(flatten)]
    pub change: Change,
    #[command(flatten)]
    pub carried: Carried,
}

impl What {
    /// What it is, with the scenario's text. A setting that the scenario does not take is told now.
    pub fn spec(&self) -> Result<Spec, Failure> {
        let scenario = world::scenario(&self.scenario, &[])?;
        let grid = Grid { seeds: self.seeds.clone(), axes: self.set.clone() };
        if grid.rows().is_none() {
            return Err(Failure::usage(lib::Error::TooMany));
        }
        for axis in &self.set {
            for value in &axis.values {
                world::scenario(&self.scenario, &[Setting { key: axis.key.clone(), value: value.clone() }])?;
            }
        }
        let options = [self.change.words(), self.carried.words()].concat();
        Ok(Spec { text: scenario.source.text, options, grid })
    }

    /// The words after the scenario that make the same sweep again.
    pub fn words(&self) -> Vec<String> {
        let seeds: Vec<String> = self.seeds.0.iter().map(u64::to_string).collect();
        let mut words = vec!["--seeds".to_owned(), seeds.join(",")];
        for Axis { key, values } in &self.set {
            words.extend(["--set".to_owned(), format!("{key}={}", values.join(","))]);
        }
        words.extend(self.change.words());
        words.extend(self.carried.words());
        words
    }
}

/// What became of a row.
enum Done {
    /// Its run is there.
    Found,
    /// Its run is there, and an invariant does not hold in it.
    Broken,
    /// There is no run, because of this.
    Failed(String),
    /// It was stopped before its end.
    Stopped,
}

impl Sweep {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        let sweep = lib::Sweep::open(self.what.spec()?, &self.out).map_err(|error| match error {
            lib::Error::Other(_) => Failure::new(Kind::Refused, error),
            error => Failure::failed(error),
        })?;
        if let Some(row) = self.row {
            return self.one(output, &sweep, row);
        }
        let mut failed = 0;
        let mut stopped = false;
        if !self.gather {
            let stop = signals::stop(output)?;
            (failed, stopped) = self.all(output, &sweep, &stop)?;
        }
        let rows = sweep.gather().map_err(Failure::failed)?;
        self.summary(output, &sweep, &rows)?;
        if failed > 0 {
            return Err(
                Failure::failed(format!("{failed} runs failed")).hint("the same command runs them again")
            );
        }
        if stopped { Err(Failure::told(Kind::Interrupted)) } else { Ok(()) }
    }

    /// One row, as a job of a cluster: what was found by another job is left alone.
    fn one(&self, output: Output, sweep: &lib::Sweep, number: usize) -> Result<(), Failure> {
        let rows = sweep.rows();
        let row = sweep.spec.grid.row(number);
        let row =
            row.ok_or_else(|| Failure::usage(format!("there is no row {number}, only {rows} from 0")))?;
        if sweep.found(number).is_some() {
            output.talk(format!("row {number} is there already"));
            return Ok(());
        }
        let stop = signals::stop(output)?;
        match self.live(sweep, &row, &stop)? {
            Done::Found => Ok(()),
            Done::Broken => Err(Failure::failed(format!("row {number}: an invariant does not hold"))),
            Done::Failed(why) => Err(Failure::failed(format!("row {number}: {why}"))),
            Done::Stopped => Err(Failure::told(Kind::Interrupted)),
        }
    }

    /// All rows that are missing, on all cores. Says how many failed, and whether it was stopped.
    fn all(&self, output: Output, sweep: &lib::Sweep, stop: &AtomicBool) -> Result<(usize, bool), Failure> {
        let missing: Vec<usize> = (0..sweep.rows()).filter(|number| sweep.found(*number).is_none()).collect();
        let there = sweep.rows() - missing.len();
        if there > 0 {
            output.talk(format!("{there} of {} rows are there already", sweep.rows()));
        }
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let workers = self.jobs.unwrap_or(cores).clamp(1, missing.len().max(1));
        let next = AtomicUsize::new(0);
        // One for each worker: none waits for the line to be written.
        let (tell, told) = mpsc::sync_channel::<(usize, Result<Done, Failure>)>(workers);
        let (mut failed, mut done) = (0, 0);
        thread::scope(|scope| {
            for _ in 0..workers {
                let tell = tell.clone();
                scope.spawn(|| self.work(sweep, &missing, &next, stop, tell));
            }
            drop(tell);
            for (number, outcome) in &told {
                done += 1;
                let said = match outcome? {
                    Done::Found => "found".into(),
                    Done::Broken => "found; an invariant does not hold".into(),
                    Done::Stopped => continue,
                    Done::Failed(why) => {
                        failed += 1;
                        format!("failed: {why}")
                    }
                };
                output.talk(format!("[{done}/{}] row {number}: {said}", missing.len()));
            }
            Ok((failed, stop.load(Ordering::Relaxed)))
        })
    }

    fn work(
        &self,
        sweep: &lib::Sweep,
        missing: &[usize],
        next: &AtomicUsize,
        stop: &AtomicBool,
        tell: SyncSender<(usize, Result<Done, Failure>)>,
    ) {
        while !stop.load(Ordering::Relaxed) {
            let Some(number) = missing.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
            let Some(row) = sweep.spec.grid.row(*number) else { return };
            if tell.send((*number, self.live(sweep, &row, stop))).is_err() {
                return;
            }
        }
    }

    /// Runs a row in a process of its own, so that one that runs out of memory takes no other with it.
    fn live(&self, sweep: &lib::Sweep, row: &Row, stop: &AtomicBool) -> Result<Done, Failure> {
        let folder = sweep.run(row.number);
        fs::create_dir_all(&folder)?;
        let said = folder.join("said.txt");
        let mut child = Command::new(std::env::current_exe()?)
            .arg("run")
            .arg(&self.what.scenario)
            .args(["--seed", &row.seed.to_string()])
            .args(row.settings.iter().flat_map(|(key, value)| ["--set".to_owned(), format!("{key}={value}")]))
            .args(&sweep.spec.options)
            .args(["--json", "--force", "--out"])
            .arg(&folder)
            .env_remove("STARLING_SIM_ROW")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&said)?)
            .spawn()?;
        let Some(status) = wait(&mut child, stop)? else { return Ok(Done::Stopped) };
        let found = sweep.found(row.number).is_some();
        Ok(match (found, status.success()) {
            (true, true) => {
                fs::remove_file(&said)?;
                Done::Found
            }
            (true, false) => Done::Broken,
            (false, _) if stop.load(Ordering::Relaxed) => Done::Stopped,
            (false, _) => Done::Failed(reason(&said, &status.to_string())),
        })
    }

    fn summary(&self, output: Output, sweep: &lib::Sweep, rows: &[Found]) -> Result<(), Failure> {
        let shown: Vec<&str> = match self.show.as_slice() {
            [] => SHOWN.to_vec(),
            shown => shown.iter().map(String::as_str).collect(),
        };
        let mut groups = Vec::new();
        for (number, metric) in shown.iter().enumerate() {
            for (group, (settings, range)) in lib::ranges(rows, metric).into_iter().enumerate() {
                if number == 0 {
                    groups.push((settings, Vec::new()));
                }
                if let Some((_, ranges)) = groups.get_mut(group) {
                    ranges.push((*metric, range));
                }
            }
        }
        if output.json {
            let combinations: Vec<_> = groups
                .iter()
                .map(|(settings, ranges)| {
                    let settings: serde_json::Map<_, _> =
                        settings.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
                    let ranges: serde_json::Map<_, _> =
                        ranges.iter().map(|(metric, range)| ((*metric).to_owned(), json!(range))).collect();
                    json!({ "settings": settings, "metrics": ranges })
                })
                .collect();
            let table = self.out.join("sweep.csv");
            return output.object(
                &json!({ "rows": sweep.rows(), "finished": rows.len(), "table": table, "combinations": combinations }),
            );
        }
        for (settings, ranges) in groups {
            let settings: Vec<String> =
                settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let head = if settings.is_empty() { "all".into() } else { settings.join(" ") };
            output.line(head)?;
            for (metric, range) in ranges {
                output.line(line(metric, range))?;
            }
        }
        let (finished, all) = (count(rows.len() as u64), count(sweep.rows() as u64));
        output.line(format!("{finished} of {all} rows: {}", self.out.join("sweep.csv").display()))
    }
}

fn line(metric: &str, range: Option<Range>) -> String {
    let Some(Range { least, median, most, runs }) = range else { return format!("  {metric:<34} none") };
    format!("  {metric:<34} median {median:.4}, {least:.4} to {most:.4} in {runs} runs")
}

/// Until it has ended; none if it was stopped.
fn wait(child: &mut Child, stop: &AtomicBool) -> Result<Option<std::process::ExitStatus>, Failure> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if stop.load(Ordering::Relaxed) {
            // Half a run is no row. It may have ended by itself meanwhile, by the same Ctrl-C.
            let _ = child.kill();
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK_EVERY);
    }
}

/// The error that a run told, or how it ended.
fn reason(said: &Path, status: &str) -> String {
    let text = fs::read_to_string(said).unwrap_or_default();
    let text = text.get(text.floor_char_boundary(text.len().saturating_sub(SAID))..).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("error: "));
    line.map_or_else(|| format!("{status}; {} has what it said", said.display()), str::to_owned)
}
