import { LIMITS } from '../limits.ts';
import type { Value } from '../values.ts';

/** JSON of limited depth. @throws SyntaxError */
export function readJson(text: string): Value {
  const value = JSON.parse(text) as Value;
  if (depthOf(text) > LIMITS.depth) throw new SyntaxError('too deep');
  return value;
}

/** Brackets outside of texts; the text is known to be JSON. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [found] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/g)) {
    if (found === '[' || found === '{') depth += 1;
    else if (found === ']' || found === '}') depth -= 1;
    deepest = Math.max(deepest, depth);
  }
  return deepest;
}
