/**
 * NAME
 *   status-mcp: tells an assistant on this machine where the tasks are (the cloud's half).
 *
 * WHAT IT DOES
 *   An MCP server whose tools only read: queue by state and age, tasks, claims, heartbeats, sync, conflicts, one
 *   task's life. Streamable HTTP on 127.0.0.1:STATUS_MCP_PORT for whoever knows the token. With `--stdio` it is
 *   a server for the one client that starts it, without port, token, lock or heartbeat.
 * READS
 *   The vault's state folders, `Updates/`, `Logs/`; the Syncthing of this machine.
 * WRITES
 *   `Updates/cloud-agent/status-mcp.json`. With `--stdio` nothing.
 * SECRETS
 *   STATUS_MCP_TOKEN, SYNCTHING_API_KEY.
 * MAY IT RUN TWICE
 *   No; a lock in STATE_DIR keeps a second one out, and the port is taken. With `--stdio` any number.
 * ON CRASH
 *   Nothing to repair: it keeps nothing.
 */
import { serveStatusOnStdio, startStatus } from '../mcp/status/start-status.ts';
import { SYNC_KEYS } from '../runtime/config.ts';
import { runDaemon } from '../runtime/daemon.ts';
import { runOnStdio } from '../runtime/stdio-process.ts';

const PROCESS = 'status-mcp';

if (process.argv.includes('--stdio')) {
  await runOnStdio({
    process: PROCESS,
    keys: SYNC_KEYS,
    serve: (context) => serveStatusOnStdio({ ...context, agent: 'cloud-agent' }),
  });
} else {
  runDaemon({
    process: PROCESS,
    agent: 'cloud-agent',
    keys: ['STATUS_MCP_PORT', 'STATUS_MCP_TOKEN', ...SYNC_KEYS],
    needs: ['STATUS_MCP_TOKEN'],
    start: startStatus,
  });
}
