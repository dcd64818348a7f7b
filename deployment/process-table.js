/**
 * The processes as PM2 runs them: a table, declared and not coded. Plain JavaScript without packages,
 * because PM2 loads it with the Node it happens to run on. The ecosystem files name one host each.
 *
 * Secrets: PM2 copies its caller's environment into every process and into a dump that others can read.
 * So whatever looks like a key is filtered out here, and each process reads the file ENV_FILE names.
 * PM2's own calls home are switched off by PM2_DISCRETE_MODE and PM2_DISABLE_VERSION_CHECK, which have to
 * stand in the environment before PM2's daemon starts: an ecosystem file is read too late for that.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** PM2 leaves out every variable whose name contains one of these. */
const NEVER_IN_PM2 = [
  ...['IMAP_', 'SMTP_', 'ODOO_', 'DRAFTER_', 'SYNCTHING_', 'STATUS_MCP_', 'ANTHROPIC_', 'OPENAI_'],
  ...['npm_', 'NTFY_'],
  ...['PASSWORD', 'PASSWD', 'SECRET', 'TOKEN', 'API_KEY', 'CREDENTIAL', 'COOKIE'],
];

/** `needs`: one of them is set, or nothing is needed. */
const CLOUD = [
  { name: 'cloud-email-watcher', needs: ['IMAP_HOST', 'ACCOUNTS_FILE'] },
  { name: 'draft-replier', needs: [] },
  { name: 'odoo-mcp', needs: ['ODOO_URL'] },
  { name: 'status-mcp', needs: ['STATUS_MCP_TOKEN'] },
  { name: 'health-monitor', needs: [] },
];
const LOCAL = [
  { name: 'approval-handler', needs: ['SMTP_HOST', 'ACCOUNTS_FILE'] },
  { name: 'orchestrator', needs: [] },
  { name: 'status-mcp', needs: ['STATUS_MCP_TOKEN'] },
  { name: 'health-monitor', needs: [] },
];

export function cloudApps() {
  return table('cloud', CLOUD);
}

export function localApps() {
  return table('local', LOCAL);
}

/** One machine that is both: what runs on either host runs once, as the laptop's, which sees every folder. */
export function bothApps() {
  const local = localApps();
  return [...cloudApps().filter(({ name }) => local.every((app) => app.name !== name)), ...local];
}

/** An edge that is not configured is off: its process is left out rather than left to fail. */
function table(host, processes) {
  const configured = readConfiguration();
  return processes
    .filter(({ needs }) => needs.length === 0 || needs.some((key) => (configured[key] ?? '') !== ''))
    .map(({ name }) => app(host, name));
}

function app(host, name) {
  return {
    name,
    script: `${ROOT}/dist/${host}/${name}.main.js`,
    cwd: ROOT,
    interpreter: 'node',
    exec_mode: 'fork',
    // The live heap is some 15 MB; left alone, V8 lets 40 MB of garbage stand before it looks (measured).
    // Without the optimising compiler 10 MB less each; these processes wait for disk and network, only the
    // parsing of a backlog takes a fifth longer (measured).
    node_args: '--max-semi-space-size=1 --optimize-for-size --v8-pool-size=1 --no-opt',
    // Says `ready` when it can work; SIGINT, then as long as a submission may take, then SIGKILL.
    wait_ready: true,
    listen_timeout: 20_000,
    kill_timeout: 30_000,
    // 78: the configuration is wrong, which no restart cures; PM2 then shows `waiting restart` with pid 0 and
    // leaves it so (measured). Everything else is tried again, ever slower.
    stop_exit_codes: [78],
    exp_backoff_restart_delay: 100,
    max_restarts: 1000,
    max_memory_restart: '250M',
    filter_env: NEVER_IN_PM2,
    // A relative ENV_FILE is meant from where `pm2 start` was typed, and the process runs elsewhere.
    env: process.env.ENV_FILE ? { ENV_FILE: resolve(process.env.ENV_FILE) } : {},
    vizion: false,
    time: false,
  };
}

/** Only to see which edges there are; values go nowhere. */
function readConfiguration() {
  try {
    const path = process.env.ENV_FILE ? resolve(process.env.ENV_FILE) : `${ROOT}/.env`;
    return { ...parseEnv(readFileSync(path, 'utf8')), ...process.env };
  } catch {
    return process.env;
  }
}
