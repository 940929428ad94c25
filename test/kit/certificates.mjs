/**
 * Certificates for servers on loopback.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";

/**
 * @typedef {object} Certificate
 * @property {string} key
 * @property {string} cert
 */

/**
 * Makes an authority of the test's own, and a certificate for 127.0.0.1 that it has signed.
 *
 * @param {string} directory Existing directory for the files.
 * @returns {Promise<{ certificate: Certificate, authorityFile: string }>}
 */
export async function makeCertificate(directory) {
  const [authorityFile, authorityKey] = [join(directory, "ca.pem"), join(directory, "ca.key")];
  const [cert, key] = [join(directory, "server.pem"), join(directory, "server.key")];
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  const request = ["req", "-x509", "-days", "2", ...newKey];
  await execa("openssl", [
    ...request,
    "-subj",
    "/CN=Test CA",
    "-keyout",
    authorityKey,
    "-out",
    authorityFile,
  ]);
  const signed = ["-CA", authorityFile, "-CAkey", authorityKey, "-addext", "subjectAltName=IP:127.0.0.1"];
  await execa("openssl", [...request, "-subj", "/CN=127.0.0.1", ...signed, "-keyout", key, "-out", cert]);
  return {
    certificate: { key: await readFile(key, "utf8"), cert: await readFile(cert, "utf8") },
    authorityFile,
  };
}
