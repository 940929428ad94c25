/** `agentd ps -w`: a table that the feed keeps up to date. */
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { eventsHandler } from "../../../src/daemon/feed/events-handler.ts";
import { temporaryDirectory } from "../../kit/record-fixture.ts";
import { listed, startSmallDaemon, view } from "../../kit/small-daemon.ts";
import { Terminal } from "../../kit/terminal.ts";
import { until } from "../../kit/until.mjs";
import { agentd, PROGRAM_DIRECTORY } from "../cli/installed-cli.ts";
import { eventOf, openIn } from "./feed-under-test.ts";

it("agentd ps -w asks the daemon when something has happened, and only then, until Ctrl-C", async () => {
  const feed = await openIn(join(await temporaryDirectory(), "events"));
  let asked = 0;
  let workUnit = "issue-1";
  const daemon = await startSmallDaemon({
    events: eventsHandler(feed),
    list: () => {
      asked += 1;
      return listed(view({ work_unit: workUnit, queued_timestamp: new Date().toISOString() }));
    },
  });
  onTestFinished(() => daemon.stop());
  const environment = {
    HOME: daemon.directory,
    XDG_RUNTIME_DIR: daemon.directory,
    TERM: "xterm",
    SHELL: "/bin/sh",
  };
  const terminal = new Terminal(`exec '${join(PROGRAM_DIRECTORY, "agentd")}' ps -w`, {
    PATH: process.env["PATH"],
    AGENTD_SOCKET: daemon.path,
    ...environment,
  });
  await terminal.shows("issue-1");
  // Ages are drawn anew without a question.
  await until("another age", () => terminal.shown.split("issue-1").length > 3);
  expect(asked).toBe(1);
  workUnit = "issue-2";
  await feed.append(eventOf(0));
  await terminal.shows("issue-2");
  expect(asked).toBe(2);
  terminal.type("\x03");
  expect(await terminal.end()).toBe(0);
});

it.each([
  [["ps", "-w"], "standard output is no terminal"],
  [["ps", "-w", "--json"], "--watch shows a table only"],
])("agentd %j says why it cannot", async (argv, why) => {
  const daemon = await startSmallDaemon();
  onTestFinished(() => daemon.stop());
  const { exitCode, stderr } = await agentd(daemon.directory, ...argv);
  expect([exitCode, stderr.includes(why)]).toEqual([2, true]);
});
