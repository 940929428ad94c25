/**
 * What the test's host is made of: a release of Debian with systemd, rootless Podman and SELinux, as a small server has them.
 */

/**
 * A release of Debian.
 *
 * @typedef {object} Suite
 * @property {boolean} selinux Whether SELinux enforces Debian's policy, or is off.
 * @property {string} [node] The version of Node.js that npm brings, where Debian's is too old.
 */

/**
 * The releases of Debian that can be booted: 12, 13, and the one that is to follow. The policy of Debian 12 has no types for
 * containers, which `containers.cil` needs.
 *
 * @type {Readonly<Record<string, Suite>>}
 */
export const SUITES = {
  bookworm: { selinux: false, node: "22" },
  trixie: { selinux: true },
  forky: { selinux: true },
};

export const DEFAULT_SUITE = "trixie";

export const PACKAGES = [
  // A machine that boots.
  ...[
    "linux-image-cloud-amd64",
    "initramfs-tools",
    "systemd",
    "systemd-sysv",
    "udev",
    "dbus",
    "kmod",
    "zstd",
  ],
  // Users who log in, and one who may become root.
  ...["libpam-systemd", "dbus-user-session", "openssh-server", "openssh-client", "sudo", "login", "passwd"],
  ...["procps", "iproute2", "ca-certificates"],
  // Rootless Podman, and what images are made of.
  ...["podman", "crun", "conmon", "uidmap", "passt", "slirp4netns", "netavark", "aardvark-dns", "catatonit"],
  "busybox-static",
  // Another runtime for containers, which is a kernel of its own, and a reader of manuals.
  ...["runsc", "man-db"],
  // What agentd asks for itself.
  ...["nodejs", "npm", "git"],
];

export const SELINUX_PACKAGES = [
  ...["selinux-policy-default", "selinux-basics", "selinux-utils", "policycoreutils", "auditd"],
];

export const MMDEBSTRAP_OPTIONS = [
  "--mode=unshare",
  "--variant=minbase",
  "--format=null",
  '--aptopt=APT::Install-Recommends "false"',
  // A mirror may be frozen, and these hosts live for one test.
  '--aptopt=Acquire::Check-Valid-Until "false"',
  "--dpkgopt=path-exclude=/usr/share/doc/*",
  "--dpkgopt=path-exclude=/usr/share/locale/*",
  "--dpkgopt=path-exclude=/usr/share/man/*",
  // Those of the product are what the tests read.
  "--dpkgopt=path-include=/usr/share/doc/agentd/*",
  "--dpkgopt=path-include=/usr/share/man/man1/agentd*",
];

/** Sparse: what is not used takes no place. */
export const DISK_SIZE = "6G";
