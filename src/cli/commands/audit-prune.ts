import type { Pruned } from "../../audit/upkeep/prune.ts";
import type { PrunePlan } from "../../audit/upkeep/prune-plan.ts";
import { AgentdError } from "../../errors.ts";
import { AGE_RULE, spanMs } from "../../profile/rules/durations.ts";
import { countOption, MAX_COUNT } from "../frame/arguments.ts";
import { type CommandDefinition, example, FAULTS } from "../frame/command.ts";
import { type LocalContext, say } from "../frame/context.ts";
import { printable } from "../terminal/printable.ts";
import { renderTable } from "../terminal/table.ts";
import { countText, sizeText } from "../words/size-text.ts";

interface PruneOptions {
  readonly olderThan?: string;
  readonly keep?: string;
  readonly yes?: true;
  readonly json?: true;
}

/** `agentd audit prune`: removing old records. */
export const auditPrune: CommandDefinition<LocalContext> = {
  name: "audit prune",
  faults: FAULTS,
  define: (command, start) =>
    command
      .summary("remove old records and keep signed tombstones")
      .description(
        "Shows which sealed records would be removed; --yes removes them. With both --older-than and --keep, a record " +
          "must match both. Open records, and records that do not match the chain, are always kept. A signed " +
          "tombstone keeps the digests, so `agentd audit verify --all` still accounts for every session. " +
          "Works with or without a running daemon.",
      )
      .option(
        "--older-than <age>",
        'remove only records of sessions that ended longer ago than this, such as "90d" or "12h"',
      )
      .option("--keep <count>", "keep this many of the newest records of each profile")
      .option("--yes", "remove the records")
      .option("--json", "print a JSON object")
      .addHelpText(
        "after",
        example("agentd audit prune --older-than 90d --keep 100", "agentd audit prune --keep 1000 --yes"),
      )
      .action((options: PruneOptions) => {
        start((context) => pruneRecords(options, context));
      }),
};

async function pruneRecords(options: PruneOptions, context: LocalContext): Promise<number> {
  const rules = {
    endedBeforeMs: endedBefore(options.olderThan, context.now()),
    keep: countOption("--keep", options.keep ?? "0", { min: 0, max: MAX_COUNT }),
  };
  if (options.olderThan === undefined && options.keep === undefined) {
    throw new AgentdError("usage", {
      tried: "prune",
      why: "neither --older-than nor --keep is given",
      next: "Give --older-than, --keep or both; see `agentd audit prune --help`.",
    });
  }
  const [{ planPruning }, { prune }, { readEvidence }, { evidencePaths }] = await Promise.all([
    import("../../audit/upkeep/prune-plan.ts"),
    import("../../audit/upkeep/prune.ts"),
    import("../../audit/chain/evidence.ts"),
    import("../../audit/keys/evidence-paths.ts"),
  ]);
  const auditRoot = await context.auditRoot();
  const evidence = readEvidence(context.stateDirectory);
  const plan = await planPruning(auditRoot, () => rules, evidence);
  const paths = evidencePaths(context.stateDirectory);
  const pruned =
    options.yes === true
      ? await prune(auditRoot, plan, { paths, chain: evidence.chain, nowMs: context.now() })
      : undefined;
  if (options.json === true) await context.stdout.json(planJson(plan, pruned));
  else await tell(plan, pruned, context);
  return pruned === undefined || pruned.failed.length === 0 ? 0 : 1;
}

function endedBefore(age: string | undefined, nowMs: number): number | undefined {
  if (age === undefined) return undefined;
  const ageMs = spanMs(age);
  if (ageMs !== undefined) return nowMs - ageMs;
  throw new AgentdError("usage", {
    tried: `use ${JSON.stringify(age)} for --older-than`,
    why: AGE_RULE,
  });
}

/** What `--json` prints. */
function planJson({ records, refused, leftovers }: PrunePlan, pruned: Pruned | undefined): object {
  return {
    removed: pruned !== undefined,
    records: records.map(({ id, profile, directory, endTimestamp, bytes }) => ({
      session_id: id,
      profile,
      record: directory,
      end_timestamp: endTimestamp,
      bytes,
    })),
    refused: refused.map(({ id, profile, directory, reason }) => ({
      session_id: id,
      profile,
      record: directory,
      reason,
    })),
    leftovers,
    failed: pruned?.failed ?? [],
  };
}

async function tell(plan: PrunePlan, pruned: Pruned | undefined, context: LocalContext): Promise<void> {
  const { stdout } = context;
  const { records, refused, leftovers } = plan;
  const rows = records.map(({ id, profile, endTimestamp, bytes }) => [
    id,
    profile,
    endTimestamp,
    sizeText(bytes),
  ]);
  if (rows.length > 0) await stdout.line(renderTable(["SESSION", "PROFILE", "ENDED", "SIZE"], rows, stdout));
  for (const { id, reason } of refused) await say(context, `session ${id} is kept: ${printable(reason)}`);
  const total = records.reduce((sum, { bytes }) => sum + bytes, 0);
  const what = `${countText(records.length, "record")}, ${sizeText(total)}`;
  if (pruned === undefined) {
    const rest = leftovers.length === 0 ? "" : `, and the remains of ${leftovers.length} earlier ones`;
    await say(context, `would remove ${what}${rest}; nothing is removed without --yes`);
    return;
  }
  await say(context, `removed ${what}`);
  for (const { path, reason } of pruned.failed) {
    await say(context, `${printable(path)} could not be removed completely: ${printable(reason)}`);
  }
}
