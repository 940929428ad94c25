import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AgentdError } from "../../../src/errors.ts";
import { isThere } from "../../../src/if-there.ts";
import { ExternalService, ping } from "../../../src/podman/service/engine-service.ts";
import { EngineHttp } from "../../../src/podman/service/http.ts";
import { SERVICE_ENVIRONMENT } from "../../../src/podman/service/service-environment.ts";
import { ServiceProcess, type ServiceProcessOptions } from "../../../src/podman/service/service-process.ts";
import { identifyProcess, isAlive, readProcFile } from "../../../src/process-identity.ts";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { processesWith } from "../../kit/processes.mjs";
import { until } from "../../kit/until.mjs";

const PING = { tried: "ping", method: "GET", path: "/_ping" } as const;

let directory: string;
let service: ServiceProcess;

beforeEach(async () => {
  directory = await mkdtemp(join(containersEnvironment().runtimeDirectory, "service-"));
  service = newService();
});
afterEach(async () => {
  await service.stop();
  await rm(directory, { recursive: true });
});

function newService(changes: Partial<ServiceProcessOptions> = {}): ServiceProcess {
  return new ServiceProcess({
    socketPath: join(directory, "podman.sock"),
    recordPath: join(directory, "service.json"),
    environment: process.env,
    log: pino({ level: "silent" }),
    ...changes,
  });
}

function running(of: ServiceProcess) {
  return until("a running service", () => of.process);
}

describe("the Podman service", () => {
  it("answers when it has started, and is gone with its socket and note when it has stopped", async () => {
    await service.start();
    const first = await running(service);
    const http = new EngineHttp(service);
    expect(await http.call(PING)).toEqual({ status: 200, text: "OK" });
    http.close();
    await service.stop();
    await service.stop();
    expect(await isAlive(first)).toBe(false);
    await expect(readFile(join(directory, "service.json"))).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("that finds a dead pause process says which command helps, and it does help", async () => {
    // Podman as it is without the test's configuration, which names another place for the process's number.
    const environment = { PATH: process.env["PATH"], HOME: directory, XDG_RUNTIME_DIR: directory };
    const pauseFile = join(directory, "libpod", "tmp", "pause.pid");
    await mkdir(dirname(pauseFile), { recursive: true });
    const { pid } = execa("true");
    await until("its end", async () => pid !== undefined && !(await isThere(`/proc/${pid}`)));
    await writeFile(pauseFile, String(pid));
    service = newService({ environment });
    const failure = await service.start().catch((error: unknown) => error as AgentdError);
    expect(failure).toMatchObject({
      code: "engine_unavailable",
      next: expect.stringMatching(/^Run `.*podman system migrate` as this user, then try again\.$/),
    });
    const [, command = ""] = /`(.*)`/.exec(failure?.next ?? "") ?? [];
    await execa("sh", ["-c", command], { env: environment, extendEnv: false });
    service = newService({ environment });
    await service.start();
    await service.stop();
    const pause = await readFile(pauseFile, "utf8").catch(() => "");
    if (pause !== "") process.kill(Number(pause), "SIGKILL");
  });

  it("says that it does not run, and when it does again", async () => {
    const told: (string | undefined)[] = [];
    service = newService({ onHealth: (why) => void told.push(why) });
    await service.start();
    expect(told).toEqual([undefined]);
    process.kill(-(await running(service)).pid, "SIGKILL");
    await until("the next one", () => told.length === 3);
    expect(told).toEqual([undefined, expect.any(String), undefined]);
    await service.stop();
    expect(told).toHaveLength(3);
  });

  it("gets nothing from the environment but what is allowed", async () => {
    service = newService({
      environment: {
        ...process.env,
        API_TOKEN: "secret",
        NOTIFY_SOCKET: "/run/notify",
        HTTPS_PROXY: "http://proxy",
      },
    });
    await service.start();
    const { pid } = await running(service);
    const variables = (await readFile(`/proc/${pid}/environ`, "utf8"))
      .split("\0")
      .filter((text) => text !== "");
    const names = variables.map((text) => text.slice(0, text.indexOf("=")));
    // Podman marks itself when it enters its user namespace.
    const allowed = new Set<string>(SERVICE_ENVIRONMENT);
    const strange = names.filter((name) => !name.startsWith("_") && !allowed.has(name));
    expect(strange).toEqual([]);
    expect(variables).toContain("HTTPS_PROXY=http://proxy");
  });

  it("is started again when it is killed, and requests go on", async () => {
    await service.start();
    const http = new EngineHttp(service);
    for (let times = 0; times < 3; times++) {
      const { pid } = await running(service);
      process.kill(pid, "SIGKILL");
      expect((await http.call(PING)).status).toBe(200);
    }
    http.close();
  });

  it("is replaced when it hangs", async () => {
    await service.start();
    const hanging = await running(service);
    // The whole group: the very first service of a user is two processes.
    process.kill(-hanging.pid, "SIGSTOP");
    // Until one of its threads has taken the signal, the others go on serving.
    await until("a stopped service", async () => {
      const states = await Promise.all(
        (await processesWith(service.socketPath)).map((pid) => readProcFile(pid, "status")),
      );
      return states.every((status) => /^State:\s+T/m.test(status ?? ""));
    });
    const http = new EngineHttp(service);
    await expect(http.call({ ...PING, deadlineMs: 200 })).rejects.toMatchObject({ code: "engine_timeout" });
    expect((await http.call(PING)).status).toBe(200);
    expect(await isAlive(hanging)).toBe(false);
    http.close();
  });

  it("of a dead daemon is ended by the next one", async () => {
    const leftover = execa("podman", ["system", "service", "--time=0", `unix://${service.socketPath}`], {
      detached: true,
      reject: false,
    });
    await until("an answer", () => ping(service.socketPath, 1_000));
    const identity = await identifyProcess(leftover.pid ?? 0);
    await writeFile(join(directory, "service.json"), JSON.stringify(identity));
    await service.start();
    expect(await leftover).toMatchObject({ exitCode: 0 });
    expect(await ping(service.socketPath, 1_000)).toBe(true);
  });

  it("is not mistaken for a process that merely has the pid of a dead one", async () => {
    const self = await identifyProcess(process.pid);
    await writeFile(join(directory, "service.json"), JSON.stringify(self));
    await service.start();
    expect((await running(service)).pid).not.toBe(process.pid);
  });

  it("that does not start is an error with Podman's words", async () => {
    service = newService({
      environment: { ...process.env, CONTAINERS_STORAGE_CONF: "/nowhere/storage.conf" },
    });
    await expect(service.start()).rejects.toThrow("/nowhere/storage.conf");
  });

  it("that is not installed is an error that names the program", async () => {
    service = newService({ podman: "no-such-podman" });
    await expect(service.start()).rejects.toThrow(/no-such-podman/);
  });
});

describe("a service that somebody else runs", () => {
  it("is used, and left alone", async () => {
    await service.start();
    const external = new ExternalService(service.socketPath);
    await external.start();
    await external.stop();
    expect(await isAlive(await running(service))).toBe(true);
  });

  it("must answer", async () => {
    const external = new ExternalService(join(directory, "nobody.sock"));
    await expect(external.start()).rejects.toMatchObject({ code: "engine_unavailable" });
  });
});
