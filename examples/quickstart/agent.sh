#!/bin/sh
# The agent of the quickstart: a stand-in for a real agent. It prints what a session looks like from inside.
set -eu

echo "Hello, I am $AGENT_NAME and work on ${AGENTD_WORK_UNIT:-nothing in particular}."
echo "  user:        $(id)"
echo "  directory:   $(pwd)"
echo "  request:     ${AGENTD_REQUEST:-none}"
echo "  last commit: $(git log -1 --format='%h %s')"
echo "  credential:  ${DEMO_TOKEN:+DEMO_TOKEN is set, ${#DEMO_TOKEN} characters long}"

for step in 1 2 3; do
  echo "working ($step of 3)"
  sleep 0.5
done

echo "Hello, world!" >GREETING.md
git add GREETING.md
git commit --quiet --message "Add a greeting"
echo "Ask for a longer greeting." >TODO.md
echo "committed GREETING.md, and left TODO.md uncommitted"

printf '# Report\n\nNothing was left to do for %s.\n' "${AGENTD_WORK_UNIT:-anyone}" >.runa/report.md
echo "wrote .runa/report.md"
