/**
 * The commands that do nothing but ask the daemon: those of the client program, which `bin/agentd` starts for them.
 */
import { nodes } from "./commands/nodes.ts";
import { notifyLs } from "./commands/notify-ls.ts";
import { notifyTest } from "./commands/notify-test.ts";
import { pause, resume } from "./commands/pause.ts";
import { profiles } from "./commands/profiles.ts";
import { ps } from "./commands/ps.ts";
import { reload } from "./commands/reload.ts";
import { rerun } from "./commands/rerun.ts";
import { rm } from "./commands/rm.ts";
import { run } from "./commands/run.ts";
import { schedule, scheduleLs } from "./commands/schedule.ts";
import { schedulePause, scheduleResume, scheduleSkipNext } from "./commands/schedule-change.ts";
import { scheduleFire } from "./commands/schedule-fire.ts";
import { status } from "./commands/status.ts";
import { stop } from "./commands/stop.ts";
import { wait } from "./commands/wait.ts";
import type { CommandDefinition } from "./frame/command.ts";

export const CLIENT_COMMANDS: readonly CommandDefinition[] = [
  run,
  rerun,
  ps,
  wait,
  stop,
  pause,
  resume,
  rm,
  status,
  nodes,
  profiles,
  schedule,
  scheduleLs,
  schedulePause,
  scheduleResume,
  scheduleSkipNext,
  scheduleFire,
  notifyLs,
  notifyTest,
  reload,
];
