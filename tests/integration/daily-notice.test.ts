/** The one mail that leaves without a card: to the user alone, once a day, and nothing on earth answers it. */
import PostalMime from 'postal-mime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dailyNotice } from '../../src/core/daily-notice.ts';
import { NO_RULES } from '../../src/core/mail-rules.ts';
import { triage } from '../../src/core/triage/triage.ts';
import { readMessage } from '../../src/mail/message/read-message.ts';
import { sendNotice } from '../../src/mail/submission/send-notice.ts';
import { startSmtp, type TestSmtp } from '../helpers/smtp.ts';
import { testDir } from '../helpers/testdir.ts';

const DAY = '2026-11-21';
const notice = dailyNotice({ day: DAY, waiting: 3, skipped: 12, quarantined: 0 });
let smtp: TestSmtp;

beforeAll(async () => {
  smtp = await startSmtp();
});
afterAll(() => smtp.stop());

async function deps() {
  smtp.clear();
  await smtp.setFault(undefined);
  return {
    stateDir: await testDir(),
    self: { name: 'Mia', address: 'mia@example.net' },
    smtp: { host: smtp.host, port: smtp.port, secure: 'false', auth: null },
    now: () => Date.UTC(2026, 10, 21, 7),
  } as const;
}

describe('the daily notice', () => {
  it('says how many, to the user alone, in headers that no robot answers', async () => {
    expect(await sendNotice(DAY, notice, await deps())).toEqual({ kind: 'sent' });
    const [mail] = smtp.mails;
    expect(mail?.envelope).toEqual({ from: 'mia@example.net', to: ['mia@example.net'] });
    const read = await PostalMime.parse(mail?.raw ?? '');
    expect(read.subject).toBe('Handover, 2026-11-21: 3 cards wait');
    expect(read.text).toContain('12 mails were skipped yesterday');
    const header = (name: string) => read.headers.find(({ key }) => key === name)?.value;
    expect(header('auto-submitted')).toBe('auto-generated');
    expect(header('x-auto-response-suppress')).toBe('All');
    expect(read.inReplyTo).toBeUndefined();
  });

  it('makes no card where it arrives, at home or at anybody else’s Handover', async () => {
    await sendNotice(DAY, notice, await deps());
    const raw = smtp.mails[0]?.raw ?? Buffer.alloc(0);
    const { mail } = await readMessage(raw, raw.length);
    for (const addresses of [['mia@example.net'], ['someone@example.org']]) {
      expect(triage(mail, { addresses, rules: NO_RULES, answered: false }).verdict).toBe('skip');
    }
  });

  it('leaves once a day, whoever asks how often', async () => {
    const one = await deps();
    const results = await Promise.all(Array.from({ length: 8 }, () => sendNotice(DAY, notice, one)));
    expect(results.map(({ kind }) => kind).sort()).toEqual([...Array<string>(7).fill('already'), 'sent']);
    expect(smtp.mails).toHaveLength(1);
    expect(await sendNotice('2026-11-22', notice, one)).toEqual({ kind: 'sent' });
  });

  it('that was refused may be tried again; one that may have left is not', async () => {
    const one = await deps();
    await smtp.setFault('mail-451');
    expect(await sendNotice(DAY, notice, one)).toMatchObject({ kind: 'not_sent' });
    await smtp.setFault('drop-after-dot');
    expect(await sendNotice(DAY, notice, one)).toEqual({ kind: 'sent' });
    await smtp.setFault(undefined);
    expect(await sendNotice(DAY, notice, one)).toEqual({ kind: 'already' });
  });
});
