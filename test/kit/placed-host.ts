/** A daemon whose sessions run on the nodes of a real Slurm, which are all this host, with agentd and Podman on each. */
import { chmod, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { JsonMap } from "@iarna/toml";
import { execa } from "execa";
import { expect } from "vitest";
import { instanceId } from "../../src/config/instance-id.ts";
import { AGENTD, createSandbox, type Sandbox } from "./agentd.mjs";
import type { Daemon } from "./daemon.mjs";
import { freePort } from "./free-ports.mjs";
import { BUSYBOX, ensureBusyboxImage } from "./images.mjs";
import { removeContainersOf } from "./podman.mjs";
import { processesWith, sendSignal } from "./processes.mjs";
import { type Slurm, startSlurm } from "./slurm.mjs";
import { until } from "./until.mjs";

/** In credentials.env of the daemon, and in sessions that name it. */
export const CREDENTIAL = "canary-of-a-placed-credential-3c9e";

/** A script that says that it has begun, once for each start of a command, and waits for a file in its `.runa`. */
export const WAITS = "echo begun; until [ -e .runa/go ]; do sleep 0.1; done; echo ended";

/** A session as `show --json` has it, as far as tests look. */
export interface Shown {
  readonly session_id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly outcome: string | null;
  readonly exit_code: number | null;
  readonly stage: string | null;
  readonly cause: string | null;
  readonly record: string;
  readonly start_timestamp: string | null;
  readonly warnings: readonly string[];
  readonly work: object | null;
  readonly placement: Readonly<Record<string, string | null>> | null;
}

export class PlacedHost {
  readonly slurm: Slurm;
  readonly sandbox: Sandbox;
  /** Where sessions have their state, by node. */
  readonly nodesDirectory: string;
  /** Where nodes reach the daemon. */
  readonly address: string;
  readonly #image: string;
  #daemon: Daemon | undefined;

  private constructor(slurm: Slurm, sandbox: Sandbox, address: string, image: string) {
    this.slurm = slurm;
    this.sandbox = sandbox;
    this.nodesDirectory = join(slurm.directory, "nodes");
    this.address = address;
    this.#image = image;
  }

  /** @param settings lines of slurm.conf. */
  static async start(settings: readonly string[] = ["MessageTimeout=2"]): Promise<PlacedHost> {
    const sandbox = await createSandbox();
    const slurm = await startSlurm({ settings });
    const image = await ensureBusyboxImage(sandbox.containers, BUSYBOX);
    const host = new PlacedHost(slurm, sandbox, `127.0.0.1:${await freePort()}`, image);
    await mkdir(join(slurm.directory, "bin"));
    await mkdir(host.nodesDirectory);
    await host.setNodeVariables({});
    sandbox.env["SLURM_CONF"] = slurm.configFile;
    sandbox.env["PATH"] = slurm.variables.PATH;
    await mkdir(join(sandbox.directory, "config", "agentd"), { recursive: true });
    const credentials = join(sandbox.directory, "config", "agentd", "credentials.env");
    await writeFile(credentials, `PLACED_KEY=${CREDENTIAL}\n`, { mode: 0o600 });
    return host;
  }

  /** What agentd has in its environment on nodes, besides what it needs there; for jobs that start from now on. */
  async setNodeVariables(variables: Readonly<Record<string, string>>): Promise<void> {
    const { variables: podman } = this.sandbox.containers;
    const words = Object.entries({ ...podman, AGENTD_LOG: "debug", ...variables }).map(
      ([name, value]) => `${name}='${value}'`,
    );
    const script = `#!/bin/sh\nexec env HOME='${this.sandbox.directory}/home' ${words.join(" ")} ${process.execPath} ${AGENTD} "$@"\n`;
    const path = join(this.slurm.directory, "bin", "agentd");
    await rm(path, { force: true });
    await writeFile(path, script);
    await chmod(path, 0o755);
  }

  /** The configuration of the daemon. @param profile keys besides the usual ones. */
  async configure(profile: JsonMap = {}, placement: JsonMap = {}, others: JsonMap[] = []): Promise<void> {
    await this.sandbox.writeConfig({
      placement: {
        ...{ engine: "slurm", listen: this.address, address: this.address, partition: "main" },
        node_path: `${join(this.slurm.directory, "bin")}:/usr/bin:/bin`,
        node_directory: this.nodesDirectory,
        ...placement,
      },
      profiles: [
        {
          ...{ name: "placed", base_image: this.#image, workspace: "empty", network: "none" },
          ...{ placement: "slurm", command: ["/bin/sh", "-c", "$AGENTD_REQUEST"], grace: "3s" },
          credentials: [{ name: "KEY", source: "PLACED_KEY" }],
          ...profile,
        },
        ...others,
      ],
    });
  }

  get daemon(): Daemon {
    if (this.#daemon === undefined) throw new Error("no daemon was started");
    return this.#daemon;
  }

  async startDaemon(env: Readonly<Record<string, string>> = {}): Promise<Daemon> {
    this.#daemon = await this.sandbox.startDaemon({ env });
    return this.#daemon;
  }

  /** Ends the daemon that was started last, where one was. */
  async endDaemon(): Promise<void> {
    await this.#daemon?.end();
  }

  /** Kills the daemon and its channel: the head is away. */
  async killChannel(): Promise<void> {
    const { instance } = this.daemon;
    const note = join(this.sandbox.runtimeDirectory(instance ?? ""), "channel.json");
    const { pid } = JSON.parse(await readFile(note, "utf8")) as { pid: number };
    await this.daemon.kill();
    process.kill(pid, "SIGKILL");
  }

  /** Starts a session that runs a script, and gives its id. */
  async run(script: string, args: readonly string[] = []): Promise<string> {
    const { stdout, stderr, exitCode } = await this.sandbox.run([
      ...["run", "placed", "--detach", "--request", script, ...args],
    ]);
    const id = /[0-9a-f]{16}/.exec(stdout.toString())?.[0];
    if (id === undefined) throw new Error(`agentd run exited ${exitCode}: ${stdout.toString()}${stderr}`);
    return id;
  }

  async show(id: string): Promise<Shown> {
    return (await this.sandbox.runJson(["show", id, "--json"])) as Shown;
  }

  /** Waits until the session is sealed; Slurm's nodes are resumed meanwhile, as an administrator would. */
  async sealed(id: string): Promise<Shown> {
    return await until(`the seal of ${id}`, async () => {
      await this.slurm.resumeNodes();
      const shown = await this.show(id);
      return shown.state === "sealed" && shown;
    });
  }

  /** What it has printed so far, without the engine's words. */
  async printed(id: string): Promise<string> {
    return (await this.sandbox.run(["logs", id])).stdout.toString();
  }

  /** Waits for a text in its output. */
  async prints(id: string, text: string): Promise<void> {
    await until(`${text} in the log of ${id}`, async () => (await this.printed(id)).includes(text));
  }

  /** Lets a session that `WAITS` go on, on its node. */
  async letGo(id: string): Promise<void> {
    await writeFile(join(await this.stateOf(id), "records", "placed", id, "runa", "go"), "");
  }

  /** Where a session has its state on its node. */
  async stateOf(id: string): Promise<string> {
    const state = (await this.leftOnNodes()).find((path) => path.endsWith(id));
    if (state === undefined) throw new Error(`there is nothing of ${id} on a node`);
    return state;
  }

  /** The processes of runners of a session. */
  async runnersOf(id: string): Promise<number[]> {
    return await processesWith("exec-one", id);
  }

  async killRunners(id: string): Promise<void> {
    const pids = await this.runnersOf(id);
    expect(pids).not.toEqual([]);
    for (const pid of pids) sendSignal(pid, "SIGKILL");
  }

  /** Removes what a session has below /run on its node, as a start of the machine does. */
  async removeRuntimeOf(id: string): Promise<void> {
    const runtime = this.sandbox.runtimeDirectory(instanceId(await this.stateOf(id)));
    await rm(runtime, { recursive: true, force: true });
  }

  /** Changes what the head has written down of a placed session. While neither daemon nor channel runs. */
  async changePlaced(id: string, change: (kept: JsonMap) => JsonMap): Promise<void> {
    const { stdout } = await execa("find", [
      join(this.sandbox.directory, "state"),
      "-path",
      `*/channel/sessions/${id}.json`,
    ]);
    const kept = JSON.parse(await readFile(stdout, "utf8")) as JsonMap;
    await writeFile(stdout, JSON.stringify(change(kept)));
  }

  /** Ids, states, nodes and names of the jobs that Slurm knows of a session; a line each. */
  async jobsOf(id: string): Promise<string[]> {
    const { stdout } = await this.slurm.run("squeue", ["--states=all", "--noheader", "--format=%i %T %N %j"]);
    return stdout.split("\n").filter((line) => line.includes(id));
  }

  /** Slurm's number of the only job of a session. */
  async jobOf(id: string): Promise<string> {
    const jobs = await this.jobsOf(id);
    expect(jobs).toHaveLength(1);
    return jobs[0]?.split(" ")[0] ?? "";
  }

  async verified(id: string): Promise<void> {
    const { stdout, exitCode } = await this.sandbox.run(["audit", "verify", id]);
    expect(stdout.toString()).toContain("verified");
    expect(exitCode).toBe(0);
  }

  /** It has run once, and well. */
  async ranOnce(id: string, printed = "begun\nended"): Promise<Shown> {
    const shown = await this.sealed(id);
    expect(shown).toMatchObject({ outcome: "success", exit_code: 0, cause: null });
    expect(await this.printed(id)).toBe(printed);
    await this.verified(id);
    // Nothing stays on the node.
    await until("an empty node", async () => !(await this.leftOnNodes()).some((path) => path.endsWith(id)));
    return shown;
  }

  /** The logs of runners that are still there, for a test that fails. */
  async story(): Promise<string> {
    const texts: string[] = [];
    for (const node of await readdir(this.nodesDirectory)) {
      const sessions = join(this.nodesDirectory, node, "sessions");
      for (const id of await readdir(sessions).catch(() => []))
        texts.push(node, id, await readFile(join(sessions, id, "runner.log"), "utf8").catch(() => "no log"));
    }
    const queue = await this.slurm.run("squeue", ["--states=all", "--format=%j %T %r %N"]);
    return [...texts, queue.stdout, this.#daemon?.log ?? ""].join("\n");
  }

  /** Directories of sessions on nodes that are still there. */
  async leftOnNodes(): Promise<string[]> {
    const nodes = await readdir(this.nodesDirectory);
    const found = await Promise.all(
      nodes.map(async (node) => {
        const below = join(this.nodesDirectory, node, "sessions");
        return (await readdir(below).catch(() => [])).map((id) => join(below, id));
      }),
    );
    return found.flat();
  }

  async close(): Promise<void> {
    for (const state of await this.leftOnNodes())
      await removeContainersOf(this.sandbox.containers, instanceId(state));
    await this.sandbox.endDaemons();
    await this.slurm.close();
    await this.sandbox.close();
  }
}
