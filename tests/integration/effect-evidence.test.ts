import { describe, expect, it } from 'vitest';
import type { TaskId } from '../../src/core/task-id.ts';
import { effectEvidence } from '../../src/local/effect-evidence.ts';
import { openMailJournal } from '../../src/mail/submission/sealed-mail.ts';
import { openPostJournal } from '../../src/odoo/posting/sealed-post.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import { sealInput } from '../helpers/sealed.ts';
import { testDir } from '../helpers/testdir.ts';

const MAIL = 'em-0123456789abcdef' as TaskId;
const INVOICE = 'od-0123456789abcdef' as TaskId;
const now = () => Date.parse('2026-11-20T08:00:00Z');

describe('what the journals say of a finished task', () => {
  it('is read by the rules of its edge', async () => {
    const stateDir = await testDir();
    const options = { stateDir, self: ownIdentity(), isAlive, now };
    const evidence = await effectEvidence(stateDir, now);
    const mail = await openMailJournal(options);
    await mail.seal(await sealInput(MAIL));
    const post = await openPostJournal(options);
    await post.seal({
      ...{ id: INVOICE, hash: 'h', noteName: 'n.md', noteText: '', account: 'me', kind: 'odoo_post' },
      ...{ odooId: 7, externalId: 'handover_bridge.od', url: 'https://odoo.example', db: 'books' },
      approval: { who: 'user', when: '2026-11-20T08:00:00Z', hash: 'h' },
      payload: Buffer.from('{}'),
    });
    for (const [id, journal] of [
      [MAIL, mail],
      [INVOICE, post],
    ] as const) {
      expect(await evidence.isDone(id)).toBe(false);
      const begun = await journal.beginAttempt(id, 1);
      if (!begun.ok) throw new Error('no attempt');
      begun.attempt.transmitting();
      await begun.attempt.finish({ verdict: 'sent', words: 'ok' }, 'end');
      expect(await evidence.isDone(id)).toBe(true);
    }
  });
});
