/** One request to a provider. Whatever happens, its end is told once. */
import type { Dispatcher } from "undici";

export interface UpstreamRequest {
  /** The provider's `base_url` with the route's path behind it. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Cuts the request. */
  readonly signal: AbortSignal;
}

/** Who takes the answer. */
export interface AnswerSink {
  /** @param rawHeaders names and values in turn. @param resume to be called when there is room again. */
  start(status: number, rawHeaders: readonly string[], resume: () => void): void;
  /** @returns false: no more until `resume` is called. */
  data(chunk: Buffer): boolean;
}

export interface UpstreamEnd {
  /** Whether anything of the request may have reached the provider. */
  readonly wasSent: boolean;
  /** Whether the answer came to its end, as far as the connection can tell. */
  readonly isWhole: boolean;
  /** Why not; undefined where it did. */
  readonly error: Error | undefined;
}

const FIRST_FINAL_STATUS = 200;

/** Sends a request and returns when its answer has ended, in whichever way. Follows no redirect. */
export async function sendUpstream(
  dispatcher: Dispatcher,
  { url, headers, body, signal }: UpstreamRequest,
  sink: AnswerSink,
): Promise<UpstreamEnd> {
  return await new Promise((resolve) => {
    let wasSent = false;
    let cut: (() => void) | undefined;
    const end = (error: Error | undefined): void => {
      if (cut !== undefined) signal.removeEventListener("abort", cut);
      resolve({ wasSent, isWhole: error === undefined, error });
    };
    const options = {
      origin: url.origin,
      path: url.pathname + url.search,
      method: "POST" as const,
      headers,
      body,
    };
    dispatcher.dispatch(options, {
      onRequestStart(controller) {
        if (signal.aborted) {
          controller.abort(abortError(signal));
          return;
        }
        wasSent = true;
        cut = () => controller.abort(abortError(signal));
        signal.addEventListener("abort", cut, { once: true });
      },
      onResponseStart(controller, status) {
        // Early hints and the like come before the answer.
        if (status < FIRST_FINAL_STATUS) return;
        sink.start(status, rawHeadersOf(controller), () => controller.resume());
      },
      onResponseData(controller, chunk) {
        if (!sink.data(chunk)) controller.pause();
      },
      onResponseEnd: () => end(undefined),
      onResponseError: (_controller, error) => end(error),
    });
  });
}

function abortError(signal: AbortSignal): Error {
  return signal.reason instanceof Error ? signal.reason : new Error("the request was cut");
}

/** The types of undici do not know that it keeps them as they came. */
function rawHeadersOf(controller: Dispatcher.DispatchController): string[] {
  const { rawHeaders = [] } = controller as { readonly rawHeaders?: readonly (Buffer | string)[] | null } as {
    readonly rawHeaders?: readonly (Buffer | string)[];
  };
  return rawHeaders.map((each) => each.toString());
}
