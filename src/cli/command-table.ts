/** Every command, in the order of the help. */
import { apply } from "./commands/apply.ts";
import { attach } from "./commands/attach.ts";
import { auditExport } from "./commands/audit-export.ts";
import { auditKey } from "./commands/audit-key.ts";
import { auditLs } from "./commands/audit-ls.ts";
import { auditPrune } from "./commands/audit-prune.ts";
import { auditShow } from "./commands/audit-show.ts";
import { auditVerify } from "./commands/audit-verify.ts";
import { complete } from "./commands/complete.ts";
import { completion } from "./commands/completion.ts";
import { configCheck } from "./commands/config-check.ts";
import { configSchema } from "./commands/config-schema.ts";
import { console } from "./commands/console.ts";
import { contextAdd } from "./commands/context-add.ts";
import { contextLs } from "./commands/context-ls.ts";
import { contextRm } from "./commands/context-rm.ts";
import { contextShow } from "./commands/context-show.ts";
import { contextUse } from "./commands/context-use.ts";
import { cp } from "./commands/cp.ts";
import { daemon } from "./commands/daemon.ts";
import { diff } from "./commands/diff.ts";
import { doctor } from "./commands/doctor.ts";
import { egress } from "./commands/egress.ts";
import { enter } from "./commands/enter.ts";
import { events } from "./commands/events.ts";
import { exec } from "./commands/exec.ts";
import { execOne } from "./commands/exec-one.ts";
import { imageBuild } from "./commands/image-build.ts";
import { imageLs } from "./commands/image-ls.ts";
import { imagePrune } from "./commands/image-prune.ts";
import { imagePull } from "./commands/image-pull.ts";
import { init } from "./commands/init.ts";
import { logs } from "./commands/logs.ts";
import { manual } from "./commands/manual.ts";
import { mcp } from "./commands/mcp.ts";
import { nodes } from "./commands/nodes.ts";
import { notifyLs } from "./commands/notify-ls.ts";
import { notifyTest } from "./commands/notify-test.ts";
import { pause, resume } from "./commands/pause.ts";
import { prices } from "./commands/prices.ts";
import { profiles } from "./commands/profiles.ts";
import { ps } from "./commands/ps.ts";
import { publish } from "./commands/publish.ts";
import { reload } from "./commands/reload.ts";
import { remoteEnd } from "./commands/remote-end.ts";
import { remoteWork } from "./commands/remote-work.ts";
import { rerun } from "./commands/rerun.ts";
import { rm } from "./commands/rm.ts";
import { run } from "./commands/run.ts";
import { schedule, scheduleLs } from "./commands/schedule.ts";
import { schedulePause, scheduleResume, scheduleSkipNext } from "./commands/schedule-change.ts";
import { scheduleFire } from "./commands/schedule-fire.ts";
import { serviceInstall } from "./commands/service-install.ts";
import { serviceStatus } from "./commands/service-status.ts";
import { serviceUninstall } from "./commands/service-uninstall.ts";
import { show } from "./commands/show.ts";
import { stats } from "./commands/stats.ts";
import { status } from "./commands/status.ts";
import { stop } from "./commands/stop.ts";
import { top } from "./commands/top.ts";
import { usage } from "./commands/usage.ts";
import { version } from "./commands/version.ts";
import { volumeLs } from "./commands/volume-ls.ts";
import { volumePrune } from "./commands/volume-prune.ts";
import { volumeRm } from "./commands/volume-rm.ts";
import { wait } from "./commands/wait.ts";
import { web } from "./commands/web.ts";
import { webOpenapi } from "./commands/web-openapi.ts";
import { webhookTest } from "./commands/webhook-test.ts";
import type { CommandDefinition } from "./frame/command.ts";
import type { LocalContext } from "./frame/context.ts";

export const COMMANDS: readonly CommandDefinition<LocalContext>[] = [
  daemon,
  run,
  rerun,
  ps,
  show,
  logs,
  wait,
  stop,
  pause,
  resume,
  exec,
  enter,
  rm,
  attach,
  top,
  stats,
  events,
  diff,
  apply,
  publish,
  cp,
  egress,
  usage,
  prices,
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
  auditLs,
  auditShow,
  auditVerify,
  auditKey,
  auditExport,
  auditPrune,
  configCheck,
  configSchema,
  init,
  imageBuild,
  imageLs,
  imagePull,
  imagePrune,
  volumeLs,
  volumeRm,
  volumePrune,
  mcp,
  contextAdd,
  contextUse,
  contextLs,
  contextShow,
  contextRm,
  console,
  web,
  webOpenapi,
  webhookTest,
  doctor,
  serviceInstall,
  serviceUninstall,
  serviceStatus,
  version,
  completion,
  complete,
  execOne,
  remoteEnd,
  remoteWork,
  manual,
];
