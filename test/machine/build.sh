#!/bin/sh
# Builds dist/agentd.cjs where it is missing or older than what it is made of.
set -eu
cd "$(dirname "$0")/../.."
sh test/machine/node-modules.sh

built=dist/agentd.cjs
if [ -f "$built" ] && [ -z "$(find src build.config.mjs package.json package-lock.json -newer "$built")" ]; then
  exit 0
fi

echo "agentd: building $built" >&2
node build.config.mjs
