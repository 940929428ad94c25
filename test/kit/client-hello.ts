/** The first bytes that a TLS client sends, made by a real client or by hand. */
import { once } from "node:events";
import { Duplex } from "node:stream";
import { connect } from "node:tls";

/** What Node's own client sends. @param serverName undefined: none, as for an address. */
export async function realHello(serverName: string | undefined): Promise<Buffer> {
  const written: Buffer[] = [];
  const wire = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      written.push(chunk);
      wire.emit("sent");
      done();
    },
  });
  const client = connect({ socket: wire, ...(serverName === undefined ? {} : { servername: serverName }) });
  client.on("error", () => undefined);
  if (written.length === 0) await once(wire, "sent");
  client.destroy();
  return Buffer.concat(written);
}

/** An extension of a hello. */
export type Extension = readonly [type: number, content: Buffer];

export const SERVER_NAME = 0;
/** Encrypted ClientHello: the inner one, with another name, is in here. */
export const ENCRYPTED_HELLO = 0xfe0d;

/** A hello with these extensions, in one record. */
export function helloWith(extensions: readonly Extension[], after: Buffer = Buffer.alloc(0)): Buffer {
  const listed = Buffer.concat(
    extensions.map(([type, content]) => Buffer.concat([number(type, 2), vector(content, 2)])),
  );
  const body = Buffer.concat([
    number(0x0303, 2),
    Buffer.alloc(32, 7),
    vector(Buffer.alloc(32, 9), 1),
    vector(Buffer.from([0x13, 0x01, 0x13, 0x02]), 2),
    vector(Buffer.from([0]), 1),
    vector(listed, 2),
    after,
  ]);
  return inRecords(Buffer.concat([number(1, 1), vector(body, 3)]));
}

/** The content of a `server_name` extension. */
export function serverNames(...names: readonly string[]): Buffer {
  return vector(
    Buffer.concat(names.map((name) => Buffer.concat([number(0, 1), vector(Buffer.from(name), 2)]))),
    2,
  );
}

/** The message of a hello that is one record. */
export function messageOf(hello: Buffer): Buffer {
  return hello.subarray(5);
}

/** A handshake message in records of so many bytes. */
export function inRecords(message: Buffer, bytes = 2 ** 14): Buffer {
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += bytes) {
    records.push(Buffer.from([22, 3, 1]), vector(message.subarray(at, at + bytes), 2));
  }
  return Buffer.concat(records);
}

/** A vector with its length before it. */
export function vector(content: Buffer, lengthBytes: number): Buffer {
  return Buffer.concat([number(content.length, lengthBytes), content]);
}

function number(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
}
