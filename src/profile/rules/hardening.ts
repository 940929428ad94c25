/**
 * The rules of hardening: what every session's container has by default, and which keys of a profile weaken it. Each
 * such key needs an entry in the profile's `exceptions`, with its reason. See docs/hardening.md.
 */

/** The keys of a profile that can weaken its containers, as they are written; a missing one is at its default. */
export interface HardeningKeys {
  readonly network?: unknown;
  readonly mounts?: unknown;
  readonly cap_add?: unknown;
  readonly devices?: unknown;
  readonly seccomp_profile?: unknown;
  readonly read_only_root?: unknown;
  readonly runtime?: unknown;
}

/** One rule of hardening. */
export interface HardeningRule {
  /** Such as "E001"; never given to another rule. */
  readonly code: string;
  /** Such as "network-host". */
  readonly name: string;
  /** What it is about, without a full stop. */
  readonly title: string;
  /** The key that weakens. */
  readonly key: keyof HardeningKeys;
  /**
   * What a profile that weakens it without an exception is: an error, which the configuration is refused for, or a
   * warning, because profiles with this key were accepted before there were exceptions.
   */
  readonly without: "error" | "warning";
  /** What every session has by default, what the key gives up, and what to prefer; whole sentences. */
  readonly explanation: string;
  /** What a value of the key weakens, each as a short text; empty when nothing. */
  readonly weakens: (value: unknown) => readonly string[];
}

export const HARDENING_RULES: readonly HardeningRule[] = [
  {
    code: "E001",
    name: "network-host",
    title: "the session shares the host's network",
    key: "network",
    without: "warning",
    explanation:
      'By default a session has a network namespace of its own. With network = "host" it reaches every service that listens on the host\'s loopback address, and abstract sockets of the host, and what it does on the network cannot be told from what the host does. Prefer network = "allowlist", or "private".',
    weakens: (network) => (network === "host" ? ['network = "host"'] : []),
  },
  {
    code: "E002",
    name: "writable-mount",
    title: "the session writes to a path of the host",
    key: "mounts",
    without: "warning",
    explanation:
      "By default a session writes only to its own clone, its own home and .runa, and all but .runa is removed with it. A mount without read_only = true lets it change files of the host that stay, and that programs outside of the container may read or run. Prefer a mount with read_only = true, a volume, or artifacts.",
    weakens: (mounts) => writableTargets(mounts),
  },
  {
    code: "E003",
    name: "capability",
    title: "the session has capabilities",
    key: "cap_add",
    without: "error",
    explanation:
      "By default a session has no capability at all, and cannot get one. cap_add gives it some: they count only inside its user namespace, but each opens parts of the kernel that a session cannot reach otherwise. Prefer an image that needs none.",
    weakens: textsOf,
  },
  {
    code: "E004",
    name: "device",
    title: "the session uses devices of the host",
    key: "devices",
    without: "error",
    explanation:
      "By default a session has only the pseudo-devices that every container has, such as /dev/null. devices adds devices of the host, whose drivers then take requests from the session. Prefer to give a device to a profile of its own, with a repository that you trust.",
    weakens: textsOf,
  },
  {
    code: "E005",
    name: "seccomp-profile",
    title: "another filter of system calls",
    key: "seccomp_profile",
    without: "error",
    explanation:
      "By default agentd filters a session's system calls with the profile of containers-common, less the calls that sessions have no use for. seccomp_profile replaces that filter by a file of yours, and agentd no longer checks what it refuses. Prefer to add single calls to a copy of the default profile.",
    weakens: (path) => (typeof path === "string" ? [path] : []),
  },
  {
    code: "E006",
    name: "writable-root",
    title: "the session may write to its image's files",
    key: "read_only_root",
    without: "error",
    explanation:
      "By default the container's file system is read-only but for the clone, the home, .runa, /tmp, /var/tmp and /run. With read_only_root = false the session may change whatever its user may write in the image. That lasts only as long as the session, but it can hide files where nobody looks, and fill the disk. Prefer an image that has what is needed, or a mount of an empty directory.",
    weakens: (value) => (value === false ? ["read_only_root = false"] : []),
  },
  {
    code: "E007",
    name: "runtime",
    title: "another kind of confinement",
    key: "runtime",
    without: "error",
    explanation:
      "By default sessions run with Podman's runtime, crun or runc, and the kernel of the host enforces what agentd asks for and checks: the filter of system calls, capabilities, limits. krun runs a session in a small virtual machine and runsc on a kernel of its own in user space. Both keep the session away from the host's kernel, but what is enforced inside is theirs, and agentd does not check it. Prefer crun or runc, unless you know what the other one enforces.",
    weakens: (runtime) => (runtime === "krun" || runtime === "runsc" ? [`runtime = "${runtime}"`] : []),
  },
];

/** The rule with this code or name, in any case; undefined when there is none. */
export function hardeningRule(codeOrName: string): HardeningRule | undefined {
  const wanted = codeOrName.toLowerCase();
  return HARDENING_RULES.find(({ code, name }) => code.toLowerCase() === wanted || name === wanted);
}

/** What a profile allows, see `HardeningKeys`. */
export interface Exception {
  /** The code or the name of a rule. */
  readonly allow: string;
  readonly reason: string;
  /** The last day, such as "2027-03-31", or the instant; undefined: without an end. */
  readonly until?: string | undefined;
}

/** A rule that a profile weakens. */
export interface Weakening {
  readonly rule: HardeningRule;
  /** What weakens it, such as the targets of mounts. */
  readonly what: readonly string[];
  /** Undefined where the profile says nothing about it. */
  readonly exception: Exception | undefined;
}

/** What a profile weakens, in the order of the rules. */
export function weakenings(keys: HardeningKeys, exceptions: readonly Exception[]): Weakening[] {
  return HARDENING_RULES.flatMap((rule) => {
    const what = rule.weakens(keys[rule.key]);
    if (what.length === 0) return [];
    return [{ rule, what, exception: exceptions.find(({ allow }) => hardeningRule(allow) === rule) }];
  });
}

/** The first instant at which an exception does not hold any more, in milliseconds; undefined: it has no end. */
export function exceptionEndMs({ until }: Exception): number | undefined {
  if (until === undefined) return undefined;
  const isDay = DAY.test(until);
  // A day is meant whole, wherever the host is.
  return Date.parse(isDay ? `${until}T00:00:00Z` : until) + (isDay ? DAY_MS + WESTERNMOST_MS : 0);
}

/** What is wrong with `until` as it is written; undefined when nothing. */
export function untilFault(until: string): string | undefined {
  const isWritten = DAY.test(until) || INSTANT.test(until);
  const isReal = !Number.isNaN(Date.parse(until)) && isDayOfMonth(until);
  return isWritten && isReal ? undefined : UNTIL_RULE;
}

const UNTIL_RULE = 'must be a day such as "2027-03-31" or an instant such as "2027-03-31T18:00:00+02:00"';
const DAY = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const DAY_MS = 24 * 60 * 60 * 1000;
const WESTERNMOST_MS = 12 * 60 * 60 * 1000;

/** JavaScript reads 31 February as a day in March. */
function isDayOfMonth(until: string): boolean {
  const day = until.slice(0, 10);
  const midnight = Date.parse(`${day}T00:00:00Z`);
  return !Number.isNaN(midnight) && new Date(midnight).toISOString().startsWith(day);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === "string") : [];
}

function writableTargets(mounts: unknown): string[] {
  if (!Array.isArray(mounts)) return [];
  return mounts.flatMap((mount: unknown) => {
    if (typeof mount !== "object" || mount === null) return [];
    const { target, read_only: readOnly } = mount as Readonly<Record<string, unknown>>;
    return readOnly === true || typeof target !== "string" ? [] : [target];
  });
}
