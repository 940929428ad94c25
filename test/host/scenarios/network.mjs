import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { access, readFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../kit/until.mjs";
import { run } from "../guest/command.mjs";
import { scenario } from "../guest/scenario.mjs";
import { fetchThroughGateway, HOST_ADDRESS, WebServer } from "../guest/web-server.mjs";

/** @typedef {import("../guest/operator.mjs").Operator} Operator */
/** @typedef {import("../guest/operator.mjs").Session} Session */

const SLOW_MS = 900_000;
const PIECES = 3000;
const PIECE_MS = 100;
const PIECES_IN_A_HURRY = 50;

/** @param {Operator} operator @returns {Promise<{ pid: number, sessions: number } | null>} */
async function gatewayOf(operator) {
  return (await operator.agentdJson("status"))["gateway"];
}

/** The gateway's process, which has to run. @param {Operator} operator */
async function gatewayPid(operator) {
  const gateway = await gatewayOf(operator);
  assert.ok(gateway, "a gateway runs");
  return gateway.pid;
}

/** @param {number} pid */
function runs(pid) {
  return access(`/proc/${pid}`).then(
    () => true,
    () => false,
  );
}

/** Counts what comes in over UDP, on every address of the host. */
async function listenForDatagrams() {
  const socket = createSocket("udp4");
  const counter = { port: 0, datagrams: 0, close: async () => void socket.close() };
  socket.on("message", () => counter.datagrams++);
  socket.bind(0, "0.0.0.0");
  await once(socket, "listening");
  counter.port = socket.address().port;
  return counter;
}

/**
 * Tries every way out that the image has tools for; the last line says that all were tried.
 *
 * @param {number} tcp
 * @param {number} udp
 */
function waysOut(tcp, udp) {
  return `
    for address in ${HOST_ADDRESS} 10.77.0.2 10.0.2.2 127.0.0.1 169.254.1.2 169.254.169.254 ::1; do
      nc -w 2 "$address" ${tcp} </dev/null
    done
    # The resolver's query is a datagram to whatever port is named.
    for address in ${HOST_ADDRESS} 127.0.0.1 169.254.1.2; do
      timeout 3 nslookup example.org "$address:${udp}"
      timeout 3 tftp -g -r file "$address" ${udp}
    done
    ping -c 1 -W 2 ${HOST_ADDRESS} && echo "ping out"
    ls /sys/class/net
    echo tried`;
}

export const closedNetwork = scenario(
  "network-closed",
  'a session with `network = "allowlist"` and no host in `allow` reaches nothing, and is told so',
  async (operator) => {
    const server = await WebServer.start((_request, response) => response.end("the world\n"));
    const datagrams = await listenForDatagrams();
    try {
      const script = waysOut(server.port, datagrams.port);
      await operator.serve(
        { name: "open", network: "host", script },
        {
          name: "closed",
          network: "allowlist",
          allow: [],
          script: `${script}; ${fetchThroughGateway(`${HOST_ADDRESS}:${server.port}`)}`,
        },
      );
      const open = await operator.runToEnd("open");
      assert.match(await operator.outputOf(open["session_id"]), /^tried$/m);
      assert.ok(
        server.connections > 0 && datagrams.datagrams > 0,
        "the ways lead out where the network is open",
      );
      const before = [server.connections, datagrams.datagrams];

      const closed = await operator.runToEnd("closed");
      assert.equal(closed["outcome"], "success");
      assert.deepEqual([server.connections, datagrams.datagrams], before, "nothing has left");
      const output = await operator.outputOf(closed["session_id"]);
      assert.match(output, /^tried$/m);
      assert.match(output, /^lo\ntried$/m, "it has no network device but loopback");
      assert.doesNotMatch(output, /ping out|the world/);
      assert.match(output, /^HTTP\/1\.1 403 Forbidden/m);
      assert.deepEqual(closed["egress"], {
        allowed: [],
        denied: [`${HOST_ADDRESS}:${server.port}`],
        allowed_count: 0,
        denied_count: 1,
      });
    } finally {
      await Promise.all([server.close(), datagrams.close()]);
    }
  },
);

export const allowlist = scenario(
  "network-allowlist",
  "a session reaches the hosts of its allowlist and no other, and `agentd egress` says which",
  async (operator) => {
    const [named, byName, other] = await Promise.all(
      ["named", "by name", "other"].map((text) =>
        WebServer.start((_request, response) => response.end(`the ${text} server\n`)),
      ),
    );
    assert.ok(named && byName && other);
    const hosts = {
      named: `${HOST_ADDRESS}:${named.port}`,
      // /etc/hosts of this host has it, as an address of loopback.
      byName: `agentd-test:${byName.port}`,
      // The same name, opened by an entry that does not except its private address.
      isPrivate: `agentd-test:${named.port}`,
      other: `${HOST_ADDRESS}:${other.port}`,
    };
    try {
      await operator.serve({
        name: "worker",
        network: "allowlist",
        allow: [hosts.named, { host: hosts.byName, private: true }, hosts.isPrivate],
        script: Object.values(hosts).map(fetchThroughGateway).join("\n"),
      });
      const session = await operator.runToEnd("worker");
      const id = session["session_id"];
      assert.equal(session["outcome"], "success");
      assert.deepEqual(session["warnings"], []);
      const output = await operator.outputOf(id);
      assert.match(output, /^the named server$/m);
      assert.match(output, /^the by name server$/m);
      assert.match(
        output,
        new RegExp(
          `^agentd refused the connection to ${hosts.other}: no entry of "allow" opens this address and port\\.`,
          "m",
        ),
      );
      assert.match(
        output,
        new RegExp(`^agentd refused the connection to ${hosts.isPrivate}: .* is a (private|loopback)`, "m"),
      );
      assert.deepEqual(
        [named, byName, other].map(({ connections }) => connections),
        [1, 1, 0],
      );
      assert.deepEqual([...session["egress"].allowed].sort(), [hosts.named, hosts.byName].sort());
      assert.deepEqual([...session["egress"].denied].sort(), [hosts.isPrivate, hosts.other].sort());

      /** @type {{ hosts: Record<string, string | number>[], suggested_allow: unknown }} */
      const { hosts: listed, suggested_allow } = await operator.agentdJson("egress", id);
      const rows = listed.map(
        ({ host, port, verdict, connections }) => `${host}:${port} ${verdict} ${connections}`,
      );
      const expected = Object.entries(hosts).map(
        ([name, host]) => `${host} ${["named", "byName"].includes(name) ? "allowed" : "denied"} 1`,
      );
      assert.deepEqual(rows.sort(), expected.sort());
      assert.deepEqual(suggested_allow, [hosts.named, { host: hosts.byName, private: true }]);
      const denied = (await operator.must("egress", "--denied", id)).stdout;
      assert.match(denied, /agentd-test +\d+ +denied +address/);
      assert.doesNotMatch(denied, / allowed /);
      assert.match((await operator.must("egress", "--suggest", id)).stdout, /^allow = \[/);
      await operator.must("audit", "verify", id);

      // With what was suggested, the same session is denied the same and allowed the same.
      await operator.configure([
        {
          name: "worker",
          network: "allowlist",
          allow: suggested_allow,
          script: [hosts.named, hosts.byName].map(fetchThroughGateway).join("\n"),
        },
      ]);
      await operator.must("reload");
      const again = await operator.runToEnd("worker");
      assert.equal(again["egress"].denied_count, 0);
      assert.equal(again["egress"].allowed_count, 2);
    } finally {
      await Promise.all([named, byName, other].map((server) => server.close()));
    }
  },
);

/** @param {number} index */
function piece(index) {
  return `${String(index).padStart(4, "0")}:${"x".repeat(1000)}\n`;
}

/** A server that answers with a stream of minutes, tells how much of it has been sent, and can be told to hurry. */
async function startStreaming() {
  const stream = { sent: 0, hurries: false };
  const server = await WebServer.start((_request, response) => {
    response.setHeader("content-length", PIECES * piece(0).length);
    const timer = setInterval(() => {
      const end = Math.min(PIECES, stream.sent + (stream.hurries ? PIECES_IN_A_HURRY : 1));
      for (; stream.sent < end; stream.sent += 1) response.write(piece(stream.sent));
      if (stream.sent < PIECES) return;
      clearInterval(timer);
      response.end();
    }, PIECE_MS);
    response.on("close", () => clearInterval(timer));
  });
  return { stream, server };
}

export const openStream = scenario(
  "network-restart",
  "an open connection through the gateway outlives `systemctl --user restart`, without a byte lost",
  async (operator) => {
    const { stream, server } = await startStreaming();
    try {
      const host = `${HOST_ADDRESS}:${server.port}`;
      await operator.serve({
        name: "worker",
        network: "allowlist",
        allow: [host],
        script: `${fetchThroughGateway(host)} >.runa/answer`,
      });
      const id = (await operator.must("run", "worker", "--detach")).stdout.trim();
      await until("the stream's beginning", () => stream.sent > 10, { timeoutMs: SLOW_MS });
      const [daemon, gateway] = [await operator.daemonPid(), await gatewayPid(operator)];

      await run(["systemctl", "--user", "restart", "agentd"]);
      const sentAtRestart = stream.sent;
      assert.ok(sentAtRestart < PIECES, "the stream goes on after the restart");
      assert.notEqual(await operator.daemonPid(), daemon);
      assert.equal(await gatewayPid(operator), gateway, "it is the same gateway");
      stream.hurries = true;

      const session = await operator.waitFor(id);
      assert.equal(session["outcome"], "success");
      assert.deepEqual(session["warnings"], []);
      const answer = await readFile(join(session["record"], "runa", "answer"), "utf8");
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n/);
      const whole = Array.from({ length: PIECES }, (_, index) => piece(index)).join("");
      assert.ok(answer.slice(answer.indexOf("\r\n\r\n") + 4) === whole, "every byte came, in its place");
      assert.equal(server.connections, 1);
      assert.deepEqual(session["egress"].allowed, [host]);
      await operator.must("audit", "verify", id);
      return { "sent when the next daemon was ready": `${sentAtRestart} of ${PIECES} pieces` };
    } finally {
      await server.close();
    }
  },
);

export const gatewayStop = scenario(
  "network-stop",
  "stopping the service ends the gateway when no session needs it, and leaves it to those that run",
  async (operator) => {
    const server = await WebServer.start((_request, response) => response.end("the world\n"));
    try {
      const host = `${HOST_ADDRESS}:${server.port}`;
      const keys = { network: "allowlist", allow: [host] };
      await operator.serve(
        { ...keys, name: "quick", script: fetchThroughGateway(host) },
        {
          ...keys,
          name: "worker",
          script: `echo ready; while true; do ${fetchThroughGateway(host)} >/dev/null; sleep 1; done`,
        },
      );
      assert.equal(await gatewayOf(operator), null, "no gateway runs before a session needs one");
      assert.equal((await operator.runToEnd("quick"))["egress"].allowed_count, 1);
      const first = await gatewayPid(operator);
      await run(["systemctl", "--user", "stop", "agentd"]);
      assert.equal(await runs(first), false, "the gateway without sessions has ended");

      await run(["systemctl", "--user", "start", "agentd"]);
      const id = await operator.runUntilItPrints("worker", "ready");
      const second = await gatewayPid(operator);
      await run(["systemctl", "--user", "stop", "agentd"]);
      assert.equal(await operator.unitProperty("ActiveState"), "inactive");
      assert.ok(await runs(second), "the gateway with a session runs");
      const before = server.connections;
      await until("requests without a daemon", () => server.connections > before + 1, { timeoutMs: SLOW_MS });

      await run(["systemctl", "--user", "start", "agentd"]);
      assert.equal(await gatewayPid(operator), second);
      assert.equal((await operator.session(id))["state"], "running");
      await operator.must("stop", id, "--grace", "1s");
      const session = await operator.waitFor(id);
      assert.equal(session["outcome"], "cancelled");
      assert.deepEqual(session["egress"].allowed, [host]);
      await run(["systemctl", "--user", "stop", "agentd"]);
      assert.equal(await runs(second), false, "the gateway has ended with the last session");
    } finally {
      await server.close();
    }
  },
);
