//! `mutua notices`: what the owner of a node would want to know.

use clap::Args;
use mutua_node::notices::{News, Notice};

use crate::{
    client::Client,
    context::Context,
    failure::{Done, Failure},
    home::Home,
    notify, output,
    page::wrap,
    times,
};

const EXAMPLE: &str = "\
Example:
  mutua notices
  mutua notices --category housing --category '*' --since 120
  mutua notices --try                 # tells something by the ways that node.toml names

Shown is what concerns the members whose keys are in this home: new motions, and new loans in the categories
that are followed; answers; a round that closes within a day while nothing counts for them; outcomes; misbehaviour.

'mutua run' tells it by itself, each thing once, where node.toml says how:

  [notify]
  command = [\"notify-send\", \"mutua\"]          # the notice comes last, and as JSON on standard input
  webhook = \"https://example.org/hook\"        # gets it as JSON by POST
  categories = [\"housing\"]                    # loans in these; \"*\" is every category";

/// What `mutua notices` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Follow the loans of this category, again for each; instead of those that node.toml names
    #[arg(long, value_name = "NAME")]
    category: Vec<String>,
    /// Only what came after this seal
    #[arg(long, default_value_t = 0, value_name = "SEAL")]
    since: u64,
    /// Tell a notice that says nothing by every way that node.toml names
    #[arg(long = "try", conflicts_with_all = ["category", "since"])]
    attempt: bool,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let home = Home::existing(context)?;
        let settings = home.settings()?.notify.unwrap_or_default();
        if self.attempt {
            return attempt(&settings, context.json);
        }
        let client = Client::of(&home)?;
        let categories = if self.category.is_empty() { settings.categories } else { self.category };
        let found = notify::notices(&home, &client, &categories, self.since)?;
        output::show(context.json, &found, |page| {
            if found.left_off > 0 {
                page.line(format!("{} older ones are left off.", found.left_off));
            }
            for notice in &found.notices {
                page.line(notice.time.map_or_else(|| "at some time".to_owned(), times::show));
                for line in wrap(&notice.text, 96) {
                    page.line(format!("  {line}"));
                }
            }
            if found.notices.is_empty() {
                page.line("There is nothing to tell.");
            }
        })
    }
}

fn attempt(settings: &notify::Notify, as_json: bool) -> Done {
    let targets = settings.targets()?;
    if targets.is_empty() {
        return Err(Failure::input(
            "node.toml has no [notify] with a command or a webhook; 'mutua notices --help' shows one",
        ));
    }
    let news = News::Attempt;
    let notice =
        Notice { id: "attempt".into(), height: None, time: Some(times::now()), text: news.to_string(), news };
    for target in &targets {
        target.tell(&notice)?;
    }
    let told: Vec<&str> = targets.iter().map(notify::Target::name).collect();
    output::show(as_json, &told, |page| {
        for name in &told {
            page.line(format!("{name}: told"));
        }
    })
}
