// Both tables, for one machine that is cloud and laptop in one (SYNC=none): `pm2 start ecosystem.config.js`.
import { cloudApps, localApps } from './deployment/process-table.js';

export const apps = [...cloudApps(), ...localApps()];
