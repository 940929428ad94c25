#!/bin/sh
# Makes this machine able to build and boot the test's host: an emulator, and what makes its disk. As root it installs
# what is missing; as an ordinary user it says what to install, and exits 1. The rest is test/machine's business.
set -eu

packages="qemu-system-x86 qemu-utils mmdebstrap debian-archive-keyring e2fsprogs uidmap"
# Older ones corrupt flags of this guest's processor.
oldest_qemu=8

say() { echo "agentd: $*" >&2; }

has_programs() {
  for program in qemu-img mmdebstrap newuidmap; do
    command -v "$program" >/dev/null 2>&1 || return 1
  done
  (PATH=$PATH:/usr/sbin:/sbin && command -v mke2fs >/dev/null 2>&1) || return 1
  version=$(qemu-system-x86_64 --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9]*\).*/\1/p')
  [ "${version:-0}" -ge "$oldest_qemu" ]
}

# Hardware virtualisation, where there is any. systemd gives it to every user, too; minimal machines do not.
if [ "$(id -u)" = 0 ] && [ -c /dev/kvm ] && [ "$(stat -c %a /dev/kvm)" != 666 ]; then
  say "opening /dev/kvm to every user (mode 0666)"
  chmod 0666 /dev/kvm
fi

if has_programs; then exit 0; fi

if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
  say "this machine cannot boot the test's host. Install QEMU $oldest_qemu or newer, qemu-img, mmdebstrap,"
  say "debian-archive-keyring, e2fsprogs and newuidmap. On Debian and Ubuntu:"
  say "  sudo apt-get install -y --no-install-recommends $packages"
  say "On Debian 12, take QEMU from bookworm-backports."
  exit 1
fi

release=""
codename=$(. /etc/os-release && echo "${VERSION_CODENAME-}")
if [ "$codename" = bookworm ]; then
  release=bookworm-backports
  if ! grep -rqs "$release" /etc/apt/sources.list /etc/apt/sources.list.d; then
    say "adding $release, for a QEMU that works"
    cat >/etc/apt/sources.list.d/bookworm-backports.sources <<END
Types: deb
URIs: http://deb.debian.org/debian
Suites: $release
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
  fi
fi

say "installing $packages"
apt-get -qq -o DPkg::Lock::Timeout=300 update
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y --no-install-recommends \
  ${release:+--target-release="$release"} $packages >/dev/null
has_programs || { say "QEMU is still older than $oldest_qemu"; exit 1; }
