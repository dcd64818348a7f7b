import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { skippedCount } from '../../../src/core/skipped-page.ts';
import { taskIdFromMessage } from '../../../src/core/task-id.ts';
import { openSkippedDigest, type SkippedMail } from '../../../src/stages/skipped-digest.ts';
import { dashboardWriter } from '../../../src/stages/write-dashboard.ts';
import { Vault } from '../../../src/vault/vault.ts';
import { testDir } from '../../helpers/testdir.ts';

const NOON = Date.UTC(2026, 10, 21, 12);
const DAY_MS = 86_400_000;

async function digests() {
  const dir = await testDir({ 'vault/.keep': '' });
  const vault = await Vault.open(join(dir, 'vault'));
  await vault.ensureFolders();
  const stateDir = join(dir, 'state');
  const page = (day: string) => readFile(join(vault.root, `Updates/cloud-agent/Skipped-${day}.md`), 'utf8');
  const open = (now = NOON) =>
    openSkippedDigest({ stateDir, vault, timeZone: 'Europe/Berlin', now: () => now });
  return { vault, stateDir, page, open };
}

function mail(n: number, change: Partial<SkippedMail> = {}): SkippedMail {
  const id = taskIdFromMessage('office', `<${n}@example.com>`);
  const name = `Shop - Sale ${n} ${id}.md`;
  return { id, name, title: `Shop - Sale ${n}`, reason: 'It is a newsletter.', atMs: NOON, ...change };
}

it('lists each mail with time, sender, subject, reason and a link, on the page of its day in the vault’s zone', async () => {
  const { open, page } = await digests();
  const digest = await open();
  digest.add(mail(1));
  digest.add(mail(2, { atMs: Date.UTC(2026, 10, 21, 23, 30) }));
  await digest.flush();
  const today = await page('2026-11-21');
  expect(today).toContain(
    `- 13:00 · Shop \\- Sale 1 · It is a newsletter. · [[Shop - Sale 1 ${mail(1).id}]]`,
  );
  expect(skippedCount(today)).toBe(1);
  expect(await page('2026-11-22')).toContain('- 00:30 · Shop \\- Sale 2');
});

it('what a sender writes into name or subject is nothing but text there', async () => {
  const { open, page } = await digests();
  const digest = await open();
  digest.add(
    mail(1, { title: '![x](http://evil.example/x) [[Secrets]] <% y %>\n# Big', reason: '`=x` #tag' }),
  );
  await digest.flush();
  const text = (await page('2026-11-21')).split('\n').at(-2) ?? '';
  expect(text).toContain('Secrets');
  expect(text).not.toMatch(/(?<!\\)!\[|(?<!\\)\[\[Secrets|<%|^# Big|(?<!\\)`/m);
});

it('the same mail twice is one line, also across a restart and midnight', async () => {
  const { open, page } = await digests();
  const first = await open();
  first.add(mail(1));
  first.add(mail(1));
  // Killed here: nothing was flushed.
  const second = await open(NOON + DAY_MS);
  expect(skippedCount(await page('2026-11-21'))).toBe(1);
  second.add(mail(1, { atMs: NOON + DAY_MS }));
  second.add(mail(2, { atMs: NOON + DAY_MS }));
  await second.flush();
  expect(skippedCount(await page('2026-11-21'))).toBe(1);
  expect(skippedCount(await page('2026-11-22'))).toBe(1);
});

it('half a line that a power cut left costs that line alone', async () => {
  const { open, page, stateDir } = await digests();
  const first = await open();
  first.add(mail(1));
  await first.flush();
  await appendFile(join(stateDir, 'skipped/2026-11-21.jsonl'), '{"id":"em-01');
  const second = await open();
  second.add(mail(2));
  await second.flush();
  expect(skippedCount(await page('2026-11-21'))).toBe(2);
});

it('shows five hundred and counts the rest, also after a restart', async () => {
  const { open, page } = await digests();
  const first = await open();
  for (let n = 0; n < 620; n++) first.add(mail(n));
  await first.flush();
  const look = async () => {
    const text = await page('2026-11-21');
    return [
      skippedCount(text),
      text.match(/^- \d\d:\d\d/gm)?.length,
      text.includes('- and 120 more in `Skipped`'),
    ];
  };
  expect(await look()).toEqual([620, 500, true]);
  const second = await open();
  second.add(mail(3));
  await second.flush();
  expect(await look()).toEqual([620, 500, true]);
});

it('removes its pages after two weeks, and nothing else', async () => {
  const { open, page, stateDir, vault } = await digests();
  const digest = await open();
  digest.add(mail(1));
  await digest.flush();
  await writeFile(join(vault.root, 'Updates/cloud-agent/Skipped-2026-01-01.md'), 'by somebody else');
  await open(NOON + 13 * DAY_MS);
  expect(skippedCount(await page('2026-11-21'))).toBe(1);
  const later = await open(NOON + 15 * DAY_MS);
  await expect(page('2026-11-21')).rejects.toThrow('ENOENT');
  expect(await page('2026-01-01')).toBe('by somebody else');
  expect(await readdir(join(stateDir, 'skipped'))).toEqual([]);
  await later.flush();
});

it('a page that cannot be written is written later', async () => {
  const { open, page, vault, stateDir } = await digests();
  let broken = true;
  const digest = await openSkippedDigest({
    ...{ stateDir, timeZone: 'UTC', now: () => NOON },
    vault: {
      root: vault.root,
      writeOther: (path, text) => (broken ? Promise.reject(new Error('full')) : vault.writeOther(path, text)),
    },
  });
  digest.add(mail(1));
  await expect(digest.flush()).rejects.toThrow('full');
  broken = false;
  await digest.flush();
  expect(skippedCount(await page('2026-11-21'))).toBe(1);
  expect(skippedCount(await (await open(), page('2026-11-21')))).toBe(1);
});

it('flushed from two mailboxes at once, the newest page is the one that stays', async () => {
  const { vault, page, stateDir } = await digests();
  let slow = true;
  const digest = await openSkippedDigest({
    ...{ stateDir, timeZone: 'UTC', now: () => NOON },
    vault: {
      root: vault.root,
      writeOther: async (path, text) => {
        if (slow) for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
        slow = false;
        await vault.writeOther(path, text);
      },
    },
  });
  digest.add(mail(1));
  const first = digest.flush();
  await new Promise(setImmediate);
  digest.add(mail(2));
  await Promise.all([first, digest.flush()]);
  expect(skippedCount(await page('2026-11-21'))).toBe(2);
});

it('the dashboard counts what was skipped today, and believes the page nothing else', async () => {
  const { open, vault } = await digests();
  const digest = await open();
  digest.add(mail(1));
  digest.add(mail(2));
  await digest.flush();
  const sentRecords = () => Promise.resolve([]);
  const writer = dashboardWriter({
    ...{ vault, timeZone: 'Europe/Berlin', dryRun: false, sentRecords, now: () => NOON },
  });
  await writer.write([]);
  const read = async () => readFile(join(vault.root, 'Dashboard.md'), 'utf8');
  expect(await read()).toContain('2 mails skipped today: [[Skipped-2026-11-21]]');
  await vault.writeOther(
    'Updates/cloud-agent/Skipped-2026-11-21.md',
    '# Skipped ![x](http://evil.example)\n',
  );
  await writer.write([]);
  expect(await read()).not.toContain('skipped today');
});
