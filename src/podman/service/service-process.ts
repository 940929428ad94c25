/**
 * The Podman service that the daemon owns.
 *
 * When it dies, nothing is lost: containers belong to conmon. A service that a dead daemon has left is ended first: a
 * second one silently takes over a live socket path, and the first would run on without clients for ever.
 */
import { basename } from "node:path";
import type { Environment } from "../../environment.ts";
import { AgentdError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import type { ProcessIdentity } from "../../process-identity.ts";
import { SupervisedProgram, type SupervisedProgramOptions } from "../../programs/supervised-program.ts";
import { type EngineService, ping } from "./engine-service.ts";
import { namespaceAdvice } from "./namespace-advice.ts";
import { serviceEnvironment } from "./service-environment.ts";

export interface ServiceProcessOptions {
  /** Where the service listens; its directory exists and is private to the user. */
  readonly socketPath: string;
  /** The file that names the running service for the next daemon; in the runtime directory, so that a boot clears it. */
  readonly recordPath: string;
  /** The daemon's environment; only allowed names are passed on. */
  readonly environment: Environment;
  /** The program; default `podman`, found on PATH. */
  readonly podman?: string | undefined;
  /** See `SupervisedProgramOptions`. */
  readonly onHealth?: SupervisedProgramOptions["onHealth"];
  readonly log: Logger;
}

export class ServiceProcess implements EngineService {
  readonly socketPath: string;
  readonly #program: SupervisedProgram;

  constructor({
    socketPath,
    recordPath,
    environment,
    podman = "podman",
    onHealth,
    log,
  }: ServiceProcessOptions) {
    const address = `unix://${socketPath}`;
    this.socketPath = socketPath;
    this.#program = new SupervisedProgram({
      name: "Podman service",
      argv: [podman, "system", "service", "--time=0", address],
      environment: serviceEnvironment(environment),
      socketPath,
      recordPath,
      isIt: ([program = "", ...args]) => basename(program) === "podman" && args.includes(address),
      answers: (deadlineMs) => ping(socketPath, deadlineMs),
      unavailable: (why) => this.#unavailable(why),
      onHealth,
      log,
    });
  }

  /** The running service; undefined between two of them. */
  get process(): ProcessIdentity | undefined {
    return this.#program.process;
  }

  async start(): Promise<void> {
    await this.#program.start();
  }

  async available(signal: AbortSignal): Promise<void> {
    await this.#program.available(signal);
  }

  suspect(): void {
    this.#program.suspect();
  }

  lastWords(): string {
    return this.#program.lastWords();
  }

  async stop(): Promise<void> {
    await this.#program.stop();
  }

  #unavailable(why: string): AgentdError {
    const said = this.lastWords();
    return new AgentdError("engine_unavailable", {
      tried: "run the Podman service",
      why: said === "" ? why : `${why}: ${said}`,
      next:
        namespaceAdvice(said) ??
        "Check that podman 4.3 or newer is installed and that `podman info` works for this user.",
    });
  }
}
