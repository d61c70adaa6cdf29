//! `jobs`: a sweep for engines that run many jobs.

use std::path::PathBuf;

use starling_simulations::sweep::{self, Job};

use super::{Failure, Output, sweep::What, world};

/// Write a sweep as jobs for a cluster, each of which runs one row
#[derive(Debug, clap::Subcommand)]
pub enum Jobs {
    /// A script for `sbatch`: an array with a task for each row
    Slurm(Slurm),
    /// A manifest for `kubectl apply -f`: an indexed job with a pod for each row
    Kubernetes(Kubernetes),
}

/// A script for `sbatch`: an array with a task for each row
#[derive(Debug, clap::Args)]
pub struct Slurm {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    sizes: Sizes,
    /// Folder of the sweep, which all machines of the cluster see
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// The simulator on those machines
    #[arg(long, value_name = "FILE", default_value = "starling-sim")]
    program: String,
}

/// A manifest for `kubectl apply -f`: an indexed job with a pod for each row
#[derive(Debug, clap::Args)]
pub struct Kubernetes {
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    sizes: Sizes,
    /// Image that has `starling-sim`
    #[arg(long)]
    image: String,
    /// Volume claim for the results, which many pods may write to
    #[arg(long, default_value = "starling-sweep")]
    claim: String,
}

/// What a run may take.
#[derive(Debug, Clone, clap::Args)]
pub struct Sizes {
    /// Runs at a time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    at_once: u32,
    /// Memory of a run in MiB
    #[arg(long, value_name = "MIB", default_value_t = 4096, value_parser = clap::value_parser!(u64).range(64..))]
    memory: u64,
    /// Minutes after which a run is given up
    #[arg(long, value_name = "MINUTES", default_value_t = 240, value_parser = clap::value_parser!(u64).range(1..=43_200))]
    minutes: u64,
}

impl Sizes {
    fn job(&self, what: &What, rows: usize) -> Result<Job, Failure> {
        let name = world::scenario(&what.scenario, &[])?.name;
        Ok(Job {
            name: Job::name(&name),
            rows,
            at_once: self.at_once as usize,
            memory_mib: self.memory,
            minutes: self.minutes,
        })
    }
}

impl Jobs {
    pub fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Slurm(slurm) => slurm.run(output),
            Self::Kubernetes(kubernetes) => kubernetes.run(output),
        }
    }
}

/// How many rows; those of a sweep that makes sense.
fn rows(what: &What) -> Result<usize, Failure> {
    what.spec()?.grid.rows().ok_or_else(|| Failure::usage(sweep::Error::TooMany))
}

impl Slurm {
    fn run(self, output: Output) -> Result<(), Failure> {
        let job = self.sizes.job(&self.what, rows(&self.what)?)?;
        // Tasks begin in a folder that the submission chose: paths are whole.
        let whole = |path: PathBuf| std::path::absolute(path).map(|path| path.display().to_string());
        let folder = whole(self.out)?;
        let mut scenario = self.what.scenario.clone();
        if PathBuf::from(&scenario).exists() {
            scenario = whole(scenario.into())?;
        }
        let mut command = vec![self.program, "sweep".into(), scenario];
        command.extend(self.what.words());
        command.extend(["--out".into(), folder.clone()]);
        output.bytes(sweep::slurm(&job, &command, &folder).as_bytes())
    }
}

impl Kubernetes {
    fn run(self, output: Output) -> Result<(), Failure> {
        let spec = self.what.spec()?;
        let scenario = world::scenario(&self.what.scenario, &[])?;
        if let Some(file) = scenario.files.keys().next() {
            return Err(Failure::usage(format!(
                "{} reads {file}, which a manifest does not carry",
                self.what.scenario
            ))
            .hint("put it on the volume and give its path, or sweep a scenario in one file"));
        }
        let rows = spec.grid.rows().ok_or_else(|| Failure::usage(sweep::Error::TooMany))?;
        let job = self.sizes.job(&self.what, rows)?;
        let manifest = sweep::kubernetes(&job, &self.image, &self.claim, &spec.text, &self.what.words());
        output.line(serde_json::to_string_pretty(&manifest)?)
    }
}
