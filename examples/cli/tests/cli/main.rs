//! The built command, end to end, against a sandbox in this process.

mod batch;
mod check;
mod explain;
mod failures;
mod quota;
mod request;
mod run;
mod stranger;
mod texts;
mod verify;
mod wrong_use;
