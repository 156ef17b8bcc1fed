import { runWorker } from 'scalr-queue/worker';
import { HeldProcessor, queue } from './held.mjs';

class WorkerModule {}

await runWorker({ module: WorkerModule, imports: [queue], providers: [HeldProcessor] });
