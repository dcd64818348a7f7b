import type { OdooServer } from '../../../src/demo/odoo-server/server.ts';

/** Why a recorded answer is not played; by reason. A new transcript is played unless it is named here. */
export const NOT_PLAYED: Readonly<Record<string, readonly string[]>> = {
  "a key is made in the browser's own way, behind a session: that is no interface of ours": [
    'apikey/01-web-session-authenticate',
    'apikey/02-create-description',
    'apikey/03-make-key-asks-identity',
    'apikey/04-identity-run-check-wrong',
    'apikey/05-identity-run-check',
    'apikey/06-identity-run-check-second',
  ],
  'payments are not played': [
    'json2/122-pay-wizard',
    'json2/123-pay',
    'json2/124-read-paid',
    'json2/125-pay-again',
    'xmlrpc/151-pay-draft',
    'xmlrpc/153-pay-wizard',
    'xmlrpc/154-pay-create-payments',
    'xmlrpc/155-pay-read-partial',
    'xmlrpc/156-pay-same-wizard-twice',
    'xmlrpc/157-pay-read',
    'xmlrpc/158-pay-rest',
    'xmlrpc/159-pay-rest-create',
    'xmlrpc/160-pay-read-paid',
    'xmlrpc/161-pay-paid-again',
    'xmlrpc/162-payments',
    'xmlrpc/guard-32-billing-payment-create',
    'xmlrpc/guard-33-billing-payment-post',
    'xmlrpc/guard-75-d3-billing-payment',
    'xmlrpc/guard-75-d3-draftbot-payment',
    'xmlrpc/guard-76-d3-billing-payment-post',
  ],
  'wizards that post several documents, or reverse one, are not played': [
    'xmlrpc/guard-35-wizard-create',
    'xmlrpc/guard-36-wizard-validate',
    'xmlrpc/guard-37-wizard-read',
    'xmlrpc/guard-39-bot-reversal',
  ],
  'no clock posts drafts here': [
    'xmlrpc/guard-31-billing-auto-post-after-cron',
    'xmlrpc/guard-79-d3-billing-autopost-after-cron',
    'xmlrpc/guard-79-d3-draftbot-autopost-after-cron',
  ],
  'an earlier and weaker guard than the one that is installed now': [
    'xmlrpc/guard-10-d1-create-draft',
    'xmlrpc/guard-11-d1-read',
    'xmlrpc/guard-12-d1-write-lines',
    'xmlrpc/guard-13-d1-action-post',
    'xmlrpc/guard-14-d1-write-state',
    'xmlrpc/guard-15-d1-read',
    'xmlrpc/guard-20-d2-create-draft',
    'xmlrpc/guard-21-d2-action-post',
    'xmlrpc/guard-22-d2-write-state',
    'xmlrpc/guard-23-d2-read',
    'xmlrpc/guard-24-d2-reset',
    'xmlrpc/guard-50-d4-create-draft',
    'xmlrpc/guard-51-d4-create-draft-tax',
    'xmlrpc/guard-52-d4-create-bill',
    'xmlrpc/guard-53-d4-create-auto-post',
    'xmlrpc/guard-54-d4-create-posted',
    'xmlrpc/guard-54b-d4-create-cancel',
    'xmlrpc/guard-70-d3-billing-create',
    'xmlrpc/guard-70-d3-draftbot-create',
    'xmlrpc/guard-71-d3-billing-edit',
    'xmlrpc/guard-71-d3-draftbot-edit',
    'xmlrpc/guard-72-d3-billing-write-state',
    'xmlrpc/guard-72-d3-draftbot-write-state',
    'xmlrpc/guard-73-d3-billing-action-post',
    'xmlrpc/guard-73-d3-draftbot-action-post',
    'xmlrpc/guard-74-d3-billing-cancel',
    'xmlrpc/guard-74-d3-draftbot-cancel',
    'xmlrpc/guard-77-d3-billing-read',
    'xmlrpc/guard-77-d3-draftbot-read',
    'xmlrpc/guard-78-d3-billing-autopost',
    'xmlrpc/guard-78-d3-draftbot-autopost',
  ],
  'a document or a line of that day, in a state that is not recorded': [
    'xmlrpc/guard-88-d5-button-draft-posted',
    'xmlrpc/guard-90-d5-write-posted-line',
    'xmlrpc/guard-91-d5-write-posted-line-price',
    'xmlrpc/guard-93-d5-nested-state',
    'xmlrpc/guard-94-d5-line-move-state',
    'xmlrpc/idem-28-next-number-read',
  ],
  'reconciling is not played': ['xmlrpc/guard-92-d5-reconcile'],
  'lines with external ids of their own: nobody here makes them': [
    'xmlrpc/idem-04-load-line-ids-first',
    'xmlrpc/idem-05-load-line-ids-second',
    'xmlrpc/idem-06-load-line-ids-read',
    'xmlrpc/idem-07-load-post',
    'xmlrpc/idem-08-load-after-post',
    'xmlrpc/idem-11-load-error',
  ],
  'the documentation of an Odoo, for people': ['json2/300-doc-index', 'json2/301-doc-model'],
  "help texts of fields are Odoo's own": ['xmlrpc/033-fields-get'],
  'scheduled actions are not played': ['json2/err-03-lock-error', 'xmlrpc/err-03-lock-error'],
};

type Prepare = (server: OdooServer) => (() => void) | null;

const lasting =
  (fault: Parameters<OdooServer['faults']['always']>[0]): Prepare =>
  ({ faults }) => {
    faults.always(fault);
    return () => faults.clear();
  };
const once =
  (fault: Parameters<OdooServer['faults']['next']>[0]): Prepare =>
  ({ faults }) => {
    faults.next(fault);
    return () => faults.clear();
  };
const switchedOff: Prepare = (server) => {
  server.setActive('internal', false);
  return () => server.setActive('internal', true);
};
/** The company of the recorded books has no address. */
const bareCompany: Prepare = ({ store }) => {
  store.write('res.partner', 1, { email: false });
  return null;
};

/** What has to be so before it is played; what is given back undoes it. */
export const PREPARED: Readonly<Record<string, Prepare>> = {
  'xmlrpc/030-search-read-partners': bareCompany,
  'json2/030-search-read': (server) => {
    bareCompany(server);
    server.store.create('res.partner', { name: 'With', is_company: true, email: 'a@example.com' });
    server.store.create('res.partner', { name: 'Without', is_company: true });
    return null;
  },
  'xmlrpc/err-01-serialization-exhausted': once('serialization_failure'),
  'json2/err-01-serialization-exhausted': once('serialization_failure'),
  'xmlrpc/err-02-statement-timeout': once('statement_timeout'),
  'json2/err-02-statement-timeout': once('statement_timeout'),
  'xmlrpc/err-04-expired-key': lasting('key_expired'),
  'xmlrpc/err-05-archived-user': switchedOff,
  'json2/err-05-archived-user': switchedOff,
  'xmlrpc/err-10-database-down': lasting('database_down'),
  'json2/err-10-database-down': lasting('database_down'),
  'json2/err-11-health-db-down': lasting('database_down'),
};
