import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withFeedback } from '../../src/core/body.ts';
import { earlierText } from '../../src/core/earlier-mails.ts';
import { originalText } from '../../src/core/neutralise.ts';
import { list, renderNote, text, withData } from '../../src/core/task-file.ts';
import { SeenFiles } from '../../src/mail/inbox/seen-ledger.ts';
import { readMessage } from '../../src/mail/message/read-message.ts';
import { intake, killAt, Killed, NOW, WAITING } from '../helpers/intake.ts';

const ROOT = '<1@example.com>';

describe('a newer mail of a thread', () => {
  it('takes the place of the card that waits, and shows its text', async () => {
    const inbox = await intake();
    const first = await inbox.take({ id: '1', text: 'How much?' });
    const second = await inbox.take({ id: '2', refs: [ROOT], text: 'Still there?' });
    const third = await inbox.take({ id: '3', refs: [ROOT, '<2@example.com>'], text: 'Hello??' });
    const [card, ...others] = await inbox.notes(WAITING);
    expect([card?.name, others]).toEqual([third.name, []]);
    expect(list(card!.note, 'folds')).toEqual([`[[${second.name.slice(0, -3)}]]`]);
    expect(originalText(card!.original)).toBe('Hello??\n');
    expect(earlierText(card!.original).map((m) => m.text.trim())).toEqual(['How much?', 'Still there?']);
    const aside = await inbox.notes('Skipped');
    expect(aside.map(({ name }) => name).sort()).toEqual([first.name, second.name].sort());
    for (const { note, name } of aside) {
      const into = name === first.name ? second.name : third.name;
      expect(text(note, 'reason')).toBe('A newer mail of this thread came.');
      expect(text(note, 'folded_into')).toBe(`[[${into.slice(0, -3)}]]`);
      expect(note.body).toContain('Skipped: A newer mail of this thread came.');
    }
    expect(inbox.skipped.map(({ name }) => name)).toEqual([first.name, second.name]);
  });

  it('that come in one breath end in one card, whichever is read first', async () => {
    const inbox = await intake();
    inbox.with({
      // The first takes longest to read.
      read: async (mail) => {
        for (let turn = 0; turn < 200 - mail.uid * 20; turn++) await Promise.resolve();
        return readMessage(mail.raw, mail.size);
      },
    });
    const mails = [1, 2, 3, 4, 5, 6].map((n) => ({
      id: String(n),
      refs: n === 1 ? [] : [ROOT],
      text: `mail ${n}`,
    }));
    await Promise.all(mails.map((mail) => inbox.take(mail)));
    const cards = await inbox.notes(WAITING);
    expect(cards.map((card) => originalText(card.original).trim())).toEqual(['mail 6']);
    expect((await inbox.notes('Skipped')).length).toBe(5);
  });

  it('of somebody who had no part in it hides nobody’s card and gets none of its text', async () => {
    const inbox = await intake();
    const first = await inbox.take({ id: '1', text: 'The code is 4711.' });
    inbox.with({
      thread: {
        answered: () => Promise.resolve(false),
        earlier: () =>
          Promise.resolve([
            {
              messageId: ROOT,
              from: 'Ada <ada@example.com>',
              own: false,
              receivedMs: NOW,
              text: 'The code is 4711.',
            },
          ]),
      },
    });
    const stranger = await inbox.take({
      id: '9',
      from: 'mallory@example.net',
      refs: [ROOT],
      text: 'Send me the code.',
    });
    const cards = await inbox.notes(WAITING);
    expect(cards.map(({ name }) => name).sort()).toEqual([first.name, stranger.name].sort());
    const card = cards.find(({ name }) => name === stranger.name)!;
    expect(list(card.note, 'warnings').join()).toContain('its sender had no part in that mail');
    expect(card.note.body).not.toContain('4711');
    expect(card.note.data).not.toHaveProperty('folds');
    // And what Ada writes next still finds her own card.
    inbox.with({});
    const next = await inbox.take({ id: '2', refs: [ROOT] });
    expect((await inbox.notes(WAITING)).map(({ name }) => name).sort()).toEqual(
      [next.name, stranger.name].sort(),
    );
  });

  it('of somebody who got the first one too is one of the thread', async () => {
    const inbox = await intake();
    const first = await inbox.take({ id: '1', to: 'office@example.org, Bob <BOB@example.com>' });
    await inbox.take({ id: '2', from: 'bob@example.com', refs: [ROOT] });
    expect((await inbox.notes('Skipped')).map(({ name }) => name)).toEqual([first.name]);
  });

  it('says which card it replaces when that one is drafted already, and moves nothing', async () => {
    const inbox = await intake();
    const first = await inbox.take({ id: '1', text: 'How much?' });
    await inbox.vault.move({ folder: WAITING, name: first.name }, 'Pending_Approval/email');
    await inbox.take({ id: '2', refs: [ROOT] });
    const [card] = await inbox.notes(WAITING);
    expect(text(card!.note, 'replaces')).toBe(`[[${first.name.slice(0, -3)}]]`);
    expect(earlierText(card!.original).map((m) => m.text.trim())).toEqual(['How much?']);
    expect(list(card!.note, 'warnings').join()).toContain('stays beside this one if you changed it');
    expect((await inbox.notes('Pending_Approval/email')).length).toBe(1);
  });

  it('does not fold away a word of the user', async () => {
    const inbox = await intake();
    const first = await inbox.take({ id: '1' });
    const ref = { folder: WAITING, name: first.name } as const;
    const { note } = (await inbox.notes(WAITING))[0]!;
    await inbox.vault.update(ref, renderNote({ ...note, body: withFeedback(note.body, 'Say no.') }));
    await inbox.take({ id: '2', refs: [ROOT] });
    expect((await inbox.notes(WAITING)).length).toBe(2);
  });

  it('leaves alone what is skipped, sent, of another account, or was brought back by the user', async () => {
    const inbox = await intake();
    const first = await inbox.take({ id: '1' });
    inbox.with({ account: 'private', ids: 'private' });
    await inbox.take({ id: '2', refs: [ROOT] });
    expect((await inbox.notes(WAITING)).length).toBe(2);
    inbox.with({});
    const ref = { folder: WAITING, name: first.name } as const;
    const note = (await inbox.notes(WAITING)).find(({ name }) => name === first.name)!.note;
    await inbox.vault.update(ref, renderNote(withData(note, { folded_into: '[[x]]' })));
    const third = await inbox.take({ id: '3', refs: [ROOT] });
    expect((await inbox.notes('Skipped')).length).toBe(0);
    await inbox.vault.move({ folder: WAITING, name: third.name }, 'Done/2026-11');
    await inbox.take({ id: '4', refs: [ROOT] });
    expect((await inbox.notes('Skipped')).length).toBe(0);
  });

  it('that could not be finished leaves alone what the user brought back meanwhile', async () => {
    const inbox = await intake();
    const first = await inbox.take({ id: '1' });
    const ledger = new SeenFiles(join(inbox.vault.root, '../state'));
    const full = Object.assign(new Error('full'), { code: 'ENOSPC' });
    inbox.with({
      ledger: {
        look: (id) => ledger.look(id),
        lastOfThread: (key) => ledger.lastOfThread(key),
        setLastOfThread: (key, name, replace) => ledger.setLastOfThread(key, name, replace),
        write: () => {
          throw full;
        },
      },
    });
    await expect(inbox.take({ id: '2', refs: [ROOT] })).rejects.toBe(full);
    await inbox.vault.move({ folder: 'Skipped', name: first.name }, WAITING);
    inbox.with({});
    expect((await inbox.take({ id: '2', refs: [ROOT] })).outcome).toBe('already');
    expect((await inbox.notes(WAITING)).length).toBe(2);
  });

  it('folds no note that says it is of another account', async () => {
    const inbox = await intake();
    await inbox.take({ id: '1' });
    inbox.with({ account: 'other' });
    await inbox.take({ id: '2', refs: [ROOT] });
    expect((await inbox.notes(WAITING)).length).toBe(2);
  });

  it('that is only a robot’s takes no card away', async () => {
    const inbox = await intake();
    await inbox.take({ id: '1' });
    await inbox.take({ id: '2', refs: [ROOT], head: ['Auto-Submitted: auto-replied'] });
    expect((await inbox.notes(WAITING)).length).toBe(1);
    expect(inbox.skipped.length).toBe(1);
  });

  it.each(['watcher:note-created', 'watcher:folded', 'watcher:ledger-written'] as const)(
    'killed at %s, the older card is in Skipped with its reason after the next pass',
    async (point) => {
      const inbox = await intake();
      const first = await inbox.take({ id: '1', text: 'How much?' });
      inbox.with({ at: killAt(point) });
      await expect(inbox.take({ id: '2', refs: [ROOT] })).rejects.toBeInstanceOf(Killed);
      inbox.with({});
      const again = await inbox.take({ id: '2', refs: [ROOT] });
      expect(again.outcome).toBe('already');
      expect((await inbox.notes(WAITING)).map(({ name }) => name)).toEqual([again.name]);
      const [aside, ...more] = await inbox.notes('Skipped');
      expect([aside?.name, more]).toEqual([first.name, []]);
      expect(text(aside!.note, 'folded_into')).toBe(`[[${again.name.slice(0, -3)}]]`);
      // Brought back by the user, it stays.
      await inbox.vault.move({ folder: 'Skipped', name: first.name }, WAITING);
      await inbox.take({ id: '2', refs: [ROOT] });
      expect((await inbox.notes(WAITING)).length).toBe(2);
    },
  );
});
