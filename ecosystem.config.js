// Both tables, for one machine that is cloud and laptop in one (SYNC=none): `pm2 start ecosystem.config.js`.
import { bothApps } from './deployment/process-table.js';

export const apps = bothApps();
