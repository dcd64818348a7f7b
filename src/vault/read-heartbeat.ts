import { HEARTBEAT_BYTES, type Heartbeat, parseHeartbeat } from '../core/heartbeat.ts';
import type { Agent } from '../core/states.ts';
import { VaultFault } from './safe-path.ts';
import type { Vault } from './vault.ts';

/** The heartbeat of a process; null when it is not there or is odd. It may come from another machine. */
export async function readHeartbeat(vault: Vault, agent: Agent, process: string): Promise<Heartbeat | null> {
  try {
    const read = await vault.readOther(`Updates/${agent}/${process}.json`, HEARTBEAT_BYTES);
    return read.ok ? parseHeartbeat(read.text, process) : null;
  } catch (error) {
    // A folder that is a link: the orchestrator says so, nothing is read through it.
    if (error instanceof VaultFault) return null;
    throw error;
  }
}
