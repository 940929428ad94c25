/**
 * A daemon's part of the gateway in a process of its own, so that a test can kill it:
 * `node daemon-to-kill.cjs GATEWAY_SCRIPT DIRECTORY REQUEST`. Opens one session, says so, and stays.
 */
import { join } from "node:path";
import { Gateway } from "../../../src/gateway/client/gateway.ts";
import type { OpenSession } from "../../../src/gateway/control/control-protocol.ts";
import { createLogger } from "../../../src/log.ts";

async function main(): Promise<void> {
  const [script = "", directory = "", request = ""] = process.argv.slice(2);
  const gateway = new Gateway({
    script,
    socketPath: join(directory, "gateway.sock"),
    recordPath: join(directory, "gateway.json"),
    logPath: join(directory, "gateway.log"),
    environment: { PATH: process.env["PATH"] ?? "" },
    version: "0.1.0",
    log: createLogger({ write: (line) => void process.stderr.write(line) }, "info"),
  });
  await gateway.open(JSON.parse(request) as OpenSession);
  process.stdout.write("opened\n");
}

void main();
