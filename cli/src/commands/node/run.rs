//! `mutua run`: the node itself.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use clap::{Args, ValueEnum};
use mutua_node::run::{AuditorAccess, NodeConfig, Running, run};
use tracing_subscriber::EnvFilter;

use super::page::Link;
use crate::{
    context::Context,
    desk::ChildDesk,
    failure::{Done, Failure},
    home::{Home, passphrase},
    notify, output,
};

const EXAMPLE: &str = "\
Example:
  mutua run
  mutua run --open                                      # and show the web page
  MUTUA_PASSPHRASE=... mutua run --log-format json      # unattended

The node runs until it gets SIGINT (Ctrl-C) or SIGTERM, and then stops within seconds. A node whose
'node.toml' names a witness key asks for its passphrase.";

/// How long work that nobody waits for any more may keep the node from ending.
const STOP_TIME: Duration = Duration::from_secs(2);

/// What `mutua run` is told.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Arguments {
    /// Listen here instead of where node.toml says, again for each address
    #[arg(long, value_name = "MULTIADDR")]
    listen: Vec<String>,
    /// Find peers here too, again for each address
    #[arg(long, value_name = "MULTIADDR")]
    bootstrap: Vec<String>,
    /// Where the local API listens, instead of where node.toml says
    #[arg(long, value_name = "ADDRESS")]
    api: Option<SocketAddr>,
    /// Let auditors read the log here, who show what 'mutua auditor-token' says; instead of where node.toml says
    #[arg(long, value_name = "ADDRESS")]
    auditors: Option<SocketAddr>,
    /// Open the web page once the node runs
    #[arg(long)]
    open: bool,
    /// What to log: error, warn, info, debug or trace, also by part: info,mutua_node::witness=debug
    #[arg(long, default_value = "info", value_name = "LEVEL")]
    log: String,
    /// How to log
    #[arg(long, value_enum, default_value = "text")]
    log_format: LogFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LogFormat {
    /// For people
    Text,
    /// For programs, one object a line
    Json,
}

impl Arguments {
    /// Does it.
    pub(crate) fn run(self, context: &Context) -> Done {
        let home = Home::existing(context)?;
        let community = home.community()?;
        let settings = home.settings()?;
        start_logging(&self.log, self.log_format)?;
        let witness = settings
            .witness
            .as_deref()
            .map(|label| {
                let passphrase = passphrase(context, &format!("Passphrase of the witness key '{label}': "))?;
                home.keystore()?.unlock(label, &passphrase).map_err(Failure::keys)
            })
            .transpose()?;
        let config = NodeConfig {
            home: home.path().to_path_buf(),
            charter: community.charter,
            identity: home.identity()?,
            listen: if self.listen.is_empty() { settings.listen } else { self.listen },
            bootstrap: settings.bootstrap.into_iter().chain(self.bootstrap).collect(),
            mdns: settings.mdns,
            api: self.api.unwrap_or(settings.api),
            api_token: home.token()?,
            desk: Some(Arc::new(ChildDesk::of(home.clone())?)),
            auditors: self
                .auditors
                .or(settings.auditors)
                .map(|address| Done::Ok(AuditorAccess { address, token: home.auditor_token()? }))
                .transpose()?,
            witness,
            cache_bytes: settings.cache_mib.clamp(1, 1 << 20) << 20,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|error| Failure::refused(format!("the node cannot start: {error}")))?;
        let notify = settings.notify.unwrap_or_default();
        notify.targets()?;
        let ready = |running: &Running| {
            say_where(&home, running, self.open);
            if let Err(failure) = notify::start(&home, &notify) {
                tracing::error!("nobody is told of notices: {}", failure.message());
            }
        };
        let ended =
            runtime.block_on(async { run(config, ready, asked_to_stop()?).await.map_err(Failure::refused) });
        // A command of the desk that is still under way ends by itself; what it has signed is kept.
        runtime.shutdown_timeout(STOP_TIME);
        ended
    }
}

/// Says where the page is: with the token for somebody at a terminal, and without it where output is kept.
fn say_where(home: &Home, running: &Running, open: bool) {
    let told = if std::io::IsTerminal::is_terminal(&std::io::stdout()) {
        Link::of(home, running).and_then(|link| output::write(&format!("The page: {link}\n")))
    } else {
        output::write(&format!(
            "The page: http://{}/ ('mutua page' shows the link that opens it)\n",
            running.api
        ))
    };
    let opened = if open { Link::of(home, running).and_then(|link| link.open(home)) } else { Ok(()) };
    for failure in [told, opened].into_iter().filter_map(Result::err) {
        tracing::warn!("the page cannot be shown: {}", failure.message());
    }
}

/// Libraries that tell every step of theirs are heard only when they are asked for by name.
const QUIET: &str = "arc_malachitebft_core_consensus=warn,libp2p=warn,libp2p_swarm=warn,libp2p_mdns=warn,libp2p_gossipsub=error";

fn start_logging(level: &str, format: LogFormat) -> Done {
    let filter = EnvFilter::try_new(format!("{QUIET},{level}"))
        .map_err(|error| Failure::input(format!("--log {level}: {error}")))?;
    let logging = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()));
    match format {
        LogFormat::Text => logging.init(),
        LogFormat::Json => logging.json().init(),
    }
    Ok(())
}

/// Ready when the process is asked to stop.
pub(crate) fn asked_to_stop() -> Done<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen =
        |kind| signal(kind).map_err(|error| Failure::refused(format!("signals cannot be taken: {error}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
