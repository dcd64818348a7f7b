import { applyGuard, installAutomations } from '../../src/odoo/guard/apply-guard.ts';
import { ADMIN_CALLS } from '../../src/odoo/guard/guard-calls.ts';
import { openOdoo } from '../../src/odoo/open-odoo.ts';
import { type OdooServer, startOdoo } from '../helpers/odoo.ts';
import { odooContract } from './odoo-contract.ts';

const INVOICING = ['account.group_account_invoice'];

odooContract('Odoo 19', async () => {
  const odoo = await startOdoo();
  try {
    return { ...odoo, ...(await people(odoo)) };
  } catch (error) {
    await odoo.stop();
    throw error;
  }
});

async function people(odoo: OdooServer) {
  const { url, db, admin } = odoo;
  const settings = { url, db, username: admin.login, apiKey: admin.apiKey, protocol: 'json2' } as const;
  const connection = await openOdoo({ ...settings, allow: ADMIN_CALLS });
  await installAutomations(connection);
  await applyGuard(connection);
  const lapsed = await odoo.user('lapsed', INVOICING);
  await odoo.sql(
    `update res_users_apikeys set expiration_date = now() at time zone 'utc' - interval '1 day'
     where user_id = ${lapsed.uid}`,
  );
  return {
    ...{ lapsed, billing: await odoo.user('billing', INVOICING) },
    draftBot: await odoo.user('draft-bot', ['handover_bridge.group_draft_bot']),
    readOnly: await odoo.user('readonly', ['account.group_account_readonly']),
    internal: await odoo.user('internal', ['base.group_user']),
  };
}
