import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import { readInvoiceBody } from '../../src/core/odoo/invoice-body.ts';
import { renderNote, withData } from '../../src/core/task-file.ts';
import { CardTracker } from '../../src/stages/offered-cards.ts';
import { Offers } from '../../src/stages/offers.ts';
import { anInvoice } from '../unit/core/odoo/an-invoice.ts';
import { card, type Desk, ID, MINE, NAME, openDesk, PENDING } from './invoice-parts.ts';

/** Invoices beside a Syncthing whose peer is the attacker: what the laptop saw first is what a yes is held against. */

let desk: Desk;
let tracker: CardTracker;

beforeEach(async () => {
  desk = await openDesk();
  const clock = { now: () => desk.now, sleep: () => Promise.resolve() };
  const offers = new Offers({ stateDir: desk.stateDir, clock });
  tracker = new CardTracker({ vault: desk.vault, offers, clock, log: pino({ level: 'silent' }) });
  tracker.follow({ continuous: true, flush: () => Promise.resolve() });
  desk.cards = tracker;
  desk.synced = true;
});

const write = (path: string, text: string) => writeFile(join(desk.vault.root, path), text);

/** The peer puts something there, and Syncthing tells of it. */
async function remote(path: string, text: string): Promise<void> {
  await write(path, text);
  await tracker.changed({ path, action: 'modified', origin: 'remote' });
}

async function passes(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await tracker.sight();
    await desk.pass();
    desk.now += 20_000;
  }
}

const lead = async () => readInvoiceBody((await desk.at(PENDING)).body).lead;
const posted = () => desk.books.postings.length;

describe('with another machine that writes the vault', () => {
  it('an invoice that is as it was first seen is posted', async () => {
    await remote(PENDING, renderNote(card()));
    await passes();
    await desk.approve();
    await passes();
    expect(posted()).toBe(1);
    expect(await desk.notes()).toEqual([desk.done()]);
  });

  it('one that the cloud changed after it was shown comes back with the difference, draft and card alike', async () => {
    await remote(PENDING, renderNote(card()));
    await passes();
    const evil = anInvoice({ partner: { id: 66, name: 'Eve Ltd' }, total: 9999 });
    desk.books.invoice = evil;
    await remote(PENDING, renderNote(card(evil)));
    await desk.approve();
    await passes();
    expect(posted()).toBe(0);
    expect(await lead()).toMatch(
      /changed after it was offered[\s\S]*`partner`: was `ACME GmbH`, now `Eve Ltd`/,
    );
    await desk.approve();
    await passes();
    expect(posted()).toBe(1);
  });

  it('a wish for a covering mail that the cloud put there is a change too', async () => {
    await remote(PENDING, renderNote(card()));
    await passes();
    await remote(PENDING, renderNote(withData(card(), { covering_mail: true })));
    await desk.approve();
    await passes();
    expect(posted()).toBe(0);
    expect(await lead()).toContain('changed after it was offered');
  });

  it('one that the cloud puts into the laptop’s own folder is not posted', async () => {
    await remote(MINE, renderNote(card()));
    await passes();
    expect(posted()).toBe(0);
    expect(await lead()).toContain('you did not approve this');
  });

  it('one approved on the phone, never seen pending here, is posted', async () => {
    await write(`Approved/${NAME}`, renderNote(card()));
    await passes();
    await passes();
    expect(posted()).toBe(1);
  });

  it('what the cloud writes into a card under way changes neither what is posted nor what lies in Done', async () => {
    await remote(PENDING, renderNote(card()));
    await passes();
    desk.books.verdict = { verdict: 'retry', words: 'Odoo is busy', cause: 'server' };
    await desk.approve();
    await passes();
    await remote(MINE, renderNote(withData(card(), { outcome: 'posted', partner: 'Eve Ltd' })));
    desk.books.verdict = { verdict: 'sent', words: 'posted' };
    desk.now += 3_600_000;
    await passes();
    expect(posted()).toBe(1);
    const done = await desk.at(desk.done());
    expect(done.data).toMatchObject({ partner: 'ACME GmbH', odoo_name: 'INV/2026/00001' });
    expect(done.data['id']).toBe(ID);
  });

  it('the covering mail is a card that this machine offered itself', async () => {
    await remote(PENDING, renderNote(card(anInvoice(), { covering_mail: true })));
    await passes();
    await desk.approve();
    await passes();
    const [mail = ''] = await desk.vault.list('Pending_Approval/email');
    await desk.drag('Pending_Approval/email', 'Approved', mail);
    await passes();
    expect(desk.mails).toHaveLength(1);
  });

  it('a covering mail that the cloud sends elsewhere comes back with the difference', async () => {
    await remote(PENDING, renderNote(card(anInvoice(), { covering_mail: true })));
    await passes();
    await desk.approve();
    await passes();
    const [mail = ''] = await desk.vault.list('Pending_Approval/email');
    const path = `Pending_Approval/email/${mail}`;
    const text = await readFile(join(desk.vault.root, path), 'utf8');
    await remote(path, text.replaceAll('billing@acme.example', 'eve@example.net'));
    await desk.drag('Pending_Approval/email', 'Approved', mail);
    await passes();
    expect(desk.mails).toEqual([]);
    expect((await desk.at(path)).body).toMatch(/added.*eve@example\.net/);
  });
});
