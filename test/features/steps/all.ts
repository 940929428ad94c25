import { CLUSTER } from "./cluster.ts";
import { COMMANDS } from "./commands.ts";
import { CONFIDENTIAL } from "./confidential.ts";
import { DAEMON } from "./daemon.ts";
import { DOCTOR } from "./doctor.ts";
import { EVIDENCE } from "./evidence.ts";
import { HOST } from "./host.ts";
import { MODELS } from "./models.ts";
import { NOTIFICATIONS } from "./notifications.ts";
import { OUTPUT } from "./output.ts";
import { PUBLISHING } from "./publishing.ts";
import { RECORD } from "./record.ts";
import { REGISTRY } from "./registry.ts";
import { RELOADS } from "./reloads.ts";
import { REMOTE } from "./remote.ts";
import { SCHEDULES } from "./schedules.ts";
import { SESSIONS } from "./sessions.ts";
import { SETTING } from "./setting.ts";
import type { Topic } from "./topic.ts";
import { TRIGGERS } from "./triggers.ts";
import { WEBHOOKS } from "./webhooks.ts";

/** Every step definition there is. */
export const STEPS: Topic = [
  ...SETTING,
  ...HOST,
  ...REGISTRY,
  ...COMMANDS,
  ...REMOTE,
  ...CLUSTER,
  ...OUTPUT,
  ...SESSIONS,
  ...RECORD,
  ...EVIDENCE,
  ...CONFIDENTIAL,
  ...DAEMON,
  ...SCHEDULES,
  ...TRIGGERS,
  ...WEBHOOKS,
  ...RELOADS,
  ...DOCTOR,
  ...MODELS,
  ...PUBLISHING,
  ...NOTIFICATIONS,
];
