import { COMMANDS } from "./commands.ts";
import { CONFIDENTIAL } from "./confidential.ts";
import { DAEMON } from "./daemon.ts";
import { HOST } from "./host.ts";
import { OUTPUT } from "./output.ts";
import { RECORD } from "./record.ts";
import { SESSIONS } from "./sessions.ts";
import { SETTING } from "./setting.ts";
import type { Topic } from "./topic.ts";

/** Every step definition there is. */
export const STEPS: Topic = [
  ...SETTING,
  ...HOST,
  ...COMMANDS,
  ...OUTPUT,
  ...SESSIONS,
  ...RECORD,
  ...CONFIDENTIAL,
  ...DAEMON,
];
