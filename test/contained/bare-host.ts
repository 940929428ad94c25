/**
 * A host of the tests' own, without systemd: a container of Debian 13 with agentd installed from its package, a user, and
 * that user's own rootless Podman.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { pathExists } from "fs-extra";
import { containersEnvironment } from "../kit/containers-environment.mjs";
import { BUSYBOX, imageReference } from "../kit/images.mjs";
import { debianPackage, PACKAGES } from "./packages.ts";

const podman = execa({ env: containersEnvironment().variables, reject: false });

const UID = 1000;
/** The kit's image, under the name that it has for the user. */
const IMAGE = "localhost/demo";

/** What a login gives to the user's programs. */
const LOGIN = [
  "setpriv",
  ...[`--reuid=${UID}`, `--regid=${UID}`, "--init-groups", "env", "-i", "HOME=/home/agentd", "USER=agentd"],
  ...["PATH=/usr/bin:/bin", `XDG_RUNTIME_DIR=/run/user/${UID}`, "sh", "-c"],
];

/** What a command did. */
export interface Ended {
  readonly exitCode?: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export class BareHost {
  readonly #container: string;

  private constructor(container: string) {
    this.#container = container;
  }

  /**
   * Starts one, whose first process is runit's. Whoever starts it closes it.
   *
   * @param options `config`: the user's agentd.toml.
   */
  static async start({ config }: { readonly config: string }): Promise<BareHost> {
    const started = await podman("podman", [
      ...["run", "--detach", "--privileged", "--device=/dev/net/tun"],
      // Podman's storage does not work on another overlay.
      ...["--volume=/home/agentd", "--tmpfs=/run:rw,exec,mode=755", `--volume=${PACKAGES}:/packages:ro`],
      ...["--entrypoint=/usr/bin/runsvdir", imageReference({ name: "debian-host" }), "-P", "/etc/service"],
    ]);
    if (started.failed) throw new Error(`the host did not start: ${started.stderr}`);
    const host = new BareHost(started.stdout);
    try {
      await host.#setUp(config);
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  async #setUp(config: string): Promise<void> {
    await this.root(
      [
        `dpkg --install /packages/${await debianPackage()}`,
        `useradd --uid ${UID} --user-group --no-create-home --shell /bin/sh agentd`,
        "printf 'agentd:2000:60000\\n' | tee /etc/subuid >/etc/subgid",
        "mkdir -p /etc/sv /etc/service ~agentd/.config/agentd ~agentd/.config/containers",
      ].join(" && "),
    );
    await this.#write("~agentd/.config/agentd/agentd.toml", config);
    if (!(await pathExists("/sys/fs/cgroup/cgroup.controllers"))) {
      // crun refuses control groups of both versions.
      await this.#write("~agentd/.config/containers/containers.conf", '[engine]\nruntime = "runc"\n');
    }
    await this.root(
      `chown -R agentd:agentd ~agentd && install -d -m 0700 -o agentd -g agentd -D /run/user/${UID}`,
    );
    await this.#copyImage();
  }

  async #copyImage(): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), "agentd-bare-host-"));
    try {
      const file = join(directory, "image.tar");
      await podman("podman", ["save", "--quiet", `--output=${file}`, imageReference(BUSYBOX)]);
      await podman("podman", ["cp", file, `${this.#container}:/tmp/image.tar`]);
    } finally {
      await rm(directory, { recursive: true });
    }
    const load = `podman load --quiet --input /tmp/image.tar && podman tag ${imageReference(BUSYBOX)} ${IMAGE}`;
    await this.root("chmod 0644 /tmp/image.tar");
    const { exitCode, stderr } = await this.user(load);
    if (exitCode !== 0) throw new Error(`the host has no image: ${stderr}`);
  }

  async #write(path: string, content: string): Promise<void> {
    await podman("podman", ["exec", "--interactive", this.#container, "sh", "-c", `cat >${path}`], {
      input: content,
    });
  }

  /** Runs a script as root. @throws Error when it fails. */
  async root(script: string): Promise<Ended> {
    const ended = await this.tryAsRoot(script);
    if (ended.exitCode !== 0) throw new Error(`${script} failed: ${ended.stdout}${ended.stderr}`);
    return ended;
  }

  /** The same, with any exit code. */
  async tryAsRoot(script: string): Promise<Ended> {
    return await podman("podman", ["exec", this.#container, "sh", "-c", script]);
  }

  /** Runs a script as the user, with any exit code. */
  async user(script: string): Promise<Ended> {
    return await podman("podman", ["exec", this.#container, ...LOGIN, script]);
  }

  /** Ends everything in it and removes it. */
  async close(): Promise<void> {
    await podman("podman", ["rm", "--force", "--volumes", "--time=0", this.#container]);
  }
}
