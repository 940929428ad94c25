import { describe, expect, it } from "vitest";
import { ClientHelloReader, readClientHello } from "../../../src/gateway/proxy/client-hello.ts";
import {
  ENCRYPTED_HELLO,
  helloWith,
  inRecords,
  messageOf,
  realHello,
  SERVER_NAME,
  serverNames,
  vector,
} from "../../kit/client-hello.ts";

const named = (serverName: string | undefined) => ({ kind: "hello", serverName });
const refused = (why: RegExp) => ({ kind: "refused", why: expect.stringMatching(why) });

/** The reading of bytes that arrive in pieces. */
function readInPieces(pieces: Iterable<Buffer>): unknown {
  const reader = new ClientHelloReader();
  let reading: unknown;
  for (const piece of pieces) {
    const next = reader.push(piece);
    reading = next;
    if (next.kind !== "more") break;
  }
  return reading;
}

function* piecesOf(bytes: Buffer, size: number): Iterable<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** Numbers that are the same in every run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ;) {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    yield state;
  }
}

describe("a ClientHello", () => {
  it("of a real client names the server", async () => {
    expect(readClientHello(await realHello("github.com"))).toEqual(named("github.com"));
    expect(readClientHello(await realHello("GitHub.com"))).toEqual(named("github.com"));
  });

  it("without a name is one without a name", async () => {
    expect(readClientHello(await realHello(undefined))).toEqual(named(undefined));
    expect(readClientHello(helloWith([]))).toEqual(named(undefined));
  });

  it("is read wherever it is cut in two, and byte by byte", async () => {
    const hello = await realHello("github.com");
    for (let cut = 1; cut < hello.length; cut += 1) {
      expect(readClientHello(hello.subarray(0, cut)), `the first ${cut} bytes`).toMatchObject({
        kind: "more",
      });
      expect(readInPieces([hello.subarray(0, cut), hello.subarray(cut)]), `cut at ${cut}`).toEqual(
        named("github.com"),
      );
    }
    expect(readInPieces(piecesOf(hello, 1))).toEqual(named("github.com"));
  });

  it("is read from records of any size", async () => {
    const message = messageOf(await realHello("github.com"));
    // Newer versions of OpenSSL send hellos several times as long, and there is a bound on the pieces.
    const smallest = Math.ceil(message.length / 60);
    for (const bytes of [smallest, smallest + 1, 50, 100, 255, 256, message.length - 1, message.length]) {
      const hello = inRecords(message, bytes);
      expect(readClientHello(hello), `records of ${bytes} bytes`).toEqual(named("github.com"));
      expect(readInPieces(piecesOf(hello, 1)), `records of ${bytes} bytes, byte by byte`).toEqual(
        named("github.com"),
      );
    }
  });

  it("keeps all bytes for the server, also those after it", async () => {
    const hello = await realHello("github.com");
    const reader = new ClientHelloReader();
    reader.push(hello.subarray(0, 10));
    expect(reader.push(Buffer.concat([hello.subarray(10), Buffer.from("early")]))).toEqual(
      named("github.com"),
    );
    expect(reader.bytes).toEqual(Buffer.concat([hello, Buffer.from("early")]));
  });

  it("with an encrypted one inside has the outer name", () => {
    const inner = [ENCRYPTED_HELLO, Buffer.alloc(200, 1)] as const;
    expect(readClientHello(helloWith([inner, [SERVER_NAME, serverNames("outer.example")]]))).toEqual(
      named("outer.example"),
    );
    expect(readClientHello(helloWith([inner]))).toEqual(named(undefined));
  });

  it.each([
    ["two names", helloWith([[SERVER_NAME, serverNames("a.example", "b.example")]]), /more than one/],
    [
      "two extensions with names",
      helloWith([
        [SERVER_NAME, serverNames("a.example")],
        [SERVER_NAME, serverNames("b.example")],
      ]),
      /more than one/,
    ],
    ["an empty list of names", helloWith([[SERVER_NAME, serverNames()]]), /malformed/],
    [
      "a name that is cut short",
      helloWith([[SERVER_NAME, serverNames("a.example").subarray(0, 8)]]),
      /malformed/,
    ],
    [
      "bytes after its name",
      helloWith([[SERVER_NAME, Buffer.concat([serverNames("a.example"), Buffer.of(0)])]]),
      /malformed/,
    ],
    [
      "a name of an unknown type",
      helloWith([[SERVER_NAME, vector(Buffer.from([1, 0, 1, 97]), 2)]]),
      /malformed/,
    ],
    [
      "bytes after its extensions",
      helloWith([[SERVER_NAME, serverNames("a.example")]], Buffer.of(0)),
      /malformed/,
    ],
    ["nothing in it", inRecords(Buffer.from([1, 0, 0, 0])), /malformed/],
    ["another message", inRecords(Buffer.from([2, 0, 0, 0])), /does not begin/],
    ["a length beyond every hello", inRecords(Buffer.from([1, 0, 0x80, 1])), /too long/],
    ["an empty record", Buffer.from([22, 3, 1, 0, 0]), /impossible length/],
    ["a record that is too long", Buffer.from([22, 3, 1, 0x40, 1]), /impossible length/],
    [
      "another record in its middle",
      Buffer.concat([inRecords(Buffer.from([1, 0])), Buffer.from([23, 3, 3])]),
      /speak TLS/,
    ],
    ["hundreds of records", inRecords(messageOf(helloWith([[21, Buffer.alloc(500)]])), 1), /too many pieces/],
  ])("with %s is refused", (_what, hello, why) => {
    expect(readClientHello(hello)).toEqual(refused(why));
    expect(readInPieces(piecesOf(hello, 1))).toEqual(refused(why));
  });

  it.each(["GET / HTTP/1.1\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "\0", "\x80\x2e\x01\x00\x02"])(
    "is none: %j is refused at its first byte that differs",
    (text) => {
      expect(readClientHello(Buffer.from(text, "latin1"))).toEqual(refused(/does not speak TLS/));
    },
  );

  it("is bounded: a client never makes the reader wait for more than a hello has", () => {
    for (const start of [Buffer.from([22, 3, 1, 0x40, 0]), Buffer.from([22, 3, 1, 0x40, 0, 1, 0, 0x7f, 0])]) {
      const reader = new ClientHelloReader();
      let reading = reader.push(start);
      for (let sent = 0; reading.kind === "more" && sent < 100_000; sent += 1000) {
        reading = reader.push(Buffer.alloc(1000, 1));
      }
      expect(reading).toMatchObject({ kind: "refused" });
    }
  });

  it("never makes the reader throw, whatever bytes are changed", async () => {
    const hello = await realHello("github.com");
    const random = numbers(20_261_128);
    for (let round = 0; round < 20_000; round += 1) {
      const changed = Buffer.from(hello);
      for (let count = random.next().value % 4; count >= 0; count -= 1) {
        changed[random.next().value % changed.length] = random.next().value % 256;
      }
      const whole = readClientHello(changed);
      const at = 1 + (random.next().value % (changed.length - 1));
      expect(readInPieces([changed.subarray(0, at), changed.subarray(at)])).toEqual(whole);
    }
  });
});
