/** A little colour in code of any language: comments, texts, numbers and common words. */
import type { JSX } from "preact";

const WORDS =
  "abstract|and|as|async|await|bool|boolean|break|case|catch|class|const|continue|def|default|del|do|elif|else|end|enum|esac|except|export|extends|false|fi|finally|fn|for|from|func|function|go|if|impl|implements|import|in|int|interface|is|lambda|let|local|match|mod|module|mut|new|nil|none|None|not|null|number|or|package|pass|private|protected|pub|public|raise|readonly|return|self|static|str|string|struct|super|switch|then|this|throw|true|True|False|try|type|typeof|undefined|use|var|void|while|with|yield";

/** Each at its own place, so that a long line takes no longer than it is. */
const TOKEN = new RegExp(
  `(//.*|#.*|/\\*.*?(?:\\*/|$)|<!--.*?(?:-->|$))|("(?:\\\\.|[^"\\\\])*"|'(?:\\\\.|[^'\\\\])*'|\`(?:\\\\.|[^\`\\\\])*\`)|(\\b\\d[\\w.]*)|\\b(${WORDS})\\b`,
  "g",
);
const KINDS = ["s-comment", "s-text", "s-number", "s-word"];
/** A longer line is a file that a program has made. */
const LONGEST = 500;

export function Code({ text }: { readonly text: string }): JSX.Element {
  if (text.length > LONGEST) return <>{text}</>;
  const parts: (string | JSX.Element)[] = [];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    const kind = KINDS[found.slice(1).findIndex(Boolean)];
    if (found.index > at) parts.push(text.slice(at, found.index));
    parts.push(<span class={kind}>{found[0]}</span>);
    at = found.index + found[0].length;
  }
  parts.push(text.slice(at));
  return <>{parts}</>;
}
