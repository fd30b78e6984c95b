//! Which program an interpreter runs, from its arguments. A pure function: a base name comes out, and no argument else.

use crate::grammar::Grammar;

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

/// The last part of a path, if it is what programs are called.
pub(crate) fn named(path: &str) -> Option<String> {
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
