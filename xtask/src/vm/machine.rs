//! The virtual machine.

use std::{fs::File, path::Path, process::Stdio, thread, time::Duration};

use anyhow::{Context as _, Result, bail};

use crate::{run::command, tools};

/// How long a boot with all that follows may take. It takes half a minute on two idle cores.
const LONGEST: Duration = Duration::from_secs(110);
/// How often it is looked whether the machine is still running.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Boots a kernel and waits until the machine switches itself off. What it says goes into the file `console`.
pub(super) fn boot(kernel: &Path, initramfs: &Path, console: &Path) -> Result<()> {
    let file = File::create(console).with_context(|| format!("cannot write {}", console.display()))?;
    let program = tools::find("qemu-system-x86_64").context("qemu-system-x86_64 is not installed")?;
    let mut qemu = command(&program.to_string_lossy(), &["-accel", "tcg,thread=multi", "-m", "1024", "-smp", "2"]);
    qemu.args(["-display", "none", "-monitor", "none", "-nic", "none", "-serial", "stdio", "-no-reboot"])
        // A kernel that panics ends the machine at once, and not after nothing has happened for a while.
        .args(["-append", "console=ttyS0 quiet panic=-1"])
        .arg("-kernel")
        .arg(kernel)
        .arg("-initrd")
        .arg(initramfs)
        .stdin(Stdio::null())
        .stderr(file.try_clone()?)
        .stdout(file);
    let mut machine = qemu.spawn().context("cannot start qemu-system-x86_64")?;
    for _ in 0..LONGEST.as_millis() / LOOK_EVERY.as_millis() {
        match machine.try_wait() {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => bail!("qemu-system-x86_64 failed: {status}"),
            Ok(None) => thread::sleep(LOOK_EVERY),
            Err(_) => break,
        }
    }
    machine.kill().context("cannot end qemu-system-x86_64")?;
    machine.wait()?;
    bail!("the virtual machine did not switch itself off within {} s", LONGEST.as_secs())
}
