import { readFile } from 'node:fs/promises';
import { DRAFT_CALLS } from '../../odoo/allow-list.ts';
import { canPost } from '../../odoo/guard/can-post.ts';
import { LOOK_CALLS } from '../../odoo/guard/guard-calls.ts';
import { keyExpiry } from '../../odoo/key-expiry.ts';
import { type OdooSettings, odooConnection } from '../../odoo/open-odoo.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { serveHttp } from '../http.ts';
import { serveStdio } from '../stdio.ts';
import { Calls } from '../tool.ts';
import { ATTACHED_BYTES } from './attach-file.ts';
import { KeyWatch } from './key-watch.ts';
import type { OdooDeps } from './odoo-deps.ts';
import { odooMcp } from './odoo-mcp-server.ts';
import { toldConnection } from './told-connection.ts';

export interface DraftingHost {
  readonly config: {
    readonly ODOO_URL: string;
    readonly ODOO_DB: string;
    readonly ODOO_USERNAME: string;
    readonly ODOO_API_KEY: string;
    readonly ODOO_PROTOCOL: OdooSettings['protocol'];
    readonly ODOO_ALLOW_POSTING_KEY: string;
    readonly ODOO_API_KEY_EXPIRES: string;
    readonly TLS_CA_FILE: string;
    readonly TIMEZONE: string;
  };
  readonly clock: Clock;
  readonly log: Logger;
}

/** Base64 and the JSON around it. */
const BODY_BYTES = Math.ceil((ATTACHED_BYTES * 4) / 3) + 64 * 1024;

export interface Drafting {
  /** What the first look at the key said. `yes`: this machine must not run with it. */
  readonly right: 'no' | 'yes' | 'unknown';
  stop(): Promise<void>;
}

/**
 * Draft mode on HTTP, for clients of this machine that know the token. Odoo may be down: then the tools say so, and
 * `note` tells the user.
 * @throws HttpFault when the port is taken
 */
export async function startDrafting(
  host: DraftingHost & {
    readonly config: { readonly ODOO_MCP_PORT: number; readonly ODOO_MCP_TOKEN: string };
    readonly note: (about: string, words: string | null) => void;
  },
): Promise<Drafting> {
  const { config, log, note } = host;
  const { deps, watch } = await draftingDeps(host, note);
  const right = await watch.start();
  if (right === 'yes' && config.ODOO_ALLOW_POSTING_KEY === '') {
    watch.stop();
    return { right, stop: () => Promise.resolve() };
  }
  const http = await serveHttp({
    port: config.ODOO_MCP_PORT,
    token: config.ODOO_MCP_TOKEN,
    make: (calls) => odooMcp(deps, calls, toolFailed(log)),
    onRefused: (status) => log.debug({ status }, 'request turned away'),
    onError: (error) => log.error({ err: error }, 'request failed'),
    limits: { bodyBytes: BODY_BYTES },
  });
  log.info({ port: http.port, key: right }, 'listening on 127.0.0.1');
  return {
    right: 'no',
    stop: async () => {
      watch.stop();
      await http.stop();
    },
  };
}

/** Draft mode on stdin and stdout, for one client that started this process, until it leaves. */
export async function serveDraftingOnStdio(host: DraftingHost): Promise<void> {
  const { log } = host;
  const note = (about: string, words: string | null): void => {
    if (words !== null) log.warn({ about }, words);
  };
  const { deps, watch } = await draftingDeps(host, note);
  const calls = new Calls();
  await serveStdio(odooMcp(deps, calls, toolFailed(log)), calls);
  watch.stop();
}

async function draftingDeps(
  { config, clock, log }: DraftingHost,
  note: (about: string, words: string | null) => void,
): Promise<{ deps: OdooDeps; watch: KeyWatch }> {
  const settings: Omit<OdooSettings, 'allow'> = {
    url: config.ODOO_URL,
    db: config.ODOO_DB,
    username: config.ODOO_USERNAME,
    apiKey: config.ODOO_API_KEY,
    protocol: config.ODOO_PROTOCOL,
    ca: config.TLS_CA_FILE === '' ? undefined : await readFile(config.TLS_CA_FILE, 'utf8'),
  };
  const tell = (words: string | null): void => note('odoo', words === null ? null : `Odoo: ${words}`);
  const told = (allow: OdooSettings['allow']) => toldConnection(odooConnection({ ...settings, allow }), tell);
  // What looks at the key may ask more than any tool.
  const looking = told(LOOK_CALLS);
  const configured = config.ODOO_API_KEY_EXPIRES;
  const watch = new KeyWatch({
    canPost: async () => canPost(await looking.get()),
    expiry: async () => (await keyExpiry(await looking.get(), configured)).at,
    allowed: config.ODOO_ALLOW_POSTING_KEY !== '',
    note,
    clock,
    onError: (error) => log.error({ err: error }, 'the key could not be looked at'),
  });
  const deps: OdooDeps = {
    odoo: told(DRAFT_CALLS),
    now: () => clock.now(),
    timeZone: config.TIMEZONE,
    mayWrite: () => watch.mayWrite(),
  };
  return { deps, watch };
}

function toolFailed(log: Logger) {
  return (tool: string, error: unknown): void => log.error({ err: error, tool }, 'tool failed');
}
