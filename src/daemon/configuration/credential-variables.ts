/** The variables that profiles name as sources of credentials: those of the daemon's environment, and a file's. */
import { readCredentialsFile } from "../../credentials/credentials-file.ts";
import type { Environment } from "../../environment.ts";

type Variables = Readonly<Record<string, string>>;

/** The variables in use. Each resolution of a credential asks here. */
export class CredentialVariables {
  /** Absolute path of the file; it need not exist. */
  readonly file: string;
  readonly #uid: number;
  readonly #environment: Environment;
  #written: Variables;

  private constructor(file: string, uid: number, environment: Environment, written: Variables) {
    this.file = file;
    this.#uid = uid;
    this.#written = written;
    // A service manager may have put the file's variables into the environment: these are to go when the file loses them.
    const isOwn = ([name, value]: [string, string | undefined]): boolean => written[name] !== value;
    this.#environment = Object.fromEntries(Object.entries(environment).filter(isOwn));
  }

  /**
   * Reads the file for the first time.
   *
   * @param environment the daemon's own.
   * @throws AgentdError as `readCredentialsFile` does.
   */
  static async load(file: string, uid: number, environment: Environment): Promise<CredentialVariables> {
    return new CredentialVariables(file, uid, environment, await readCredentialsFile(file, uid));
  }

  /** All of them; the file comes before the environment. */
  get current(): Environment {
    return { ...this.#environment, ...this.#written };
  }

  /**
   * Reads the file again. The new values count once the returned function is called, which returns the names of the
   * variables that were added, changed or removed.
   *
   * @throws AgentdError as `readCredentialsFile` does.
   */
  async readAgain(): Promise<() => string[]> {
    const written = await readCredentialsFile(this.file, this.#uid);
    return () => {
      const before = this.current;
      this.#written = written;
      const after = this.current;
      const names = new Set([...Object.keys(before), ...Object.keys(after)]);
      return [...names].filter((name) => before[name] !== after[name]).sort();
    };
  }
}
