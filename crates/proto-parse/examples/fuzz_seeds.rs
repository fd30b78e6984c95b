//! Writes the conversations in `testdata` as seeds for the fuzz targets into a directory.

use std::path::Path;
use std::{env, fs};

use geophone_proto_parse::{Limits, Protocol, fuzz};

#[path = "../tests/support/mod.rs"]
mod support;

use support::script::{Event, Script};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = env::args_os().nth(1).ok_or("usage: fuzz_seeds DIRECTORY")?;
    // What is spoken within another protocol has no parser of its own.
    let parsed = Protocol::ALL.iter().filter(|protocol| protocol.connection(&Limits::default(), false).is_some());
    parsed.map(|protocol| protocol.name()).try_for_each(|name| write_seeds(name, Path::new(&directory)))
}

/// The conversations of a protocol, for the targets `detect`, `PROTOCOL_message` and `PROTOCOL_connection`.
fn write_seeds(protocol: &str, directory: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let detections = directory.join("detect");
    let messages = directory.join(format!("{protocol}_message"));
    let connections = directory.join(format!("{protocol}_connection"));
    for target in [&detections, &messages, &connections] {
        fs::create_dir_all(target)?;
    }
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata").join(protocol))? {
        let path = entry?.path();
        let name = path.file_stem().ok_or("a conversation has a name")?.to_string_lossy().into_owned();
        let text = fs::read_to_string(&path)?;
        let (script, _) = text.split_once("---\n").ok_or("a conversation has its outcome behind ---")?;
        let script = Script::parse(script);
        let pieces: Vec<_> = script
            .events
            .iter()
            .filter_map(|event| match event {
                Event::Bytes { direction, data, .. } => Some((*direction, data.as_slice())),
                _ => None,
            })
            .collect();
        fs::write(connections.join(&name), fuzz::script(script.joined_late, &pieces))?;
        if let Some((_, first)) = pieces.first() {
            fs::write(messages.join(&name), first)?;
            fs::write(
                detections.join(format!("{protocol}-{name}")),
                [&[u8::from(script.joined_late)], *first].concat(),
            )?;
        }
    }
    Ok(())
}
