/**
 * Everything `handover doctor` can find, with its severity and its usual cure. docs/doctor.md explains each; a test
 * holds the two together.
 */

export const AREAS = [
  'configuration',
  'machine',
  'files',
  'disk',
  'vault',
  'state',
  'processes',
  'agents',
  'access',
  'mailbox',
  'sending',
  'model',
  'odoo',
  'sync',
] as const;
export type Area = (typeof AREAS)[number];

/** `warning`: works, and should not, or could not be proved. */
export type Severity = 'warning' | 'fault';

interface Row {
  readonly check: Area;
  readonly level: Severity;
  /** Said unless the check knows a better one. */
  readonly cure: string;
}

const fault = (check: Area, cure: string): Row => ({ check, level: 'fault', cure });
const warning = (check: Area, cure: string): Row => ({ check, level: 'warning', cure });

const GUARD = 'run: handover odoo guard install';
const RESTART = 'run: npx pm2 restart';

export const CODES = {
  'config-wrong': fault('configuration', 'mend it in .env; .env.example explains every key'),
  'config-open': fault('configuration', 'run: chmod 600 .env'),
  'admin-key-left': warning(
    'configuration',
    'take ODOO_ADMIN_USERNAME and ODOO_ADMIN_API_KEY out of .env: only odoo guard install needs them',
  ),

  'node-old': fault('machine', 'install a newer Node, and start the processes anew'),
  'not-built': fault('machine', 'run: npm run build'),
  'build-old': warning('machine', 'run: npm run build, then npx pm2 restart all'),
  'zone-not-set': warning('machine', 'set TIMEZONE in .env, such as Europe/Vienna'),
  'clock-not-synced': warning('machine', 'switch time synchronisation on: timedatectl set-ntp true'),

  'state-missing': fault('files', 'run: handover init'),
  'state-open': fault('files', 'run: chmod 700 on STATE_DIR'),
  'state-foreign': warning('files', 'run handover and its processes as the user who owns STATE_DIR'),
  'state-read-only': fault('files', 'make STATE_DIR writable for this user'),
  'state-volatile': fault('files', 'move STATE_DIR to a disk that keeps its files when the machine restarts'),
  'state-remote': warning('files', 'move STATE_DIR to a disk of this machine'),
  'vault-missing': fault('files', 'run: handover init'),
  'vault-foreign': warning(
    'files',
    'run handover, its processes and Syncthing as the user who owns the vault',
  ),
  'vault-read-only': fault('files', 'make the vault writable for this user'),

  'disk-full': fault('disk', 'make room; nothing is sent while nothing can be recorded'),
  'disk-low': warning('disk', 'make room before it is full'),
  'inodes-low': warning(
    'disk',
    'delete small files elsewhere on this disk: it has room for bytes, not for files',
  ),

  'vault-secret': fault('vault', 'move it out of the vault, and change what it opens: it may have travelled'),
  'vault-findings': warning('vault', 'run: handover vault check'),

  'lock-left': warning('state', 'start the process again; it takes the lock over by itself'),
  'process-orphan': warning(
    'state',
    'end that process, then start it with npx pm2 start ecosystem.config.js',
  ),
  'process-befell': warning('state', 'if it happens again, read npx pm2 logs: it says why'),
  'in-doubt': warning('state', 'look whether it was sent, then: handover resolve <id> --sent or --resend'),
  'journal-unreadable': fault(
    'state',
    'nothing is sent under this id; see docs/states.md, or restore a backup',
  ),

  'pm2-missing': fault('processes', 'run: npm ci'),
  'pm2-not-running': warning('processes', 'run: npx pm2 start ecosystem.config.js'),
  'pm2-silent': warning('processes', 'run: npx pm2 ping; if it hangs, npx pm2 kill and start anew'),
  'pm2-calls-home': warning(
    'processes',
    'set PM2_DISCRETE_MODE=true and PM2_DISABLE_VERSION_CHECK=true, then npx pm2 kill and start anew',
  ),
  'pm2-home-open': warning('processes', 'run: chmod 700 on PM2_HOME'),
  'pm2-no-ps': fault(
    'processes',
    'install ps (Debian: apt-get install procps), then npx pm2 kill and start anew',
  ),
  'pm2-no-boot': warning('processes', 'run: npx pm2 startup, do what it says, then npx pm2 save'),
  'process-missing': fault('processes', 'run: npx pm2 start ecosystem.config.js'),
  'process-down': fault('processes', 'read npx pm2 logs, mend it, then npx pm2 restart'),
  'process-config': fault('processes', 'mend .env as npx pm2 logs says, then npx pm2 restart'),
  'process-restarts': warning('processes', 'read npx pm2 logs: it says why it ended'),
  'process-twice': warning('processes', 'run: npx pm2 delete on one of the two'),
  'process-elsewhere': warning('processes', 'run npx pm2 delete all, then start this one'),
  'process-old-code': warning('processes', RESTART),

  'heartbeat-silent': fault('agents', RESTART),
  'process-paused': warning('agents', 'as it says'),
  'process-degraded': warning('agents', 'as it says'),
  'peer-never': warning('agents', 'start the other machine, and look there with handover doctor'),
  'peer-silent': warning('agents', 'look at the other machine: handover doctor there'),
  'peer-clock-ahead': warning(
    'agents',
    'switch time synchronisation on, on both machines: timedatectl set-ntp true',
  ),
  'peer-clock-behind': warning(
    'agents',
    'look at both clocks; if they are right, files take this long to arrive: see the lines about sync',
  ),

  'login-missing': fault('access', 'run: handover login'),
  'login-revoked': fault('access', 'run: handover login'),
  'login-refused': fault('access', 'see docs/providers.md for the application, and check its id and secret'),
  'login-file': fault('access', 'as it says'),
  'login-unreachable': fault('access', 'check the connection of this machine, and try again'),

  'mailbox-refused': fault('mailbox', 'check IMAP_USER and IMAP_PASSWORD'),
  'mailbox-login': fault('mailbox', 'as it says'),
  'mailbox-name': fault('mailbox', 'check IMAP_MAILBOX: its name as the server spells it'),
  'mailbox-tls': fault(
    'mailbox',
    'check IMAP_HOST, IMAP_PORT and IMAP_SECURE; with a certificate of your own, TLS_CA_FILE',
  ),
  'mailbox-unreachable': fault(
    'mailbox',
    'check IMAP_HOST and IMAP_PORT, and the connection of this machine',
  ),

  'smtp-refused': fault('sending', 'check SMTP_USER and SMTP_PASSWORD'),
  'smtp-unreachable': fault('sending', 'check SMTP_HOST, SMTP_PORT and SMTP_SECURE'),
  'smtp-no-login': warning('sending', 'check SMTP_PORT and SMTP_SECURE'),
  'key-can-send': warning(
    'sending',
    'docs/providers.md says for each large provider how to get a key that only reads',
  ),
  'key-not-proved': warning(
    'sending',
    'name the server: handover doctor --smtp smtp.example.org:465. Where this machine may not reach it, run the same on another',
  ),

  'model-settings': fault('model', 'mend it in .env, or set DRAFTER=template'),
  'model-key': fault('model', 'check DRAFTER_API_KEY'),
  'model-unknown': fault('model', 'check DRAFTER_MODEL: its name as the provider spells it'),
  'model-unreachable': fault('model', 'check DRAFTER_BASE_URL, and whether the model server runs'),
  'model-busy': warning('model', 'wait, or raise the limit at the provider; until then templates draft'),
  'model-odd': warning('model', 'check DRAFTER_BASE_URL: it should end where /chat/completions begins'),

  'odoo-unreachable': fault('odoo', 'check ODOO_URL, and whether Odoo and its database run'),
  'odoo-busy': warning('odoo', 'wait; Odoo is at work. If it stays so, look at the server'),
  'odoo-address': fault('odoo', 'check ODOO_URL and ODOO_DB'),
  'odoo-key': fault('odoo', 'check ODOO_USERNAME and ODOO_API_KEY; a key that ended needs a new one'),
  'odoo-rights': fault('odoo', 'see docs/odoo.md for what its user must be able to read'),
  'odoo-version': warning('odoo', 'Handover knows Odoo 14 to 19: see docs/odoo.md'),
  'odoo-fault': fault('odoo', 'as it says; see docs/odoo.md'),
  'odoo-key-can-post': warning('odoo', GUARD),
  'odoo-key-not-proved': warning('odoo', 'run: handover odoo guard check'),
  'odoo-key-ended': fault('odoo', 'make a new key in Odoo, and put it into ODOO_API_KEY'),
  'odoo-key-ends': warning('odoo', 'make a new key in Odoo before that day, and put it into ODOO_API_KEY'),

  'sync-no-key': fault('sync', 'copy it from Syncthing, Settings, API key'),
  'sync-key': fault('sync', 'copy SYNCTHING_API_KEY again: Syncthing, Settings, API key'),
  'sync-unreachable': fault('sync', 'start Syncthing, or mend SYNCTHING_URL'),
  'sync-odd': fault('sync', 'check SYNCTHING_URL: does Syncthing listen there?'),
  'sync-old': fault('sync', 'install Syncthing 1.19 or later'),
  'sync-refused': fault('sync', 'as it says'),
  'sync-advice': warning('sync', 'as it says'),
  'sync-ignores': fault('sync', 'run: handover sync apply'),
  'sync-no-peer': warning('sync', 'put the device id of the other machine there, then: handover sync apply'),
  'sync-peer-paused': warning('sync', 'resume the device in Syncthing'),
  'sync-peer-away': warning('sync', 'start the other machine; if it runs, run handover sync apply there'),
  'sync-folder-error': fault('sync', 'mend what it says; Syncthing tries again by itself'),
  'sync-file-errors': warning('sync', 'look at the folder in Syncthing: it names each file and why'),
  'sync-behind': warning('sync', 'wait; if the number does not fall, look at the folder in Syncthing'),
  'sync-peer-behind': warning(
    'sync',
    'wait; if the number does not fall, look at Syncthing on the other machine',
  ),
  'state-travels': fault(
    'sync',
    'stop sharing that folder, or move STATE_DIR: it holds keys and the journal',
  ),

  'no-answer': fault('configuration', 'try again; if it stays so, look at the server this is about'),
} as const satisfies Readonly<Record<string, Row>>;

/** `ok` and `off` need no explanation: what works, and what is not configured here. */
export type FaultCode = keyof typeof CODES;
export type DoctorCode = FaultCode | 'ok' | 'off';
