/** Sinks with what they need of the daemon. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Status } from "../api/methods.ts";
import { type Connections, connections } from "../http-connections.ts";
import { type Enqueue, oneAtATime } from "../one-at-a-time.ts";
import { fileSink } from "../sinks/file-sink.ts";
import { httpSink } from "../sinks/http-sink.ts";
import { journaldSink } from "../sinks/journald-sink.ts";
import { type Sink, sinkName, type SinkSettings } from "../sinks/sink.ts";
import { SinkRunner } from "../sinks/sink-runner.ts";
import type { OutletOptions } from "./outlet-options.ts";

const JOURNAL = "/run/systemd/journal/stdout";

export interface EventSinks {
  /** How each sink is. */
  readonly states: () => Status["sinks"];
  /** Looks at the configuration again: begins and ends what has changed. */
  readonly changed: () => void;
}

/** Passes the feed on, from now until the daemon ends. */
export function startSinks(options: OutletOptions): EventSinks {
  const { current, log, resources, environment } = options;
  const { open: connect, close } = connections(environment);
  resources.defer("connections for sinks", close);
  const enqueue: Enqueue = oneAtATime();
  const runners = new Map<string, SinkRunner>();
  let isClosing = false;

  const follow = async (): Promise<void> => {
    const wanted = new Map(isClosing ? [] : current.config.sinks.map((sink) => [keyOf(sink), sink]));
    for (const [key, runner] of runners) {
      if (wanted.has(key)) continue;
      runners.delete(key);
      await runner.close();
    }
    for (const [key, settings] of wanted) {
      if (runners.has(key)) continue;
      const sink = sinkOf(settings, options, connect);
      const cursorFile = join(options.stateDirectory, "sinks", key);
      const runner = await SinkRunner.open({ ...options, name: sinkName(settings), sink, cursorFile });
      runners.set(key, runner);
      runner.start();
    }
  };
  const changed = (): void => {
    enqueue(follow).catch((error: unknown) => log.error({ error }, "a sink gets no events"));
  };
  changed();
  resources.defer("sinks of events", async () => {
    isClosing = true;
    await enqueue(follow);
  });
  return {
    changed,
    states: () =>
      current.config.sinks.map((settings) => {
        const runner = runners.get(keyOf(settings));
        return { name: sinkName(settings), behind: runner?.behind ?? 0, why: runner?.why ?? null };
      }),
  };
}

/** What names its cursor; the same settings go on where they were. */
function keyOf(settings: SinkSettings): string {
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
}

function sinkOf(
  settings: SinkSettings,
  { credentials, instance, now }: OutletOptions,
  connect: Connections["open"],
): Sink {
  const common = { instance, connect, now };
  switch (settings.kind) {
    case "file":
      return fileSink(settings.path);
    case "url":
      return httpSink({ ...common, url: () => settings.url, from: "url" });
    case "url_source":
      return httpSink({ ...common, url: () => credentials.current[settings.source], from: settings.source });
    case "journald":
      return journaldSink(JOURNAL);
  }
}
