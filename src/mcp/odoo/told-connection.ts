import { OdooFault } from '../../odoo/faults.ts';
import type { OdooConnection } from '../../odoo/open-odoo.ts';

/**
 * A connection whose fate is told: what goes wrong with Odoo itself (away, wrong key, wrong database) as words for
 * the user, and null as soon as a call went well again. What goes wrong with one request is that request's affair.
 */
export function toldConnection(
  connection: OdooConnection,
  tell: (words: string | null) => void,
): OdooConnection {
  const told = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const value = await work();
      tell(null);
      return value;
    } catch (error) {
      if (error instanceof OdooFault && TOLD.has(error.class)) tell(error.message);
      throw error;
    }
  };
  return {
    get: async (signal) => {
      const odoo = await told(() => connection.get(signal));
      const call: typeof odoo.call = (request, stop) => told(() => odoo.call(request, stop));
      const { protocol, version, url, db, uid } = odoo;
      return { protocol, version, url, db, uid, call };
    },
  };
}

const TOLD: ReadonlySet<OdooFault['class']> = new Set(['transient', 'authentication', 'configuration']);
