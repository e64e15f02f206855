//! How the story is told: calmly, and in colour only on a terminal.

use std::{
    fmt::Display,
    io::{IsTerminal, Write},
    time::Instant,
};

/// Tells the story on standard output.
pub(crate) struct Teller {
    colour: bool,
    began: Instant,
    chapter: u32,
}

impl Teller {
    /// Begins.
    pub(crate) fn new() -> Self {
        let colour = std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        Self { colour, began: Instant::now(), chapter: 0 }
    }

    fn paint(&self, code: &str, text: impl Display) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }

    /// A new chapter.
    pub(crate) fn chapter(&mut self, title: &str) {
        self.chapter += 1;
        let time = self.paint("2", format!("{:>5.1} s", self.began.elapsed().as_secs_f64()));
        let title = self.paint("1", format!("{}. {title}", self.chapter));
        println!("\n{time}  {title}");
        flush();
    }

    /// A line of the story.
    pub(crate) fn say(&self, text: impl Display) {
        println!("         {text}");
        flush();
    }

    /// A line that stands back.
    pub(crate) fn aside(&self, text: impl Display) {
        println!("         {}", self.paint("2", text));
        flush();
    }

    /// A command as a reader could type it.
    pub(crate) fn command(&self, who: &str, text: impl Display) {
        println!("         {} {}", self.paint("2", format!("{who} $")), self.paint("36", text));
        flush();
    }

    /// Something good.
    pub(crate) fn good(&self, text: impl Display) -> String {
        self.paint("32", text)
    }

    /// Something bad.
    pub(crate) fn bad(&self, text: impl Display) -> String {
        self.paint("31", text)
    }

    /// Something to notice.
    pub(crate) fn strong(&self, text: impl Display) -> String {
        self.paint("1", text)
    }

    /// Seconds since the story began.
    pub(crate) fn seconds(&self) -> f64 {
        self.began.elapsed().as_secs_f64()
    }
}

fn flush() {
    // A closed pipe ends the story at the next line.
    let _ = std::io::stdout().flush();
}

/// An amount of smallest units with so many decimals, in groups of three digits.
pub(crate) fn money(units: u64, decimals: u8) -> String {
    let unit = 10u64.pow(u32::from(decimals));
    let whole = (units / unit).to_string();
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    match decimals {
        0 => grouped,
        _ => format!("{grouped}.{:0width$}", units % unit, width = usize::from(decimals)),
    }
}

/// Text cut to a width, so that columns stay columns.
pub(crate) fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(width - 1).collect();
    short.push('…');
    short
}

/// `1 member`, `2 members`.
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}
