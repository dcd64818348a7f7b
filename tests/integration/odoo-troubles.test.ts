import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { expectReadable, type House, openHouse } from '../helpers/invoice-house.ts';
import { type OdooServer, type OdooUser, startOdoo } from '../helpers/odoo.ts';
import { until } from '../helpers/until.ts';

/**
 * What goes wrong around the books, on both sides of one task: the cloud's odoo-mcp with the real drafting, the laptop's with
 * the real handler, a real Odoo, and a proxy before it that fails as proxies do. What the user reads is a sentence, the note stays
 * one note, and after the cure the invoice has one document and one number.
 */

// A deadline of 20 s has to pass, more than once; the rest is quick.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

let server: OdooServer;
let drafter: OdooUser;
let person: OdooUser;

beforeAll(async () => {
  server = await startOdoo();
  drafter = await server.user('drafter', ['account.group_account_invoice']);
  person = await server.user('person', ['account.group_account_invoice']);
});
afterAll(() => server.stop());

const house = (): Promise<House> => openHouse({ server, drafter, person });

async function keysExpire(when: string): Promise<void> {
  await server.sql(
    `update res_users_apikeys set expiration_date = ${when} where user_id in (${drafter.uid}, ${person.uid})`,
  );
}

interface Around {
  readonly name: string;
  readonly strike: (h: House) => Promise<void> | void;
  readonly cure: (h: House) => Promise<void> | void;
  readonly words: RegExp;
  /** Does the card come back with the words? Else it waits with them. */
  readonly comesBack: boolean;
}

const AROUND: readonly Around[] = [
  {
    name: 'a database that is down',
    strike: () => server.stopDatabase(),
    cure: () => server.startDatabase(),
    words: /Odoo is there, but its database is down/,
    comesBack: false,
  },
  {
    name: 'a server that is down',
    strike: () => server.kill9(),
    cure: () => server.start(),
    words: /Odoo cannot be reached/,
    comesBack: false,
  },
  {
    name: 'the error page of a proxy',
    strike: (h) => void (h.proxy.trouble = 'error-page'),
    cure: (h) => void (h.proxy.trouble = 'none'),
    words: /Odoo is down; something before it answers \(502\)/,
    comesBack: false,
  },
  {
    name: 'a server that does not answer',
    strike: (h) => void (h.proxy.trouble = 'slow'),
    cure: (h) => void (h.proxy.trouble = 'none'),
    words: /Odoo gave no answer within 20 seconds/,
    comesBack: false,
  },
  {
    name: 'a wrong key',
    strike: (h) => h.restart({ ODOO_API_KEY: 'b'.repeat(40) }),
    cure: (h) => h.restart(),
    words: /Odoo does not accept the key: it is wrong or has expired/,
    comesBack: true,
  },
  {
    name: 'an expired key',
    strike: () => keysExpire("now() at time zone 'utc' - interval '1 day'"),
    cure: () => keysExpire("now() at time zone 'utc' + interval '90 days'"),
    words: /Odoo does not accept the key: it is wrong or has expired/,
    comesBack: true,
  },
  {
    name: 'a wrong database',
    strike: (h) => h.restart({ ODOO_DB: 'other' }),
    cure: (h) => h.restart(),
    words: /there is no Odoo database "other" at this address/,
    comesBack: true,
  },
  {
    name: 'a web site instead of Odoo',
    strike: (h) => void (h.proxy.trouble = 'web-site'),
    cure: (h) => void (h.proxy.trouble = 'none'),
    words: /this address answers with a web page, not as Odoo does/,
    comesBack: true,
  },
];

/** Cured in any case: the next test needs the same Odoo. */
function once(trouble: Around, h: House) {
  let struck = false;
  const cure = async (): Promise<void> => {
    if (struck) await trouble.cure(h);
    struck = false;
  };
  onTestFinished(cure);
  return {
    cure,
    strike: async () => {
      struck = true;
      await trouble.strike(h);
    },
  };
}

describe('around the books', () => {
  it.each(AROUND)('$name: drafting and posting wait for the cure, and say so', async (trouble) => {
    const h = await house();
    const secrets = [drafter.apiKey, person.apiKey, 'b'.repeat(40)];
    const { strike, cure } = once(trouble, h);
    await h.ask();
    await strike();
    await h.cloudPass();
    const drafting = await h.told();
    expect(drafting).toMatch(trouble.words);
    expectReadable(drafting, secrets);
    expect((await h.note()).path).toMatch(/^(In_Progress\/cloud-agent|Needs_Action\/odoo)\//);
    await cure();
    await h.drafted();
    expect(await h.documents()).toHaveLength(1);

    await strike();
    await h.approve();
    const posting = trouble.comesBack ? await h.lead() : await h.told();
    expect(posting).toMatch(trouble.words);
    expectReadable(posting, secrets);
    if (!trouble.comesBack) expect((await h.note()).path).toMatch(/^In_Progress\/local-agent\//);
    await cure();
    expect(await until('Odoo is back', () => h.documents().catch(() => null))).toEqual([
      expect.stringMatching(/\|draft$/),
    ]);
    if (trouble.comesBack) await h.approve();
    await h.postedOnce();
  });
});

describe('in the middle of it', () => {
  it.each(['not-passed-on', 'answer-replaced', 'answer-lost'] as const)(
    'drafting, %s: one draft all the same',
    async (what) => {
      const h = await house();
      await h.ask();
      h.proxy.once('load', what);
      await h.cloudPass();
      expect(h.proxy.asked('load')).toBe(1);
      const card = await h.drafted();
      expect(await h.documents()).toEqual([`${String(card.data['odoo_id'])}|draft`]);
      await h.approve();
      await h.postedOnce();
    },
  );

  it.each(['not-passed-on', 'answer-replaced', 'answer-lost'] as const)(
    'posting, %s: one number, and nobody is asked',
    async (what) => {
      const h = await house();
      await h.ask();
      await h.drafted();
      h.proxy.once('action_post', what);
      await h.approve();
      await h.postedOnce();
      expect(h.proxy.asked('action_post')).toBe(what === 'not-passed-on' ? 2 : 1);
    },
  );

  it('Odoo is gone right after the posting: the user reads what is known, and the number follows', async () => {
    const h = await house();
    await h.ask();
    await h.drafted();
    h.proxy.once('action_post', 'error-page-after');
    await h.approve();
    const told = await h.told();
    expect(told).toMatch(/whether an invoice was posted is looked up as soon as it does/);
    expectReadable(told, [person.apiKey]);
    expect((await h.note()).path).toMatch(/^In_Progress\/local-agent\//);
    await h.laptopPass();
    h.proxy.trouble = 'none';
    await h.postedOnce();
    expect(h.proxy.asked('action_post')).toBe(1);
  });
});
