import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { newBody } from '../../src/core/body.ts';
import { chainStart, renderRecord, sealRecord } from '../../src/core/audit-chain.ts';
import { originalSection } from '../../src/core/neutralise.ts';
import { renderNote } from '../../src/core/task-file.ts';

/** Of a hundred tasks that are over; a few in Quarantine and Conflicts besides. */
const SHARE = { Done: 60, Skipped: 30, Rejected: 10 } as const;
const MONTHS = 24;
const LOG_DAYS = 90;
const DAY_MS = 86_400_000;
/** One mail in ten has a file. */
const WITH_FILE = 10;

interface Past {
  readonly vault: string;
  readonly state: string;
  readonly tasks: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * What so many finished tasks leave behind: notes (Done by months), attachments, the ledger of seen mails, threads,
 * people, journals, and the audit log of the days that are kept. Not synced: it is the past, not the measurement.
 */
export function layPast({ vault, state, tasks, now }: Past): void {
  const made = new Set<string>();
  const folder = (path: string): string => {
    if (!made.has(path)) mkdirSync(path, { recursive: true, mode: 0o700 });
    made.add(path);
    return path;
  };
  for (let n = 0; n < tasks; n++) {
    const id = `em-${hash(`task ${n}`).slice(0, 16)}`;
    const name = `Person ${n} - Question ${n} about the order ${id}.md`;
    const at = now - Math.floor((n / tasks) * MONTHS * 30) * DAY_MS;
    const where = placeOf(n, at);
    writeFileSync(join(folder(join(vault, where)), name), note(id, n, where));
    if (n % WITH_FILE === 0)
      writeFileSync(join(folder(join(vault, 'Attachments')), `${id} order ${n}.pdf`), `%PDF ${n}`);
    link(folder(join(state, 'seen', id.slice(3, 5))), id, `sha256:${hash(`mail ${n}`).slice(0, 48)}`);
    const thread = hash(`thread ${n}`).slice(0, 32);
    link(folder(join(state, 'threads', thread.slice(0, 2))), `th-${thread}`, `note:${name}`);
    const who = hash(`person${n}@example.org`);
    link(folder(join(state, 'people/who', who.slice(0, 2))), who.slice(2, 26), 'since:20000');
    if (where.startsWith('Done/')) {
      writeFileSync(join(folder(join(state, 'written-to', who.slice(0, 2))), who.slice(2, 42)), '');
      journal(folder(join(state, 'journal', id, 'g1')));
    }
  }
  for (const aside of ['Quarantine', 'Conflicts']) {
    for (let n = 0; n < tasks / 1000; n++) {
      const id = `em-${hash(`${aside} ${n}`).slice(0, 16)}`;
      writeFileSync(join(folder(join(vault, aside)), `Person ${n} ${id}.md`), note(id, n, aside));
    }
  }
  auditLog(folder(join(vault, 'Logs/local-agent')), folder(join(state, 'audit')), tasks, now);
}

function placeOf(n: number, at: number): string {
  const of = n % 100;
  if (of < SHARE.Done) return `Done/${new Date(at).toISOString().slice(0, 7)}`;
  return of < SHARE.Done + SHARE.Skipped ? 'Skipped' : 'Rejected';
}

function note(id: string, n: number, where: string): string {
  const from = `Person ${n} <person${n}@example.org>`;
  const { section } = originalSection({
    from,
    when: '2026-01-02 09:31',
    text: 'Could you tell me when the delivery is due?\n'.repeat(5),
    maxBytes: 4000,
  });
  return renderNote({
    data: {
      ...{ id, kind: 'email_reply', title: `Person ${n}: Question`, rev: 4, from, subject: `Question ${n}` },
      ...{ message_id: `<past-${n}@example.org>`, reply_to: [from], reply_subject: `Re: Question ${n}` },
      ...(where.startsWith('Done/') ? { outcome: 'sent', sent_at: '2026-01-02T10:00:00' } : {}),
    },
    body: newBody({
      verdict: { kind: 'success', title: 'Sent', lines: ['It left.'] },
      reply: 'Hello,\n\nnext week.\n\nRegards',
      feedback: '',
      original: section,
    }),
  });
}

/** The files of a mail that was sent at the first attempt, of their usual sizes. */
function journal(folder: string): void {
  writeFileSync(join(folder, 'message.eml'), 'x'.repeat(1500));
  writeFileSync(join(folder, 'sealed.json'), 'x'.repeat(2500));
  for (const name of ['attempt-1.json', 'attempt-1.transmitting', 'attempt-1.result.json', 'filed.json'])
    writeFileSync(join(folder, name), 'x'.repeat(150));
}

/** Three lines for each task of the days that are kept, one chain as the handler writes it. */
function auditLog(dir: string, heads: string, tasks: number, now: number): void {
  const actor = 'local-agent/approval-handler';
  const perDay = Math.max(1, Math.round((tasks * SHARE.Done * 3) / 100 / (MONTHS * 30)));
  let prev = chainStart(actor);
  let file = '';
  for (let ago = LOG_DAYS; ago > 0; ago--) {
    const ts = new Date(now - ago * DAY_MS).toISOString();
    file = `${ts.slice(0, 10)}.approval-handler.jsonl`;
    let text = '';
    for (let n = 0; n < perDay; n++) {
      const record = sealRecord({
        ...{ ts, actor, prev, action: n % 3 === 0 ? 'mail.sent' : 'task.claimed' },
        ...{ task: `em-${hash(`task ${ago * perDay + n}`).slice(0, 16)}`, target: 'p***@example.org' },
        ...{ parameters: { bytes: 1500, subject: '[25 characters]' }, approval: null, result: 'ok' },
      });
      text += renderRecord(record);
      prev = record.hash;
    }
    writeFileSync(join(dir, file), text);
  }
  writeFileSync(
    join(heads, 'approval-handler.head.json'),
    `${JSON.stringify({ actor, hash: prev, file })}\n`,
    { mode: 0o600 },
  );
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function link(folder: string, name: string, target: string): void {
  symlinkSync(target, join(folder, name));
}
