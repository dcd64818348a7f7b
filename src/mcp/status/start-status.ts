import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Agent } from '../../core/states.ts';
import { openSync, type Sync, type SyncConfig } from '../../sync/open-sync.ts';
import type { Vault } from '../../vault/vault.ts';
import { serveHttp } from '../http.ts';
import { serveStdio } from '../stdio.ts';
import { Calls } from '../tool.ts';
import type { StatusDeps } from './status-deps.ts';
import { statusMcp } from './status-mcp-server.ts';

interface Host {
  readonly config: SyncConfig & { readonly TIMEZONE: string };
  readonly vault: Vault;
  readonly clock: Clock;
  readonly log: Logger;
  readonly agent: Agent;
}

/** On HTTP, for clients of this machine that know the token. @throws HttpFault when the port is taken */
export async function startStatus(
  host: Host & { readonly config: { readonly STATUS_MCP_PORT: number; readonly STATUS_MCP_TOKEN: string } },
): Promise<{ stop(): Promise<void> }> {
  const { config, log } = host;
  const sync = openSync(config, host);
  const deps = depsOf(host, sync);
  const http = await serveHttp({
    port: config.STATUS_MCP_PORT,
    token: config.STATUS_MCP_TOKEN,
    make: (calls) => statusMcp(deps, calls, toolFailed(log)),
    onRefused: (status) => log.debug({ status }, 'request turned away'),
    onError: (error) => log.error({ err: error }, 'request failed'),
  });
  log.info({ port: http.port }, 'listening on 127.0.0.1');
  return {
    stop: async () => {
      await http.stop();
      await sync?.stop();
    },
  };
}

/** On stdin and stdout, for one client that started this process, until it leaves. */
export async function serveStatusOnStdio(host: Host): Promise<void> {
  const sync = openSync(host.config, host);
  const calls = new Calls();
  await serveStdio(statusMcp(depsOf(host, sync), calls, toolFailed(host.log)), calls);
  await sync?.stop();
}

function depsOf({ config, vault, clock, agent }: Host, sync: Sync | null): StatusDeps {
  return {
    vault,
    now: () => clock.now(),
    timeZone: config.TIMEZONE,
    host: agent,
    sync: sync ? { kind: 'api', ...sync } : { kind: config.SYNC === 'none' ? 'off' : 'no-key' },
  };
}

function toolFailed(log: Logger) {
  return (tool: string, error: unknown): void => log.error({ err: error, tool }, 'tool failed');
}
