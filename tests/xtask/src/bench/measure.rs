//! Runs tests/bench under valgrind.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::baseline::{Counts, Unit};
use crate::run::{Result, cargo, output, program};

/// The cases of `heyan-bench stack`,
/// with the case that each is compared with: the same caller, whose own share does not count.
const STACK_CASES: [(&str, &str); 4] = [
    ("request_appcode", "idle_request"),
    ("request_signed", "idle_request"),
    ("reply", "idle_reply"),
    ("exchange", "idle_reply"),
];

/// Counts everything.
pub(crate) fn all() -> Result<Counts> {
    let mut counts = Counts::default();
    let helper = helper()?;
    let providers = output(program(&helper).arg("list"))?;
    let providers: Vec<&str> = providers.lines().collect();
    instructions(&providers, &mut counts)?;
    stack(&helper, &providers, &mut counts)?;
    Ok(counts)
}

/// The release of the compiler, on which counts depend.
pub(crate) fn compiler() -> Result<String> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    output(program(rustc).arg("--version")).map(|text| text.trim().to_owned())
}

/// What the environment says must not change what is counted: no flags for the processor at hand.
pub(super) fn plain(mut command: Command) -> Command {
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if text.ends_with("RUSTFLAGS") || text.starts_with("CARGO_PROFILE_") || text.starts_with("GUNGRAUN_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Builds the program heyan-bench, as it would ship, and says where it is.
pub(crate) fn helper() -> Result<PathBuf> {
    built(&["build", "--profile", "bench", "--package", "heyan-bench", "--bin", "heyan-bench"])
}

/// Builds one program without flags of the environment, and says where it is.
pub(crate) fn built(build: &[&str]) -> Result<PathBuf> {
    let messages = output(plain(cargo(build)).args(["--message-format", "json-render-diagnostics"]))?;
    executable(&messages).ok_or_else(|| format!("cargo does not say where it put what it built by {build:?}"))
}

/// The program among cargo's messages about a build.
pub(super) fn executable(messages: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find_map(|message| message.get("executable").and_then(Value::as_str).map(PathBuf::from))
}

fn instructions(providers: &[&str], counts: &mut Counts) -> Result {
    let bench = ["bench", "--package", "heyan-bench", "--bench", "instructions", "--", "--output-format=json"];
    let summaries = output(&mut plain(cargo(&bench)))?;
    for line in summaries.lines() {
        let summary: Value = serde_json::from_str(line).map_err(|error| format!("gungraun's summary: {error}"))?;
        let (case, allocations, instructions) = one(&summary, providers)
            .ok_or_else(|| format!("gungraun's summary reads otherwise than expected: {line}"))?;
        counts.insert(Unit::Instructions, case.clone(), instructions);
        counts.insert(Unit::Allocations, case, allocations);
    }
    Ok(())
}

/// Case, allocated blocks and instructions of one line of gungraun's JSON.
fn one(summary: &Value, providers: &[&str]) -> Option<(String, u64, u64)> {
    let mut case = summary.get("function_name")?.as_str()?.to_owned();
    // `each_3` is the provider at index 3.
    if let Some(index) = summary.get("id").and_then(Value::as_str).and_then(|id| id.strip_prefix("each_")) {
        case = format!("{case}/{}", providers.get(index.parse::<usize>().ok()?)?);
    }
    let metric = |tool: &str, name: &str| {
        let profiles = summary.get("profiles")?.as_array()?;
        let profile = profiles.iter().find(|profile| profile.get("tool").and_then(Value::as_str) == Some(tool))?;
        profile.pointer("/data/total/metrics")?.get(name)?.pointer("/values/new")?.as_u64()
    };
    Some((case, metric("DHAT", "TotalBlocks")?, metric("Callgrind", "Ir")?))
}

/// What each case takes beyond its caller's own share.
fn stack(helper: &Path, providers: &[&str], counts: &mut Counts) -> Result {
    eprintln!("$ heyan-bench stack CASE INDEX, {} times", 2 * STACK_CASES.len() * providers.len());
    for (case, idle) in STACK_CASES {
        for (index, provider) in providers.iter().enumerate() {
            let bytes = deepest(helper, case, index)?.saturating_sub(deepest(helper, idle, index)?);
            counts.insert(Unit::StackBytes, format!("{case}/{provider}"), bytes);
        }
    }
    Ok(())
}

fn deepest(helper: &Path, case: &str, index: usize) -> Result<u64> {
    let depth = output(program(helper).args(["stack", case]).arg(index.to_string()))?;
    depth.trim().parse().map_err(|_| format!("heyan-bench stack says {depth}"))
}
