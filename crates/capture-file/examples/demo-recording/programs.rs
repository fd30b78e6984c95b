//! The programs of the shop.

use geophone_model::{fact::Pid, net::Transport};

use crate::machine::{CONTAINER, CONTAINER_ID, HOST, Listener, Program};

/// All of them.
pub(crate) const ALL: [Program; 10] =
    [FRONTEND, CATALOG, CART, PAYMENTS, INVENTORY, ORDERS, MAILER, POSTGRES, RABBITMQ, NAMES];

pub(crate) const FRONTEND: Program = Program {
    pid: Pid(812),
    netns: HOST,
    listener: Some(Listener { transport: Transport::Tcp, ip: [0, 0, 0, 0], port: 80, cookie: 1 }),
    comm: "nginx",
    executable: "nginx",
    script: None,
    cgroup_path: "/system.slice/frontend.service",
    container: None,
    unit: Some("frontend.service"),
};

pub(crate) const CATALOG: Program = Program {
    pid: Pid(2210),
    netns: HOST,
    listener: Some(Listener { transport: Transport::Tcp, ip: [127, 0, 0, 1], port: 3000, cookie: 2 }),
    comm: "node",
    executable: "node",
    script: Some("catalog.js"),
    cgroup_path: "/user.slice/user-1000.slice/session-3.scope",
    container: None,
    unit: None,
};

pub(crate) const CART: Program = Program {
    pid: Pid(2251),
    netns: HOST,
    listener: Some(Listener { transport: Transport::Tcp, ip: [127, 0, 0, 1], port: 8000, cookie: 3 }),
    comm: "python3",
    executable: "python3.13",
    script: Some("cart.py"),
    cgroup_path: "/user.slice/user-1000.slice/session-3.scope",
    container: None,
    unit: None,
};

pub(crate) const PAYMENTS: Program = Program {
    pid: Pid(2302),
    netns: HOST,
    listener: Some(Listener { transport: Transport::Tcp, ip: [127, 0, 0, 1], port: 8080, cookie: 4 }),
    comm: "java",
    executable: "java",
    script: Some("payments.jar"),
    cgroup_path: "/user.slice/user-1000.slice/session-3.scope",
    container: None,
    unit: None,
};

pub(crate) const INVENTORY: Program = Program {
    pid: Pid(2544),
    netns: CONTAINER,
    listener: Some(Listener { transport: Transport::Tcp, ip: [0, 0, 0, 0], port: 9000, cookie: 5 }),
    comm: "inventory",
    executable: "inventory",
    script: None,
    cgroup_path: "/system.slice/docker-7c0f2a9be1d84356a8f0c3b2d19e6475f0a1b2c3d4e5f60718293a4b5c6d7e8f.scope",
    container: Some(CONTAINER_ID),
    unit: None,
};

pub(crate) const ORDERS: Program = Program {
    pid: Pid(2330),
    netns: HOST,
    listener: Some(Listener { transport: Transport::Tcp, ip: [127, 0, 0, 1], port: 8090, cookie: 6 }),
    comm: "orders",
    executable: "orders",
    script: None,
    cgroup_path: "/user.slice/user-1000.slice/session-3.scope",
    container: None,
    unit: None,
};

pub(crate) const MAILER: Program = Program {
    pid: Pid(2371),
    netns: HOST,
    listener: None,
    comm: "ruby",
    executable: "ruby3.3",
    script: Some("mailer.rb"),
    cgroup_path: "/user.slice/user-1000.slice/session-3.scope",
    container: None,
    unit: None,
};

pub(crate) const POSTGRES: Program = Program {
    pid: Pid(1904),
    netns: HOST,
    listener: Some(Listener { transport: Transport::Tcp, ip: [127, 0, 0, 1], port: 5432, cookie: 7 }),
    comm: "postgres",
    executable: "postgres",
    script: None,
    cgroup_path: "/user.slice/user-1000.slice/session-3.scope",
    container: None,
    unit: None,
};

pub(crate) const RABBITMQ: Program = Program {
    pid: Pid(961),
    netns: HOST,
    listener: Some(Listener { transport: Transport::Tcp, ip: [0, 0, 0, 0], port: 5672, cookie: 8 }),
    comm: "beam.smp",
    executable: "beam.smp",
    script: None,
    cgroup_path: "/system.slice/rabbitmq-server.service",
    container: None,
    unit: Some("rabbitmq-server.service"),
};

/// The name server's socket, the one that all its clients talk to.
pub(crate) const NAMES_SOCKET: Listener =
    Listener { transport: Transport::Udp, ip: [127, 0, 0, 53], port: 53, cookie: 9 };

pub(crate) const NAMES: Program = Program {
    pid: Pid(604),
    netns: HOST,
    listener: Some(NAMES_SOCKET),
    comm: "systemd-resolve",
    executable: "systemd-resolved",
    script: None,
    cgroup_path: "/system.slice/systemd-resolved.service",
    container: None,
    unit: Some("systemd-resolved.service"),
};
