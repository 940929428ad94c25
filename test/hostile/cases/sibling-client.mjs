import { readOutput } from "../../kit/records.mjs";
import { withOneSession } from "../one-session.mjs";

export const name = "sibling-client";

export const expectation =
  "a session finds no socket, neither by looking everywhere nor at the paths of the host, so it cannot ask the daemon or Podman for anything";

/** Sockets below the root, what is at the places of those of the host, and what of them is mounted. */
const SCRIPT = `
find / -path /proc -prune -o -type s -print 2>/dev/null
for path in "$SOCKET" /run/user /run/podman /var/run/docker.sock; do [ ! -e "$path" ] || echo "there is $path"; done
grep -e '\\.sock' /proc/self/mountinfo
echo looked
`;

/** @returns {Promise<string[]>} */
export async function run() {
  const setting = {
    script: SCRIPT,
    /** @param {import("../../kit/agentd.mjs").Sandbox} sandbox */
    profile: ({ socketPath }) => ({ env: { SOCKET: socketPath } }),
  };
  return await withOneSession(setting, async (victim) => {
    const id = await victim.start();
    const { outcome } = await victim.ended(id);
    const said = await readOutput(victim.record(id), "stdout");
    return said === "looked\n" && outcome === "success" ? [] : [`it ended as ${outcome} and said: ${said}`];
  });
}
