import assert from "node:assert/strict";
import { access } from "node:fs/promises";
import { until } from "../../kit/until.mjs";
import { run, shell } from "../guest/command.mjs";
import { IMAGE } from "../guest/operator.mjs";
import { scenario } from "../guest/scenario.mjs";

const SLOW_MS = 900_000;
const SSH = [
  "ssh",
  "-q",
  "-o",
  "StrictHostKeyChecking=no",
  "-o",
  "UserKnownHostsFile=/dev/null",
  "visitor@localhost",
];

/** What the visitor does at its first login: the operator's copy of agentd, an image, a repository, a profile. */
const PREPARE = `
  mkdir -p .local/bin .config/agentd
  ln -sf ../lib/node_modules/agentd/bin/agentd .local/bin/agentd
  podman import --quiet /srv/agentd-test/busybox.tar ${IMAGE} >/dev/null
  rm -rf repository && git init -q repository && cd repository
  git -c user.name=Visitor -c user.email=visitor@localhost commit -q --allow-empty -m first && cd ..
  cat >.config/agentd/agentd.toml <<END
[[profiles]]
name = "worker"
base_image = "${IMAGE}"
repo = "$HOME/repository"
command = ["sh", "-c", "echo ready; sleep 6000"]
END`;

/** Prints the session's id, and then what the installation and doctor said. */
const START_SESSION = `
  .local/bin/agentd service install >installed
  session=$(.local/bin/agentd run worker --detach)
  until .local/bin/agentd logs "$session" | grep -qx ready; do sleep 1; done
  .local/bin/agentd doctor >examined || true
  echo "$session"
  cat installed examined`;

/** One login, from its beginning to its end. @param {string} script */
function login(script) {
  return run([...SSH, "sh", "-eus"], { input: script });
}

export const logout = scenario(
  "logout",
  "a session of a user who does not linger is interrupted by the logout, as doctor predicts",
  async ({ packageDirectory }) => {
    await shell(
      `package=$1; shift
      tar -C "$(dirname "$package")" -cf - agentd |
        "$@" 'mkdir -p .local/lib/node_modules && tar -C .local/lib/node_modules -xf -'`,
      [packageDirectory, ...SSH],
    );
    const [id = "", ...said] = (await login(PREPARE + START_SESSION)).split("\n");
    assert.match(said.join("\n"), /lingering +off: .*`loginctl enable-linger 1001`/);
    assert.match(
      said.join("\n"),
      /visitor does not linger: the service and every session end at the last logout/,
    );

    await until("the end of the visitor's service manager", () => isGone("/run/user/1001"), {
      timeoutMs: SLOW_MS,
    });

    const document = await login(
      `systemctl --user start agentd; .local/bin/agentd wait ${id} --json || true`,
    );
    assert.equal(JSON.parse(document).outcome, "interrupted");
  },
);

/** @param {string} path */
function isGone(path) {
  return access(path).then(
    () => false,
    () => true,
  );
}
