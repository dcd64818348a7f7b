import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editedEnv, EnvFault, envFor, READERS } from '../../../src/cli/env-file.ts';
import { PROCESSES } from '../../../src/core/heartbeat.ts';
import { KEYS } from '../../../src/runtime/config.ts';
import { PROJECT } from '../../helpers/source-tree.ts';

const EXAMPLE = await readFile(join(PROJECT, '.env.example'), 'utf8');
const keysIn = (text: string): string[] => Object.keys(parseEnv(text));

describe('a new .env', () => {
  it('of the cloud has no key that sends, of the laptop none that only the cloud reads', () => {
    const cloud = envFor(EXAMPLE, 'cloud', {});
    expect(cloud).not.toMatch(/SMTP_(HOST|PORT|USER|PASSWORD|SECURE|AUTH)=/);
    expect(keysIn(cloud)).toEqual(
      expect.arrayContaining(['VAULT_DIR', 'IMAP_HOST', 'DRAFTER', 'ODOO_MCP_PORT']),
    );
    for (const key of ['UNDO_SECONDS', 'TAKEOVER_MINUTES', 'MAX_SENDS_PER_HOUR']) {
      expect(keysIn(cloud)).not.toContain(key);
    }
    const laptop = keysIn(envFor(EXAMPLE, 'laptop', {}));
    expect(laptop).toEqual(
      expect.arrayContaining(['SMTP_HOST', 'IMAP_HOST', 'DRY_RUN', 'MAX_SENDS_PER_HOUR']),
    );
    expect(laptop).not.toContain('THREAD_MAILS');
    expect(laptop).not.toContain('IMAP_BACKFILL_DAYS');
  });

  it('of one machine has every key but those of an administrator of Odoo', () => {
    const both = keysIn(envFor(EXAMPLE, 'both', {}));
    const left = Object.keys(KEYS).filter((key) => !both.includes(key));
    expect(left).toEqual(['ODOO_ADMIN_USERNAME', 'ODOO_ADMIN_API_KEY']);
  });

  it('names every process that has a heartbeat, on its machine', () => {
    for (const { agent, process } of PROCESSES) {
      expect(READERS[agent === 'cloud-agent' ? 'cloud' : 'laptop']).toContain(process);
    }
  });

  it('keeps what explains a key above it', () => {
    const text = envFor(EXAMPLE, 'cloud', { IMAP_HOST: 'imap.example.org' });
    expect(text).toMatch(/# Read by: cloud-email-watcher, email-mcp\nIMAP_HOST=imap\.example\.org\n/);
    expect(text).not.toMatch(/\n\n\n/);
  });
});

describe('an .env that is there', () => {
  it('gets the values and keeps everything else as it is', () => {
    const text = '# mine\nexport A="1"\n\nB=2 # why\nA=3\nC=\n';
    expect(editedEnv(text, { A: 'x y', B: '2', D: "it's" })).toBe(
      '# mine\nexport A="1"\n\nB=2 # why\nA="x y"\nC=\nD="it\'s"\n',
    );
  });

  it('is left alone where it says the same already', () => {
    const text = "A='x'\nB=\n";
    expect(editedEnv(text, { A: 'x', B: '' })).toBe(text);
  });

  it('is not touched where a change would change more', () => {
    expect(() => editedEnv('A="one\nB=2\nthree"\nB=4\n', { A: 'x' })).toThrow(EnvFault);
    expect(() => editedEnv('', { A: '"\'`' })).toThrow(EnvFault);
    expect(() => editedEnv('', { A: 'a\nB=1' })).toThrow(EnvFault);
  });

  it('reads back as it was meant, whatever is in a value', () => {
    const value = fc.string({ unit: 'binary', maxLength: 40 });
    const keys = fc.constantFrom('VAULT_DIR', 'IMAP_PASSWORD', 'MAIL_FROM');
    fc.assert(
      fc.property(fc.dictionary(keys, value), fc.boolean(), (values, fresh) => {
        const text = fresh ? '' : EXAMPLE;
        let after: string;
        try {
          after = editedEnv(text, values);
        } catch (error) {
          return error instanceof EnvFault;
        }
        expect({ ...parseEnv(after) }).toEqual({ ...parseEnv(text), ...values });
        return true;
      }),
      { numRuns: 300 },
    );
  });
});
