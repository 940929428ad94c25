/** Notifications of a daemon that lives, crashes and reloads, at real receivers: over HTTP and by mail. */
import { chmod, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CloudEvent, type CloudEventV1 } from "cloudevents";
import { Webhook } from "standardwebhooks";
import { describe, expect, it, onTestFinished } from "vitest";
import type { FeedEvent } from "../../src/events/event.ts";
import { NOTICE_LABELS } from "../../src/failpoints.ts";
import { readFeed } from "../kit/feed.mjs";
import { provideModels } from "../kit/house/provider.ts";
import { type HttpReceiver, startHttpReceiver } from "../kit/http-receiver.ts";
import { type MailServer, startMailServer } from "../kit/mail-server.ts";
import { codeBlocks, page } from "../kit/markdown.ts";
import { MODEL } from "../kit/model-server.ts";
import { formsIn, makeSecret } from "../kit/secrets.mjs";
import { until } from "../kit/until.mjs";
import type { World } from "../kit/world.ts";
import { AtAFailpoint, killDaemon } from "./at-a-failpoint.ts";
import { inAWorld } from "./in-a-world.ts";

const SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ADDRESS = "operator@example.com";
const PRINTED = "a line that only the log of the session may have";

/** Prints what no message may have, and fails unless the repository says that it may succeed. */
const AGENT = `
echo "${PRINTED}"
echo "$CREDENTIAL" >&2
[ -e fixed ] || exit 5
`;

interface Message {
  readonly type: string;
  readonly data: { readonly id: string; readonly title: string; readonly why: string };
}

async function ok(world: World, text: string, exitCode = 0): Promise<string> {
  const command = await world.start(text);
  expect([text, await command.end(), exitCode === 0 ? command.stderr.toString() : ""]).toEqual([
    text,
    exitCode,
    expect.anything(),
  ]);
  return `${command.stdout.toString()}${command.stderr.toString()}`;
}

/** A server for HTTP with an address in the environment of the daemon. */
async function receiverFor(world: World): Promise<HttpReceiver> {
  const receiver = await startHttpReceiver();
  onTestFinished(() => receiver.close());
  Object.assign(world.variables, { RECEIVER_URL: `${receiver.url}/receiver`, RECEIVER_SECRET: SECRET });
  return receiver;
}

/** Mail as docs/notifications.md has it, with a server of the test's. */
async function mailFor(world: World): Promise<{ server: MailServer; command: string[] }> {
  const server = await startMailServer();
  onTestFinished(() => server.close());
  const [script = ""] = codeBlocks(page("notifications.md"), "sh", "### Mail, and everything else");
  const program = join(world.house.hostFiles, "agentd-mail");
  await writeFile(program, script, { mode: 0o755 });
  return { server, command: [program, ADDRESS] };
}

/** Has msmtp of the daemon's user find the server. */
async function setUpMail(world: World, { port }: MailServer): Promise<void> {
  const { sandbox } = await world.daemon();
  const file = join(sandbox.directory, "home", ".msmtprc");
  await writeFile(file, `account default\nhost 127.0.0.1\nport ${port}\nfrom agentd@example.com\n`);
  await chmod(file, 0o600);
}

/** What a receiver of Standard Webhooks has accepted, after it was verified. */
function messagesAt(receiver: HttpReceiver): Message[] {
  const verifier = new Webhook(SECRET);
  return receiver
    .taken("/receiver")
    .map(({ body, headers }) => verifier.verify(body, headers as Record<string, string>) as Message);
}

const titlesAt = (receiver: HttpReceiver): string[] => messagesAt(receiver).map(({ data }) => data.title);

/** A target that is told everything, and checks signatures. */
const STANDARD = { name: "receiver", url_source: "RECEIVER_URL", secret_source: "RECEIVER_SECRET" };

async function arrived(receiver: HttpReceiver, title: string): Promise<void> {
  await until(`the message ${title}`, () => titlesAt(receiver).includes(title));
}

describe("notifications", () => {
  it(
    "tell of sessions, schedules and the daemon, once each, in every form, without a secret or a line of a log",
    inAWorld(async (world) => {
      const receiver = await receiverFor(world);
      const { server: mail, command } = await mailFor(world);
      const credential = makeSecret();
      Object.assign(world.variables, {
        ...{
          SITE_CREDENTIAL: credential,
          PHONE_URL: `${receiver.url}/phone`,
          TEAM_URL: `${receiver.url}/team`,
        },
        ...{ RUNS_URL: `${receiver.url}/runs`, LIVES_URL: `${receiver.url}/lives` },
      });
      const profiles = ["site-*"];
      const team = { name: "team", profiles, on: ["failure"], url_source: "TEAM_URL", format: "slack" };
      const others = [
        { name: "phone", profiles, on: ["failure", "recovery"], url_source: "PHONE_URL", format: "ntfy" },
        { name: "mail", profiles, on: ["failure", "recovery"], command },
        { name: "runs", profiles, url_source: "RUNS_URL", format: "ping" },
        { name: "lives", url_source: "LIVES_URL", format: "ping" },
      ];
      const log = join(world.house.hostFiles, "events.jsonl");
      Object.assign(world.otherTables, { notify: [STANDARD, team, ...others], sinks: [{ file: log }] });
      Object.assign(world.profileKeys, {
        credentials: [{ name: "CREDENTIAL", source: "SITE_CREDENTIAL" }],
      });
      const base = { base_image: world.profileKeys["base_image"]!, workspace: "empty" };
      world.otherProfiles.push(
        { ...base, name: "sleeper", command: ["sleep", "1000"], stall: "1s" },
        { ...base, name: "breaker", command: ["false"] },
      );
      await world.commitAgent(AGENT);
      world.spoilt = true;
      await setUpMail(world, mail);

      // Everybody can be reached.
      for (const name of ["receiver", "team", "phone", "mail", "runs"])
        expect(await ok(world, `agentd notify test ${name}`)).toBe(`${name}: delivered\n`);
      expect(receiver.taken("/runs")).toHaveLength(1);

      // A profile fails, works again, and another one gets nowhere.
      await ok(world, "agentd run site-builder", 5);
      await arrived(receiver, "site-builder failed");
      await world.commit({ fixed: "" });
      await ok(world, "agentd run site-builder");
      await arrived(receiver, "site-builder works again");
      await ok(world, "agentd run sleeper --detach");
      await arrived(receiver, "sleeper is stalled");
      await ok(world, "agentd stop sleeper");
      await ok(world, "agentd wait sleeper", 130);

      // The daemon dies, and a run is skipped because the one before it goes on.
      await until("messages that were delivered", () => mail.mails.length === 3);
      const at = new Date(Date.now() + 12_000).toISOString();
      const schedules = [{ name: "once", at, overlap: "skip" }];
      world.otherProfiles[0] = { ...world.otherProfiles[0]!, schedules };
      await world.saveConfiguration();
      await ok(world, "agentd reload");
      await ok(world, "agentd schedule fire sleeper");
      // The file of the sink is rotated, and nobody is told.
      await rename(log, `${log}.1`);
      await killDaemon(world);
      await world.startDaemonAgain();
      await arrived(receiver, "agentd is back after a crash");
      await arrived(receiver, "sleeper was not run");
      await ok(world, "agentd stop sleeper");

      // One that ends as it should is nothing to tell, and neither is what an operator removes.
      await ok(world, "agentd audit prune --keep 1 --yes");
      await (await world.daemon()).daemon.stop();
      await world.startDaemonAgain();

      // A receiver that is away gets what it has missed once it can be reached.
      receiver.answer = ({ path }) => ({ status: path === "/receiver" ? 503 : 200 });
      await ok(world, "agentd run breaker", 1);
      await until("a failure in the status", async () =>
        /receiver \(standard\) is failing, 1 message waiting: it answered with HTTP 503/.test(
          await ok(world, "agentd status"),
        ),
      );
      expect(await ok(world, "agentd notify test receiver", 1)).toBe(
        "receiver: not delivered: it answered with HTTP 503\n",
      );
      receiver.answer = { status: 200 };
      await ok(world, "agentd notify test receiver");
      await arrived(receiver, "breaker failed");

      // Targets and sinks change under the daemon.
      world.otherTables["notify"] = [STANDARD, { ...team, name: "colleagues" }, ...others];
      world.otherTables["sinks"] = [{ file: log }, { url: `${receiver.url}/cloud` }];
      await world.saveConfiguration();
      (await world.daemon()).daemon.signal("SIGHUP");
      await until("the new target", async () => /^colleagues /m.test(await ok(world, "agentd notify ls")));
      expect(await ok(world, "agentd notify test team", 1)).toContain(
        "Existing targets: receiver, colleagues, phone, mail, runs, lives.",
      );
      await ok(world, "agentd notify test colleagues");
      await until("the new sink", async () =>
        (await ok(world, "agentd status")).includes(`${receiver.url}, 0 events behind`),
      );
      await ok(world, "agentd reload");
      await until("a CloudEvent", () => receiver.taken("/cloud").length > 0);
      const [batch] = receiver
        .taken("/cloud")
        .map(({ body }) => JSON.parse(body) as Partial<CloudEventV1<object>>[]);
      // Throws for what is none.
      expect(batch?.map((event) => new CloudEvent(event, true).type)).toEqual(["agentd.config.reloaded"]);
      expect(await ok(world, "agentd status")).toMatch(/receiver \(standard\) is ok$/m);

      const tried = "agentd can reach you here";
      expect(titlesAt(receiver)).toEqual([
        ...[tried, "site-builder failed", "site-builder works again", "sleeper is stalled"],
        ...[
          expect.stringMatching(/back|not run/),
          expect.stringMatching(/back|not run/),
          tried,
          "breaker failed",
        ],
      ]);
      expect(new Set(messagesAt(receiver).map(({ data }) => data.id)).size).toBe(8);
      const ids = receiver.requests
        .filter(({ path }) => path === "/receiver")
        .map(({ headers }) => headers["webhook-id"]);
      // The one that was refused, and came with the same id; and the test that was refused.
      expect([ids.length, new Set(ids).size]).toEqual([10, 9]);
      expect(receiver.taken("/phone").map(({ headers }) => headers["title"])).toEqual([
        ...[tried, "site-builder failed", "site-builder works again"],
      ]);
      expect(receiver.taken("/phone")[1]).toMatchObject({
        headers: { priority: "high", tags: "x" },
        body: expect.stringMatching(
          /^Its session ended as work_failed \(exit code 5\)\.\n\nLook: agentd show /,
        ) as string,
      });
      expect(receiver.taken("/team").map(({ body }) => JSON.parse(body) as unknown)).toEqual([
        { text: expect.stringContaining(tried) as string },
        { text: expect.stringContaining("*site-builder failed*\nIts session ended") as string },
        { text: expect.stringContaining(tried) as string },
      ]);
      expect(mail.mails.map(({ to, content }) => [to, /^Subject: (.*?)\r?$/m.exec(content)?.[1]])).toEqual([
        [[ADDRESS], tried],
        [[ADDRESS], "site-builder failed"],
        [[ADDRESS], "site-builder works again"],
      ]);
      expect(mail.mails[1]?.content).toMatch(
        /\r\n\r\nIts session ended as work_failed \(exit code 5\)\.\r\n\r\nLook: agentd show /,
      );
      // An end may take the place of its begin, where both are a moment apart.
      const signs = receiver.requests
        .map(({ path }) => path)
        .filter((path) => /^\/runs(\/fail)?$/.test(path));
      expect(signs).toEqual(["/runs", "/runs/fail", "/runs"]);
      expect(receiver.taken("/lives").length).toBeGreaterThanOrEqual(3);

      // Whatever has left the host in any form.
      const { sandbox } = await world.daemon();
      const sent = [
        ...receiver.requests.map((each) => JSON.stringify(each)),
        ...mail.mails.map((each) => each.content),
      ].join("\n");
      expect(formsIn(sent, credential)).toEqual([]);
      expect(formsIn(sent, PRINTED)).toEqual([]);
      expect(sent).not.toContain(SECRET);
      const output = (await ok(world, "agentd status --json")) + (await world.daemon()).daemon.log;
      for (const path of ["receiver", "phone", "team", "runs", "lives"])
        expect(output).not.toContain(`${receiver.url}/${path}`);
      expect(output).not.toContain(SECRET);

      // The sink has every event since it was there, in two files; what it got when the daemon was killed, perhaps twice.
      const all = await readFeed(sandbox.stateDirectory);
      expect(all.filter(({ type }) => type === "record.pruned")).toMatchObject([{ data: { records: 2 } }]);
      const lines = async (): Promise<FeedEvent[]> =>
        `${await readFile(`${log}.1`, "utf8")}${await readFile(log, "utf8")}`
          .split("\n")
          .slice(0, -1)
          .map((line) => JSON.parse(line) as FeedEvent);
      await until("all events in the file", async () => (await lines()).at(-1)?.seq === all.at(-1)?.seq);
      const bySeq = new Map((await lines()).map((event) => [event.seq, event]));
      expect([...bySeq.values()]).toEqual(all.slice(1));
    }),
  );

  it(
    "arrive with one id each, whatever step of theirs a daemon is killed at",
    inAWorld(async (world) => {
      const receiver = await receiverFor(world);
      const [first, ...rest] = NOTICE_LABELS;
      const target = { name: "receiver", url_source: "RECEIVER_URL", secret_source: "RECEIVER_SECRET" };
      Object.assign(world.otherTables, { notify: [target] });
      await world.commitAgent("exit 5");
      const point = await AtAFailpoint.arm(world, `${first}=wait`);
      await ok(world, "agentd run site-builder", 5);
      await point.hit(first);
      await killDaemon(world);
      for (const label of rest) {
        await point.startDaemonAgain(`${label}=wait`);
        await point.hit(label);
        await killDaemon(world);
      }
      await point.startDaemonAgain();
      await arrived(receiver, "site-builder failed");
      await arrived(receiver, "agentd is back after a crash");
      await until("an empty outbox", async () =>
        (await ok(world, "agentd status")).includes("receiver (standard) is ok\n"),
      );
      const messages = messagesAt(receiver).map(({ data }) => `${data.id} ${data.title}`);
      // Whoever was told when the daemon was killed is told again, with the same id.
      expect(new Set(messages).size).toBe(2);
      expect(messages.length).toBe(3);
    }),
  );

  it(
    "tell once that a session spends its budget, and has spent it",
    inAWorld(async (world) => {
      const receiver = await receiverFor(world);
      const { server } = await provideModels(world);
      Object.assign(world.otherTables, { notify: [{ ...STANDARD, on: ["budget"] }] });
      world.profileKeys["llm"] = { providers: ["test"], max_requests: 5 };
      await world.commitAgent(`
        until grep -s refused .runa/answer; do
          wget -Y off -q -O .runa/answer --header "x-api-key: $ANTHROPIC_API_KEY" --header "Content-Type: application/json" \\
            --post-data '{"model":"${MODEL}","max_tokens":100,"messages":[{"role":"user","content":"hello"}]}' \\
            "$ANTHROPIC_BASE_URL/v1/messages" || echo refused > .runa/answer
        done
        sleep 1000
      `);
      await ok(world, "agentd run site-builder", 122);
      await arrived(receiver, "site-builder has spent its budget");
      // Another session of the profile spends its own: that is the same again within ten minutes.
      await ok(world, "agentd run site-builder", 122);
      await (await world.daemon()).daemon.stop();
      await world.startDaemonAgain();
      expect([...server.answered.values()]).toEqual([10]);
      expect(titlesAt(receiver).sort()).toEqual([
        "site-builder has spent its budget",
        "site-builder has used 80 % of its budget",
      ]);
    }),
  );

  it(
    "remind of a profile that goes on failing, and tell nothing of runs that an operator paused or skipped",
    inAWorld(async (world) => {
      const receiver = await receiverFor(world);
      Object.assign(world.otherTables, { notify: [{ ...STANDARD, remind: "2s" }] });
      const at = new Date(Date.now() + 20_000).toISOString();
      Object.assign(world.profileKeys, {
        schedules: [
          { name: "once", at },
          { name: "twice", at },
        ],
      });
      await world.commitAgent("exit 5");
      await ok(world, "agentd schedule pause site-builder once");
      await ok(world, "agentd schedule skip-next site-builder twice");
      await ok(world, "agentd run site-builder", 5);
      await arrived(receiver, "site-builder failed");
      await ok(world, "agentd run site-builder", 5);
      await arrived(receiver, "site-builder still fails");
      const { sandbox } = await world.daemon();
      const skips = async () =>
        (await readFeed(sandbox.stateDirectory)).filter(({ type }) => type === "schedule.skipped");
      await until("two skips in the feed", async () => (await skips()).length === 2);
      // A message that comes after them: they are not told.
      await ok(world, "agentd notify test receiver");
      expect(titlesAt(receiver)).toEqual([
        "site-builder failed",
        "site-builder still fails",
        "agentd can reach you here",
      ]);
    }),
  );
});
