//! Building images.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, ensure};

/// A Cortex-M4 without the floating-point registers in its calls.
pub const TARGET: &str = "thumbv7em-none-eabi";

/// For [`Image::told`]: SHA-2 in a loop instead of unrolled, as the kiosk's own build has it.
pub const COMPACT_SHA2: (&str, &str) = ("CARGO_ENCODED_RUSTFLAGS", "--cfg=sha2_backend_soft=\"compact\"");

/// The root of the repository.
pub fn root() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    own.canonicalize().unwrap_or(own)
}

/// Where images are built.
pub fn target_folder() -> PathBuf {
    root().join(env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "tests/device/target".into()))
}

/// An image: which of a crate's programs, with which features, and what its build script is told.
pub struct Image<'a> {
    /// The folder of the crate: from the root, or from the root of the file system.
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
        self.build_with(&[])
    }

    /// The same with a call for each place that calls: code that is the same at the end of several branches stays apart.
    /// Merged, a place has no line that would tell whose it is.
    pub fn build_untangled(&self) -> Result<PathBuf> {
        self.build_with(&["-Cllvm-args=-enable-tail-merge=0"])
    }

    /// `codegen` is for the compiler's last run, which makes one program out of all crates.
    fn build_with(&self, codegen: &[&str]) -> Result<PathBuf> {
        let folder = root().join(self.package);
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        let target_folder = target_folder();
        cargo.current_dir(&folder).args(["rustc", "--quiet", "--locked", "--release", "--target", TARGET]);
        let features = match self.features.strip_prefix('-') {
            Some(features) => {
                cargo.arg("--no-default-features");
                features
            }
            None => self.features,
        };
        cargo.args(["--features", features]);
        cargo.args(["--bin", self.name]).arg("--target-dir").arg(&target_folder);
        cargo.arg("--").args(codegen);
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

    /// Builds it, and keeps it under this name: programs of the same name with other features do not replace it.
    pub fn build_as(&self, name: &str) -> Result<PathBuf> {
        let kept = target_folder().join("images").join(name);
        fs::create_dir_all(target_folder().join("images"))?;
        fs::copy(self.build()?, &kept)?;
        Ok(kept)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{COMPACT_SHA2, root};

    #[test]
    fn the_kiosk_has_its_sha2_compact() {
        let config = fs::read_to_string(root().join("examples/firmware/.cargo/config.toml")).unwrap();
        let flag = COMPACT_SHA2.1.strip_prefix("--cfg=").unwrap();
        assert!(config.contains(&format!("\"--cfg\", '{flag}'")), "{config}");
    }
}
