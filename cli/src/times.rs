//! Points in time and durations as people write them. The protocol counts milliseconds since 1970.

use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use jiff::{Span, SpanRelativeTo, Timestamp};

/// A point in time as an argument: fixed, or from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Milliseconds since 1970.
    At(u64),
    /// Milliseconds from now.
    In(u64),
}

impl When {
    /// Reads `2026-12-24T18:00:00Z` or `+30d`.
    ///
    /// # Errors
    /// The text that is neither, for clap.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if let Some(duration) = text.strip_prefix('+') {
            return parse_duration(duration).map(Self::In);
        }
        let time: Timestamp = text.parse().map_err(|_| {
            "write a time such as 2026-12-24T18:00:00Z (RFC 3339), or a duration from now such as +30d"
                .to_owned()
        })?;
        u64::try_from(time.as_millisecond()).map(Self::At).map_err(|_| "it is before 1970".to_owned())
    }

    /// The point in time, in milliseconds since 1970.
    pub(crate) fn resolve(self, now: u64) -> u64 {
        match self {
            Self::At(time) => time,
            Self::In(duration) => now.saturating_add(duration),
        }
    }
}

/// The time whose figures are asked for.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct AsOf {
    /// As it was then [default: the newest seal's time]
    #[arg(long, value_parser = When::parse, value_name = "TIME")]
    at: Option<When>,
}

impl AsOf {
    /// What to ask the node's API with.
    pub(crate) fn query(self) -> String {
        self.at.map(|at| format!("?at={}", at.resolve(now()))).unwrap_or_default()
    }
}

/// Reads a duration such as `90s`, `15m`, `12h`, `30d` or `2w` in milliseconds; a day has 24 hours.
///
/// # Errors
/// The text that is not one, for clap.
pub(crate) fn parse_duration(text: &str) -> Result<u64, String> {
    let wrong = || "write a duration such as 90s, 15m, 12h, 30d or 2w".to_owned();
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return Err(wrong());
    }
    let span: Span = text.parse().map_err(|_| wrong())?;
    let duration = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| "months and years differ in length: write days instead, such as 30d".to_owned())?;
    u64::try_from(duration.as_millis()).map_err(|_| wrong())
}

/// A point in time as people read it: UTC, to the second.
pub(crate) fn show(time: u64) -> String {
    i64::try_from(time)
        .ok()
        .and_then(|millis| Timestamp::from_second(millis / 1000).ok())
        .map_or_else(|| format!("{time} ms after 1970"), |time| time.to_string())
}

/// A duration as people read it, in its two largest units.
pub(crate) fn show_duration(millis: u64) -> String {
    let seconds = millis / 1000;
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (unit, name) in units {
        if rest >= unit {
            parts.push(format!("{} {name}", rest / unit));
            rest %= unit;
        }
    }
    match parts.len() {
        0 => format!("{millis} ms"),
        _ => parts[..parts.len().min(2)].join(" "),
    }
}

/// This machine's clock, in milliseconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_durations() {
        assert_eq!(When::parse("1970-01-01T00:00:01.5Z"), Ok(When::At(1500)));
        assert_eq!(When::parse("1970-01-01T01:00:00+01:00"), Ok(When::At(0)));
        assert_eq!(When::parse("+90s"), Ok(When::In(90_000)));
        assert_eq!(When::parse("+30d").map(|when| when.resolve(1)), Ok(30 * 86_400_000 + 1));
        for text in ["", "+", "90s", "tomorrow", "+1y", "+-3s", "1969-01-01T00:00:00Z", "2026-12-24"] {
            assert!(When::parse(text).is_err(), "{text}");
        }
        assert_eq!(parse_duration("1h30m"), Ok(5_400_000));
        assert_eq!(show(1_500), "1970-01-01T00:00:01Z");
        assert_eq!(show_duration(90_061_000), "1 d 1 h");
        assert_eq!(show_duration(250), "250 ms");
    }
}
