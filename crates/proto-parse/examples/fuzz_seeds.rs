//! Writes the conversations in `testdata/http1` as seeds for the fuzz targets into a directory.

use std::path::Path;
use std::{env, fs};

use geophone_proto_parse::fuzz::http1_script;

#[path = "../tests/support/mod.rs"]
mod support;

use support::script::{Event, Script};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = env::args_os().nth(1).ok_or("usage: fuzz_seeds DIRECTORY")?;
    let directory = Path::new(&directory);
    let targets = ["detect", "http1_message", "http1_connection"].map(|target| directory.join(target));
    for target in &targets {
        fs::create_dir_all(target)?;
    }
    let [detections, messages, connections] = targets;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/http1"))? {
        let path = entry?.path();
        let name = path.file_stem().ok_or("a conversation has a name")?.to_owned();
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
        fs::write(connections.join(&name), http1_script(script.joined_late, &pieces))?;
        if let Some((_, first)) = pieces.first() {
            fs::write(messages.join(&name), first)?;
            fs::write(detections.join(&name), [&[u8::from(script.joined_late)], *first].concat())?;
        }
    }
    Ok(())
}
