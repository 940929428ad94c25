/**
 * A Podman service that gives the answers of a script, for what a real one cannot be made to say.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EngineService } from "../../../src/podman/service/engine-service.ts";
import { EngineHttp } from "../../../src/podman/service/http.ts";

export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A whole reply. */
export function say(status: number, text: string): Answer {
  return (_, response) => response.writeHead(status).end(text);
}

export interface ScriptedService {
  readonly http: EngineHttp;
  /** The answers that are still to be given, in order; a request that finds none waits for ever. */
  readonly answers: Answer[];
  /** Method and address of each request. */
  readonly received: readonly string[];
  /** How often the service was suspected to have died. */
  suspected(): number;
  close(): Promise<void>;
}

export async function openScriptedService(): Promise<ScriptedService> {
  const directory = await mkdtemp(join(tmpdir(), "agentd-http-"));
  const socketPath = join(directory, "engine.sock");
  const answers: Answer[] = [];
  const received: string[] = [];
  let suspected = 0;
  const server = createServer((request, response) => {
    received.push(`${request.method} ${request.url}`);
    answers.shift()?.(request, response);
  });
  await new Promise<void>((listening) => server.listen(socketPath, listening));
  const service: EngineService = {
    socketPath,
    start: async () => undefined,
    available: async () => undefined,
    suspect: () => (suspected += 1),
    lastWords: () => "panic: oh no",
    stop: async () => undefined,
  };
  const http = new EngineHttp(service);
  return {
    http,
    answers,
    received,
    suspected: () => suspected,
    async close() {
      http.close();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await rm(directory, { recursive: true });
    },
  };
}
