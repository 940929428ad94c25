import { constants, open } from "node:fs/promises";
import { sentence } from "../errors.ts";
import { type Sink, SinkFailure } from "./sink.ts";

/** O_NONBLOCK: opening a FIFO without a reader would wait. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK;

/** Appends JSON lines to a file, which is opened for each batch: it may be rotated at any time. */
export function fileSink(path: string): Sink {
  return {
    write: async (events) => {
      try {
        const file = await open(path, APPEND, 0o600);
        try {
          const { size } = await file.stat();
          await file
            .writeFile(events.map((event) => `${JSON.stringify(event)}\n`).join(""))
            .catch(async (error: unknown) => {
              // On a full disk half a line may be there.
              await file.truncate(size);
              throw error;
            });
          await file.datasync();
        } finally {
          await file.close();
        }
      } catch (error) {
        throw new SinkFailure(sentence(error));
      }
    },
    close: () => undefined,
  };
}
