import type { OdooConnection } from '../../odoo/open-odoo.ts';

/** What the tools of odoo-mcp work with; in draft mode nothing in here can post. */
export interface OdooDeps {
  readonly odoo: OdooConnection;
  readonly now: () => number;
  readonly timeZone: string;
  /** Before anything is written. @throws when the key has rights that this machine must not hold */
  readonly mayWrite: () => Promise<void>;
}
