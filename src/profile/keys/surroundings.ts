/** The surroundings of a profile's command: network, environment, credentials, mounts. */
import * as z from "zod";
import { allowEntryFault, allowEntrySchema } from "../../gateway/rules/allow-entry.ts";
import { defaultNetwork } from "../rules/default-network.ts";
import {
  always,
  daemonVariable,
  isTable,
  namesAreUnique,
  path,
  rule,
  text,
  variableName,
} from "../rules/field-rules.ts";
import { key, plain, shown } from "./key.ts";

const NETWORKS = z.enum(["private", "none", "host", "allowlist"]);
/** How many entries an allowlist may have. */
const MOST_ALLOWED = 1000;
const RELABELS = z.enum(["none", "shared", "private"]);

const writtenMount = z.strictObject({
  source: path().describe("File or directory on the host."),
  target: z.string().describe("Absolute path in the container."),
  read_only: z.boolean().default(false).describe("If true, the session cannot write to it."),
  relabel: RELABELS.default("none").describe(
    "Whether to change SELinux labels on the host so that all containers, or only the session's, can use it.",
  ),
});

const keptMount = z
  .strictObject({ source: z.string(), target: z.string(), readOnly: z.boolean(), relabel: RELABELS })
  .readonly();

const writtenCredential = z.strictObject({
  name: variableName().describe("Environment variable that the session's command sees."),
  source: daemonVariable().describe(
    "Variable in credentials.env with the value; read when a session starts.",
  ),
});

const keptAllowed = z.union([
  z.string(),
  z.strictObject({ host: z.string(), private: z.boolean().optional() }).readonly(),
]);

/** Values of credentials are never kept. */
const keptCredential = z.strictObject({ name: z.string(), source: z.string() }).readonly();

export const SURROUNDINGS = {
  network: shown(
    "network",
    key(
      "network",
      NETWORKS.optional().describe(
        'Network of the container: its own with outside access, none, the host\'s, or only what `allow` names. Default: "private", or "allowlist" with `llm`.',
      ),
      NETWORKS,
      (written, _fromFile, { profile }) => written ?? defaultNetwork(profile),
    ),
  ),
  allow: shown(
    "allow",
    key(
      "allow",
      z
        .array(allowEntrySchema.superRefine(rule(allowEntryFault)))
        .max(MOST_ALLOWED, `must have at most ${MOST_ALLOWED} entries`)
        .optional()
        .describe(
          'Hosts that a session with network = "allowlist" reaches, such as "github.com" or "*.example.org:443". Default: none.',
        )
        .meta({ type_in_words: "array of strings or tables" }),
      z.array(keptAllowed).readonly().default([]),
      (written) => written ?? [],
    ),
  ),
  env: plain(
    "env",
    z.record(z.string(), z.string()).readonly(),
    z
      .unknown()
      .refine((env) => !isTable(env) || !Object.hasOwn(env, "__proto__"), "the name __proto__ is refused")
      .pipe(z.record(variableName(), text().meta({ concealed: true })))
      .default({})
      .meta({
        description: "Environment variables that are not secret; `podman inspect` shows them.",
        type_in_words: "table of strings",
      }),
  ),
  credentials: shown(
    "credentials",
    plain(
      "credentials",
      z.array(keptCredential).readonly(),
      z
        .array(writtenCredential)
        .default([])
        .superRefine(namesAreUnique("another credential of this profile already has this name"), always)
        .describe("Secrets that the command gets as environment variables."),
    ),
  ),
  mounts: key(
    "mounts",
    z.array(writtenMount).default([]).describe("Host files and directories to mount in the container."),
    z.array(keptMount).readonly(),
    (written, fromFile) =>
      written.map(({ source, target, read_only: readOnly, relabel }) => {
        return { source: fromFile(source), target, readOnly, relabel };
      }),
  ),
};
