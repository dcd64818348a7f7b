import { cp, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseNote, text } from '../../src/core/task-file.ts';
import { startModelServer } from '../helpers/model-server.ts';
import { mailNote } from '../helpers/replier.ts';
import { exitOf, ready, startReplier } from '../helpers/own-process.ts';
import { testDir } from '../helpers/testdir.ts';
import { until } from '../helpers/until.ts';

const ROOT = join(import.meta.dirname, '../..');
const INBOX = 'Needs_Action/email';
const MINE = 'In_Progress/cloud-agent';
const OFFERED = 'Pending_Approval/email';

interface Host {
  readonly vault: string;
  readonly env: Record<string, string>;
}

/** A vault made from the template, and the keys this process needs and no other. */
async function host(keys: Record<string, string> = {}): Promise<Host> {
  const dir = await testDir();
  const vault = join(dir, 'vault');
  await cp(join(ROOT, 'vault-template'), vault, { recursive: true });
  await mkdir(join(dir, 'state'), { mode: 0o700 });
  const env = {
    PATH: process.env['PATH'] ?? '',
    VAULT_DIR: vault,
    STATE_DIR: join(dir, 'state'),
    ENV_FILE: join(dir, 'no.env'),
    MAIL_FROM: 'Mia Muster <mia@example.net>',
    SCAN_SECONDS: '1',
    ...keys,
  };
  await writeFile(env.ENV_FILE, '', { mode: 0o600 });
  return { vault, env };
}

/** As the watcher does it: complete at once. */
async function arrive(h: Host, note: { name: string; source: string }): Promise<void> {
  await writeFile(join(h.vault, '.incoming'), note.source);
  await rename(join(h.vault, '.incoming'), join(h.vault, INBOX, note.name));
}

async function offered(h: Host, name: string) {
  const source = await until('the card', () =>
    readFile(join(h.vault, OFFERED, name), 'utf8').catch(() => null),
  );
  const parsed = parseNote(source);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.note;
}

describe('the draft-replier process', () => {
  it('offers a draft from the templates and the signature of a new vault, and stops when asked', async () => {
    const h = await host();
    const child = startReplier(h.env);
    await ready(child);
    const note = mailNote(
      { subject: 'Our meeting next week' },
      'Hello Mia,\n\nwhen are you available for a call?\n\nAnna',
    );
    await arrive(h, note);
    const card = await offered(h, note.name);
    expect(card.body).toContain('From the template “Reply - meeting” (meeting, call, availab*).');
    expect(card.body).toContain('Hello Anna Berg,');
    expect(card.body.match(/Kind regards/g)).toHaveLength(1);
    // REPLY_ALL is on by default, and the mail went to two.
    expect(card.data['reply_cc']).toEqual(['Bo <bo@example.com>']);
    expect(child.output()).not.toMatch(/anna@example|How are|available for/);
    child.kill('SIGTERM');
    expect(await exitOf(child)).toBe(0);
  });

  it('drafts with a model, several at a time, and falls back alone where the model fails', async () => {
    const server = await startModelServer();
    onTestFinished(() => server.close());
    server.script(
      { answer: { decision: 'reply', reply: 'Dear Anna, gladly.', summary: 'She asks.' } },
      { status: 400 },
    );
    const h = await host({
      DRAFTER: 'openai-compatible',
      DRAFTER_MODEL: 'local',
      DRAFTER_BASE_URL: server.url,
      DRAFTER_API_KEY: 'key-of-the-test',
    });
    const notes = [1, 2].map((n) => mailNote({ message_id: `<m${n}@example.org>` }));
    for (const note of notes) await arrive(h, note);
    const child = startReplier(h.env);
    await ready(child);
    const cards = await Promise.all(notes.map((note) => offered(h, note.name)));
    expect(cards.map((c) => text(c, 'drafted_by')).sort()).toEqual(['openai-compatible local', 'template']);
    expect(cards.map((c) => c.body).join()).toContain('it answers with an error (400)');
    expect(child.output()).not.toContain('key-of-the-test');
  });

  it.each(['replier:claimed', 'replier:draft-written', 'replier:offer-recorded', 'replier:offered'])(
    'killed at %s, it offers the card once after its next start',
    async (point) => {
      const h = await host();
      const note = mailNote();
      await arrive(h, note);
      const first = startReplier({ ...h.env, ...{ HANDOVER_CRASH_AT: point } });
      expect(await exitOf(first)).toBe('SIGKILL');
      const second = startReplier(h.env);
      await ready(second);
      const card = await offered(h, note.name);
      expect(text(card, 'drafted_by')).toBe('template');
      expect(await readdir(join(h.vault, MINE)).then((all) => all.filter((n) => n.endsWith('.md')))).toEqual(
        [],
      );
      expect(await readdir(join(h.vault, INBOX)).then((all) => all.filter((n) => n.endsWith('.md')))).toEqual(
        [],
      );
    },
  );

  it.each([
    [{ MAIL_FROM: 'nobody' }, 'MAIL_FROM'],
    [{ DRAFTER: 'anthropic', DRAFTER_API_KEY: '', DRAFTER_MODEL: '' }, 'DRAFTER_MODEL'],
    [{ DRAFTER: 'openai-compatible', DRAFTER_MODEL: 'm', DRAFTER_BASE_URL: 'ftp://x' }, 'DRAFTER_BASE_URL'],
  ])('refuses %j with exit code 78, and names the variable', async (keys, named) => {
    const h = await host();
    const child = startReplier({ ...h.env, ...keys });
    expect(await exitOf(child)).toBe(78);
    expect(child.output()).toContain(named);
    expect(child.output()).not.toContain('nobody');
  });
});
