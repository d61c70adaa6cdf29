//! Many worlds of one scenario: a folder with a run for each, which is filled by this machine's cores or by those of a
//! cluster, and goes on where it was left.
//!
//! ```text
//! DIR/sweep.json     what the sweep is; another one is kept out
//! DIR/runs/00007/    the run of row 7; its run.json says whether it is complete
//! DIR/sweep.csv      a row for each run that is complete, made from those
//! ```
//! A row is finished when its run says so itself, so nothing has to be kept in step by several processes.

mod grid;
mod jobs;
mod setting;
mod table;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use grid::{Axis, Grid, MOST_ROWS, Row, Seeds};
pub use jobs::{Job, kubernetes, slurm};
pub use setting::set;
pub use table::{Found, Range, csv, ranges};

/// What a sweep is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The scenario's text, so that rows of before and after a change do not end up in one table.
    pub text: String,
    /// What the runs are told beside seed and settings, such as `--layer real`.
    pub options: Vec<String>,
    /// Seeds and settings.
    pub grid: Grid,
}

/// Why a sweep cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder holds something else.
    #[error("{0} holds another sweep: take another folder, or what it was begun with")]
    Other(PathBuf),
    /// The folder holds something that is no sweep.
    #[error("{path} is no description of a sweep: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: serde_json::Error,
    },
    /// More worlds than anybody runs.
    #[error("{MOST_ROWS} runs are the most that one sweep holds")]
    TooMany,
    /// A file.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// A sweep with its folder.
#[derive(Debug)]
pub struct Sweep {
    /// What it is.
    pub spec: Spec,
    folder: PathBuf,
    rows: usize,
}

impl Sweep {
    /// Begins one in a folder, or finds the same one there.
    ///
    /// # Errors
    /// If the folder holds another, or cannot be written to.
    pub fn open(spec: Spec, folder: &Path) -> Result<Self, Error> {
        let rows = spec.grid.rows().ok_or(Error::TooMany)?;
        let runs = folder.join("runs");
        fs::create_dir_all(&runs).map_err(|error| Error::Io { path: runs, error })?;
        let path = folder.join("sweep.json");
        match fs::read(&path) {
            Ok(bytes) => {
                let held: Spec = serde_json::from_slice(&bytes)
                    .map_err(|why| Error::Damaged { path: path.clone(), why })?;
                if held != spec {
                    return Err(Error::Other(folder.to_owned()));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = serde_json::to_vec_pretty(&spec)
                    .map_err(|why| Error::Damaged { path: path.clone(), why })?;
                replace(&path, &text)?;
            }
            Err(error) => return Err(Error::Io { path, error }),
        }
        Ok(Self { spec, folder: folder.to_owned(), rows })
    }

    /// How many worlds it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The folder of a row's run.
    pub fn run(&self, number: usize) -> PathBuf {
        self.folder.join("runs").join(format!("{number:05}"))
    }

    /// What a row found, if its run is complete.
    pub fn found(&self, number: usize) -> Option<Found> {
        let run: Value = serde_json::from_slice(&fs::read(self.run(number).join("run.json")).ok()?).ok()?;
        (run.get("complete")?.as_bool()?).then_some(())?;
        Some(Found::new(self.spec.grid.row(number)?, &run))
    }

    /// Writes the table of all rows that are finished, and returns them.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn gather(&self) -> Result<Vec<Found>, Error> {
        let rows: Vec<Found> = (0..self.rows).filter_map(|number| self.found(number)).collect();
        let path = self.folder.join("sweep.csv");
        let table =
            csv(&rows).map_err(|error| Error::Io { path: path.clone(), error: io::Error::other(error) })?;
        replace(&path, &table)?;
        Ok(rows)
    }
}

/// Writes a file so that whoever reads it finds the old one or the new one, and several may do it at once.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
    fs::write(&temporary, bytes).and_then(|()| fs::rename(&temporary, path)).map_err(|error| {
        // What was there before is still there.
        let _ = fs::remove_file(&temporary);
        Error::Io { path: path.to_owned(), error }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn spec(seeds: &str) -> Spec {
        let grid = Grid { seeds: seeds.parse().unwrap(), axes: vec!["links.loss=0,0.1".parse().unwrap()] };
        Spec { text: "nodes = 3".into(), options: Vec::new(), grid }
    }

    #[test]
    fn finished_rows_are_found_again_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let sweep = Sweep::open(spec("1..2"), folder.path()).unwrap();
        assert_eq!(sweep.rows(), 4);
        for (number, complete) in [(0, true), (1, false), (3, true)] {
            fs::create_dir(sweep.run(number)).unwrap();
            let run = json!({ "complete": complete, "delivery_ratio": 0.5, "seed": 9 });
            fs::write(sweep.run(number).join("run.json"), run.to_string()).unwrap();
        }
        // A run that ended while it wrote.
        fs::create_dir(sweep.run(2)).unwrap();
        fs::write(sweep.run(2).join("run.json"), "{\"complete\": tr").unwrap();
        let again = Sweep::open(spec("1..2"), folder.path()).unwrap();
        let found: Vec<usize> = again.gather().unwrap().iter().map(|found| found.row.number).collect();
        assert_eq!(found, [0, 3]);
        let table = fs::read_to_string(folder.path().join("sweep.csv")).unwrap();
        assert_eq!(
            table,
            "row,seed,set.links.loss,complete,delivery_ratio\n0,1,0,true,0.5\n3,2,0.1,true,0.5\n"
        );
    }

    #[test]
    fn another_sweep_is_kept_out() {
        let folder = tempfile::tempdir().unwrap();
        Sweep::open(spec("1..2"), folder.path()).unwrap();
        assert!(matches!(Sweep::open(spec("1..3"), folder.path()), Err(Error::Other(_))));
        fs::write(folder.path().join("sweep.json"), "{").unwrap();
        assert!(matches!(Sweep::open(spec("1..2"), folder.path()), Err(Error::Damaged { .. })));
    }
}
