//! Writing a recording beside the analysis.

use std::{
    fs::File,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};
use geophone_capture_file::recording::{self, CreateError, Existing, Header, WriteError, Writer};
use geophone_model::{capture::CaptureEvent, fact::Fact};
use geophone_probe::Clock;

/// A recording that is under way, until it cannot go on: then listening does, and the reason is kept for the end.
pub(crate) struct Recorder {
    path: PathBuf,
    /// Who writes, or why nobody does any more.
    writer: Result<Writer<File>>,
    /// Whether that has been told.
    told: bool,
}

impl Recorder {
    /// Makes the file.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let kernel = rustix::system::uname().release().to_string_lossy().into_owned();
        let header = Header::new(Clock::measure().now())
            .with_kernel(&kernel)
            .with_recorder(concat!("geophone ", env!("CARGO_PKG_VERSION")));
        let writer = recording::create(path, Existing::Refuse, &header).map_err(|error| match error {
            CreateError::Exists { path } => {
                anyhow::anyhow!(
                    "cannot record to {}: it exists already; choose another path, or remove it",
                    path.display()
                )
            }
            other => other.into(),
        })?;
        Ok(Self { path: path.to_owned(), writer: Ok(writer), told: false })
    }

    pub(crate) fn event(&mut self, event: &CaptureEvent<'_>) {
        self.write(|writer| writer.event(event));
    }

    pub(crate) fn fact(&mut self, fact: &Fact) {
        self.write(|writer| writer.fact(fact));
    }

    /// A recorder that is killed leaves what it has flushed. On a quiet machine a block takes hours to fill. Returns, once, why
    /// the recording has ended.
    pub(crate) fn flush(&mut self) -> Option<String> {
        self.write(Writer::flush);
        let failed = self.writer.as_ref().err().filter(|_| !self.told)?;
        self.told = true;
        Some(format!("{failed:#}"))
    }

    /// Completes the file, or says why it is not complete.
    pub(crate) fn finish(self) -> Result<()> {
        self.writer?.finish().with_context(|| format!("the recording {} cannot be completed", self.path.display()))?;
        Ok(())
    }

    fn write(&mut self, write: impl FnOnce(&mut Writer<File>) -> Result<(), WriteError>) {
        let Ok(writer) = &mut self.writer else { return };
        if let Err(error) = write(writer) {
            let path = self.path.display();
            self.writer = Err(anyhow::Error::new(error).context(format!("the recording {path} cannot go on")));
        }
    }
}
