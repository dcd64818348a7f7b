import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Settled } from '../../src/core/claim-protocol.ts';
import { renderNote, text, withData } from '../../src/core/task-file.ts';
import { idInName } from '../../src/core/task-id.ts';
import { DraftingMarks } from '../../src/stages/drafting-marks.ts';
import { mailNote, openReplier, type Replier } from '../helpers/replier.ts';
import { testDir } from '../helpers/testdir.ts';

const INBOX = 'Needs_Action/email';
const MINE = 'In_Progress/cloud-agent';
const LAPTOPS = 'In_Progress/local-agent';
const OFFERED = 'Pending_Approval/email';

async function waiting(replier: Replier): Promise<{ name: string; source: string }> {
  const note = mailNote();
  await replier.put(`${INBOX}/${note.name}`, note.source);
  return note;
}

/** The note as the laptop would have drafted it. */
function draftedByLaptop(replier: Replier, path: string): Promise<string> {
  return replier
    .note(path)
    .then((note) =>
      renderNote(withData(note, { claimed_by: 'local-agent', drafted_at: '2026-11-20T09:40:00' })),
    );
}

describe('a note that is further along elsewhere', () => {
  it.each([LAPTOPS, OFFERED, 'Approved', 'Rejected', MINE])('in %s is not claimed', async (folder) => {
    const replier = await openReplier();
    const { name, source } = await waiting(replier);
    await replier.put(`${folder}/${name}`, source);
    const { lookAgainAt } = await replier.pass({
      replicas: true,
      marks: folder === MINE ? { add: no, remove: no, ours: () => Promise.resolve([]) } : null,
    });
    expect(await replier.names(INBOX)).toEqual([name]);
    expect(await replier.names(OFFERED)).toEqual(folder === OFFERED ? [name] : []);
    expect(lookAgainAt).not.toBeNull();
    expect(replier.moves).toEqual([]);
  });

  it('never keeps the ones behind it waiting', async () => {
    const replier = await openReplier();
    const notes = [1, 2, 3].map((n) => mailNote({ message_id: `<w${n}@example.org>` }));
    for (const { name, source } of notes) await replier.put(`${INBOX}/${name}`, source);
    const sorted = notes.map(({ name }) => name).sort();
    await replier.put(`${OFFERED}/${sorted[0]!}`, 'a card');
    const { more } = await replier.pass({ replicas: true, perPass: 1 });
    expect(more).toBe(true);
    expect(await replier.names(OFFERED)).toEqual(sorted.slice(0, 2));
  });

  it('is drafted when its shadow is gone', async () => {
    const replier = await openReplier();
    const { name, source } = await waiting(replier);
    await replier.put(`Rejected/${name}`, source);
    await replier.pass({ replicas: true });
    await replier.vault.move({ folder: 'Rejected', name }, 'Conflicts');
    await replier.pass({ replicas: true });
    expect(await replier.names(OFFERED)).toEqual([name]);
  });

  it('and a conflict copy of it is never drafted', async () => {
    const replier = await openReplier();
    const { name, source } = mailNote();
    const copy = name.replace('.md', '.sync-conflict-20261120-093100-QAL3ALD.md');
    await replier.put(`${INBOX}/${copy}`, source);
    await replier.put(`${MINE}/${copy}`, source);
    await replier.pass({ replicas: true });
    expect(await replier.names(INBOX)).toEqual([copy]);
    expect(await replier.names(MINE)).toEqual([copy]);
  });
});

function no(): Promise<void> {
  return Promise.resolve();
}

describe('a claim', () => {
  const settleAs = (verdict: Settled) => () => Promise.resolve(verdict);

  it.each(['mine', 'apart'] as const)('that is %s is drafted and offered', async (verdict) => {
    const replier = await openReplier();
    const { name } = await waiting(replier);
    await replier.pass({ replicas: true, settle: settleAs(verdict) });
    expect(await replier.names(OFFERED)).toEqual([name]);
  });

  it('that is withdrawn goes to Conflicts as it was, and nothing is drafted', async () => {
    const replier = await openReplier();
    const { name, source } = await waiting(replier);
    await replier.pass({ replicas: true, settle: settleAs('withdrawn') });
    expect(await replier.names('Conflicts')).toEqual([name]);
    expect(renderNote(await replier.note(`Conflicts/${name}`))).toBe(source);
    expect(await replier.names(MINE)).toEqual([]);
    expect(replier.moves.at(-1)).toMatchObject({ to: 'Conflicts', reason: 'the other agent has it' });
  });

  it('that waits stays as it is, and is settled and drafted by a later pass', async () => {
    const replier = await openReplier();
    const { name, source } = await waiting(replier);
    const { lookAgainAt } = await replier.pass({ replicas: true, settle: settleAs('waiting') });
    expect(lookAgainAt).not.toBeNull();
    expect(renderNote(await replier.note(`${MINE}/${name}`))).toBe(source);
    await replier.pass({ replicas: true });
    expect(await replier.names(OFFERED)).toEqual([name]);
  });

  it('that is gone is nobody’s any more', async () => {
    const replier = await openReplier();
    const { name } = await waiting(replier);
    await replier.pass({
      replicas: true,
      settle: async (ref) => {
        await replier.vault.move(ref, INBOX);
        return 'gone';
      },
    });
    expect(await replier.names(INBOX)).toEqual([name]);
    expect(replier.errors).toEqual([]);
  });
});

describe('a draft under way', () => {
  /** Killed with the draft written; then the other side's version arrives. */
  async function draftedHere(): Promise<{ replier: Replier; name: string }> {
    const replier = await openReplier();
    const { name } = await waiting(replier);
    await replier.killAt('replier:draft-written');
    return { replier, name };
  }

  it('is withdrawn when the laptop drafted the same task', async () => {
    const { replier, name } = await draftedHere();
    await replier.put(`${LAPTOPS}/${name}`, await draftedByLaptop(replier, `${MINE}/${name}`));
    await replier.pass({ replicas: true });
    expect(await replier.names('Conflicts')).toEqual([name]);
    expect(await replier.names(LAPTOPS)).toEqual([name]);
    expect(await replier.names(OFFERED)).toEqual([]);
    expect(replier.offers).toEqual([]);
  });

  it('stands against a claim of the laptop that is not drafted: that one sees the card and goes', async () => {
    const { replier, name } = await draftedHere();
    await replier.put(`${LAPTOPS}/${name}`, mailNote().source);
    await replier.pass({ replicas: true });
    expect(await replier.names(OFFERED)).toEqual([name]);
  });

  it('is withdrawn when the user answered another version', async () => {
    const { replier, name } = await draftedHere();
    await replier.put(`Rejected/${name}`, mailNote().source);
    await replier.pass({ replicas: true });
    expect(await replier.names('Conflicts')).toEqual([name]);
    expect(await replier.names('Rejected')).toEqual([name]);
  });
});

describe('the id of a note that a person wrote', () => {
  it('is the same on both machines, so that two drafts of it are one task', async () => {
    const ids: unknown[] = [];
    for (const agent of ['cloud-agent', 'local-agent'] as const) {
      const replier = await openReplier();
      const path = join(replier.root, INBOX, 'Ask Bo.md');
      await writeFile(path, '---\nto: bo@example.com\n---\nWhen is it done?');
      await utimes(path, 1_700_000_000, 1_700_000_000.25 + ids.length / 2);
      await replier.pass({ agent });
      ids.push(idInName((await replier.names(OFFERED))[0]!));
    }
    expect(ids[0]).toMatch(/^em-/);
    expect(ids[1]).toBe(ids[0]);
  });
});

describe('on the laptop, where the folder holds what the user approved too', () => {
  async function laptop() {
    const replier = await openReplier();
    const stateDir = await testDir();
    const marks = new DraftingMarks(stateDir);
    return { replier, marks, stateDir, change: { agent: 'local-agent' as const, replicas: true, marks } };
  }

  it('only what is marked is drafted; an approved note is left alone', async () => {
    const { replier, marks, change } = await laptop();
    const approved = mailNote({ message_id: '<approved@example.org>' });
    await replier.put(`${LAPTOPS}/${approved.name}`, approved.source);
    const { name } = await waiting(replier);
    await replier.pass(change);
    expect(await replier.names(LAPTOPS)).toEqual([approved.name]);
    expect(await replier.names(OFFERED)).toEqual([name]);
    expect(text(await replier.note(`${OFFERED}/${name}`), 'claimed_by')).toBe('local-agent');
    expect(await marks.list()).toEqual([]);
  });

  it('a note is marked before it is claimed', async () => {
    const { replier, marks, change } = await laptop();
    const { name } = await waiting(replier);
    await replier.pass({ ...change, settle: () => Promise.resolve('waiting') });
    expect(await replier.names(LAPTOPS)).toEqual([name]);
    expect(await marks.has(name)).toBe(true);
    await replier.pass(change);
    expect(await replier.names(OFFERED)).toEqual([name]);
    expect(await marks.has(name)).toBe(false);
  });

  it('nothing new is claimed when it may not, and what is in hand is finished', async () => {
    const { replier, change } = await laptop();
    const { name } = await waiting(replier);
    await replier.pass({ ...change, settle: () => Promise.resolve('waiting') });
    const later = mailNote({ message_id: '<later@example.org>' });
    await replier.put(`${INBOX}/${later.name}`, later.source);
    await replier.pass({ ...change, mayClaim: () => false });
    expect(await replier.names(OFFERED)).toEqual([name]);
    expect(await replier.names(INBOX)).toEqual([later.name]);
  });

  it('nothing is claimed any more once the take-over ended, not even what a pass had begun with', async () => {
    const { replier, marks, change } = await laptop();
    const names = [1, 2].map((n) => mailNote({ message_id: `<e${n}@example.org>` }));
    for (const { name, source } of names) await replier.put(`${INBOX}/${name}`, source);
    let on = true;
    await replier.pass({
      ...change,
      mayClaim: () => on,
      at: (point) => {
        if (point === 'replier:offered') on = false;
      },
    });
    expect(await replier.names(OFFERED)).toHaveLength(1);
    expect(await replier.names(INBOX)).toHaveLength(1);
    expect(await marks.list()).toEqual([]);
  });

  it('a mark that a crash left does not make an approved note ours', async () => {
    const { replier, marks, stateDir, change } = await laptop();
    const { name, source } = mailNote();
    await marks.add(name);
    await replier.put(`${LAPTOPS}/${name}`, source);
    await mkdir(join(stateDir, 'active'));
    await writeFile(join(stateDir, 'active', idInName(name)!), 'hash');
    await replier.pass(change);
    expect(await replier.names(LAPTOPS)).toEqual([name]);
    expect(await marks.has(name)).toBe(false);
  });

  it('a mark of a note that is not there is forgotten', async () => {
    const { replier, marks, change } = await laptop();
    await marks.add('Gone em-0123456789abcdef.md');
    await replier.pass(change);
    expect(await marks.list()).toEqual([]);
  });
});
