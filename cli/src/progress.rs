//! Progress bars: on a terminal only, and only for what takes more than a second.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work under way.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    begun: Instant,
}

impl Progress {
    /// Work on this many things.
    pub(crate) fn new(total: u64, what: &'static str) -> Self {
        Self::styled(total, &format!("{what} {{bar:32}} {{pos}}/{{len}}  {{eta}} left"))
    }

    /// Work on this many bytes.
    pub(crate) fn bytes(total: u64, what: &'static str) -> Self {
        Self::styled(total, &format!("{what} {{bar:32}} {{bytes}}/{{total_bytes}}  {{eta}} left"))
    }

    /// Work on this many bytes, with the rate at which records are dealt with.
    pub(crate) fn records(total: u64, what: &'static str) -> Self {
        Self::styled(total, &format!("{what} {{bar:32}} {{bytes}}/{{total_bytes}}  {{msg}}  {{eta}} left"))
    }

    /// Work on bytes of which nobody knows how many there are.
    pub(crate) fn amount(what: &'static str) -> Self {
        Self::styled(0, &format!("{what} {{spinner}} {{bytes}}"))
    }

    /// Work on things of which nobody knows how many there are.
    pub(crate) fn amount_of(what: &'static str, things: &'static str) -> Self {
        Self::styled(0, &format!("{what} {{spinner}} {{pos}} {things}"))
    }

    fn styled(total: u64, template: &str) -> Self {
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden()).with_style(style);
        Self { bar, begun: Instant::now() }
    }

    /// This many records are dealt with.
    pub(crate) fn tell_records(&self, records: u64) {
        if !self.bar.is_hidden() {
            let rate = records as f64 / self.begun.elapsed().as_secs_f64().max(0.001);
            self.bar.set_message(format!("{records} records, {rate:.0}/s"));
        }
    }

    /// This much is done.
    pub(crate) fn set(&self, done: u64) {
        if self.bar.is_hidden() && self.begun.elapsed() > Duration::from_secs(1) {
            // Hidden all the same where standard error is no terminal.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(done);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
