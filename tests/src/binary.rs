//! The real `mutua` program.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use serde_json::Value;

/// The passphrase of every key in these tests.
pub const PASSPHRASE: &str = "correct horse battery staple";

/// The folder with the binaries of this build.
///
/// # Panics
/// When this program does not lie in a target folder.
pub(crate) fn target_folder() -> PathBuf {
    let own = std::env::current_exe().expect("a running program knows where it lies");
    // Tests lie in `deps`, programs beside it.
    let folder = own.parent().expect("a file lies in a folder");
    if folder.ends_with("deps") { folder.parent().unwrap_or(folder).to_owned() } else { folder.to_owned() }
}

/// Where the program lies: `MUTUA_BIN`, or beside the tests.
///
/// # Panics
/// When it is not there, with what to do.
pub(crate) fn program() -> PathBuf {
    if let Some(path) = std::env::var_os("MUTUA_BIN") {
        return path.into();
    }
    let path = target_folder().join("mutua");
    assert!(
        path.is_file(),
        "{} is not built; run 'cargo build -p mutua' (with --release for release tests), or scripts/test",
        path.display()
    );
    path
}

/// The command line of one home.
#[derive(Debug, Clone)]
pub struct Mutua {
    home: Option<PathBuf>,
}

/// What a command printed.
#[derive(Debug, Clone)]
pub struct Printed {
    /// The command, for messages.
    pub command: String,
    /// Exit status; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Mutua {
    /// For this home.
    #[must_use]
    pub fn at(home: &Path) -> Self {
        Self { home: Some(home.to_owned()) }
    }

    /// For commands that need no home.
    #[must_use]
    pub fn offline() -> Self {
        Self { home: None }
    }

    /// The command, not yet started.
    #[must_use]
    pub fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        self.command_after(&[], arguments)
    }

    /// The command, not yet started, run by another one such as `ip netns exec NAME`.
    pub(crate) fn command_after(
        &self,
        prefix: &[String],
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Command {
        let mut command = match prefix.split_first() {
            None => Command::new(program()),
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(program());
                command
            }
        };
        command.args(arguments).env("MUTUA_PASSPHRASE", PASSPHRASE).env_remove("RUST_LOG");
        match &self.home {
            Some(home) => command.env("MUTUA_HOME", home),
            None => command.env_remove("MUTUA_HOME"),
        };
        command.stdin(Stdio::null());
        command
    }

    /// Runs a command to its end, whatever that is.
    ///
    /// # Panics
    /// When it cannot be started.
    pub fn run(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Printed {
        let arguments: Vec<_> = arguments.into_iter().map(|part| part.as_ref().to_owned()).collect();
        let shown: Vec<_> = arguments.iter().map(|part| part.to_string_lossy()).collect();
        let command = format!("mutua {}", shown.join(" "));
        let Output { status, stdout, stderr } =
            self.command(&arguments).output().expect("the program can be started");
        Printed {
            command,
            code: status.code(),
            out: String::from_utf8_lossy(&stdout).into_owned(),
            err: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    /// Runs a command that must succeed.
    ///
    /// # Panics
    /// When it does not, with everything it said.
    #[track_caller]
    pub fn ok(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Printed {
        let printed = self.run(arguments);
        assert_eq!(printed.code, Some(0), "{printed}");
        printed
    }

    /// Runs a command with `--json` that must succeed.
    ///
    /// # Panics
    /// When it does not, or prints something else.
    #[track_caller]
    pub fn json(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Value {
        let mut arguments: Vec<_> = arguments.into_iter().map(|part| part.as_ref().to_owned()).collect();
        arguments.push("--json".into());
        let printed = self.ok(arguments);
        serde_json::from_str(&printed.out).unwrap_or_else(|error| panic!("no JSON ({error}): {printed}"))
    }
}

impl std::fmt::Display for Printed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.code.map_or_else(|| "by a signal".to_owned(), |code| format!("with status {code}"));
        write!(f, "'{}' ended {code}\n{}{}", self.command, self.out, self.err)
    }
}
