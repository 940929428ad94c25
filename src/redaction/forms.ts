/** The ways in which programs write a value: what is searched for in place of the value alone. */

/** The forms of a value, each once; line ends are left out. */
export function formsOf(value: string): Buffer[] {
  const texts = [
    value,
    // In a string of JSON.
    JSON.stringify(value).slice(1, -1),
    ...urlForms(value),
    ...base64Forms(Buffer.from(value)),
    Buffer.from(value).toString("hex"),
    Buffer.from(value).toString("hex").toUpperCase(),
  ];
  return [...new Set(texts.map((text) => text.replaceAll(/[\r\n]/g, "")))].map((text) => Buffer.from(text));
}

/** As `encodeURIComponent`, RFC 3986, a form and a path write it, with digits of both cases. */
function urlForms(value: string): string[] {
  const component = encodeURIComponent(value);
  const strict = component.replaceAll(/[!'()*]/g, hexOf);
  const form = new URLSearchParams([["", value]]).toString().slice(1);
  const forms = [component, strict, form, strict.replaceAll("%2F", "/")];
  return [...forms, ...forms.map((each) => each.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()))];
}

function hexOf(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/**
 * The characters of base64 that a value alone decides, wherever it begins in what is encoded: at each of the three
 * offsets within a group of three bytes.
 */
function base64Forms(value: Buffer): string[] {
  return [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), value]).toString("base64");
    const core = encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + value.length) * 8) / 6));
    return [core, core.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
