import { SyntaxFault } from './syntax.ts';

/**
 * RFC 3501 `sequence-set`: `1:3,7,9:*`. Returns a test for one number; `largest` is what `*` means,
 * and `9:*` with only seven mails holds the last one (the ends may stand in either order).
 */
export function sequenceSet(set: string, largest: number): (n: number) => boolean {
  const ranges = set.split(',').map((range) => {
    const match = /^(\d{1,10}|\*)(?::(\d{1,10}|\*))?$/.exec(range);
    if (!match) throw new SyntaxFault(`no sequence set: ${set.slice(0, 40)}`);
    const ends = [match[1], match[2] ?? match[1]].map((end) => (end === '*' ? largest : Number(end)));
    return [Math.min(...ends), Math.max(...ends)] as const;
  });
  return (n) => ranges.some(([low, high]) => n >= low && n <= high);
}
