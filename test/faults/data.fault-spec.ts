import { runRows } from './harness/run-rows.js';
import { dataRows } from './rows/data.rows.js';
import { diskRows } from './rows/disk.rows.js';

runRows('the data of Redis', dataRows);
runRows('the disk of Redis', diskRows);
