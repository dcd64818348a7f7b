import { ConfigFault, isConfigured } from '../runtime/config.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { type EdgeOptions, type Finding, found } from './doctor-check.ts';
import { VerbFault } from './verb.ts';

const OPEN = /^ENV_FILE can be read by other users of this machine: (chmod 600 .+)$/s;

/** What `work` finds, or what is wrong with the configuration that it needs. */
export async function orConfigFindings(work: () => Promise<readonly Finding[]>): Promise<readonly Finding[]> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults.map(configFinding);
    if (error instanceof VerbFault && error.exit === EXIT.config)
      return [found('config-wrong', error.message)];
    throw error;
  }
}

function configFinding(words: string): Finding {
  const cure = OPEN.exec(words)?.[1];
  if (cure !== undefined) {
    return found(
      'config-open',
      'the file with your passwords can be read by other users of this machine',
      `run: ${cure}`,
    );
  }
  const noPlace = /^(VAULT|STATE)_DIR is missing/.test(words);
  return noPlace ? found('config-wrong', words, 'run: handover init') : found('config-wrong', words);
}

/** A key of an administrator that was left behind can undo the guard that it made. */
export function checkLeftovers({ env }: EdgeOptions): readonly Finding[] {
  if (!isConfigured(['ODOO_ADMIN_API_KEY'], env)) return [];
  return [
    found(
      'admin-key-left',
      'the key of an Odoo administrator is configured here, and whoever takes over this machine has it',
    ),
  ];
}
