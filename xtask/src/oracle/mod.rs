//! tshark as an independent oracle: `cargo xtask oracle`.
//!
//! Conversations of the parsers' corpus are read by Geophone's parsers ([`geophone`]) and, made into packets ([`wire`]), by
//! [`tshark`]. Both say which requests and responses there are, when they were complete and which answers which; a
//! [`dialect`] says what both call the same. What only one of them has found must be [`explained`] in docs/oracle.md.
//!
//! Conversations with gaps, and those that were joined late, are left out: of the former no capture can be made, and of the
//! latter tshark makes what it likes.

mod dialect;
mod explained;
mod findings;
mod geophone;
mod pdml;
mod tshark;
mod wire;

use std::{
    collections::BTreeMap,
    fs::{self, File},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail};
use dialect::Dialect;
use explained::Explained;
use findings::{Comparison, Difference};
use geophone_capture_file::{dissect::LinkType, synthetic::write_pcap};
use wire::Wire;

use crate::{
    corpus::stream,
    run::{root, target_dir},
    script::{Event, Script},
};

const EXPLANATIONS: &str = "docs/oracle.md";

/// Where captures of protocols lie that have no server in Debian, if they are there.
const CAPTURES: &str = "../shared/corpus";

/// What came of a protocol.
#[derive(Debug, Default)]
struct Tally {
    conversations: u64,
    /// Requests, responses and pairs that both have found.
    agreed: [u64; 3],
    explained: u64,
    unexplained: Vec<String>,
}

/// Compares all protocols, or those that are named.
pub(crate) fn oracle(names: &[&str]) -> Result<()> {
    let dialects: Vec<&Dialect> =
        dialect::ALL.iter().filter(|dialect| names.is_empty() || names.contains(&dialect.protocol.name())).collect();
    if dialects.is_empty() {
        bail!("tshark knows none of {}", names.join(", "));
    }
    let path = root().join(EXPLANATIONS);
    let document = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut explained = Explained::parse(&document)?;
    let mut unexplained = Vec::new();
    println!("| protocol | conversations | requests | responses | pairs | explained | unexplained |");
    println!("|---|---|---|---|---|---|---|");
    for dialect in &dialects {
        let tally =
            compare(dialect, &mut explained).with_context(|| format!("cannot compare {}", dialect.protocol.name()))?;
        let Tally { conversations, agreed: [requests, responses, pairs], explained, .. } = tally;
        let rest = tally.unexplained.len();
        println!(
            "| {} | {conversations} | {requests} | {responses} | {pairs} | {explained} | {rest} |",
            dialect.protocol.name()
        );
        unexplained.extend(tally.unexplained);
    }
    let protocols: Vec<&str> = dialects.iter().map(|dialect| dialect.protocol.name()).collect();
    let stale = explained.stale(&protocols);
    unexplained.iter().for_each(|difference| println!("unexplained: {difference}"));
    stale.iter().for_each(|row| println!("explained, and not so: {row}"));
    if !unexplained.is_empty() || !stale.is_empty() {
        bail!(
            "{} differences are not explained in {EXPLANATIONS}, {} are there no more",
            unexplained.len(),
            stale.len()
        );
    }
    Ok(())
}

/// Compares a protocol's conversations.
fn compare(dialect: &Dialect, explained: &mut Explained) -> Result<Tally> {
    let scripts = conversations(dialect)?;
    let mut wire = Wire::new(dialect.port, dialect.transport);
    let conversations: Vec<_> = scripts.iter().map(|(name, script)| (name, script, wire.add(script))).collect();
    let capture = write_pcap(Vec::new(), LinkType::ETHERNET, wire.packets())?;
    let folder = target_dir().join("oracle");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let path = folder.join(format!("{}.pcap", dialect.protocol.name()));
    fs::write(&path, &capture).with_context(|| format!("cannot write {}", path.display()))?;
    let mut tshark = tshark::find(&path, dialect)?;
    let mut tally = Tally::default();
    for (name, script, (client, began)) in conversations {
        let tshark = tshark.remove(&client).unwrap_or_default().since(began);
        let geophone = geophone::find(script, dialect)?;
        tally.add(dialect, name, &Comparison::of(&tshark, &geophone), explained);
    }
    Ok(tally)
}

/// The conversations of a protocol that can be compared, in order of their names.
fn conversations(dialect: &Dialect) -> Result<BTreeMap<String, Script>> {
    let name = dialect.protocol.name();
    let mut conversations = BTreeMap::new();
    for path in files(&root().join("crates/proto-parse/testdata").join(name))? {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let (script, _) = text.split_once("---\n").with_context(|| format!("{} has no line ---", path.display()))?;
        let script = Script::parse(script);
        let has_gap = script.events.iter().any(|event| matches!(event, Event::Gap { .. }));
        if !has_gap && !script.joined_late {
            conversations.insert(file_name(&path), script);
        }
    }
    let captures = root().join(CAPTURES).join(name);
    if captures.exists() {
        for path in files(&captures)? {
            capture(&path, dialect, &mut conversations)?;
        }
    }
    Ok(conversations)
}

/// Adds the conversations of a capture that hold all that passed. They may have begun before.
fn capture(path: &Path, dialect: &Dialect, conversations: &mut BTreeMap<String, Script>) -> Result<()> {
    for port in dialect.capture_ports {
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let streams =
            stream::read(file, *port, dialect.transport).with_context(|| format!("cannot read {}", path.display()))?;
        for (number, stream) in streams.into_iter().enumerate() {
            let name = format!("{} {port} {number}", file_name(path));
            match stream.script() {
                Ok(script) => drop(conversations.insert(name, script)),
                Err(reason) => println!("left out: {name}: {reason:#}"),
            }
        }
    }
    Ok(())
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    Ok(entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?)
}

impl Tally {
    fn add(&mut self, dialect: &Dialect, name: &str, comparison: &Comparison, explained: &mut Explained) {
        self.conversations += 1;
        for (sum, agreed) in self.agreed.iter_mut().zip(comparison.agreed) {
            *sum += agreed;
        }
        for difference in &comparison.differences {
            if explained.has(dialect.protocol.name(), name, difference) {
                self.explained += 1;
            } else {
                let Difference { alone, what, at_ns } = difference;
                self.unexplained
                    .push(format!("{} {name}: {alone} alone has {what} at {at_ns}", dialect.protocol.name()));
            }
        }
    }
}
