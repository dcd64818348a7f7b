/**
 * From a bare Debian to a mail that left: `npm run prove:setup`. Root, debootstrap and some minutes are needed, so it is no
 * part of `npm test`. First README's "One machine" is typed at a terminal of one root, then its "A VM and a laptop" at
 * terminals of two, which share this machine's network; Dovecot and an SMTP server of the tests stand for the provider.
 * Every line that is typed inside is printed with what it says.
 *
 *   prove.ts [--dir FOLDER] [--only one|two]     the folder is kept, so that a second run need not fetch the base again
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startDovecot } from '../helpers/dovecot.ts';
import { startSmtp } from '../helpers/smtp.ts';
import { PROJECT } from '../helpers/source-tree.ts';
import { until } from '../helpers/until.ts';
import type { AtTerminal } from '../helpers/terminal.ts';
import { bareRoot, type BareRoot, makeBase, PROMPT, type Ran } from './bare-root.ts';
import { type Answers, letter, mailAnswers, oneMachine, sendAnswers, typeAll } from './one-machine.ts';
import { commandsUnder } from './readme.ts';

const { values: flags } = parseArgs({ options: { dir: { type: 'string' }, only: { type: 'string' } } });
const dir = flags.dir ?? mkdtempSync('/var/tmp/ho-setup-');
const YOU = 'you@example.org';

if (process.getuid?.() !== 0) throw new Error('root is needed, for debootstrap and chroot');
makeBase(join(dir, 'base'));
const dovecot = await startDovecot();
const smtp = await startSmtp({ auth: { user: YOU, password: 'to send' } });
const roots: BareRoot[] = [];
try {
  if (flags.only !== 'two') {
    const root = machine('alone');
    const own = await startSmtp({ auth: { user: 'me@example.org', password: 'to send' } });
    await oneMachine(root, {
      dovecot,
      smtp: own,
      address: 'me@example.org',
      submissionPassword: 'to send',
    }).finally(() => own.stop());
    root.stop();
  }
  if (flags.only !== 'one') await prove();
  console.log('\nAll of it is shown.');
} finally {
  for (const root of roots) root.stop();
  await smtp.stop();
  await dovecot.stop();
  if (flags.dir === undefined) rmSync(dir, { recursive: true, force: true });
}

async function prove(): Promise<void> {
  const cloud = machine('cloud');
  const laptop = machine('laptop');
  await cloud.run('node --version; syncthing --version; echo bare');
  // What a second run is given, without a terminal.
  const cloudKeys = settings({ IMAP_BACKFILL_DAYS: '1' });
  const laptopKeys = settings({ ...submission(), DRY_RUN: 'false', UNDO_SECONDS: '0' });
  writeFileSync(join(cloud.path, 'root/settings'), cloudKeys, { mode: 0o600 });
  writeFileSync(join(laptop.path, 'root/settings'), laptopKeys, { mode: 0o600 });
  for (const root of [cloud, laptop]) {
    await root.run('apt-get -qq update; apt-get -qq -y install --no-install-recommends sudo >/dev/null');
    // What a network with certificates of its own needs; elsewhere these variables are not set.
    await root.run(
      `echo 'Defaults env_keep += "NODE_EXTRA_CA_CERTS SSL_CERT_FILE"' > /etc/sudoers.d/certificates`,
    );
  }
  await laptop.run(
    'useradd --create-home --shell /bin/bash you; echo "you ALL=(ALL) NOPASSWD: ALL" > /etc/sudoers.d/you',
  );
  await laptop.run('rm -rf ~you/handover; cp -a handover ~you/ && chown -R you: ~you/handover');

  const [atCloud, atLaptop, again = ''] = commandsUnder('A VM and a laptop');
  // Typed as printed. Behind it --direct alone: two machines that share one network do not find each other by name.
  const shared: Answers = [
    ['Who writes drafts', ''],
    ['Do you use Odoo', ''],
    ['The Syncthing of', ''],
    ['Its API key', ''],
  ];
  const rest: Answers = [
    ['Device ids of your phones', ''],
    ['Write it', ''],
  ];
  const reads = mailAnswers(YOU, dovecot.user(YOU));
  const sends = sendAnswers({ host: smtp.host, port: smtp.port, user: YOU, password: 'to send' });
  const cloudLine = await typed(cloud.shell('root'), `${atCloud} --direct`, [
    ...[...reads, ...shared],
    ['Device id of the', ''],
    ...rest,
  ]);
  const toCloud = (atLaptop ?? '').replace('<device>', `${cloudLine}@tcp://127.0.0.1:22000`);
  const laptopLine = await typed(laptop.shell('you'), `${toCloud} --direct`, [
    ...[...reads, ...sends, ...shared, ...rest],
  ]);
  // What the first run was told is not asked again.
  await typed(cloud.shell('root'), again.replace('<device>', laptopLine), []);
  for (const [root, script] of [
    [cloud, 'handover/deployment/cloud/setup.sh'],
    [laptop, 'handover/deployment/local/setup.sh'],
  ] as const) {
    const { exit } = await root.run(`${script} --yes --settings settings`);
    // 3: set up, and doctor finds that the other machine has said nothing yet.
    assert.ok(exit === 0 || exit === 3, `${script} took the settings`);
  }
  await until('both are connected', async () => /"notes":\[\]/.test((await applied(laptop)).text), 120_000);

  for (const [root, script] of [
    [cloud, 'handover/deployment/cloud/setup.sh --yes'],
    [laptop, 'handover/deployment/local/setup.sh --yes'],
  ] as const) {
    const before = everything(root);
    const again = await root.run(script);
    assert.match(again.text, /Nothing was changed/);
    assert.deepEqual(differences(before, everything(root)), [], 'a second run changes nothing');
    await root.run('handover-pm2 status');
    const list = await root.run('handover-services status');
    assert.equal(list.exit, 0, 'all processes are online');
    // On the cloud it is tried that the mailbox key does not send.
    const where = root === cloud ? `--smtp ${smtp.host}:${smtp.port}` : '';
    const doctor = await root.run(`handover doctor ${where}`);
    assert.equal(doctor.exit, 0, 'doctor finds nothing');
  }
  await oneMail(laptop);
  await upgradeAndBack(cloud);
}

/** The line, and answers to what it asks. Gives the device id in the line that it prints for the other machine. */
async function typed(opened: Promise<AtTerminal>, line: string, answers: Answers): Promise<string> {
  const shell = await opened;
  await shell.answer(PROMPT, `cd ~/handover && ${line}`);
  await shell.answer('Go on? [y/N]', 'y');
  await typeAll(shell, answers);
  await shell.answer(PROMPT, 'exit', 20 * 60_000);
  await shell.exit;
  const [, said = ''] = shell.screen().split('== What is left');
  const device = /--peer ([A-Z2-7-]{63})/.exec(said)?.[1];
  assert.ok(device, 'it prints what the other machine is to be told');
  return device;
}

function applied(root: BareRoot): Promise<Ran> {
  const file = root.path.endsWith('cloud') ? '' : '--config ~you/.config/handover/syncthing-config.toml';
  const role = root.path.endsWith('cloud') ? 'cloud' : 'laptop';
  return root.run(`handover sync apply --role ${role} ${file} --json`);
}

/** A mail comes, is drafted on the cloud, approved on the laptop, and leaves from there. */
async function oneMail(laptop: BareRoot): Promise<void> {
  await dovecot.deliver(YOU, letter(YOU, 'Tuesday'), 'anna@example.net');
  const id = await until(
    'the draft has come to the laptop',
    async () => /em-[0-9a-f]{16}/.exec((await laptop.run('ls ~you/Vault/Pending_Approval/email')).text)?.[0],
    180_000,
  );
  await laptop.run(
    `sed -i 's/^## Reply$/## Reply\\n\\nYes, Tuesday suits me./' ~you/Vault/Pending_Approval/email/*${id}.md`,
  );
  // What asks once (a first mail to somebody, say) is answered by a second yes.
  await until(
    'the mail left',
    async () => {
      await laptop.run(`handover approve ${id}`);
      await new Promise((resolve) => setTimeout(resolve, 5_000));
      return smtp.mails.length > 0;
    },
    180_000,
  );
  assert.equal(smtp.mails.length, 1);
  assert.match(String(smtp.mails[0]?.raw), /Yes, Tuesday suits me/);
}

async function upgradeAndBack(cloud: BareRoot): Promise<void> {
  await cloud.run('echo "// a newer one" >> handover/src/core/age.ts');
  const upgrade = await cloud.run('handover/deployment/upgrade.sh');
  assert.match(upgrade.text, /current release: .* -> /);
  assert.equal((await cloud.run('handover-services status')).exit, 0);
  await cloud.run('handover-services back');
  assert.equal((await cloud.run('handover-services status')).exit, 0);
  await cloud.run('/opt/handover/current/deployment/uninstall.sh --yes');
  const left = await cloud.run(
    'ls -d /opt/handover /usr/local/bin/handover /etc/logrotate.d/handover; ls /var/lib/handover',
  );
  assert.match(left.text, /Vault/);
  assert.doesNotMatch(left.text, /^\/opt\/handover$/m);
}

function machine(name: string): BareRoot {
  const root = bareRoot(join(dir, 'base'), join(dir, name));
  roots.push(root);
  const to = join(root.path, 'root/handover');
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  // What git would give somebody who clones it, as it is committed.
  const copy = `git -C '${PROJECT}' archive HEAD | tar -xf - -C '${to}'`;
  if (spawnSync('sh', ['-c', copy]).status !== 0) throw new Error('the checkout cannot be copied');
  return root;
}

function settings(more: Readonly<Record<string, string>>): string {
  const { host, port, user, password } = dovecot.user(YOU);
  const keys = {
    ...{ IMAP_HOST: host, IMAP_PORT: String(port), IMAP_SECURE: 'false' },
    ...{ IMAP_USER: user, IMAP_PASSWORD: password, MAIL_FROM: `You <${YOU}>` },
    ...more,
  };
  return Object.entries(keys)
    .map(([key, value]) => `${key}="${value}"\n`)
    .join('');
}

function submission(): Record<string, string> {
  return {
    ...{ SMTP_HOST: smtp.host, SMTP_PORT: String(smtp.port), SMTP_SECURE: 'false' },
    ...{ SMTP_USER: YOU, SMTP_PASSWORD: 'to send' },
  };
}

/** Every file that set-up makes, with what would show a change; not what the running processes write themselves. */
function everything(root: BareRoot): Map<string, string> {
  const places = ['opt', 'etc', 'usr/local', 'var/lib/handover', 'home/you', 'root/settings'];
  const { stdout } = spawnSync('find', [...places, '-type', 'f,l', '-printf', '%p\t%m %U:%G %s %T@ %l\n'], {
    cwd: root.path,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const running =
    /\/(pm2|state|syncthing|Logs|Updates|\.cache|\.npm)\/|Dashboard\.md|prove-certificates|\/\.local\/|\/\.stfolder/;
  return new Map(
    stdout
      .split('\n')
      .filter((line) => line !== '' && !running.test(line))
      .map((line) => line.split('\t') as [string, string]),
  );
}

function differences(before: Map<string, string>, after: Map<string, string>): string[] {
  const paths = new Set([...before.keys(), ...after.keys()]);
  return [...paths].filter((path) => before.get(path) !== after.get(path));
}
