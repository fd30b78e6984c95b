//! The command lines of interpreters, as far as they say where the program stands.

use crate::command::named;

/// What an option says about where the program stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Takes a value: the rest of its letters, else the next argument.
    Value,
    /// Takes the rest of its letters as its value, never the next argument.
    Rest,
    /// Its value is the program.
    Program,
    /// The program is given as text, or there is none.
    NoProgram,
}
use Meaning::{NoProgram, Program, Rest, Value};

/// The command line of one interpreter, as far as it is needed to find the first argument that is no option.
pub(crate) struct Grammar {
    /// Options that are one word, with `=` or a separate value; others of that form have no separate value.
    words: &'static [(&'static str, Meaning)],
    /// Options of one letter that may stand together behind one `-`. `None` where all options are words.
    letters: Option<&'static [(u8, Meaning)]>,
    /// Words before the program that only say to run it.
    verbs: &'static [&'static str],
    /// Shells turn options off with `+` (`sh +x`).
    is_shell: bool,
}

impl Grammar {
    pub(crate) fn of(executable: &str) -> Option<&'static Self> {
        // python3.11, ruby3.1, php8.2, perl5.36.0
        let name = executable.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        Some(match name {
            "python" | "pypy" => &PYTHON,
            "node" | "nodejs" => &NODE,
            "bun" | "deno" => &BUN,
            "java" => &JAVA,
            "ruby" => &RUBY,
            "perl" => &PERL,
            "php" => &PHP,
            "dotnet" => &DOTNET,
            "sh" | "ash" | "bash" | "dash" | "ksh" | "mksh" | "zsh" => &SHELL,
            _ => return None,
        })
    }

    pub(crate) fn program<'a>(&self, arguments: &mut impl Iterator<Item = &'a str>) -> Option<String> {
        while let Some(argument) = arguments.next() {
            if self.verbs.contains(&argument) {
                continue;
            }
            let is_option = argument.starts_with('-') || (self.is_shell && argument.starts_with('+'));
            if !is_option {
                return named(argument);
            }
            match argument {
                "-" => return None,
                "--" => return named(arguments.next()?),
                _ => {}
            }
            let (option, attached) = match argument.split_once('=') {
                Some((option, value)) => (option, Some(value)),
                None => (argument, None),
            };
            let word = self.words.iter().find(|(word, _)| *word == option).map(|(_, meaning)| *meaning);
            let (meaning, attached) = match (word, self.letters) {
                (Some(meaning), _) => (Some(meaning), attached),
                (None, Some(letters)) if !argument.starts_with("--") => in_cluster(argument, letters),
                _ => (None, None),
            };
            match meaning {
                None | Some(Rest) => {}
                Some(NoProgram) => return None,
                Some(Program) => return named(attached.or_else(|| arguments.next())?),
                Some(Value) => {
                    if attached.is_none() {
                        arguments.next();
                    }
                }
            }
        }
        None
    }
}

/// The first letter behind a `-` that means anything, and what is attached to it.
fn in_cluster<'a>(argument: &'a str, letters: &[(u8, Meaning)]) -> (Option<Meaning>, Option<&'a str>) {
    for (index, letter) in argument.bytes().enumerate().skip(1) {
        if let Some((_, meaning)) = letters.iter().find(|(known, _)| *known == letter) {
            let rest = argument.get(index + 1..).filter(|rest| !rest.is_empty());
            return (Some(*meaning), rest);
        }
    }
    (None, None)
}

/// <https://docs.python.org/3/using/cmdline.html>
static PYTHON: Grammar = Grammar {
    words: &[("--check-hash-based-pycs", Value), ("--help", NoProgram), ("--version", NoProgram)],
    letters: Some(&[
        (b'c', NoProgram),
        (b'm', Program),
        (b'W', Value),
        (b'X', Value),
        (b'V', NoProgram),
        (b'h', NoProgram),
    ]),
    verbs: &[],
    is_shell: false,
};

/// <https://nodejs.org/api/cli.html>: options whose value is a separate word; all others have it behind `=`.
static NODE: Grammar = Grammar {
    words: &[
        ("-e", NoProgram),
        ("--eval", NoProgram),
        ("-p", NoProgram),
        ("-pe", NoProgram),
        ("--print", NoProgram),
        ("-i", NoProgram),
        ("--interactive", NoProgram),
        ("--run", Program),
        ("-r", Value),
        ("--require", Value),
        ("--import", Value),
        ("--loader", Value),
        ("--experimental-loader", Value),
        ("-C", Value),
        ("--conditions", Value),
        ("--cpu-prof-dir", Value),
        ("--cpu-prof-name", Value),
        ("--diagnostic-dir", Value),
        ("--disable-warning", Value),
        ("--dns-result-order", Value),
        ("--env-file", Value),
        ("--env-file-if-exists", Value),
        ("--experimental-config-file", Value),
        ("--heap-prof-dir", Value),
        ("--heap-prof-name", Value),
        ("--icu-data-dir", Value),
        ("--input-type", Value),
        ("--inspect-port", Value),
        ("--max-http-header-size", Value),
        ("--openssl-config", Value),
        ("--redirect-warnings", Value),
        ("--report-dir", Value),
        ("--report-directory", Value),
        ("--report-filename", Value),
        ("--report-signal", Value),
        ("--secure-heap", Value),
        ("--secure-heap-min", Value),
        ("--stack-trace-limit", Value),
        ("--test-name-pattern", Value),
        ("--test-reporter", Value),
        ("--test-reporter-destination", Value),
        ("--title", Value),
        ("--tls-cipher-list", Value),
        ("--tls-keylog", Value),
        ("--trace-event-categories", Value),
        ("--trace-event-file-pattern", Value),
        ("--trace-require-module", Value),
        ("--unhandled-rejections", Value),
        ("--use-largepages", Value),
        ("--v8-pool-size", Value),
        ("--watch-path", Value),
    ],
    letters: None,
    verbs: &["inspect"],
    is_shell: false,
};

/// <https://bun.sh/docs/cli/run> and <https://docs.deno.com/runtime/reference/cli/run/>.
static BUN: Grammar = Grammar {
    words: &[
        ("-e", NoProgram),
        ("--eval", NoProgram),
        ("-p", NoProgram),
        ("--print", NoProgram),
        ("-r", Value),
        ("--preload", Value),
        ("--require", Value),
        ("-c", Value),
        ("--config", Value),
        ("--cwd", Value),
        ("--import-map", Value),
        ("--cert", Value),
        ("-L", Value),
        ("--log-level", Value),
        ("--port", Value),
    ],
    letters: None,
    verbs: &["run", "serve", "start"],
    is_shell: false,
};

/// <https://docs.oracle.com/en/java/javase/21/docs/specs/man/java.html>: every option is a word behind one dash.
static JAVA: Grammar = Grammar {
    words: &[
        ("-jar", Program),
        ("-m", Program),
        ("--module", Program),
        ("-cp", Value),
        ("-classpath", Value),
        ("--class-path", Value),
        ("-p", Value),
        ("--module-path", Value),
        ("--upgrade-module-path", Value),
        ("--add-modules", Value),
        ("--add-reads", Value),
        ("--add-exports", Value),
        ("--add-opens", Value),
        ("--limit-modules", Value),
        ("--patch-module", Value),
        ("--enable-native-access", Value),
        ("--source", Value),
        ("-d", Value),
        ("--describe-module", Value),
    ],
    letters: None,
    verbs: &[],
    is_shell: false,
};

/// ruby(1)
static RUBY: Grammar = Grammar {
    words: &[("--encoding", Value), ("--external-encoding", Value), ("--internal-encoding", Value)],
    letters: Some(&[
        (b'e', NoProgram),
        (b'C', Value),
        (b'E', Value),
        (b'I', Value),
        (b'r', Value),
        (b'F', Rest),
        (b'i', Rest),
        (b'K', Rest),
        (b'W', Rest),
        (b'x', Rest),
    ]),
    verbs: &[],
    is_shell: false,
};

/// perlrun(1)
static PERL: Grammar = Grammar {
    words: &[],
    letters: Some(&[
        (b'e', NoProgram),
        (b'E', NoProgram),
        (b'I', Value),
        (b'C', Rest),
        (b'D', Rest),
        (b'd', Rest),
        (b'F', Rest),
        (b'i', Rest),
        (b'm', Rest),
        (b'M', Rest),
        (b'V', Rest),
        (b'x', Rest),
    ]),
    verbs: &[],
    is_shell: false,
};

/// php(1)
static PHP: Grammar = Grammar {
    words: &[
        ("--file", Program),
        ("--run", NoProgram),
        ("--process-begin", NoProgram),
        ("--process-code", NoProgram),
        ("--process-file", Program),
        ("--process-end", NoProgram),
        ("--php-ini", Value),
        ("--define", Value),
        ("--zend-extension", Value),
        ("--docroot", Value),
        ("--server", Value),
        ("--rf", NoProgram),
        ("--rc", NoProgram),
        ("--re", NoProgram),
        ("--rz", NoProgram),
        ("--ri", NoProgram),
    ],
    letters: Some(&[
        (b'f', Program),
        (b'F', Program),
        (b'r', NoProgram),
        (b'B', NoProgram),
        (b'R', NoProgram),
        (b'E', NoProgram),
        (b'a', NoProgram),
        (b'c', Value),
        (b'd', Value),
        (b'S', Value),
        (b't', Value),
        (b'z', Value),
    ]),
    verbs: &[],
    is_shell: false,
};

/// <https://learn.microsoft.com/dotnet/core/tools/dotnet>
static DOTNET: Grammar = Grammar {
    words: &[
        ("--additionalprobingpath", Value),
        ("--additional-deps", Value),
        ("--depsfile", Value),
        ("--fx-version", Value),
        ("--roll-forward", Value),
        ("--runtimeconfig", Value),
        ("--project", Program),
        ("-c", Value),
        ("--configuration", Value),
        ("-f", Value),
        ("--framework", Value),
        ("--launch-profile", Value),
    ],
    letters: None,
    verbs: &["exec", "run", "watch"],
    is_shell: false,
};

/// sh(1) as POSIX has it, and bash(1): `-o` and `-O` may stand without a value only at the end.
static SHELL: Grammar = Grammar {
    words: &[("--rcfile", Value), ("--init-file", Value)],
    letters: Some(&[(b'c', NoProgram), (b's', NoProgram), (b'o', Value), (b'O', Value)]),
    verbs: &[],
    is_shell: true,
};
