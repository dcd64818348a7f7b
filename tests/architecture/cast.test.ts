/** docs/cast is made by `npm run cast`. What lies there is a whole recording of the demo as it is now. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { literalsIn } from '../helpers/literals.ts';
import { PROJECT } from '../helpers/source-tree.ts';

const read = (path: string): Promise<string> => readFile(join(PROJECT, path), 'utf8');
const [first = '', ...rest] = (await read('docs/cast/demo.cast')).trim().split('\n');
const svg = await read('docs/cast/demo.svg');

const headerSchema = z.object({
  version: z.literal(2),
  width: z.int().positive(),
  height: z.int().positive(),
});
const eventSchema = z.tuple([z.number().nonnegative(), z.literal('o'), z.string()]);

describe('the recording of the demo', () => {
  const events = rest.map((line) => eventSchema.parse(JSON.parse(line)));
  const plain = events.map(([, , text]) => text.replace(/\u001b\[[\d;]*m/g, '')).join('');

  it('is an asciicast of version 2, its moments in order', () => {
    headerSchema.parse(JSON.parse(first));
    const times = events.map(([at]) => at);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });

  it('shows every step of the demo of today, and every promise kept', async () => {
    const story = `${await read('src/demo/story.ts')}${await read('src/demo/invoice-story.ts')}`;
    const steps = [...story.matchAll(/screen\.step\('([^']+)'\)/g)].map(([, title = '']) => title);
    const own = steps.filter((title) => !title.startsWith('Your turn'));
    expect(own.length).toBeGreaterThan(8);
    expect(own.filter((title) => !plain.includes(title))).toEqual([]);
    const promises = literalsIn(story, '…').filter((text) => plain.includes(`yes  ${text}`));
    expect(promises.length).toBeGreaterThan(8);
    expect(plain).not.toMatch(/^ *NO {2}/m);
    expect(plain).toContain('everything is cleaned up.');
  });

  it('leaves nothing out in the picture, and the picture runs no script and loads nothing', () => {
    const sheet = /<g class="up"[^>]*>([^]*)<\/g>/.exec(svg)?.[1] ?? '';
    const shown = sheet
      .replace(/\n|<[^>]+>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
    expect(shown).toBe(plain.replaceAll('\r\n', ''));
    expect(svg).not.toMatch(/<script|href|url\(|@import|<image|<foreignObject/i);
  });

  it('tells nothing of the machine it was made on', () => {
    expect(`${plain}${svg}`).not.toMatch(/handover-demo-(?!example)/);
    expect(`${plain}${svg}`).not.toMatch(/\/(?:home|root|work|Users)\//);
  });
});
