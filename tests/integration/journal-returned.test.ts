import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { mailActionOf } from '../../src/core/approval.ts';
import type { DeliveryVerdict } from '../../src/core/delivery-verdict.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { type MailJournal, openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { SealedReplies } from '../../src/mail/submission/sealed-replies.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { sealInput } from '../helpers/sealed.ts';
import { testDir } from '../helpers/testdir.ts';

/** A sent mail that comes back, in the real journal. */

const ID = 'em-0123456789abcdef' as TaskId;
const SENT: DeliveryVerdict = { verdict: 'sent', words: '250 queued' };
const NOTICE = {
  notice: 'em-00000000000000b1',
  words: '550 5.1.1 no such user',
  recipients: ['b@example.org'],
};
const FROM = { name: 'Me', address: 'me@example.com' };

let stateDir: string;
let journal: MailJournal;

beforeEach(async () => {
  stateDir = await testDir();
  journal = await openMailJournal({ stateDir, self: ownIdentity(), isAlive, now: () => Date.now() });
});

async function attempt(verdict: DeliveryVerdict | null, text = 'hello'): Promise<string> {
  const digest = createHash('sha256').update(text).digest('hex').slice(0, 32);
  const messageId = `<${ID}.${digest}@example.org>`;
  const sealed = await journal.seal({ ...(await sealInput(ID, text)), messageId });
  if (!sealed.ok) throw new Error(sealed.state.state);
  const begun = await journal.beginAttempt(ID, sealed.seal);
  if (!begun.ok) throw new Error(begun.state.state);
  begun.attempt.transmitting();
  if (verdict !== null) await begun.attempt.finish(verdict, 'final-reply');
  return messageId;
}

const returned = (messageId: string, notice = NOTICE) =>
  journal.recordReturned(ID, notice, (sealed) => sealed.messageId === messageId);

describe('a sent mail that comes back', () => {
  it('counts as failed, with the words and the recipients of the report', async () => {
    expect(await returned(await attempt(SENT))).toEqual({ is: 'recorded' });
    expect((await journal.view(ID)).state).toMatchObject({
      state: 'failed',
      cause: 'returned',
      words: NOTICE.words,
      recipients: NOTICE.recipients,
    });
  });

  it('is never attempted again under the seal it had', async () => {
    await returned(await attempt(SENT));
    expect(await journal.beginAttempt(ID, 1)).toMatchObject({ ok: false, state: { state: 'failed' } });
    expect((await journal.withdraw(ID)).state).toBe('withdrawn');
    expect(await journal.beginAttempt(ID, 1)).toMatchObject({ ok: false, state: { state: 'withdrawn' } });
  });

  it('is told once, whoever reports it how often, also side by side', async () => {
    const messageId = await attempt(SENT);
    const results = await Promise.all(Array.from({ length: 8 }, () => returned(messageId)));
    expect(results.filter((r) => r.is === 'recorded')).toHaveLength(1);
    expect(await returned(messageId, { ...NOTICE, notice: 'em-00000000000000b2' })).toEqual({
      is: 'again',
      notice: NOTICE.notice,
    });
    expect(
      (await readdir(join(stateDir, 'journal', ID, 'g1'))).filter((n) => n === 'returned.json'),
    ).toHaveLength(1);
  });

  it('is not touched by a report that names another mail', async () => {
    await attempt(SENT);
    expect(await returned(`<${ID}.${'0'.repeat(32)}@example.org>`)).toEqual({ is: 'not_ours' });
    expect((await journal.view(ID)).state.state).toBe('done');
  });

  it.each([
    ['in doubt', { verdict: 'in_doubt', words: 'lost' }, 'in_doubt'],
    ['put off', { verdict: 'retry', words: '450', cause: 'server' }, 'retry'],
    ['refused', { verdict: 'failed', words: '550', cause: 'recipients' }, 'failed'],
    ['on its way', null, 'running'],
  ] as const)('is not believed of a mail that is %s', async (_, verdict, state) => {
    expect(await returned(await attempt(verdict))).toMatchObject({ is: 'not_done', state: { state } });
    expect((await journal.view(ID)).state.state).toBe(state);
  });

  it('may be sealed anew, and an old report does not touch what is sent then', async () => {
    const first = await attempt(SENT);
    await returned(first);
    const second = await attempt(SENT, 'to the right address');
    expect(second).not.toBe(first);
    expect((await journal.view(ID)).state.state).toBe('done');
    expect(await returned(first, { ...NOTICE, notice: 'em-00000000000000b3' })).toMatchObject({
      is: 'again',
    });
    expect((await journal.view(ID)).state.state).toBe('done');
  });

  it('cannot come back without end, however often it is sent again', async () => {
    const verdicts: string[] = [];
    for (let n = 0; n < 7; n++) {
      const messageId = await attempt(SENT, `round ${n}`).catch(() => null);
      if (messageId === null) break;
      verdicts.push((await returned(messageId, { ...NOTICE, notice: `em-00000000000000c${n}` })).is);
    }
    expect(verdicts).toEqual([...Array<string>(5).fill('recorded'), 'too_often']);
    expect((await journal.view(ID)).state.state).toBe('done');
  });

  it('whose record is torn is unreadable, and nothing is sent', async () => {
    await attempt(SENT);
    await writeFile(join(stateDir, 'journal', ID, 'g1', 'returned.json'), '{"at":');
    expect((await journal.view(ID)).state.state).toBe('unreadable');
    expect(await journal.seal(await sealInput(ID, 'other'))).toMatchObject({ ok: false });
  });

  it('that was never sent makes the record unreadable', async () => {
    await journal.seal(await sealInput(ID));
    const record = { ...NOTICE, at: new Date().toISOString() };
    await writeFile(join(stateDir, 'journal', ID, 'g1', 'returned.json'), JSON.stringify(record));
    expect((await journal.view(ID)).state.state).toBe('unreadable');
  });
});

describe('the same text sent again after it came back', () => {
  it('has another Message-ID, so that neither Sent nor a late report takes one for the other', async () => {
    const replies = new SealedReplies({ journal, from: FROM, now: () => Date.now() });
    const data = { id: ID, kind: 'email_new', reply_to: ['b@example.org'], reply_subject: 'x' };
    const read = mailActionOf({ data, body: '## Reply\n\nhello\n' });
    if (!read.ok) throw new Error(read.reasons.join());
    const { action } = read;
    const card = {
      action,
      files: [],
      hash: 'h',
      noteName: `x ${ID}.md`,
      noteText: 't',
      approvedAt: new Date().toISOString(),
    };
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) {
      await replies.seal(card);
      const { sealed } = await journal.view(ID);
      const begun = await journal.beginAttempt(ID, sealed!.seal);
      if (!begun.ok) throw new Error(begun.state.state);
      begun.attempt.transmitting();
      await begun.attempt.finish(SENT, 'final-reply');
      ids.push(sealed!.messageId);
      const notice = { ...NOTICE, messageId: sealed!.messageId };
      expect(await replies.returned(ID, notice)).toEqual({ is: 'recorded' });
      expect(await replies.returned(ID, notice)).toEqual({ is: 'again', same: true });
      expect((await replies.view(ID)).returned).toEqual(NOTICE.recipients);
    }
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^<em-[0-9a-f]{16}\.[0-9a-f]{32}@example\.com>$/);
  });
});
