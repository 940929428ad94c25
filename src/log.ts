/**
 * The daemon's log: one JSON object per line on standard error, with a static message and typed fields.
 */
import { type DestinationStream, type Logger, pino } from "pino";

export type { Logger } from "pino";

/** Levels of `AGENTD_LOG`, from the quietest. */
export const LOG_LEVELS = ["silent", "fatal", "error", "warn", "info", "debug", "trace"] as const;

/**
 * Makes the daemon's logger.
 *
 * @param destination where lines go; the caller owns it.
 * @param level default `info`; an unknown level is `info` too.
 */
export function createLogger(destination: DestinationStream, level: string | undefined): Logger {
  const known = LOG_LEVELS.find((name) => name === level);
  return pino(
    {
      level: known ?? "info",
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: pino.stdSerializers.err },
    },
    destination,
  );
}
