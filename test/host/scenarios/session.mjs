import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../guest/command.mjs";
import { scenario } from "../guest/scenario.mjs";

export const session = scenario(
  "session",
  "a session through the user service runs and is recorded",
  async (operator) => {
    await operator.serve({
      name: "worker",
      script: 'cat README; echo "as $(id -un)"; echo made >.runa/made',
    });
    assert.equal(await operator.unitProperty("ActiveState"), "active");

    const { code, stdout } = await operator.agentd("run", "worker", "--work-unit", "issue-1");
    assert.equal(code, 0);
    assert.equal(stdout, "a repository to work on\nas worker\n");

    const [sealed] = await operator.agentdJson("ps", "--all");
    assert.equal(sealed.outcome, "success");
    assert.equal(sealed.state, "sealed");
    assert.equal(await readFile(join(sealed.record, "runa", "made"), "utf8"), "made\n");
    await run(["sh", "-c", 'cd "$1" && sha256sum --quiet -c SHA256SUMS', "sh", sealed.record]);
    const containers = (await run(["podman", "ps", "--all", "--format", "{{.Names}}"])).split("\n");
    // But the one that waits for the next session.
    assert.deepEqual(
      containers.filter((name) => name !== "" && !/-warm-[0-9a-f]+$/.test(name)),
      [],
      "no container is left",
    );
  },
);
