import { fileURLToPath } from 'node:url';
import type { SealedPosts as PostRecords } from '../stages/post-effects.ts';
import { SealedPosts } from '../odoo/posting/sealed-posts.ts';
import { openPostJournal } from '../odoo/posting/sealed-post.ts';
import { childEnvironment, ConfigFault, loadConfig } from '../runtime/config.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import { isAlive, ownIdentity } from '../runtime/process-identity.ts';
import type { PostEffects } from '../stages/post-effects.ts';
import { postingOff } from '../stages/posting-off.ts';
import { OdooMcpClient } from './odoo-mcp-client.ts';

/** The handler's Odoo: its journal, what posts, and what is wrong with it. */
export interface Posting {
  readonly journal: PostRecords;
  readonly effects: PostEffects;
  /** Once a pass: an odoo-mcp that did not come up is tried again. */
  retry(): void;
  /** For the page; null: nothing is wrong, or there is no Odoo here. */
  remark(): string | null;
  stop(): Promise<void>;
}

interface Parts {
  readonly stateDir: string;
  readonly clock: Clock;
  readonly log: Logger;
}

const RETRY_MS = 60_000;

/** Never throws for what is wrong with Odoo or its keys: mail goes on, and the page says what is missing. */
export async function openPosting({ stateDir, clock, log }: Parts): Promise<Posting> {
  const place = placeOfOdoo();
  const now = () => clock.now();
  const records = await openPostJournal({ stateDir, self: ownIdentity(), isAlive, now });
  const journal = new SealedPosts({ journal: records, ...place.account, now });
  if (place.off !== null) {
    const { off, remark } = place;
    return {
      journal,
      effects: postingOff(off),
      retry: () => undefined,
      remark: () => remark,
      stop: () => Promise.resolve(),
    };
  }
  const main = fileURLToPath(new URL('./odoo-mcp.main.js', import.meta.url));
  const client = new OdooMcpClient({ main, env: childEnvironment(), log });
  let fault: string | null = null;
  let triedAt = 0;
  const connect = (): void => {
    triedAt = now();
    client.connect().then(
      () => {
        fault = null;
      },
      (error: unknown) => {
        fault = `nothing is posted: ${error instanceof Error ? error.message : 'odoo-mcp did not come up'}`;
        log.error({ err: error }, 'odoo-mcp did not come up; mail goes on');
      },
    );
  };
  connect();
  return {
    journal,
    effects: client,
    retry: () => {
      if (fault !== null && now() - triedAt >= RETRY_MS) connect();
    },
    remark: () => fault,
    stop: () => client.stop(),
  };
}

interface OdooPlace {
  /** What is sealed with a card: the Odoo it was meant for, and as whom. */
  readonly account: { readonly url: string; readonly db: string; readonly account: string };
  /** Why nothing is posted here, for a card that comes back; null: it is. */
  readonly off: string | null;
  readonly remark: string | null;
}

const NOWHERE = { url: '', db: '', account: '' };

/** Of Odoo's keys the handler reads none that opens anything. */
function placeOfOdoo(): OdooPlace {
  try {
    const config = loadConfig(['ODOO_URL', 'ODOO_DB', 'ODOO_USERNAME', 'ODOO_MODE']);
    const account = { url: config.ODOO_URL, db: config.ODOO_DB, account: config.ODOO_USERNAME };
    if (config.ODOO_URL === '') {
      return { account, off: 'Odoo is not set up on this machine: `ODOO_URL` is empty.', remark: null };
    }
    if (config.ODOO_MODE === 'draft') {
      const off = 'This machine only drafts in Odoo. To post from here set `ODOO_MODE=live` and restart.';
      return { account, off, remark: null };
    }
    return { account, off: null, remark: null };
  } catch (error) {
    if (!(error instanceof ConfigFault)) throw error;
    const faults = error.faults.join('; ');
    return {
      account: NOWHERE,
      off: `Odoo is not set up right on this machine: ${faults}.`,
      remark: `nothing is posted: ${faults}`,
    };
  }
}
