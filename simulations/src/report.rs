//! A run to look at: plots, a page, and a sketch for the terminal, drawn from the files of the run alone.

mod bars;
pub(crate) mod chart;
pub mod format;
pub(crate) mod frame;
mod key;
mod map;
mod matrix;
mod page;
pub(crate) mod plots;
pub(crate) mod scene;
mod terminal;
#[cfg(test)]
mod tests;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

pub use key::{Figure, figures};
pub use terminal::{text, wrap};

use crate::metrics;

/// The folder of plots in a run's directory.
pub const PLOTS: &str = "plots";
/// The page's name.
pub const PAGE: &str = "report.html";

/// What to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Plots as SVG files.
    pub svg: bool,
    /// Plots as PNG files.
    pub png: bool,
    /// The page.
    pub page: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { svg: true, png: true, page: true }
    }
}

/// What was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Files that were written.
    pub files: Vec<PathBuf>,
    /// The run for a terminal of 80 columns.
    pub text: String,
}

/// Why nothing, or not everything, is drawn.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The run cannot be read, or a file not written.
    #[error(transparent)]
    Files(#[from] metrics::Error),
    /// A plot cannot be drawn.
    #[error(transparent)]
    Scene(#[from] scene::Error),
    /// The folder for plots, or a plot in it.
    #[error("{path}: {error}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Draws the run that a directory holds, into the same directory.
///
/// # Errors
/// If the directory holds no run, or what is drawn cannot be written; files that were written are whole.
pub fn draw(dir: &Path, options: &Options) -> Result<Report, Error> {
    let run = metrics::read(dir)?.run;
    let folder = dir.join(PLOTS);
    if options.svg || options.png {
        fs::create_dir_all(&folder).map_err(|error| Error::Io { path: folder.clone(), error })?;
    }
    let mut files = Vec::new();
    let mut drawn = Vec::new();
    for plot in plots::plots(&run) {
        let svg = plot.scene.svg(plot.name, &plot.title, &plot.alt)?;
        if options.svg {
            let name = format!("{}.svg", plot.name);
            metrics::whole(
                &folder,
                &name,
                format!("<?xml version=\"1.0\"?>\n{}", scene::alone(&svg)).as_bytes(),
            )?;
            files.push(folder.join(name));
        }
        if options.png {
            files.push(png(&plot.scene, &folder, plot.name)?);
        }
        drawn.push((plot, svg));
    }
    if options.page {
        metrics::whole(dir, PAGE, page::page(&run, &drawn).as_bytes())?;
        files.push(dir.join(PAGE));
    }
    Ok(Report { files, text: terminal::text(&run) })
}

/// Paints a PNG under another name and gives it its own when it is whole.
pub(crate) fn png(scene: &scene::Scene, folder: &Path, name: &str) -> Result<PathBuf, Error> {
    // The ending tells the painter which kind of file to make.
    let (part, path) = (folder.join(format!(".{name}.part.png")), folder.join(format!("{name}.png")));
    scene.png(&part)?;
    fs::rename(&part, &path).map_err(|error| Error::Io { path: path.clone(), error })?;
    Ok(path)
}
