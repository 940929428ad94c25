/** docs/web.md against what it describes. */
import { describe, expect, it } from "vitest";
import { webSocketPath } from "../../../src/config/socket-path.ts";
import { isLoopback, listenAddress } from "../../../src/config/web-schema.ts";
import { MAX_REQUEST_BYTES } from "../../../src/rpc/protocol.ts";
import { errorAnswer } from "../../../src/web/api/error-answer.ts";
import { changes, SERVED_METHODS } from "../../../src/web/api/served-methods.ts";
import { MOST_CALLS } from "../../../src/web/daemon-link.ts";
import { ownHosts, pagesUrl } from "../../../src/web/guard/hosts.ts";
import { IDLE_MS, MOST_FAILURES } from "../../../src/web/guard/logins.ts";
import { createFamilies } from "../../../src/web/probes/families.ts";
import { MOST_PLACES } from "../../../src/web/records/search-log.ts";
import { MAX_CONNECTIONS, WEB_PATIENCE } from "../../../src/web/server/listener.ts";
import { BEAT_MS, MOST_STREAMS } from "../../../src/web/server/live-routes.ts";
import { codeWords, page, sections, tableRows } from "../../kit/markdown.ts";

const text = page("web.md");
const words = text.replace(/\s+/g, " ");
const parts = sections(text, 2);

describe("the page on the web", () => {
  it("lists every metric with its labels and meaning", async () => {
    const metrics = createFamilies().registry.getMetricsAsArray() as unknown as {
      name: string;
      help: string;
      labelNames: string[];
    }[];
    const rows = tableRows(parts.get("Metrics") ?? "").map(([name = "", labels = "", meaning]) => [
      codeWords(name)[0] ?? name,
      labels === "none" ? "" : codeWords(labels).join() || labels.replaceAll(" ", ""),
      meaning,
    ]);
    expect(rows.map((row) => row.join(" | ")).sort()).toEqual(
      metrics.map(({ name, help, labelNames }) => [name, labelNames.join(), help].join(" | ")).sort(),
    );
  });

  it("tells the bounds that are kept", () => {
    expect(MAX_REQUEST_BYTES).toBe(1024 * 1024);
    expect(words).toContain("more than 1 MiB");
    expect(words).toContain(
      `complete within ${WEB_PATIENCE.requestMs / 1000} seconds, its headers within 10`,
    );
    expect(WEB_PATIENCE.headersMs).toBe(10_000);
    expect(words).toContain(`at most ${MAX_CONNECTIONS} connections`);
    expect(words).toContain(`at most ${MOST_CALLS} requests`);
    expect(words).toContain(`after ${IDLE_MS / 3_600_000} hours without a request`);
    expect(MOST_FAILURES).toBe(10);
    expect(words).toContain(`at most ${MOST_STREAMS} pages`);
    expect(words).toContain(`the first and last ${MOST_PLACES.toLocaleString("en")}`);
    expect(words).toContain(`within ten seconds`);
    expect(BEAT_MS).toBe(10_000);
  });
});

describe("the methods of the HTTP API", () => {
  it("that change something are those that read-only mode refuses", () => {
    expect(SERVED_METHODS.filter(changes)).toEqual([
      "upload",
      "run",
      "rerun",
      "stop",
      "pause",
      "resume",
      "remove",
      "schedule_pause",
      "schedule_resume",
      "schedule_skip",
      "schedule_fire",
      "reload",
      "notify_test",
    ]);
    expect(SERVED_METHODS).not.toEqual(expect.arrayContaining(["exec"]));
  });

  it("tell of an error that nobody expected no more than that", () => {
    const { status, body } = errorAnswer(new Error("secret-value in a message"));
    expect(status).toBe(500);
    expect(JSON.stringify(body)).not.toContain("secret-value");
  });
});

describe("an address to listen on", () => {
  it.each([
    ["127.0.0.1:7788", { host: "127.0.0.1", port: 7788 }, true],
    ["[::1]:1", { host: "::1", port: 1 }, true],
    ["0.0.0.0:80", { host: "0.0.0.0", port: 80 }, false],
    ["localhost:80", undefined, false],
    ["127.0.0.1", undefined, false],
    ["127.0.0.256:80", undefined, false],
    ["127.0.0.1:70000", undefined, false],
  ])("%s", (written, parsed, loopback) => {
    const address = listenAddress(written);
    expect(address).toEqual(parsed);
    expect(address !== undefined && isLoopback(address)).toBe(loopback);
  });

  it("has the names of a loopback address only where it is one", () => {
    const loopback = ownHosts({ host: "127.0.0.1", port: 7 }, ["a.example"]);
    expect([...loopback]).toEqual(["127.0.0.1:7", "localhost:7", "[::1]:7", "a.example"]);
    expect([...ownHosts({ host: "0.0.0.0", port: 7 }, ["a.example"])]).toEqual(["a.example"]);
    expect(pagesUrl({ host: "0.0.0.0", port: 7 }, ["a.example"], true)).toBe("https://a.example/");
    expect(pagesUrl({ host: "::1", port: 7 }, [], false)).toBe("http://[::1]:7/");
  });

  it("is beside the daemon's socket for logins", () => {
    expect(webSocketPath("/run/agentd/agentd.sock")).toBe("/run/agentd/web.sock");
    expect(webSocketPath("/run/x.sock")).toBe("/run/x-web.sock");
  });
});
