/** When the API key of this machine ends. Odoo tells each user of its own keys since 18; before, keys had no end. */
import { z } from 'zod';
import { OdooFault } from './faults.ts';
import type { Odoo } from './odoo.ts';
import { parseAnswer } from './read-rows.ts';
import { majorOf } from './server-version.ts';

export interface KeyExpiry {
  /** Milliseconds since the epoch; null: never, or nobody knows. */
  readonly at: number | null;
  readonly source: 'odoo' | 'configured' | 'none';
}

const rows = z
  .array(
    z.object({
      scope: z.union([z.string(), z.literal(false)]),
      expiration_date: z.union([z.string(), z.literal(false)]),
    }),
  )
  .max(100);

/**
 * @param odoo opened with `LOOK_CALLS`
 * @param configured ODOO_API_KEY_EXPIRES, `YYYY-MM-DD` or ''; for servers that do not tell
 * @throws OdooFault when Odoo is away or does not take the key
 */
export async function keyExpiry(
  odoo: Odoo,
  configured: string,
  now: number = Date.now(),
): Promise<KeyExpiry> {
  const ends = await endsInOdoo(odoo);
  if (ends !== null && ends.length > 0) return { at: ourEnd(ends, now), source: 'odoo' };
  if (configured === '') return { at: null, source: 'none' };
  return { at: Date.parse(`${configured}T00:00:00Z`), source: 'configured' };
}

/** Null: it does not tell. An end is null: never. */
async function endsInOdoo(odoo: Odoo): Promise<(number | null)[] | null> {
  if (majorOf(odoo.version) < 18) return null;
  const args = {
    domain: [['user_id', '=', odoo.uid]],
    fields: ['scope', 'expiration_date'],
    offset: 0,
    limit: 100,
    order: 'id',
  };
  try {
    const call = { model: 'res.users.apikeys', method: 'search_read', ids: null, args };
    const keys = parseAnswer(rows, await odoo.call(call), 'its keys');
    return keys.filter(({ scope }) => scope === false || scope === 'rpc').map(endOf);
  } catch (error) {
    if (error instanceof OdooFault && SILENT.includes(error.code)) return null;
    throw error;
  }
}

const SILENT: readonly string[] = ['access', 'unsupported', 'refused', 'malformed'];

/** UTC without a zone: `2026-11-22 00:00:00`. */
function endOf({ expiration_date: end }: { expiration_date: string | false }): number | null {
  const at = end === false ? Number.NaN : Date.parse(`${end.replace(' ', 'T')}Z`);
  return Number.isNaN(at) ? null : at;
}

/**
 * Odoo does not say which of several is the one in use: the earliest that is still good, so that it is told too early
 * rather than too late. XML-RPC goes on taking a key for a while after its end; then it is the latest.
 */
function ourEnd(ends: readonly (number | null)[], now: number): number | null {
  const dated = ends.filter((end) => end !== null);
  const good = dated.filter((end) => end > now);
  if (good.length > 0) return Math.min(...good);
  return ends.includes(null) || dated.length === 0 ? null : Math.max(...dated);
}
