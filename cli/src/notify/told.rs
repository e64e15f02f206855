//! What was told already.

use std::collections::BTreeSet;

use mutua_node::notices::{News, Notice, Notices};
use serde::{Deserialize, Serialize};

use crate::{
    failure::{Done, Failure},
    files,
    home::Home,
};

/// Greatest size of the file: far more than the notices of one answer.
const FILE_BYTES: u64 = 1 << 20;

/// What was told already, to one target.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    /// All that this seal and those before it brought.
    height: u64,
    /// What else.
    ids: BTreeSet<String>,
}

impl Told {
    /// All that the log holds, and the misbehaviour that is known, as if it was told.
    pub(super) fn of(found: &Notices) -> Self {
        let known = found.notices.iter().filter(|notice| matches!(notice.news, News::Misbehaviour { .. }));
        Self { height: found.height, ids: known.map(|notice| notice.id.clone()).collect() }
    }

    /// What is remembered of this target; nothing before the first time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn read(home: &Home, target: &str) -> Done<Option<Self>> {
        let path = home.path().join(file(target));
        if !path.exists() {
            return Ok(None);
        }
        let text = files::read_text(&path, FILE_BYTES)?;
        let told = serde_json::from_str(&text).map_err(|error| {
            Failure::file(&path, format!("{error}; remove it, and what happens from then on is told"))
        })?;
        Ok(Some(told))
    }

    /// Remembers it.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub(super) fn write(&self, home: &Home, target: &str) -> Done {
        let text = serde_json::to_string(self)
            .map_err(|error| Failure::input(format!("what was told cannot be written: {error}")))?;
        home.write_secret(&file(target), text.as_bytes())
    }

    /// The newest seal of which all is told.
    pub(super) fn height(&self) -> u64 {
        self.height
    }

    /// Was this told?
    pub(super) fn has(&self, notice: &Notice) -> bool {
        self.ids.contains(&notice.id)
    }

    /// This is told.
    pub(super) fn add(&mut self, notice: &Notice) {
        self.ids.insert(notice.id.clone());
    }

    /// All of this is told. What seals brought needs no names any more. Has anything changed?
    pub(super) fn reach(&mut self, found: &Notices) -> bool {
        let before = self.clone();
        self.height = self.height.max(found.height);
        let present =
            |id: &String| found.notices.iter().any(|notice| notice.height.is_none() && notice.id == *id);
        self.ids.retain(present);
        *self != before
    }
}

fn file(target: &str) -> String {
    format!("told-{target}.json")
}
