import { runRows } from './harness/run-rows.js';
import { accessRows } from './rows/access.rows.js';
import { refusalRows } from './rows/refusal.rows.js';

runRows('what a process may do', accessRows);
runRows('Redis refuses', refusalRows);
