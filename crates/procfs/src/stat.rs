//! `/proc/PID/stat` (proc_pid_stat(5)), as far as it is of use. A pure function of text.

/// What a process is, in the kernel's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stat {
    /// The name of its main thread, which may hold any byte, parentheses and spaces included.
    pub(crate) comm: String,
    /// Its parent.
    pub(crate) parent: u32,
    /// Whether it is a thread of the kernel.
    pub(crate) is_kernel_thread: bool,
    /// When it started, in clock ticks since boot.
    pub(crate) start_ticks: u64,
}

impl Stat {
    /// `PF_KTHREAD` (include/linux/sched.h)
    const KERNEL_THREAD: u64 = 0x0020_0000;

    pub(crate) fn parse(text: &[u8]) -> Option<Self> {
        // The name stands in parentheses, unescaped: it ends at the last one.
        let open = text.iter().position(|&byte| byte == b'(')?;
        let close = text.iter().rposition(|&byte| byte == b')')?;
        let comm = String::from_utf8_lossy(text.get(open + 1..close)?);
        let comm = comm.chars().filter(|c| !c.is_control()).collect();
        let rest = std::str::from_utf8(text.get(close + 1..)?).ok()?;
        // Field 3 of the manual is the first after the name.
        let mut fields = rest.split_ascii_whitespace();
        let parent = fields.nth(4 - 3)?.parse().ok()?;
        let flags: u64 = fields.nth(9 - 4 - 1)?.parse().ok()?;
        let start_ticks = fields.nth(22 - 9 - 1)?.parse().ok()?;
        Some(Self { comm, parent, is_kernel_thread: flags & Self::KERNEL_THREAD != 0, start_ticks })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NGINX: &str = "812 (nginx) S 1 812 812 0 -1 4194560 1012 0 12 0 3 5 0 0 20 0 1 0 4711 11345920 1873 \
                         18446744073709551615 1 1 0 0 0 0 0 1073746048 402745863 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n";

    #[test]
    fn fields_are_where_the_manual_has_them() {
        let expected = Stat { comm: "nginx".into(), parent: 1, is_kernel_thread: false, start_ticks: 4711 };
        assert_eq!(Stat::parse(NGINX.as_bytes()), Some(expected));
        let kernel = "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 3 0 0";
        assert!(Stat::parse(kernel.as_bytes()).unwrap().is_kernel_thread);
    }

    #[test]
    fn a_name_may_hold_anything() {
        for (name, comm) in [("a) S (b", "a) S (b"), ("", ""), (") (", ") ("), ("a\nb\u{1b}", "ab")] {
            let stat = Stat::parse(NGINX.replace("nginx", name).as_bytes()).unwrap();
            assert_eq!((stat.comm.as_str(), stat.start_ticks), (comm, 4711));
        }
    }

    #[test]
    fn half_a_file_is_nothing() {
        let needed = NGINX.find("4711").unwrap();
        assert!((0..needed).all(|len| Stat::parse(&NGINX.as_bytes()[..len]).is_none()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(stat) = Stat::parse(&bytes) {
                prop_assert!(bytes.contains(&b'(') && stat.comm.len() <= 3 * bytes.len());
            }
        }
    }
}
