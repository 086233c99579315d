//! How far it is: a bar on a terminal, a line now and then elsewhere.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::bill::Bill;
use super::words;
use crate::output::tell;
use crate::words::Lang;

/// How often a line is printed where there is no terminal.
const EVERY: Duration = Duration::from_secs(30);
const TEMPLATE: &str = "[{bar:30}] {pos}/{len}  {per_sec}  {msg}  {eta}";

pub(super) struct Progress {
    lang: Lang,
    bar: Option<ProgressBar>,
    began: Instant,
    told: Instant,
    rows: u64,
}

impl Progress {
    pub(super) fn new(lang: Lang, rows: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::with_draw_target(Some(rows), ProgressDrawTarget::stderr_with_hz(5));
            match ProgressStyle::with_template(TEMPLATE) {
                Ok(style) => bar.with_style(style.progress_chars("=> ")),
                Err(_) => bar,
            }
        });
        Self { lang, bar, began: Instant::now(), told: Instant::now(), rows }
    }

    /// So many rows are done, `asked` of them by this process; the calls cost so much up to now.
    pub(super) fn show(&mut self, done: u64, asked: u64, bill: &Bill) {
        if let Some(bar) = &self.bar {
            bar.set_message(words::billed(self.lang, bill));
            bar.set_position(done);
        } else if self.told.elapsed() >= EVERY {
            self.told = Instant::now();
            let seconds = self.began.elapsed().as_secs_f64().max(0.001);
            #[expect(clippy::cast_precision_loss, reason = "for people")]
            let (rate, left) = (asked as f64 / seconds, self.rows.saturating_sub(done) as f64);
            let left = if rate > 0.0 { Duration::try_from_secs_f64(left / rate).ok() } else { None };
            tell(&words::progress(self.lang, done, self.rows, rate, bill, left));
        }
    }

    pub(super) fn finish(self) {
        if let Some(bar) = self.bar {
            bar.abandon();
        }
    }
}
