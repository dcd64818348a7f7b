import { describe, expect, it } from 'vitest';
import type { Address } from '../../../src/core/mail.ts';
import {
  messageId,
  type OwnMailbox,
  type ParentMail,
  planReply,
  replySubject,
} from '../../../src/core/reply.ts';

const me: OwnMailbox = { addresses: ['me@example.org', 'sales@example.org'], replyAll: false };
const everybody: OwnMailbox = { ...me, replyAll: true };

function a(address: string, name = ''): Address {
  return { name, address };
}

function mail(change: Partial<ParentMail> = {}): ParentMail {
  return {
    from: a('anna@example.com', 'Anna Berg'),
    replyTo: [],
    to: [a('me@example.org')],
    cc: [],
    subject: 'Offer',
    messageId: '<m3@example.com>',
    inReplyTo: '<m2@example.com>',
    references: ['<m1@example.com>', '<m2@example.com>'],
    ...change,
  };
}

function who(addresses: readonly Address[]): string[] {
  return addresses.map((x) => x.address);
}

describe('the recipients of a reply', () => {
  it('are the sender', () => {
    expect(planReply(mail(), me).to).toEqual([a('anna@example.com', 'Anna Berg')]);
    expect(planReply(mail(), me).warnings).toEqual([]);
  });

  it('are where the sender asks for answers', () => {
    const plan = planReply(mail({ replyTo: [a('office@example.com')] }), me);
    expect(who(plan.to)).toEqual(['office@example.com']);
    expect(plan.warnings).toEqual([]);
  });

  it('come with a warning when the answer goes to another domain than the sender', () => {
    const plan = planReply(mail({ replyTo: [a('anna@evil.example')] }), me);
    expect(who(plan.to)).toEqual(['anna@evil.example']);
    expect(plan.warnings).toEqual([
      'The sender asks for answers at another domain: anna@evil.example, not example.com.',
    ]);
  });

  it('fall back to the sender when the answer address is the user or no address', () => {
    expect(who(planReply(mail({ replyTo: [a('ME@example.org')] }), me).to)).toEqual(['anna@example.com']);
    expect(who(planReply(mail({ replyTo: [a('x\r\nBcc: y@example.net')] }), me).to)).toEqual([
      'anna@example.com',
    ]);
  });

  it('are the addressees when the user answers a mail of their own', () => {
    const plan = planReply(
      mail({ from: a('me@example.org'), to: [a('bo@example.com'), a('me@example.org')] }),
      me,
    );
    expect(who(plan.to)).toEqual(['bo@example.com']);
  });

  it('are nobody, with a warning, when no usable address is left', () => {
    for (const from of [null, a('me@example.org'), a('not an address'), a('x@[10.0.0.1]')]) {
      const plan = planReply(mail({ from }), me);
      expect(plan.to).toEqual([]);
      expect(plan.warnings).toEqual(['There is no address to answer to; fill in reply_to.']);
    }
  });

  it('never are a hundred answer addresses', () => {
    const many = Array.from({ length: 100 }, (_, i) => a(`p${i}@example.com`));
    const plan = planReply(mail({ replyTo: many }), me);
    expect(who(plan.to)).toEqual(['p0@example.com']);
    expect(plan.warnings.join()).toContain('100 addresses');
  });

  it('come with a warning when a name pretends to be another address', () => {
    const plan = planReply(mail({ from: a('x1@example.net', 'boss@example.org') }), me);
    expect(plan.warnings).toEqual(['x1@example.net calls itself boss@example.org.']);
  });

  it('come with a warning when the name in From does, although the answer goes elsewhere', () => {
    const plan = planReply(
      mail({ from: a('x1@example.net', 'boss@example.org'), replyTo: [a('y@example.net')] }),
      me,
    );
    expect(plan.warnings).toEqual(['x1@example.net calls itself boss@example.org.']);
  });

  it('are warned of a name only when it is the address of another house', () => {
    for (const name of ['ANNA@example.com', "'anna@mail.example.com'", 'Anna at example', 'Anna <3']) {
      expect(planReply(mail({ from: a('anna@example.com', name) }), me).warnings).toEqual([]);
    }
  });

  it('are one house with a subdomain of theirs, so no warning', () => {
    const plan = planReply(mail({ replyTo: [a('office@mail.example.com')] }), me);
    expect(plan.warnings).toEqual([]);
  });

  it.each([
    ['anna@exаmple.com', 'mixes letters of several alphabets; on the wire it is xn--exmple-4nf.com.'],
    ['anna@xn--exmple-4nf.com', 'mixes letters of several alphabets; on the wire it is xn--exmple-4nf.com.'],
    ['anna@аррӏе.com', 'has letters that only look like Latin ones; on the wire it is xn--80ak6aa92e.com.'],
  ])('come with the punycode of a domain that tricks the eye: %s', (address, words) => {
    expect(planReply(mail({ from: a(address) }), me).warnings).toEqual([`The domain of ${address} ${words}`]);
  });

  it.each(['müller.example', 'xn--mller-kva.example', 'пример.рф', '例え.jp', 'tokyo-東京.jp', 'тесто.com'])(
    'come without one when it is honestly written in other letters: %s',
    (domain) => {
      expect(planReply(mail({ from: a(`anna@${domain}`) }), me).warnings).toEqual([]);
    },
  );

  it('come with a warning when nobody reads there', () => {
    expect(planReply(mail({ from: a('no-reply@example.com') }), me).warnings).toEqual([
      'Nobody reads answers to no-reply@example.com.',
    ]);
    const named = mail({ from: a('no-reply@example.com'), replyTo: [a('anna@example.com')] });
    expect(planReply(named, me).warnings).toEqual([]);
  });
});

describe('a mail that came through a list', () => {
  const lists = ['Dev@lists.example.org'];

  it('is answered to its author, whatever the list asks for', () => {
    const plan = planReply(
      mail({ lists, replyTo: [a('dev@lists.example.org')], to: [a('dev@lists.example.org')] }),
      me,
    );
    expect(who(plan.to)).toEqual(['anna@example.com']);
    expect(plan.warnings).toEqual([
      'The list asks for answers to all of it: dev@lists.example.org; only the sender is answered.',
    ]);
  });

  it('is answered to the author in Reply-To where the list put itself into From', () => {
    const plan = planReply(
      mail({
        lists,
        from: a('dev@lists.example.org', 'Anna via Dev'),
        replyTo: [a('dev@lists.example.org'), a('anna@example.com')],
      }),
      me,
    );
    expect(who(plan.to)).toEqual(['anna@example.com']);
  });

  it('never has the list in Cc', () => {
    const to = [a('me@example.org'), a('dev@lists.example.org'), a('bo@example.com')];
    const plan = planReply(mail({ lists, to, cc: [a('DEV@lists.example.org')] }), everybody);
    expect(who(plan.cc)).toEqual(['bo@example.com']);
  });

  it('says that all read it when there is no other address', () => {
    const plan = planReply(mail({ lists, from: a('dev@lists.example.org') }), me);
    expect(who(plan.to)).toEqual(['dev@lists.example.org']);
    expect(plan.warnings).toEqual([
      'The answer goes to everybody on the list dev@lists.example.org: the mail names no other address.',
    ]);
  });
});

describe('the copies of a reply', () => {
  const wide = mail({
    to: [a('me@example.org'), a('bo@example.com'), a('Anna@Example.com')],
    cc: [
      a('carla@example.net', 'Carla'),
      a('BO@example.com'),
      a('sales@example.org'),
      a('me+shop@example.org'),
    ],
  });

  it('are empty unless the policy says so', () => {
    expect(planReply(wide, me).cc).toEqual([]);
  });

  it('are the others, each once, without the user and without those in To', () => {
    expect(planReply(wide, everybody).cc).toEqual([a('bo@example.com'), a('carla@example.net', 'Carla')]);
  });

  it('are no robots', () => {
    const cc = [
      a('no-reply@example.net'),
      a('bounces+7@example.net'),
      a('dev-request@example.net'),
      a('bo@example.com'),
    ];
    expect(who(planReply(mail({ cc }), everybody).cc)).toEqual(['bo@example.com']);
  });

  it('are empty after a blind copy, which an answer to all would give away', () => {
    const plan = planReply(mail({ to: [a('bo@example.com')], cc: [a('carla@example.net')] }), everybody);
    expect(plan.cc).toEqual([]);
    expect(plan.warnings).toEqual([
      'You are neither in To nor in Cc of this mail, so only the sender is answered.',
    ]);
  });

  it('are not the user at Gmail in another spelling', () => {
    const gmail: OwnMailbox = { addresses: ['me.name@gmail.com'], replyAll: true };
    const to = [a('Me.Name@gmail.com'), a('mename+shop@googlemail.com'), a('bo@example.com')];
    expect(who(planReply(mail({ to }), gmail).cc)).toEqual(['bo@example.com']);
  });

  it('are empty when there would be too many', () => {
    const many = Array.from({ length: 60 }, (_, i) => a(`p${i}@example.com`));
    const plan = planReply(mail({ cc: many }), everybody);
    expect(plan.cc).toEqual([]);
    expect(plan.warnings.join()).toContain('too many');
  });
});

describe('the subject of a reply', () => {
  it.each([
    ['Offer', 'Re: Offer'],
    ['Re: Offer', 'Re: Offer'],
    ['RE: Offer', 'Re: Offer'],
    ['re:Offer', 'Re: Offer'],
    ['Aw: Offer', 'Re: Offer'],
    ['AW: RE: Aw: Offer', 'Re: Offer'],
    ['Re[2]: Offer', 'Re: Offer'],
    ['Re (3): Offer', 'Re: Offer'],
    ['SV: Tilbud', 'Re: Tilbud'],
    ['回复：报价', 'Re: 报价'],
    ['Re: Fwd: Offer', 'Re: Fwd: Offer'],
    ['Fwd: Re: Offer', 'Re: Fwd: Re: Offer'],
    ['Fwd: Offer', 'Re: Fwd: Offer'],
    ['Regarding: Offer', 'Re: Regarding: Offer'],
    ['Ref: 4711', 'Re: Ref: 4711'],
    ['Re', 'Re: Re'],
    ['', 'Re:'],
    ['  Offer\t \u00a0 2 ', 'Re: Offer 2'],
  ])('of %j is %j', (subject, expected) => {
    expect(replySubject(subject)).toBe(expected);
  });

  it('carries no second header and nothing hidden', () => {
    expect(replySubject('Offer\r\nBcc: x@example.net\0\u202e\u200b!')).toBe('Re: Offer Bcc: x@example.net !');
  });

  it('is bounded', () => {
    expect(replySubject('😀'.repeat(5000)).length).toBeLessThanOrEqual(500);
  });
});

describe('the thread of a reply', () => {
  it('is the chain of the parent plus the parent (RFC 5322 section 3.6.4)', () => {
    const plan = planReply(mail(), me);
    expect(plan.inReplyTo).toBe('<m3@example.com>');
    expect(plan.references).toEqual(['<m1@example.com>', '<m2@example.com>', '<m3@example.com>']);
  });

  it('takes In-Reply-To when the parent has no References', () => {
    expect(planReply(mail({ references: [] }), me).references).toEqual([
      '<m2@example.com>',
      '<m3@example.com>',
    ]);
  });

  it('does not take an In-Reply-To of several ids', () => {
    const plan = planReply(mail({ references: [], inReplyTo: '<m1@example.com> <m2@example.com>' }), me);
    expect(plan.references).toEqual(['<m3@example.com>']);
  });

  it('is empty when the parent has no ids at all', () => {
    const plan = planReply(mail({ references: [], inReplyTo: null, messageId: null }), me);
    expect([plan.inReplyTo, plan.references]).toEqual([null, []]);
  });

  it('leaves malformed ids out', () => {
    const plan = planReply(
      mail({
        references: ['m1@example.com', '<a b@example.com>', '<x>\r\nBcc: y', '<ok@example.com>', '<é@x>'],
      }),
      me,
    );
    expect(plan.references).toEqual(['<ok@example.com>', '<m3@example.com>']);
    expect(planReply(mail({ messageId: '<m3@example.com>\r\nBcc: y@example.net' }), me).inReplyTo).toBeNull();
  });

  it('keeps an id without an at sign, which the sender program made and threads by', () => {
    expect(messageId('<20261120.4711>')).toBe('<20261120.4711>');
  });

  it('has every id once, the parent last', () => {
    const plan = planReply(
      mail({ references: ['<m3@example.com>', '<m1@example.com>', '<m1@example.com>'] }),
      me,
    );
    expect(plan.references).toEqual(['<m1@example.com>', '<m3@example.com>']);
  });

  it('keeps the root and the end of a chain that is too long', () => {
    const long = Array.from({ length: 3000 }, (_, i) => `<r${i}@example.com>`);
    const { references } = planReply(mail({ references: long }), me);
    expect(references).toHaveLength(40);
    expect(references[0]).toBe('<r0@example.com>');
    expect(references.slice(-2)).toEqual(['<r2999@example.com>', '<m3@example.com>']);
  });

  it('keeps the header of a chain of long ids short', () => {
    const long = Array.from({ length: 39 }, (_, i) => `<${'r'.repeat(400)}${i}@example.com>`);
    const { references } = planReply(mail({ references: long }), me);
    expect(references.join(' ').length).toBeLessThan(8_100);
    expect(references.at(-1)).toBe('<m3@example.com>');
  });
});
