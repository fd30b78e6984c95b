//! Which program an interpreter runs, from its arguments. A pure function: a base name comes out, and no argument else.

/// The base name of the script, the module or the jar that an interpreter runs, the applet of a multi-call binary; `None`
/// where `executable` (a base name) is no interpreter, or where it was given its program as text (`sh -c`, `node -e`), on
/// standard input, or not at all.
///
/// Only what would be opened as a program comes out. Text of options, what follows the program, and anything that does not
/// look like a file's, a module's or a class's name never does, since arguments carry secrets.
///
/// ```
/// use geophone_procfs::command::script;
///
/// assert_eq!(script("python3.11", &[b"python3", b"-m", b"http.server"]).as_deref(), Some("http.server"));
/// assert_eq!(script("bash", &[b"bash", b"-c", b"curl -u me:secret"]), None);
/// ```
pub fn script(executable: &str, argv: &[&[u8]]) -> Option<String> {
    let (invoked_as, arguments) = argv.split_first()?;
    if !is_multi_call(executable) {
        return Grammar::of(executable)?.program(&mut arguments.iter().map(|argument| text(argument)));
    }
    // `httpd -f`, or `busybox httpd -f`
    let is_applet_first = named(text(invoked_as)).is_some_and(|name| is_multi_call(&name));
    applet(if is_applet_first { arguments } else { argv })
}

/// What a multi-call binary was called as, or the script if that is a shell.
fn applet(argv: &[&[u8]]) -> Option<String> {
    let (invoked_as, arguments) = argv.split_first()?;
    let applet = named(text(invoked_as).trim_start_matches('-'))?;
    match Grammar::of(&applet) {
        Some(grammar) => grammar.program(&mut arguments.iter().map(|argument| text(argument))),
        None => Some(applet),
    }
}

/// An argument that is no UTF-8 is nothing that a program is called.
fn text(argument: &[u8]) -> &str {
    std::str::from_utf8(argument).unwrap_or_default()
}

/// Whether the arguments of an executable (a base name) can say more than its name does.
pub fn is_interpreter(executable: &str) -> bool {
    is_multi_call(executable) || Grammar::of(executable).is_some()
}

fn is_multi_call(executable: &str) -> bool {
    matches!(executable, "busybox" | "toybox")
}

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
struct Grammar {
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
    fn of(executable: &str) -> Option<&'static Self> {
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

    fn program<'a>(&self, arguments: &mut impl Iterator<Item = &'a str>) -> Option<String> {
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

/// The last part of a path, if it is what programs are called.
fn named(path: &str) -> Option<String> {
    const MAX_NAME_LEN: usize = 128;
    // A script that comes through a descriptor (`bash <(…)`, fexecve(3)) has a number and no name.
    if path.starts_with("/dev/") || path.starts_with("/proc/") {
        return None;
    }
    let name = path.trim_end_matches('/').rsplit('/').next()?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | '_' | '+' | '$' | '~');
    let is_plausible = !matches!(name, "" | "." | "..") && name.len() <= MAX_NAME_LEN && name.chars().all(is_name);
    is_plausible.then(|| name.to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn of(executable: &str, command: &str) -> Option<String> {
        let argv: Vec<&[u8]> = command.split('|').map(str::as_bytes).collect();
        script(executable, &argv)
    }

    #[test]
    fn the_program_is_found_behind_the_options() {
        for (executable, command, expected) in [
            ("python3.11", "python3|/srv/app/manage.py|runserver|0.0.0.0:80", "manage.py"),
            ("python3.11", "python3|-m|http.server|8000", "http.server"),
            ("python3", "python3|-Bum|http.server", "http.server"),
            ("python3", "python3|-mflask|run", "flask"),
            ("python", "python|-u|-W|ignore|-X|dev|-Wdefault|app.py", "app.py"),
            ("python3.12", "python3|/usr/bin/gunicorn|-b|0.0.0.0:80|app:app", "gunicorn"),
            ("python3.12", "/venv/bin/python|/venv/bin/uvicorn|main:app", "uvicorn"),
            ("python3", "python3|/srv/app/", "app"),
            ("pypy3", "pypy3|x.py", "x.py"),
            ("node", "node|--inspect|x.js", "x.js"),
            (
                "node",
                "node|--inspect=0.0.0.0:9229|--max-old-space-size=4096|/app/dist/server.js|--port|80",
                "server.js",
            ),
            ("node", "node|-r|dotenv/config|--require|./trace.js|x.js", "x.js"),
            ("node", "node|--title|my secret|x.js", "x.js"),
            ("nodejs", "nodejs|--|x.js", "x.js"),
            ("node", "node|inspect|x.js", "x.js"),
            ("bun", "bun|run|--preload|./a.ts|index.ts", "index.ts"),
            ("deno", "deno|run|--allow-net|server.ts", "server.ts"),
            ("java", "java|-Xmx1g|-Dx=y|-jar|/opt/app-1.2.jar|--spring.password=x", "app-1.2.jar"),
            (
                "java",
                "java|-cp|a.jar:b.jar|-XX:+UseG1GC|org.apache.zookeeper.QuorumPeerMain|zoo.cfg",
                "org.apache.zookeeper.QuorumPeerMain",
            ),
            ("java", "java|--module-path=mods|-m|com.greetings/com.greetings.Main", "com.greetings.Main"),
            ("java", "java|--add-opens|java.base/java.lang=ALL-UNNAMED|--add-opens=x=y|Main", "Main"),
            ("java", "java|-javaagent:agent.jar=key|Hello.java", "Hello.java"),
            ("ruby3.1", "ruby|-I|lib|-rbundler/setup|-W0|bin/rails|server", "rails"),
            ("ruby", "ruby|-Ilib|puma", "puma"),
            ("perl", "perl|-w|-Mstrict|-I/x|-T|/usr/bin/starman|x.psgi", "starman"),
            ("perl5.36.0", "perl|-i.bak|x.pl", "x.pl"),
            ("php8.2", "php|-d|memory_limit=1G|artisan|serve", "artisan"),
            ("php", "php|-S|0.0.0.0:80|-t|public|router.php", "router.php"),
            ("php", "php|-f|x.php", "x.php"),
            ("dotnet", "dotnet|/app/Shop.Api.dll|--urls|http://+:80", "Shop.Api.dll"),
            ("dotnet", "dotnet|exec|--runtimeconfig|a.json|x.dll", "x.dll"),
            ("bash", "/bin/bash|-eux|-o|pipefail|/srv/entry-point.sh|secret", "entry-point.sh"),
            ("bash", "bash|--norc|--rcfile|x|+x|+o|posix|run.sh", "run.sh"),
            ("dash", "sh|./start", "start"),
            ("busybox", "httpd|-f|-p|80", "httpd"),
            ("busybox", "busybox|httpd|-f", "httpd"),
            ("busybox", "/bin/sh|/srv/loop.sh", "loop.sh"),
            ("busybox", "busybox|sh|/srv/loop.sh", "loop.sh"),
        ] {
            assert_eq!(of(executable, command).as_deref(), Some(expected), "{command}");
        }
    }

    #[test]
    fn text_that_is_run_is_never_taken() {
        for (executable, command) in [
            ("bash", "bash|-c|curl -u me:secret example.com"),
            ("bash", "bash|-lc|secret"),
            ("bash", "bash|-ec|secret|name"),
            ("bash", "-bash"),
            ("sh", "sh|-s|secret"),
            ("sh", "sh|-"),
            ("python3", "python3|-c|secret"),
            ("python3", "python3|-Ic|secret|x.py"),
            ("python3", "python3|-|secret"),
            ("python3", "python3"),
            ("python3", "gunicorn: master [app]"),
            ("python3", "python3|-m"),
            ("node", "node|-e|secret|x.js"),
            ("node", "node|--eval=secret"),
            ("node", "node|-p|secret"),
            ("ruby", "ruby|-ne|secret|file"),
            ("perl", "perl|-lane|secret|file"),
            ("php", "php|-r|secret"),
            ("java", "java|-version"),
            ("busybox", "busybox"),
            ("busybox", "sh|-c|secret"),
            ("busybox", "-sh"),
        ] {
            assert_eq!(of(executable, command), None, "{command}");
        }
    }

    #[test]
    fn what_is_no_name_is_not_taken() {
        for (executable, command) in [
            ("node", "node|key=value"),
            ("node", "node|https://user:pass@example.com"),
            ("sh", "sh|two words"),
            ("sh", "sh|a\nb"),
            ("sh", "sh|\u{1b}[31m"),
            ("sh", "sh|/dev/fd/3"),
            ("python3", "python3|/proc/self/fd/3"),
            ("sh", "sh|.."),
            ("sh", "sh|/"),
            ("nginx", "nginx|-g|daemon off;"),
            ("redis-server", "redis-server|*:6379"),
        ] {
            assert_eq!(of(executable, command), None, "{command}");
        }
        assert_eq!(script("sh", &[b"sh", &[0xff, 0xfe]]), None);
        assert_eq!(script("sh", &[]), None);
        assert_eq!(of("sh", &format!("sh|{}", "a".repeat(129))), None);
    }
}
