/** What one draft and one posting cost beside the bare call that does the same in Odoo, taken in turns. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { externalIdOf } from '../../src/core/odoo/external-id.ts';
import type { Invoice } from '../../src/core/odoo/invoice.ts';
import { invoiceProperties, invoiceSection } from '../../src/core/odoo/invoice-section.ts';
import type { TaskId } from '../../src/core/task-id.ts';
import { EffectLimit } from '../../src/journal/effect-limit.ts';
import { DRAFT_CALLS, LIVE_CALLS } from '../../src/odoo/allow-list.ts';
import { createDraft } from '../../src/odoo/create-draft.ts';
import { odooConnection } from '../../src/odoo/open-odoo.ts';
import { postSealed } from '../../src/odoo/posting/post-sealed.ts';
import { openPostJournal } from '../../src/odoo/posting/sealed-post.ts';
import { SealedPosts } from '../../src/odoo/posting/sealed-posts.ts';
import { readInvoice } from '../../src/odoo/read-invoice.ts';
import { isAlive, ownIdentity } from '../../src/runtime/process-identity.ts';
import type { OdooServer, OdooUser } from '../../tests/helpers/odoo.ts';
import { bareOdoo } from './bare.ts';

/** Milliseconds, one entry per document. */
export interface CallTimes {
  readonly ours: number[];
  readonly bare: number[];
}

/** The first calls meet caches that are not filled yet. */
const WARM_UP = 5;

export async function measureCalls(world: {
  readonly odoo: OdooServer;
  readonly user: OdooUser;
  readonly partnerId: number;
  readonly folder: string;
  readonly samples: number;
}): Promise<{ readonly drafts: CallTimes; readonly posts: CallTimes }> {
  const { odoo, user, partnerId, folder, samples } = world;
  const bare = bareOdoo(odoo, user);
  const settings = { url: odoo.url, db: odoo.db, username: user.login, apiKey: user.apiKey } as const;
  const drafting = await odooConnection({ ...settings, protocol: 'auto', allow: DRAFT_CALLS }).get();
  const posting = odooConnection({ ...settings, protocol: 'auto', allow: LIVE_CALLS });
  const live = await posting.get();
  const post = await poster(folder, settings, posting);
  const drafts: CallTimes = { ours: [], bare: [] };
  const posts: CallTimes = { ours: [], bare: [] };
  for (let n = 0; n < samples + WARM_UP; n += 1) {
    const id = taskId(n);
    const lines = [
      { label: `Design ${n}`, quantity: 2, priceUnit: 150.25 },
      { label: `Travel ${n}`, quantity: 1, priceUnit: 80 },
    ];
    const input = { type: 'out_invoice', partnerId, lines } as const;
    const create = () => createDraft(drafting, externalIdOf(id), input).then((made) => made.id);
    const [mine, other] = await inTurns(n, drafts, create, () => bare.create(input));
    const invoice = await readInvoice(live, mine);
    if (invoice === null) throw new Error('a draft vanished');
    const send = await post.seal(id, invoice);
    await inTurns(n, posts, send, () => bare.post(other));
  }
  return { drafts, posts };
}

/** Who goes first changes from one document to the next. */
async function inTurns<A, B>(
  n: number,
  times: CallTimes,
  ours: () => Promise<A>,
  bare: () => Promise<B>,
): Promise<[A, B]> {
  const timed = async <T>(into: number[], run: () => Promise<T>): Promise<T> => {
    const begun = performance.now();
    const result = await run();
    if (n >= WARM_UP) into.push(performance.now() - begun);
    return result;
  };
  if (n % 2 === 0) return [await timed(times.ours, ours), await timed(times.bare, bare)];
  const second = await timed(times.bare, bare);
  return [await timed(times.ours, ours), second];
}

function taskId(n: number): TaskId {
  return `od-${n.toString(16).padStart(16, '0')}` as TaskId;
}

/** Seals as the approval handler does, untimed, and posts as odoo-mcp does. */
async function poster(
  folder: string,
  { url, db, username }: { readonly url: string; readonly db: string; readonly username: string },
  odoo: ReturnType<typeof odooConnection>,
) {
  const stateDir = join(folder, 'state');
  await mkdir(stateDir, { recursive: true });
  const now = (): number => Date.now();
  const journal = await openPostJournal({ stateDir, self: ownIdentity(), isAlive, now });
  const records = new SealedPosts({ journal, url, db, account: username, now });
  const limit = new EffectLimit({ stateDir, of: 'posts', perHour: 10_000, now });
  return {
    seal: async (id: TaskId, invoice: Invoice) => {
      const action = {
        id,
        kind: 'odoo_invoice',
        odooId: invoice.id,
        section: invoiceSection(invoice),
        properties: invoiceProperties(invoice),
        coveringMail: false,
      } as const;
      const approvedAt = new Date(now()).toISOString();
      await records.seal({
        action,
        hash: 'bench',
        noteName: `${id}.md`,
        noteText: '',
        approvedAt,
        again: false,
      });
      return async () => {
        const result = await postSealed(id, {
          journal,
          limit,
          odoo,
          url,
          db,
          stateDir,
          dryRun: false,
          paused: () => Promise.resolve(false),
          at: () => undefined,
        });
        if (result.kind !== 'settled' || result.state.state !== 'done') {
          throw new Error(`not posted: ${JSON.stringify(result)}`);
        }
      };
    },
  };
}
