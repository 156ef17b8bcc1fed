import { accessRows } from './access.rows.js';
import { aofRows } from './aof.rows.js';
import { appRows } from './app.rows.js';
import { clockRows } from './clock.rows.js';
import { crashRows } from './crash.rows.js';
import { dataRows } from './data.rows.js';
import { diskRows } from './disk.rows.js';
import { downRows } from './down.rows.js';
import { effectRows } from './effect.rows.js';
import { failoverRows } from './failover.rows.js';
import { hangRows } from './hang.rows.js';
import { leakRows } from './leak.rows.js';
import { neighbourRows } from './neighbour.rows.js';
import { networkRows } from './network.rows.js';
import { outboxRows } from './outbox.rows.js';
import { refusalRows } from './refusal.rows.js';
import { resourceRows } from './resource.rows.js';
import { scheduleRows } from './schedule.rows.js';
import { sharedLossRows } from './shared-loss.rows.js';
import { sharedRows } from './shared.rows.js';
import { storedRows } from './stored.rows.js';
import { shutdownRows } from './shutdown.rows.js';

/** All rows of the matrix. */
export const matrix = [
  downRows,
  hangRows,
  networkRows,
  accessRows,
  refusalRows,
  dataRows,
  aofRows,
  diskRows,
  failoverRows,
  crashRows,
  appRows,
  shutdownRows,
  scheduleRows,
  clockRows,
  neighbourRows,
  resourceRows,
  leakRows,
  storedRows,
  sharedRows,
  sharedLossRows,
  effectRows,
  outboxRows,
].flat();
