// The laptop: `pm2 start deployment/local/ecosystem.config.js`.
// A named export, since PM2 7 finds no `apps` in a default export of an ES module.
import { localApps } from '../process-table.js';

export const apps = localApps();
