import { runRows } from './harness/run-rows.js';
import { failoverRows } from './rows/failover.rows.js';

runRows('another Redis takes over', failoverRows);
