export interface CleanReply {
  readonly text: string;
  /** Hidden characters that were taken out. */
  readonly hidden: number;
  readonly cut: boolean;
}

/** Longer than any reply that a person reads on a card. */
export const MAX_REPLY_CHARS = 12_000;

const BREAKS_OR_HIDES = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u034f\u2800]/gu;
/** Emoji sequences and Persian need these; a second one in a row is a hiding place. */
const JOINER =
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f\p{L}\p{M}])[\u200c\u200d](?=[\p{Extended_Pictographic}\p{L}])/gu;

/**
 * What a model returned, as it may stand under `## Reply`: no control or hidden characters, no front
 * matter, no code fence around it, no subject line, and no line that this program reads as its own heading.
 */
export function cleanReply(raw: string): CleanReply {
  const lines = raw.replace(/\r\n?/g, '\n').slice(0, MAX_REPLY_CHARS * 4);
  const joiners = new Set(Array.from(lines.matchAll(JOINER), (m) => m.index));
  let hidden = 0;
  const visible = lines.replace(BREAKS_OR_HIDES, (char: string, at: number) => {
    if (char === '\n' || char === '\t' || joiners.has(at)) return char;
    hidden += 1;
    return /[\u2028\u2029\u0085]/.test(char) ? '\n' : '';
  });
  const text = withoutWrapping(visible)
    .replace(/^##[ \t]+(?=(?:Reply|Feedback|Original)[ \t]*$)/gm, '')
    .replace(/^> \[!/gm, '> [')
    .replaceAll('<%', '< %')
    .trim();
  const cut = text.length > MAX_REPLY_CHARS;
  return {
    text: cut ? `${text.slice(0, MAX_REPLY_CHARS).replace(/[\ud800-\udbff]$/, '')}…` : text,
    hidden,
    cut,
  };
}

function withoutWrapping(text: string): string {
  let inner = text.trim();
  const fence = /^(`{3,}|~{3,})[\w-]*\n([\s\S]*)\n\1$/.exec(inner);
  if (fence) inner = (fence[2] ?? '').trim();
  inner = inner.replace(/^---[ \t]*\n(?:[\w-]+:.*\n)*---[ \t]*(?:\n|$)/, '').trim();
  return inner.replace(/^(?:subject|betreff|objet|asunto|oggetto|onderwerp)[ \t]*:.*\n+/i, '');
}
