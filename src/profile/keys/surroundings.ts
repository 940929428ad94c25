/** The surroundings of a profile's command: network, environment, credentials, mounts. */
import * as z from "zod";
import {
  always,
  daemonVariable,
  isTable,
  namesAreUnique,
  path,
  text,
  variableName,
} from "../rules/field-rules.ts";
import { key, plain, shown } from "./key.ts";

const NETWORKS = z.enum(["private", "none", "host"]);
const RELABELS = z.enum(["none", "shared", "private"]);

const writtenMount = z.strictObject({
  source: path().describe("File or directory of the host."),
  target: z.string().describe("Where it is in the container: an absolute path."),
  read_only: z.boolean().default(false).describe("Whether the session can only read it."),
  relabel: RELABELS.default("none").describe(
    "Whether SELinux labels on the host are changed, so that all containers or only the session's may use it.",
  ),
});

const keptMount = z
  .strictObject({ source: z.string(), target: z.string(), readOnly: z.boolean(), relabel: RELABELS })
  .readonly();

const writtenCredential = z.strictObject({
  name: variableName().describe("Environment variable that the session's command sees."),
  source: daemonVariable().describe(
    "Variable of credentials.env that holds the value; taken when a session starts.",
  ),
});

/** Values of credentials are never kept. */
const keptCredential = z.strictObject({ name: z.string(), source: z.string() }).readonly();

export const SURROUNDINGS = {
  network: shown(
    "network",
    plain(
      "network",
      NETWORKS,
      NETWORKS.default("private").describe(
        "Network of the container: its own with access to the outside, none at all, or the host's.",
      ),
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
        description: "Environment variables that are not secret; they show in `podman inspect`.",
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
        .superRefine(namesAreUnique("another credential of this profile has this name"), always)
        .describe("Secrets the command gets as environment variables."),
    ),
  ),
  mounts: key(
    "mounts",
    z.array(writtenMount).default([]).describe("Files and directories of the host in the container."),
    z.array(keptMount).readonly(),
    (written, fromFile) =>
      written.map(({ source, target, read_only: readOnly, relabel }) => {
        return { source: fromFile(source), target, readOnly, relabel };
      }),
  ),
};
