/** What a client wrote in a request line: Node gives each byte as a character. Bytes that are no UTF-8 are U+FFFD. */
export function writtenText(url: string): string {
  return Buffer.from(url, "latin1").toString("utf8");
}
