/**
 * NAME
 *   odoo-mcp: the one process that can post an invoice (the laptop's half). An MCP server on stdin and stdout.
 *
 * WHAT IT DOES
 *   Looks up and drafts in Odoo, as the cloud's does. With ODOO_MODE=live it also holds a card against Odoo, posts
 *   what is sealed under a task id, at most once, and fetches number and PDF. No tool takes a document or an amount
 *   and posts it.
 * READS
 *   The vault's open folders, `PAUSE.md`, STATE_DIR (`journal/`), Odoo.
 * WRITES
 *   STATE_DIR (`journal/`, `posts/`, `invoices/`, `dry-run/`), Odoo. Nothing in the vault.
 * SECRETS
 *   ODOO_API_KEY.
 * MAY IT RUN TWICE
 *   Yes: the approval handler spawns one, any MCP client may start another. The journal's exclusive names decide who
 *   posts; the hourly limit is counted in STATE_DIR for all of them together.
 * ON CRASH
 *   The journal says whether an invoice may be posted (docs/states.md), and Odoo whether it is. When the client dies,
 *   the attempt under way is finished and recorded first.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { EffectLimit } from '../journal/effect-limit.ts';
import { JournalFault } from '../journal/journal.ts';
import { liveOdooMcp } from '../mcp/odoo/live/live-mcp-server.ts';
import { odooMcp } from '../mcp/odoo/odoo-mcp-server.ts';
import { serveStdio } from '../mcp/stdio.ts';
import { Calls } from '../mcp/tool.ts';
import { DRAFT_CALLS, LIVE_CALLS } from '../odoo/allow-list.ts';
import { odooConnection } from '../odoo/open-odoo.ts';
import { postSealed } from '../odoo/posting/post-sealed.ts';
import { openPostJournal } from '../odoo/posting/sealed-post.ts';
import { ODOO_KEYS } from '../runtime/config.ts';
import { crashAt } from '../runtime/daemon.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { isAlive, ownIdentity } from '../runtime/process-identity.ts';
import { runOnStdio } from '../runtime/stdio-process.ts';

await runOnStdio({
  process: 'odoo-mcp',
  keys: [...ODOO_KEYS, 'ODOO_MODE', 'DRY_RUN', 'MAX_POSTS_PER_HOUR'],
  needs: ['ODOO_URL'],
  serve: async ({ config, vault, clock, log }) => {
    const { STATE_DIR: stateDir, ODOO_URL: url, ODOO_DB: db } = config;
    const live = config.ODOO_MODE === 'live';
    const now = (): number => clock.now();
    const odoo = odooConnection({
      url,
      db,
      username: config.ODOO_USERNAME,
      apiKey: config.ODOO_API_KEY,
      protocol: config.ODOO_PROTOCOL,
      ca: config.TLS_CA_FILE === '' ? undefined : await readFile(config.TLS_CA_FILE, 'utf8'),
      allow: live ? LIVE_CALLS : DRAFT_CALLS,
    });
    const calls = new Calls();
    let broken = false;
    const onError = (tool: string, error: unknown): void => {
      log.error({ err: error, tool }, 'tool failed');
      // What cannot be recorded must not go on: to others this attempt looks as if it ran for ever.
      if (error instanceof JournalFault && error.code === 'not-recorded' && !broken) {
        broken = true;
        void calls.idle().then(() => process.exit(EXIT.failure));
      }
    };
    const deps = { odoo, now, timeZone: config.TIMEZONE, mayWrite: () => Promise.resolve() };
    if (!live) {
      await serveStdio(odooMcp(deps, calls, onError), calls);
      return;
    }
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    const journal = await openPostJournal({ stateDir, self: ownIdentity(), isAlive, now });
    const limit = new EffectLimit({ stateDir, of: 'posts', perHour: config.MAX_POSTS_PER_HOUR, now });
    const posting = { journal, limit, odoo, url, db, stateDir, at: crashAt(), dryRun: config.DRY_RUN };
    const server = liveOdooMcp(
      {
        ...deps,
        vault,
        journal,
        stateDir,
        post: (id) => postSealed(id, { ...posting, paused: () => vault.paused() }),
      },
      calls,
      onError,
    );
    await serveStdio(server, calls);
  },
});
