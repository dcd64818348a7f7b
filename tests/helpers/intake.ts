import { join } from 'node:path';
import { readSections } from '../../src/core/body.ts';
import type { At, CrashPoint } from '../../src/core/crash-points.ts';
import type { TaskFolder } from '../../src/core/states.ts';
import { parseNote } from '../../src/core/task-file.ts';
import { SeenFiles } from '../../src/mail/inbox/seen-ledger.ts';
import { readMessage } from '../../src/mail/message/read-message.ts';
import type { SkippedMail } from '../../src/stages/skipped-digest.ts';
import { mailTaker, type TakeInDeps } from '../../src/stages/take-in-mail.ts';
import { Vault } from '../../src/vault/vault.ts';
import { testDir } from './testdir.ts';

export const WAITING = 'Needs_Action/email';
export const NOW = Date.UTC(2026, 10, 20, 9);

export interface Mail {
  readonly id: string;
  readonly from?: string;
  readonly refs?: readonly string[];
  readonly text?: string;
  readonly to?: string;
  readonly head?: readonly string[];
}

/** The vault as the intake uses it, some of it replaced. */
export function vaultWith(vault: Vault, change: Partial<TakeInDeps['vault']>): TakeInDeps['vault'] {
  return {
    create: (ref, source) => vault.create(ref, source),
    find: (name, folders) => vault.find(name, folders),
    saveAttachment: (id, name, bytes) => vault.saveAttachment(id, name, bytes),
    setAside: (ref) => vault.setAside(ref),
    list: (folder) => vault.list(folder),
    read: (ref) => vault.read(ref),
    stat: (ref) => vault.stat(ref),
    move: (ref, to, name) => vault.move(ref, to, name),
    update: (ref, source) => vault.update(ref, source),
    ...change,
  };
}

/** The watcher's intake on a real vault, fed with mails as bytes. */
export async function intake() {
  const dir = await testDir({ 'vault/.keep': '' });
  const vault = await Vault.open(join(dir, 'vault'));
  await vault.ensureFolders();
  const skipped: SkippedMail[] = [];
  let uid = 0;
  const deps = (change: Partial<TakeInDeps> = {}): TakeInDeps => ({
    vault,
    ledger: new SeenFiles(join(dir, 'state')),
    read: (mail) => readMessage(mail.raw, mail.size),
    account: 'default',
    ids: 'office',
    ownAddresses: ['office@example.org'],
    timeZone: 'UTC',
    now: () => NOW,
    at: () => undefined,
    skipped: (mail) => skipped.push(mail),
    ...change,
  });
  let taker = mailTaker(deps());
  const fetched = ({
    id,
    from = 'Ada <ada@example.com>',
    refs = [],
    text = 'Hello',
    to = 'office@example.org',
    head = [],
  }: Mail) => {
    const lines = [
      `From: ${from}`,
      `To: ${to}`,
      `Message-ID: <${id}@example.com>`,
      'Subject: Offer',
      ...(refs.length > 0 ? [`In-Reply-To: ${refs.at(-1) ?? ''}`, `References: ${refs.join(' ')}`] : []),
      ...head,
    ];
    const raw = new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n${text}\r\n`);
    return { uid: (uid += 1), internalDateMs: NOW, size: raw.length, raw };
  };
  const notes = async (folder: TaskFolder) => {
    const found = [];
    for (const name of await vault.list(folder)) {
      const read = await vault.read({ folder, name });
      const parsed = read.ok ? parseNote(read.text) : null;
      if (!parsed?.ok) throw new Error(name);
      found.push({ name, note: parsed.note, original: readSections(parsed.note.body).original ?? '' });
    }
    return found;
  };
  return {
    vault,
    skipped,
    notes,
    take: (mail: Mail) => taker(fetched(mail)),
    fetched,
    with: (change: Partial<TakeInDeps>) => {
      taker = mailTaker(deps(change));
    },
  };
}

export class Killed extends Error {
  readonly code = 'EKILLED';
}

export function killAt(point: CrashPoint): At {
  return (here) => {
    if (here === point) throw new Killed(point);
  };
}
