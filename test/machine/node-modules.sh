#!/bin/sh
# Installs the node modules of this checkout where they are missing or older than package-lock.json.
set -eu
cd "$(dirname "$0")/../.."

stamp=node_modules/.installed-from
wanted=$(cksum <package-lock.json)
if [ "$(cat "$stamp" 2>/dev/null || true)" = "$wanted" ]; then
  exit 0
fi

echo "agentd: installing node modules (npm ci)" >&2
npm ci --no-audit --no-fund --no-update-notifier --loglevel=error >&2
printf '%s\n' "$wanted" >"$stamp"
