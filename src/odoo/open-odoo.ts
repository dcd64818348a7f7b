import type { Odoo, OdooProtocol } from './odoo.ts';
import { OdooFault } from './faults.ts';
import type { AllowList } from './allow-list.ts';

export interface OdooSettings {
  /** https, or http on loopback; a path in front is kept. */
  readonly url: string;
  readonly db: string;
  readonly username: string;
  readonly apiKey: string;
  readonly protocol: OdooProtocol | 'auto';
  /** PEM of an own certificate authority. */
  readonly ca?: string | undefined;
  /** Instead of 60 s for calls that write and 20 s for those that read. */
  readonly deadlineMs?: number | undefined;
  /** What may be called and written: `DRAFT_CALLS`, `LIVE_CALLS`, or a list of the guard. */
  readonly allow: AllowList;
}

/** Connects: asks the version without the key, takes the transport that fits, and proves the key.
 * @throws OdooFault */
export function openOdoo(settings: OdooSettings, signal?: AbortSignal): Promise<Odoo> {
  return Promise.reject(new OdooFault('unsupported', `${settings.url} ${String(signal)}`));
}

/** A connection that is made when it is first needed, and again after a failure. */
export interface OdooConnection {
  /** @throws OdooFault */
  get(signal?: AbortSignal): Promise<Odoo>;
}

export function odooConnection(settings: OdooSettings): OdooConnection {
  return { get: (signal) => openOdoo(settings, signal) };
}
