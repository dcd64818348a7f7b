import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Key, KEYS } from '../../src/runtime/config.ts';

const text = await readFile(join(import.meta.dirname, '../../.env.example'), 'utf8');
const example = parseEnv(text);

describe('.env.example', () => {
  it('has every key of the configuration and no other', () => {
    expect(Object.keys(example).sort()).toEqual(Object.keys(KEYS).sort());
  });

  it('has each key once', () => {
    const keys = [...text.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1]);
    expect(keys).toEqual([...new Set(keys)]);
  });

  it.each(Object.keys(KEYS) as Key[])('shows the default of %s', (key) => {
    const shown = KEYS[key].safeParse(example[key] === '' ? undefined : example[key]);
    const absent = KEYS[key].safeParse(undefined);
    // What has no default stands there empty, so that a missing value is told by name.
    expect({ ok: shown.success, value: shown.data }).toEqual({ ok: absent.success, value: absent.data });
  });

  it('holds no secret', () => {
    for (const [key, value] of Object.entries(example)) {
      if (/PASSWORD|KEY|TOKEN|SECRET/.test(key)) expect(value).toBe('');
    }
  });
});
