import type { TaskNote } from '../core/task-file.ts';
import { type DrafterSettings, drafterSettings } from '../drafting/open-drafter.ts';
import { accountsOf } from '../runtime/accounts.ts';
import { ConfigFault, loadConfig } from '../runtime/config.ts';
import { type AccountWriter, accountWriters } from '../stages/account-writers.ts';

export interface TakeOverSettings {
  /** Silence of the cloud before the laptop drafts. */
  readonly takeoverMs: number;
  /** Who answers a note. */
  readonly writerFor: (note: TaskNote) => AccountWriter;
  readonly expiresMs: number;
  readonly drafter: DrafterSettings;
}

const TAKEOVER_KEYS = [
  'TAKEOVER_MINUTES',
  'ACCOUNTS_FILE',
  'MAIL_FROM',
  'MAIL_ALIASES',
  'REPLY_ALL',
  'APPROVAL_EXPIRES_HOURS',
  'DRAFTER',
  'DRAFTER_MODEL',
  'DRAFTER_BASE_URL',
  'DRAFTER_API_KEY',
  'DRAFTER_TIMEOUT_SECONDS',
] as const;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * Read apart from the orchestrator's own keys: without them there is no take-over, and the dashboard says so,
 * which it could not if the process refused to start.
 */
export function readTakeOverSettings(): TakeOverSettings | { readonly faults: readonly string[] } {
  try {
    const config = loadConfig(TAKEOVER_KEYS);
    return {
      takeoverMs: config.TAKEOVER_MINUTES * MINUTE_MS,
      writerFor: accountWriters(accountsOf(config)),
      expiresMs: config.APPROVAL_EXPIRES_HOURS * HOUR_MS,
      drafter: drafterSettings(config),
    };
  } catch (error) {
    if (error instanceof ConfigFault) return { faults: error.faults };
    throw error;
  }
}
