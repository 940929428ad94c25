/** Webhooks: who may send, what a delivery starts, and that it starts that once. */
import { randomUUID } from "node:crypto";
import type { Params } from "../../api/methods.ts";
import { AgentdError, type ErrorCode } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { requestKey } from "../../request-key.ts";
import type { Caller } from "../../rpc/client.ts";
import { nameAndSize, requestInPieces, runWithFiles, type SentFile } from "../../rpc/sent-files.ts";
import { PAYLOAD_FILE, type Webhook } from "../../webhooks/hook.ts";
import { eventName, judge, type Judgement } from "../../webhooks/judge.ts";
import { type Named, namedBy, secretFault, signatureFault, type Signed } from "../../webhooks/signature.ts";
import type { Deliveries } from "./deliveries.ts";
import { PerMinute } from "./per-minute.ts";

/** Sessions that one webhook starts within a minute at most, and refusals that the feed is told of. */
export const MOST_PER_MINUTE = 30;
/** How long what the daemon has configured is believed, in milliseconds. */
const FRESH_MS = 1_000;

/** A webhook of a profile. */
export interface HookPlace {
  readonly profile: string;
  readonly name: string;
}

/** What became of a delivery. */
export type Received = { readonly session_id: string } | { readonly ignored: string };

export interface HooksOptions {
  readonly daemon: Caller;
  readonly deliveries: Deliveries;
  /** Reads the variables of `web.env`. Throws as `readCredentialsFile` does. */
  readonly secrets: () => Promise<Readonly<Record<string, string>>>;
  /** Where those are, for messages. */
  readonly secretsFile: string;
  /** Wall clock, in milliseconds since the epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that only goes forward. */
  readonly monotonic: () => number;
  readonly log: Logger;
}

type Run = Extract<Judgement, { kind: "run" }>;

export class Hooks {
  readonly #options: HooksOptions;
  readonly #starts: PerMinute;
  readonly #refusals: PerMinute;
  /** Sessions that are being asked for, by the keys of their deliveries. */
  readonly #underway = new Map<string, Promise<string>>();
  #known: { readonly atMs: number; readonly hooks: Promise<ReadonlyMap<string, Webhook>> } | undefined;

  constructor(options: HooksOptions) {
    this.#options = options;
    this.#starts = new PerMinute(MOST_PER_MINUTE, options.monotonic);
    this.#refusals = new PerMinute(MOST_PER_MINUTE, options.monotonic);
  }

  /**
   * The webhook as the daemon has it now.
   *
   * @throws AgentdError `unknown_webhook`; as the daemon's methods do while it is away.
   */
  async find(place: HookPlace): Promise<Webhook> {
    const hook = (await this.#hooks()).get(nameOf(place));
    if (hook !== undefined) return hook;
    throw new AgentdError("unknown_webhook", {
      tried: "take the delivery",
      why: "no profile has a webhook of that name",
      next: "Compare the URL with [[profiles.webhooks]] in the configuration: /hooks/PROFILE/NAME.",
    });
  }

  /**
   * Does what a delivery asks for. It is on disk when this resolves with its session.
   *
   * @throws AgentdError `webhook_refused`, `webhook_conflict`, `webhook_flood`, `webhook_unusable`, `protocol_error`,
   * `state_unusable`; as the methods `run` and `upload`.
   */
  async receive(place: HookPlace, hook: Webhook, signed: Signed): Promise<Received> {
    const named = namedBy(hook.kind, signed.header);
    try {
      await this.#requireSignature(hook, signed);
    } catch (error) {
      throw await this.#refused(place, {}, error);
    }
    // The sender has the secret, so what it says may be repeated.
    const { delivery } = named;
    let { event } = named;
    try {
      const payload = payloadOf(signed.body);
      event = eventName(hook.kind, event, payload);
      return await this.#start(place, hook, { ...named, event }, payload, signed.body);
    } catch (error) {
      throw await this.#refused(place, { delivery, event }, error);
    }
  }

  async #requireSignature(hook: Webhook, signed: Signed): Promise<void> {
    const { secrets, secretsFile, now } = this.#options;
    const { kind, secret_source: source } = hook;
    const secret = (await secrets())[source];
    const unusable = secret === undefined ? "it is not there" : secretFault(kind, secret);
    if (secret === undefined || unusable !== undefined) {
      throw new AgentdError("webhook_unusable", {
        tried: `use the secret ${source} of ${secretsFile}`,
        why: unusable ?? "",
        next: `Write the secret that the sender has, too: ${source}=…`,
      });
    }
    const fault = signatureFault(kind, secret, signed, now());
    if (fault !== undefined)
      throw refusal("webhook_refused", fault, "Compare the secret of the sender with that of agentd web.");
  }

  async #start(
    place: HookPlace,
    hook: Webhook,
    named: Named,
    payload: unknown,
    body: Buffer,
  ): Promise<Received> {
    const { event } = named;
    const judgement = judge(hook, event, payload);
    if (judgement.kind === "ignored") return { ignored: judgement.why };
    if (judgement.kind === "refused") throw refusal("webhook_refused", judgement.why);
    const delivery = named.delivery ?? (named.isAnonymous ? randomUUID() : undefined);
    if (delivery === undefined)
      throw refusal("webhook_refused", "it has no id of a delivery, or a strange one");
    const key = requestKey(JSON.stringify([place.profile, hook.name, delivery]));
    const earlier = (await this.#options.deliveries.note(key, body)) ?? this.#underway.get(key);
    if (earlier !== undefined) return { session_id: await earlier };
    if (!this.#starts.take(nameOf(place))) {
      const why = `this webhook has started ${MOST_PER_MINUTE} sessions within a minute`;
      throw refusal("webhook_flood", why, "Send it again in a minute.");
    }
    const run = this.#run(place.profile, judgement, { name: hook.name, delivery, event }, key, body);
    this.#underway.set(key, run);
    try {
      return { session_id: await run };
    } finally {
      this.#underway.delete(key);
    }
  }

  /** Asks for the run, whose id makes a repeated request the same session. */
  async #run(
    profile: string,
    { workUnit, ref, request }: Run,
    webhook: NonNullable<Params<"run">["webhook"]>,
    key: string,
    body: Buffer,
  ): Promise<string> {
    const payload: SentFile = { kind: "input", name: PAYLOAD_FILE, content: body };
    const asked = request === undefined ? undefined : requestInPieces(Buffer.from(request));
    const run = {
      ...{ request_id: `webhook ${key}`, profile, webhook, work_unit: workUnit, ref },
      ...asked?.params,
      inputs: [nameAndSize(payload)],
    };
    const files = [payload, ...(asked?.files ?? [])];
    const { session_id: session } = await runWithFiles(this.#options.daemon, run, files);
    await this.#options.deliveries.settle(key, session);
    this.#options.log.info({ profile, ...webhook, session }, "a webhook has started a session");
    return session;
  }

  async #hooks(): Promise<ReadonlyMap<string, Webhook>> {
    const { daemon, monotonic } = this.#options;
    const known = this.#known;
    if (known !== undefined && monotonic() - known.atMs < FRESH_MS) return await known.hooks;
    const hooks = daemon
      .call("profiles", {})
      .then(
        (profiles) =>
          new Map(
            profiles.flatMap(({ name: profile, webhooks }) =>
              webhooks.map((hook): [string, Webhook] => [nameOf({ profile, name: hook.name }), hook]),
            ),
          ),
      );
    this.#known = { atMs: monotonic(), hooks };
    try {
      return await hooks;
    } catch (error) {
      this.#known = undefined;
      throw error;
    }
  }

  /** Tells the log and the feed, unless there were many such lately. Returns the error. */
  async #refused(
    place: HookPlace,
    about: { readonly delivery?: string | undefined; readonly event?: string | undefined },
    error: unknown,
  ): Promise<unknown> {
    const { daemon, log } = this.#options;
    if (!(error instanceof AgentdError) || !this.#refusals.take(nameOf(place))) return error;
    const { code, why } = error;
    log.warn({ ...place, ...about, code, why }, "a webhook was refused");
    try {
      await daemon.call("webhook_refused", { ...place, ...about, why: why.slice(0, 1000) });
    } catch {
      // A daemon that is away hears nothing; the log has it.
    }
    return error;
  }
}

function nameOf({ profile, name }: HookPlace): string {
  return `${profile}/${name}`;
}

/** @throws AgentdError `protocol_error`. */
function payloadOf(body: Buffer): unknown {
  try {
    const payload: unknown = JSON.parse(body.toString("utf8"));
    if (typeof payload === "object" && payload !== null) return payload;
  } catch {
    // Told below, without the text.
  }
  throw refusal(
    "protocol_error",
    "its body is no JSON object",
    "Set the content type of the webhook to application/json.",
  );
}

function refusal(code: ErrorCode, why: string, next?: string): AgentdError {
  return new AgentdError(code, { tried: "take the delivery", why, next });
}
