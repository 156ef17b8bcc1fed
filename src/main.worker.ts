import { runWorker } from 'scalr-queue/worker';
import { appLogger } from './config/logging.js';
import { WorkerModule } from './worker.module.js';

await runWorker(WorkerModule, { logger: appLogger });
