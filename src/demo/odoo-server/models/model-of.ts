import { ACCOUNT_MANAGER, ACCOUNT_READONLY, INVOICING, SYSTEM } from './groups.ts';
import type { Access, Model } from '../orm/shapes.ts';

/** A model with what most of them leave out. */
export function modelOf(parts: Pick<Model, 'name' | 'label' | 'fields'> & Partial<Model>): Model {
  return { order: 'id', access: {}, methods: {}, ...parts };
}

/** What every internal user may read, and an administrator of accounting change. */
export const SETTINGS: Access = {
  write: [ACCOUNT_MANAGER],
  create: [ACCOUNT_MANAGER],
  unlink: [ACCOUNT_MANAGER],
};
export const SYSTEM_ONLY: Access = { read: [SYSTEM], write: [SYSTEM], create: [SYSTEM], unlink: [SYSTEM] };
/** Who may look into the books at all. */
export const READERS: readonly string[] = [ACCOUNT_MANAGER, INVOICING, ACCOUNT_READONLY, 'base.group_portal'];
