//! Tests of the golden files and of mutations of them.

mod goldens;
mod mutations;
mod pieces;
mod reported;

use std::fs;
use std::path::Path;

use super::{Facts, WireFormat, WireStream};
use crate::status::Status;
use crate::usage::Usage;

/// A file with its expected usage, finish reason (empty if there is none) and status.
type Case = (&'static str, Option<Usage>, &'static str, Status);

fn used(input: u64, output: u64) -> Usage {
    Usage::new(input, output)
}

struct Golden {
    /// The path below `golden/`.
    path: String,
    format: WireFormat,
    /// True for a stream: server-sent events or lines of JSON.
    streamed: bool,
    text: String,
}

impl Golden {
    fn facts(&self) -> Facts {
        if !self.streamed {
            return self.format.facts_of_slice(self.text.as_bytes());
        }
        let mut stream = WireStream::new(self.format);
        self.text.lines().for_each(|line| stream.data(line));
        stream.facts()
    }
}

fn load_goldens() -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/usage/wire/golden");
    let entries = |folder: &Path| fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut goldens = Vec::new();
    for format_folder in entries(&folder).filter(|path| path.is_dir()) {
        let name = format_folder.file_name().unwrap().to_str().unwrap();
        for file in entries(&format_folder) {
            let streamed = file.extension().is_some_and(|extension| extension != "json");
            let path = format!("{name}/{}", file.file_name().unwrap().to_str().unwrap());
            let text = fs::read_to_string(file).unwrap();
            goldens.push(Golden { path, format: name.parse().unwrap(), streamed, text });
        }
    }
    goldens.sort_by(|one, other| one.path.cmp(&other.path));
    goldens
}
