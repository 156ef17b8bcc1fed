import { runRows } from './harness/run-rows.js';
import { downRows } from './rows/down.rows.js';
import { hangRows } from './rows/hang.rows.js';
import { networkRows } from './rows/network.rows.js';

runRows('Redis is down', downRows);
runRows('Redis hangs', hangRows);
runRows('the network is bad', networkRows);
