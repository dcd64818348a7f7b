/** The commands that README prints, to be typed as they stand there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from '../helpers/source-tree.ts';

/** Each line of each code block under a heading of the third level, without the remark behind it. */
export function commandsUnder(heading: string): readonly string[] {
  const readme = readFileSync(join(PROJECT, 'README.md'), 'utf8');
  const from = readme.indexOf(`\n### ${heading}\n`);
  if (from < 0) throw new Error(`README has no "${heading}"`);
  const section = readme.slice(from + 1).split(/\n##+ /)[0] ?? '';
  const lines = [...section.matchAll(/^ *```\n([\s\S]*?)^ *```$/gm)].flatMap(([, block = '']) =>
    block.split('\n').map((line) => line.replace(/\s{2,}# .*$/, '').trim()),
  );
  return lines.filter((line) => line !== '');
}
