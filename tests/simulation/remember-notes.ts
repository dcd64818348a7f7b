/**
 * A note's text is read and written again and again in one schedule: half of the search's time was YAML. The
 * functions are pure and what they give is readonly, so each text is taken apart once. Frozen, so that a stage
 * which changed what it was given would be found here and not pass for another one's note.
 */
import type * as FrontMatterModule from '../../src/core/front-matter.ts';
import type { FrontMatter, SplitResult } from '../../src/core/front-matter.ts';

const REMEMBERED = 4000;

export function rememberNotes(own: typeof FrontMatterModule): typeof FrontMatterModule {
  const split = remembered<string, SplitResult>((text) => frozen(own.splitFrontMatter(text)));
  const yaml = remembered<string, string>((data) => own.joinFrontMatter(JSON.parse(data) as FrontMatter, ''));
  return {
    ...own,
    splitFrontMatter: split,
    joinFrontMatter: (data, body) => yaml(JSON.stringify(data)) + body,
  };
}

function remembered<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= REMEMBERED) known.clear();
    const made = make(key);
    known.set(key, made);
    return made;
  };
}

function frozen(result: SplitResult): SplitResult {
  if (result.ok) {
    for (const value of Object.values(result.data)) Object.freeze(value);
    Object.freeze(result.data);
  }
  return Object.freeze(result);
}
