//! What tests of whole programs share.

#![allow(dead_code, reason = "each test uses what it needs of it")]

use std::{path::PathBuf, process::Command};

/// The node's own program. It is built beside the tests when the workspace is; otherwise it is built now.
pub fn starling() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.parent().and_then(|deps| deps.parent()).unwrap();
    let program = folder.join(format!("starling{}", std::env::consts::EXE_SUFFIX));
    if !program.exists() {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--locked", "--package", "starling", "--bin", "starling"])
            .status()
            .unwrap();
        assert!(built.success(), "the node cannot be built");
    }
    program
}
