import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { IncomingMail } from '../../../src/core/mail.ts';
import { readMailRules } from '../../../src/core/mail-rules.ts';
import { SeenFiles } from '../../../src/mail/inbox/seen-ledger.ts';
import { mailTaker, type TakeInDeps } from '../../../src/stages/take-in-mail.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { vaultWith } from '../../helpers/intake.ts';
import { testDir } from '../../helpers/testdir.ts';

const mail: IncomingMail = {
  messageId: '<1@example.com>',
  inReplyTo: null,
  references: [],
  from: { name: 'Ada', address: 'ada@example.com' },
  replyTo: [],
  to: [],
  cc: [],
  subject: 'Question',
  date: null,
  text: 'hi',
  headers: new Map(),
  attachments: [{ filename: 'a.txt', contentType: 'text/plain', size: 1, content: new Uint8Array([65]) }],
  remarks: [],
};
const fetched = { uid: 7, internalDateMs: null, size: 3, raw: new Uint8Array([1, 2, 3]) };

async function deps(change: (vault: Vault) => Partial<TakeInDeps> = () => ({})) {
  const dir = await testDir({ 'vault/.keep': '' });
  const vault = await Vault.open(join(dir, 'vault'));
  await vault.ensureFolders();
  const passed: string[] = [];
  const all: TakeInDeps = {
    vault,
    ledger: new SeenFiles(join(dir, 'state')),
    read: () => Promise.resolve({ ok: true, mail }),
    account: 'office',
    ownAddresses: [],
    timeZone: 'UTC',
    now: () => Date.UTC(2026, 10, 20),
    at: (point) => passed.push(point),
    ...change(vault),
  };
  return { take: mailTaker(all), vault, passed };
}

it('passes its crash points in the order that recovery counts on', async () => {
  const { take, passed } = await deps();
  await take(fetched);
  expect(passed).toEqual(['watcher:attachment-saved', 'watcher:note-created', 'watcher:ledger-written']);
});

it('takes one mail once, also when it comes many times in one breath', async () => {
  const { take, vault } = await deps();
  const taken = await Promise.all(Array.from({ length: 20 }, () => take(fetched)));
  expect(taken.map((t) => t.outcome).sort()[0]).toBe('already');
  expect(taken.filter((t) => t.outcome === 'card').length).toBe(1);
  expect((await vault.list('Needs_Action/email')).length).toBe(1);
});

it('finds its note in Done when the ledger is gone', async () => {
  const { take, vault, passed } = await deps();
  const { name } = await take(fetched);
  await vault.move({ folder: 'Needs_Action/email', name }, 'Done/2026-10');
  const again = mailTaker({
    vault,
    ledger: new SeenFiles(await testDir()),
    read: () => Promise.resolve({ ok: true, mail }),
    account: 'office',
    ownAddresses: [],
    timeZone: 'UTC',
    now: () => Date.UTC(2026, 10, 20),
    at: (point) => passed.push(point),
  });
  expect(await again(fetched)).toMatchObject({ outcome: 'already', folder: 'Done/2026-10' });
});

it('quarantines a mail that trips a fault of ours, instead of stopping at it for ever', async () => {
  const { take, vault } = await deps((v) => ({
    vault: vaultWith(v, { saveAttachment: () => Promise.reject(new TypeError('boom')) }),
  }));
  const taken = await take(fetched);
  expect(taken).toMatchObject({ outcome: 'quarantined', folder: 'Quarantine' });
  const note = await vault.read({ folder: 'Quarantine', name: taken.name });
  expect(note.ok && note.text).toContain('No card could be made of this mail (TypeError)');
});

it('does not quarantine a mail because the disk is full: it is taken in later', async () => {
  const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
  const { take, vault } = await deps((v) => ({
    vault: vaultWith(v, { create: () => Promise.reject(full) }),
  }));
  await expect(take(fetched)).rejects.toBe(full);
  expect(await vault.list('Quarantine')).toEqual([]);
});

it('two attachments whose names are cleaned to one are two files', async () => {
  const named = (filename: string, byte: number) => ({
    filename,
    contentType: 'application/pdf',
    size: 1,
    content: new Uint8Array([byte]),
  });
  const { take, vault } = await deps(() => ({
    read: () =>
      Promise.resolve({ ok: true, mail: { ...mail, attachments: [named('a?.pdf', 1), named('a*.pdf', 2)] } }),
  }));
  const { id } = await take(fetched);
  const bytes = async (name: string) => {
    const read = await vault.readAttachment(`${id} ${name}`, 10);
    return read.ok ? [...read.bytes] : null;
  };
  expect([await bytes('a_.pdf'), await bytes('2 a_.pdf')]).toEqual([[1], [2]]);
});

it('an important mail says so, and the same note carries its priority', async () => {
  const important = readMailRules('## Mail rules\n\n- Important: ada@example.com\n');
  const { take, vault } = await deps(() => ({ rules: () => Promise.resolve(important) }));
  const { name } = await take(fetched);
  const note = await vault.read({ folder: 'Needs_Action/email', name });
  expect(note.ok && note.text).toContain('priority: "high"');
  expect(note.ok && note.text).toContain('Important: waiting for a draft');
});

it('a mail that refers to nothing costs one look for its thread and no question', async () => {
  const calls: string[] = [];
  const dir = await testDir();
  const ledger = new SeenFiles(dir);
  const { take } = await deps(() => ({
    ledger: {
      look: (id) => ledger.look(id),
      write: (id, entry) => ledger.write(id, entry),
      lastOfThread: (key) => {
        calls.push('look');
        return ledger.lastOfThread(key);
      },
      setLastOfThread: (key, name, replace) => {
        calls.push(`set ${replace}`);
        ledger.setLastOfThread(key, name, replace);
      },
    },
    thread: {
      answered: () => Promise.reject(new Error('asked')),
      earlier: () => Promise.reject(new Error('asked')),
    },
  }));
  await take(fetched);
  expect(calls).toEqual(['set false']);
});
