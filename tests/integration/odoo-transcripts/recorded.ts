/** The recorded answers of real Odoo 19.0 and 14.0: tests/fixtures/odoo-transcripts. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const transcript = z.object({
  name: z.string(),
  user: z.string().optional(),
  request: z.object({
    method: z.string(),
    path: z.string(),
    headers: z.record(z.string(), z.string()).optional(),
    /** The request, decoded; absent where it could not be. */
    call: z.unknown().optional(),
    body: z.string().nullable().optional(),
  }),
  response: z.object({
    status: z.int(),
    headers: z.record(z.string(), z.string()).optional(),
    body: z.string(),
    decoded: z.unknown().optional(),
  }),
});

export interface Transcript extends z.infer<typeof transcript> {
  /** `json2/105-post-twice` */
  readonly id: string;
}

const ROOT = 'tests/fixtures/odoo-transcripts';
export const FOLDERS = ['apikey', 'xmlrpc', 'json2', 'jsonrpc', 'xmlrpc-odoo14', 'jsonrpc-odoo14'] as const;
export type Folder = (typeof FOLDERS)[number];

/** In the order they were recorded. */
export function recorded(folder: Folder): readonly Transcript[] {
  return readdirSync(join(ROOT, folder))
    .sort()
    .map((file) => ({
      id: `${folder}/${file.replace(/\.json$/, '')}`,
      ...transcript.parse(JSON.parse(readFileSync(join(ROOT, folder, file), 'utf8'))),
    }));
}

export const everyFolder = (): readonly string[] =>
  readdirSync(ROOT, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
