# Sourced: what a machine needs to run rootless Podman and these tests, by the names of two families of distributions.
# shellcheck shell=sh disable=SC2034

debian_packages="podman uidmap slirp4netns passt fuse-overlayfs netavark aardvark-dns catatonit dbus-user-session
 runc crun busybox-static git openssh-client openssh-server ca-certificates mmdebstrap debian-archive-keyring
 chromium prometheus msmtp jq slurmctld slurmd slurm-client munge"

fedora_packages="podman shadow-utils slirp4netns passt fuse-overlayfs netavark aardvark-dns catatonit
 runc crun busybox git-core openssh-clients openssh-server ca-certificates msmtp jq"

# The Debian packages that are not installed, those first named above first.
missing_debian_packages() {
  # shellcheck disable=SC2086
  installed=" $(dpkg-query -W -f '${db:Status-Status}:${Package} ' $debian_packages 2>/dev/null || true) "
  for package in $debian_packages; do
    case $installed in
      *" installed:$package "*) ;;
      *) printf '%s\n' "$package" ;;
    esac
  done
}

# Of the packages given, those that this release of the distribution has.
known_to_apt() {
  for package in "$@"; do
    if apt-cache show "$package" >/dev/null 2>&1; then printf '%s\n' "$package"; fi
  done
}
