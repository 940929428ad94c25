/**
 * What a job starts in these tests: claims its session by the real channel, notes that it ran, and sends a record. Named
 * `agentd` on the nodes' PATH. Its disk is the same for all nodes of this host, so it keeps one directory for each node.
 */
import { createHash } from "node:crypto";
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { ChannelClient, HeadRefusal } from "../../src/placement/channel/channel-client.ts";
import { keepIdentity } from "../../src/placement/channel/identity.ts";
import { sessionOfJob } from "../../src/placement/channel/protocol.ts";

const [notes = "", ...args] = process.argv.slice(2);
const option = (name: string): string =>
  args.find((each) => each.startsWith(`--${name}=`))?.slice(name.length + 3) ?? "";
const isResume = args.includes("--resume");
const job = option("job");
const session = sessionOfJob(job) ?? "";
const node = process.env["SLURMD_NODENAME"] ?? "";

async function note(what: string): Promise<void> {
  await appendFile(join(notes, session), `${what} ${node}\n`);
}

async function main(): Promise<void> {
  const token = (await text(process.stdin)).trim();
  const state = join(notes, `state-${node}-${session}`);
  await mkdir(state, { recursive: true });
  const bootId = (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim();
  const client = new ChannelClient({
    ...{ address: option("head"), fingerprint: option("fingerprint") },
    identity: await keepIdentity(join(state, "key.pem")),
  });
  const claim = {
    ...{ job, token, node, boot_id: bootId, is_resume: isResume },
    seal_key: Buffer.alloc(44, 7).toString("base64"),
  };
  const granted = await untilAnswered(() => client.claim(claim));
  if (granted === undefined) return;
  if (!isResume) {
    await note("start");
    await untilAnswered(() => client.handedOver(session));
    // The work, in which whatever may happen to the cluster.
    const plan = JSON.parse(granted.plan) as { work_ms: number; dies?: boolean };
    await delay(plan.work_ms);
    if (plan.dies === true) process.exit(1);
  } else await note("resume");
  await untilAnswered(() => client.send(session, "log", granted.log_bytes, Buffer.from("output\n")));
  const record = Buffer.from(`record of ${session}`);
  await untilAnswered(() => client.send(session, "record", 0, record));
  const sha256 = createHash("sha256").update(record).digest("hex");
  await untilAnswered(() => client.collected(session, { bytes: record.length, sha256 }));
  await note("end");
  await client.close();
}

/** Asks until there is an answer; undefined when it is no. */
async function untilAnswered<T>(ask: () => Promise<T>): Promise<T | undefined> {
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof HeadRefusal && !error.isForNow) {
        await note(`refused:${error.code}`);
        return undefined;
      }
      await delay(200);
    }
  }
}

await main();
process.exit(0);
