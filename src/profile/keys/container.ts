/** The container of a profile's sessions, beyond its limits: what it may write, and what weakens it. */
import * as z from "zod";
import { always, isTable, path, rule, size, text } from "../rules/field-rules.ts";
import { HARDENING_RULES, hardeningRule, untilFault } from "../rules/hardening.ts";
import { RUNTIMES } from "../rules/runtimes.ts";
import { sizeBytes } from "../rules/sizes.ts";
import { key, parsed, plain, shown } from "./key.ts";

/** The limits of processes that a profile may set, in Podman's names. `nproc` is `pids`. */
const ULIMITS = [
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
] as const;

const CAPABILITY = /^(?:CAP_)?[A-Z][A-Z_0-9]*$/;
const CAPABILITY_RULE = 'must be the name of one capability, such as "NET_RAW"';
const CDI_NAME = /^[a-zA-Z0-9][\w.-]*\/[a-zA-Z0-9][\w-]*=[\w.:-]+$/;
const DEVICE_PATH = /^\/dev\/[^\s:,]+$/;
const DEVICE_RULE = 'must be a device such as "/dev/kvm", or a CDI name such as "nvidia.com/gpu=all"';
const MOST_LISTED = 100;
const MOST_REASON = 500;
const LIMIT_RULE = "must be a whole number from 0 to 9007199254740991";

const optionalSize = (description: string) =>
  [size().optional().describe(description), z.int().optional()] as const;

const readSize = (written: string | undefined): number | undefined =>
  written === undefined ? undefined : parsed(written, sizeBytes);

const limit = z.int(LIMIT_RULE).min(0, LIMIT_RULE);

const keptException = z.strictObject({ allow: z.string(), reason: z.string(), until: z.string().optional() });

const writtenException = z.strictObject({
  allow: z
    .string()
    .superRefine(rule(ruleFault))
    .describe("Code or name of the rule, such as E006 or writable-root."),
  reason: text()
    .refine((reason) => reason.trim() !== "", "must not be empty: the record keeps it")
    .refine((reason) => reason.length <= MOST_REASON, `must have at most ${MOST_REASON} characters`)
    .describe("Why the profile needs it."),
  until: z
    .string()
    .superRefine(rule(untilFault))
    .optional()
    .describe("Last day, or instant, for which it holds. Default: without an end."),
});

export const CONTAINER = {
  runtime: shown(
    "runtime",
    plain(
      "runtime",
      z.string().optional(),
      z
        .enum(RUNTIMES)
        .optional()
        .describe("OCI runtime of the container. krun and runsc need an exception, E007. Default: Podman's."),
    ),
  ),
  read_only_root: shown(
    "read_only_root",
    plain(
      "readOnlyRoot",
      // The containers of plans without it were made with a writable one.
      z.boolean().default(false),
      z
        .boolean()
        .default(true)
        .describe(
          "If true, the session writes only to its clone, home, .runa and mounts, and to /tmp, /var/tmp and /run, which are in memory.",
        ),
    ),
  ),
  tmp: shown(
    "tmp_bytes",
    key(
      "tmpBytes",
      size()
        .default("1g")
        .describe("Size of each of /tmp, /var/tmp and /run where they are in memory; counts as memory."),
      z.int().optional(),
      (written) => parsed(written, sizeBytes),
    ),
  ),
  shm: shown(
    "shm_bytes",
    key("shmBytes", ...optionalSize("Size of /dev/shm. Default: Podman's, 64m."), readSize),
  ),
  ulimits: plain(
    "ulimits",
    z.record(z.string(), z.int()).readonly().default({}),
    z.partialRecord(z.enum(ULIMITS), limit).default({}).meta({
      description: "Limits of each process, such as nofile = 4096, in the kernel's units.",
      type_in_words: "table of whole numbers",
    }),
  ),
  devices: shown(
    "devices",
    plain(
      "devices",
      z.array(z.string()).readonly().default([]),
      z
        .array(z.string().refine((name) => CDI_NAME.test(name) || isDevice(name), DEVICE_RULE))
        .max(MOST_LISTED, `must have at most ${MOST_LISTED} entries`)
        .default([])
        .describe("Devices of the host, by path or by CDI name. Needs an exception, E004."),
    ),
  ),
  cap_add: shown(
    "cap_add",
    plain(
      "capAdd",
      z.array(z.string()).readonly().default([]),
      z
        .array(
          z
            .string()
            .regex(CAPABILITY, CAPABILITY_RULE)
            .refine((name) => !/^(?:CAP_)?ALL$/.test(name), CAPABILITY_RULE),
        )
        .max(MOST_LISTED, `must have at most ${MOST_LISTED} entries`)
        .default([])
        .describe("Capabilities of the session, inside its user namespace. Needs an exception, E003."),
    ),
  ),
  seccomp_profile: key(
    "seccompProfile",
    path()
      .optional()
      .describe("File with another filter of system calls, as JSON. Needs an exception, E005."),
    z.string().optional(),
    (written, fromFile) => (written === undefined ? undefined : fromFile(written)),
  ),
  exceptions: plain(
    "exceptions",
    z.array(keptException.readonly()).readonly().default([]),
    z
      .array(writtenException)
      .max(MOST_LISTED, `must have at most ${MOST_LISTED} entries`)
      .default([])
      .superRefine(rulesAreUnique, always)
      .describe("Rules of hardening that the profile weakens, each with its reason."),
  ),
};

function ruleFault(allow: string): string | undefined {
  if (hardeningRule(allow) !== undefined) return undefined;
  const known = HARDENING_RULES.map(({ code, name }) => `${code} ${name}`).join(", ");
  return `must be the code or the name of a rule: ${known}`;
}

/** A path with dots could name what is no device. */
function isDevice(name: string): boolean {
  return DEVICE_PATH.test(name) && name.split("/").every((part) => part !== "." && part !== "..");
}

function rulesAreUnique(entries: unknown, context: z.core.$RefinementCtx): void {
  if (!Array.isArray(entries)) return;
  const seen = new Set<string>();
  for (const [index, entry] of entries.entries()) {
    const allow: unknown = isTable(entry) ? entry["allow"] : undefined;
    const code = typeof allow === "string" ? hardeningRule(allow)?.code : undefined;
    if (code === undefined) continue;
    if (seen.has(code)) {
      const message = "another exception of this profile already allows this rule";
      context.addIssue({ code: "custom", path: [index, "allow"], message });
    }
    seen.add(code);
  }
}
