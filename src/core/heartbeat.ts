/**
 * `Updates/<agent>/<process>.json`, as the reader sees it. The file may have come by sync from a machine
 * that somebody else owns: nothing in it is trusted, and one that is odd counts as not there.
 */
import { z } from 'zod';

/** Every process writes at least this often; see runtime/health.ts. */
export const HEARTBEAT_MS = 60_000;

export const HEARTBEAT_BYTES = 4096;

export type HealthState = 'ok' | 'degraded' | 'paused' | 'stopped';

export interface Heartbeat {
  readonly process: string;
  /** Milliseconds since the epoch, by the clock of the machine it runs on. */
  readonly at: number;
  readonly state: HealthState;
  /** For the user: what is wrong and the cure. */
  readonly reason: string | null;
}

const heartbeatSchema = z.object({
  process: z.string(),
  at: z.iso.datetime({ offset: true }),
  state: z.enum(['ok', 'degraded', 'paused', 'stopped']),
  reason: z.string().max(1000).optional(),
});

export function parseHeartbeat(json: string, process: string): Heartbeat | null {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const read = heartbeatSchema.safeParse(value);
  if (!read.success || read.data.process !== process) return null;
  const { at, state, reason } = read.data;
  return { process, at: Date.parse(at), state, reason: reason ?? null };
}

/**
 * Which process works for whom, and so whose claims stand when it is silent. An `optional` one may be
 * switched off: nobody misses it before it was seen.
 */
export const PROCESSES = [
  { agent: 'cloud-agent', process: 'cloud-email-watcher', claims: false, optional: false },
  { agent: 'cloud-agent', process: 'draft-replier', claims: true, optional: false },
  { agent: 'cloud-agent', process: 'odoo-mcp', claims: false, optional: true },
  { agent: 'cloud-agent', process: 'status-mcp', claims: false, optional: true },
  { agent: 'cloud-agent', process: 'health-monitor', claims: false, optional: true },
  { agent: 'local-agent', process: 'approval-handler', claims: true, optional: false },
  { agent: 'local-agent', process: 'orchestrator', claims: false, optional: false },
  { agent: 'local-agent', process: 'status-mcp', claims: false, optional: true },
  { agent: 'local-agent', process: 'health-monitor', claims: false, optional: true },
] as const;
