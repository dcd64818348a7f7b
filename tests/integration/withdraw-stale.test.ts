import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { AuditEntry } from '../../src/core/audit-chain.ts';
import { withFeedback, withReply } from '../../src/core/body.ts';
import { renderNote, type TaskNote, text, withData } from '../../src/core/task-file.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { draftReplies } from '../../src/stages/draft-reply.ts';
import { Offers } from '../../src/stages/offers.ts';
import { staleWithdrawer, type WithdrawDeps } from '../../src/stages/withdraw-stale.ts';
import { intake, killAt, Killed, type Mail, vaultWith, WAITING } from '../helpers/intake.ts';
import { replierDeps } from '../helpers/replier.ts';

const PENDING = 'Pending_Approval/email';
const ROOT = '<1@example.com>';

async function house() {
  const inbox = await intake();
  const { vault } = inbox;
  const offers = new Offers({ stateDir: join(vault.root, '..', 'state'), clock: systemClock });
  const recordOffer = (...offer: Parameters<Offers['record']>) => offers.record(...offer);
  const audited: AuditEntry[] = [];
  const deps: WithdrawDeps = {
    vault,
    offers,
    audit: { append: (entry) => Promise.resolve(void audited.push(entry)) },
    at: () => undefined,
  };
  const draft = draftReplies({ ...replierDeps(vault, 'cloud-agent'), recordOffer });
  let withdraw = staleWithdrawer(deps);
  return {
    ...inbox,
    offers,
    audited,
    draft: () => draft(new AbortController().signal),
    withdraw: () => withdraw(),
    restart: (change: Partial<WithdrawDeps> = {}) => {
      withdraw = staleWithdrawer({ ...deps, ...change });
    },
    drafted: async (mail: Mail) => {
      const { name } = await inbox.take(mail);
      await draft(new AbortController().signal);
      return name;
    },
    names: (folder: typeof PENDING | 'Skipped' | typeof WAITING) => vault.list(folder),
    edit: async (name: string, change: (note: TaskNote) => TaskNote) => {
      const note = (await inbox.notes(PENDING)).find((one) => one.name === name)!.note;
      await vault.update({ folder: PENDING, name }, renderNote(change(note)));
    },
  };
}

it('an unsent draft goes when the newer card of its thread is offered, and says why', async () => {
  const world = await house();
  const older = await world.drafted({ id: '1' });
  expect(await world.withdraw()).toBe(0);
  const { name: newer } = await world.take({ id: '2', refs: [ROOT] });
  expect(await world.withdraw()).toBe(0);
  await world.draft();
  expect(await world.withdraw()).toBe(1);
  expect(await world.names(PENDING)).toEqual([newer]);
  const [aside] = await world.notes('Skipped');
  expect(aside!.name).toBe(older);
  expect(text(aside!.note, 'reason')).toContain('this draft was not sent');
  expect(text(aside!.note, 'folded_into')).toBe(`[[${newer.slice(0, -3)}]]`);
  expect(world.audited.map(({ action }) => action)).toEqual(['draft.withdrawn']);
  // Brought back by the user it stays, also after a restart.
  await world.vault.move({ folder: 'Skipped', name: older }, WAITING);
  await world.draft();
  world.restart();
  expect(await world.withdraw()).toBe(0);
  expect((await world.names(PENDING)).length).toBe(2);
});

it('a card that was claimed in the moment of the fold goes when it is offered', async () => {
  const world = await house();
  const older = (await world.take({ id: '1' })).name;
  const mine = 'In_Progress/cloud-agent';
  world.with({
    vault: vaultWith(world.vault, {
      move: async (ref, to, name) => {
        await world.vault.move({ folder: WAITING, name: older }, mine);
        return world.vault.move(ref, to, name);
      },
    }),
  });
  const { name: newer } = await world.take({ id: '2', refs: [ROOT] });
  await world.draft();
  expect((await world.names(PENDING)).sort()).toEqual([newer, older].sort());
  expect(await world.withdraw()).toBe(1);
  expect(await world.names(PENDING)).toEqual([newer]);
});

it.each<[string, (note: TaskNote) => TaskNote]>([
  ['the reply', (note) => ({ ...note, body: withReply(note.body, 'My own words') })],
  ['a word under Feedback', (note) => ({ ...note, body: withFeedback(note.body, 'shorter') })],
  ['a recipient', (note) => withData(note, { reply_to: ['bob@example.com'] })],
])('stays when the user changed %s', async (_what, change) => {
  const world = await house();
  const older = await world.drafted({ id: '1' });
  await world.edit(older, change);
  await world.drafted({ id: '2', refs: [ROOT] });
  expect(await world.withdraw()).toBe(0);
  expect((await world.names(PENDING)).length).toBe(2);
});

it('stays when it came back to the user, who was told why', async () => {
  const world = await house();
  const older = await world.drafted({ id: '1' });
  await world.edit(older, (note) => withData(note, { outcome: 'bounced' }));
  const back = (await world.notes(PENDING))[0]!.note;
  await world.offers.record(text(back, 'id') as Parameters<Offers['record']>[0], older, back);
  await world.drafted({ id: '2', refs: [ROOT] });
  expect(await world.withdraw()).toBe(0);
});

it('nobody’s card goes because a note says so: sender, thread and account are looked at again', async () => {
  const world = await house();
  const older = await world.drafted({ id: '1' });
  const link = `[[${older.slice(0, -3)}]]`;
  const strange = await world.drafted({ id: '7', from: 'mallory@example.net', refs: [ROOT] });
  await world.edit(strange, (note) => withData(note, { replaces: link }));
  const elsewhere = await world.drafted({ id: '8' });
  await world.edit(elsewhere, (note) => withData(note, { folds: [link] }));
  expect(await world.withdraw()).toBe(0);
  expect((await world.names(PENDING)).length).toBe(3);
});

it('waits for the record of what was offered', async () => {
  const world = await house();
  const older = await world.drafted({ id: '1' });
  await world.drafted({ id: '2', refs: [ROOT] });
  const id = / (em-[0-9a-f]{16})\.md$/.exec(older)![1] as Parameters<Offers['find']>[0];
  const note = (await world.notes(PENDING)).find(({ name }) => name === older)!.note;
  await world.offers.forget(id);
  expect(await world.withdraw()).toBe(0);
  await world.offers.record(id, older, note);
  expect(await world.withdraw()).toBe(1);
});

it('killed at orchestrator:withdrawn, the card says why after the next pass', async () => {
  const world = await house();
  const older = await world.drafted({ id: '1' });
  const newer = await world.drafted({ id: '2', refs: [ROOT] });
  world.restart({ at: killAt('orchestrator:withdrawn') });
  await expect(world.withdraw()).rejects.toBeInstanceOf(Killed);
  expect(text((await world.notes('Skipped'))[0]!.note, 'reason')).toBe(undefined);
  world.restart();
  expect(await world.withdraw()).toBe(1);
  const [aside] = await world.notes('Skipped');
  expect([aside!.name, text(aside!.note, 'folded_into')]).toEqual([older, `[[${newer.slice(0, -3)}]]`]);
  expect(await world.withdraw()).toBe(0);
});
