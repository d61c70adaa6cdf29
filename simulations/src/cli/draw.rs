//! `report` and `compare`: what runs left, drawn and side by side.

use std::path::{Path, PathBuf};

use serde_json::json;
use starling_simulations::{
    compare::{self, Side},
    report::{self, Options},
};

use super::{Failure, Output};

/// Draw a run: plots as SVG and PNG, one page of HTML, and a sketch here
#[derive(Debug, clap::Args)]
pub struct Report {
    /// Folder of the run
    folder: PathBuf,
}

/// Put two runs side by side, or two sets of runs that differ in their seeds, such as sweeps
#[derive(Debug, clap::Args)]
pub struct Compare {
    /// Folder of the first run or sweep
    a: PathBuf,
    /// Folder of the second
    b: PathBuf,
    /// Draw the curves of both into this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Report {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        let drawn = draw(&self.folder)?;
        output.either(&json!({ "files": drawn.files }), drawn.text.trim_end())?;
        tell(output, &drawn.files);
        Ok(())
    }
}

/// Draws the run that a folder holds.
pub fn draw(folder: &Path) -> Result<report::Report, Failure> {
    report::draw(folder, &Options::default()).map_err(Failure::failed)
}

impl Compare {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        let read = |folder: &Path| Side::read(folder).map_err(Failure::failed);
        let (a, b) = (read(&self.a)?, read(&self.b)?);
        let comparison = compare::compare(&a, &b).map_err(Failure::failed)?;
        output.either(&comparison, compare::text(&comparison).trim_end())?;
        if let Some(folder) = &self.out {
            let files = compare::draw(&a, &b, &comparison, folder).map_err(Failure::failed)?;
            tell(output, &files);
        }
        Ok(())
    }
}

/// The page is what people open; without one, every file is named.
fn tell(output: Output, files: &[PathBuf]) {
    let page = files.iter().find(|file| file.ends_with(report::PAGE));
    for file in page.map_or(files, std::slice::from_ref) {
        output.talk(format!("drawn: {}", file.display()));
    }
}
