/** @typedef {import("@iarna/toml").JsonMap} JsonMap */

const VARIABLE = "AGENTD_TEST_WARM";

/**
 * The configuration of a daemon with `daemon.warm` from the environment of the tests, where it does not say that itself: so all tests
 * can run with containers that wait, and without.
 *
 * @param {JsonMap} config
 * @returns {JsonMap}
 */
export function withWarm(config) {
  const warm = process.env[VARIABLE] ?? "";
  if (warm === "") return config;
  if (warm !== "auto" && warm !== "off") throw new Error(`${VARIABLE} is auto or off, and not ${warm}`);
  const written = /** @type {JsonMap | undefined} */ (config["daemon"]);
  return { ...config, daemon: { warm, ...written } };
}
