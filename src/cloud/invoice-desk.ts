/**
 * The second desk of draft-replier: requests for Odoo. A loop of its own, so that a slow Odoo never holds up a mail. Without
 * ODOO_URL it drafts nothing and says so as long as a request waits.
 */
import type { RequestReviser } from '../drafting/drafter.ts';
import { taskIdForRequest } from '../core/task-id.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Health } from '../runtime/health.ts';
import type { Logger } from '../runtime/logger.ts';
import { scanLoop } from '../runtime/scan-loop.ts';
import { draftInvoices } from '../stages/draft-invoice.ts';
import type { DraftingDeps, Pass } from '../stages/draft-notes.ts';
import type { Vault } from '../vault/vault.ts';
import { OdooBooks } from './odoo-mcp-client.ts';

const INBOX = 'Needs_Action/odoo';
/** An invoice costs Odoo 150 ms of work and ours a few questions more: two at once hide the waiting. */
const PARALLEL = 2;

export interface InvoiceDesk {
  stop(): Promise<void>;
}

interface DeskDeps {
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Pick<Health, 'note'>;
  readonly scanMs: number;
}

/** @param drafting what both desks share; ids and width are this desk's own */
export async function startInvoiceDesk(
  deps: DeskDeps,
  drafting: Omit<DraftingDeps, 'newId' | 'parallel'> & { readonly vault: Vault },
  odoo: { readonly port: number; readonly token: string; readonly reviser: RequestReviser | null },
): Promise<InvoiceDesk> {
  const { log, health } = deps;
  const books = new OdooBooks({ port: odoo.port, token: odoo.token, log });
  const pass = draftInvoices({
    ...drafting,
    books,
    reviser: odoo.reviser,
    newId: taskIdForRequest,
    parallel: PARALLEL,
    onBooks: (words) => health.note('odoo', words),
  });
  const loop = await watched(deps, pass);
  return {
    stop: async () => {
      await loop.stop();
      await books.stop();
    },
  };
}

/** Where Odoo is not configured: what waits is told, nothing is touched. */
export function startClosedDesk(deps: DeskDeps): Promise<InvoiceDesk> {
  const { vault, health } = deps;
  return watched(deps, async () => {
    const { length } = await vault.list(INBOX);
    const requests = length === 1 ? '1 request waits' : `${length} requests wait`;
    health.note(
      'odoo',
      length === 0 ? null : `Odoo is not configured (ODOO_URL), so ${requests} in ${INBOX}.`,
    );
    return { more: false, lookAgainAt: null };
  });
}

async function watched(
  { vault, clock, log, health, scanMs }: DeskDeps,
  pass: (signal: AbortSignal) => Promise<Pass>,
): Promise<InvoiceDesk> {
  const loop = scanLoop({
    scan: async (signal) => {
      const { more, lookAgainAt } = await pass(signal);
      if (more) loop.hint();
      if (lookAgainAt !== null) loop.wakeAt(lookAgainAt);
      health.note('requests', null);
    },
    everyMs: scanMs,
    clock,
    onError: (error) => {
      log.error({ err: error }, 'drafting for Odoo is stopped');
      const why = error instanceof Error ? error.message : 'unknown error';
      health.note('requests', `Drafting for Odoo is stopped: ${why}`);
    },
  });
  const watch = await vault.watch([INBOX, 'In_Progress/cloud-agent'], () => loop.hint());
  return {
    stop: async () => {
      await watch.close();
      await loop.stop();
    },
  };
}
