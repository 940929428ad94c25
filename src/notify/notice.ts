/** A message to one target: made once, and sent until it has arrived. */
import { createHash } from "node:crypto";
import * as z from "zod";
import { type Told } from "./judge.ts";
import { occurrenceSchema } from "./memory.ts";

export const noticeSchema = z.object({
  /** The same over all tries, so that a receiver knows it when it comes twice. */
  id: z.string().regex(/^msg_[0-9a-f]{32}$/),
  target: z.string(),
  occurrence: occurrenceSchema,
  /** Name of this host. */
  host: z.string(),
  /** Page of the console about it; null where there is none. */
  link: z.string().nullable(),
  created_ms: z.number(),
  tries: z.int(),
  /** Not to be tried before; milliseconds since the epoch. */
  next_ms: z.number(),
});

export type Notice = z.infer<typeof noticeSchema>;

/** Where messages come from. */
export interface Sender {
  /** Eight hexadecimal digits that name the state directory. */
  readonly instance: string;
  readonly host: string;
  /** Page of the console about a session; undefined: there is no console. */
  readonly linkTo?: ((sessionId: string) => string | undefined) | undefined;
}

/** A message for a target, with an id that follows from what it is about. */
export function noticeOf(target: string, { key, occurrence }: Told, sender: Sender, nowMs: number): Notice {
  const { session_id: id } = occurrence;
  const digest = createHash("sha256").update(JSON.stringify([sender.instance, target, key]));
  return {
    id: `msg_${digest.digest("hex").slice(0, 32)}`,
    target,
    occurrence,
    host: sender.host,
    link: (id === null ? undefined : sender.linkTo?.(id)) ?? null,
    created_ms: nowMs,
    tries: 0,
    next_ms: nowMs,
  };
}

/** A message that tries a target out; each has its own id. */
export function testNotice(target: string, sender: Sender, nowMs: number): Notice {
  const occurrence = {
    ...({ kind: "daemon", what: "test", type: "notify.test", time: new Date(nowMs).toISOString() } as const),
    ...{ profile: null, session_id: null },
    title: "agentd can reach you here",
    why: `Somebody typed \`agentd notify test ${target}\`.`,
    look: "agentd notify ls",
  };
  return noticeOf(target, { key: `test/${nowMs}`, occurrence }, sender, nowMs);
}

/** The message as text: why, the command to look, the page to look at, and where it comes from. */
export function bodyText({ occurrence, host, link }: Notice): string {
  const { why, look, time } = occurrence;
  const page = link === null ? [] : [link];
  return [why, "", `Look: ${look}`, ...page, `agentd on ${host}, ${time}`].join("\n");
}

/** The message for programs. */
export function noticeJson(notice: Notice): object {
  const { id, occurrence, host, link } = notice;
  const { kind, type, time, profile, session_id, title, why, look } = occurrence;
  const text = bodyText(notice);
  return {
    type: `agentd.${type}`,
    timestamp: time,
    data: { id, kind, title, why, text, profile, session_id, look, link, host },
  };
}
