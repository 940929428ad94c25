import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ChannelClient } from "../../../src/placement/channel/channel-client.ts";
import { makeIdentity } from "../../../src/placement/channel/identity.ts";
import { ChannelProgram } from "../../kit/channel-program.ts";
import { claimOf, CREDENTIALS, digest, jobOf, SESSION, TOKEN } from "./channel-ground.ts";

it("keeps through every kill what it has answered", async () => {
  const directory = await mkdtemp(join(tmpdir(), "agentd-channel-"));
  const channel = new ChannelProgram(directory);
  const expected = {
    ...{ session: SESSION, job: jobOf(1), token_sha256: digest(TOKEN), is_resume: false },
    console: { path: join(directory, "console.log"), most_bytes: 1_000_000 },
    record: { path: join(directory, "record.tar"), most_bytes: 1_000_000 },
    ...{ plan: "{}", credentials: CREDENTIALS },
  };
  const status = async () => {
    const { sessions } = await channel.connection.call("status", { sessions: [SESSION] }, 10_000);
    return sessions[0];
  };
  const killed = async (): Promise<void> => {
    await channel.kill();
    await channel.start();
  };
  await channel.start();
  const { fingerprint } = channel;
  const identity = await makeIdentity();
  const options = { address: channel.address, fingerprint };
  const runner = new ChannelClient({ ...options, identity });
  const other = new ChannelClient({ ...options, identity: await makeIdentity() });
  try {
    expect(await status()).toBeUndefined();
    await channel.connection.call("expect", expected, 10_000);
    expect(await status()).toMatchObject({ is_supplied: true });
    await killed();
    expect(await status()).toMatchObject({ is_supplied: false });
    expect(channel.fingerprint).toBe(fingerprint);
    expect(await status()).toMatchObject({ jobs: [{ name: jobOf(1), is_resume: false }], claim: null });
    await channel.connection.call("expect", expected, 10_000);
    await runner.claim(claimOf());
    await killed();
    expect((await status())?.claim).toMatchObject({ job: jobOf(1), node: "n1" });
    await expect(other.claim(claimOf())).rejects.toMatchObject({ code: "claimed" });
    const supplied = { session: SESSION, plan: "{}", credentials: CREDENTIALS };
    await channel.connection.call("supply", supplied, 10_000);
    expect((await runner.claim(claimOf())).credentials).toBe(CREDENTIALS);
    await runner.handedOver(SESSION);
    await killed();
    await channel.connection.call("supply", supplied, 10_000);
    await expect(runner.claim(claimOf())).rejects.toMatchObject({ code: "handed_over" });
    await runner.send(SESSION, "log", 0, Buffer.from("output\n"));
    await runner.send(SESSION, "record", 0, Buffer.from("record"));
    const record = { bytes: 6, sha256: digest("record") };
    await runner.collected(SESSION, record);
    await killed();
    expect(await status()).toMatchObject({ is_handed_over: true, collected: record });
    expect(await readFile(expected.console.path, "utf8")).toBe("output\n");
    expect((await stat(join(directory, "state", "channel.pem"))).mode & 0o777).toBe(0o600);
    const close = { session: SESSION, only_unclaimed: true };
    expect(await channel.connection.call("close", close, 10_000)).toEqual({ closed: false });
    await channel.connection.call("close", { ...close, only_unclaimed: false }, 10_000);
    expect(await status()).toBeUndefined();
    const { exitCode, stderr } = await channel.end();
    expect(exitCode).toBe(0);
    expect(stderr).toContain("the channel is ready");
    expect(stderr).not.toContain("canary-of-credentials");
    // A certificate that its head does not answer for any more.
    await expect(runner.claim(claimOf())).rejects.toMatchObject({ code: "placement_unreachable" });
  } finally {
    await channel.kill();
    await runner.close();
    await other.close();
    await rm(directory, { recursive: true });
  }
});
