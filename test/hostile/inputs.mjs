/** Hostile inputs, what has to come of each, and the tests and cases that try it. `docs/hostile.md` has the same table. */

/**
 * @typedef {object} Input
 * @property {number} number
 * @property {string} name What is tried.
 * @property {string} expectation What has to come of it.
 * @property {Readonly<Record<string, readonly string[]>>} tests Below `test/`: a file, and what the whole names of its tests
 *   contain that try it. A test counts when it contains one of them; each of them needs one.
 * @property {readonly string[]} [cases] Of `cases/`. Default none.
 */

/** @type {readonly Input[]} */
export const INPUTS = [
  {
    number: 1,
    name: "connections to the addresses of cloud metadata",
    expectation: "denied, and in the session's egress record",
    tests: {
      "integration/gateway/gateway.test.ts": ["reaches what it may, and nothing else"],
      "unit/gateway/policy.test.ts": ["is refused when it means"],
    },
  },
  {
    number: 2,
    name: "connections to the host's addresses, its loopback services and other sessions",
    expectation: "no route, unless the profile says so",
    tests: {
      "integration/gateway/gateway.test.ts": [
        "has no other way out: nothing of it reaches a counter",
        "is not another session's, and cannot be reached from the host",
      ],
    },
  },
  {
    number: 3,
    name: "TCP past the proxy, other proxies, NO_PROXY",
    expectation: "no route exists",
    tests: {
      "integration/gateway/gateway.test.ts": ["has no other way out: nothing of it reaches a counter"],
      "e2e/network.test.ts": ["reaches what its profile names and nothing else"],
    },
  },
  {
    number: 4,
    name: "DNS to foreign servers, DoH, data in labels of denied names",
    expectation: "denied before any name is resolved",
    tests: {
      "integration/gateway/tunnel.test.ts": [
        "2. refuses what the allowlist does not name, before any name is resolved",
      ],
      "integration/gateway/gateway.test.ts": ["has no other way out: nothing of it reaches a counter"],
    },
  },
  {
    number: 5,
    name: "CONNECT with NUL, %00, user@, homoglyphs, look-alike names",
    expectation: "read once as WHATWG URL does; refused, or matched at label borders",
    tests: {
      "integration/gateway/tunnel.test.ts": ["1. refuses the target"],
      "unit/gateway/target.test.ts": ["the target of a request"],
    },
  },
  {
    number: 6,
    name: "addresses in decimal, octal, hex and IPv4-mapped IPv6",
    expectation: "seen through; refused unless an entry names the address",
    tests: {
      "integration/gateway/tunnel.test.ts": ["1. sees through the writing of"],
      "unit/gateway/policy.test.ts": ["only by an entry that names it"],
    },
  },
  {
    number: 7,
    name: "an allowed name that resolves to a private address, or to another one at the next look",
    expectation: "refused; the address that was checked is the one that is dialled",
    tests: {
      "integration/gateway/tunnel.test.ts": ["3. refuses a name with a single bad address"],
      "unit/gateway/policy.test.ts": ["is the one that was checked"],
    },
  },
  {
    number: 8,
    name: "allowed names on other ports, another name in TLS or in Host",
    expectation: "only listed ports; another name in TLS is refused, and Host changes nothing",
    tests: {
      "unit/gateway/policy.test.ts": ["the allowlist"],
      "integration/gateway/tunnel.test.ts": ["refuses another name", "refuses no name"],
      "integration/gateway/forward.test.ts": ["reaches the server that the URL names, whatever Host says"],
    },
  },
  {
    number: 9,
    name: "an empty allowlist, `*`, `*.com`, entries with schemes or paths",
    expectation: "empty denies all; what is broad is warned of, what is wrong is refused at load",
    tests: {
      "unit/gateway/allow-entry.test.ts": ["an entry of `allow`"],
      "unit/gateway/allow-warnings.test.ts": ["are given for"],
      "features/network.test.ts": ["A session with an empty allowlist reaches nothing"],
    },
  },
  {
    number: 10,
    name: "ping, raw sockets, abstract sockets of the host",
    expectation: "nothing gets out, and there is no right to raw sockets",
    tests: {
      "integration/gateway/gateway.test.ts": ["lets no ping and no abstract socket out"],
      "features/inside.test.ts": ["The user has no capabilities"],
    },
  },
  {
    number: 11,
    name: "a search for the provider's real key in environment, /proc and memory dumps",
    expectation: "a session has a token of its own only",
    tests: {
      "e2e/secrets.test.ts": ["the key of a provider and the token of a session"],
      "integration/gateway/core-file.test.ts": ["leaves no core file with a provider's key"],
    },
  },
  {
    number: 12,
    name: "a search for credentials in what the host shows: podman inspect, logs, events, status",
    expectation: "nowhere, in no encoding",
    tests: { "e2e/secrets.test.ts": ["a credential and the token for the repository"] },
  },
  {
    number: 13,
    name: "credentials with newlines, quotes, `$(…)`, of 0 bytes and of 128 KiB",
    expectation: "byte for byte, or refused by name",
    tests: {
      "features/credentials.test.ts": ["Quotes, newlines and what a shell would expand", "A value of"],
      "integration/credentials/launcher.test.ts": ["hands every value over to the byte, and nothing else"],
    },
  },
  {
    number: 14,
    name: "a credential that is printed in pieces, across lines, and encoded",
    expectation: "its name in its place, and the sealed log has none",
    tests: {
      "unit/redaction/redactor.test.ts": ["redaction in pieces"],
      "features/redaction.test.ts": ["Values are replaced in every form"],
    },
  },
  {
    number: 15,
    name: "another session's token, a part of one, one of an ended session",
    expectation: "401, and costs nothing",
    tests: {
      "integration/llm/serving.test.ts": [
        "the token is refused where there is",
        "is worthless once the session is closed",
      ],
    },
  },
  {
    number: 16,
    name: "request smuggling, own authorization, upgrades, whole URLs at the model gateway",
    expectation: "refused; the provider gets the real key and what the route says",
    tests: {
      "integration/llm/serving.test.ts": [
        "smuggling",
        "reaches the provider with the real key, and without the token",
      ],
    },
  },
  {
    number: 17,
    name: "paths such as `/v1/../admin`, `//evil`, `%2e%2e`",
    expectation: "refused unless they are a known route, letter for letter",
    tests: { "unit/llm/routes.test.ts": ["is none of the side doors"] },
  },
  {
    number: 18,
    name: "a mount whose source is a link to what must not be mounted",
    expectation: "refused: what it leads to counts",
    tests: {
      "integration/config/mount-sources.test.ts": [
        "and a link to it",
        "under the name that a link on the way",
      ],
      "features/launch-failures.test.ts": ["The source of a mount is a link to the home directory"],
    },
  },
  {
    number: 19,
    name: "a mount of a socket, of agentd's directories, of `/` or the home",
    expectation: "refused at load",
    tests: { "integration/config/bad-mounts.test.ts": ["is refused for its source"] },
  },
  {
    number: 20,
    name: "a mount whose name has commas, colons, spaces, `$`",
    expectation: "passed on as it is, never parsed again",
    tests: { "features/mounts.test.ts": ["Any name will do"] },
  },
  {
    number: 21,
    name: "a mount at /proc, /usr, `..`, or at another one's place",
    expectation: "refused at load",
    tests: { "integration/config/bad-mounts.test.ts": ["is refused for its target", "is refused at /data"] },
  },
  {
    number: 22,
    name: "a new SELinux label for /etc, /usr, a home",
    expectation: "refused at load",
    tests: { "integration/config/bad-mounts.test.ts": ["is refused for changing the labels of"] },
  },
  {
    number: 23,
    name: "a repository with hooks, submodules, links in their paths, templates",
    expectation: "nothing of it runs on the host, and it arrives as it is",
    tests: {
      "e2e/hostile-repository.test.ts": ["runs nothing on the host, and arrives as it is"],
      "integration/workspace/clone.test.ts": ["is never run: hooks, filters"],
    },
  },
  {
    number: 24,
    name: "a `.git` that an agent has written: filters, monitors, includes, another directory",
    expectation: "its work is exported, and none of it runs",
    tests: {
      "integration/work/hostile.test.ts": ["a hostile repository"],
      "e2e/hostile-image.test.ts": ["runs and reaches nothing"],
    },
  },
  {
    number: 25,
    name: "attributes with filters, Git LFS",
    expectation: "no filter runs, nothing is fetched; LFS is said",
    tests: {
      "integration/workspace/hostile.test.ts": ["has none of them run"],
      "integration/workspace/clone.test.ts": ["is left alone and said so where it is submodules or LFS"],
    },
  },
  {
    number: 26,
    name: "repository URLs such as `ext::sh -c`, `-u`, with passwords",
    expectation: "refused at load",
    tests: { "unit/workspace/repository-url.test.ts": ["parseRepositoryUrl refuses"] },
  },
  {
    number: 27,
    name: "a blob that unpacks to a thousand times its size, 100,000 directories, more names than a string holds",
    expectation: "the session ends by its limits, or all is recorded; the daemon goes on",
    tests: { "integration/trees/remove-tree.test.ts": ["a tree of many directories"] },
    cases: ["huge-blob", "many files below long paths"],
  },
  {
    number: 28,
    name: "artifacts that are named outside of the clone, absolute, too long, with newlines",
    expectation: "refused at load, or left out and said",
    tests: {
      "unit/profile/artifact-globs.test.ts": ["a pattern for artifacts"],
      "integration/work/artifacts.test.ts": ["a path that is too long"],
    },
  },
  {
    number: 29,
    name: "artifacts that are links, FIFOs, devices, or are swapped meanwhile",
    expectation: "regular files of the session only, without setuid",
    tests: {
      "integration/work/artifacts.test.ts": ["are copied with bounds, and what is left out is told"],
      "integration/trees/tree-entry.test.ts": ["an entry of a tree that somebody still writes"],
    },
  },
  {
    number: 30,
    name: "a session that writes to its own record, and fills the disk",
    expectation: "its record is out of reach, and is sealed whatever is full",
    tests: {
      "unit/local/container-request.test.ts": ["and nothing else of the record"],
      "e2e/faults-full-disk.test.ts": ["a disk that fills while a session prints"],
    },
  },
  {
    number: 31,
    name: "a sealed record with one byte, line, file or session changed, doubled or gone",
    expectation: "`agentd audit verify` names it",
    tests: {
      "integration/audit/verify.test.ts": ["a sealed record that was changed is altered"],
      "integration/audit/chain.test.ts": ["a chain that was changed is altered"],
    },
  },
  {
    number: 32,
    name: "terminal sequences, bidi characters, bytes that are no UTF-8, a flood of output",
    expectation: "stored as they are, harmless on a terminal, with bounded memory",
    tests: {
      "unit/cli/terminal-filter.test.ts": ["what comes to a terminal"],
      "e2e/flood.test.ts": ["is complete in the record and for whoever reads along"],
    },
  },
  {
    number: 33,
    name: "fork bombs, memory hogs, commands that ignore SIGTERM",
    expectation: "bounded; the session ends by its limits, or after the grace period",
    tests: {
      "e2e/limits.test.ts": ["a limit of memory", "a limit of processes"],
      "features/ending.test.ts": ["An agent that ignores the stop is killed after the grace"],
    },
  },
  {
    number: 34,
    name: "a container killed, removed or out of memory behind agentd's back, conmon killed",
    expectation: "never success; the daemon goes on",
    tests: {
      "integration/podman/exit-hints.test.ts": ["a container is lost"],
      "e2e/faults-engine.test.ts": ["a container that something else meddles with"],
      "unit/local/out-of-memory.test.ts": ["a container that Podman says was killed for memory"],
    },
  },
  {
    number: 35,
    name: "an image with an entrypoint, user, health check, volumes, or a shell that attacks",
    expectation: "nothing of it decides or reaches anything",
    tests: {
      "e2e/hostile-image.test.ts": ["an image"],
      "integration/podman/sessions.test.ts": ["neither runs, nor is mounted, nor decides"],
    },
  },
  {
    number: 36,
    name: "a container with the labels and the name of a session",
    expectation: "never taken for the session; those of other instances are left alone",
    tests: { "e2e/leftovers.test.ts": ["another instance's stay"] },
    cases: ["forged-container"],
  },
  {
    number: 37,
    name: "capabilities, keyrings, setuid programs, refused system calls",
    expectation: "no capabilities, no new privileges, a seccomp profile that is checked",
    tests: {
      "integration/podman/containment.test.ts": ["is refused when it"],
      "e2e/keyring.test.ts": ["a session cannot reach the keys"],
      "e2e/setuid.test.ts": ["is never of use to another user"],
      "features/inside.test.ts": ["The user has no capabilities"],
    },
  },
  {
    number: 38,
    name: "a session that looks for the daemon's socket, to start sessions itself",
    expectation: "there is no socket in a session",
    tests: {},
    cases: ["sibling-client"],
  },
  {
    number: 39,
    name: "frames without end, nesting, `__proto__`, half-open and slow clients of the daemon",
    expectation: "an error or the end of the connection; others are served, memory is bounded",
    tests: {
      "e2e/hostile-clients.test.ts": ["hostile clients of every kind"],
      "integration/rpc/hostile-clients.test.ts": ["a hostile client"],
      "integration/rpc/impatience.test.ts": ["a client that does not"],
    },
  },
  {
    number: 40,
    name: "TOML with `__proto__`, unknown keys, variables such as LD_PRELOAD",
    expectation: "refused at load, with place and reason",
    tests: { "integration/config/bad-configurations.test.ts": ["a bad configuration is refused"] },
  },
  {
    number: 41,
    name: "profile names such as `../x`, `-rf`, of 300 characters; equal session ids",
    expectation: "refused at load; ids have time and chance in them",
    tests: {
      "integration/config/bad-configurations.test.ts": ["a profile's name"],
      "unit/audit/session-id.test.ts": ["a session id"],
    },
  },
  {
    number: 42,
    name: "pids that are used again, clocks set back and forth, changes of time zones",
    expectation: "processes are known by their start; no schedule fires twice",
    tests: {
      "integration/daemon/instance-lock.test.ts": ["is taken over when its holder's pid belongs to"],
      "integration/podman/service-process.test.ts": ["is not mistaken for a process that merely has the pid"],
      "unit/scheduler/triggers.test.ts": ["does not fire again when the clock is set back"],
    },
  },
  {
    number: 43,
    name: "two daemons in one place, state of a later version, half a line, an empty file",
    expectation: "the second one is refused; what is damaged is told and left alone, or put together again",
    tests: {
      "integration/daemon/instance-lock.test.ts": ["keeps a second daemon out"],
      "e2e/faults-state.test.ts": ["a running session that a crash has left"],
    },
  },
  {
    number: 44,
    name: "directories and files that others can write or read, umask 000",
    expectation: "the daemon does not start, and says the path and the command",
    tests: { "e2e/permissions.test.ts": ["a daemon whose places let others in", "what a daemon makes"] },
  },
  {
    number: 45,
    name: "files that make the host's own programs run something, in a mounted directory",
    expectation: "mounts are read-only, or an exception with a reason that the record lists",
    tests: {
      "features/mounts.test.ts": ["What is mounted read-only can be read, and not be changed"],
      "features/hardening.test.ts": ["What was weakened is in the record, with the reason"],
    },
  },
  {
    number: 46,
    name: "descriptors of an ended session in another one, which puts links where directories were",
    expectation: "agentd removes, seals, prunes and exports nothing of the host's",
    tests: {},
    cases: [
      "passed-descriptors-export",
      "passed-descriptors-prune",
      "passed-descriptors-removal",
      "passed-descriptors-seal",
    ],
  },
];
