/** What `/metrics` has: the names, labels and meanings of docs/web.md. No label is a session, or a text of one. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";

/** Seconds; from a command that fails at once to a night. */
const DURATIONS = [10, 30, 60, 300, 900, 1800, 3600, 7200, 14_400, 28_800];

export type Families = ReturnType<typeof createFamilies>;

/** Makes the metrics of one `agentd web`, in a registry of their own. */
export function createFamilies() {
  const registers = [new Registry()];
  const gauge = <L extends string = never>(name: string, help: string, ...labelNames: L[]): Gauge<L> =>
    new Gauge({ name, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  return {
    registry: registers[0] as Registry,
    build: gauge("agentd_build_info", "1, with the version of the daemon.", "version"),
    up: gauge("agentd_up", "1 if the daemon answers, else 0; the gauges are then the last known."),
    sessions: gauge("agentd_sessions", "Sessions that are not sealed, by state.", "state"),
    queueLength: gauge("agentd_queue_length", "Sessions in the queue."),
    queueWait: gauge("agentd_queue_wait_seconds", "How long the session has waited that waits longest."),
    unsealed: gauge("agentd_records_unsealed", "Records whose teardown or sealing failed and is retried."),
    lastFire: gauge(
      "agentd_schedule_last_fire_timestamp_seconds",
      "When the profile's schedule fired last.",
      "profile",
    ),
    lastSuccess: gauge(
      "agentd_schedule_last_success_timestamp_seconds",
      "When a scheduled session of the profile succeeded last.",
      "profile",
    ),
    skips: counter(
      "agentd_schedule_skips_total",
      "Runs of the schedule that were skipped.",
      "profile",
      "reason",
    ),
    ended: counter("agentd_sessions_total", "Sessions that were sealed.", "profile", "outcome", "trigger"),
    duration: new Histogram({
      name: "agentd_session_duration_seconds",
      help: "How long the commands of sealed sessions ran.",
      labelNames: ["profile"],
      buckets: DURATIONS,
      registers,
    }),
    llmRequests: counter(
      "agentd_llm_requests_total",
      "Requests to language models of sealed sessions.",
      "profile",
      "model",
    ),
    llmTokens: counter(
      "agentd_llm_tokens_total",
      "Tokens of sealed sessions: input, cached, output.",
      "profile",
      "model",
      "kind",
    ),
    llmCost: counter(
      "agentd_llm_cost_dollars_total",
      "Dollars that sealed sessions were charged, where the price is known.",
      "profile",
      "model",
    ),
    llmRefusals: counter(
      "agentd_llm_refusals_total",
      "Requests to language models that the gateway refused.",
      "profile",
      "model",
    ),
    egress: counter(
      "agentd_egress_total",
      "Hosts that sealed sessions reached (allowed) or were denied.",
      "profile",
      "verdict",
    ),
  };
}
