/** How the daemon asks a program beside it: JSON-RPC 2.0, a message a line, on a socket that only the user can reach. */
import type * as z from "zod";
import type { AgentdError } from "../errors.ts";

/** Each method with its parameters and its result. */
export type ControlMethods = Readonly<
  Record<string, { readonly params: z.ZodType; readonly result: z.ZodType }>
>;

/** What one program can be asked. Among its methods is `hello`, which comes first and has the version in `protocol`. */
export interface ControlProtocol<M extends ControlMethods> {
  /** What it is called in messages: `gateway`. */
  readonly name: string;
  /** Raised with every change that an older daemon or program would not understand. */
  readonly version: number;
  readonly methods: M;
  /** Longest request. */
  readonly maxRequestBytes: number;
  /** The error of a program that gives no answer. */
  readonly unavailable: (method: string, why: string) => AgentdError;
}

export type ControlParamsOf<M extends ControlMethods, K extends keyof M> = z.infer<M[K]["params"]>;
export type ControlResultOf<M extends ControlMethods, K extends keyof M> = z.infer<M[K]["result"]>;

export type ControlHandlersOf<M extends ControlMethods> = {
  readonly [K in keyof M]: (params: ControlParamsOf<M, K>) => Promise<ControlResultOf<M, K>>;
};
