import { runRows } from './harness/run-rows.js';
import { matrix } from './rows/matrix.js';

runRows(matrix);
