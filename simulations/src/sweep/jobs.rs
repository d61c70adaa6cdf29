//! The rows of a sweep as jobs of engines that exist: each job runs one row, into a folder that all of them share.

use serde_json::{Value, json};

/// Where a pod finds the scenario.
const SCENARIO: &str = "/scenario";
/// Where a pod finds the folder of the sweep.
const RESULTS: &str = "/sweep";
/// The pod's own row, as Kubernetes notes it on every pod of an indexed job.
const INDEX: &str = "metadata.annotations['batch.kubernetes.io/job-completion-index']";

/// What a cluster has to know.
#[derive(Debug, Clone)]
pub struct Job {
    /// Name of the job: lower-case letters, digits and hyphens.
    pub name: String,
    /// Rows of the sweep.
    pub rows: usize,
    /// Jobs that run at a time at most.
    pub at_once: usize,
    /// Memory of one run, in MiB.
    pub memory_mib: u64,
    /// Minutes after which a run is given up.
    pub minutes: u64,
}

impl Job {
    /// A name that every engine takes, made from any other.
    pub fn name(from: &str) -> String {
        let letters = from.chars().map(|letter| letter.to_ascii_lowercase());
        let letters = letters.map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
        let name: String = letters.take(50).collect();
        let name = name.trim_matches('-');
        if name.is_empty() { "starling-sweep".into() } else { format!("starling-{name}") }
    }
}

/// A script for `sbatch`: an array with a task for each row. `command` is the sweep's own command line, program first.
pub fn slurm(job: &Job, command: &[String], output: &str) -> String {
    let last = job.rows.saturating_sub(1);
    let Job { name, at_once, memory_mib, minutes, .. } = job;
    let command: Vec<String> = command.iter().map(|word| quoted(word)).collect();
    let command = command.join(" ");
    let output = quoted(output);
    // Slurm's own limit on arrays, where an administrator has not raised it.
    let large = if job.rows > 1_001 {
        "# Clusters often take 1001 tasks an array at most (`scontrol show config | grep MaxArraySize`):\n\
         # give ranges with `sbatch --array=0-1000`, and 0 to 1000 plus an offset in FIRST for the rest.\n"
    } else {
        ""
    };
    format!(
        "#!/usr/bin/env bash\n\
         # Submit with `sbatch THIS-FILE`; submit again to run what is missing. Finished rows are not run again.\n\
         {large}\
         #SBATCH --job-name={name}\n\
         #SBATCH --array=0-{last}%{at_once}\n\
         #SBATCH --ntasks=1\n\
         #SBATCH --cpus-per-task=1\n\
         #SBATCH --mem={memory_mib}M\n\
         #SBATCH --time={minutes}\n\
         #SBATCH --signal=B:TERM@30\n\
         #SBATCH --output=/dev/null\n\
         set -euo pipefail\n\
         folder={output}\n\
         row=$((${{FIRST:-0}} + SLURM_ARRAY_TASK_ID))\n\
         mkdir -p \"$folder/log\"\n\
         exec {command} --row \"$row\" >\"$folder/log/$row.txt\" 2>&1\n"
    )
}

/// What `kubectl apply -f` takes: an indexed job with a pod for each row, and the scenario for them to read. JSON,
/// which every reader of YAML reads.
///
/// `options` is what the sweep is told beside the scenario and the folder; `claim` is the volume claim that the pods
/// share, which has to allow many writers.
pub fn kubernetes(job: &Job, image: &str, claim: &str, scenario: &str, options: &[String]) -> Value {
    let mut command =
        vec!["starling-sim".to_owned(), "sweep".to_owned(), format!("{SCENARIO}/scenario.toml")];
    command.extend(options.iter().cloned());
    command.extend(["--out".to_owned(), format!("{RESULTS}/{}", job.name)]);
    let memory = format!("{}Mi", job.memory_mib);
    let resources = json!({ "requests": { "cpu": "1", "memory": memory }, "limits": { "memory": memory } });
    let container = json!({
        "name": "run",
        "image": image,
        "command": command,
        "env": [{ "name": "STARLING_SIM_ROW", "valueFrom": { "fieldRef": { "fieldPath": INDEX } } }],
        "resources": resources,
        "volumeMounts": [
            { "name": "scenario", "mountPath": SCENARIO, "readOnly": true },
            { "name": "results", "mountPath": RESULTS },
        ],
    });
    json!({
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": { "name": job.name },
                "data": { "scenario.toml": scenario },
            },
            {
                "apiVersion": "batch/v1",
                "kind": "Job",
                "metadata": { "name": job.name },
                "spec": {
                    "completions": job.rows,
                    "parallelism": job.at_once.min(job.rows),
                    "completionMode": "Indexed",
                    // A row that fails is tried once more and keeps none of the others from running.
                    "backoffLimitPerIndex": 1,
                    "maxFailedIndexes": job.rows,
                    "template": {
                        "spec": {
                            "restartPolicy": "Never",
                            "activeDeadlineSeconds": job.minutes * 60,
                            "containers": [container],
                            "volumes": [
                                { "name": "scenario", "configMap": { "name": job.name } },
                                { "name": "results", "persistentVolumeClaim": { "claimName": claim } },
                            ],
                        },
                    },
                },
            },
        ],
    })
}

/// A word as a shell reads it back. What no shell can hold, a zero byte, no argument holds either.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| "''".into(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(rows: usize) -> Job {
        Job { name: Job::name("Cold start"), rows, at_once: 64, memory_mib: 2048, minutes: 60 }
    }

    #[test]
    fn names_are_those_that_engines_take() {
        let check = |from: &str, expected: &str| assert_eq!(Job::name(from), expected);
        check("Cold start", "starling-cold-start");
        check("--", "starling-sweep");
        assert!(Job::name(&"é".repeat(99)).len() <= 63);
    }

    #[cfg(unix)]
    #[test]
    fn the_array_is_a_script_that_bash_runs_with_its_row() {
        use std::process::Command;
        let folder = tempfile::tempdir().unwrap();
        let results = folder.path().join("with a space & 'quote'");
        // Stands for the simulator: says what it was given.
        let command = ["/usr/bin/printf", "<%s>", "my file.toml", "$HOME"].map(String::from);
        let script = slurm(&job(12), &command, results.to_str().unwrap());
        assert!(script.contains("#SBATCH --array=0-11%64\n"));
        let path = folder.path().join("sweep.sbatch");
        std::fs::write(&path, script).unwrap();
        let checked = Command::new("bash").arg("-n").arg(&path).output().unwrap();
        assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        let ran = Command::new("bash")
            .arg(&path)
            .env("SLURM_ARRAY_TASK_ID", "7")
            .env("FIRST", "100")
            .status()
            .unwrap();
        assert!(ran.success());
        let said = std::fs::read_to_string(results.join("log/107.txt")).unwrap();
        assert_eq!(said, "<my file.toml><$HOME><--row><107>");
        assert!(!slurm(&job(1_001), &command, "x").contains("MaxArraySize"));
        assert!(slurm(&job(1_002), &command, "x").contains("MaxArraySize"));
    }

    /// The fields of `batch/v1` Job, `v1` ConfigMap and what they hold that are used here, as the reference of
    /// Kubernetes 1.33 has them, with the kind of their values.
    fn fields(of: &str) -> &'static [(&'static str, &'static str)] {
        match of {
            "List" => &[("apiVersion", "v1"), ("kind", "text"), ("items", "items")],
            "ConfigMap" => {
                &[("apiVersion", "text"), ("kind", "text"), ("metadata", "ObjectMeta"), ("data", "texts")]
            }
            "Job" => {
                &[("apiVersion", "text"), ("kind", "text"), ("metadata", "ObjectMeta"), ("spec", "JobSpec")]
            }
            "ObjectMeta" => &[("name", "text")],
            "JobSpec" => &[
                ("completions", "number"),
                ("parallelism", "number"),
                ("completionMode", "text"),
                ("backoffLimitPerIndex", "number"),
                ("maxFailedIndexes", "number"),
                ("template", "PodTemplateSpec"),
            ],
            "PodTemplateSpec" => &[("spec", "PodSpec")],
            "PodSpec" => &[
                ("restartPolicy", "text"),
                ("activeDeadlineSeconds", "number"),
                ("containers", "Container*"),
                ("volumes", "Volume*"),
            ],
            "Container" => &[
                ("name", "text"),
                ("image", "text"),
                ("command", "text*"),
                ("env", "EnvVar*"),
                ("resources", "ResourceRequirements"),
                ("volumeMounts", "VolumeMount*"),
            ],
            "EnvVar" => &[("name", "text"), ("valueFrom", "EnvVarSource")],
            "EnvVarSource" => &[("fieldRef", "ObjectFieldSelector")],
            "ObjectFieldSelector" => &[("fieldPath", "text")],
            "ResourceRequirements" => &[("requests", "texts"), ("limits", "texts")],
            "VolumeMount" => &[("name", "text"), ("mountPath", "text"), ("readOnly", "truth")],
            "Volume" => &[
                ("name", "text"),
                ("configMap", "ConfigMapVolumeSource"),
                ("persistentVolumeClaim", "PersistentVolumeClaimVolumeSource"),
            ],
            "ConfigMapVolumeSource" => &[("name", "text")],
            "PersistentVolumeClaimVolumeSource" => &[("claimName", "text")],
            _ => panic!("{of} is no kind"),
        }
    }

    fn validate(at: &str, kind: &str, value: &Value) {
        if let Some(kind) = kind.strip_suffix('*') {
            for (number, value) in value.as_array().unwrap().iter().enumerate() {
                validate(&format!("{at}.{number}"), kind, value);
            }
            return;
        }
        match kind {
            "text" | "v1" => assert!(value.is_string(), "{at}: {value}"),
            "number" => assert!(value.is_u64(), "{at}: {value}"),
            "truth" => assert!(value.is_boolean(), "{at}: {value}"),
            "texts" => assert!(value.as_object().unwrap().values().all(Value::is_string), "{at}: {value}"),
            "items" => {
                for item in value.as_array().unwrap() {
                    validate(at, item["kind"].as_str().unwrap(), item);
                }
            }
            kind => {
                for (name, value) in value.as_object().unwrap() {
                    let field = fields(kind).iter().find(|(known, _)| known == name);
                    let (_, kind) = field.unwrap_or_else(|| panic!("{at}: {kind} has no field {name}"));
                    validate(&format!("{at}.{name}"), kind, value);
                }
            }
        }
    }

    #[test]
    fn the_manifest_has_only_fields_that_kubernetes_knows() {
        let options = ["--seeds", "1..20", "--set", "links.loss=0,\"a b\""].map(String::from);
        let text = kubernetes(&job(40), "example.org/starling:1", "shared", "nodes = 3\n# \"é\"", &options)
            .to_string();
        let manifest: Value = serde_json::from_str(&text).unwrap();
        validate("manifest", "List", &manifest);
        assert_eq!(manifest["items"][0]["data"]["scenario.toml"], "nodes = 3\n# \"é\"");
        let spec = &manifest["items"][1]["spec"];
        assert_eq!((&spec["completions"], &spec["parallelism"]), (&json!(40), &json!(40)));
        assert_eq!(spec["completionMode"], "Indexed");
        let container = &spec["template"]["spec"]["containers"][0];
        assert_eq!(container["command"][6], "links.loss=0,\"a b\"");
        // Every volume that is mounted is there.
        let volumes = spec["template"]["spec"]["volumes"].as_array().unwrap();
        for mount in container["volumeMounts"].as_array().unwrap() {
            assert!(volumes.iter().any(|volume| volume["name"] == mount["name"]), "{mount}");
        }
    }
}
