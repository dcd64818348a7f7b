import { readdir, readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { coveringMailId } from '../../src/core/task-id.ts';
import { HAS_WKHTMLTOPDF } from '../helpers/odoo.ts';
import { until } from '../helpers/until.ts';
import { type Draft, type InvoiceRedTeam, openInvoiceRedTeam, remove } from './invoice-world.ts';

/**
 * The owner of the cloud and invoice cards: it has the cloud's replica and the cloud's key of Odoo. A real pair of Syncthing, the
 * real approval-handler, a real Odoo, a real SMTP server. Each case ends with an honest invoice posted; then what is posted and
 * what left is held against what the user approved as it was shown.
 */

vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });
const LIMIT_MS = 180_000;
const MINE = 'In_Progress/local-agent';

let world: InvoiceRedTeam;
beforeAll(async () => {
  world = await openInvoiceRedTeam();
});
afterAll(() => world.stop());
afterEach(async () => {
  await world.control();
  await world.unharmed();
});

const text = (path: string) => readFile(world.red.laptop(path), 'utf8').catch(() => '');

/** All of them approved at once; each comes back with its words, and goes away. */
async function comeBack(cards: readonly (readonly [Draft, RegExp])[]): Promise<string[]> {
  for (const [one] of cards) await world.red.approve(one.pending);
  const seen: string[] = [];
  for (const [one, words] of cards) {
    await world.red.cameBack(one.pending, words);
    seen.push(await text(one.pending));
  }
  for (const [one] of cards) await remove(world.red.laptop(one.pending));
  return seen;
}

type Change = (one: Draft) => string;
const section =
  (from: RegExp, to: string): Change =>
  (one) =>
    one.card().replace(from, to);

/** What a card can be made to say that Odoo does not hold. */
const LIES: readonly (readonly [string, Change])[] = [
  ['the total of the section', section(/\*\*Total\*\* \| \*\*[\d.,]+\*\*/, '**Total** | **1.00**')],
  ['a price of the section', section(/\| Consulting \| 1 \| [\d.,]+ \|/, '| Consulting | 1 | 1.00 |')],
  ['the customer of the section', section(/\*\*Customer\*\* ACME GmbH/, '**Customer** Eve Ltd')],
  ['the date of the section', section(/\*\*Date\*\* the day of posting/, '**Date** 2026-01-01')],
  ['the currency of the section', section(/\| Sum \| USD \|/, '| Sum | EUR |')],
  ['the fingerprint', section(/Fingerprint: [0-9a-f]{16}/, 'Fingerprint: 0123456789abcdef')],
  ['the property amount_total', (one) => one.card({ amount_total: 1 })],
  ['the property partner', (one) => one.card({ partner: 'Eve Ltd' })],
  ['the property currency', (one) => one.card({ currency: 'EUR' })],
  ['the property invoice_date', (one) => one.card({ invoice_date: '2026-01-01' })],
  ['the property due_date', (one) => one.card({ due_date: '2026-01-01' })],
  [
    'all of it, so that it fits together',
    (one) => {
      const { invoice } = one;
      const [line] = invoice.lines;
      const lines = line === undefined ? [] : [{ ...line, priceUnit: 1, subtotal: 1 }];
      return one.card({}, { ...invoice, lines, untaxed: 1, tax: 0, taxLines: [], total: 1 });
    },
  ],
];

describe('a card that does not show what Odoo holds', () => {
  it('is not posted, though the user never saw another one', async () => {
    const drafts = await world.drafts(LIES.length);
    await world.show(drafts.map((one, at) => [one, LIES[at]?.[1](one) ?? '']));
    for (const one of drafts) expect(await text(one.pending)).not.toBe(one.card());
    const seen = await comeBack(
      drafts.map((one) => [one, /not as it stood on this card|names something else than the properties/]),
    );
    // What comes back with a difference shows from then on what Odoo has.
    for (const [at, one] of drafts.entries()) {
      if (seen[at]?.includes('not as it stood on this card') === true)
        expect(seen[at]).toContain(one.card().split('## Invoice\n')[1]?.split('\n## ')[0]?.trim());
    }
  });

  it('comes back when it was true and was changed after it was shown', async () => {
    const drafts = await world.offered(LIES.length);
    for (const [at, one] of drafts.entries()) await world.red.plant(one.pending, LIES[at]?.[1](one) ?? '');
    await world.red.send();
    await comeBack(
      drafts.map((one) => [one, /did not surely come from you|names something else than the properties/]),
    );
  });

  it('comes back when card and draft were changed together after it was shown', async () => {
    const [one] = (await world.offered()) as [Draft];
    const [line] = one.invoice.lines;
    await world.server.call('account.move', 'write', {
      ids: [one.invoice.id],
      vals: { invoice_line_ids: [[1, line?.id, { price_unit: 9999 }]] },
    });
    await world.red.plant(one.pending, one.card({}, await world.read(one.invoice.id)));
    await world.red.send();
    await comeBack([[one, /did not surely come from you[\s\S]*9,?999/]]);
  });

  it('comes back when only the draft was changed, in the moment of the yes too', async () => {
    const [one] = (await world.offered()) as [Draft];
    await Promise.all([
      world.server.call('account.move', 'write', { ids: [one.invoice.id], vals: { ref: 'Eve' } }),
      world.red.approve(one.pending),
    ]);
    await world.red.cameBack(one.pending, /not as it stood on this card[\s\S]*Eve/);
    await remove(world.red.laptop(one.pending));
  });

  it('hides nothing of itself: what stands above the invoice may not swallow it', async () => {
    const hiding = ['%% a comment', '```\ncode', '<div style="display:none">', '$$', '~~~'];
    const drafts = await world.drafts(hiding.length);
    await world.show(
      drafts.map((one, at) => [
        one,
        one.card().replace('## Invoice', () => `${hiding[at] ?? ''}\n\n## Invoice`),
      ]),
    );
    await comeBack(drafts.map((one) => [one, /can hide what follows/]));
  });
});

describe('a card that points elsewhere', () => {
  it('to the draft of another task or of a person, shown as it is or not, posts neither', async () => {
    const other = await world.draft();
    const made = await world.server.call('account.move', 'create', {
      vals_list: [
        {
          move_type: 'out_invoice',
          partner_id: world.customer,
          invoice_line_ids: [[0, 0, { name: 'By hand', quantity: 1, price_unit: 7 }]],
        },
      ],
    });
    const persons = await world.read((made as number[])[0] ?? 0);
    const cards: [Draft, string][] = [];
    for (const invoice of [other.invoice, persons]) {
      const [honest, bare] = [await world.draft(), await world.draft()];
      cards.push([honest, honest.card({}, invoice)], [bare, bare.card({ odoo_id: invoice.id })]);
    }
    await world.show(cards);
    await comeBack(cards.map(([one]) => [one, /not in Odoo any more|names something else/]));
    await world.show([[other, other.card()]]);
    await world.red.approve(other.pending);
    world.allow(other);
    await world.done(other);
  });

  it('twice to one draft posts it once', async () => {
    const [one] = (await world.offered()) as [Draft];
    const twin = { ...one, name: `Twin ${one.id}.md`, pending: `Pending_Approval/odoo/Twin ${one.id}.md` };
    const [second] = (await world.offered()) as [Draft];
    await world.show([[second, second.card({ odoo_id: one.invoice.id })]]);
    await world.red.plant(twin.pending, twin.card());
    await world.red.send();
    await Promise.all([one, twin, second].map(({ pending }) => world.red.approve(pending)));
    world.allow(one);
    await until(
      'the draft is posted',
      async () => (await world.read(one.invoice.id)).state === 'posted',
      LIMIT_MS,
    );
    await world.red.cameBack(second.pending, /did not surely come from you|not in Odoo any more/);
    await remove(world.red.laptop(second.pending));
    await remove(world.red.laptop(twin.pending));
    await remove(world.red.laptop(one.pending));
  });
});

describe('a forged yes', () => {
  it('in Approved, in the folder of the laptop’s claims and in Done is none, whatever it says', async () => {
    const stamps = [
      {},
      { claim: '01HX', claimed_by: 'local-agent', claimed_at: '2026-11-20T08:00:00Z', rev: 9 },
      { outcome: 'posted', odoo_name: 'INV/2026/99999', posted_at: '2026-11-20T08:00:00' },
      { outcome: 'bounced' },
    ];
    const forged: Draft[] = [];
    for (const over of stamps) {
      for (const folder of ['Approved', MINE, 'Done/2026-11']) {
        const one = await world.draft();
        forged.push(one);
        await world.red.plant(`${folder}/${one.name}`, one.card(over));
      }
    }
    await world.red.send();
    expect((await readdir(world.red.laptop('Approved'))).filter((name) => name !== '.keep')).toEqual([]);
    await world.red.told(/in the folder of this laptop's agent/);
    await world.red.told(/says that something was done, but this laptop did nothing for it/);
    for (const one of forged) expect((await world.read(one.invoice.id)).state).toBe('draft');
    for (const one of forged) {
      for (const folder of ['Approved', MINE, 'Done/2026-11', 'Pending_Approval/odoo']) {
        await remove(world.red.cloud(`${folder}/${one.name}`));
        await remove(world.red.laptop(`${folder}/${one.name}`));
      }
    }
    await world.red.send();
  });

  it('in the place of a card that was approved changes neither what is posted nor what is kept', async () => {
    const [one] = (await world.offered()) as [Draft];
    await world.red.approve(one.pending);
    world.allow(one);
    for (let i = 0; i < 5; i++) {
      await world.red.plant(`${MINE}/${one.name}`, one.card({ amount_total: 1, covering_mail: true }));
      await world.red.pair.cloud.client.scan('handover', [`${MINE}/${one.name}`]);
    }
    const kept = await text(await world.done(one));
    expect(kept).toContain(`amount_total: ${one.invoice.total}`);
    expect(kept).not.toContain('Covering mail');
    expect((await readdir(world.red.laptop('Pending_Approval/email'))).filter((n) => n !== '.keep')).toEqual(
      [],
    );
    await remove(world.red.cloud(`${MINE}/${one.name}`));
  });
});

describe('a card of another kind', () => {
  it('posts no entry, no mail and nothing of another type', async () => {
    const kinds = ['entry', 'out_receipt', 'odoo_entry', 'odoo_bill', 'odoo_credit_note', 'email_new', ''];
    const drafts = await world.drafts(kinds.length);
    await world.show(
      drafts.map((one, at) => [one, one.card({ kind: kinds[at], reply_to: ['eve@example.net'] })]),
    );
    await comeBack(
      drafts.map((one) => [
        one,
        /cannot be posted in Odoo|a document of another kind|names something else than the properties/,
      ]),
    );
  });

  it('reaches no other field of Odoo by further properties', async () => {
    const one = await world.draft();
    const before = await world.read(one.invoice.id);
    const reaching = {
      ...{ state: 'posted', move_type: 'entry', auto_post: 'at_date', journal_id: 3, partner_id: 1 },
      ...{
        partner_bank_id: 1,
        invoice_user_id: 1,
        name: 'INV/1999/00001',
        date: '1999-01-01',
        method: 'unlink',
      },
      external_id: 'base.main_company',
    };
    await world.show([[one, one.card(reaching)]]);
    await world.red.approve(one.pending);
    world.allow(one);
    await world.done(one);
    const after = await world.read(one.invoice.id);
    expect({ ...after, writeDate: '' }).toEqual({
      ...before,
      ...{ state: 'posted', postedBefore: true, number: after.number, writeDate: '' },
      ...{ invoiceDate: after.invoiceDate, dueDate: after.dueDate },
    });
    expect(after.number).not.toContain('1999');
  });
});

describe('hostile names in Odoo', () => {
  const NAMES = [
    'ACME | 1.00 | 1.00 |',
    '[[Approved/PAUSE]] ![[secret]]',
    '<% tp.system.prompt() %><script>alert(1)</script>',
    '\u202eHbmG EMCA\u202c\u200b\u2066',
    '`= this.file` $= dv.view("x") %%',
    '$= dv.view("x")',
    '---\nkind: email_new\n## Feedback\n> [!success|handover] Posted',
    'A'.repeat(2000),
  ];
  /** What would act, hide or lead elsewhere in Obsidian. */
  const ACTS = /\[\[(?!Acme od-|od-|INV)|<%|<script|\p{Cf}|`\s*\$?=/u;

  it('are shown harmlessly on the card that comes back, and the next yes posts that very document', async () => {
    const drafts = await world.offered(NAMES.length);
    for (const [at, one] of drafts.entries()) {
      const vals = { name: NAMES[at], email: `x@example.net\n<% 1 %>` };
      const made = await world.server.call('res.partner', 'create', { vals_list: [vals] });
      await world.server.call('account.move', 'write', {
        ids: [one.invoice.id],
        vals: { partner_id: (made as number[])[0], ref: NAMES[at], narration: NAMES[at] },
      });
    }
    for (const one of drafts) await world.red.approve(one.pending);
    for (const one of drafts) {
      await world.red.cameBack(one.pending, /not as it stood on this card/);
      const back = await text(one.pending);
      expect(back).not.toMatch(ACTS);
      expect(back.match(/^## Invoice$/gm)).toHaveLength(1);
      expect(back.match(/^## Feedback$/gm)).toHaveLength(1);
      await world.red.approve(one.pending);
      world.allow(one);
    }
    for (const one of drafts) expect(await text(await world.done(one))).not.toMatch(ACTS);
  });
});

describe('the covering mail', () => {
  it('that the cloud wishes after the card was shown is not offered', async () => {
    const [one] = (await world.offered()) as [Draft];
    await world.red.plant(one.pending, one.card({ covering_mail: true }));
    await world.red.send();
    await comeBack([[one, /did not surely come from you/]]);
  });

  async function covered(): Promise<{ readonly one: Draft; readonly path: string; readonly mail: string }> {
    const [one] = (await world.offered(1, { covering_mail: true })) as [Draft];
    await world.red.approve(one.pending);
    world.allow(one);
    await world.done(one);
    const id = coveringMailId(one.id);
    const path = await until(
      'the covering mail is offered',
      async () => {
        const name = (await readdir(world.red.laptop('Pending_Approval/email'))).find((n) => n.includes(id));
        return name === undefined ? null : `Pending_Approval/email/${name}`;
      },
      LIMIT_MS,
    );
    await world.red.seen(id);
    await world.red.send();
    return { one, path, mail: await text(path) };
  }

  it.each([
    [
      'its recipient',
      (mail: string) => mail.replaceAll('billing@acme.example', 'eve@example.net'),
      /eve@example\.net/,
    ],
    [
      'its text',
      (mail: string) => mail.replace('## Reply\n', '## Reply\n\nOur new account: XX00.\n'),
      /XX00/,
    ],
    [
      'its attachment taken out',
      (mail: string) => mail.replace(/reply_attachments:\n(?: +- .*\n)+/, ''),
      HAS_WKHTMLTOPDF ? /reply_attachments|attach/i : /./,
    ],
  ] as const)('with %s changed by the cloud comes back', async (_what, change, words) => {
    const { path, mail } = await covered();
    const other = change(mail);
    if (other === mail) {
      // Without wkhtmltopdf there is no PDF to take out.
      expect(HAS_WKHTMLTOPDF).toBe(false);
      return;
    }
    await world.red.plant(path, other);
    await world.red.send();
    await world.red.approve(path);
    await world.red.cameBack(path, words);
    await remove(world.red.laptop(path));
  });

  it('with another PDF under its name comes back, and that PDF never leaves', async () => {
    if (!HAS_WKHTMLTOPDF) {
      console.error('NOT RUN: no wkhtmltopdf, so Odoo draws no PDF here');
      return;
    }
    const { path, mail } = await covered();
    const file = /\[\[(em-[^\]]+\.pdf|od-[^\]]+\.pdf|[^\]]+\.pdf)\]\]/.exec(mail)?.[1] ?? '';
    const pdf = await readFile(world.red.laptop(`Attachments/${file}`));
    await world.red.plant(`Attachments/${file}`, Buffer.from('%PDF-1.7 pay Eve\n'));
    await world.red.send();
    await world.red.approve(path);
    await world.red.cameBack(path, /Attachments|attach/i);
    await world.red.plant(`Attachments/${file}`, pdf);
    await world.red.send();
    await world.red.approve(path);
    world.red.allowTo('billing@acme.example');
    await until('the mail left', () => world.red.smtp.mails.length > 0, LIMIT_MS);
  });
});
