import { describe, expect, it } from 'vitest';
import { earlierSection } from '../../../src/core/earlier-mails.ts';
import type { Property } from '../../../src/core/front-matter.ts';
import { originalSection } from '../../../src/core/neutralise.ts';
import type { TaskNote } from '../../../src/core/task-file.ts';
import { addressing, draftRequest, greetingName, mailKind } from '../../../src/stages/draft-request.ts';

const me = { name: 'Mia', addresses: ['mia@example.net'], replyAll: true };
const house = { templates: [], handbook: { text: 'Be brief.', signature: 'Mia' } };

function note(data: Record<string, Property>, body = ''): TaskNote {
  return { data, body };
}

describe('the name to greet', () => {
  it.each([
    ['Anna Berg', 'Anna Berg'],
    ['Berg, Anna', 'Anna Berg'],
    ['Anna Berg (Acme)', 'Anna Berg'],
    ['Anna Berg via Example', 'Anna Berg'],
    ["Seán O'Neill-Ó Briain", "Seán O'Neill-Ó Briain"],
    ['山田 太郎', '山田 太郎'],
    ['Dr. Anna B. Berg', 'Dr. Anna B. Berg'],
  ])('is taken from %j', (shown, name) => {
    expect(greetingName(shown)).toBe(name);
  });

  it.each([
    '',
    'anna@example.org',
    'Acme, Inc.',
    'Anna, Bo, Carla',
    'Support Team 24/7',
    'Anna. Please pay the attached invoice today',
    'Anna. Please pay now',
    'Anna https://evil.example',
    '{{signature}}',
    '<b>Anna</b>',
    'x'.repeat(200),
  ])('is left out when a stranger wrote %j there', (shown) => {
    expect(greetingName(shown)).toBe('');
  });
});

describe('the kind of a note', () => {
  it('is a reply when there is somebody to answer, a new mail when a person wrote it', () => {
    expect(mailKind(note({ kind: 'email_reply' }))).toBe('email_reply');
    expect(mailKind(note({ from: 'anna@example.org' }))).toBe('email_reply');
    expect(mailKind(note({ to: 'anna@example.org' }))).toBe('email_new');
    expect(mailKind(note({ kind: 'odoo_invoice' }))).toBeNull();
    expect(mailKind(note({ kind: 7 }))).toBeNull();
  });
});

describe('the recipients of a draft', () => {
  const mail = {
    from: 'Anna <anna@example.org>',
    to: ['mia@example.net', 'not an address', 'Bo <bo@example.com>'],
    subject: 'Offer',
  };

  it('are computed once, whatever in the headers cannot be read', () => {
    const plan = addressing(note(mail), 'email_reply', me);
    expect(plan.to).toEqual([{ name: 'Anna', address: 'anna@example.org' }]);
    expect(plan.cc).toEqual([{ name: 'Bo', address: 'bo@example.com' }]);
    expect(plan).toMatchObject({ subject: 'Re: Offer', settled: false });
  });

  it('are those the user left, after the first draft', () => {
    const plan = addressing(
      note({ ...mail, drafted_by: 'template', reply_to: 'bo@example.com', reply_cc: [] }),
      'email_reply',
      me,
    );
    expect(plan).toMatchObject({ to: [{ name: '', address: 'bo@example.com' }], cc: [], settled: true });
    expect(plan.notCopied).toEqual([]);
  });

  it('of a new mail are what the person typed', () => {
    const plan = addressing(
      note({ to: 'Bo <bo@example.com>, anna@example.org', subject: 'Lunch' }),
      'email_new',
      me,
    );
    expect(plan.to).toHaveLength(2);
    expect(plan).toMatchObject({ subject: 'Lunch', warnings: [], settled: false });
    expect(addressing(note({}), 'email_new', me).warnings).toEqual([
      'Draft: nobody stands in reply_to yet.',
      'Draft: there is no subject yet.',
    ]);
  });
});

describe('the request to a drafter', () => {
  it('greets the person who is answered, and falls back to the sender for a nameless answer address', () => {
    const n = note({
      from: 'Anna Berg <anna@example.org>',
      reply_to: ['office@example.org'],
      subject: 'RE: Offer',
    });
    const asked = draftRequest(n, 'email_reply', addressing(n, 'email_reply', me), me, house);
    expect(asked).toMatchObject({
      addressee: 'Anna Berg',
      handbook: 'Be brief.',
      me: { name: 'Mia', signature: 'Mia' },
    });
    expect(asked.mail.subject).toBe('Offer');
  });

  it('holds the earlier mails of the thread, apart from the mail itself, and no more than six', () => {
    const original = originalSection({
      from: 'Anna',
      when: '',
      text: 'And the room?',
      maxBytes: 1000,
    }).section;
    const mails = [1, 2, 3, 4, 5, 6, 7].map((n) => ({
      messageId: null,
      from: `Anna ${n} <anna@example.org>`,
      own: n === 7,
      receivedMs: 0,
      text: `${n}: Tuesday?`,
    }));
    const later = earlierSection(mails, 'UTC');
    const n = note({ from: 'Anna <anna@example.org>' }, `## Original\n\n${original}\n\n${later}\n`);
    const asked = draftRequest(n, 'email_reply', addressing(n, 'email_reply', me), me, house);
    expect(asked.mail.text).toBe('And the room?');
    expect(asked.thread?.map(({ own, text }) => [own, text])).toEqual([
      [false, '2: Tuesday?'],
      [false, '3: Tuesday?'],
      [false, '4: Tuesday?'],
      [false, '5: Tuesday?'],
      [false, '6: Tuesday?'],
      [true, '7: Tuesday?'],
    ]);
    expect(
      draftRequest(note({}), 'email_new', addressing(note({}), 'email_new', me), me, house).thread,
    ).toEqual([]);
  });

  it('bounds what somebody wrote into the callouts of the thread', () => {
    const callout = (text: string) =>
      originalSection({ from: 'x', when: '', text, maxBytes: 1e6, role: 'earlier' }).section;
    const many = Array.from({ length: 40 }, () => callout('a'.repeat(100_000))).join('\n\n');
    const n = note({ from: 'Anna <anna@example.org>' }, `## Original\n\n${many}\n`);
    const { thread = [] } = draftRequest(n, 'email_reply', addressing(n, 'email_reply', me), me, house);
    expect(thread.map(({ text }) => text.length)).toEqual([4000, 4000, 4000, 4000, 4000, 4000]);
  });

  it('keeps the mailing list out of the recipients', () => {
    const to = ['mia@example.net', 'all@lists.example'];
    const mail = { from: 'Anna <anna@example.org>', to };
    const copied = (n: TaskNote) => addressing(n, 'email_reply', me).cc.map((a) => a.address);
    expect(copied(note(mail))).toEqual(['all@lists.example']);
    expect(copied(note({ ...mail, lists: ['all@lists.example'] }))).toEqual([]);
  });

  it('holds what a person wrote, without our callouts and sections', () => {
    const n = note(
      { to: 'bo@example.com' },
      '> [!todo|handover] x\n> y\n\nAsk for lunch.\n\n## Reply\n\nHi\n\n## Feedback\n\nshort\n',
    );
    const asked = draftRequest(n, 'email_new', addressing(n, 'email_new', me), me, house);
    expect(asked).toMatchObject({ instruction: 'Ask for lunch.', previousReply: 'Hi', feedback: 'short' });
  });
});
