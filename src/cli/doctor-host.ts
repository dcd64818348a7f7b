/** What the checks of this machine itself have in common. */
import { homedir } from 'node:os';
import type { PROCESSES } from '../core/heartbeat.ts';
import type { Agent } from '../core/states.ts';
import {
  childEnvironment,
  type CommonConfig,
  type Environment,
  isConfigured,
  type Key,
} from '../runtime/config.ts';
import { Vault, VaultFault } from '../vault/vault.ts';
import type { Role } from './doctor-check.ts';

type ProcessName = (typeof PROCESSES)[number]['process'];

/** Where a Linux machine keeps what is looked at; tests have their own. */
export interface Places {
  readonly proc: string;
  /** There while systemd runs this machine. */
  readonly systemd: string;
  readonly units: readonly string[];
}

export interface Host {
  readonly config: CommonConfig;
  /** Null: VAULT_DIR is none. */
  readonly vault: Vault | null;
  readonly role: Role;
  /** Whose processes run here. */
  readonly agents: readonly Agent[];
  readonly programDir: string;
  readonly env: Environment | undefined;
  readonly now: number;
  readonly places: Places;
}

export function systemPlaces(): Places {
  const home = homedir();
  return {
    proc: '/proc',
    systemd: '/run/systemd/system',
    units: ['/etc/systemd/system', '/usr/lib/systemd/system', `${home}/.config/systemd/user`],
  };
}

export async function openHost(
  config: CommonConfig,
  more: Pick<Host, 'programDir' | 'env' | 'now' | 'places'>,
): Promise<Host> {
  const role: Role = isConfigured(['SMTP_HOST'], more.env) ? 'laptop' : 'cloud';
  const own: Agent = role === 'laptop' ? 'local-agent' : 'cloud-agent';
  const agents: readonly Agent[] = config.SYNC === 'none' ? ['cloud-agent', 'local-agent'] : [own];
  const vault = await Vault.open(config.VAULT_DIR).catch((error: unknown) => {
    if (error instanceof VaultFault) return null;
    throw error;
  });
  return { config, vault, role, agents, ...more };
}

/** As deployment/process-table.js: a process whose edge is not configured is left out. */
const NEEDS: Partial<Readonly<Record<ProcessName, Key>>> = {
  'cloud-email-watcher': 'IMAP_HOST',
  'approval-handler': 'SMTP_HOST',
  'odoo-mcp': 'ODOO_URL',
  'status-mcp': 'STATUS_MCP_TOKEN',
};

export function isWanted(process: ProcessName, env: Environment | undefined): boolean {
  const key = NEEDS[process];
  return key === undefined || isConfigured([key], env);
}

/** A variable of the environment that is no key of ours. */
export function variable(host: Pick<Host, 'env'>, name: string): string | undefined {
  const value = childEnvironment(host.env)[name];
  return value === '' ? undefined : value;
}
