/** Two instants and all between them. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** More are not remembered one by one. */
const MAX_SPANS = 8;

/** The span that an instant lies in. */
export function spanOf(spans: readonly Span[], instantMs: number): Span | undefined {
  return spans.find(({ fromMs, toMs }) => fromMs <= instantMs && instantMs <= toMs);
}

/**
 * The spans with one more: in order, those that touch as one, and of too many the two that lie closest to each other as
 * one. So what was in a span stays in one.
 */
export function withSpan(spans: readonly Span[], span: Span): readonly Span[] {
  const ordered = [...spans, span].sort((a, b) => a.fromMs - b.fromMs);
  const apart: Span[] = [];
  for (const each of ordered) {
    const last = apart.at(-1);
    if (last === undefined || last.toMs < each.fromMs) apart.push(each);
    else apart[apart.length - 1] = joined(last, each);
  }
  return apart.length > MAX_SPANS ? withoutNarrowestGap(apart) : apart;
}

function withoutNarrowestGap(spans: readonly Span[]): Span[] {
  const gaps = spans.slice(1).map(({ fromMs }, index) => fromMs - (spans[index]?.toMs ?? 0));
  const narrowest = gaps.indexOf(Math.min(...gaps));
  return spans.flatMap((span, index) => {
    const next = spans[index + 1];
    if (index === narrowest && next !== undefined) return [joined(span, next)];
    return index === narrowest + 1 ? [] : [span];
  });
}

function joined(a: Span, b: Span): Span {
  return { fromMs: a.fromMs, toMs: Math.max(a.toMs, b.toMs) };
}
