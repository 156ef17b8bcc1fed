import { runWorker } from 'scalr-queue/worker';
import { WorkerModule } from './worker.module.js';

await runWorker(WorkerModule);
