//! The project's own chores. `cargo xtask help` lists them.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool")]

mod bench;
mod corpus;
mod ebpf;
mod fuzz;
mod oracle;
mod python;
mod run;
#[path = "../../crates/proto-parse/tests/support/script.rs"]
mod script;
mod test;
mod tidy;
mod tools;
mod vm;

use std::process::ExitCode;

const USAGE: &str = "\
usage: cargo xtask COMMAND

  ebpf              compiles the kernel programs into crates/probe/object
  ebpf --check      fails where the committed object is not what the sources give
  test [--install]  everything that must hold before a change is taken; --install installs missing tools
                    (Debian and Ubuntu, as root)
  install           the tools alone
  vm [KERNEL…]      geophone on other kernels in virtual machines: 6.1 and 6.12, or those named
  fuzz [SECONDS [PART]]  the fuzz targets, or those with PART in their names, each for some seconds: 60 unless told otherwise
  corpus FILE.pcap --port N [--udp] [--stream K] --out FILE.txt
                    one connection of a capture as a conversation for crates/proto-parse/testdata
  oracle [PROTOCOL…]  compares what geophone and tshark make of the corpus, for all protocols or those named
  tidy              the rules of the house that no other tool knows
  bench             all benchmarks; `bench whole` the whole-process ones (root), `bench whole PART` a part of these
                    (throughput, cost, memory, exactness, overload), `bench CRATE` those of a crate
  ci                test, with a missing tool as a failure
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["ebpf"] => ebpf::build(),
        ["ebpf", "--check"] => ebpf::check(),
        ["test"] => test::test(test::Missing::from_environment()),
        ["test", "--install"] => tools::install().and_then(|()| test::test(test::Missing::from_environment())),
        ["install"] => tools::install(),
        ["ci"] => test::test(test::Missing::Fails),
        ["vm", kernels @ ..] => vm::vm(kernels, test::Missing::from_environment()).map(drop),
        ["fuzz"] => fuzz::fuzz(60, ""),
        ["fuzz", seconds] => number(seconds).and_then(|seconds| fuzz::fuzz(seconds, "")),
        ["fuzz", seconds, part] => number(seconds).and_then(|seconds| fuzz::fuzz(seconds, part)),
        ["corpus", arguments @ ..] => corpus::corpus(arguments),
        ["oracle", protocols @ ..] => oracle::oracle(protocols),
        ["tidy"] => tidy::tidy(),
        ["bench"] => bench::bench(&bench::What::All),
        ["bench", "whole"] => bench::bench(&bench::What::Whole(None)),
        ["bench", "whole", part] => bench::bench(&bench::What::Whole(Some(part))),
        ["bench", name] => bench::bench(&bench::What::Crate(name)),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        other => Err(anyhow::anyhow!("unknown command `{}`\n\n{USAGE}", other.join(" "))),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn number(seconds: &str) -> anyhow::Result<u32> {
    seconds.parse().map_err(|_| anyhow::anyhow!("`{seconds}` is no number of seconds"))
}
