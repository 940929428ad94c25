/**
 * What the quickstart leaves a person with: commands that lead to a first session with a configuration of their own.
 *
 * @param {object} place
 * @param {string} place.user Who ran the quickstart, which root has others do.
 * @param {string} place.checkout
 * @param {string} place.home
 * @param {string | undefined} place.runtimeDirectory `XDG_RUNTIME_DIR`, which a login without systemd does not set.
 * @param {string} place.node Directory of Node.js, which a login's PATH may not have.
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
The profile hello pulls an image from docker.io and clones from github.com; write your own beside it, then: bin/agentd reload
Where systemd runs, bin/agentd service install makes the daemon a service instead of "bin/agentd daemon".`;
}
