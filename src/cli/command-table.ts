/** Every command, in the order of the help. */
import type { CommandDefinition } from "./command.ts";
import { auditVerify } from "./commands/audit-verify.ts";
import { daemon } from "./commands/daemon.ts";
import { logs } from "./commands/logs.ts";
import { ps } from "./commands/ps.ts";
import { run } from "./commands/run.ts";
import { status } from "./commands/status.ts";
import { stop } from "./commands/stop.ts";
import { wait } from "./commands/wait.ts";
import type { LocalContext } from "./context.ts";

export const COMMANDS: readonly CommandDefinition<LocalContext>[] = [
  daemon,
  run,
  ps,
  logs,
  wait,
  stop,
  status,
  auditVerify,
];
