import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressKey,
  formatAddress,
  isMailAddress,
  isSafeHeaderValue,
  parseAddressList,
} from '../../src/core/address-list.ts';
import { composeBody } from '../../src/core/quote.ts';
import { planReply, replySubject } from '../../src/core/reply.ts';

/** Strings with what breaks headers and address parsers in them, more often than chance would. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '\r\n',
        '\n',
        '\0',
        '"',
        '\\',
        '<',
        '>',
        ',',
        ';',
        ':',
        '@',
        ' ',
        '\u202e',
        '\u2028',
        '\ud800',
      ),
      fc.constantFrom('Bcc: x@example.net', 'a@example.org', 'Re: ', 'é', '山', '😀', '=?utf-8?q?=0D=0A?='),
      fc.string({ unit: 'binary', maxLength: 4 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));
const address = fc
  .tuple(
    fc.stringMatching(/^[a-zé0-9_+-]{1,12}(\.[a-z0-9]{1,5})?$/),
    fc.stringMatching(/^[a-z0-9ü]{1,8}\.(example|org|net)$/),
  )
  .map(([local, domain]) => `${local}@${domain}`);
const mailbox = fc.record({ name: nasty, address: fc.oneof(address, nasty) });
const mail = fc.record({
  from: fc.option(mailbox),
  replyTo: fc.array(mailbox, { maxLength: 3 }),
  to: fc.array(mailbox, { maxLength: 4 }),
  cc: fc.array(mailbox, { maxLength: 4 }),
  subject: nasty,
  messageId: fc.option(nasty.map((s) => `<${s}@x>`)),
  inReplyTo: fc.option(nasty),
  references: fc.array(
    nasty.map((s) => `<${s}>`),
    { maxLength: 60 },
  ),
});
const own = fc.record({ addresses: fc.array(address, { maxLength: 3 }), replyAll: fc.boolean() });

describe('for every mail', () => {
  it('a plan has only valid recipients, each once, and never the user', () => {
    fc.assert(
      fc.property(mail, own, (m, me) => {
        const plan = planReply(m, me);
        const keys = [...plan.to, ...plan.cc].map((a) => addressKey(a.address));
        expect(new Set(keys).size).toBe(keys.length);
        expect(me.addresses.filter((a) => keys.includes(addressKey(a)))).toEqual([]);
        expect([...plan.to, ...plan.cc].every((a) => isMailAddress(a.address))).toBe(true);
        if (!me.replyAll) expect(plan.cc).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('nobody gets an answer whom the mail does not name: no blind copy comes to light', () => {
    fc.assert(
      fc.property(mail, own, fc.array(address, { maxLength: 2 }), (m, me, lists) => {
        const plan = planReply({ ...m, lists }, me);
        const named = [...(m.from ? [m.from] : []), ...m.replyTo, ...m.to, ...m.cc];
        const keys = new Set(named.map((a) => addressKey(a.address)));
        expect([...plan.to, ...plan.cc].filter((a) => !keys.has(addressKey(a.address)))).toEqual([]);
        const listKeys = new Set(lists.map(addressKey));
        expect(plan.cc.filter((a) => listKeys.has(addressKey(a.address)))).toEqual([]);
        // Neither in To nor in Cc, the user got it as a blind copy, or by a list: nobody else is told.
        const mine = new Set(me.addresses.map(addressKey));
        const asked = [...m.to, ...m.cc].some((a) =>
          mine.has(addressKey(a.address).replace(/\+[^@]*@/, '@')),
        );
        const asItIs = [...m.to, ...m.cc].some((a) => mine.has(addressKey(a.address)));
        if (!asked && !asItIs) expect(plan.cc).toEqual([]);
      }),
      { numRuns: 3000 },
    );
  });

  it('nothing that goes into a header can end a line', () => {
    fc.assert(
      fc.property(mail, own, (m, me) => {
        const plan = planReply(m, me);
        const values = [plan.subject, plan.inReplyTo ?? '', ...plan.references, ...plan.warnings];
        for (const a of [...plan.to, ...plan.cc]) values.push(a.name, a.address, formatAddress(a));
        expect(values.filter((v) => !isSafeHeaderValue(v))).toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });

  it('every planned recipient survives being written into a property and read back', () => {
    fc.assert(
      fc.property(mail, own, (m, me) => {
        const plan = planReply(m, me);
        const all = [...plan.to, ...plan.cc];
        const read = parseAddressList(all.map(formatAddress).join(', '));
        expect(read.ok && read.addresses.map((a) => a.address.toLowerCase())).toEqual(
          all.map((a) => a.address.toLowerCase()),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

describe('for every text', () => {
  it('a parsed address list formats and parses to itself', () => {
    fc.assert(
      fc.property(fc.oneof(nasty, mailbox.map(formatAddress)), (text) => {
        const once = parseAddressList(text);
        if (!once.ok) return;
        expect(parseAddressList(once.addresses.map(formatAddress))).toEqual(once);
      }),
      { numRuns: 5000 },
    );
  });

  it('a reply subject is a reply subject already', () => {
    fc.assert(
      fc.property(fc.oneof(nasty, fc.string({ unit: 'binary' })), (s) => {
        const subject = replySubject(s);
        expect(subject.startsWith('Re:')).toBe(true);
        expect(replySubject(subject)).toBe(subject);
      }),
      { numRuns: 2000 },
    );
  });

  it('the outgoing text begins with the reply, byte for byte, and every line below it is quoted', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        fc.boolean(),
        (reply, text, quote) => {
          const body = composeBody({ reply, quote, original: text, attribution: 'A wrote:' });
          expect(body.startsWith(reply)).toBe(true);
          const below = body.slice(reply.length);
          if (!quote || text.trim() === '') expect(below).toBe('');
          else
            expect(
              below
                .slice(below.indexOf('wrote:\n') + 7, -1)
                .split('\n')
                .every((l) => l.startsWith('>')),
            ).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
