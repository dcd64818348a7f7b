import { z } from 'zod';
import { when } from './shapes.ts';

const device = z.strictObject({
  device: z.string().describe('first group of its device id'),
  name: z.string(),
  role: z.enum(['peer', 'trusted', 'other']).describe('peer: the other agent’s machine'),
  connected: z.boolean(),
  paused: z.boolean(),
  last_seen: when.nullable(),
  in_step: z.boolean().nullable().describe('null: not connected, so nobody here knows'),
  behind: z.int().nullable().describe('files it still has to fetch or delete; null as for in_step'),
});

export const syncAnswer = z.strictObject({
  sync: z.enum(['off', 'unknown', 'known']),
  words: z.string().describe('what that means, and the cure'),
  syncthing: z.string().nullable().describe('version'),
  folder: z
    .strictObject({
      id: z.string(),
      state: z.string().describe('idle, scanning, syncing, paused, error …'),
      behind: z.int().nullable().describe('files this machine still has to fetch or delete; null: paused'),
      files: z.int().nullable(),
      errors: z.int().nullable(),
    })
    .nullable(),
  devices: z.array(device),
  last_change: z
    .strictObject({
      at: z.string(),
      path: z.string(),
      action: z.string(),
      from: z.enum(['here', 'another device']),
    })
    .nullable()
    .describe('null: none since Syncthing started, or none among its last events'),
});
export type SyncAnswer = z.input<typeof syncAnswer>;
