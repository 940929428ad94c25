/**
 * How long systemd waits for a sign of life before it ends this process, in milliseconds; undefined when it does not
 * watch this process. `WATCHDOG_PID` names the one that is watched, because children inherit the variables.
 */
export function watchdogLimitMs(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): number | undefined {
  const { WATCHDOG_USEC, WATCHDOG_PID } = environment;
  const limitMs = Number(WATCHDOG_USEC) / 1000;
  if (!(limitMs > 0)) return undefined;
  return WATCHDOG_PID === undefined || WATCHDOG_PID === String(pid) ? limitMs : undefined;
}
