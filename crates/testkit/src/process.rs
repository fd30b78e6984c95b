//! Child processes in a cgroup and a network namespace, which do not outlive the test.

use std::{
    ffi::OsStr,
    fs::File,
    io::{self, BufRead as _, BufReader, Read as _, Write as _},
    os::{fd::AsRawFd as _, unix::process::CommandExt as _},
    process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio},
    thread,
    time::Duration,
};

use crate::{
    cgroup::Cgroup,
    clock::wait_for,
    netns::{self, NetNs},
    tools,
};

/// How long a program may run that is expected to end by itself.
const LONGEST_RUN: Duration = Duration::from_secs(60);

/// Where a program is to run.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its cgroup.
    pub cgroup: &'a Cgroup,
    /// Its network namespace.
    pub netns: &'a NetNs,
}

impl Place<'_> {
    /// A command that will run here. If the thread that spawns it ends, so does it.
    ///
    /// # Panics
    /// If the program is not installed.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let program = program.as_ref();
        let path = program.to_str().filter(|name| !name.contains('/')).map_or_else(
            || program.into(),
            |name| tools::find(name).unwrap_or_else(|| panic!("{name} is not installed")),
        );
        let mut command = Command::new(path);
        let (namespace, members) = (self.netns.handle(), self.cgroup.members());
        let enter = move || {
            netns::enter(&namespace)?;
            join(&members)?;
            // SAFETY: a plain system call.
            match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } {
                0 => Ok(()),
                _ => Err(io::Error::last_os_error()),
            }
        };
        // SAFETY: only system calls are made between fork and exec.
        unsafe { command.pre_exec(enter) };
        command
    }

    /// Runs a program to its end and returns what it printed.
    ///
    /// # Panics
    /// If it fails, or does not end within a minute.
    pub fn run(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> String {
        let output = self.output(program, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?} failed with {}: {said}", output.status);
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs a program to its end, however that is.
    ///
    /// # Panics
    /// If it does not end within a minute.
    pub fn output(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Output {
        let mut command = self.command(program);
        command.args(arguments);
        self.finish(command, LONGEST_RUN)
    }

    /// Runs one of [its commands](Self::command) to its end, however that is.
    ///
    /// # Panics
    /// If it does not end in time.
    pub fn finish(&self, mut command: Command, at_most: Duration) -> Output {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = Running(command.spawn().expect("the program can be started"));
        let mut stdout = child.0.stdout.take().expect("it is piped");
        let mut stderr = child.0.stderr.take().expect("it is piped");
        thread::scope(|scope| {
            let out = scope.spawn(move || {
                let mut bytes = Vec::new();
                stdout.read_to_end(&mut bytes).map(|_| bytes)
            });
            let err = scope.spawn(move || {
                let mut bytes = Vec::new();
                stderr.read_to_end(&mut bytes).map(|_| bytes)
            });
            let status = child.wait(at_most);
            let read = "a pipe can be read";
            let stdout = out.join().expect("the reader does not panic").expect(read);
            Output { status, stdout, stderr: err.join().expect("the reader does not panic").expect(read) }
        })
    }
}

/// Moves the calling process into a cgroup. Makes no allocation, so that it may be called between fork and exec.
fn join(members: &File) -> io::Result<()> {
    // SAFETY: the buffer has the one byte that is said.
    match unsafe { libc::write(members.as_raw_fd(), c"0".as_ptr().cast(), 1) } {
        1 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// A process that is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) Child);

impl Running {
    pub(crate) fn signal(&self, signal: i32) {
        let pid = i32::try_from(self.0.id()).expect("a process id has 31 bits");
        // SAFETY: a plain system call; the child has not been waited for, so its id is not another's.
        unsafe { libc::kill(pid, signal) };
    }

    pub(crate) fn wait(&mut self, at_most: Duration) -> std::process::ExitStatus {
        wait_for("a program's end", at_most, || self.0.try_wait().expect("a child can be waited for"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that is spoken with line by line.
#[derive(Debug)]
pub(crate) struct Dialogue {
    process: Running,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Dialogue {
    pub(crate) fn begin(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Running(command.spawn().expect("the program can be started"));
        let stdin = process.0.stdin.take();
        let stdout = BufReader::new(process.0.stdout.take().expect("it is piped"));
        Self { process, stdin, stdout }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.0.id()
    }

    /// Reads a line, without its end.
    pub(crate) fn hear(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("what a program of the kit prints can be read");
        assert!(line.ends_with('\n'), "the program has ended, and said {line:?}");
        line.trim_end().to_owned()
    }

    /// Writes a line.
    pub(crate) fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("it has not been closed");
        writeln!(stdin, "{line}").expect("the program listens");
    }

    /// Tells it to end, by closing what it reads from, and returns what it still says.
    pub(crate) fn end(mut self) -> String {
        self.stdin = None;
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("what a program of the kit prints can be read");
        let status = self.process.wait(LONGEST_RUN);
        assert!(status.success(), "a program of the kit failed with {status}");
        rest
    }
}
