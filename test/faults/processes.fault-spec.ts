import { runRows } from './harness/run-rows.js';
import { crashRows } from './rows/crash.rows.js';
import { shutdownRows } from './rows/shutdown.rows.js';

runRows('workers die', crashRows);
runRows('processes end', shutdownRows);
