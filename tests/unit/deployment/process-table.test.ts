import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bothApps, cloudApps, localApps } from '../../../deployment/process-table.js';
import { PROCESSES } from '../../../src/core/heartbeat.ts';
import { KEYS } from '../../../src/runtime/config.ts';
import { testDir } from '../../helpers/testdir.ts';

describe('the process table for PM2', () => {
  beforeEach(() => {
    for (const key of Object.keys(KEYS)) vi.stubEnv(key, undefined);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  /** Without the monitor, which runs on each host whatever is configured. */
  const names = (): string[] =>
    [...cloudApps(), ...localApps()].map((app) => app.name).filter((name) => name !== 'health-monitor');

  it('leaves out the process of an edge that is not configured, in the file or the environment', async () => {
    const dir = await testDir({ env: 'SMTP_HOST=mail.example.org\nIMAP_HOST=\n' });
    vi.stubEnv('ENV_FILE', join(dir, 'env'));
    expect(names()).toEqual(['draft-replier', 'approval-handler', 'orchestrator']);
    vi.stubEnv('IMAP_HOST', 'mail.example.org');
    expect(names()).toEqual(['cloud-email-watcher', 'draft-replier', 'approval-handler', 'orchestrator']);
    vi.stubEnv('ENV_FILE', join(dir, 'missing'));
    expect(names()).toEqual(['cloud-email-watcher', 'draft-replier', 'orchestrator']);
  });

  it('has the edges of mail once there is an accounts file', async () => {
    const dir = await testDir({ env: 'ACCOUNTS_FILE=accounts.toml\n' });
    vi.stubEnv('ENV_FILE', join(dir, 'env'));
    expect(names()).toEqual(['cloud-email-watcher', 'draft-replier', 'approval-handler', 'orchestrator']);
  });

  it('has status-mcp on both machines once it has a token, and once where one machine is both', async () => {
    const dir = await testDir({
      env: 'STATUS_MCP_TOKEN=a-token-of-some-length\nSMTP_HOST=mail.example.org\n',
    });
    vi.stubEnv('ENV_FILE', join(dir, 'env'));
    expect(cloudApps().map((app) => app.name)).toEqual(['draft-replier', 'status-mcp', 'health-monitor']);
    expect(localApps().map((app) => app.name)).toEqual([
      'approval-handler',
      'orchestrator',
      'status-mcp',
      'health-monitor',
    ]);
    const both = bothApps();
    expect(both.map((app) => app.name)).toEqual([
      'draft-replier',
      'approval-handler',
      'orchestrator',
      'status-mcp',
      'health-monitor',
    ]);
    expect(both.at(-2)!.script).toMatch(/\/dist\/local\/status-mcp\.main\.js$/);
  });

  it('has odoo-mcp where drafts are made once there is an Odoo: the handler starts its own', async () => {
    const dir = await testDir({ env: 'ODOO_URL=https://books.example.org\n' });
    vi.stubEnv('ENV_FILE', join(dir, 'env'));
    expect(cloudApps().map((app) => app.name)).toEqual(['draft-replier', 'odoo-mcp', 'health-monitor']);
    expect(localApps().map((app) => app.name)).toEqual(['orchestrator', 'health-monitor']);
    expect(bothApps()[1]!.script).toMatch(/\/dist\/cloud\/odoo-mcp\.main\.js$/);
  });

  it('names processes that the vault expects a heartbeat of, and no others', async () => {
    const edges = ['IMAP_HOST', 'SMTP_HOST', 'STATUS_MCP_TOKEN', 'ODOO_URL'].map(
      (key) => `${key}=configured`,
    );
    const dir = await testDir({ env: edges.join('\n') });
    vi.stubEnv('ENV_FILE', join(dir, 'env'));
    const table = [
      ...cloudApps().map((app) => `cloud-agent ${app.name}`),
      ...localApps().map((app) => `local-agent ${app.name}`),
    ];
    expect(table.sort()).toEqual(PROCESSES.map(({ agent, process }) => `${agent} ${process}`).sort());
  });

  it('means a relative ENV_FILE from where the user stands, not from where the process runs', () => {
    vi.stubEnv('ENV_FILE', 'some/env');
    const [app] = cloudApps();
    expect(relative(process.cwd(), app!.env['ENV_FILE']!)).toBe('some/env');
  });

  it('keeps every key that is secret or belongs to an account out of what PM2 copies', () => {
    const { filter_env } = cloudApps()[0]!;
    const passed = Object.keys(KEYS).filter((key) => !filter_env.some((part) => key.includes(part)));
    expect(passed).toContain('VAULT_DIR');
    expect(passed.filter((key) => /PASSWORD|SECRET|TOKEN|_KEY|^(IMAP|SMTP|DRAFTER|ODOO)_/.test(key))).toEqual(
      [],
    );
  });
});
