/** Sessions that have ended and stay on this host: their containers, their files, and containers to look into them. */
import { randomBytes } from "node:crypto";
import { homeVolume } from "../podman/containers/container-spec.ts";
import { ReleaseStack } from "../release-stack.ts";
import type { KeptJob, KeptJobs } from "../sessions/port/kept-job.ts";
import { containerName, enteredRequest } from "./container-request.ts";
import { variablesOfRun } from "./handed-over.ts";
import type { LocalParts } from "./parts.ts";

export class KeptOnThisHost implements KeptJobs {
  readonly #parts: LocalParts;

  constructor(parts: LocalParts) {
    this.#parts = parts;
  }

  async hasEnded(sessionId: string): Promise<boolean> {
    return await this.#parts.engine.kept.hasEnded(this.#nameOf(sessionId));
  }

  async keep(
    { sessionId, runaDirectory }: { readonly sessionId: string; readonly runaDirectory: string },
    options: { readonly signal: AbortSignal },
  ): Promise<number> {
    await this.#parts.workspaces.keepFiles(sessionId, runaDirectory, options);
    return await this.keptBytes(sessionId);
  }

  async keptBytes(sessionId: string): Promise<number> {
    const { engine, workspaces } = this.#parts;
    const name = this.#nameOf(sessionId);
    const volume = await engine.homeDirectory(name);
    const { directory } = workspaces.keptDirectories(sessionId);
    return await engine.kept.bytes(name, [directory, ...(volume === undefined ? [] : [volume])]);
  }

  async enter(kept: KeptJob): Promise<string> {
    const { instance, engine, workspaces, hostPaths, network, runOfRecord, failpoints } = this.#parts;
    const { sessionId, profile } = kept;
    const name = this.#nameOf(sessionId);
    const { methodologyDir } = profile;
    const methodology = methodologyDir && (await hostPaths.methodology(methodologyDir)).directory;
    const mounts = await Promise.all(
      profile.mounts.map(async (mount) => ({ ...mount, source: await hostPaths.mountSource(mount) })),
    );
    const request = enteredRequest({
      ...{ instance, kept, declared: { methodology, mounts } },
      env: Object.fromEntries(await variablesOfRun({ sessionId, ...(await runOfRecord(kept.directory)) })),
      number: randomBytes(4).toString("hex"),
      directories: workspaces.keptDirectories(sessionId),
      homeVolume: (await engine.homeDirectory(name)) === undefined ? undefined : homeVolume(name),
    });
    // What leads to a gateway, which this container does not have.
    const without = new Set(profile.network === "allowlist" ? Object.keys(network.environment) : []);
    const id = await engine.kept.create(name, request, without);
    try {
      await failpoints.reach("enter_created");
      await engine.kept.start(id);
      // It checks the filter of system calls, too.
      await engine.startContainer(id, undefined, profile.seccompProfile === undefined ? "agentd" : "own");
      await failpoints.reach("entered");
      return id;
    } catch (error) {
      await this.leave(sessionId, id);
      throw error;
    }
  }

  async leave(sessionId: string, ref: string): Promise<void> {
    const { engine } = this.#parts;
    await engine.removeContainer(ref);
    await engine.kept.unmount(this.#nameOf(sessionId));
  }

  async removeKept(sessionId: string): Promise<void> {
    const { engine, workspaces } = this.#parts;
    const name = this.#nameOf(sessionId);
    const releases = new ReleaseStack();
    releases.defer("staging directory", () => workspaces.remove(sessionId));
    releases.defer("home volume", () => engine.removeVolume(homeVolume(name)));
    releases.defer("container", () => engine.removeContainer(name));
    await releases.release();
  }

  #nameOf(sessionId: string): string {
    return containerName(this.#parts.instance, sessionId);
  }
}
