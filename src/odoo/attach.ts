import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';

export const MAX_ATTACHMENT_BYTES = 10_000_000;

export interface AttachedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly bytes: Uint8Array;
}

/** To the draft of this external id; the same file a second time is there once. @throws OdooFault */
export function attach(
  odoo: Odoo,
  externalId: string,
  file: AttachedFile,
): Promise<{ readonly id: number; readonly created: boolean }> {
  return Promise.reject(new OdooFault('unsupported', JSON.stringify([odoo.url, externalId, file.name])));
}
