import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { followMoves } from './follow-moves.ts';
import type { Checked } from './story.ts';
import type { Screen } from './screen.ts';
import { until } from './until.ts';
import { bodyOf, type SeenNote, seeNotes } from './vault-view.ts';
import { CUSTOMER, type World } from './world.ts';

const SETTLE_MS = 60_000;
const HANDS_ON_MS = 3_600_000;
/** Stands in the demo's request and nowhere else. */
const LABEL = 'Maintenance of two ovens';

/** The second story: a request becomes a draft in the books, a yes posts it, its number comes back. */
export async function tellInvoiceStory(
  world: World,
  screen: Screen,
  handsOn: boolean,
  signal: AbortSignal,
): Promise<readonly Checked[]> {
  await askForInvoice(world, screen);
  const card = await find(world, signal, 'the draft is offered', /^Pending_Approval\/odoo$/);
  screen.step('One draft in Odoo, one card: lines, taxes and total as Odoo computed them');
  screen.item('file', `${card.folder}/${card.name}`);
  screen.quote(bodyOf(card).split('## Feedback')[0] ?? '', 40);
  const drafted = documents(world);
  const moves = handsOn ? await followMoves(world.vaultDir, screen) : null;
  if (handsOn) {
    screen.step('Your turn again');
    screen.ask([
      'Move that card to Approved, and the invoice is posted. Change a price under "## Request" and',
      'move it to Needs_Action/odoo first, if you like: the draft in Odoo follows.',
    ]);
  } else {
    screen.step('You say yes');
    screen.line(`mv "${card.folder}/${card.name}" Approved/`);
    await rename(join(world.vaultDir, card.folder, card.name), join(world.vaultDir, 'Approved', card.name));
  }
  const limit = handsOn ? HANDS_ON_MS : SETTLE_MS;
  const done = await find(world, signal, 'the invoice is posted', /^Done\//, limit).finally(() =>
    moves?.stop(),
  );
  const number = /^odoo_name: "?([^"\n]+)"?$/m.exec(done.text)?.[1] ?? '';
  screen.step('The invoice is posted, and its number came back');
  screen.item('file', `${done.folder}/${done.name}`);
  screen.quote(bodyOf(done), 5);
  const posted = documents(world);
  return [
    {
      what: 'the request became one draft in the books, and nothing was posted before the yes',
      kept: drafted.length === 1 && drafted[0]?.state === 'draft',
    },
    {
      what: 'it was posted once, under the number that stands in the note',
      kept:
        posted.length === 1 && posted[0]?.state === 'posted' && posted[0].name === number && number !== '',
    },
  ];
}

async function askForInvoice(world: World, screen: Screen): Promise<void> {
  screen.step('You ask for an invoice: a note in Needs_Action/odoo, made from a template of the vault');
  const name = 'Invoice for the bakery.md';
  const text = [
    '---',
    'kind: odoo_invoice',
    `customer: ${CUSTOMER}`,
    '---',
    '',
    '## Lines',
    '',
    '| Description | Quantity | Price | Taxes |',
    '| --- | ---: | ---: | --- |',
    `| ${LABEL} | 2 | 180.00 | 15% |`,
    '| Travel | 1 | 45.50 | 15% |',
    '',
  ].join('\n');
  await writeFile(join(world.vaultDir, 'Needs_Action', 'odoo', name), text);
  screen.item('file', `Needs_Action/odoo/${name}`);
  screen.quote(text);
}

/** Rows of the books, whatever state they are in. */
function documents(world: World): readonly { readonly state: unknown; readonly name: unknown }[] {
  return world.books.store.rows('account.move').map((row) => ({ state: row['state'], name: row['name'] }));
}

function find(
  world: World,
  signal: AbortSignal,
  what: string,
  folder: RegExp,
  limitMs = SETTLE_MS,
): Promise<SeenNote> {
  const look = async () => {
    const notes = await seeNotes(world.vaultDir);
    return notes.find((note) => folder.test(note.folder) && note.text.includes(LABEL)) ?? null;
  };
  return until(what, limitMs, look, signal);
}
