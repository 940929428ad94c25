/**
 * The commands that the quickstart ends with: they lead to a first session with the user's own configuration.
 *
 * @param {object} place
 * @param {string} place.user Who ran the quickstart; as root, another user runs it.
 * @param {string} place.checkout
 * @param {string} place.home
 * @param {string | undefined} place.runtimeDirectory `XDG_RUNTIME_DIR`; a login without systemd does not set it.
 * @param {string} place.node Directory of Node.js; a login's PATH may not contain it.
 */
export function nextSteps({ user, checkout, home, runtimeDirectory, node }) {
  return `Next, as ${user} (as root: su - ${user}), type:
  export XDG_RUNTIME_DIR=${runtimeDirectory ?? "/run/user/$(id -u)"}
  export PATH=${node}:$PATH
  cd ${checkout}
  mkdir -p ${home}/.config/agentd
  cp -n examples/first.toml ${home}/.config/agentd/agentd.toml
  bin/agentd config check
  bin/agentd doctor
  bin/agentd daemon 2>${home}/agentd.log &
  until bin/agentd status >/dev/null 2>&1; do sleep 1; done
  bin/agentd run hello
  bin/agentd init --agent codex --repo https://github.com/octocat/Hello-World.git
The profile hello pulls an image from docker.io and clones from github.com. The last line prints a profile with a real
agent, and what to do next: add it with your own repository, then bin/agentd reload. docs/tutorial.md has every step.
With systemd, use bin/agentd service install instead of "bin/agentd daemon" to run the daemon as a service.`;
}
