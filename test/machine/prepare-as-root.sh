#!/bin/sh
# Makes this machine able to run rootless Podman as the user given: packages, the user, its runtime directory, devices.
# Does only what is missing and says what it does. Usage: prepare-as-root.sh USER
set -eu
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=test/machine/packages.sh
. "$here/packages.sh"
user=$1

say() { echo "agentd: $*" >&2; }

quietly() {
  if output=$("$@" 2>&1); then return 0; fi
  printf '%s\n' "$output" >&2
  return 1
}

apt_install() {
  DEBIAN_FRONTEND=noninteractive quietly apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "$@"
}

update_package_lists() {
  say "updating the package lists (apt-get update)"
  quietly apt-get -o DPkg::Lock::Timeout=120 update
}

install_packages() {
  missing=$(missing_debian_packages)
  if [ -z "$missing" ]; then return 0; fi
  # shellcheck disable=SC2086
  known=$(known_to_apt $missing)
  if [ "$known" != "$missing" ]; then
    update_package_lists
    # shellcheck disable=SC2086
    known=$(known_to_apt $missing)
  fi
  if [ -z "$known" ]; then return 0; fi
  # shellcheck disable=SC2086
  set -- $known
  say "installing $*"
  # Lists that are too old name files that the mirrors have dropped.
  apt_install "$@" || { update_package_lists && apt_install "$@"; }
}

create_user() {
  if ! id "$user" >/dev/null 2>&1; then
    say "creating the ordinary user $user"
    useradd --create-home --shell /bin/sh "$user"
  fi
  if ! grep -q "^$user:" /etc/subuid || ! grep -q "^$user:" /etc/subgid; then
    say "giving $user subordinate user and group ids"
    first=$(free_subordinate_id)
    usermod --add-subuids "$first-$((first + 65535))" --add-subgids "$first-$((first + 65535))" "$user"
  fi
}

# The first id above every range that /etc/subuid and /etc/subgid give away.
free_subordinate_id() {
  touch /etc/subuid /etc/subgid
  cat /etc/subuid /etc/subgid | awk -F: 'BEGIN { next_id = 100000 }
    $2 + $3 > next_id { next_id = $2 + $3 } END { print next_id }'
}

create_runtime_directory() {
  directory=/run/user/$(id -u "$user")
  if [ -d "$directory" ]; then return 0; fi
  say "creating $directory"
  mkdir -p /run/user
  install -d -m 0700 -o "$user" -g "$(id -g "$user")" "$directory"
  # In memory, as systemd's login makes it; a machine that may not mount gets a directory.
  owner="uid=$(id -u "$user"),gid=$(id -g "$user")"
  mount -t tmpfs -o "mode=0700,nosuid,nodev,$owner" tmpfs "$directory" 2>/dev/null || true
}

open_device() {
  if [ ! -c "$1" ] || [ "$(stat -c %a "$1")" = 666 ]; then return 0; fi
  say "opening $1 to every user (mode 0666)"
  chmod 0666 "$1"
}

# As every distribution mounts it: an sshd that is not root's cannot give a terminal to that group itself.
give_terminals_to_tty() {
  if grep -q '^devpts /dev/pts [^ ]* [^ ]*gid=' /proc/mounts; then return 0; fi
  say "mounting /dev/pts again, with terminals of the group tty"
  mount -o remount,gid=5,mode=620 /dev/pts || say "this did not work: tests of terminals over ssh will fail"
}

if command -v apt-get >/dev/null 2>&1; then install_packages; fi
create_user
create_runtime_directory
give_terminals_to_tty
open_device /dev/net/tun
open_device /dev/fuse
