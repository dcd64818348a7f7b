import type { TaskId } from '../../../core/task-id.ts';
import type { PostResult } from '../../../odoo/posting/post-sealed.ts';
import type { PostJournal } from '../../../odoo/posting/sealed-post.ts';
import type { Vault } from '../../../vault/vault.ts';
import type { OdooDeps } from '../odoo-deps.ts';

/** What the live tools of odoo-mcp work with, on the laptop only. */
export interface LiveDeps extends OdooDeps {
  readonly vault: Vault;
  readonly journal: PostJournal;
  readonly stateDir: string;
  readonly post: (id: TaskId) => Promise<PostResult>;
}
