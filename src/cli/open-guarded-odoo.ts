import { readFile } from 'node:fs/promises';
import { visibleText } from '../core/neutralise.ts';
import type { AllowList } from '../odoo/allow-list.ts';
import { OdooFault } from '../odoo/faults.ts';
import type { Odoo } from '../odoo/odoo.ts';
import { openOdoo, type OdooSettings } from '../odoo/open-odoo.ts';
import { loadConfig, ODOO_KEYS } from '../runtime/config.ts';
import { EXIT } from '../runtime/exit-codes.ts';
import { VerbFault } from './verb.ts';

type Settings = Omit<OdooSettings, 'allow'>;

/** With the key this machine works with. @throws VerbFault, ConfigFault */
export async function ownSettings(): Promise<Settings> {
  const config = loadConfig(ODOO_KEYS);
  return settingsOf(config, config.ODOO_USERNAME, config.ODOO_API_KEY);
}

/**
 * With the key of an administrator, who may be the user of this machine. The bot's key need not be there yet.
 * @throws VerbFault, ConfigFault
 */
export async function adminSettings(): Promise<Settings> {
  const config = loadConfig([
    'ODOO_URL',
    'ODOO_PROTOCOL',
    'TLS_CA_FILE',
    'ODOO_ADMIN_USERNAME',
    'ODOO_ADMIN_API_KEY',
  ]);
  if (config.ODOO_ADMIN_USERNAME === '' && config.ODOO_ADMIN_API_KEY === '') return ownSettings();
  if (config.ODOO_ADMIN_USERNAME === '' || config.ODOO_ADMIN_API_KEY === '') {
    throw new VerbFault(
      'no-key',
      'ODOO_ADMIN_USERNAME and ODOO_ADMIN_API_KEY belong together: give both or none',
      EXIT.config,
    );
  }
  const { ODOO_DB: db } = loadConfig(['ODOO_DB']);
  return settingsOf({ ...config, ODOO_DB: db }, config.ODOO_ADMIN_USERNAME, config.ODOO_ADMIN_API_KEY);
}

interface Place {
  readonly ODOO_URL: string;
  readonly ODOO_DB: string;
  readonly ODOO_PROTOCOL: OdooSettings['protocol'];
  readonly TLS_CA_FILE: string;
}

async function settingsOf(place: Place, username: string, apiKey: string): Promise<Settings> {
  const { ODOO_URL: url, ODOO_DB: db, ODOO_PROTOCOL: protocol, TLS_CA_FILE: caFile } = place;
  if (url === '' || db === '') {
    const missing = url === '' ? 'ODOO_URL' : 'ODOO_DB';
    throw new VerbFault('no-odoo', `${missing} is missing: there is no Odoo to speak with`, EXIT.config);
  }
  const ca = caFile === '' ? undefined : await readFile(caFile, 'utf8').catch(() => null);
  if (ca === null) throw new VerbFault('no-ca', `TLS_CA_FILE ${caFile} cannot be read`, EXIT.config);
  return { url, db, protocol, username, apiKey, ca };
}

export function open(settings: Settings, allow: AllowList): Promise<Odoo> {
  return openOdoo({ ...settings, allow });
}

/** Faults of Odoo as answers of a verb. */
export async function orVerbFault<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OdooFault)) throw error;
    const exit = error.class === 'configuration' ? EXIT.config : EXIT.failure;
    throw new VerbFault(error.code, shown(error.message), exit);
  }
}

/** Names and words of Odoo are others' texts: they must not steer the terminal. */
export function shown(text: string): string {
  return visibleText(text).text;
}

export function whereOf(odoo: Odoo, username: string): string {
  return `${username} on ${odoo.url}, database ${odoo.db}, Odoo ${odoo.version} (${odoo.protocol})`;
}
