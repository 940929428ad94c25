#!/bin/sh
# Checks whether this machine can run rootless Podman for the current user. If not, prints what is missing and
# the exact commands that fix it, and exits 1. Changes nothing.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/machine/packages.sh
. "$here/packages.sh"
user=$(id -un)
missing=""
packages_missing=""
commands=""

has() {
  for name in "$@"; do
    if command -v "$name" >/dev/null 2>&1; then return 0; fi
  done
  return 1
}

# For programs that Podman finds by itself: an ordinary user's PATH often lacks their directories.
has_helper() {
  (PATH=$PATH:/usr/sbin:/sbin:/usr/libexec/podman:/usr/lib/podman:/usr/libexec/catatonit && has "$@")
}

on_one_line() { echo "$@"; }

lacks() { missing="$missing
  - $1"; }
lacks_program() {
  lacks "$1"
  packages_missing=yes
}
fix() { commands="$commands
  $1"; }

has podman || lacks_program "podman"
has newuidmap || lacks_program "newuidmap, which maps subordinate ids for a user"
has git || lacks_program "git"
has ssh || lacks_program "ssh, for ssh:// repositories"
has busybox || lacks_program "busybox, which the test images are made of"
if has apt-get && ! has mmdebstrap; then lacks_program "mmdebstrap, which makes an image with git"; fi
has_helper catatonit || lacks_program "catatonit, the first process in each container"
has_helper slirp4netns pasta || lacks_program "slirp4netns or pasta, the network of rootless containers"
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
  has_helper crun runc || lacks_program "crun or runc, which start containers"
else
  has_helper runc || lacks_program "runc, which starts containers on hosts without cgroup v2"
fi

if [ -n "$packages_missing" ]; then
  if command -v apt-get >/dev/null 2>&1; then
    wanted=$(missing_debian_packages)
    # Installed, but not in this user's PATH: list all of them.
    wanted=${wanted:-$debian_packages}
    # shellcheck disable=SC2086
    known=$(known_to_apt $wanted)
    # shellcheck disable=SC2086
    wanted=$(on_one_line ${known:-$wanted})
    fix "sudo apt-get update && sudo apt-get install -y --no-install-recommends $wanted"
  elif command -v dnf >/dev/null 2>&1; then
    # shellcheck disable=SC2086
    fix "sudo dnf install -y $(on_one_line $fedora_packages)"
  else
    # shellcheck disable=SC2086
    fix "(with this distribution's package manager) install: $(on_one_line $fedora_packages)"
  fi
fi

if ! { grep -q "^$user:" /etc/subuid && grep -q "^$user:" /etc/subgid; } 2>/dev/null &&
  ! getsubids "$user" >/dev/null 2>&1; then
  lacks "subordinate user and group ids for $user in /etc/subuid and /etc/subgid"
  fix "sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 $user"
fi

if [ ! -c /dev/net/tun ]; then
  lacks "the device /dev/net/tun"
  fix "sudo modprobe tun"
elif [ ! -r /dev/net/tun ] || [ ! -w /dev/net/tun ]; then
  lacks "access to /dev/net/tun for $user"
  fix "sudo chmod 0666 /dev/net/tun"
fi

if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number);
  process.exitCode = a > 20 || (a === 20 && b >= 19) ? 0 : 1' 2>/dev/null; then
  lacks "Node.js 20.19 or newer that $user can run (found: $(node --version 2>/dev/null || echo none))"
  fix "install a newer Node.js from https://nodejs.org/en/download in a directory that $user can read"
fi

if [ -z "$missing" ]; then exit 0; fi
cat >&2 <<END
agentd: this machine is not ready for rootless containers. Missing:$missing
Run:$commands
Then run the same command again.
END
exit 1
