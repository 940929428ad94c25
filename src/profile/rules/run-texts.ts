/** The rules of what a profile, or one of its schedules, gives to a run. A rule's message has no full stop. */
import { requestFault, WORK_UNIT } from "../../input/rules.ts";

export function profileRequestFault(request: string): string | undefined {
  const fault = requestFault(request);
  return fault && `must be a request that a session can get: ${fault}`;
}

export function workUnitRule(workUnit: string): string | undefined {
  return WORK_UNIT.test(workUnit) ? undefined : "must be 1 to 200 printable characters, such as issue-42";
}
