/** `/console/…`: what pages ask about records, besides the daemon's methods. */
import type { Hono } from "hono";
import { stream } from "hono/streaming";
import * as z from "zod";
import { AgentdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { Caller } from "../../rpc/client.ts";
import { commandFailed, type OwnCommands } from "../records/own-commands.ts";
import { asksForChange, pageAnswers, type QuestionName, QUESTIONS } from "../records/page-answers-of.ts";
import { type DoorOptions, enterWithBody } from "./door.ts";
import { bodyOf, isReadOnly } from "./request-body.ts";

export interface RecordRoutesOptions extends DoorOptions {
  readonly daemon: Caller;
  readonly commands: OwnCommands;
  readonly readOnly: boolean;
  readonly log: Logger;
}

export function addRecords(app: Hono, options: RecordRoutesOptions): void {
  const { commands, readOnly, log } = options;
  const answers = pageAnswers(options);
  for (const question of Object.keys(QUESTIONS) as QuestionName[]) {
    app.post(`/console/${question}`, async (context) => {
      const door = enterWithBody(context, options);
      const ask = askOf(question, await bodyOf(context));
      let { signal } = context.req.raw;
      if (asksForChange(question, ask)) {
        if (readOnly) throw isReadOnly(question);
        log.info({ door, question }, "a change is asked for");
        // What was begun is finished, also when the page is closed.
        ({ signal } = new AbortController());
      }
      const answer = answers[question] as (ask: unknown, signal: AbortSignal) => Promise<object>;
      return context.json(await answer(ask, signal));
    });
  }
  app.post("/console/verify-all", (context) => {
    enterWithBody(context, options);
    context.header("content-type", "application/x-ndjson");
    return stream(context, async (lines) => {
      const over = new AbortController();
      lines.onAbort(() => over.abort());
      const say = (line: object): Promise<unknown> => lines.write(`${JSON.stringify(line)}\n`);
      const args = ["audit", "verify", "--all", "--json", "--progress"];
      const onLine = (line: string): void => {
        const [, done, all] = /^(\d+) of (\d+)$/.exec(line) ?? [];
        if (done !== undefined) void say({ done: Number(done), all: Number(all) });
      };
      try {
        const { stdout, stderr } = await commands.run(args, { signal: over.signal, onLine });
        if (stdout === "") throw commandFailed(args, stderr);
        await say(JSON.parse(stdout) as object);
      } catch (error) {
        const message = error instanceof AgentdError ? error.message : "it cannot be verified now";
        if (!over.signal.aborted) await say({ error: { message } });
      }
    });
  });
}

/** @throws AgentdError `protocol_error`. */
function askOf(question: QuestionName, body: object): object {
  const read = QUESTIONS[question].safeParse(body);
  if (read.success) return read.data;
  throw new AgentdError("protocol_error", {
    tried: `answer ${question}`,
    why: z.prettifyError(read.error).replaceAll("\n", " "),
  });
}
