import { create } from './create.ts';
import { getExternalId, getMetadata } from './external-ids.ts';
import { fieldsGet } from './fields-get.ts';
import { checkAccessRights, hasAccess } from './has-access.ts';
import { load } from './load.ts';
import { nameSearch } from './name-search.ts';
import { read, searchRead } from './read.ts';
import { search, searchCount } from './search.ts';
import { unlink } from './unlink.ts';
import { write } from './write.ts';
import type { Method } from '../orm/shapes.ts';

/** What every model can do. */
export const METHODS: Readonly<Record<string, Method>> = {
  check_access_rights: checkAccessRights,
  create,
  fields_get: fieldsGet,
  get_external_id: getExternalId,
  get_metadata: getMetadata,
  has_access: hasAccess,
  load,
  name_search: nameSearch,
  read,
  search,
  search_count: searchCount,
  search_read: searchRead,
  unlink,
  write,
};
