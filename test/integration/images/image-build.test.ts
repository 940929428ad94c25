import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { containersEnvironment } from "../../kit/containers-environment.mjs";
import { ensureBusyboxImage } from "../../kit/images.mjs";
import { page, sections, tableRows } from "../../kit/markdown.ts";
import { type NpmRegistry, startNpmRegistry } from "../../kit/npm-registry.mjs";

const AGENTD = join(import.meta.dirname, "..", "..", "..", "bin", "agentd");
const AGENT = "test-robot";
const IMAGE = `localhost/agentd/${AGENT}`;
const SCRIPT = '#!/bin/sh\necho "robot as $(id -u)"\n';
const podman = execa({ env: containersEnvironment().variables });

let base: string;
let home: string;
let registry: NpmRegistry;

beforeAll(async () => {
  base = await ensureBusyboxImage(containersEnvironment(), { name: "busybox" });
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "agentd-image-"));
  await mkdir(join(home, "registry"));
  registry = await startNpmRegistry(join(home, "registry"));
  await registry.publish("robot", "1.0.0", SCRIPT);
});
afterEach(async () => {
  await registry.close();
  await rm(home, { recursive: true });
});
afterAll(async () => {
  const { stdout } = await podman`podman images --quiet --no-trunc ${IMAGE}`;
  for (const id of new Set(stdout.split("\n").filter(Boolean))) await podman`podman rmi --force ${id}`;
});

async function define(image: string): Promise<void> {
  const directory = join(home, ".config/agentd/agents");
  await mkdir(directory, { recursive: true });
  await writeFile(
    join(directory, `${AGENT}.toml`),
    `description = "Robot"\n[profile]\ncommand = ["robot"]\n[image]\n${image}\n`,
  );
}

function options() {
  return {
    reject: false,
    extendEnv: false,
    env: {
      ...containersEnvironment().variables,
      PATH: process.env["PATH"] ?? "",
      HOME: home,
      npm_config_registry: registry.url,
      OPENAI_API_KEY: "sk-secret",
    },
  } as const;
}

async function agentd(...args: string[]) {
  return await execa(AGENTD, args, options());
}

const fieldsOf = (heading: string) =>
  tableRows(sections(page("json.md"), 2).get(heading) ?? "").map(([field]) => field);

describe("agentd image build", () => {
  it("makes an image in which the agent starts as a session does, and writes down what it is", async () => {
    await define('npm = "robot@1.0.0"\ncheck = ["robot"]');
    const { exitCode, stdout, stderr } = await agentd("image", "build", AGENT, "--from", base, "--json");
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stderr.split("\n")).toEqual([
      "agentd: downloading robot@1.0.0 with npm",
      `agentd: building ${IMAGE}:latest`,
    ]);
    const built = JSON.parse(stdout) as Record<string, unknown>;
    expect(Object.keys(built)).toEqual(fieldsOf("An image that was built"));
    expect(built).toMatchObject({ agent: AGENT, version: "1.0.0", image: `${IMAGE}:latest`, is_new: true });
    expect(built["digest"]).toMatch(/^sha256:[0-9a-f]{64}$/);
    const ran = await podman`podman run --rm --network=none --user=39000 ${IMAGE}:1.0.0 robot`;
    expect(ran.stdout).toBe("robot as 39000");
    const [line] = (await readFile(join(home, ".local/state/agentd/images.jsonl"), "utf8")).split("\n");
    expect(JSON.parse(line!)).toMatchObject({
      agent: AGENT,
      digest: built["digest"],
      npm: ["robot@1.0.0"],
      base,
    });
    expect(await readdir(join(home, ".cache/agentd/images"))).toEqual([]);
    expect((await stat(join(home, ".local/state/agentd"))).mode & 0o777).toBe(0o700);
  });

  it("runs no script of a package on the host, and makes everything readable whatever the umask", async () => {
    const trace = join(home, "ran");
    const script = "#!/bin/sh\nexec cat /usr/local/lib/node_modules/robot/data.txt\n";
    await registry.publish("robot", "1.2.0", script, { postinstall: `touch '${trace}'` });
    await define('npm = "robot@1.2.0"\ncheck = ["robot"]');
    const build = [AGENTD, "image", "build", AGENT, "--from", base];
    const { exitCode, stderr } = await execa("sh", ["-c", 'umask 077; exec "$@"', "sh", ...build], options());
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect((await podman`podman run --rm --user=39000 ${IMAGE}:1.2.0 robot`).stdout).toBe("data of robot");
    await expect(stat(trace)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("builds nothing twice, until the recipe or its options change", async () => {
    await define('npm = "robot@1.0.0"\ncheck = ["robot"]');
    const build = async (...options: string[]) => {
      const { stdout } = await agentd("image", "build", AGENT, "--from", base, "--json", ...options);
      return JSON.parse(stdout) as { is_new: boolean; version: string };
    };
    await build();
    expect(await build()).toMatchObject({ is_new: false });
    await define('npm = "robot@1.0.0"');
    expect(await build()).toMatchObject({ is_new: true });
  });

  it("takes the newest version with --update", async () => {
    await define('npm = "robot@1.0.0"');
    await registry.publish("robot", "1.1.0", SCRIPT);
    await agentd("image", "build", AGENT, "--from", base);
    const { stdout } = await agentd("image", "build", AGENT, "--from", base, "--update", "--json");
    expect(JSON.parse(stdout)).toMatchObject({ version: "1.1.0", is_new: true });
    expect((await podman`podman image inspect --format {{.RepoTags}} ${IMAGE}:latest`).stdout).toContain(
      `${IMAGE}:1.1.0`,
    );
  });

  it("leaves the image of before where the new one does not start", async () => {
    await define('npm = "robot@1.0.0"\ncheck = ["robot"]');
    await agentd("image", "build", AGENT, "--from", base);
    const before = await podman`podman image inspect --format {{.Id}} ${IMAGE}:latest`;
    await registry.publish("robot", "2.0.0", "#!/bin/sh\necho 'no libraries' >&2\nexit 7\n");
    await define('npm = "robot@2.0.0"\ncheck = ["robot"]');
    const { exitCode, stderr } = await agentd("image", "build", AGENT, "--from", base);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(`start ${AGENT} in its new image (robot): podman failed (7):\n  no libraries`);
    expect((await podman`podman image inspect --format {{.Id}} ${IMAGE}:latest`).stdout).toBe(before.stdout);
  });

  it("links a program that no package installs, and refuses a link to nothing", async () => {
    await define('npm = "robot@1.0.0"\nlinks = { droid = "robot/run.sh" }\ncheck = ["droid"]');
    expect((await agentd("image", "build", AGENT, "--from", base)).exitCode).toBe(0);
    await define('npm = "robot@1.0.0"\nlinks = { droid = "robot/gone.sh" }');
    const { stderr } = await agentd("image", "build", AGENT, "--from", base);
    expect(stderr).toContain("the downloaded packages have no file robot/gone.sh");
  });

  it("quotes npm where a package does not exist", async () => {
    await define('npm = "robot@9.9.9"');
    const { exitCode, stderr } = await agentd("image", "build", AGENT, "--from", base);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("cannot download robot@9.9.9: npm failed (1):");
    expect(stderr).toContain("No matching version found for robot@9.9.9");
  });

  it("says how to install a program that is missing", async () => {
    await define('npm = "robot@1.0.0"');
    const { exitCode, stderr } = await execa(process.execPath, [AGENTD, "image", "build", AGENT], {
      reject: false,
      extendEnv: false,
      env: { PATH: home, HOME: home },
    });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("there is no program podman on this host [image_build_failed]");
    expect(stderr).toContain("sudo apt-get install podman");
  });

  it("gives no program the operator's other variables", async () => {
    await define('npm = "robot@1.0.0"');
    const seen = join(home, "seen");
    await mkdir(join(home, "bin"));
    await writeFile(join(home, "bin/npm"), `#!/bin/sh\nenv >"${seen}"\nexit 1\n`, { mode: 0o755 });
    const { env, ...rest } = options();
    const path = `${join(home, "bin")}:${env.PATH}`;
    await execa(AGENTD, ["image", "build", AGENT, "--from", base], { ...rest, env: { ...env, PATH: path } });
    const names = (await readFile(seen, "utf8")).split("\n").map((line) => line.split("=")[0]);
    expect(names).toContain("npm_config_registry");
    expect(names).not.toContain("OPENAI_API_KEY");
  });

  it.each([
    [["image", "build", "nobody"], "unknown_agent"],
    [["image", "build", AGENT, "--from", "x", "--suite", "sid"], "usage"],
  ])("refuses %j", async (args, code) => {
    await define('npm = "robot@1.0.0"');
    expect((await agentd(...args)).stderr).toContain(`[${code}]`);
  });
});
