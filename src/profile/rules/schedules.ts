/** The rules between the schedules of a profile and its other keys. */
import { REQUEST_WORD, wordsWithout } from "../../input/command-words.ts";
import { MAX_INLINE_BYTES, MAX_REQUEST_BYTES } from "../../input/rules.ts";
import { isTable } from "./field-rules.ts";

export interface ScheduleFault {
  /** From the profile. */
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A schedule as it is written, and where. */
interface Written {
  readonly path: readonly (string | number)[];
  readonly values: Readonly<Record<string, unknown>>;
}

/** What is wrong with the schedules of a profile, its chain and its webhooks, as it is written. What breaks a rule of its own has a problem already. */
export function scheduleFaults(profile: Record<string, unknown>): ScheduleFault[] {
  const { repo, workspace = "clone" } = profile;
  return schedulesOf(profile).flatMap(({ path, values }) => {
    const faults = commandFaults(profile, values).map((message) => ({ path, message }));
    if (repo === undefined && workspace === "clone") {
      const message = "a profile that runs by itself must set repo, or another workspace than a clone";
      faults.push({ path, message });
    }
    if (values["ref"] !== undefined && workspace !== "clone") {
      faults.push({ path: [...path, "ref"], message: 'is only for workspace = "clone"' });
    }
    const tooLarge = requestFitsFault(profile["command"], values["request"]);
    if (tooLarge !== undefined) faults.push({ path: [...path, "request"], message: tooLarge });
    return faults;
  });
}

/** Why every run with this request would be refused; undefined for one that fits the command. */
export function requestFitsFault(command: unknown, request: unknown): string | undefined {
  if (!Array.isArray(command) || !command.includes(REQUEST_WORD) || typeof request !== "string")
    return undefined;
  const bytes = Buffer.byteLength(request);
  if (bytes <= MAX_INLINE_BYTES || bytes > MAX_REQUEST_BYTES) return undefined;
  return `has ${bytes} bytes, and ${REQUEST_WORD} in command takes at most ${MAX_INLINE_BYTES}; let the command read the file that AGENTD_REQUEST_FILE names`;
}

/** A chained session may get the work unit of the one before it. */
const CHAINED = { work_unit: "" };

function schedulesOf({ schedule, schedules, chain, webhooks }: Record<string, unknown>): Written[] {
  const tables = (name: string, entries: unknown): Written[] =>
    (Array.isArray(entries) ? (entries as unknown[]) : []).flatMap((values, index) =>
      isTable(values) ? [{ path: [name, index], values }] : [],
    );
  return [
    ...(schedule === undefined ? [] : [{ path: ["schedule"], values: {} }]),
    ...tables("schedules", schedules),
    ...tables("webhooks", webhooks),
    ...(chain === undefined ? [] : [{ path: ["chain"], values: CHAINED }]),
  ];
}

/** Such a run has what the profile and the schedule have, so its command must not ask for more. */
function commandFaults(profile: Record<string, unknown>, own: Readonly<Record<string, unknown>>): string[] {
  const { command, request, ref } = profile;
  if (!Array.isArray(command)) return [];
  const has = {
    request: (own["request"] ?? request) !== undefined,
    workUnit: own["work_unit"] !== undefined,
    ref: (own["ref"] ?? ref) !== undefined,
  };
  const words = wordsWithout(
    command.filter((argument) => typeof argument === "string"),
    has,
  );
  return [...new Set(words)].map((word) => `such a run has no value for ${word}, which the command contains`);
}
