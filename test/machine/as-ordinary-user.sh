#!/bin/sh
# Prepares the machine and this checkout, then runs COMMAND in it as an ordinary user, with rootless Podman at hand.
#
# As root: installs missing packages, creates the user agentd-dev, copies the checkout to its home and continues there as
# that user. As an ordinary user: says exactly what is missing, if anything is, and exits 1.
#
# Usage: as-ordinary-user.sh COMMAND [ARGUMENT...]
set -eu
checkout=$(cd "$(dirname "$0")/../.." && pwd)
user=agentd-dev

# Of root's environment, what a user needs to reach registries and to print well, and what says how much a test does.
kept_variables="AGENTD_CONTROLLER_KILLS AGENTD_TEST_WARM CI LANG LC_ALL TERM COLORTERM FORCE_COLOR NO_COLOR TZ
 http_proxy https_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY
 NODE_EXTRA_CA_CERTS SSL_CERT_FILE SSL_CERT_DIR
 npm_config_registry npm_config_cafile npm_config_proxy npm_config_https_proxy npm_config_noproxy npm_config_strict_ssl"

as_user() {
  setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups --inh-caps=-all -- "$@"
}

list_files() {
  (cd "$1" && find . \( -path ./node_modules -o -path ./dist -o -path ./.git \) -prune -o ! -type d -print) | sort
}

# Makes $1 a copy of the checkout, but for its modules and its build, without touching what is already right.
copy_checkout() {
  as_user mkdir -p "$1"
  lists=$(mktemp -d)
  list_files "$checkout" >"$lists/here"
  list_files "$1" >"$lists/there"
  comm -13 "$lists/here" "$lists/there" | while IFS= read -r gone; do as_user rm -f "$1/$gone"; done
  rm -r "$lists"
  tar -C "$checkout" --exclude=./node_modules --exclude=./dist --exclude=./.git -cf - . |
    as_user tar -C "$1" --no-same-owner -xf -
}

if [ "$(id -u)" = 0 ]; then
  sh "$checkout/test/machine/prepare-as-root.sh" "$user"
  home=$(getent passwd "$user" | cut -d: -f6)
  copy=$home/checkouts/$(basename "$checkout")-$(printf %s "$checkout" | cksum | cut -d' ' -f1)
  copy_checkout "$copy"
  echo "agentd: continuing as $user in $copy" >&2

  set -- sh "$copy/test/machine/as-ordinary-user.sh" "$@"
  for name in $kept_variables; do
    eval "value=\${$name-}"
    # shellcheck disable=SC2154
    if [ -n "$value" ]; then set -- "$name=$value" "$@"; fi
  done
  cd "$copy"
  exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups --inh-caps=-all -- env -i \
    HOME="$home" USER="$user" LOGNAME="$user" SHELL=/bin/sh XDG_RUNTIME_DIR="/run/user/$(id -u "$user")" \
    PATH="$(dirname "$(command -v node)"):/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "$@"
fi

cd "$checkout"
sh test/machine/check.sh
sh test/machine/build.sh
exec "$@"
