import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeIdentity } from "../../../src/placement/channel/identity.ts";
import { until } from "../../kit/until.mjs";
import { ChannelGround, claimOf, CREDENTIALS, digest, jobOf, SESSION, TOKEN } from "./channel-ground.ts";

let ground: ChannelGround;

beforeEach(async () => {
  ground = await ChannelGround.make();
});

afterEach(async () => {
  await ground.close();
});

const REBOOTED = "1f0e0d0c-0b0a-4908-8706-050403020100";

describe("the channel", () => {
  it("gives a session to the first of many runners, and tells the others apart in its journal", async () => {
    await ground.parts.desk.expect(ground.expected());
    const runners = await Promise.all(Array.from({ length: 8 }, () => ground.runner()));
    const answers = await Promise.allSettled(runners.map((runner) => runner.claim(claimOf())));
    const granted = answers.filter(({ status }) => status === "fulfilled");
    expect(granted).toEqual([
      {
        status: "fulfilled",
        value: { plan: '{"command":["true"]}', credentials: CREDENTIALS, log_bytes: 0 },
      },
    ]);
    for (const answer of answers)
      if (answer.status === "rejected") expect(answer.reason).toMatchObject({ status: 403, code: "claimed" });
    const lines = await ground.journal();
    expect(lines.filter(({ event }) => event === "claimed")).toHaveLength(1);
    expect(lines.filter(({ why }) => why === "claimed")).toHaveLength(7);
  });

  it("knows the runner again through restarts, until its command has the credentials", async () => {
    await ground.parts.desk.expect(ground.expected());
    const identity = await makeIdentity();
    await (await ground.runner(identity)).claim(claimOf());
    await ground.restart();
    const runner = await ground.runner(identity);
    // The daemon has told nothing yet since.
    await expect(runner.claim(claimOf())).rejects.toMatchObject({ code: "later", isForNow: true });
    await expect((await ground.runner()).claim(claimOf())).rejects.toMatchObject({ code: "claimed" });
    await ground.parts.desk.expect(ground.expected());
    expect((await runner.claim(claimOf())).credentials).toBe(CREDENTIALS);
    await runner.handedOver(SESSION);
    await expect(runner.claim(claimOf())).rejects.toMatchObject({ code: "handed_over", isForNow: false });
    await ground.restart();
    // What is given again has no credentials in it, whatever the daemon says.
    await ground.parts.desk.expect(ground.expected());
    await expect((await ground.runner(identity)).claim(claimOf())).rejects.toMatchObject({
      code: "handed_over",
    });
  });

  it("lets the node go on with what it has, in the same boot only", async () => {
    const { desk } = ground.parts;
    const identity = await makeIdentity();
    await desk.expect(ground.expected());
    const runner = await ground.runner(identity);
    await runner.claim(claimOf());
    await runner.handedOver(SESSION);
    await runner.send(SESSION, "log", 0, Buffer.from("half of it"));
    const resume = { job: jobOf(2), token: "token-of-the-resume-0123456789", is_resume: true };
    const expected = { job: jobOf(2), tokenDigest: digest(resume.token), isResume: true };
    await desk.expect(ground.expected(expected));
    expect(await (await ground.runner(identity)).claim(claimOf(resume))).toEqual({
      ...{ plan: '{"command":["true"]}', log_bytes: 10 },
    });
    await expect((await ground.runner()).claim(claimOf(resume))).rejects.toMatchObject({ code: "claimed" });
    expect((await desk.state(SESSION))?.laterBootId).toBeNull();
    const rebooted = claimOf({ ...resume, boot_id: REBOOTED });
    await expect(runner.claim(rebooted)).rejects.toMatchObject({ code: "other_boot" });
    expect((await desk.state(SESSION))?.laterBootId).toBe(REBOOTED);
  });

  it("refuses tokens that are wrong, of others, late or for nothing, and serves no other key", async () => {
    const { desk } = ground.parts;
    await desk.expect(ground.expected());
    const thief = await ground.runner();
    await expect(thief.claim(claimOf({ token: `${TOKEN}x` }))).rejects.toMatchObject({ code: "token" });
    const unknown = claimOf({ job: jobOf(1, "00000000000000ff") });
    await expect(thief.claim(unknown)).rejects.toMatchObject({ code: "token" });
    const runner = await ground.runner();
    await runner.claim(claimOf());
    await runner.send(SESSION, "log", 0, Buffer.from("line\n"));
    const refused = { status: 403, code: "not_yours" };
    await expect(thief.send(SESSION, "log", 5, Buffer.from("forged\n"))).rejects.toMatchObject(refused);
    await expect(thief.handedOver(SESSION)).rejects.toMatchObject(refused);
    const { signal } = new AbortController();
    await expect(thief.orders(SESSION, false, signal)).rejects.toMatchObject(refused);
    await expect(thief.collected(SESSION, { bytes: 0, sha256: digest("") })).rejects.toMatchObject(refused);
    expect(await readFile(join(ground.directory, "console.log"), "utf8")).toBe("line\n");
    expect((await ground.journal()).map(({ event, why }) => why ?? event)).toEqual(["token", "claimed"]);
    expect(await desk.close(SESSION, { onlyUnclaimed: true })).toBe(false);
    expect(await desk.close(SESSION, { onlyUnclaimed: false })).toBe(true);
    await expect(runner.claim(claimOf())).rejects.toMatchObject({ code: "token" });
  });

  it("writes down only so many refusals", async () => {
    await ground.parts.desk.expect(ground.expected());
    const thief = await ground.runner();
    for (let tried = 0; tried < 130; tried += 1)
      await expect(thief.claim(claimOf({ token: `${TOKEN}${tried}` }))).rejects.toMatchObject({
        code: "token",
      });
    expect(await ground.journal()).toHaveLength(100);
    expect(ground.parts.journal.refusals(SESSION)).toBe(130);
  });

  it("has credentials and tokens on no disk", async () => {
    await ground.parts.desk.expect(ground.expected());
    const runner = await ground.runner();
    await runner.claim(claimOf());
    await expect((await ground.runner()).claim(claimOf())).rejects.toMatchObject({ code: "claimed" });
    const names = await readdir(join(ground.directory, "sessions"));
    expect(names.sort()).toEqual([`${SESSION}.claims.jsonl`, `${SESSION}.json`]);
    for (const name of names) {
      const path = join(ground.directory, "sessions", name);
      const text = await readFile(path, "utf8");
      expect(text).not.toContain("canary-of-credentials");
      expect(text).not.toContain(TOKEN);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    }
  });

  it("takes a log by its offsets: twice is once, and nothing is left out", async () => {
    await ground.parts.desk.expect(ground.expected());
    const runner = await ground.runner();
    await runner.claim(claimOf());
    const text = Buffer.alloc(2_500_000, "0123456789\n");
    expect(await runner.send(SESSION, "log", 0, text.subarray(0, 1_500_000))).toBe(1_500_000);
    // An answer was lost: the same bytes come again, and more.
    expect(await runner.send(SESSION, "log", 1_000_000, text.subarray(1_000_000))).toBe(2_500_000);
    await expect(runner.send(SESSION, "log", 2_600_000, Buffer.from("x"))).rejects.toMatchObject({
      code: "gap",
      message: "the head has 2500000 bytes, and the next one comes first",
    });
    await expect(runner.send(SESSION, "log", 2_500_000, Buffer.alloc(600_000))).rejects.toMatchObject({
      code: "full",
    });
    expect((await readFile(join(ground.directory, "console.log"))).equals(text)).toBe(true);
  });

  it("takes the record, and holds it for whole only when it is", async () => {
    const { desk } = ground.parts;
    await desk.expect(ground.expected());
    const runner = await ground.runner();
    await runner.claim(claimOf());
    const record = Buffer.from("an archive");
    await runner.send(SESSION, "record", 0, record.subarray(0, 4));
    const whole = { bytes: record.length, sha256: digest("an archive") };
    await expect(runner.collected(SESSION, whole)).rejects.toMatchObject({ code: "other_bytes" });
    expect((await desk.state(SESSION))?.collected).toBeNull();
    await runner.send(SESSION, "record", 4, record.subarray(4));
    await expect(runner.collected(SESSION, { ...whole, sha256: digest("another") })).rejects.toMatchObject({
      code: "other_bytes",
    });
    await runner.collected(SESSION, whole);
    expect((await desk.state(SESSION))?.collected).toEqual(whole);
    await expect(runner.send(SESSION, "record", 10, Buffer.from("x"))).rejects.toMatchObject({
      code: "collected",
    });
    // The answer was lost: it is told again.
    await runner.collected(SESSION, whole);
  });

  it("tells a session to end, and knows whether its runner listens", async () => {
    const { desk, orders } = ground.parts;
    await desk.expect(ground.expected());
    const runner = await ground.runner();
    await runner.claim(claimOf());
    expect(orders.isConnected(SESSION)).toBe(false);
    const { signal } = new AbortController();
    const order = runner.orders(SESSION, false, signal);
    await until("the runner listening", () => orders.isConnected(SESSION));
    orders.stop(SESSION, { grace_ms: 1_500 });
    expect(await order).toEqual({ grace_ms: 1_500 });
    // It is still there for one that comes again.
    expect(await runner.orders(SESSION, false, signal)).toEqual({ grace_ms: 1_500 });
    // Other requests do not wait behind one that waits for orders.
    const leaving = new AbortController();
    const waiting = runner.orders(SESSION, true, leaving.signal);
    expect(await runner.send(SESSION, "log", 0, Buffer.from("x"))).toBe(1);
    leaving.abort();
    await expect(waiting).rejects.toThrow("aborted");
  });

  it("keeps what an engine has told a runner, and gives an order with its cause", async () => {
    const { desk, orders } = ground.parts;
    await desk.expect(ground.expected());
    const runner = await ground.runner();
    await runner.claim(claimOf());
    // Of a job that the session does not have, nothing is kept.
    await runner.told(SESSION, { job: jobOf(7), ran_ms: 1 });
    expect((await desk.state(SESSION))?.told).toBeNull();
    await runner.told(SESSION, { job: jobOf(1), ran_ms: 6_900 });
    expect((await desk.state(SESSION))?.told).toEqual({ job: jobOf(1), ranMs: 6_900 });
    const order = { grace_ms: 1_500, cause: "its job was cancelled in Slurm" };
    orders.stop(SESSION, order);
    expect(await runner.orders(SESSION, false, new AbortController().signal)).toEqual(order);
    const other = await ground.runner();
    await expect(other.told(SESSION, { job: jobOf(1), ran_ms: 1 })).rejects.toMatchObject({
      code: "not_yours",
    });
  });

  it("is asked nothing by a runner that was told another certificate", async () => {
    await ground.parts.desk.expect(ground.expected());
    const misled = await ground.runner(undefined, "ab".repeat(32));
    await expect(misled.claim(claimOf())).rejects.toMatchObject({
      code: "placement_unreachable",
      why: "it has another certificate than the job was told",
    });
    expect((await ground.parts.desk.state(SESSION))?.claim).toBeNull();
  });

  it("answers nobody without a certificate, nor older TLS, nor what is no request", async () => {
    const { port } = ground.parts;
    const tell = async (options: object, text: string): Promise<string> => {
      const socket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false, ...options });
      socket.on("error", () => undefined);
      let said = "";
      socket.on("data", (chunk: Buffer) => (said += chunk.toString()));
      socket.write(text);
      // Not `once`: that rejects when an error comes first.
      await new Promise<void>((resolve) => socket.once("close", () => resolve()));
      return said;
    };
    const post = "POST /1/claim HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
    expect(await tell({}, post)).toMatch(/^HTTP\/1\.1 401 /);
    expect(await tell({ maxVersion: "TLSv1.2" }, post)).toBe("");
    const { key, certificate: cert } = await makeIdentity();
    expect(await tell({ key, cert }, post)).toMatch(/^HTTP\/1\.1 400 [^]*the body is not what/);
    expect(await tell({ key, cert }, post.replace("/1/", "/2/"))).toMatch(/^HTTP\/1\.1 404 /);
    expect(await tell({ key, cert }, "nonsense\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
    const long = post.replace("content-length: 2", "content-length: 90000").replace("{}", "x".repeat(90_000));
    expect(await tell({ key, cert }, long)).toMatch(/^HTTP\/1\.1 413 /);
    const bad = "PUT /1/sessions/../../etc/log/0 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    expect(await tell({ key, cert }, bad)).toMatch(/^HTTP\/1\.1 403 /);
  });
});
