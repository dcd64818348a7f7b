/**
 * NAME
 *   odoo-mcp: looks up and drafts in Odoo (the cloud's half). Nothing in it can post, whatever ODOO_MODE says.
 *
 * WHAT IT DOES
 *   An MCP server: find partners, products, taxes, journals; read documents, what is open, one partner's account; make
 *   and revise one draft per task; attach a file to it. Streamable HTTP on 127.0.0.1:ODOO_MCP_PORT for whoever knows
 *   the token. With `--stdio` it is a server for the one client that starts it, without port, token, lock or heartbeat.
 *   At the start and every hour it proves that its key cannot post, and tells when the key expires.
 * READS
 *   Odoo.
 * WRITES
 *   Drafts in Odoo; `Updates/cloud-agent/odoo-mcp.json`. With `--stdio` nothing in the vault.
 * SECRETS
 *   ODOO_API_KEY, ODOO_MCP_TOKEN.
 * MAY IT RUN TWICE
 *   No; a lock in STATE_DIR keeps a second one out, and the port is taken. With `--stdio` any number: a draft of one
 *   task is made once, whoever makes it.
 * ON CRASH
 *   Nothing to repair: it keeps nothing, and Odoo knows each draft by its task.
 */
import { serveDraftingOnStdio, startDrafting } from '../mcp/odoo/start-odoo.ts';
import { ODOO_KEYS } from '../runtime/config.ts';
import { type DaemonContext, runDaemon } from '../runtime/daemon.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { runOnStdio } from '../runtime/stdio-process.ts';

const PROCESS = 'odoo-mcp';
const KEYS = [...ODOO_KEYS, 'ODOO_MODE', 'ODOO_ALLOW_POSTING_KEY', 'ODOO_API_KEY_EXPIRES'] as const;
const SERVED_KEYS = [...KEYS, 'ODOO_MCP_PORT', 'ODOO_MCP_TOKEN'] as const;

if (process.argv.includes('--stdio')) {
  await runOnStdio({
    process: PROCESS,
    keys: KEYS,
    needs: ['ODOO_URL'],
    serve: async ({ config, clock, log }) => {
      refuseLive(config);
      await serveDraftingOnStdio({ config, clock, log });
    },
  });
} else {
  runDaemon({
    process: PROCESS,
    agent: 'cloud-agent',
    keys: SERVED_KEYS,
    needs: ['ODOO_URL', 'ODOO_MCP_TOKEN'],
    start,
  });
}

async function start({ config, clock, log, health }: DaemonContext<(typeof SERVED_KEYS)[number]>) {
  refuseLive(config);
  const note = (about: string, words: string | null): void => health.note(about, words);
  const drafting = await startDrafting({ config, clock, log, note });
  if (drafting.right === 'yes') {
    await health.stop();
    refuse(
      'the key of ODOO_API_KEY can post invoices, and the cloud must hold none that can: run `handover odoo guard install` and take the key of the user it makes',
    );
  }
  return drafting;
}

/** With two machines the posting half is the laptop's; a cloud that is told to post is set up wrong. */
function refuseLive({ SYNC, ODOO_MODE }: { readonly SYNC: string; readonly ODOO_MODE: string }): void {
  if (SYNC === 'syncthing' && ODOO_MODE === 'live') {
    refuse('ODOO_MODE=live does not belong on the cloud: leave it at draft here and set it on the laptop');
  }
}

function refuse(fault: string): never {
  process.stderr.write(`${PROCESS}: configuration:\n  ${fault}\n`);
  process.exit(EXIT.config);
}
