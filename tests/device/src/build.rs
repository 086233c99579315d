//! Building images.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A Cortex-M4 without the floating-point registers in its calls.
pub const TARGET: &str = "thumbv7em-none-eabi";

/// The root of the repository.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    own.canonicalize().unwrap_or(own)
}

/// An image: which of a crate's programs, with which features, and what its build script is told.
pub struct Image<'a> {
    /// The folder of the crate, from the root.
    pub package: &'a str,
    /// The program.
    pub name: &'a str,
    /// Features, separated by commas, on top of the default ones; behind a `-`, instead of them.
    pub features: &'a str,
    /// Name and value for the environment of the build.
    pub told: &'a [(&'a str, &'a str)],
}

impl Image<'_> {
    /// Builds it as it would ship and says where it is.
    pub fn build(&self) -> Result<PathBuf> {
        let folder = root().join(self.package);
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let target_folder =
            env::var_os("CARGO_TARGET_DIR").map_or_else(|| folder.join("target"), |set| root().join(set));
        cargo.current_dir(&folder).args(["build", "--quiet", "--locked", "--release", "--target", TARGET]);
        let features = match self.features.strip_prefix('-') {
            Some(features) => {
                cargo.arg("--no-default-features");
                features
            }
            None => self.features,
        };
        cargo.args(["--features", features]);
        cargo.args(["--bin", self.name]).arg("--target-dir").arg(&target_folder);
        // What is counted must not depend on flags meant for the host.
        cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
        // Neither must it depend on who runs cargo: a cargo above this one sets what its own build was told.
        cargo.envs(self.told.iter().copied());
        let status = cargo.status().context("cargo cannot be started")?;
        ensure!(status.success(), "the image {} cannot be built: {cargo:?}", self.name);
        let built = target_folder.join(TARGET).join("release").join(self.name);
        ensure!(built.is_file(), "cargo did not leave the image at {}", built.display());
        Ok(built)
    }
}
