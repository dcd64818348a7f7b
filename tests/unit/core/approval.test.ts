import { describe, expect, it } from 'vitest';
import { actionHash, mailActionOf, messageIdFor } from '../../../src/core/approval.ts';
import { type EffectWord, holdOf, momentReasons, nextStep } from '../../../src/core/approval-step.ts';
import { newBody } from '../../../src/core/body.ts';
import { localTime, parseLocalTime } from '../../../src/core/local-time.ts';
import { originalSection } from '../../../src/core/neutralise.ts';
import type { TaskNote } from '../../../src/core/task-file.ts';

function card(
  change: Record<string, unknown> = {},
  reply = 'Hello Anna,\n\nyes.\n'.trimEnd(),
  feedback = '',
): TaskNote {
  const { section } = originalSection({
    from: 'Anna',
    when: '2026-11-20T08:01:02',
    text: 'Can you come?',
    maxBytes: 9999,
  });
  return {
    data: {
      id: 'em-0123456789abcdef',
      kind: 'email_reply',
      from: 'Anna <anna@example.org>',
      received: '2026-11-20T08:01:02',
      message_id: '<q@example.org>',
      references: ['<p@example.org>'],
      reply_to: ['Anna <anna@example.org>'],
      reply_cc: [],
      reply_subject: 'Re: Visit',
      ...(change as Record<string, string>),
    },
    body: newBody({ verdict: { kind: 'todo', title: 't', lines: [] }, reply, feedback, original: section }),
  };
}

const why = (note: TaskNote) => {
  const read = mailActionOf(note);
  return read.ok ? 'sendable' : read.reasons.join(' ');
};

describe('what an approved card sends', () => {
  it('is the reply as it stands, then the quoted original, in the thread', () => {
    const read = mailActionOf(card());
    expect(read.ok && read.action).toMatchObject({
      subject: 'Re: Visit',
      inReplyTo: '<q@example.org>',
      references: ['<p@example.org>', '<q@example.org>'],
      text: expect.stringMatching(/^Hello Anna,\n\nyes\.\n\n.*wrote:\n> Can you come\?\n$/) as string,
    });
  });

  it('is the reply alone when quote is false', () => {
    const read = mailActionOf(card({ quote: false }));
    expect(read.ok && read.action.text).toBe('Hello Anna,\n\nyes.');
  });

  it.each([
    [{ reply_subject: 'Re: a\r\nBcc: evil@example.net' }, 'line break'],
    [{ reply_subject: '' }, 'empty'],
    [{ reply_subject: 'Re: \u202Ex' }, 'hidden character'],
    [{ reply_to: [] }, 'Nobody'],
    [{ reply_to: 'a@example.org\nBcc: evil@example.net' }, 'reply_to'],
    [{ reply_to: 'not an address' }, 'reply_to'],
    [{ id: '../x' }, '`id`'],
    [{ kind: 'odoo_invoice' }, 'cannot be sent as a mail'],
    [{ reply_cc: Array.from({ length: 60 }, (_, n) => `p${n}@example.org`) }, 'More than 50'],
  ])('is refused with a reason a person understands: %j', (change, words) => {
    expect(why(card(change))).toContain(words);
  });

  it('is refused while feedback stands there, so no reply is cut short silently', () => {
    expect(why(card({}, 'Hello', 'make it shorter'))).toContain('Feedback');
    expect(why(card({}, ''))).toContain('no text');
  });

  it('is refused while a blank of the draft is not filled in, unless the user says so', () => {
    const blanks = { blanks: ['[day and time]', '{{price}}'] };
    expect(why(card(blanks, 'Come on [day and time].'))).toContain('[day and time] is not filled in');
    expect(why(card(blanks, 'Come on Monday.'))).toBe('sendable');
    expect(why(card({ blanks: [] }, 'Come on [day and time].'))).toBe('sendable');
  });

  it('takes no Message-ID from the file that could break a header', () => {
    const read = mailActionOf(card({ message_id: '<a@b>\r\nX: y', references: ['<ok@x>', 'junk'] }));
    expect(read.ok && [read.action.inReplyTo, read.action.references]).toEqual([null, ['<ok@x>']]);
  });

  it('has a hash that changes with everything a recipient sees and with nothing else', () => {
    const hash = (note: TaskNote) => {
      const read = mailActionOf(note);
      if (!read.ok) throw new Error(read.reasons.join());
      return actionHash(read.action);
    };
    const base = hash(card());
    expect(hash(card({ priority: 'high', tags: ['x'], rev: 9 }))).toBe(base);
    const others = [
      card({ reply_subject: 'Re: x' }),
      card({ reply_cc: ['b@example.org'] }),
      card({}, 'Hello'),
      card({ quote: false }),
    ];
    expect(new Set([base, ...others.map(hash)]).size).toBe(5);
    const file = `em-0123456789abcdef plan.pdf sha256:${'ab'.repeat(32)}`;
    const more = [
      card({ reply_attachments: [file] }),
      card({ attach: ['plan.pdf'] }),
      card({ attach: ['plan.pdf', 'b.pdf'] }),
      card({ account: 'work' }),
      card({ account: 'work', attach: ['plan.pdf'] }),
    ];
    expect(new Set([base, ...more.map(hash)]).size).toBe(6);
    const read = mailActionOf(card());
    expect(read.ok && messageIdFor(read.action, 'example.com')).toMatch(
      /^<em-0123456789abcdef\.[0-9a-f]{32}@example\.com>$/,
    );
  });
});

describe('the hash of what is offered', () => {
  // Cards wait for days and seals lie in the journal: a new version of Handover must find them as they were.
  it.each([
    [{}, 'b341a50f776aca891ec1540c81c0cdfc4ca0d1ddc816871394736fe18e470ba9'],
    [{ account: 'me@example.com' }, 'b341a50f776aca891ec1540c81c0cdfc4ca0d1ddc816871394736fe18e470ba9'],
    [
      { reply_attachments: [`em-0123456789abcdef plan.pdf sha256:${'ab'.repeat(32)}`] },
      'ea7c1eb010c93c400a9b1e99ecc87213bc5234d39d2db11f7940a25eed27edb1',
    ],
  ])('is what it always was for %j', (change, hash) => {
    const read = mailActionOf(card(change));
    expect(read.ok && actionHash(read.action)).toBe(hash);
  });
});

describe('the moment of approval', () => {
  const now = Date.UTC(2026, 10, 20, 12);
  const facts = { now, paused: false, approvedAt: now - 20_000, undoMs: 10_000, timeZone: 'Europe/Berlin' };

  it('waits for the undo window, send_after and PAUSE, in this order of weight', () => {
    expect(holdOf(card(), facts)).toBeNull();
    expect(holdOf(card(), { ...facts, paused: true })).toEqual({ why: 'paused' });
    expect(holdOf(card(), { ...facts, approvedAt: now - 4000 })).toEqual({ why: 'undo', until: now + 6000 });
    expect(holdOf(card({ send_after: '2026-11-20T13:30:00' }), facts)).toEqual({
      why: 'send_after',
      until: Date.UTC(2026, 10, 20, 12, 30),
    });
    expect(holdOf(card({ send_after: '2026-11-20T12:30:00' }), facts)).toBeNull();
  });

  it('is not hurried by a clock in the future', () => {
    expect(holdOf(card(), { ...facts, approvedAt: now + 1e9 })).toEqual({ why: 'undo', until: now + 10_000 });
  });

  const moment = { now, timeZone: 'UTC', offered: true, thread: 'quiet', told: [] } as const;
  const codes = (note: TaskNote, change = {}) =>
    momentReasons(note, { ...moment, ...change }).map((r) => r.code);

  it('refuses what was never offered, has expired, or was overtaken', () => {
    expect(codes(card())).toEqual([]);
    expect(codes(card(), { offered: false })).toEqual(['never-offered']);
    expect(codes(card({ expires: '2026-11-20T11:59:59' }))).toEqual(['expired']);
    expect(codes(card({ expires: 'soon', send_after: 'later' }))).toEqual(['bad-date', 'bad-date']);
    expect(codes(card(), { thread: 'answered' })).toEqual(['answered']);
  });

  it('lets the user insist on a reply although the thread moved on, once told', () => {
    expect(codes(card(), { thread: 'newer', told: ['newer'] })).toEqual([]);
    expect(codes(card(), { offered: false, told: ['never-offered'] })).toEqual(['never-offered']);
  });
});

describe('the next step of a note under way', () => {
  const step = (effect: EffectWord, change: Partial<Parameters<typeof nextStep>[0]> = {}) =>
    nextStep({ effect, fresh: false, claimed: false, outcome: undefined, ...change });

  it('does nothing for a note that somebody else put there', () => {
    expect(step('none')).toBe('bounce_unclaimed');
    expect(step('none', { claimed: true })).toBe('check');
    expect(step('none', { fresh: true })).toBe('check');
    expect(step('none', { outcome: 'bounced' })).toBe('return');
  });

  it('sends a sealed approval whatever happened to the note, and a sent one never again', () => {
    expect(step('ready')).toBe('send');
    expect(step('done')).toBe('finish');
    expect(step('done', { fresh: true })).toBe('bounce_done');
    expect(step('running', { fresh: true })).toBe('wait');
  });

  it('resends in doubt only after the user was asked and said so', () => {
    expect(step('in_doubt', { fresh: true })).toBe('look');
    expect(step('in_doubt', { outcome: 'in_doubt' })).toBe('return');
    expect(step('in_doubt', { outcome: 'in_doubt', fresh: true })).toBe('resend');
    expect(step('unreadable', { fresh: true })).toBe('bounce_unreadable');
  });
});

describe('local time', () => {
  it.each(['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'UTC'])(
    'reads back what it wrote in %s',
    (zone) => {
      for (let ms = Date.UTC(2026, 0, 1); ms < Date.UTC(2027, 0, 1); ms += 3_600_000 * 7) {
        const back = parseLocalTime(localTime(ms, zone), zone);
        expect(localTime(back ?? 0, zone)).toBe(localTime(ms, zone));
      }
      expect(parseLocalTime('tomorrow', zone)).toBeNull();
    },
  );
});
