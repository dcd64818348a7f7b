import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { noteName } from '../../src/core/filename.ts';
import {
  approvedFolderLines,
  ignoreFaults,
  ignoreLines,
  type SyncDevice,
} from '../../src/core/ignore-lists.ts';
import { OTHER_FOLDERS, STATES } from '../../src/core/states.ts';
import { taskIdFromMessage } from '../../src/core/task-id.ts';
import { STAGING_PREFIX } from '../../src/files/durable.ts';
import { ruleMatches } from '../helpers/syncthing-glob.ts';

const root = join(import.meta.dirname, '../..');
const text = await readFile(join(root, '.gitignore-sync'), 'utf8');
const rules = text.split('\n').filter((line) => line !== '' && !line.startsWith('//'));
const devices: readonly SyncDevice[] = ['cloud', 'laptop', 'phone'];
const excluding = (device: SyncDevice, path: string): string[] =>
  ignoreLines(text, device).filter((rule) => ruleMatches(rule, path));

/** Settings of one Obsidian. Its look above all: a peer's CSS could hide a warning on a card. */
const OF_THIS_DEVICE = /^\.obsidian(\/(app\.json|appearance\.json|templates\.json|snippets\b.*))?$/;

describe('.gitignore-sync', () => {
  it('keeps Approved from travelling, before every other rule', () => {
    expect(rules[0]).toBe('(?i)/Approved');
    for (const device of devices) expect(ignoreLines(text, device)[0]).toBe('(?i)/Approved');
  });

  it('has no rule that a peer could use: no include, no exception, no permission to delete', () => {
    expect(rules.filter((rule) => /^#|^!|\(\?[a-z]*d/.test(rule))).toEqual([]);
    for (const device of devices) {
      const lines = ignoreLines(text, device);
      expect(ignoreFaults(lines, lines)).toEqual([]);
    }
  });

  it('keeps our unfinished files and the guard files at home', () => {
    expect(rules).toContain(`${STAGING_PREFIX}*`);
    expect(rules).toContain('.keep');
    expect(approvedFolderLines(text)).toContain('.keep');
  });

  it('names every rule once', () => {
    expect(new Set(rules).size).toBe(rules.length);
  });

  it.each(['cloud', 'laptop'] as const)('lets everything travel that has to, on the %s', async (device) => {
    const folders = STATES.filter((row) => row.travelsToCloud).map((row) => row.folder);
    const template = (await readdir(join(root, 'vault-template'), { recursive: true })).filter(
      (name) => !/^Approved\b|(^|\/)\.keep$/.test(name) && !OF_THIS_DEVICE.test(name),
    );
    for (const path of [
      ...folders,
      ...folders.map((folder) => `${folder}/a.md`),
      ...OTHER_FOLDERS,
      ...template,
      'Done/2026-11/a.md',
      'Updates/cloud-agent/draft-replier.json',
      'Logs/local-agent/2026-11-20.orchestrator.jsonl',
      'Attachments/em-0123456789abcdef offer.pdf',
      'PAUSE.md',
      'Journal/2026-11-20.md',
      'State/tax.md',
      'Overview.base',
      // A version that lost: the device that made the copy has the only one.
      'Pending_Approval/email/a.sync-conflict-20261120-081500-ABCDEFG.md',
      '.obsidian/types.json',
      '.obsidian/bookmarks.json',
    ]) {
      expect(excluding(device, path), path).toEqual([]);
    }
  });

  it.each(['cloud', 'laptop', 'phone'] as const)(
    'keeps the look of Obsidian from travelling, on the %s',
    (device) => {
      for (const path of [
        '.obsidian/appearance.json',
        '.obsidian/snippets/handover.css',
        '.obsidian/themes/x/theme.css',
      ])
        expect(excluding(device, path), path).not.toEqual([]);
    },
  );

  it('lets travel to a phone whatever a person reads', () => {
    for (const row of STATES.filter((state) => state.travelsToCloud))
      expect(excluding('phone', `${row.folder}/a.md`)).toEqual([]);
    for (const path of ['Dashboard.md', 'Templates/a.md', 'Attachments/a.pdf', 'Notes/Logs/a.md'])
      expect(excluding('phone', path), path).toEqual([]);
    expect(excluding('phone', 'Updates/cloud-agent/draft-replier.json')).toEqual(['/Updates']);
  });

  it.each(devices)('lets no secret, state, plugin or rubbish travel, on the %s', (device) => {
    for (const path of [
      '.env',
      'Notes/.env.production',
      'deep/er/id_ed25519',
      'server.pem',
      'api-token.txt',
      'Journal/client_secret.json',
      'state/journal/em-0123456789abcdef/g1/sealed.json',
      'journal/em-0123456789abcdef/g1/sealed.json',
      'Done/.handover-12-ab.tmp',
      'Done/.keep',
      '.git/config',
      '.obsidian/app.json',
      '.obsidian/appearance.json',
      '.obsidian/backlink.json',
      '.obsidian/community-plugins.json',
      '.obsidian/core-plugins.json',
      '.obsidian/plugins/x/main.js',
      '.obsidian/snippets/hide.css',
      '.obsidian/templates.json',
      '.obsidian/themes/x/theme.css',
      '.obsidian/workspace.json',
      '.obsidian/workspace-mobile.json',
    ]) {
      expect(excluding(device, path), path).not.toEqual([]);
    }
  });

  it('excludes Approved and what looks like it in the root', () => {
    for (const path of ['Approved', 'Approved/a.md', 'APPROVED/a.md', 'approved/sub/a.md']) {
      for (const device of devices) expect(excluding(device, path), path).toEqual(['(?i)/Approved']);
    }
  });

  it('never keeps a card from travelling, whatever its sender is called', () => {
    const id = taskIdFromMessage('user@example.org', '<1@example.com>');
    const title = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      fc.constantFrom('Credentials Team - Hello', '.env', 'token', 'id_rsa', '~x', 'secret.json', 'a.key'),
    );
    fc.assert(
      fc.property(
        title,
        fc.constantFrom('Needs_Action/email', 'Done/2026-11', 'Skipped'),
        (words, folder) => {
          expect(excluding('laptop', `${folder}/${noteName(words, id)}`)).toEqual([]);
        },
      ),
    );
  });
});
